package jobs

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// agenda is a loop whose work is a list of deadlines. It remembers when it did each piece.
type agenda struct {
	name  string
	batch int                                      // pieces of work per run; 0 is no limit
	also  func(ctx context.Context, run int) error // what else a run does, from the first, 1
	after func(done time.Time)                     // what a piece of work leads to

	mu   sync.Mutex
	due  []time.Time
	did  []time.Time
	runs []time.Time
}

func (a *agenda) Name() string { return a.name }

func (a *agenda) RunDue(ctx context.Context, now time.Time) (int, time.Time, error) {
	if err := a.alsoDo(ctx, now); err != nil {
		return 0, time.Time{}, err
	}
	taken := a.take(now)
	for range taken {
		if a.after != nil {
			a.after(now)
		}
	}
	return taken, a.next(), nil
}

func (a *agenda) alsoDo(ctx context.Context, now time.Time) error {
	a.mu.Lock()
	a.runs = append(a.runs, now)
	run := len(a.runs)
	a.mu.Unlock()
	if a.also == nil {
		return nil
	}
	return a.also(ctx, run)
}

func (a *agenda) take(now time.Time) (taken int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.due) > 0 && !a.due[0].After(now) && (a.batch == 0 || taken < a.batch) {
		a.due, a.did = a.due[1:], append(a.did, now)
		taken++
	}
	return taken
}

func (a *agenda) next() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.due) == 0 {
		return time.Time{}
	}
	return a.due[0]
}

func (a *agenda) add(times ...time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.due = append(a.due, times...)
	slices.SortFunc(a.due, time.Time.Compare)
}

// loopFunc is a loop of one function.
type loopFunc func(ctx context.Context, now time.Time) (int, time.Time, error)

func (loopFunc) Name() string { return "func" }

func (f loopFunc) RunDue(ctx context.Context, now time.Time) (int, time.Time, error) {
	return f(ctx, now)
}

// fixed is a machine clock that stands still.
func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// logTo is a logger whose lines the test reads when nothing runs any more.
func logTo(lines *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(lines, nil)) }

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// keep is a persist function that keeps what it was given.
func keep(offsets *[]time.Duration) func(context.Context, time.Duration) error {
	return func(_ context.Context, offset time.Duration) error {
		*offsets = append(*offsets, offset)
		return nil
	}
}

// wantTimes compares times with how long after start they should be.
func wantTimes(t *testing.T, what string, start time.Time, got []time.Time, want ...time.Duration) {
	t.Helper()
	after := make([]time.Duration, 0, len(got))
	for _, at := range got {
		after = append(after, at.Sub(start))
	}
	if !slices.Equal(after, want) {
		t.Errorf("%s: got %v, want %v", what, after, want)
	}
}
