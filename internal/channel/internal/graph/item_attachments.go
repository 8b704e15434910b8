package graph

import (
	"cmp"
	"encoding/json"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	maxAttachments = 100
	unknownType    = "unknown"
)

// attachments reads a message's attachments: a list or, in some of Meta's
// examples, one object. The type passes through, because Meta adds some every
// year; a broken attachment stays as one of unknown type.
func attachments(raw json.RawMessage) []domain.Attachment {
	if !Present(raw) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var found []domain.Attachment
	for _, element := range list[:min(len(list), maxAttachments)] {
		found = append(found, attachment(Loose[Fields](element)))
	}
	return found
}

// attachment reads one. The link previews of type fallback keep title and link
// beside the payload, the others in it.
func attachment(a Fields) domain.Attachment {
	payload := Loose[Fields](a["payload"])
	return domain.Attachment{
		Type: cmp.Or(Short(a["type"]), unknownType),
		URL:  cmp.Or(Link(payload["url"]), Link(a["url"])),
		Name: Clean(cmp.Or(Loose[string](payload["title"]), Loose[string](a["title"]))),
	}
}
