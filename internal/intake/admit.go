package intake

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// admit puts what is new in a queue under its rules: it gets the queue's priority
// and first ring; what comes too late in the day, or as one too many, is answered,
// handed on or ended as the queue says.
func (a *Applier) admit(ctx context.Context, g *gathering) error {
	for _, address := range g.order {
		t, ok := g.threads[address]
		if !ok || t.value.Open == nil {
			continue
		}
		i := g.interactions[*t.value.Open]
		if i == nil || !i.waits || i.value.Queue == nil {
			continue
		}
		q, err := a.enter(ctx, g, i)
		if err != nil {
			return err
		}
		if q == nil {
			continue
		}
		if err := g.close(t, i, *q); err != nil {
			return err
		}
	}
	return nil
}

// enter finds the queue that keeps an interaction; nil where it was deleted.
func (a *Applier) enter(ctx context.Context, g *gathering, i *held[domain.Interaction]) (*domain.Queue, error) {
	q, err := a.living(ctx, g, *i.value.Queue)
	if err != nil || q == nil {
		return nil, err
	}
	since := g.now
	if i.fresh {
		since = i.value.EnqueuedAt
	}
	i.value = i.value.Enter(*q, since)
	for range domain.MaxOverflows {
		reason, err := a.overflows(ctx, g, *q)
		if err != nil {
			return nil, err
		}
		if reason == "" || q.Overflow == nil {
			break
		}
		next, err := a.living(ctx, g, *q.Overflow)
		if err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		var event domain.Event
		i.value, event = i.value.Overflow(*next, reason, g.now)
		g.events, q = append(g.events, event), next
	}
	g.admitted[q.ID]++
	return q, nil
}

// living gives a queue as it is, read once for all that enters it together; nil where
// it was deleted.
func (a *Applier) living(ctx context.Context, g *gathering, id domain.QueueID) (*domain.Queue, error) {
	if q, known := g.queues[id]; known {
		return q, nil
	}
	found, err := a.Store.QueuesByID(ctx, g.channel.Organization, []domain.QueueID{id})
	if err != nil {
		return nil, err
	}
	g.queues[id] = nil
	if q, living := found[id]; living {
		g.queues[id] = &q
	}
	return g.queues[id], nil
}

// overflows says why a queue does not keep one more, or nothing.
func (a *Applier) overflows(ctx context.Context, g *gathering, q domain.Queue) (reason string, err error) {
	if q.Rules.Hours.Spills(g.now) {
		return domain.OverflowClosed, nil
	}
	if q.Rules.MaxWaiting == nil {
		return "", nil
	}
	room := *q.Rules.MaxWaiting - g.admitted[q.ID]
	full := room <= 0
	if !full {
		full, err = a.Store.Waits(ctx, q, room)
	}
	if full {
		reason = domain.OverflowFull
	}
	return reason, err
}

// close tells a customer who comes out of hours so, and ends what is rejected.
func (g *gathering) close(t *held[domain.Thread], i *held[domain.Interaction], q domain.Queue) error {
	if text := q.Rules.Hours.Tells(g.now); text != nil {
		after, told, posted := i.value.Notify(*text, g.now)
		i.value, g.events = after, append(g.events, posted...)
		for _, notice := range told {
			g.messages = append(g.messages, &held[domain.Message]{value: notice, fresh: true, changed: true})
		}
		g.deliveries = append(g.deliveries, domain.NewDeliveries(told, g.now)...)
	}
	if !q.Rules.Hours.Rejects(g.now) {
		return nil
	}
	ended, events, err := i.value.Reject(g.now)
	if err != nil {
		return err
	}
	i.value, i.waits = ended, false
	t.value.Open, t.value.Position = nil, ended.Position
	g.admitted[q.ID]--
	g.events = append(g.events, events...)
	return nil
}

// deliver sends the notices to customers.
func (a *Applier) deliver(ctx context.Context, g *gathering) error {
	if len(g.deliveries) == 0 {
		return nil
	}
	a.Store.After(ctx, a.Deliver)
	return a.Store.CreateDeliveries(ctx, g.deliveries...)
}
