package open

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Errors name the fault only; a payload's own words never leave it.
var (
	errNotBody = errors.New("open: the event is not an object of known types")
	errFaulty  = errors.New("open: the event lacks what its form needs")
)

func open(e channel.Envelope) (body, error) {
	var b body
	if json.Unmarshal(e.Payload, &b) != nil {
		return b, errNotBody
	}
	if b.check(e.Field) != nil {
		return b, errFaulty
	}
	return b, nil
}

// Identify knows a message again by channel.messageId, and by nothing else: the
// id at the top of a body may be the same in all of them. A message without one
// is known by what it says and when. Receipts are known by what they tell of.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) {
	b, err := open(e)
	if err != nil {
		return channel.Identity{}, err
	}
	switch e.Field {
	case Message, Structured:
		id := b.messageID(e)
		return channel.Identity{Contact: string(b.Channel.From.ID), Subject: id, DedupeKey: Message + ":" + id, ExpiresAt: b.Metadata.ExpiresAt}, nil
	case Receipt:
		key, _ := json.Marshal([]string{b.replyID(), strings.ToLower(string(b.Status)), b.why()}) // strings always encode
		return channel.Identity{Contact: b.recipient(e), DedupeKey: Receipt + ":" + digest(key)}, nil
	}
	return channel.Identity{Contact: string(b.Channel.From.ID), DedupeKey: e.Field + ":" + digest(e.Payload)}, nil
}

func digest(b []byte) string {
	hash := sha256.Sum256(b)
	return hex.EncodeToString(hash[:])
}

func (b body) messageID(e channel.Envelope) string {
	if id := string(b.Channel.MessageID); id != "" {
		return id
	}
	return digest(e.Payload)
}

// recipient is the customer to whom a receipt's message went: whoever took the
// receipt knows, or the connector says.
func (b body) recipient(e channel.Envelope) string {
	if e.Contact != "" {
		return e.Contact
	}
	return first(b.Channel.To.ID, b.Channel.From.ID)
}

// Parse reads messages, choices and receipts. That a customer types is read and
// has no effect: it is never kept.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) {
	b, err := open(e)
	if err != nil {
		return channel.Event{}, err
	}
	event := channel.Event{At: moment(string(b.Channel.Time))}
	switch e.Field {
	case Message, Structured:
		return b.message(e, event), nil
	case Receipt:
		return b.receipt(e, event), nil
	}
	event.Kind, event.Note, event.Contact = channel.EventIgnored, "typing", string(b.Channel.From.ID)
	return event, nil
}

func (b body) message(e channel.Envelope, event channel.Event) channel.Event {
	from := b.Channel.From
	event.Kind, event.Contact, event.MessageID = channel.EventMessage, string(from.ID), b.messageID(e)
	event.AddressType, event.Name = idType(from.IDType), name(from)
	event.Text, event.Attachment, event.ExpiresAt = b.said(), b.attachments(), b.Metadata.ExpiresAt
	if chosen := b.chosen(); chosen != nil {
		event.Postback = &domain.Postback{Title: string(chosen.Text), Payload: string(chosen.Payload)}
	}
	return event
}

// name is what the connector calls the customer; none is guessed.
func name(p party) string {
	if !domain.Blank(string(p.Nickname)) {
		return string(p.Nickname)
	}
	return strings.TrimSpace(string(p.FirstName) + " " + string(p.LastName))
}

// idType is the sort of an address, in Genesys' spelling; an unknown one is opaque.
func idType(t text) string {
	for _, known := range []string{"Email", "Phone"} {
		if t.is(known) {
			return known
		}
	}
	return opaque
}

const opaque = "Opaque"

// statuses is what each status of a receipt proves. Removed, and what is added
// later, has no effect.
var statuses = map[string]channel.EventKind{
	"queued": channel.EventPending, "sent": channel.EventSent, "published": channel.EventSent, "received": channel.EventSent,
	"delivered": channel.EventDelivered, "read": channel.EventRead, "failed": channel.EventFailed,
}

// failures is what each reason of a failed receipt means for the reply; one that
// is not listed is about the content.
var failures = map[string]domain.FailureCode{
	"messageexpired": domain.FailureExpired, "ratelimited": domain.FailureMessageLimit, "messagenotallowed": domain.FailureWindowClosed,
	"generalerror": domain.FailurePlatformRejected, "servererror": domain.FailurePlatformRejected,
	"invaliddestination": domain.FailureRecipientInvalid, "recipientoptedout": domain.FailureRecipientOptedOut,
	"mediatypenotallowed": domain.FailureMediaType, "invalidmediacontentlength": domain.FailureMediaTooLarge,
	"": domain.FailurePlatformRejected,
}

func (b body) receipt(e channel.Envelope, event channel.Event) channel.Event {
	event.Contact, event.MessageIDs = b.recipient(e), []string{b.replyID()}
	kind, known := statuses[strings.ToLower(string(b.Status))]
	if !known {
		event.Kind, event.Note = channel.EventIgnored, "a receipt without effect"
		return event
	}
	if event.Kind = kind; kind == channel.EventFailed {
		event.Failure, known = failures[strings.ToLower(b.why())]
		if !known {
			event.Failure = domain.FailureContentRejected
		}
	}
	return event
}

// why is the first reason of a receipt.
func (b body) why() string {
	for _, r := range b.Reasons {
		if r.Code != "" {
			return string(r.Code)
		}
	}
	return ""
}

// attachments reads a message's files: links that an agent may follow, so that
// nothing but the web passes.
func (b body) attachments() []domain.Attachment {
	var found []domain.Attachment
	for _, c := range b.Content {
		a := c.Attachment
		if a == nil || !web(string(a.URL)) {
			continue
		}
		found = append(found, domain.Attachment{Type: mediaType(*a), URL: string(a.URL), Name: string(a.Filename)})
	}
	return found
}

func web(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// mediaType is the sort of a file, as the connector or its content type says.
func mediaType(a attachment) string {
	known := []string{"image", "video", "audio", "file", "link"}
	general, _, _ := strings.Cut(first(a.MIME, a.ContentType), "/")
	for _, said := range []string{string(a.MediaType), general} {
		for _, k := range known {
			if strings.EqualFold(said, k) {
				return k
			}
		}
	}
	return "file"
}

// layouts are the times that connectors write: RFC 3339 with any fraction, and the
// same without a zone, which is UTC then.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

// moment reads a time; what cannot be read is the zero time.
func moment(s string) time.Time {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil && at.Year() >= 1970 && at.Year() <= 9999 {
			return at.UTC().Truncate(time.Millisecond)
		}
	}
	return time.Time{}
}
