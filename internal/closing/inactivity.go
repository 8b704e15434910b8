package closing

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Inactivity keeps the queues' rules about conversations in which nobody writes: it
// warns of what will end, and ends or gives back what nobody wrote in.
type Inactivity struct {
	Closing *Closing
	// Queued says that something waits in a queue.
	Queued func(org domain.OrganizationID, queue domain.QueueID)
}

// Act does what is due in a conversation. It looks again under locks: somebody may
// have written a moment ago.
func (l *Inactivity) Act(ctx context.Context, due domain.DueInactivity, now time.Time) (acted bool, err error) {
	s := l.Closing.Store
	err = s.InTx(ctx, func(ctx context.Context) error {
		threads, err := s.LockThreadsByID(ctx, due.Organization, []domain.ThreadID{due.Thread})
		if err != nil {
			return err
		}
		i, err := s.LockInteraction(ctx, due.Organization, due.Interaction)
		if err != nil {
			return err
		}
		over, warn := i.Inactive(now)
		if acted = over; !over {
			return nil
		}
		if warn {
			i, event := i.WarnOfInactivity(now)
			if err := s.SaveInteraction(ctx, &i); err != nil {
				return err
			}
			return s.Append(ctx, event)
		}
		return l.over(ctx, i, threads[due.Thread], now)
	})
	return acted && err == nil, err
}

// over does what the rule says: the conversation ends, or waits for another agent.
func (l *Inactivity) over(ctx context.Context, i domain.Interaction, t domain.Thread, now time.Time) error {
	c := l.Closing
	e, err := c.Store.LockEngagement(ctx, i.Organization, i.ID, *i.Owner, "")
	if err != nil {
		return err
	}
	if i.Inactivity.Action == domain.InactivityDisconnect {
		return c.end(ctx, domain.DisconnectInactivity, domain.System(), e, t)
	}
	q, err := c.queue(ctx, e.Participant)
	if err != nil {
		return err
	}
	e, events, err := e.Release(q.ACW, string(domain.DisconnectInactivity), domain.System(), now)
	if err != nil {
		return err
	}
	c.Store.After(ctx, func() {
		if q := e.Interaction.Queue; q != nil {
			l.Queued(i.Organization, *q)
		}
		c.freed(e)
	})
	return c.Store.SaveEngagement(ctx, &e, events)
}
