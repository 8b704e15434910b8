package messenger

import (
	"encoding/json"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// maxMIDs bounds the messages that one receipt names.
const maxMIDs = 1000

// Parse reads messages, echoes and receipts. The other shapes that Meta documents,
// and any it adds, are ignored by name, and so is what another app's threads hold.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) {
	i, err := open(e)
	if err != nil {
		return channel.Event{}, err
	}
	event := channel.Event{Contact: i.contact(), At: i.at.Time}
	switch {
	case e.Field == fieldStandby:
		return ignore(event, fieldStandby+": "+i.shape), nil
	case i.shape == shapeMessage:
		return i.message(event, channel.EventMessage)
	case i.shape == shapeEcho:
		event.Token = graph.Clean(loose[string](i.content["metadata"]))
		return i.message(event, channel.EventEcho)
	case i.shape == shapeDelivery:
		return i.receipt(event, channel.EventDelivered)
	case i.shape == shapeRead:
		return i.receipt(event, channel.EventRead)
	}
	return ignore(event, i.shape), nil
}

func ignore(event channel.Event, note string) channel.Event {
	event.Kind, event.Note = channel.EventIgnored, note
	return event
}

// message reads what messages and echoes share. A message may have neither text
// nor attachments: it is still one, and an agent should know of it.
func (i item) message(event channel.Event, kind channel.EventKind) (channel.Event, error) {
	event.Kind, event.MessageID = kind, identifier(i.content["mid"])
	if event.MessageID == "" {
		return channel.Event{}, errNoID
	}
	if raw := i.content["text"]; present(raw) && json.Unmarshal(raw, &event.Text) != nil {
		return channel.Event{}, errNoText
	}
	event.Text = graph.Clean(event.Text)
	event.Attachment = attachments(i.content["attachments"])
	event.ReplyTo = identifier(loose[fields](i.content["reply_to"])["mid"])
	return event, nil
}

// receipt reads a delivery or a read: everything up to the watermark is meant,
// and a delivery may name the messages too.
func (i item) receipt(event channel.Event, kind channel.EventKind) (channel.Event, error) {
	event.Kind = kind
	event.MessageIDs = i.mids()
	event.Watermark = loose[graph.Time](i.content["watermark"]).Time
	if event.Watermark.IsZero() && event.MessageIDs == nil {
		return channel.Event{}, errNoReceipt
	}
	return event, nil
}

// mids lists the messages that a receipt names.
func (i item) mids() []string {
	var ids []string
	for _, id := range loose[[]graph.ID](i.content["mids"]) {
		if id != "" && len(ids) < maxMIDs {
			ids = append(ids, string(id))
		}
	}
	return ids
}
