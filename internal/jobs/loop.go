package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Loop is one kind of work that becomes due: offers that time out, replies to send, inbox rows to apply.
type Loop interface {
	// Name is how the loop is woken, logged and reported; it is the same for ever.
	Name() string

	// RunDue does the work that is due at now, in business time, and has finished it when it returns: what it hands to
	// other goroutines, Advance cannot wait for. A loop with much to do may stop after a batch, since it is called
	// again at once.
	//
	// ran is how many pieces of work were done; only zero says that nothing more is due. next is the business time of
	// the loop's next deadline, known from the database, or zero when there is none; the time of a mere poll is not a
	// deadline.
	//
	// RunDue must be safe to run several times at once, on this node and on others: whoever takes a piece of work
	// claims it in the database. It is called again after an error or a panic, so an unfinished piece must be found
	// again.
	RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error)
}

// LoopHealth is how one loop is doing, for readiness checks and metrics.
type LoopHealth struct {
	Name      string
	LastRun   time.Time // machine time at which the loop last ended a run; zero before the first
	LastError string    // of the last run; empty when it succeeded
	Failures  int       // runs that failed or panicked since the start
}

// worker is one loop with what the runner knows about it.
type worker struct {
	loop  Loop
	log   *slog.Logger
	clock *Clock
	woken chan struct{} // holds one wake-up for a loop that is busy

	mu     sync.Mutex
	health LoopHealth
}

func newWorker(loop Loop, clock *Clock, log *slog.Logger) *worker {
	return &worker{
		loop:   loop,
		log:    log.With("loop", loop.Name()),
		clock:  clock,
		woken:  make(chan struct{}, 1),
		health: LoopHealth{Name: loop.Name()},
	}
}

// outcome is what came of one run, with the time it was given.
type outcome struct {
	now, next time.Time
	ran       int
	err       error
}

// deadline is when the loop has to run next. A deadline that had passed when the loop ran, and for which it did
// nothing, is none: somebody else is at it.
func (o outcome) deadline() (time.Time, bool) { return o.next, o.next.After(o.now) }

// wake leaves a wake-up. One that is there already stands for both.
func (w *worker) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// run runs the loop once and remembers how it went.
func (w *worker) run(ctx context.Context) outcome {
	o := outcome{now: w.clock.Now()}
	o.ran, o.next, o.err = w.runSafely(ctx, o.now)
	if o.err != nil && ctx.Err() != nil {
		return o // the end of the program is no failure of the loop
	}
	w.record(o.err)
	return o
}

// runSafely turns a panic into an error. Its stack goes to the log, where the programmer is; the error goes further.
func (w *worker) runSafely(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			w.log.ErrorContext(ctx, "loop panicked", "panic", cause, "stack", string(debug.Stack()))
			ran, next, err = 0, time.Time{}, fmt.Errorf("panic: %v", cause)
		}
	}()
	return w.loop.RunDue(ctx, now)
}

func (w *worker) record(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.health.LastRun, w.health.LastError = w.clock.Machine(), ""
	if err != nil {
		w.health.LastError = err.Error()
		w.health.Failures++
	}
}

func (w *worker) report() LoopHealth {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.health
}
