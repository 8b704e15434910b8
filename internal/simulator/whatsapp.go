package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of WhatsApp's messages: of a text, of what comes back in statuses, and of how many go to one person within
// how long (Meta, WhatsApp Business Platform, Cloud API, Messages; Throughput).
const (
	maxBodyText = 4096
	maxCallback = 512
	pairBurst   = 45
	pairTime    = 6 * time.Second
)

// whatsApp plays the WhatsApp Business Cloud API: messages, and media up and down. What it has in common with Messenger
// is messenger's.
type whatsApp struct {
	messenger
	persons *persons
	shelf   *shelf
}

// answer judges a call. taken is the message that it sent, nil where it sent none.
func (w whatsApp) answer(ctx context.Context, call Request) (said answer, taken *message) {
	if call.Method == http.MethodGet && call.Path == shelfPath {
		return w.hand(ctx, call), nil
	}
	object, edge, ok := graphPath(call.Path)
	switch {
	case ok && edge == "messages" && call.Method == http.MethodPost:
		return w.take(ctx, object, call)
	case ok && edge == "media" && call.Method == http.MethodPost:
		return w.upload(ctx, object, call), nil
	case ok && edge == "" && call.Method == http.MethodGet:
		return w.describe(ctx, object, call), nil
	case ok && (edge == "messages" || edge == "media"):
		return unknownObject(call.Method, object), nil
	}
	return unknownPath(call.Path), nil
}

// waSend is the body of a message, as much of it as is judged.
type waSend struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Recipient     string `json:"recipient"`
	Type          string `json:"type"`
	Status        string `json:"status"`
	MessageID     string `json:"message_id"`
	Callback      string `json:"biz_opaque_callback_data"`
	Context       *struct {
		MessageID string `json:"message_id"`
	} `json:"context"`
	content map[string]json.RawMessage
}

// take judges a send: the token first, then the message, then whether it may go now.
func (w whatsApp) take(ctx context.Context, number string, call Request) (answer, *message) {
	if refused := w.authorize(ctx, number, call); refused != nil {
		return *refused, nil
	}
	var s waSend
	if json.Unmarshal(call.Body, &s) != nil || json.Unmarshal(call.Body, &s.content) != nil {
		return invalidParameter("Invalid parameter"), nil
	}
	if fault := s.fault(w.shelf); fault != nil {
		return fault.answer(http.StatusBadRequest), nil
	}
	if s.Status != "" {
		return graphAnswer(http.StatusOK, map[string]bool{"success": true}), nil
	}
	to := s.To
	if to == "" {
		to = s.Recipient
	}
	who := w.persons.find(to)
	if fault := w.persons.admits(thread{number, who.key()}, s.Type == "template", w.now()); fault != nil {
		return fault.answer(http.StatusBadRequest), nil
	}
	taken := &message{thread: thread{account: number, contact: to}, id: newWAMID(), metadata: s.Callback, at: w.now()}
	return graphAnswer(http.StatusOK, s.accepted(taken.id)), taken
}

// accepted is the answer to a message that was taken.
func (s waSend) accepted(id string) any {
	contact := map[string]string{"input": s.To, "wa_id": s.To}
	if s.To == "" {
		contact = map[string]string{"input": s.Recipient, "user_id": s.Recipient}
	}
	sent := map[string]string{"id": id}
	if s.Type == "template" {
		sent["message_status"] = "accepted"
	}
	return map[string]any{"messaging_product": "whatsapp", "contacts": []any{contact}, "messages": []any{sent}}
}

// waTypes are the types of messages that are played.
func waTypes() []string {
	return []string{"text", "image", "audio", "video", "document", "sticker", "template", "reaction", "location", "contacts", "interactive"}
}

