package jobs

import (
	"context"
	"sync"
	"time"
)

// Timer is the loop of one kind of deadline that is kept in the database: offers
// that time out, wrap-ups that end by themselves. What fails is left alone for a
// while, so that, however much of it there is, it holds up nothing else.
type Timer[T comparable] struct {
	Named string
	// Due lists what is due by now, the oldest first, and when the next will be.
	Due func(ctx context.Context, now time.Time, limit int) ([]T, time.Time, error)
	// Act does one of them, and tells whether there was something to do yet.
	Act func(ctx context.Context, due T, now time.Time) (acted bool, err error)

	mu     sync.Mutex
	failed map[T]time.Time // until when each is left alone
}

const (
	timerBatch = 64
	// timerPause is for how long a piece of work is left alone that has failed.
	timerPause = 30 * time.Second
)

// Name names the loop.
func (t *Timer[T]) Name() string { return t.Named }

// RunDue does what is due, but for what failed a moment ago.
func (t *Timer[T]) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	due, next, err := t.Due(ctx, now, timerBatch+t.resting(now))
	if err != nil {
		return 0, next, err
	}
	for _, d := range due {
		if t.rests(d) {
			continue
		}
		acted, failed := t.Act(ctx, d, now)
		if failed != nil {
			err = failed
			t.rest(d, now)
		}
		if acted {
			ran++
		}
	}
	return ran, next, err
}

// resting counts what is left alone, and takes up again what has been for long enough.
func (t *Timer[T]) resting(now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for d, until := range t.failed {
		if !now.Before(until) {
			delete(t.failed, d)
		}
	}
	return len(t.failed)
}

func (t *Timer[T]) rests(d T) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, rests := t.failed[d]
	return rests
}

func (t *Timer[T]) rest(d T, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = map[T]time.Time{}
	}
	t.failed[d] = now.Add(timerPause)
}
