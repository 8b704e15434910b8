package whatsapp

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// maxListed bounds the elements of one message.
const maxListed = 100

// unsupported is the attachment of a message that WhatsApp does not hand on, or that
// nobody here can read: an agent should know of it, and look on the phone.
const unsupported = "unsupported"

// fill reads what a message says by its type. A type that is not known is a message
// all the same.
func (i item) fill(event channel.Event) (channel.Event, error) {
	own := graph.Loose[graph.Fields](i.content[i.shape])
	switch i.shape {
	case "text":
		if raw := own["body"]; json.Unmarshal(raw, &event.Text) != nil {
			return channel.Event{}, errNoText
		}
		event.Text = graph.Clean(event.Text)
	case "image", "video", "audio", "voice", "document", "sticker":
		event.Text, event.Attachment = graph.Words(own["caption"]), []domain.Attachment{media(i.shape, own)}
	case "location":
		event.Text, event.Attachment = place(own)
	case "contacts":
		event.Text, event.Attachment = people(graph.Loose[[]json.RawMessage](i.content["contacts"]))
	case "order":
		event.Text, event.Attachment = order(own)
	case "button":
		event.Text = graph.Words(own["text"])
		event.Postback = &domain.Postback{Title: event.Text, Payload: graph.Words(own["payload"])}
	case "interactive":
		return i.answer(event, own), nil
	default:
		return unread(event, cmp.Or(graph.Words(own["type"]), i.shape)), nil
	}
	return event, nil
}

// unread is a message whose content nobody here can read; what sort it is of is told.
func unread(event channel.Event, sort string) channel.Event {
	event.Omitted = []domain.Omission{domain.OmittedUnsupported}
	event.Attachment = []domain.Attachment{{Type: unsupported, Name: short(sort)}}
	return event
}

// answer reads the answer to a message with buttons, with a list, or with a form.
func (i item) answer(event channel.Event, own graph.Fields) channel.Event {
	switch shape := graph.Words(own["type"]); shape {
	case "button_reply":
		taken := graph.Loose[graph.Fields](own[shape])
		event.Text = graph.Words(taken["title"])
		event.Postback = &domain.Postback{Title: event.Text, Payload: graph.Words(taken["id"])}
	case "list_reply":
		taken := graph.Loose[graph.Fields](own[shape])
		event.Text, event.QuickReply = graph.Words(taken["title"]), &domain.QuickReply{Payload: graph.Words(taken["id"])}
	case "nfm_reply":
		taken := graph.Loose[graph.Fields](own[shape])
		event.Text = lines(graph.Words(taken["body"]), graph.Words(taken["response_json"]))
		event.QuickReply = &domain.QuickReply{Payload: graph.Words(taken["name"])}
	default:
		return unread(event, cmp.Or(shape, "interactive"))
	}
	return event
}

// media reads a file, which WhatsApp gives out by its id.
func media(shape string, own graph.Fields) domain.Attachment {
	a := domain.Attachment{Type: shape, Name: short(graph.Words(own["filename"]))}
	switch shape {
	case "document":
		a.Type = "file"
	case "voice":
		a.Type = "audio"
	}
	if id := graph.Identifier(own["id"]); id != "" {
		a.URL = domain.MediaScheme + id
	}
	return a
}

// place reads a location: as a text that an agent can read, and as an attachment.
func place(own graph.Fields) (string, []domain.Attachment) {
	name, at := graph.Words(own["name"]), strings.Trim(coordinate(own["latitude"])+", "+coordinate(own["longitude"]), ", ")
	return lines(name, graph.Words(own["address"]), at), []domain.Attachment{{Type: "location", Name: short(name), URL: graph.Link(own["url"])}}
}

// coordinate is a number as it was written, or the text of one.
func coordinate(raw json.RawMessage) string {
	text := scalar(raw)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return ""
	}
	return text
}

// people reads contact cards: a line for each, with how to reach them.
func people(cards []json.RawMessage) (text string, attachments []domain.Attachment) {
	for _, raw := range cards[:min(len(cards), maxListed)] {
		card := graph.Loose[graph.Fields](raw)
		names := graph.Loose[graph.Fields](card["name"])
		name := short(cmp.Or(graph.Words(names["formatted_name"]), strings.TrimSpace(graph.Words(names["first_name"])+" "+graph.Words(names["last_name"]))))
		reached := append([]string{name}, listed(card["phones"], "phone")...)
		text = lines(text, strings.Trim(strings.Join(append(reached, listed(card["emails"], "email")...), ", "), ", "))
		attachments = append(attachments, domain.Attachment{Type: "contact", Name: name})
	}
	return text, attachments
}

// listed gives one member of every object of a list.
func listed(raw json.RawMessage, name string) (found []string) {
	all := graph.Loose[[]json.RawMessage](raw)
	for _, element := range all[:min(len(all), maxListed)] {
		if text := short(graph.Words(graph.Loose[graph.Fields](element)[name])); text != "" {
			found = append(found, text)
		}
	}
	return found
}

// order reads what somebody ordered from the catalogue: a line for each product.
func order(own graph.Fields) (string, []domain.Attachment) {
	text := graph.Words(own["text"])
	items := graph.Loose[[]json.RawMessage](own["product_items"])
	for _, raw := range items[:min(len(items), maxListed)] {
		p := graph.Loose[graph.Fields](raw)
		line := strings.TrimSpace(scalar(p["quantity"]) + " × " + graph.Words(p["product_retailer_id"]))
		if price := scalar(p["item_price"]); price != "" {
			line += " (" + strings.TrimSpace(price+" "+graph.Words(p["currency"])) + ")"
		}
		text = lines(text, short(line))
	}
	return text, []domain.Attachment{{Type: "order", Name: short(scalar(own["catalog_id"]))}}
}