// fault is what the API finds wrong with a message; nil where it takes it.
func (s waSend) fault(media *shelf) *graphFault {
	known := append([]string{"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data", "status", "message_id", "typing_indicator"}, s.Type)
	for key := range s.content {
		if !slices.Contains(known, key) {
			return waFault(100, "Unexpected key %q on param.", key)
		}
	}
	switch {
	case s.Product != "whatsapp":
		return waFault(100, "The parameter messaging_product is required.")
	case s.Status != "" && (s.Status != "read" || s.MessageID == ""):
		return waFault(100, "The parameter message_id is required.")
	case s.Status != "":
		return nil
	case s.To == "" && s.Recipient == "":
		return waFault(100, "The parameter to is required.")
	case s.To != "" && !isNumber(s.To) || s.Recipient != "" && !isUserID(s.Recipient):
		return waFault(131009, "Parameter value is not valid")
	case s.RecipientType != "" && s.RecipientType != "individual":
		return waFault(100, "Param recipient_type must be one of {INDIVIDUAL}")
	case s.Context != nil && s.Context.MessageID == "":
		return waFault(100, "The parameter context['message_id'] is required.")
	case utf8.RuneCountInString(s.Callback) > maxCallback:
		return waFault(100, "Param biz_opaque_callback_data must be at most %d characters long.", maxCallback)
	case !slices.Contains(waTypes(), s.Type):
		return waFault(100, "Param type must be one of {%s}", strings.ToUpper(strings.Join(waTypes(), ", ")))
	case s.content[s.Type] == nil:
		return waFault(131008, "Required parameter is missing")
	}
	return s.faultOf(s.content[s.Type], media)
}

// faultOf judges the content of a message by its type.
func (s waSend) faultOf(content json.RawMessage, media *shelf) *graphFault {
	var c struct {
		Body, ID, Link, Name string
		Language             struct{ Code string }
		Components           []struct {
			Type       string
			Parameters []struct{ Type, Text string }
		}
	}
	if json.Unmarshal(content, &c) != nil && s.Type != "contacts" {
		return waFault(100, "Invalid parameter")
	}
	switch s.Type {
	case "text":
		if n := utf8.RuneCountInString(c.Body); n == 0 || n > maxBodyText {
			return waFault(100, "Param text['body'] must be between 1 and %d characters long.", maxBodyText)
		}
	case "image", "audio", "video", "document", "sticker":
		if !isWebAddress(c.Link) && !media.has(c.ID) {
			return waFault(131009, "Parameter value is not valid")
		}
	case "template":
		if c.Name == "" || c.Language.Code == "" {
			return waFault(131008, "Required parameter is missing")
		}
		for _, component := range c.Components {
			if component.Type != "body" || len(component.Parameters) == 0 || slices.ContainsFunc(component.Parameters, func(p struct{ Type, Text string }) bool { return p.Type != "text" || p.Text == "" }) {
				return waFault(132000, "Number of parameters does not match the expected number of params")
			}
		}
	}
	return nil
}

// isUserID tells a business-scoped user id.
func isUserID(text string) bool {
	country, id, two := strings.Cut(text, ".")
	return two && len(country) == 2 && id != ""
}

func waFault(code int, format string, args ...any) *graphFault {
	return &graphFault{Message: fmt.Sprintf("(#%d) ", code) + fmt.Sprintf(format, args...), Code: code}
}

// newWAMID makes an id that looks like one of WhatsApp's.
func newWAMID() string { return "wamid." + random(30) }

// tooLarge is the answer to a body that is larger than any message.
func (whatsApp) tooLarge() answer {
	return graphFault{Message: "(#100) Invalid parameter", Code: 100}.answer(http.StatusRequestEntityTooLarge)
}

// bodyLimit bounds a call: only a file is larger than any message.
func (whatsApp) bodyLimit(path string) int64 {
	if _, edge, ok := graphPath(path); ok && edge == "media" {
		return maxShelved + maxBody
	}
	return maxBody
}

// failure is the answer of the modes in which a call is answered without being judged.
func (w whatsApp) failure(faults Faults) answer {
	if faults.Mode != ModeRateLimit {
		return w.messenger.failure(faults)
	}
	status := http.StatusBadRequest
	if faults.RetryAfterSeconds != nil {
		status = http.StatusTooManyRequests
	}
	said := waFault(130429, "Rate limit hit").answer(status)
	if faults.RetryAfterSeconds != nil {
		said.header["Retry-After"] = fmt.Sprint(*faults.RetryAfterSeconds)
	}
	return said
}
