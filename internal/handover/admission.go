package handover

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// This file has how a queue takes a conversation that is transferred to it: as it takes
// a new one, except that it turns no customer away who is with an agent.

// hop is one step from a queue that keeps no more to the one that takes over.
type hop struct {
	queue  domain.Queue
	reason string
}

// way is where a conversation goes from the queue that was asked for; empty where it stays.
type way []hop

// way finds the queue that keeps a conversation, or refuses where none does.
func (h *Transfers) way(ctx context.Context, e domain.Engagement, q domain.Queue, now time.Time) (way, error) {
	var w way
	for range domain.MaxOverflows {
		reason, err := h.overflows(ctx, q, now)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			break
		}
		next, err := h.overflow(ctx, q)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return nil, e.Unavailable(reason)
		}
		w, q = append(w, hop{*next, reason}), *next
	}
	if q.Rules.Hours.Rejects(now) {
		return nil, e.Unavailable(domain.OverflowClosed)
	}
	return w, nil
}

// overflows says why a queue does not keep one more, or nothing.
func (h *Transfers) overflows(ctx context.Context, q domain.Queue, now time.Time) (string, error) {
	if q.Rules.Hours.Spills(now) {
		return domain.OverflowClosed, nil
	}
	if q.Rules.MaxWaiting == nil {
		return "", nil
	}
	full, err := h.Store.Waits(ctx, q, *q.Rules.MaxWaiting)
	if err != nil || !full {
		return "", err
	}
	return domain.OverflowFull, nil
}

// overflow gives the queue that takes over; nil where there is none, or it was deleted.
func (h *Transfers) overflow(ctx context.Context, q domain.Queue) (*domain.Queue, error) {
	if q.Overflow == nil {
		return nil, nil
	}
	next, err := h.Store.Queue(ctx, q.Organization, *q.Overflow)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return nil, nil
	}
	return &next, err
}

// follow moves what was transferred along the way, and gives the queue that keeps it.
func (w way) follow(t domain.Transfer, i domain.Interaction, events []domain.Event, q domain.Queue, now time.Time) (domain.Interaction, []domain.Event, domain.Queue) {
	for _, step := range w {
		var moved domain.Event
		i, moved = t.Overflow(i, step.queue, step.reason, now)
		events, q = append(events, moved), step.queue
	}
	return i, events, q
}

// tell lets a customer who now waits in a closed queue know that, where it says so.
func (h *Transfers) tell(ctx context.Context, i domain.Interaction, events []domain.Event, q domain.Queue, now time.Time) (domain.Interaction, []domain.Event, error) {
	text := q.Rules.Hours.Tells(now)
	if text == nil {
		return i, events, nil
	}
	i, told, posted := i.Notify(*text, now)
	h.Store.After(ctx, h.Deliver)
	return i, append(events, posted...), send(ctx, h.Store, told, now)
}
