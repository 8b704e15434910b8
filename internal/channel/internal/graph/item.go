package graph

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-cx/parley/internal/channel"
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

// Errors name the fault only; a payload's own words never leave it. Whoever hands
// one out says to which kind of account the event came.
var (
	errNotItem   = errors.New("the event is not an object of known types")
	errNoContact = errors.New("the event names no contact")
	errNoID      = errors.New("the message has no id")
	errNoText    = errors.New("the text is not a text")
	errStrange   = errors.New("nothing is known of such an event")
	errNoReceipt = errors.New("the receipt names neither messages nor a time")
)

// refused is the fault of an event, with the kind of account that it came to.
func refused(e channel.Envelope, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", e.Kind, err)
}

// item is one element of messaging[] or standby[], as far as all shapes share it.
// Messenger and Instagram have the same.
type item struct {
	account   string
	payload   []byte
	shape     string
	content   Fields // the members of the shape's own object
	sender    string
	recipient string
	at        Time
	timestamp string // as written
}

// open reads what every use of an event needs.
func open(e channel.Envelope) (item, error) {
	top := Loose[Fields](e.Payload)
	if top == nil {
		return item{}, errNotItem
	}
	i := item{account: e.AccountID, payload: e.Payload, shape: shapeOther}
	i.sender, i.recipient = party(top["sender"]), party(top["recipient"])
	i.at, i.timestamp = Loose[Time](top["timestamp"]), Scalar(top["timestamp"])
	for _, shape := range shapes {
		if raw := top[shape]; Present(raw) {
			i.shape, i.content = shape, Loose[Fields](raw)
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
	echo, ok := Flag(i.content["is_echo"])
	deleted, also := Flag(i.content["is_deleted"])
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
	p := Loose[Fields](raw)
	if id := Identifier(p["id"]); id != "" {
		return id
	}
	return Identifier(p["user_ref"])
}
