package messenger

import (
	"cmp"
	"encoding/json"

	"github.com/parley-cx/parley/internal/channel/internal/graph"
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
	if !graph.Present(raw) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var found []domain.Attachment
	for _, element := range list[:min(len(list), maxAttachments)] {
		found = append(found, attachment(graph.Loose[graph.Fields](element)))
	}
	return found
}

// attachment reads one. The link previews of type fallback keep title and link
// beside the payload, the others in it.
func attachment(a graph.Fields) domain.Attachment {
	payload := graph.Loose[graph.Fields](a["payload"])
	return domain.Attachment{
		Type: cmp.Or(graph.Short(a["type"]), unknownType),
		URL:  cmp.Or(graph.Link(payload["url"]), graph.Link(a["url"])),
		Name: graph.Clean(cmp.Or(graph.Loose[string](payload["title"]), graph.Loose[string](a["title"]))),
	}
}
