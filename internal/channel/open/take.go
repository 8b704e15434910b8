package open

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// The forms of what a connector sends, by the route at which it does. They are
// the fields of envelopes.
const (
	Unified    = ""           // the body names its type and the integration
	Message    = "message"    // what a customer wrote
	Event      = "event"      // that a customer types
	Receipt    = "receipt"    // what became of a message of ours
	Structured = "structured" // what a customer chose
)

const (
	maxID      = 255 // characters of an id or an address
	maxContent = 100 // attachments of one message
)

// Take reads what a connector sends in one of the forms, and refuses what Genesys
// Cloud refuses. integration is the one that the path names; in the unified form
// the body does. What it gives can be read by Identify and Parse.
func (Platform) Take(form, integration string, raw []byte) (channel.Envelope, error) {
	var b body
	if json.Unmarshal(raw, &b) != nil {
		return channel.Envelope{}, refuse("The body is not a JSON object of the documented types.")
	}
	if form == Unified {
		integration = string(b.Channel.To.ID)
		if form = b.form(); form == Unified {
			return channel.Envelope{}, refuse("The type must be Text, Structured, Event or Receipt.")
		}
	}
	e := channel.Envelope{Kind: domain.ChannelOpen, AccountID: integration, Field: form, Payload: raw}
	// A receipt is found by the message that it is about: who is its sender differs among connectors.
	if integration == "" && form != Receipt {
		return e, refuse("The body names no integration: channel.to.id is missing.")
	}
	return e, b.check(form)
}

func refuse(detail domain.Sentence) error {
	return &domain.Error{Kind: domain.ErrorMalformed, Code: "bad.request", Detail: detail}
}

// form is what the type of a unified body says; one without a type is what it
// looks like.
func (b body) form() string {
	switch {
	case b.Type.is("Text"), b.Type.is("Structured") && b.chosen() == nil:
		return Message
	case b.Type.is("Structured"):
		return Structured
	case b.Type.is("Event"), b.Type == "" && len(b.Events) > 0:
		return Event
	case b.Type.is("Receipt"), b.Type == "" && b.Status != "":
		return Receipt
	case b.Type == "":
		return Message
	}
	return Unified
}

// check says what is wrong with a body of this form.
func (b body) check(form string) error {
	if spaced(b.ID) || spaced(b.Channel.MessageID) || spaced(b.MessageID) {
		return refuse("An id contains white space.")
	}
	if form == Receipt {
		return b.checkReceipt()
	}
	switch from := string(b.Channel.From.ID); {
	case strings.TrimSpace(from) == "":
		return refuse("The sender is missing: channel.from.id is empty.")
	case long(from), long(string(b.Channel.MessageID)):
		return refuse("An id is longer than 255 characters.")
	case form == Event:
		return nil
	case form == Structured && b.chosen() == nil:
		return refuse("The response is missing: there is no buttonResponse.")
	case b.empty():
		return refuse("The message has no text and no attachment.")
	case len(b.Content) > maxContent:
		return refuse("The message has more than 100 attachments.")
	case b.Channel.MessageID == "" && b.Channel.Time == "":
		return refuse("The message cannot be told from others: channel.messageId is missing.")
	}
	return nil
}

func (b body) checkReceipt() error {
	switch {
	case b.replyID() == "":
		return refuse("The receipt names no message: its id is missing.")
	case long(b.replyID()):
		return refuse("An id is longer than 255 characters.")
	case b.Status == "":
		return refuse("The receipt has no status.")
	}
	return nil
}

// empty tells a message that says nothing.
func (b body) empty() bool {
	return strings.TrimSpace(b.said()) == "" && len(b.attachments()) == 0
}

func spaced(t text) bool { return strings.IndexFunc(string(t), unicode.IsSpace) >= 0 }

func long(s string) bool { return len([]rune(s)) > maxID }

// replyID is the message of ours that a receipt is about.
func (b body) replyID() string { return first(b.ID, b.MessageID, b.Channel.MessageID) }

// chosen is the choice of a structured response: the body's own or, in the unified
// form, that of its content.
func (b body) chosen() *button {
	if b.Button != nil {
		return b.Button
	}
	for _, c := range b.Content {
		if c.Button != nil {
			return c.Button
		}
	}
	return nil
}

// said is the text of a message: what the customer wrote, or the words of what
// they chose.
func (b body) said() string {
	said := first(b.Text, b.TextBody)
	if chosen := b.chosen(); said == "" && chosen != nil {
		said = first(chosen.Text, chosen.Payload)
	}
	return said
}
