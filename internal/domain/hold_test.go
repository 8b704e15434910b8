package domain_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// TestB19_NoRecordingOfWhatNobodyMayKeep: it does not begin, and it ends when such a
// thing comes.
func TestB19_NoRecordingOfWhatNobodyMayKeep(t *testing.T) {
	t.Parallel()
	e := connected(t)
	if _, events, err := e.Record(true, true, byAgent(e.Agent), at); err == nil || len(events) != 0 || err.(*domain.Error).Code != "recording.prohibited" {
		t.Errorf("it is recorded: %v", err)
	}
	if _, events, err := e.Record(false, true, byAgent(e.Agent), at); err != nil || len(events) != 0 {
		t.Errorf("what is off cannot be switched off: %v", err)
	}
	on, _, err := e.Record(true, false, byAgent(e.Agent), at)
	must(t, err)
	off, events := on.Interaction.Shield(at)
	told(t, events, domain.EventRecordingStopped)
	if again, more := off.Shield(at); off.Recording || again.Recording || len(more) != 0 {
		t.Errorf("after it came: %+v, %v", off, more)
	}
}
