// Package retention lets go of what is no longer needed, and of what must not be
// kept: old rows of the inbox, of the log and of remembered answers, and the
// traces that erased content leaves behind.
//
// It counts in business time, as the rows do: business time is never behind the
// machine's, so outside of a sandbox both are one, and a sandbox that moves its
// clock sees old things go. The platforms' own repetitions end long before (Meta's
// after 36 hours), and what comes again later is still known by its message's id.
package retention

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Store is what retention needs of the database. Each Forget… removes at most
// limit rows from before a time and tells how many those were.
type Store interface {
	ForgetInbox(ctx context.Context, state domain.InboxState, before time.Time, limit int) (int, error)
	ForgetEarly(ctx context.Context, before time.Time, limit int) (int, error)
	ForgetEvents(ctx context.Context, before time.Time, limit int) (int, error)
	ForgetKeys(ctx context.Context, before time.Time, limit int) (int, error)
	PendingErasures(ctx context.Context, limit int) ([]string, error)
	Purge(ctx context.Context) (done bool, err error)
	DeleteErasures(ctx context.Context, ids []string) error
}

const (
	day = 24 * time.Hour
	// Applied is how long an event of the inbox is kept that had its effect, or waits for a
	// conversation that another app has.
	Applied = 7 * day
	// Quarantined is how long one is kept that nobody could read or apply.
	Quarantined = 30 * day
	// Events is how long the log is kept at least.
	Events = 7 * day
	// Keys is how long an answer can be had again by its Idempotency-Key.
	Keys = 7 * day
)

// batch bounds the rows that one turn removes, so that no lock is held for long.
const batch = 500

// rest is how long the sweeper leaves the database alone after a turn that found nothing.
const rest = time.Minute

// Sweeper is the loop that removes old rows.
type Sweeper struct {
	Store  Store
	Events time.Duration // how long the log is kept; Events where it is less

	counts [4]atomic.Int64
	idle   atomic.Int64 // business time of the last turn that found nothing
}

// Kinds names what the sweeper counts.
func Kinds() []string { return []string{"inbox", "early_events", "events", "idempotency_keys"} }

// Removed tells how many rows of a kind, by its place in Kinds, this node has removed.
func (s *Sweeper) Removed(kind int) int64 { return s.counts[kind].Load() }

// Name names the loop.
func (s *Sweeper) Name() string { return "retention" }

// RunDue removes some of everything that is too old. Old rows are no deadlines: a
// clock that is moved need not stop at each of them.
func (s *Sweeper) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	if now.Sub(time.UnixMilli(s.idle.Load())) < rest {
		return 0, next, nil
	}
	for _, sweep := range []struct {
		kind   int
		forget func(limit int) (int, error)
	}{
		{0, s.inbox(ctx, domain.InboxApplied, now.Add(-Applied))},
		{0, s.inbox(ctx, domain.InboxStandby, now.Add(-Applied))},
		{0, s.inbox(ctx, domain.InboxQuarantined, now.Add(-Quarantined))},
		{1, func(limit int) (int, error) { return s.Store.ForgetEarly(ctx, now.Add(-Applied), limit) }},
		{2, func(limit int) (int, error) { return s.Store.ForgetEvents(ctx, now.Add(-max(s.Events, Events)), limit) }},
		{3, func(limit int) (int, error) { return s.Store.ForgetKeys(ctx, now.Add(-Keys), limit) }},
	} {
		n, err := sweep.forget(batch)
		if err != nil {
			return ran, next, err
		}
		s.counts[sweep.kind].Add(int64(n))
		ran += n
	}
	if ran == 0 {
		s.idle.Store(now.UnixMilli())
	}
	return ran, next, nil
}

func (s *Sweeper) inbox(ctx context.Context, state domain.InboxState, before time.Time) func(int) (int, error) {
	return func(limit int) (int, error) { return s.Store.ForgetInbox(ctx, state, before, limit) }
}

// Eraser is the loop that removes the traces of content which was overwritten:
// in SQLite the write-ahead log, in PostgreSQL the dead rows.
type Eraser struct{ Store Store }

// Name names the loop.
func (e Eraser) Name() string { return "erasure" }

// maxErasures bounds the requests that one turn settles.
const maxErasures = 1000

// RunDue removes traces where somebody asked for it. A reader that still looks at
// an old state keeps them; then the next turn tries again.
func (e Eraser) RunDue(ctx context.Context, _ time.Time) (ran int, next time.Time, err error) {
	asked, err := e.Store.PendingErasures(ctx, maxErasures)
	if err != nil || len(asked) == 0 {
		return 0, next, err
	}
	done, err := e.Store.Purge(ctx)
	if err != nil || !done {
		return 0, next, err
	}
	return len(asked), next, e.Store.DeleteErasures(ctx, asked)
}
