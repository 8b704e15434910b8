package meta

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// objectWhatsApp is the object of a webhook about a WhatsApp Business account.
const objectWhatsApp = "whatsapp_business_account"

// The fields whose changes hold events of a phone number's conversations.
const (
	fieldMessages = "messages"
	fieldEchoes   = "smb_message_echoes"
)

// otherFields lists the fields that tell of the account and not of a conversation
// (Meta, WhatsApp Business Platform, Webhooks, Fields).
func otherFields() []string {
	return []string{"account_alerts", "account_review_update", "account_settings_update", "account_update", "automatic_events", "business_capability_update",
		"business_status_update", "calls", "contacts", "flows", "group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update",
		"history", "message_template_components_update", "message_template_quality_update", "message_template_status_update", "partner_solutions",
		"payment_configuration_update", "phone_number_name_update", "phone_number_quality_update", "security", "smb_app_state_sync",
		"template_category_update", "tracking_events", "user_id_update", "user_preferences"}
}

// conversation is the value of a change of a phone number's conversations.
type conversation struct {
	Metadata json.RawMessage `json:"metadata"`
	Contacts json.RawMessage `json:"contacts"`
	Messages json.RawMessage `json:"messages"`
	Statuses json.RawMessage `json:"statuses"`
	Errors   json.RawMessage `json:"errors"`
	Echoes   json.RawMessage `json:"message_echoes"`
}

// whatsApp cuts one change into an event for each message, status and error, in that
// order. Each goes to the phone number that the change names, together with what the
// change says of its contact; the bytes of both stay as they were.
func (c *cut) whatsApp(business string, item json.RawMessage) {
	field := changed(item)
	e := channel.Envelope{Kind: domain.ChannelWhatsApp, AccountID: business, Field: "changes:" + field, Payload: item, Fault: misshapen(business, item)}
	switch {
	case e.Fault != "" || slices.Contains(otherFields(), field):
	case field == fieldMessages || field == fieldEchoes:
		c.conversation(e)
		return
	default:
		e.Kind, e.Fault = "", "unsupported field "+e.Field
	}
	c.add(e)
}

// conversation cuts the value of a change, which e holds whole.
func (c *cut) conversation(e channel.Envelope) {
	var change struct {
		Value *conversation `json:"value"`
	}
	if json.Unmarshal(e.Payload, &change) != nil || change.Value == nil {
		e.Fault = "a change without a value"
		c.add(e)
		return
	}
	e.AccountID = string(member(change.Value.Metadata, "phone_number_id"))
	if e.AccountID == "" {
		e.Fault = "a change without a phone number"
		c.add(e)
		return
	}
	before := len(c.events)
	for _, l := range []struct {
		name, one string
		raw       json.RawMessage
	}{{"messages", "message", change.Value.Messages}, {"message_echoes", "echo", change.Value.Echoes}, {"statuses", "status", change.Value.Statuses}, {"errors", "error", change.Value.Errors}} {
		c.conversed(e, *change.Value, l.name, l.one, l.raw)
	}
	if len(c.events) == before && !c.lost {
		e.Fault = "a change without events"
		c.add(e)
	}
}

// conversed adds the events of one list of a change.
func (c *cut) conversed(e channel.Envelope, v conversation, name, one string, raw json.RawMessage) {
	items, ok := list(raw)
	if !ok {
		e.Fault = "no list under " + name
		c.add(e)
		return
	}
	contacts, _ := list(v.Contacts) // an event is one also where nothing is said of its contact
	for _, item := range items {
		event := e
		event.Field, event.Fault = name, misshapen(e.AccountID, item)
		event.Payload = joined(v.Metadata, one, item, contactOf(item, contacts))
		c.add(event)
	}
}

// joined writes an event with what belongs to it.
func joined(metadata json.RawMessage, name string, item, contact json.RawMessage) []byte {
	var out bytes.Buffer
	out.WriteString(`{"metadata":`)
	out.Write(metadata)
	if contact != nil {
		out.WriteString(`,"contact":`)
		out.Write(contact)
	}
	out.WriteString(`,"` + name + `":`)
	out.Write(item)
	out.WriteByte('}')
	return out.Bytes()
}

// contactOf finds the contact of an event: the one who has the id or the number that
// the event names, or the only one where it names nobody. What is said of somebody
// else is never taken for theirs.
func contactOf(item json.RawMessage, contacts []json.RawMessage) json.RawMessage {
	user := either(member(item, "from_user_id"), either(member(item, "recipient_user_id"), member(item, "to_user_id")))
	phone := either(member(item, "from"), member(item, "recipient_id"))
	if to := member(item, "to"); to != "" { // of an echo the sender is the account
		phone = to
	}
	for _, c := range contacts {
		id, number := member(c, "user_id"), member(c, "wa_id")
		if user != "" && id == user || number != "" && number == phone && (user == "" || id == "" || id == user) {
			return c
		}
	}
	if user == "" && phone == "" && len(contacts) == 1 && len(contacts[0]) > 0 && contacts[0][0] == '{' {
		return contacts[0]
	}
	return nil
}

// member reads an id among an object's members; empty where there is none.
func member(raw json.RawMessage, name string) graph.ID {
	var object map[string]json.RawMessage
	var id graph.ID
	if json.Unmarshal(raw, &object) == nil && object[name] != nil {
		_ = json.Unmarshal(object[name], &id) // what is no id stays empty
	}
	return id
}

func either(a, b graph.ID) graph.ID {
	if a != "" {
		return a
	}
	return b
}
