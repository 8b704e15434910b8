package open

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// body is anything that a connector sends. What is not listed is ignored.
type body struct {
	ID            text      `json:"id"`        // of a receipt: our message; else whatever, also always the same
	MessageID     text      `json:"messageId"` // of a receipt, where a connector puts it there
	Channel       place     `json:"channel"`
	Type          text      `json:"type"`
	Text          text      `json:"text"`
	TextBody      text      `json:"textBody"`
	Content       []content `json:"content"`
	Events        []event   `json:"events"`
	Status        text      `json:"status"`
	Reasons       []reason  `json:"reasons"`
	Button        *button   `json:"buttonResponse"`
	OriginatingID text      `json:"originatingMessageId"`
	Metadata      metadata  `json:"metadata"`
}

// metadata is what a connector adds to a message; whatever else it is has no meaning.
type metadata struct{ ExpiresAt time.Time }

// UnmarshalJSON takes anything: what cannot be read says nothing.
func (m *metadata) UnmarshalJSON(raw []byte) error {
	var read struct {
		ExpiresAt text `json:"expiresAt"`
	}
	_ = json.Unmarshal(raw, &read)
	m.ExpiresAt = moment(string(read.ExpiresAt))
	return nil
}

// place is who wrote to whom, and when.
type place struct {
	MessageID text            `json:"messageId"`
	To        party           `json:"to"`
	From      party           `json:"from"`
	Time      text            `json:"time"`
	Metadata  json.RawMessage `json:"metadata"`
}

// party is one end of a conversation.
type party struct {
	ID        text `json:"id"`
	IDType    text `json:"idType"`
	Nickname  text `json:"nickname"`
	FirstName text `json:"firstName"`
	LastName  text `json:"lastName"`
}

// content is one part of a message that is no text.
type content struct {
	ContentType text        `json:"contentType"`
	Attachment  *attachment `json:"attachment"`
	Button      *button     `json:"buttonResponse"`
}

// attachment is a file. Some connectors write contentType for mime.
type attachment struct {
	MediaType   text `json:"mediaType"`
	URL         text `json:"url"`
	MIME        text `json:"mime"`
	ContentType text `json:"contentType"`
	Filename    text `json:"filename"`
}

// button is what a customer chose.
type button struct {
	Type          text `json:"type"`
	Text          text `json:"text"`
	Payload       text `json:"payload"`
	OriginatingID text `json:"originatingMessageId"`
}

type event struct {
	EventType text `json:"eventType"`
}

type reason struct {
	Code text `json:"code"`
}

// text is a string, or a number where a connector writes one; it can be stored.
type text string

var errNoText = errors.New("open: a text is neither a string nor a number")

// UnmarshalJSON takes null for nothing.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch err := json.Unmarshal(raw, &s); {
	case err == nil:
		*t = text(clean(s))
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		*t = text(raw)
	default:
		return errNoText
	}
	return nil
}

// is compares without regard to case, as connectors write words.
func (t text) is(word string) bool { return strings.EqualFold(string(t), word) }

// first gives the first text that is there.
func first(texts ...text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// clean makes a text that can be stored anywhere: valid UTF-8 without U+0000.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
