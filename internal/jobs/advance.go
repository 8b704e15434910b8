package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxRounds bounds one Advance. A year of a timer that runs every ten minutes takes half of it.
const maxRounds = 100_000

var (
	// ErrBackwards says that a clock was to be moved back.
	ErrBackwards = errors.New("the clock only moves forward")

	// ErrRestless says that the loops kept finding work: one of them makes its own, or reports a poll as a deadline.
	ErrRestless = fmt.Errorf("work did not come to rest within %d rounds", maxRounds)
)

// Advance moves business time forward by d, for a sandbox, and does on the way what becomes due. It goes from deadline
// to deadline: it runs every loop until none has work left, moves the clock to the earliest deadline, and so on, so
// that a timeout, the requeue it causes and the next timeout each happen at their own time. When it returns, the
// offset has grown by d and everything due by then is done.
//
// Before each move persist is given the new offset to store; what it refuses does not happen. An error of persist or
// of a loop, the end of ctx and too many rounds end the advance where it has got to. Background runs of the loops
// pause meanwhile, and a second Advance waits for the first, so neither persist nor a loop may call Advance.
func (r *Runner) Advance(ctx context.Context, d time.Duration, persist func(ctx context.Context, offset time.Duration) error) error {
	if d < 0 {
		return ErrBackwards
	}
	defer r.wakeAll()
	r.advancing.Lock()
	defer r.advancing.Unlock()
	return r.walk(ctx, r.clock.Offset()+d, persist)
}

// walk does what is due, moves the clock, and ends after a round without work at the last offset.
func (r *Runner) walk(ctx context.Context, last time.Duration, persist func(context.Context, time.Duration) error) error {
	for range maxRounds {
		ran, next, err := r.round(ctx)
		if err != nil {
			return err
		}
		if ran > 0 {
			continue
		}
		if r.clock.Offset() >= last {
			return nil
		}
		if err := r.move(ctx, r.step(next, last), persist); err != nil {
			return err
		}
	}
	return ErrRestless
}

// round runs every loop once and returns how much they did, and their earliest deadline, zero when there is none.
func (r *Runner) round(ctx context.Context) (ran int, next time.Time, err error) {
	for _, w := range r.workers {
		if err := ctx.Err(); err != nil {
			return 0, time.Time{}, err
		}
		o := w.run(ctx)
		if o.err != nil {
			return 0, time.Time{}, fmt.Errorf("loop %s: %w", w.loop.Name(), o.err)
		}
		ran += o.ran
		if deadline, ok := o.deadline(); ok && (next.IsZero() || deadline.Before(next)) {
			next = deadline
		}
	}
	return ran, next, nil
}

// step is the offset at which the clock shows next, or the last one when that comes first. A deadline that has come
// while the round ran needs no move. What is below a millisecond is rounded up twice, because the clock cuts it off
// and must not show a time before the deadline.
func (r *Runner) step(next time.Time, last time.Duration) time.Duration {
	if next.IsZero() {
		return last
	}
	ahead := roundUp(roundUpTime(next).Sub(r.clock.base()))
	return min(last, max(r.clock.Offset(), ahead))
}

func roundUpTime(t time.Time) time.Time {
	if whole := t.Truncate(precision); whole.Before(t) {
		return whole.Add(precision)
	}
	return t
}

func roundUp(d time.Duration) time.Duration {
	if whole := d.Truncate(precision); whole < d {
		return whole + precision
	}
	return d
}

func (r *Runner) move(ctx context.Context, offset time.Duration, persist func(context.Context, time.Duration) error) error {
	if offset == r.clock.Offset() {
		return nil
	}
	if err := persist(ctx, offset); err != nil {
		return fmt.Errorf("store the clock's offset: %w", err)
	}
	r.clock.SetOffset(offset)
	return nil
}

func (r *Runner) wakeAll() {
	for _, w := range r.workers {
		w.wake()
	}
}
