package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// businessID is the business account of every simulated number.
const businessID = "300000000000001"

// inbound writes the webhook for what a customer does. A raw payload is a message or a status, the value of a change,
// or a change.
func (w whatsApp) inbound(in InboundMessage) (body []byte, ids []string) {
	if in.Payload != nil {
		return w.raw(in)
	}
	who := personOf(in.From)
	if in.Event != "edit" && in.Event != "unsend" && in.Event != "react" && in.Event != "unreact" && in.Event != "referral" {
		w.persons.heard(in.AccountID, who, w.now())
	}
	at := in.Timestamp / 1000
	if at == 0 {
		at = w.now().Unix()
	}
	var messages []any
	ids = []string{}
	for n, content := range w.contents(in) {
		id := in.MessageID
		if id == "" || n > 0 || in.changes() {
			id = newWAMID()
		}
		content["id"], content["timestamp"] = id, strconv.FormatInt(at, 10)
		if who.number != "" {
			content["from"] = who.number
		}
		if who.user != "" {
			content["from_user_id"] = who.user
		}
		messages, ids = append(messages, content), append(ids, id)
	}
	return w.change("messages", map[string]any{"messaging_product": "whatsapp", "metadata": metadataOf(in.AccountID), "contacts": []any{who.contact()}, "messages": messages}), ids
}

// changes tells what is done to a message that is named from what is one.
func (in InboundMessage) changes() bool {
	return slices.Contains([]string{"edit", "unsend", "react", "unreact"}, in.Event)
}

// contents are the messages of an event, each with its type (Meta, WhatsApp Business Platform, Webhooks, Messages).
func (w whatsApp) contents(in InboundMessage) []map[string]any {
	one := func(kind string, content any) []map[string]any {
		return []map[string]any{{"type": kind, kind: content}}
	}
	switch in.Event {
	case "edit":
		return one("edit", map[string]any{"original_message_id": in.MessageID, "message": map[string]any{"type": "text", "text": map[string]string{"body": in.Text}}})
	case "unsend":
		return one("revoke", map[string]string{"original_message_id": in.MessageID})
	case "react", "unreact":
		return one("reaction", map[string]string{"message_id": in.MessageID, "emoji": in.Text})
	case "postback":
		return one("button", map[string]string{"text": in.Text, "payload": in.Data})
	case "quick_reply":
		return one("interactive", map[string]any{"type": "list_reply", "list_reply": map[string]string{"id": in.Data, "title": in.Text}})
	case "referral":
		return []map[string]any{{"type": "request_welcome", "referral": map[string]string{"source_url": in.Data, "source_type": "ad", "source_id": "120000000000001"}}}
	case "location":
		latitude, longitude, _ := strings.Cut(in.Data, ",")
		return one("location", map[string]any{"name": in.Text, "latitude": number(latitude), "longitude": number(longitude)})
	case "contact":
		return one("contacts", []any{map[string]any{"name": map[string]string{"formatted_name": in.Text}, "phones": []any{map[string]string{"phone": in.Data}}}})
	case "unsupported":
		return []map[string]any{{"type": "unsupported", "unsupported": map[string]string{"type": in.Data},
			"errors": []any{map[string]any{"code": 131051, "title": "Message type unknown", "message": "Message type unknown"}}}}
	}
	return w.written(in)
}

// written is a text, or a message for each file with the text under the first.
func (w whatsApp) written(in InboundMessage) []map[string]any {
	var all []map[string]any
	for n, a := range in.Attachments {
		kind, contentType := a.Type, map[string]string{"image": "image/jpeg", "audio": "audio/ogg", "video": "video/mp4", "sticker": "image/webp"}[a.Type]
		if kind == "file" {
			kind = "document"
		}
		content := map[string]any{"id": w.shelf.put(shelved{source: a.URL, contentType: cmp.Or(contentType, "application/octet-stream")}), "mime_type": cmp.Or(contentType, "application/octet-stream")}
		if n == 0 && in.Text != "" {
			content["caption"] = in.Text
		}
		all = append(all, map[string]any{"type": kind, kind: content})
	}
	if len(all) == 0 {
		all = append(all, map[string]any{"type": "text", "text": map[string]string{"body": in.Text}})
	}
	for _, m := range all {
		if in.ReplyTo != "" {
			m["context"] = map[string]string{"from": in.AccountID, "id": in.ReplyTo}
		}
	}
	return all
}

