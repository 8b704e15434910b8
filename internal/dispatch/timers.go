package dispatch

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Expiry ends an offer whose time is over; over is false where it was answered a
// moment ago.
type Expiry func(ctx context.Context, due domain.DueOffer, now time.Time) (over bool, err error)

// Overdue takes back offers that nobody answered in time.
type Overdue struct {
	Dispatcher *Dispatcher
	// Invitations end offers that no queue made; true, where it was over.
	Invitations map[domain.Purpose]Expiry
	// After runs a function when the transaction of ctx is on disk.
	After func(ctx context.Context, f func())
}

// End ends an offer whose time is over: the interaction waits again with its age, the
// agent is not responding (A20, A22, C08).
func (o *Overdue) End(ctx context.Context, due domain.DueOffer, now time.Time) (ended bool, err error) {
	if end := o.Invitations[due.Purpose]; end != nil {
		return end(ctx, due, now)
	}
	d := o.Dispatcher
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		ended = false
		e, err := d.Store.LockEngagement(ctx, due.Organization, due.Interaction, due.Agent, due.Participant)
		if err != nil {
			return err
		}
		e, events, err := e.TimeOut(now)
		if err != nil {
			return ignoreConflict(err) // answered a moment ago
		}
		ended = true
		if q := e.Interaction.Queue; q != nil {
			o.After(ctx, func() { d.Queued(due.Organization, *q) })
		}
		return d.Store.SaveEngagement(ctx, &e, events)
	})
	return ended && err == nil, err
}

func ignoreConflict(err error) error {
	if domain.IsKind(err, domain.ErrorConflict) {
		return nil
	}
	return err
}

// Sweep looks at everything that waits, so that work whose wake-up was lost with
// a node is offered all the same.
type Sweep struct {
	Dispatcher *Dispatcher
	// Waiting lists the queues in which something waits that somebody could take, or that may have to move on.
	Waiting func(ctx context.Context) ([]domain.WaitingQueue, error)
}

// Name names the loop.
func (s *Sweep) Name() string { return "sweep" }

// RunDue wakes dispatch for every queue in which it may find something to do: where
// nobody has room, much can wait at no cost. It reports no
// work of its own: the offers are dispatch's.
func (s *Sweep) RunDue(ctx context.Context, _ time.Time) (int, time.Time, error) {
	waiting, err := s.Waiting(ctx)
	for _, w := range waiting {
		s.Dispatcher.Queued(w.Organization, w.Queue)
	}
	return 0, time.Time{}, err
}
