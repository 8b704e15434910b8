package whatsapp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Parse reads messages, what is done to them, statuses, and customers who are known
// otherwise from now on. What is told of the account, and of groups, is ignored by
// name. A person's number is an alias where their business-scoped id is known.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) {
	i, err := open(e)
	if err != nil {
		return channel.Event{}, err
	}
	event := channel.Event{At: graph.Loose[graph.Time](i.content["timestamp"]).Time}
	switch {
	case i.sort == itemOther && !told(i.field):
		return channel.Event{}, errStrange
	case i.sort == itemOther:
		return ignore(event, strings.TrimPrefix(i.field, "changes:")), nil
	case i.sort == itemError:
		return ignore(event, "error "+scalar(graph.Loose[graph.Fields](graph.Loose[graph.Fields](e.Payload)["error"])["code"])), nil
	case i.grouped() && i.sort == itemMessage:
		return channel.Event{}, errGroup
	case i.grouped():
		return ignore(event, "group"), nil
	}
	event.Contact, event.AddressType, event.Name = i.contact(), byPhone, i.name
	if i.user != "" {
		event.AddressType, event.Alias = byUser, i.phone
	}
	if i.sort == itemStatus {
		return i.status(event)
	}
	return i.message(event)
}

// told tells the fields that are known to say something of the account, and of no
// conversation (WhatsApp Business Platform, Webhooks reference).
func told(field string) bool {
	return slices.Contains([]string{"account_alerts", "account_review_update", "account_settings_update", "account_update", "automatic_events", "business_capability_update",
		"business_status_update", "calls", "flows", "history", "message_template_components_update", "message_template_quality_update", "message_template_status_update",
		"messaging_handovers", "partner_solutions", "payment_configuration_update", "phone_number_name_update", "phone_number_quality_update", "security",
		"smb_app_state_sync", "smb_message_echoes", "messages", "template_category_update", "template_correct_category_detection", "tracking_events", "user_id_update", "user_preferences"},
		strings.TrimPrefix(field, "changes:"))
}

func ignore(event channel.Event, note string) channel.Event {
	event.Kind, event.Note = channel.EventIgnored, short(graph.Clean(note))
	return event
}

// status reads how far a message of ours has come.
func (i item) status(event channel.Event) (channel.Event, error) {
	event.Token = graph.Words(i.content["biz_opaque_callback_data"])
	id := graph.Identifier(i.content["id"])
	if id == "" {
		return channel.Event{}, errNoID
	}
	event.MessageIDs = []string{id}
	switch i.shape {
	case "sent":
		event.Kind = channel.EventSent
	case "delivered":
		event.Kind = channel.EventDelivered
	case "read", "played":
		event.Kind = channel.EventRead
	case "failed":
		event.Kind, event.Failure = channel.EventFailed, graph.Undelivered(i.fault())
	default:
		return ignore(event, "status "+i.shape), nil
	}
	return event, nil
}

// fault is the code of the first error.
func (i item) fault() string {
	for _, raw := range graph.Loose[[]json.RawMessage](i.content["errors"]) {
		return scalar(graph.Loose[graph.Fields](raw)["code"])
	}
	return ""
}

// message reads a message, or what is done to one. An echo is a message that the
// account's own people wrote, in the app on their phone.
func (i item) message(event channel.Event) (channel.Event, error) {
	switch i.shape {
	case "system":
		return i.moved(event), nil
	case "request_welcome":
		return i.arrived(event), nil
	case "reaction", "edit", "revoke":
		return i.change(event)
	}
	event.Kind, event.MessageID = channel.EventMessage, graph.Identifier(i.content["id"])
	if i.sort == itemEcho {
		event.Kind = channel.EventEcho
	}
	event.ReplyTo = graph.Identifier(graph.Loose[graph.Fields](i.content["context"])["id"])
	event.Referral = referral(graph.Loose[graph.Fields](i.content["referral"]))
	event, err := i.fill(event)
	if i.sort == itemEcho {
		event.Attachment = unlinked(event.Attachment)
	}
	return event, err
}

// unlinked are attachments of the account's own: they are shown, and not fetched.
func unlinked(all []domain.Attachment) []domain.Attachment {
	for n := range all {
		all[n].URL = ""
	}
	return all
}

// moved reads that a person's number, or their business-scoped id, is another one.
func (i item) moved(event channel.Event) channel.Event {
	s := i.system()
	if s == nil {
		return ignore(event, "system "+graph.Words(graph.Loose[graph.Fields](i.content["system"])["type"]))
	}
	before := []string{graph.Identifier(i.content["from"]), graph.Identifier(s["previous_user_id"]), graph.Identifier(i.content["from_user_id"])}
	if graph.Words(s["type"]) == "user_changed_user_id" {
		before = append(before[1:], before[0])
	}
	event.Kind = channel.EventMoved
	for n := 0; n < len(before) && event.Former == ""; n++ {
		if before[n] != event.Contact && before[n] != event.Alias {
			event.Former = before[n]
		}
	}
	if event.Former == "" {
		return ignore(event, "system without a change")
	}
	return event
}

// arrived reads that a person has opened the conversation for the first time: where
// they came from, if that is told. To come is not to write.
func (i item) arrived(event channel.Event) channel.Event {
	if event.Referral = referral(graph.Loose[graph.Fields](i.content["referral"])); event.Referral == nil {
		return ignore(event, i.shape)
	}
	event.Kind = channel.EventReferral
	return event
}

// change reads what was done to a message that is named. Edits are not counted: the
// later one wins.
func (i item) change(event channel.Event) (channel.Event, error) {
	if i.sort == itemEcho {
		return ignore(event, "echo "+i.shape), nil
	}
	own := graph.Loose[graph.Fields](i.content[i.shape])
	if event.MessageID = i.target(); event.MessageID == "" {
		return channel.Event{}, errNoID
	}
	switch i.shape {
	case "reaction":
		event.Kind, event.Emoji = channel.EventReaction, short(graph.Words(own["emoji"]))
		event.Removed = event.Emoji == ""
	case "revoke":
		event.Kind = channel.EventUnsent
	default:
		changed := item{content: graph.Loose[graph.Fields](own["message"])}
		changed.shape = short(graph.Words(changed.content["type"]))
		said, err := changed.fill(channel.Event{})
		if err != nil {
			return channel.Event{}, err
		}
		event.Kind, event.Text, event.Edit = channel.EventEdited, said.Text, max(1, int(event.At.Unix()))
	}
	return event, nil
}

// referral reads where somebody came from; nil where nothing says so.
func referral(r graph.Fields) *domain.Referral {
	if r == nil {
		return nil
	}
	found := &domain.Referral{Ref: cmp.Or(graph.Words(r["ctwa_clid"]), graph.Words(r["source_url"])), Source: short(graph.Words(r["source_type"])), Type: short(graph.Words(r["media_type"]))}
	if found.Source == "ad" {
		found.AdID = scalar(r["source_id"])
	}
	return found
}
