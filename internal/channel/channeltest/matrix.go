package channeltest

import (
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
)

// matrix holds the adapter to its row of the capability matrix: what the row says that
// the platform reports is in the fixtures, and nothing else is; and the adapter can do
// what the row says that it can.
func (c Case) matrix(t *testing.T, fixtures []fixture) {
	adapter := c.New(nil)
	row, known := channel.Capabilities()[adapter.Kind()]
	if !known {
		t.Fatalf("%s has no row", adapter.Kind())
	}
	reported := map[channel.EventKind]bool{}
	for _, f := range fixtures {
		for _, e := range c.Platform.Split(f.body) {
			if r := read(adapter, e); r.Event != nil {
				reported[r.Event.Kind] = true
			}
		}
	}
	for _, kind := range row.Reports {
		if !reported[kind] {
			t.Errorf("the matrix says that %s events come, and no fixture has one", kind)
		}
	}
	for kind := range reported {
		if kind != channel.EventMessage && kind != channel.EventIgnored && !slices.Contains(row.Reports, kind) {
			t.Errorf("%s events come, and the matrix does not say so", kind)
		}
	}
	if _, types := adapter.(channel.Typist); types != row.ShowsTyping {
		t.Errorf("the adapter shows typing: %v; the matrix says %v", types, row.ShowsTyping)
	}
	if _, reads := adapter.(channel.Reader); reads != row.Public() {
		t.Errorf("the adapter reads posts: %v; the matrix has public messages: %v", reads, row.Public())
	}
	if _, keeps := adapter.(channel.Library); keeps && !row.StoreMedia {
		t.Error("the adapter fetches media that the matrix forbids to keep")
	}
}
