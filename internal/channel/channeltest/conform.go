package channeltest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/channel"
)

// identity checks that a repeated event has the key of the first, and that no
// two different events of all fixtures share one.
func (c Case) identity(t *testing.T, fixtures []fixture) {
	adapter := c.New(nil)
	type place struct{ account, key string }
	seen := map[place]string{}
	for _, f := range fixtures {
		for _, e := range c.Platform.Split(f.body) {
			if e.Kind != adapter.Kind() || e.Fault != "" {
				continue
			}
			first, err := adapter.Identify(e)
			again, _ := adapter.Identify(clone(e))
			if first != again {
				t.Errorf("%s: identified as %+v, then as %+v", f.path, first, again)
			}
			if err != nil {
				continue
			}
			at := place{e.AccountID, first.DedupeKey}
			if other, taken := seen[at]; first.DedupeKey == "" || taken && other != string(e.Payload) {
				t.Errorf("%s: the key %q is empty or that of another event too", f.path, first.DedupeKey)
			}
			seen[at] = string(e.Payload)
		}
	}
}

func clone(e channel.Envelope) channel.Envelope {
	e.Payload = bytes.Clone(e.Payload)
	return e
}

// hostile feeds broken forms of every fixture and of each of its events: cut off
// at every seventh byte, and with each value in turn replaced by values of other types.
func (c Case) hostile(t *testing.T, fixtures []fixture) {
	for _, f := range fixtures {
		for _, body := range broken(f.body, envelopeDepth) {
			for _, e := range c.Platform.Split(body) {
				c.judge(t, e)
			}
		}
		for _, e := range c.Platform.Split(f.body) {
			for _, e.Payload = range broken(e.Payload, eventDepth) {
				c.judge(t, e)
			}
		}
	}
}

const (
	envelopeDepth = 4 // a platform's own levels: an object, its entries, one entry, its members
	eventDepth    = 20
)

// broken makes the hostile forms of a JSON text, down to a depth.
func broken(text []byte, depth int) [][]byte {
	var forms [][]byte
	for end := 0; end < len(text); end += 7 {
		forms = append(forms, text[:end])
	}
	var tree any
	_ = json.Unmarshal(text, &tree)
	swap(tree, depth, func() {
		form, _ := json.Marshal(tree)
		forms = append(forms, form)
	})
	return forms
}

// judge checks that an event is read the same way twice, and as what can be stored.
func (c Case) judge(t *testing.T, e channel.Envelope) {
	adapter := c.New(nil)
	e.Kind, e.Fault = adapter.Kind(), ""
	first, _ := json.Marshal(read(adapter, e))
	again, _ := json.Marshal(read(adapter, clone(e)))
	if !bytes.Equal(first, again) {
		t.Errorf("read as %s, then as %s", first, again)
	}
	if !utf8.Valid(first) || strings.Contains(string(first), `\u0000`) {
		t.Errorf("cannot be stored: %q", first)
	}
}

// swap visits every value below node and, for each, calls visit once per value
// of another type in its place.
func swap(node any, depth int, visit func()) {
	replace := func(set func(any), old any) {
		for _, value := range []any{nil, true, -1.5e300, "\x00", []any{}, map[string]any{}} {
			set(value)
			visit()
		}
		set(old)
		if depth > 1 {
			swap(old, depth-1, visit)
		}
	}
	switch node := node.(type) {
	case map[string]any:
		for key, old := range node {
			replace(func(v any) { node[key] = v }, old)
		}
	case []any:
		for i, old := range node {
			replace(func(v any) { node[i] = v }, old)
		}
	}
}
