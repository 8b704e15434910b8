package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	defaultPoll  = time.Second
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = time.Second

	// shortestWait keeps a loop from spinning on a deadline that has passed and that somebody else is at.
	shortestWait = 10 * time.Millisecond
)

// Runner runs loops. All of them start, stop, fail and report the same way.
type Runner struct {
	clock   *Clock
	poll    time.Duration
	workers []*worker

	// advancing is held for reading by a loop that runs in the background, and for writing by Advance: were a loop
	// half-way through a piece of work, Advance could take the others for idle and move the clock past what is about
	// to be due.
	advancing sync.RWMutex
}

// NewRunner makes a runner of loops, whose names differ. poll is how long a loop waits at most, and one second when it
// is not above zero.
func NewRunner(clock *Clock, log *slog.Logger, poll time.Duration, loops ...Loop) *Runner {
	r := &Runner{clock: clock, poll: poll}
	if poll <= 0 {
		r.poll = defaultPoll
	}
	for _, loop := range loops {
		r.workers = append(r.workers, newWorker(loop, clock, log))
	}
	return r
}

// Run runs every loop until ctx ends, and returns when all of them have. A loop that fails or panics is logged,
// counted and tried again, ever more slowly up to five seconds; it stops neither the others nor the program. Run is
// called once.
func (r *Runner) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range r.workers {
		running.Go(func() { r.keepRunning(ctx, w) })
	}
	running.Wait()
}

// Wake makes the loop of that name run soon: now when it waits, and once more when it is running. It never blocks, so
// it can be called from anywhere, also by a loop; a name that no loop has is ignored. A loop that is backing off after
// an error runs when it has.
func (r *Runner) Wake(name string) {
	for _, w := range r.workers {
		if w.loop.Name() == name {
			w.wake()
		}
	}
}

// Health reports every loop, in the order in which they were given.
func (r *Runner) Health() []LoopHealth {
	reports := make([]LoopHealth, 0, len(r.workers))
	for _, w := range r.workers {
		reports = append(reports, w.report())
	}
	return reports
}

func (r *Runner) keepRunning(ctx context.Context, w *worker) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		o := r.runInBackground(ctx, w)
		if o.err != nil {
			r.backOff(ctx, w, o.err, backoff)
			backoff = min(2*backoff, lastBackoff)
			continue
		}
		backoff = firstBackoff
		if o.ran == 0 {
			wait(ctx, r.pause(o), w.woken)
		}
	}
}

func (r *Runner) runInBackground(ctx context.Context, w *worker) outcome {
	r.advancing.RLock()
	defer r.advancing.RUnlock()
	return w.run(ctx)
}

// backOff waits without listening to wake-ups: what is woken often must not try again often.
func (r *Runner) backOff(ctx context.Context, w *worker, err error, backoff time.Duration) {
	if ctx.Err() != nil {
		return
	}
	w.log.ErrorContext(ctx, "loop failed", "error", err, "failures", w.report().Failures, "retry_in", backoff)
	wait(ctx, backoff, nil)
}

// pause is how long a loop that has nothing to do may sleep.
func (r *Runner) pause(o outcome) time.Duration {
	if o.next.IsZero() {
		return r.poll
	}
	return min(r.poll, max(shortestWait, o.next.Sub(r.clock.Now())))
}

// wait returns when d has passed, when woken has something, or when ctx ends.
func wait(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-timer.C:
	}
}
