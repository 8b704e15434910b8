package graph_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

func TestID(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]graph.ID{
		`"7000000000000001"`:                     "7000000000000001",
		`7000000000000001`:                       "7000000000000001",
		`"m_EXAMPLE-aaa1"`:                       "m_EXAMPLE-aaa1",
		`"r\u00e9f"`:                             "réf",
		`1.5e15`:                                 "",
		`-5`:                                     "",
		`null`:                                   "",
		`true`:                                   "",
		`{"id":"1"}`:                             "",
		`["1"]`:                                  "",
		`"a\u0000b"`:                             "",
		`"a b"`:                                  "",
		`"\ud800"`:                               "",
		`"` + strings.Repeat("x", 512) + `"`:     graph.ID(strings.Repeat("x", 512)),
		`"` + strings.Repeat("x", 513) + `"`:     "",
		strings.Repeat("9", 513):                 "",
		`""`:                                     "",
		"\"\xff\"":                               "",
		`"7000000000000001\u202e"`:               "7000000000000001\u202e",
		`"` + strings.Repeat("\u00e9", 20) + `"`: graph.ID(strings.Repeat("é", 20)),
	} {
		id := graph.ID("before")
		if err := json.Unmarshal([]byte(raw), &id); err != nil || id != want {
			t.Errorf("%s: got %q and %v, want %q", raw, id, err, want)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		`1790000000123`:        1790000000123,
		`"1790000000123"`:      1790000000123,
		`1790000000`:           1790000000000,
		`"1790000000"`:         1790000000000,
		`99999999999`:          99999999999000,
		`100000000000`:         100000000000,
		`1.790000000123e12`:    1790000000123,
		`1790000000123.0`:      1790000000123,
		`253402300799999`:      253402300799999,
		`253402300800000`:      0,
		`9223372036854775807`:  0,
		`1e300`:                0,
		`-1`:                   0,
		`-9223372036854775808`: 0,
		`0`:                    0,
		`""`:                   0,
		`"soon"`:               0,
		`"NaN"`:                0,
		`"\ud800"`:             0,
		`null`:                 0,
		`{}`:                   0,
		`true`:                 0,
	} {
		at := graph.Time{Time: time.Unix(1, 0)}
		if err := json.Unmarshal([]byte(raw), &at); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if want == 0 && !at.IsZero() || want != 0 && at.UnixMilli() != want {
			t.Errorf("%s: got %v, want %d", raw, at.Time, want)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	if got := graph.Clean("a\x00b\xffc\u00e9"); got != "a\uFFFDb\uFFFDcé" {
		t.Errorf("got %q", got)
	}
}
