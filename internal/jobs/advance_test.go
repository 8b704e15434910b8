package jobs

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdvanceWalksFromDeadlineToDeadline(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	offers, matches := &agenda{name: "offers"}, &agenda{name: "matches"}
	offers.after = func(at time.Time) { matches.add(at) }                       // a timeout requeues
	matches.after = func(at time.Time) { offers.add(at.Add(30 * time.Second)) } // a match offers again
	offers.add(noon().Add(30 * time.Second))
	var offsets []time.Duration
	err := NewRunner(clock, silent(), 0, matches, offers).Advance(t.Context(), 100*time.Second, keep(&offsets))
	if err != nil {
		t.Fatal(err)
	}
	steps := []time.Duration{30 * time.Second, 60 * time.Second, 90 * time.Second}
	wantTimes(t, "timeouts", noon(), offers.did, steps...)
	wantTimes(t, "matches", noon(), matches.did, steps...)
	if want := append(steps, 100*time.Second); !slices.Equal(offsets, want) || clock.Offset() != 100*time.Second {
		t.Errorf("got offsets %v, want %v", offsets, want)
	}
	if next := offers.next(); !next.Equal(noon().Add(2 * time.Minute)) {
		t.Errorf("the next timeout is %v", next)
	}
}

func TestAdvanceDoesWhatIsDueAtBothEnds(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	loop := &agenda{name: "loop", batch: 1}
	loop.add(noon().Add(-time.Hour), noon(), noon().Add(time.Minute), noon().Add(time.Minute), noon().Add(time.Minute+time.Millisecond))
	var offsets []time.Duration
	if err := NewRunner(clock, silent(), 0, loop).Advance(t.Context(), time.Minute, keep(&offsets)); err != nil {
		t.Fatal(err)
	}
	wantTimes(t, "work", noon(), loop.did, 0, 0, time.Minute, time.Minute)
	if !slices.Equal(offsets, []time.Duration{time.Minute}) {
		t.Errorf("got offsets %v", offsets)
	}
}

func TestAdvanceByNothingDoesWhatIsDue(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	clock.SetOffset(time.Hour)
	loop := &agenda{name: "loop"}
	loop.add(noon().Add(time.Hour))
	var offsets []time.Duration
	if err := NewRunner(clock, silent(), 0, loop).Advance(t.Context(), 0, keep(&offsets)); err != nil {
		t.Fatal(err)
	}
	wantTimes(t, "work", noon(), loop.did, time.Hour)
	if len(offsets) != 0 {
		t.Errorf("the clock was moved to %v", offsets)
	}
}

func TestAdvanceMeetsFractionsOfAMillisecond(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon().Add(123_456 * time.Nanosecond)))
	loop := &agenda{name: "loop"}
	loop.add(noon().Add(time.Second), noon().Add(2*time.Second+1), noon().Add(3*time.Second-1))
	var offsets []time.Duration
	if err := NewRunner(clock, silent(), 0, loop).Advance(t.Context(), 3*time.Second, keep(&offsets)); err != nil {
		t.Fatal(err)
	}
	wantTimes(t, "work", noon(), loop.did, time.Second, 2*time.Second+time.Millisecond, 3*time.Second)
	for _, offset := range offsets {
		if offset%time.Millisecond != 0 {
			t.Errorf("an offset of %v does not survive being stored", offset)
		}
	}
}

func TestAdvanceAddsToRealTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := NewClock(time.Now)
		start := clock.Now()
		loop := &agenda{name: "loop"}
		loop.also = func(context.Context, int) error {
			time.Sleep(400 * time.Millisecond) // the bubble's time: work takes a while
			return nil
		}
		loop.add(start.Add(time.Second), start.Add(1100*time.Millisecond), start.Add(5*time.Second))
		if err := NewRunner(clock, silent(), 0, loop).Advance(t.Context(), 10*time.Second, keep(new([]time.Duration))); err != nil {
			t.Fatal(err)
		}
		if clock.Offset() != 10*time.Second || len(loop.did) != 3 {
			t.Errorf("the offset is %v after %d pieces of work", clock.Offset(), len(loop.did))
		}
		if !slices.IsSortedFunc(loop.runs, time.Time.Compare) {
			t.Errorf("time ran backwards: %v", loop.runs)
		}
	})
}

func TestAdvancePassesWorkInOtherHands(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	locked := loopFunc(func(context.Context, time.Time) (int, time.Time, error) {
		return 0, noon().Add(time.Second), nil
	})
	if err := NewRunner(clock, silent(), 0, locked).Advance(t.Context(), time.Minute, keep(new([]time.Duration))); err != nil {
		t.Fatal(err)
	}
	if clock.Offset() != time.Minute {
		t.Errorf("the offset is %v", clock.Offset())
	}
}

