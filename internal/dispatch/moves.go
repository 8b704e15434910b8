package dispatch

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// spill hands work that came back to a queue too often to its overflow queue.
func (d *Dispatcher) spill(ctx context.Context, q domain.Queue) (moved int, err error) {
	most := q.Rules.Routing.MaxRequeues
	if most == nil || q.Overflow == nil {
		return 0, nil
	}
	ids, err := d.Store.SpilledIn(ctx, q, *most, batch)
	for _, id := range ids {
		ok, err := d.overflow(ctx, q, id)
		if err != nil {
			return moved, err
		}
		if ok {
			moved++
		}
	}
	return moved, err
}

func (d *Dispatcher) overflow(ctx context.Context, q domain.Queue, id domain.InteractionID) (moved bool, err error) {
	queues, err := d.Store.QueuesByID(ctx, q.Organization, []domain.QueueID{*q.Overflow})
	other, living := queues[*q.Overflow]
	if err != nil || !living {
		return false, err
	}
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		moved = false
		i, err := d.Store.LockInteraction(ctx, q.Organization, id)
		if err != nil || i.State != domain.InteractionQueued || i.Queue == nil || *i.Queue != q.ID || i.RequeueCount < *q.Rules.Routing.MaxRequeues {
			return ignoreMissing(err)
		}
		i, event := i.Overflow(other, "max_requeues", d.Now())
		moved = true
		d.Store.After(ctx, func() { d.Queued(q.Organization, other.ID) })
		return d.save(ctx, i, event)
	})
	return moved && err == nil, err
}

func (d *Dispatcher) save(ctx context.Context, i domain.Interaction, events ...domain.Event) error {
	if err := d.Store.SaveInteraction(ctx, &i); err != nil {
		return err
	}
	return d.Store.Append(ctx, events...)
}

// Widen widens the circle of agents that a piece of waiting work is for, when the time
// of the ring that it has reached is over.
func (d *Dispatcher) Widen(ctx context.Context, due domain.DueRing, now time.Time) (widened bool, err error) {
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		widened = false
		i, err := d.Store.LockInteraction(ctx, due.Organization, due.Interaction)
		if err != nil || i.State != domain.InteractionQueued || i.Queue == nil || i.RingDueAt == nil || i.RingDueAt.After(now) {
			return ignoreMissing(err) // offered, or widened by another node, a moment ago
		}
		queues, err := d.Store.QueuesByID(ctx, due.Organization, []domain.QueueID{*i.Queue})
		if err != nil {
			return err
		}
		i, events := i.Widen(queues[*i.Queue].Rules.Routing, now)
		widened = true
		d.Store.After(ctx, func() { d.Queued(due.Organization, *i.Queue) })
		return d.save(ctx, i, events...)
	})
	return widened && err == nil, err
}
