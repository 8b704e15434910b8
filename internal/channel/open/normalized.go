package open

import (
	"encoding/json"
	"time"

	"github.com/parley-cx/parley/internal/channel"
)

// normalized is what a connector is answered: what it handed in, as it was
// understood. Members without content are left out, as Genesys Cloud does.
type normalized struct {
	ID           string      `json:"id"`
	Channel      normalPlace `json:"channel"`
	Type         string      `json:"type"`
	Text         string      `json:"text,omitempty"`
	Content      []part      `json:"content,omitempty"`
	Events       []normal    `json:"events,omitempty"`
	Status       string      `json:"status,omitempty"`
	Direction    string      `json:"direction"`
	Conversation string      `json:"conversationId,omitempty"`
}

type normalPlace struct {
	ID        string      `json:"id"`
	Platform  string      `json:"platform"`
	Type      string      `json:"type"`
	MessageID string      `json:"messageId,omitempty"`
	To        normalParty `json:"to"`
	From      normalParty `json:"from"`
	Time      string      `json:"time"`
}

type normalParty struct {
	ID        string `json:"id"`
	IDType    string `json:"idType"`
	Nickname  string `json:"nickname,omitempty"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
}

type normal struct {
	EventType string `json:"eventType"`
}

// Normalize writes the answer to what Take has read. id is what we call it,
// conversation what it belongs to, empty where that is not told.
func (Platform) Normalize(e channel.Envelope, id, conversation string, received time.Time) []byte {
	b, err := open(e)
	if err != nil {
		return []byte("{}")
	}
	at := moment(string(b.Channel.Time))
	if at.IsZero() {
		at = received
	}
	customer := normalParty{ID: string(b.Channel.From.ID), IDType: idType(b.Channel.From.IDType), Nickname: string(b.Channel.From.Nickname),
		FirstName: string(b.Channel.From.FirstName), LastName: string(b.Channel.From.LastName)}
	n := normalized{ID: id, Direction: "Inbound", Conversation: conversation,
		Channel: normalPlace{ID: e.AccountID, Platform: "Open", Type: "Private", MessageID: string(b.Channel.MessageID),
			To: normalParty{ID: e.AccountID, IDType: opaque}, From: customer, Time: at.UTC().Format(layout)}}
	answer, _ := json.Marshal(n.filled(e, b)) // strings and lists of them always encode
	return answer
}

// filled adds what the form has.
func (n normalized) filled(e channel.Envelope, b body) normalized {
	switch e.Field {
	case Receipt:
		n.Type, n.Direction, n.Status = "Receipt", "Outbound", string(b.Status)
		n.Channel.From = normalParty{ID: e.AccountID, IDType: opaque}
		n.Channel.To = normalParty{ID: b.recipient(e), IDType: idType(b.Channel.To.IDType)}
	case Event:
		n.Type = "Event"
		for _, one := range b.Events {
			n.Events = append(n.Events, normal{EventType: string(one.EventType)})
		}
	case Structured:
		n.Type, n.Text = "Structured", b.said()
	default:
		n.Type, n.Text = "Text", b.said()
		for _, a := range b.attachments() {
			n.Content = append(n.Content, part{ContentType: "Attachment", Attachment: outFile{MediaType: spelled(a.Type), URL: a.URL, Filename: a.Name}})
		}
	}
	return n
}

// spelled writes the sort of a file as Genesys Cloud does.
func spelled(mediaType string) string {
	for ours, theirs := range map[string]string{"image": "Image", "video": "Video", "audio": "Audio", "link": "Link"} {
		if mediaType == ours {
			return theirs
		}
	}
	return "File"
}

// ReplyOf gives the message of ours that a receipt is about, by our own id of it.
func (Platform) ReplyOf(e channel.Envelope) string {
	var b body
	if json.Unmarshal(e.Payload, &b) != nil {
		return ""
	}
	return b.replyID()
}