func TestAdvanceEndsWhereItFails(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		loop    func(now time.Time) (int, time.Time, error)
		persist error
		want    error
		offset  time.Duration
	}{
		"persist": {
			loop:    func(now time.Time) (int, time.Time, error) { return 0, now.Add(time.Second), nil },
			persist: refused, want: refused,
		},
		"loop": {
			loop: func(now time.Time) (int, time.Time, error) {
				if now.After(noon()) {
					return 0, time.Time{}, refused
				}
				return 0, now.Add(time.Second), nil
			},
			want: refused, offset: time.Second,
		},
		"endless work": {
			loop: func(time.Time) (int, time.Time, error) { return 1, time.Time{}, nil },
			want: ErrRestless,
		},
		"endless deadlines": {
			loop: func(now time.Time) (int, time.Time, error) { return 0, now.Add(time.Millisecond), nil },
			want: ErrRestless, offset: maxRounds * time.Millisecond,
		},
	} {
		clock := NewClock(fixed(noon()))
		loop := loopFunc(func(_ context.Context, now time.Time) (int, time.Time, error) { return c.loop(now) })
		err := NewRunner(clock, silent(), 0, loop).Advance(t.Context(), time.Hour,
			func(context.Context, time.Duration) error { return c.persist })
		if !errors.Is(err, c.want) || clock.Offset() != c.offset {
			t.Errorf("%s: got %v at %v, want %v at %v", name, err, clock.Offset(), c.want, c.offset)
		}
	}
}

func TestAdvanceSurvivesAPanic(t *testing.T) {
	t.Parallel()
	loop := &agenda{name: "loop", also: func(context.Context, int) error { panic("nil map") }}
	runner := NewRunner(NewClock(fixed(noon())), silent(), 0, loop)
	for want := 1; want <= 2; want++ { // the second would wait for ever, had the first not let go
		if err := runner.Advance(t.Context(), time.Hour, keep(new([]time.Duration))); err == nil {
			t.Error("no error")
		}
		if got := runner.Health()[0].Failures; got != want {
			t.Errorf("%d failures, want %d", got, want)
		}
	}
}

func TestAdvanceRefuses(t *testing.T) {
	t.Parallel()
	loop := &agenda{name: "loop"}
	runner := NewRunner(NewClock(fixed(noon())), silent(), 0, loop)
	if err := runner.Advance(t.Context(), -1, nil); !errors.Is(err, ErrBackwards) {
		t.Errorf("backwards: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runner.Advance(ended, time.Hour, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: got %v", err)
	}
	if len(loop.runs) != 0 {
		t.Error("a loop ran")
	}
}

func TestAdvancesWaitForEachOther(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	loop := &agenda{name: "loop"}
	loop.after = func(at time.Time) { loop.add(at.Add(time.Second)) }
	loop.add(noon().Add(time.Second))
	runner := NewRunner(clock, silent(), 0, loop)
	var offsets []time.Duration // written without a lock: only one Advance at a time may persist
	var advances sync.WaitGroup
	for range 10 {
		advances.Go(func() {
			if err := runner.Advance(t.Context(), 10*time.Second, keep(&offsets)); err != nil {
				t.Error(err)
			}
		})
	}
	advances.Wait()
	if clock.Offset() != 100*time.Second || len(loop.did) != 100 || !slices.IsSorted(offsets) {
		t.Errorf("offset %v, %d pieces of work, offsets %v", clock.Offset(), len(loop.did), offsets)
	}
}

func TestAdvanceWaitsForWorkInProgress(t *testing.T) {
	t.Parallel()
	clock := NewClock(fixed(noon()))
	loop := &agenda{name: "loop"}
	runner := NewRunner(clock, silent(), time.Hour, loop)
	started := make(chan struct{})
	loop.also = func(_ context.Context, run int) error {
		if run == 1 {
			close(started)
			untilAdvanceWaits(runner)
			loop.add(noon().Add(time.Minute))
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { runner.Run(ctx) })
	<-started
	if err := runner.Advance(ctx, time.Hour, keep(new([]time.Duration))); err != nil {
		t.Error(err)
	}
	cancel()
	running.Wait()
	wantTimes(t, "work", noon(), loop.did, time.Minute)
}

// untilAdvanceWaits returns when an Advance wants to begin and cannot.
func untilAdvanceWaits(r *Runner) {
	for r.advancing.TryRLock() {
		r.advancing.RUnlock()
		runtime.Gosched()
	}
}

func TestAdvanceWakesTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := NewClock(time.Now)
		start := clock.Now()
		loop := &agenda{name: "loop"}
		loop.add(start.Add(time.Hour + 5*time.Second))
		runner := NewRunner(clock, silent(), 2*time.Hour, loop)
		time.AfterFunc(time.Second, func() {
			if err := runner.Advance(t.Context(), time.Hour, keep(new([]time.Duration))); err != nil {
				t.Error(err)
			}
		})
		runFor(t, runner, time.Minute)
		wantTimes(t, "work", start, loop.did, time.Hour+5*time.Second)
	})
}
