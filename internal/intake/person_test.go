package intake

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// TestRecognise tells for sets of events, written as kind contact/alias or
// moved contact/alias<former, by which address each is applied, and which addresses
// lead to a thread from then on. Threads are written as address|alias of before.
func TestRecognise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		threads, events string
		want            string // the events' addresses
		aliases         string // that are new, by the address that they lead to
		moved           string
	}{
		"a stranger by number":                {"", "p1", "p1", "", ""},
		"a stranger by both":                  {"", "u1/p1", "u1", "u1:p1", ""},
		"a stranger, number first":            {"", "p1 u1/p1", "u1 u1", "u1:p1", ""},
		"a stranger, number last":             {"", "u1/p1 p1", "u1 u1", "u1:p1", ""},
		"known by number, the id comes":       {"p1", "u1/p1", "u1", "u1:p1", "u1"},
		"known by number, the id comes later": {"p1", "p1 u1/p1 u1", "u1 u1 u1", "u1:p1", "u1"},
		"known by id, with their number":      {"u1|p1", "u1/p1 p1 u1", "u1 u1 u1", "", ""},
		"known by id, a number is new":        {"u1", "u1/p1", "u1", "u1:p1", ""},
		"known by id, the number is another":  {"u1|p1", "u1/p2", "u1", "u1:p2", ""},
		"a number that somebody else had":     {"u1|p1", "u2/p1", "u2", "u2:p1", ""},
		"two threads stay two":                {"u1 p1", "u1/p1 p1", "u1 p1", "", ""},
		"a number is another one":             {"p1", "m:p2<p1 p2 p1", "p2 p2 p2", "p2:p1", "p2"},
		"an id is another one":                {"u1|p1", "m:u2<u1 u2/p1", "u2 u2", "u2:u1", "u2"},
		"found by the number that was":        {"u1|p1", "m:u2/p2<p1", "u2", "u2:p2 u2:u1", "u2"},
		"moved to where a thread is":          {"u1 u2", "m:u2<u1", "u2", "", ""},
		"moved, and nobody knows from where":  {"", "m:p2<p1", "p2", "", ""},
		"moved twice":                         {"p1", "m:p2<p1 m:p3<p2 p1", "p3 p3 p3", "p3:p1 p3:p2", "p3"},
		"nobody is named":                     {"", "- -", "- -", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gathering{threads: map[string]*held[domain.Thread]{}}
			for _, thread := range strings.Fields(c.threads) {
				address, alias, two := strings.Cut(thread, "|")
				g.threads[address] = &held[domain.Thread]{value: domain.Thread{ID: domain.ThreadID(address), Address: address, AddressType: address[:1]}}
				if two {
					g.threads[alias] = g.threads[address]
				}
			}
			items := events(c.events)
			g.recognise(items)
			var got, aliases, moved []string
			for _, item := range items {
				got = append(got, blank(item.event.Contact))
				if item.event.Contact != "" && item.event.AddressType != item.event.Contact[:1] {
					t.Errorf("%s is taken for a %s", item.event.Contact, item.event.AddressType)
				}
			}
			for _, p := range g.met {
				for _, alias := range p.aliases {
					aliases = append(aliases, p.address+":"+alias)
				}
				if p.moved {
					moved = append(moved, p.address)
				}
				if p.thread != nil && (p.thread.value.Address != p.address || p.thread.value.AddressType != p.address[:1] || g.threads[p.address] != p.thread) {
					t.Errorf("the thread of %s is %+v", p.address, p.thread.value)
				}
			}
			slices.Sort(aliases)
			if told := fmt.Sprint(got, aliases, moved); told != fmt.Sprint(strings.Fields(c.want), strings.Fields(c.aliases), strings.Fields(c.moved)) {
				t.Errorf("got %s", told)
			}
		})
	}
}

func events(text string) []parsed {
	var items []parsed
	for _, word := range strings.Fields(text) {
		e := channel.Event{Kind: channel.EventMessage}
		if rest, moved := strings.CutPrefix(word, "m:"); moved {
			e.Kind, word = channel.EventMoved, rest
		}
		word, e.Former, _ = strings.Cut(word, "<")
		e.Contact, e.Alias, _ = strings.Cut(word, "/")
		if e.Contact == "-" {
			e.Contact = ""
		} else {
			e.AddressType = e.Contact[:1]
		}
		items = append(items, parsed{event: e})
	}
	return items
}

func blank(address string) string {
	if address == "" {
		return "-"
	}
	return address
}
