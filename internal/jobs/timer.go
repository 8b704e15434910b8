package jobs

import (
	"context"
	"sync"
	"time"
)

// Timer is the loop of one kind of deadline that is kept in the database: offers
// that time out, wrap-ups that end by themselves. What fails is left alone for a
// while, so that, however much of it there is, it holds up nothing else: at first
// shortly, because most faults are over then.
type Timer[T comparable] struct {
	Named string
	// Due lists what is due by now, the oldest first, and when the next will be.
	Due func(ctx context.Context, now time.Time, limit int) ([]T, time.Time, error)
	// Act does one of them, and tells whether there was something to do yet.
	Act func(ctx context.Context, due T, now time.Time) (acted bool, err error)
	// Machine is the clock that nothing moves: a fault is over no sooner because a
	// sandbox's time was moved on, and no later because it stands still.
	Machine func() time.Time

	mu     sync.Mutex
	failed map[T]rest
}

// rest is until when, and for how long, a piece of work is left alone that has failed.
type rest struct {
	until time.Time
	time.Duration
}

const (
	timerBatch = 64
	firstRest  = time.Second
	lastRest   = 30 * time.Second
)

// Name names the loop.
func (t *Timer[T]) Name() string { return t.Named }

// RunDue does what is due, but for what failed a moment ago.
func (t *Timer[T]) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	resting := t.resting()
	due, next, err := t.Due(ctx, now, timerBatch+len(resting))
	if err != nil {
		return 0, next, err
	}
	for _, d := range due {
		if resting[d] {
			continue
		}
		acted, failed := t.Act(ctx, d, now)
		t.settle(d, failed)
		if failed != nil {
			err = failed
		}
		if acted {
			ran++
		}
	}
	return ran, next, err
}

// resting is what is left alone now. What has not failed again for long after it
// could be tried is forgotten.
func (t *Timer[T]) resting() map[T]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, resting := t.Machine(), map[T]bool{}
	for d, r := range t.failed {
		if now.Before(r.until) {
			resting[d] = true
		} else if now.Sub(r.until) > 2*lastRest {
			delete(t.failed, d)
		}
	}
	return resting
}

// settle remembers what failed, each time for twice as long, and forgets what did not.
func (t *Timer[T]) settle(d T, failed error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if failed == nil {
		delete(t.failed, d)
		return
	}
	if t.failed == nil {
		t.failed = map[T]rest{}
	}
	length := min(max(firstRest, 2*t.failed[d].Duration), lastRest)
	t.failed[d] = rest{t.Machine().Add(length), length}
}
