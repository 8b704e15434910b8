package messenger

import (
	"encoding/json"
	"net/url"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	maxAttachments = 100
	maxType        = 64 // characters of an attachment's type
	unknownType    = "unknown"
)

// attachments reads a message's attachments: a list or, in some of Meta's
// examples, one object. The type passes through, because Meta adds some every
// year; a broken attachment stays as one of unknown type.
func attachments(raw json.RawMessage) []domain.Attachment {
	if !present(raw) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var found []domain.Attachment
	for _, element := range list[:min(len(list), maxAttachments)] {
		found = append(found, attachment(loose[fields](element)))
	}
	return found
}

// attachment reads one. The link previews of type fallback keep title and link
// beside the payload, the others in it.
func attachment(a fields) domain.Attachment {
	payload := loose[fields](a["payload"])
	return domain.Attachment{
		Type: either(short(loose[string](a["type"])), unknownType),
		URL:  either(link(payload["url"]), link(a["url"])),
		Name: graph.Clean(either(loose[string](payload["title"]), loose[string](a["title"]))),
	}
}

// link reads a web address. A link preview's was chosen by the customer and an
// agent may follow it, so nothing but the web passes.
func link(raw json.RawMessage) string {
	text := graph.Clean(loose[string](raw))
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return text
}

func short(text string) string {
	text = graph.Clean(text)
	if utf8.RuneCountInString(text) > maxType {
		text = string([]rune(text)[:maxType])
	}
	return text
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
