package whatsapp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
	"github.com/parley-cx/parley/internal/domain"
)

// envelope is an event with these members, from one person.
func envelope(field, name, members string) channel.Envelope {
	return channel.Envelope{Kind: domain.ChannelWhatsApp, AccountID: "4", Field: field,
		Payload: []byte(`{"metadata":{"phone_number_id":"4"},"` + name + `":{"from":"15550100009","recipient_id":"15550100009",` + members + `}}`)}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, e := range []channel.Envelope{
		envelope("messages", "message", `"id":"wamid.1","type":"text"`),
		envelope("messages", "message", `"id":"wamid.1","type":"text","text":{"body":5}`),
		envelope("messages", "message", `"id":"wamid.1","type":"reaction","reaction":{"emoji":"x"}`),
		envelope("messages", "message", `"id":"wamid.1","type":"revoke"`),
		envelope("messages", "message", `"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":[]}}}`),
		envelope("statuses", "status", `"status":"sent"`),
		envelope("statuses", "message", `"id":"wamid.1","status":"sent"`),
		{Field: "messages", Payload: []byte(`{"message":{"id":"wamid.1","type":"text","text":{"body":"x"}}}`)},
		{Field: "messages", Payload: []byte(`[]`)},
	} {
		if got, err := (whatsapp.Adapter{}).Parse(e); err == nil {
			t.Errorf("%s: got %+v", e.Payload, got)
		} else if strings.Contains(err.Error(), "wamid") {
			t.Errorf("the error quotes the payload: %v", err)
		}
	}
}

func TestIdentifyTellsEventsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, e := range []channel.Envelope{
		envelope("messages", "message", `"id":"wamid.1","type":"text","text":{"body":"x"}`),
		envelope("messages", "message", `"id":"wamid.2","type":"reaction","reaction":{"message_id":"wamid.1"}`),
		envelope("messages", "message", `"type":"text","text":{"body":"x"}`),
		envelope("messages", "message", `"type":"text","text":{"body":"y"}`),
		envelope("statuses", "status", `"id":"wamid.1","status":"sent","timestamp":"1"`),
		envelope("statuses", "status", `"id":"wamid.1","status":"sent","timestamp":"2"`),
		envelope("statuses", "status", `"id":"wamid.1","status":"read","timestamp":"2"`),
		envelope("message_echoes", "echo", `"id":"wamid.1","to":"15550100009","type":"text","text":{"body":"x"}`),
	} {
		identity, err := whatsapp.Adapter{}.Identify(e)
		if other, taken := seen[identity.DedupeKey]; err != nil || taken {
			t.Errorf("%s: %q is the key of %s too, or %v", e.Payload, identity.DedupeKey, other, err)
		}
		seen[identity.DedupeKey] = string(e.Payload)
	}
	a, _ := whatsapp.Adapter{}.Identify(envelope("statuses", "status", `"id":"wamid.1","status":"sent","timestamp":"1"`))
	b, _ := whatsapp.Adapter{}.Identify(envelope("statuses", "status", `"timestamp":1,"conversation":{},"status":"sent","id":"wamid.1"`))
	if a != b {
		t.Errorf("a repetition is %+v and %+v", a, b)
	}
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.json")
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range (meta.Platform{}).Split(body) {
			f.Add(e.Payload, e.Field)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, field string) {
		e := channel.Envelope{Kind: domain.ChannelWhatsApp, AccountID: "400000000000001", Field: field, Payload: payload}
		identity, refused := whatsapp.Adapter{}.Identify(e)
		event, err := whatsapp.Adapter{}.Parse(e)
		if err == nil && (refused != nil || event.Contact != identity.Contact || identity.DedupeKey == "") {
			t.Errorf("parsed as %+v, identified as %+v and %v", event, identity, refused)
		}
		if err == nil && event.Kind == channel.EventMoved && (event.Former == "" || event.Former == event.Contact) {
			t.Errorf("moved from %q to %q", event.Former, event.Contact)
		}
		written, _ := json.Marshal(event)
		if !utf8.Valid(written) || strings.Contains(string(written), `\u0000`) || strings.Contains(identity.DedupeKey, "\x00") {
			t.Errorf("cannot be stored: %q", written)
		}
	})
}
