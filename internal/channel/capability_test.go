package channel_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/open"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
	"github.com/parley-cx/parley/internal/domain"
)

// TestMatrixHasARowForEveryAdapter compares the matrix with the adapters, both
// ways: a folder beside this file with a send_test.go is one adapter.
func TestMatrixHasARowForEveryAdapter(t *testing.T) {
	t.Parallel()
	adapters := []channel.Adapter{facebookpage.Adapter{}, instagram.Adapter{}, messenger.Adapter{}, open.Adapter{}, whatsapp.Adapter{}}
	matrix := channel.Capabilities()
	for _, a := range adapters {
		if _, there := matrix[a.Kind()]; !there {
			t.Errorf("%s has an adapter and no row", a.Kind())
		}
	}
	for kind := range matrix {
		if !slices.ContainsFunc(adapters, func(a channel.Adapter) bool { return a.Kind() == kind }) {
			t.Errorf("%s has a row and no adapter", kind)
		}
	}
	folders, err := filepath.Glob("*/send_test.go")
	if err != nil || len(folders) != len(adapters) {
		t.Errorf("the adapters %v, %v: list each in this test", folders, err)
	}
}

func TestEveryRowIsComplete(t *testing.T) {
	t.Parallel()
	for kind, row := range channel.Capabilities() {
		if row.Platform == "" || row.TextLimit <= 0 {
			t.Errorf("%s: %+v", kind, row)
		}
		folder := strings.ReplaceAll(string(kind), "_", "") // packages have one word
		if _, err := os.Stat(folder); err != nil {
			t.Errorf("the adapter of %s is not in the folder of its name: %v", kind, err)
		}
	}
	limit := channel.Capabilities()[domain.ChannelMessenger].TextLimit
	if limit != 2000 {
		t.Errorf("Messenger takes 2,000 characters, not %d", limit)
	}
}

// Everybody who asks gets a matrix of their own.
func TestMatrixCannotBeChanged(t *testing.T) {
	t.Parallel()
	clear(channel.Capabilities())
	if len(channel.Capabilities()) == 0 {
		t.Error("one caller emptied the matrix of all others")
	}
}

// A window is open up to and including its last moment, and no longer.
func TestB10_B11_Windows(t *testing.T) {
	t.Parallel()
	row, no := channel.Capabilities()[domain.ChannelMessenger], false
	wrote := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, c := range []struct {
		what   string
		after  time.Duration
		by     domain.SenderType
		terms  domain.ReplyTerms
		human  bool
		code   domain.FailureCode
		closes time.Duration
	}{
		{"at once", 0, domain.SenderAgent, domain.ReplyTerms{}, false, "", 7 * day},
		{"at 24 hours", day, domain.SenderAgent, domain.ReplyTerms{}, false, "", 7 * day},
		{"after 24 hours", day + time.Millisecond, domain.SenderAgent, domain.ReplyTerms{}, true, "", 7 * day},
		{"at 7 days", 7 * day, domain.SenderAgent, domain.ReplyTerms{}, true, "", 7 * day},
		{"after 7 days", 7*day + time.Millisecond, domain.SenderAgent, domain.ReplyTerms{}, false, domain.FailureWindowClosed, 7 * day},
		{"without the tag, at 24 hours", day, domain.SenderAgent, domain.ReplyTerms{Settings: domain.ChannelSettings{HumanAgent: &no}}, false, "", day},
		{"without the tag, after it", day + time.Millisecond, domain.SenderAgent, domain.ReplyTerms{Settings: domain.ChannelSettings{HumanAgent: &no}}, false, domain.FailureWindowClosed, day},
		{"a notice at 24 hours", day, domain.SenderSystem, domain.ReplyTerms{}, false, "", 7 * day},
		{"a notice after 24 hours", day + time.Millisecond, domain.SenderSystem, domain.ReplyTerms{}, false, domain.FailureWindowClosed, 7 * day},
		{"held by another app", 0, domain.SenderAgent, domain.ReplyTerms{HeldElsewhere: true}, false, domain.FailureHeldElsewhere, 7 * day},
	} {
		c.terms.LastInboundAt = &wrote
		got := row.Judge(c.terms, domain.Message{Sender: domain.Sender{Type: c.by}}, wrote.Add(c.after))
		if got.Human != c.human || got.Code != c.code {
			t.Errorf("%s: %+v", c.what, got)
		}
		if closes := row.ClosesAt(c.terms); closes == nil || !closes.Equal(wrote.Add(c.closes)) {
			t.Errorf("%s: it closes at %v", c.what, closes)
		}
	}
	if got := (channel.Capability{}).Judge(domain.ReplyTerms{LastInboundAt: &wrote}, domain.Message{}, wrote.Add(999*day)); got != (channel.Verdict{}) {
		t.Errorf("a channel without a window refuses: %+v", got)
	}
	if row.ClosesAt(domain.ReplyTerms{}) != nil {
		t.Error("a customer who never wrote has a window")
	}
}

// A row moves from one half of the matrix to the other with its adapter.
func TestNoRowIsTwice(t *testing.T) {
	t.Parallel()
	for kind, row := range channel.Coming() {
		if _, twice := channel.Capabilities()[kind]; twice || row.TextLimit <= 0 || row.Platform == "" {
			t.Errorf("%s: twice %v, %+v", kind, twice, row)
		}
	}
}
