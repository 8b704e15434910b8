package channel_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/domain"
)

// TestMatrixHasARowForEveryAdapter compares the matrix with the adapters, both
// ways: a folder beside this file with a send_test.go is one adapter.
func TestMatrixHasARowForEveryAdapter(t *testing.T) {
	t.Parallel()
	adapters := []channel.Adapter{messenger.Adapter{}}
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
		if _, err := os.Stat(string(kind)); err != nil {
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

func TestLengthCountsCodePoints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 2, "日本": 2, "👍": 1, "👍🏽": 2, "👨‍👩‍👧": 5, "a\r\nb": 4} {
		if got := (channel.Capability{}).Length(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}