// number is a coordinate, or zero.
func number(text string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return n
}

// contact is what a webhook tells of a person.
func (p waPerson) contact() map[string]any {
	profile, contact := map[string]string{"name": cmp.Or(p.name, p.username, p.number, p.user)}, map[string]any{}
	if p.username != "" {
		profile["username"] = p.username
	}
	if contact["profile"] = profile; p.number != "" {
		contact["wa_id"] = p.number
	}
	if p.user != "" {
		contact["user_id"] = p.user
	}
	return contact
}

func metadataOf(number string) map[string]string {
	return map[string]string{"display_phone_number": "15550100000", "phone_number_id": number}
}

// raw sends a payload byte for byte, in as much of an envelope as it lacks.
func (w whatsApp) raw(in InboundMessage) (body []byte, ids []string) {
	var p struct {
		Field    *string
		Metadata *json.RawMessage
		Status   *string
		Type     *string
		ID       string
		From     string
		FromUser string `json:"from_user_id"`
	}
	if json.Unmarshal(in.Payload, &p) != nil {
		return w.envelope(in.Payload), []string{}
	}
	if p.ID != "" {
		ids = []string{p.ID}
	} else {
		ids = []string{}
	}
	list := "messages"
	switch {
	case p.Field != nil:
		return w.envelope(in.Payload), ids
	case p.Metadata != nil:
		return w.envelope(fmt.Appendf(nil, `{"field":"messages","value":%s}`, in.Payload)), ids
	case p.Status != nil:
		list = "statuses"
	case p.From != "" || p.FromUser != "":
		w.persons.heard(in.AccountID, waPerson{number: p.From, user: p.FromUser}, w.now())
	}
	return w.envelope(fmt.Appendf(nil, `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":%s,%q:[%s]}}`, graphJSON(metadataOf(in.AccountID)), list, in.Payload)), ids
}

// change is a webhook with one change.
func (w whatsApp) change(field string, value any) []byte {
	return w.envelope(graphJSON(map[string]any{"field": field, "value": value}))
}

// envelope is a webhook with a change whose bytes stay as they are. Its time is in seconds.
func (w whatsApp) envelope(change []byte) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":%q,"time":%d,"changes":[%s]}]}`, businessID, w.now().Unix(), change)
}

// receipts lists what follows a message, in the order in which it is sent: WhatsApp has no echo, but says that it sent.
func (w whatsApp) receipts(taken message, wanted Receipts) []hook {
	var hooks []hook
	for _, r := range []struct {
		status string
		wanted bool
	}{{"sent", wanted.Echo}, {"delivered", wanted.Delivered}, {"read", wanted.Read}} {
		if r.wanted {
			hooks = append(hooks, func() []byte { return w.status(taken, r.status) })
		}
	}
	if wanted.Reversed {
		slices.Reverse(hooks)
	}
	return hooks
}

// status tells how far a message has come (Meta, WhatsApp Business Platform, Webhooks, Status messages).
func (w whatsApp) status(taken message, word string) []byte {
	who := w.persons.find(taken.contact)
	status := map[string]any{"id": taken.id, "status": word, "timestamp": strconv.FormatInt(later(w.now(), taken.at).Unix(), 10),
		"conversation": map[string]any{"id": "c-" + taken.id, "origin": map[string]string{"type": "service"}},
		"pricing":      map[string]any{"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}}
	if who.number != "" {
		status["recipient_id"] = who.number
	}
	if who.user != "" {
		status["recipient_user_id"] = who.user
	}
	if taken.metadata != "" {
		status["biz_opaque_callback_data"] = taken.metadata
	}
	return w.change("messages", map[string]any{"messaging_product": "whatsapp", "metadata": metadataOf(taken.account), "contacts": []any{who.contact()}, "statuses": []any{status}})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
