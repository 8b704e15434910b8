package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/parley-cx/parley/api"
)

func TestTimesHaveMilliseconds(t *testing.T) {
	t.Parallel()
	paris := time.FixedZone("Paris", 2*60*60)
	whole := time.Date(2026, 9, 1, 10, 0, 0, 0, paris)
	for _, c := range []struct {
		name string
		give any
		want string
	}{
		{"a whole second", api.At(whole), `"2026-09-01T08:00:00.000Z"`},
		{"less than a millisecond", api.At(whole.Add(120*time.Millisecond + 999)), `"2026-09-01T08:00:00.120Z"`},
		{"none", api.AtOrNull(nil), `null`},
		{"the zero time", api.AtOrNull(&time.Time{}), `null`},
		{"some", api.AtOrNull(&whole), `"2026-09-01T08:00:00.000Z"`},
	} {
		got, err := json.Marshal(c.give)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s (%v), want %s", c.name, got, err, c.want)
		}
	}
	var back api.Time
	if err := json.Unmarshal([]byte(`"2026-09-01T10:00:00.000+02:00"`), &back); err != nil || !back.Equal(whole) {
		t.Errorf("back: %v (%v)", back, err)
	}
}
