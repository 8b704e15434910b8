package jobs

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// runFor runs the loops for d of simulated time and returns the time at which they started.
func runFor(t *testing.T, r *Runner, d time.Duration) time.Time {
	t.Helper()
	start := r.clock.Now()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	r.Run(ctx)
	return start
}

func TestDeadlinesAreKeptToTheMillisecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := NewClock(time.Now)
		now := clock.Now()
		one, two := &agenda{name: "one"}, &agenda{name: "two"}
		one.add(now.Add(700*time.Millisecond), now.Add(-time.Hour), now.Add(300*time.Millisecond))
		two.add(now.Add(500 * time.Millisecond))
		start := runFor(t, NewRunner(clock, silent(), time.Hour, one, two), time.Second)
		wantTimes(t, "one", start, one.did, 0, 300*time.Millisecond, 700*time.Millisecond)
		wantTimes(t, "two", start, two.did, 500*time.Millisecond)
	})
}

func TestWorkThatWaitsIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := NewClock(time.Now)
		loop := &agenda{name: "loop", batch: 1}
		loop.add(clock.Now(), clock.Now(), clock.Now())
		start := runFor(t, NewRunner(clock, silent(), time.Hour, loop), time.Second)
		wantTimes(t, "runs", start, loop.runs, 0, 0, 0, 0)
	})
}

func TestIdleLoopsPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		byDefault, often := &agenda{name: "loop"}, &agenda{name: "loop"}
		late := &agenda{name: "late"}
		clock := NewClock(time.Now)
		late.add(clock.Now().Add(time.Hour))
		start := runFor(t, NewRunner(clock, silent(), 0, byDefault, late), 2500*time.Millisecond)
		wantTimes(t, "default", start, byDefault.runs, 0, time.Second, 2*time.Second)
		wantTimes(t, "far deadline", start, late.runs, 0, time.Second, 2*time.Second)
		start = runFor(t, NewRunner(clock, silent(), 200*time.Millisecond, often), 500*time.Millisecond)
		wantTimes(t, "often", start, often.runs, 0, 200*time.Millisecond, 400*time.Millisecond)
	})
}

func TestWakeRunsAWaitingLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop, other := &agenda{name: "loop"}, &agenda{name: "other"}
		runner := NewRunner(NewClock(time.Now), silent(), time.Hour, loop, other)
		time.AfterFunc(150*time.Millisecond, func() { runner.Wake("loop") })
		time.AfterFunc(250*time.Millisecond, func() { runner.Wake("nobody") })
		start := runFor(t, runner, time.Second)
		wantTimes(t, "loop", start, loop.runs, 0, 150*time.Millisecond)
		wantTimes(t, "other", start, other.runs, 0)
	})
}

func TestWakeIsNotLostOnABusyLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop := &agenda{name: "loop"}
		runner := NewRunner(NewClock(time.Now), silent(), time.Hour, loop)
		loop.also = func(_ context.Context, run int) error {
			for range 1000 * (2 - min(run, 2)) { // many wake-ups during the first run are one
				runner.Wake("loop")
			}
			return nil
		}
		start := runFor(t, runner, time.Second)
		wantTimes(t, "runs", start, loop.runs, 0, 0)
	})
}

func TestWakeBeforeTheStartIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop := &agenda{name: "loop"}
		runner := NewRunner(NewClock(time.Now), silent(), time.Hour, loop)
		runner.Wake("loop")
		runner.Wake("loop")
		start := runFor(t, runner, time.Second)
		wantTimes(t, "runs", start, loop.runs, 0, 0)
	})
}

func TestFailingLoopBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop, healthy := &agenda{name: "loop"}, &agenda{name: "healthy"}
		runner := NewRunner(NewClock(time.Now), silent(), 4*time.Second, loop, healthy)
		loop.also = func(_ context.Context, run int) error {
			runner.Wake("loop") // must not shorten the back-off
			if run == 9 {
				return nil
			}
			return errors.New("database is away")
		}
		start := runFor(t, runner, 5700*time.Millisecond)
		ms := time.Millisecond
		wantTimes(t, "runs", start, loop.runs, 0, 100*ms, 300*ms, 700*ms, 1500*ms, 2500*ms, 3500*ms, 4500*ms,
			5500*ms, 5500*ms, 5600*ms) // the ninth succeeds, is woken, and back-off begins anew
		wantTimes(t, "healthy", start, healthy.runs, 0, 4000*ms)
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky, broken := &agenda{name: "flaky"}, &agenda{name: "broken"}
		clock := NewClock(time.Now)
		clock.SetOffset(24 * time.Hour)
		runner := NewRunner(clock, silent(), time.Second, flaky, broken)
		if got := runner.Health(); len(got) != 2 || got[0] != (LoopHealth{Name: "flaky"}) {
			t.Errorf("before the start: %+v", got)
		}
		flaky.also = failOnRun(1)
		broken.also = failOnRun(1, 2, 3, 4)
		start := runFor(t, runner, 400*time.Millisecond).Add(-24 * time.Hour)
		want := []LoopHealth{
			{Name: "flaky", LastRun: start.Add(100 * time.Millisecond), Failures: 1},
			{Name: "broken", LastRun: start.Add(300 * time.Millisecond), LastError: "failed", Failures: 3},
		}
		for i, got := range runner.Health() {
			if got != want[i] {
				t.Errorf("got %+v, want %+v", got, want[i])
			}
		}
	})
}

func failOnRun(runs ...int) func(context.Context, int) error {
	return func(_ context.Context, run int) error {
		for _, failing := range runs {
			if run == failing {
				return errors.New("failed")
			}
		}
		return nil
	}
}

func TestPanicIsSurvived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		loop, healthy := &agenda{name: "loop"}, &agenda{name: "healthy"}
		loop.also = func(_ context.Context, run int) error {
			if run == 1 {
				panic("nil map")
			}
			return nil
		}
		runner := NewRunner(NewClock(time.Now), logTo(&lines), time.Second, loop, healthy)
		start := runFor(t, runner, 500*time.Millisecond)
		wantTimes(t, "loop", start, loop.runs, 0, 100*time.Millisecond)
		wantTimes(t, "healthy", start, healthy.runs, 0)
		if health := runner.Health()[0]; health.Failures != 1 || health.LastError != "" {
			t.Errorf("got %+v", health)
		}
		for _, part := range []string{"loop=loop", "panic=", "nil map", "RunDue", "retry_in=100ms", "failures=1"} {
			if !strings.Contains(lines.String(), part) {
				t.Errorf("no %q in the log:\n%s", part, lines.String())
			}
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		ended := false
		busy := loopFunc(func(ctx context.Context, _ time.Time) (int, time.Time, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // the bubble's time: what a loop needs to finish
			ended = true
			return 0, time.Time{}, ctx.Err()
		})
		runner := NewRunner(NewClock(time.Now), logTo(&lines), time.Hour, busy, &agenda{name: "idle"})
		runFor(t, runner, time.Second)
		if !ended {
			t.Error("Run returned before its loops")
		}
		if health := runner.Health()[0]; health.Failures != 0 || lines.Len() != 0 {
			t.Errorf("the end counts as a failure: %+v\n%s", health, lines.String())
		}
	})
}

func TestPassedDeadlineDoesNotSpin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		locked := loopFunc(func(_ context.Context, now time.Time) (int, time.Time, error) {
			runs++
			return 0, now.Add(-time.Minute), nil // due, but in other hands
		})
		runFor(t, NewRunner(NewClock(time.Now), silent(), time.Second, locked), time.Second)
		if want := int(time.Second / shortestWait); runs < want/2 || runs > want+1 {
			t.Errorf("%d runs in a second, want about %d", runs, want)
		}
	})
}
