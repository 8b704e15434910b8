package messenger

import (
	"encoding/json"
	"errors"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// The shapes that have an effect. Echoes and deletions come as messages and are
// told apart by a flag.
const (
	shapeMessage  = "message"
	shapeEcho     = "echo"
	shapeDeleted  = "deleted"
	shapeDelivery = "delivery"
	shapeRead     = "read"
	shapeEdit     = "message_edit"
	shapeReaction = "reaction"
	shapePostback = "postback"
	shapeReferral = "referral"
	shapePass     = "pass_thread_control"
	shapeTake     = "take_thread_control"
	shapePolicy   = "policy_enforcement"
	shapeOther    = "other" // none that is known
)

// shapes lists the keys by which an item says what it is (Messenger Platform,
// Webhook events reference).
var shapes = []string{
	shapeMessage, shapeDelivery, shapeRead, shapeEdit, shapeReaction, shapePostback, shapeReferral, "optin",
	shapePass, shapeTake, "request_thread_control", "app_roles",
	shapePolicy, "account_linking", "messaging_feedback",
}

// Errors name the fault only; a payload's own words never leave it.
var (
	errNotItem   = errors.New("messenger: the event is not an object of known types")
	errNoContact = errors.New("messenger: the event names no contact")
	errNoID      = errors.New("messenger: the message has no id")
	errNoText    = errors.New("messenger: the text is not a text")
	errNoReceipt = errors.New("messenger: the receipt names neither messages nor a time")
)

// fields is a JSON object whose members are read when they are needed.
type fields map[string]json.RawMessage

// item is one element of messaging[] or standby[], as far as all shapes share it.
type item struct {
	account   string
	payload   []byte
	shape     string
	content   fields // the members of the shape's own object
	sender    string
	recipient string
	at        graph.Time
	timestamp string // as written
}

// open reads what every use of an event needs.
func open(e channel.Envelope) (item, error) {
	top := loose[fields](e.Payload)
	if top == nil {
		return item{}, errNotItem
	}
	i := item{account: e.AccountID, payload: e.Payload, shape: shapeOther}
	i.sender, i.recipient = party(top["sender"]), party(top["recipient"])
	i.at, i.timestamp = loose[graph.Time](top["timestamp"]), scalar(top["timestamp"])
	for _, shape := range shapes {
		if raw := top[shape]; present(raw) {
			i.shape, i.content = shape, loose[fields](raw)
			break
		}
	}
	return i.check()
}

// check tells echoes and deletions from messages, and refuses what cannot be
// one of the shapes that have an effect.
func (i item) check() (item, error) {
	if i.shape == shapeOther || i.ignored() {
		return i, nil
	}
	echo, ok := flag(i.content["is_echo"])
	deleted, also := flag(i.content["is_deleted"])
	if i.content == nil || !ok || !also {
		return item{}, errNotItem
	}
	switch {
	case i.shape != shapeMessage:
	case deleted:
		i.shape = shapeDeleted
	case echo:
		i.shape = shapeEcho
	}
	if i.contact() == "" && i.shape != shapePolicy {
		return item{}, errNoContact
	}
	return i, nil
}

// ignored tells the shapes that have no effect yet.
func (i item) ignored() bool {
	switch i.shape {
	case shapeMessage, shapeEcho, shapeDelivery, shapeRead, shapeEdit, shapeReaction, shapePostback, shapeReferral, shapePass, shapeTake, shapePolicy:
		return false
	}
	return true
}

// contact is the person: the sender, and the recipient of what the page sent.
// Events about the account alone have none.
func (i item) contact() string {
	if i.shape == shapeEcho || i.sender == "" || i.sender == i.account {
		if i.recipient == i.account {
			return ""
		}
		return i.recipient
	}
	return i.sender
}

// party reads a sender or recipient: a page-scoped id, or the user_ref of a
// person who is only known by the checkbox plugin.
func party(raw json.RawMessage) string {
	p := loose[fields](raw)
	if id := identifier(p["id"]); id != "" {
		return id
	}
	return identifier(p["user_ref"])
}

func identifier(raw json.RawMessage) string { return string(loose[graph.ID](raw)) }

// loose reads a value of a type, and its zero value from anything else.
func loose[T any](raw json.RawMessage) T {
	var value, none T
	if json.Unmarshal(raw, &value) != nil {
		return none
	}
	return value
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// flag reads a boolean that may be absent.
func flag(raw json.RawMessage) (value, ok bool) {
	return value, !present(raw) || json.Unmarshal(raw, &value) == nil
}

// scalar reads a string or a number as text, and anything else as none.
func scalar(raw json.RawMessage) string {
	if text := loose[string](raw); text != "" {
		return text
	}
	return string(loose[json.Number](raw))
}
