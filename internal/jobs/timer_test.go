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
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	machine := now
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
		},
		Machine: func() time.Time { return machine }}
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
	machine = machine.Add(firstRest - 1)
	if ran, _, err := timer.RunDue(t.Context(), now.Add(time.Hour)); ran != 0 || err != nil {
		t.Errorf("what failed was not left alone: %d, %v", ran, err)
	}
	machine = machine.Add(1)
	if ran, _, err := timer.RunDue(t.Context(), now); ran != timerBatch || err != nil {
		t.Errorf("what failed is tried again: %d, %v", ran, err)
	}
}

// failing is a timer of which one piece of work is due from noon on, and fails whenever it is tried.
func failing(machine func() time.Time, try func()) *Timer[string] {
	return &Timer[string]{Named: "failing", Machine: machine,
		Due: func(context.Context, time.Time, int) ([]string, time.Time, error) {
			return []string{"the same"}, time.Time{}, nil
		},
		Act: func(context.Context, string, time.Time) (bool, error) {
			try()
			return false, errors.New("broken")
		}}
}

// What fails again and again is left alone for ever longer, up to half a minute; after
// a long time without failing it starts anew.
func TestTimerRestsEverLonger(t *testing.T) {
	t.Parallel()
	machine, tries := noon(), []time.Duration{}
	timer := failing(func() time.Time { return machine }, func() { tries = append(tries, machine.Sub(noon())/time.Second) })
	for ; machine.Before(noon().Add(100 * time.Second)); machine = machine.Add(time.Second) {
		_, _, _ = timer.RunDue(t.Context(), noon())
	}
	if want := []time.Duration{0, 1, 3, 7, 15, 31, 61, 91}; !slices.Equal(tries, want) {
		t.Errorf("tried at %d, not at %d", tries, want)
	}
	machine = machine.Add(time.Hour)
	_, _, _ = timer.RunDue(t.Context(), noon())
	machine = machine.Add(firstRest)
	if _, _, err := timer.RunDue(t.Context(), noon()); err == nil || len(tries) != 10 {
		t.Errorf("after an hour it was tried at %d (%v)", tries, err)
	}
}

// The clock that is moved is not the one by which it rests: a week is no more work for it.
func TestAdvancePassesWhatRests(t *testing.T) {
	t.Parallel()
	machine, tries, runs := noon(), 0, 0
	clock := NewClock(func() time.Time { return machine })
	timer := failing(clock.Machine, func() { tries++ })
	hourly := loopFunc(func(_ context.Context, now time.Time) (int, time.Time, error) {
		runs++
		return 0, now.Add(time.Hour), nil
	})
	runner := NewRunner(clock, silent(), 0, timer, hourly)
	keep := func(context.Context, time.Duration) error { return nil }
	if err := runner.Advance(t.Context(), time.Hour, keep); err == nil || clock.Offset() != 0 {
		t.Errorf("the fault is not told: %v at %v", err, clock.Offset())
	}
	if err := runner.Advance(t.Context(), 8*24*time.Hour, keep); err != nil || tries != 1 || runs > 8*24+1 {
		t.Errorf("%v: %d tries in %d rounds", err, tries, runs)
	}
}
