package open

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// outgoing is what a connector is sent, with its members in the documented order.
// No member is a floating number, and no name looks like one: some connectors
// verify the signature over what they have parsed and written again.
type outgoing struct {
	ID           string     `json:"id"`
	Channel      outPlace   `json:"channel"`
	Type         string     `json:"type"`
	Text         string     `json:"text,omitempty"`
	Content      *[]part    `json:"content,omitempty"`
	Events       []outEvent `json:"events,omitempty"`
	Status       string     `json:"status,omitempty"`
	Final        bool       `json:"isFinalReceipt,omitempty"`
	Direction    string     `json:"direction"`
	Entity       string     `json:"originatingEntity,omitempty"`
	Conversation string     `json:"conversationId,omitempty"`
}

type outPlace struct {
	ID        string   `json:"id"`
	Platform  string   `json:"platform"`
	Type      string   `json:"type"`
	MessageID string   `json:"messageId"`
	To        outParty `json:"to"`
	From      outParty `json:"from"`
	Time      string   `json:"time"`
}

// outParty is one end. The agent's name stands in firstName: nickname is the
// integration's name, as it is with Genesys Cloud.
type outParty struct {
	Nickname  string `json:"nickname,omitempty"`
	ID        string `json:"id"`
	IDType    string `json:"idType"`
	FirstName string `json:"firstName,omitempty"`
}

// part is one file of a message.
type part struct {
	ContentType string  `json:"contentType"`
	Attachment  outFile `json:"attachment"`
}

type outFile struct {
	ID        string `json:"id,omitempty"`
	MediaType string `json:"mediaType"`
	URL       string `json:"url"`
	MIME      string `json:"mime,omitempty"`
	Filename  string `json:"filename,omitempty"`
	Size      int64  `json:"contentSizeBytes,omitempty"`
}

type outEvent struct {
	EventType string    `json:"eventType"`
	Typing    outTyping `json:"typing"`
}

type outTyping struct {
	Type     string `json:"type"`
	Duration int    `json:"duration"`
}

// times are written with milliseconds, in UTC.
const layout = "2006-01-02T15:04:05.000Z"

// begin fills what all that a connector is sent has in common.
func begin(account channel.Account, m channel.Outbound) outgoing {
	to := outParty{ID: m.To, IDType: m.AddressType}
	if to.IDType == "" {
		to.IDType = opaque
	}
	from := outParty{Nickname: account.Name, ID: account.AccountID, IDType: opaque}
	if m.Sender.Type == domain.SenderAgent && m.Sender.DisplayName != nil {
		from.FirstName = *m.Sender.DisplayName
	}
	return outgoing{ID: string(m.ID), Direction: "Outbound", Conversation: string(m.Conversation),
		Channel: outPlace{ID: account.AccountID, Platform: "Open", Type: "Private", MessageID: string(m.ID), To: to, From: from,
			Time: m.At.UTC().Truncate(time.Millisecond).Format(layout)}}
}

// textBody is the body for a message. It depends on nothing but the message and its
// channel, so that every try sends the same bytes.
func textBody(account channel.Account, m channel.Outbound) []byte {
	out := begin(account, m)
	out.Type, out.Text, out.Content, out.Entity = "Text", m.Text, &[]part{}, "Bot"
	if m.Sender.Type == domain.SenderAgent {
		out.Entity = "Human"
	}
	if f := m.File; f != nil {
		file := part{ContentType: "Attachment", Attachment: outFile{ID: string(f.ID), MediaType: spelled(f.Kind), URL: f.URL, MIME: f.ContentType, Filename: f.Name, Size: f.Size}}
		out.Text, out.Content = "", &[]part{file}
	}
	return stable(out)
}

// typingTime is how long a connector shows that somebody types, in milliseconds.
const typingTime = 5000

// typingBody tells that an agent types.
func typingBody(account channel.Account, to channel.Outbound) []byte {
	out := begin(account, to)
	out.Type, out.Entity, out.Conversation = "Event", "Human", ""
	out.Events = []outEvent{{EventType: "Typing", Typing: outTyping{Type: "On", Duration: typingTime}}}
	return stable(out)
}

// receiptBody tells that a message of a customer's has arrived: id is ours, and
// channel.messageId the connector's.
func receiptBody(account channel.Account, received channel.Outbound, theirs string) []byte {
	out := begin(account, received)
	out.Type, out.Status, out.Final, out.Channel.MessageID = "Receipt", "Delivered", true, theirs
	return stable(out)
}

// stable writes JSON in the one way in which a JavaScript program writes what it
// has parsed: compact, nothing escaped that need not be. Go would escape U+2028
// and U+2029.
func stable(out outgoing) []byte {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(out) // strings, numbers and lists of them always encode
	return unescape(bytes.TrimSuffix(written.Bytes(), []byte("\n")))
}

// unescape writes U+2028, U+2029 and what was no character as themselves. A
// backslash that the text itself has is written as two, and what follows stays.
func unescape(written []byte) []byte {
	plain := make([]byte, 0, len(written))
	for n := 0; n < len(written); n++ {
		if written[n] != '\\' || n+1 == len(written) {
			plain = append(plain, written[n])
			continue
		}
		if r, ok := escaped(written[n:]); ok {
			plain = utf8.AppendRune(plain, r)
			n += len(`\u2028`) - 1
			continue
		}
		plain = append(plain, written[n], written[n+1])
		n++
	}
	return plain
}

func escaped(at []byte) (rune, bool) {
	for _, r := range []struct {
		written string
		rune    rune
	}{{`\u2028`, '\u2028'}, {`\u2029`, '\u2029'}, {`\ufffd`, '\uFFFD'}} {
		if strings.HasPrefix(string(at[:min(len(at), 6)]), r.written) {
			return r.rune, true
		}
	}
	return 0, false
}
