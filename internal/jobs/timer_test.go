package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// However much of what is due fails, the rest is done, and what failed is tried again.
func TestTimerWorksAroundWhatFails(t *testing.T) {
	t.Parallel()
	var did []int
	broken, asked := true, 0
	timer := Timer[int]{Named: "timer",
		Due: func(_ context.Context, _ time.Time, limit int) ([]int, time.Time, error) {
			asked = limit
			var due []int
			for n := range 3 * timerBatch { // the first two batches are those that fail
				if !slices.Contains(did, n) && len(due) < limit {
					due = append(due, n)
				}
			}
			return due, time.Time{}, nil
		},
		Act: func(_ context.Context, n int, _ time.Time) (bool, error) {
			if broken && n < 2*timerBatch {
				return false, errors.New("broken")
			}
			did = append(did, n)
			return true, nil
		}}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for run := 1; len(did) < timerBatch; run++ {
		_, _, err := timer.RunDue(t.Context(), now)
		if err == nil && run <= 2 || run > 3 {
			t.Fatalf("run %d: %v, done are %d", run, err, len(did))
		}
	}
	if asked != 3*timerBatch {
		t.Errorf("asked for %d", asked)
	}
	broken = false
	if ran, _, err := timer.RunDue(t.Context(), now.Add(timerPause-1)); ran != 0 || err != nil {
		t.Errorf("what failed was not left alone: %d, %v", ran, err)
	}
	if ran, _, err := timer.RunDue(t.Context(), now.Add(timerPause)); ran != timerBatch || err != nil {
		t.Errorf("what failed is tried again: %d, %v", ran, err)
	}
}
