package graph

import (
	"encoding/json"
	"strconv"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// maxMIDs bounds the messages that one receipt names.
const maxMIDs = 1000

// Parse reads private messages, what is done to them, and receipts. The other
// shapes that Meta documents, and any it adds, are ignored by name. What another
// app's threads hold has the same shapes and is marked as such.
func Parse(e channel.Envelope) (channel.Event, error) {
	i, err := open(e)
	if err != nil {
		return channel.Event{}, refused(e, err)
	}
	event, err := i.event(channel.Event{Contact: i.contact(), At: i.at.Time, Standby: e.Field == fieldStandby})
	return event, refused(e, err)
}

// event adds what the item's shape says.
func (i item) event(event channel.Event) (channel.Event, error) {
	switch i.shape {
	case shapeMessage:
		return i.message(event, channel.EventMessage)
	case shapeEcho:
		event.Token = Words(i.content["metadata"])
		return i.message(event, channel.EventEcho)
	case shapeDelivery:
		return i.receipt(event, channel.EventDelivered)
	case shapeRead:
		return i.receipt(event, channel.EventRead)
	case shapePostback:
		return i.postback(event), nil
	case shapeEdit, shapeReaction, shapeDeleted:
		return i.change(event)
	case shapeReferral:
		event.Kind, event.Referral = channel.EventReferral, referral(i.content)
		return event, nil
	case shapePass, shapeTake:
		return i.control(event), nil
	case shapePolicy:
		event.Kind, event.Action = channel.EventPolicy, Short(i.content["action"])
		return event, nil
	}
	if i.shape == shapeOther {
		return channel.Event{}, errStrange
	}
	return Ignored(event, i.shape), nil
}

// Ignored is an event of a shape that has no effect; the note says which.
func Ignored(event channel.Event, note string) channel.Event {
	event.Kind, event.Note = channel.EventIgnored, note
	return event
}

// message reads what messages and echoes share. A message may have neither text
// nor attachments nor an id: it is still one, and an agent should know of it.
func (i item) message(event channel.Event, kind channel.EventKind) (channel.Event, error) {
	event.Kind, event.MessageID = kind, Identifier(i.content["mid"])
	if raw := i.content["text"]; Present(raw) && json.Unmarshal(raw, &event.Text) != nil {
		return channel.Event{}, errNoText
	}
	event.Text = Clean(event.Text)
	event.Attachment = attachments(i.content["attachments"])
	event.ReplyTo = Identifier(Loose[Fields](i.content["reply_to"])["mid"])
	if taken := Loose[Fields](i.content["quick_reply"]); taken != nil {
		event.QuickReply = &domain.QuickReply{Payload: Words(taken["payload"])}
	}
	event.Referral = referral(Loose[Fields](i.content["referral"]))
	return event, nil
}

// receipt reads a delivery or a read: everything up to the watermark is meant,
// and a delivery may name the messages too. On Instagram a read names the last one.
func (i item) receipt(event channel.Event, kind channel.EventKind) (channel.Event, error) {
	event.Kind = kind
	event.MessageIDs = i.mids()
	event.Watermark = Loose[Time](i.content["watermark"]).Time
	if kind == channel.EventRead {
		event.Through = Identifier(i.content["mid"])
	}
	if event.Watermark.IsZero() && event.MessageIDs == nil && event.Through == "" {
		return channel.Event{}, errNoReceipt
	}
	return event, nil
}

// mids lists the messages that a receipt names.
func (i item) mids() []string {
	var ids []string
	for _, id := range Loose[[]ID](i.content["mids"]) {
		if id != "" && len(ids) < maxMIDs {
			ids = append(ids, string(id))
		}
	}
	return ids
}

// postback reads a button that was pressed: to the agent it is a message that
// says what the button says.
func (i item) postback(event channel.Event) channel.Event {
	event.Kind, event.MessageID = channel.EventMessage, Identifier(i.content["mid"])
	event.Text = Words(i.content["title"])
	event.Postback = &domain.Postback{Title: event.Text, Payload: Words(i.content["payload"])}
	event.Referral = referral(Loose[Fields](i.content["referral"]))
	return event
}

// referral reads where somebody came from; nil where nothing says so.
func referral(r Fields) *domain.Referral {
	if r == nil {
		return nil
	}
	word := func(name string) string { return Clean(Scalar(r[name])) }
	return &domain.Referral{Ref: word("ref"), Source: word("source"), Type: word("type"), AdID: word("ad_id")}
}

// change reads what was done to a message that is named. Edits are counted from
// one; what calls itself the zeroth is no edit.
func (i item) change(event channel.Event) (channel.Event, error) {
	event.MessageID = Identifier(i.content["mid"])
	if event.MessageID == "" {
		return channel.Event{}, errNoID
	}
	switch i.shape {
	case shapeDeleted:
		event.Kind = channel.EventUnsent
	case shapeReaction:
		event.Kind, event.Removed = channel.EventReaction, Loose[string](i.content["action"]) == "unreact"
		event.Reaction, event.Emoji = Short(i.content["reaction"]), Short(i.content["emoji"])
	default:
		return i.edit(event)
	}
	return event, nil
}

func (i item) edit(event channel.Event) (channel.Event, error) {
	number, counted := i.content["num_edit"]
	if json.Unmarshal(i.content["text"], &event.Text) != nil {
		return channel.Event{}, errNoText
	}
	event.Kind, event.Edit, event.Text = channel.EventEdited, 1, Clean(event.Text)
	if counted {
		event.Edit, _ = strconv.Atoi(Scalar(number))
	}
	if event.Edit < 1 {
		return Ignored(event, shapeEdit+" 0"), nil
	}
	return event, nil
}

// control reads which app has the thread. Meta tells an app that it was given
// one, and an app that one was taken from it.
func (i item) control(event channel.Event) channel.Event {
	event.Kind, event.Elsewhere = channel.EventControl, i.shape == shapeTake
	event.Owner = Identifier(i.content["new_owner_app_id"])
	return event
}
