package whatsapp

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// What an event is, by the list of the webhook that it stood in.
const (
	itemMessage = "message"
	itemStatus  = "status"
	itemError   = "error"
	itemEcho    = "echo"
	itemOther   = "other" // a change of the account
)

// The sorts of address by which a person is known.
const (
	byPhone = "phone"
	byUser  = "user_id" // business-scoped
)

// Errors name the fault only; a payload's own words never leave it.
var (
	errNotItem   = errors.New("whatsapp: the event is not an object of known types")
	errNoContact = errors.New("whatsapp: the event names no contact")
	errNoID      = errors.New("whatsapp: the event names no message")
	errGroup     = errors.New("whatsapp: the message is of a group, which no conversation is")
	errStrange   = errors.New("whatsapp: nothing is known of such an event")
	errNoText    = errors.New("whatsapp: the text is not a text")
)

// item is one event, as far as all sorts share it.
type item struct {
	payload []byte
	field   string
	sort    string
	shape   string       // a message's type, or a status's word
	content graph.Fields // the members of the event itself
	user    string       // the person's business-scoped id, where it is told
	phone   string       // and their number
	name    string
}

// sorts pairs the graph.Fields of an envelope with where the event is in its payload.
func sortOf(field string) string {
	switch field {
	case "messages":
		return itemMessage
	case "statuses":
		return itemStatus
	case "errors":
		return itemError
	case "message_echoes":
		return itemEcho
	}
	return itemOther
}

// open reads what every use of an event needs.
func open(e channel.Envelope) (item, error) {
	top := graph.Loose[graph.Fields](e.Payload)
	i := item{payload: e.Payload, field: e.Field, sort: sortOf(e.Field)}
	if top == nil {
		return item{}, errNotItem
	}
	if i.sort == itemOther || i.sort == itemError {
		return i, nil
	}
	if i.content = graph.Loose[graph.Fields](top[i.sort]); i.content == nil {
		return item{}, errNotItem
	}
	i.shape = short(graph.Words(i.content["type"]))
	if i.sort == itemStatus {
		i.shape = short(graph.Words(i.content["status"]))
	}
	i.know(graph.Loose[graph.Fields](top["contact"]))
	if i.contact() == "" && !i.grouped() {
		return item{}, errNoContact
	}
	return i, nil
}

// know finds out who the person is: the event says it, or the webhook's contact.
func (i *item) know(contact graph.Fields) {
	user, phone := "from_user_id", "from"
	switch i.sort {
	case itemStatus:
		user, phone = "recipient_user_id", "recipient_id"
	case itemEcho:
		user, phone = "to_user_id", "to"
	}
	i.user = cmp.Or(graph.Identifier(i.content[user]), graph.Identifier(contact["user_id"]))
	i.phone = cmp.Or(graph.Identifier(i.content[phone]), graph.Identifier(contact["wa_id"]))
	profile := graph.Loose[graph.Fields](contact["profile"])
	i.name = short(cmp.Or(graph.Words(profile["name"]), graph.Words(profile["username"])))
	if s := i.system(); s != nil {
		i.user, i.phone = graph.Identifier(s["user_id"]), graph.Identifier(s["wa_id"])
	}
}

// system is what is told of a person who is known otherwise from now on; nil of
// anything else.
func (i item) system() graph.Fields {
	if i.sort != itemMessage || i.shape != "system" {
		return nil
	}
	s := graph.Loose[graph.Fields](i.content["system"])
	switch graph.Words(s["type"]) {
	case "user_changed_number", "user_changed_user_id":
		return s
	}
	return nil
}

// grouped tells what belongs to a group and not to a conversation with one person.
func (i item) grouped() bool {
	return graph.Present(i.content["group_id"]) || graph.Words(i.content["recipient_type"]) == "group"
}

// contact is the address of the person: their business-scoped id where it is known.
func (i item) contact() string { return cmp.Or(i.user, i.phone) }

// target is the message that the event is about: another one, or itself.
func (i item) target() string {
	id := graph.Identifier(i.content["id"])
	if i.sort != itemMessage && i.sort != itemEcho {
		return id
	}
	own := graph.Loose[graph.Fields](i.content[i.shape])
	switch i.shape {
	case "reaction":
		return graph.Identifier(own["message_id"])
	case "edit", "revoke":
		return graph.Identifier(own["original_message_id"])
	}
	return id
}

// scalar reads a string or a number as text, and anything else as none.
func scalar(raw json.RawMessage) string { return graph.Clean(graph.Scalar(raw)) }

// maxWord bounds names and the platform's own words.
const maxWord = 256

func short(text string) string {
	if runes := []rune(text); len(runes) > maxWord {
		return string(runes[:maxWord])
	}
	return text
}

// lines joins what is there, a line each.
func lines(parts ...string) string {
	var filled []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			filled = append(filled, part)
		}
	}
	return strings.Join(filled, "\n")
}
