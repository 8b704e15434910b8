package handover

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// This file has what becomes of the offer that a transfer makes.

// latest gives the transfer to which an offer belongs.
func (h *Transfers) latest(ctx context.Context, e domain.Engagement) (domain.Transfer, error) {
	return h.Store.Transfer(ctx, e.Interaction.Organization, e.Interaction.ID, *e.Interaction.Transfer)
}

// Accept gives the conversation to the target, in the transaction of ctx. Who kept it
// until now wraps up.
func (h *Transfers) Accept(ctx context.Context, e domain.Engagement, actor domain.Actor) error {
	t, err := h.latest(ctx, e)
	if err != nil {
		return err
	}
	var origin *domain.Engagement
	if t.Attended() {
		o, err := h.Store.LockEngagement(ctx, t.Organization, t.Interaction, t.Agent, t.Origin)
		if err != nil {
			return err
		}
		origin = &o
	}
	q, err := queueOf(ctx, h.Store, t.Organization, e.Participant.Queue, h.Now())
	if err != nil {
		return err
	}
	e.Interaction.Inactivity = q.Rules.Inactivity
	acw, err := h.wrapUp(ctx, t, origin)
	if err != nil {
		return err
	}
	t, e, origin, events, err := t.TakeOver(e, origin, acw, actor, h.Now())
	if err != nil {
		return err
	}
	if err := h.Store.SaveTransfer(ctx, &t); err != nil {
		return err
	}
	if err := h.Store.SaveEngagement(ctx, &e, events); err != nil || origin == nil {
		return err
	}
	h.Store.After(ctx, func() { h.Router.Freed(t.Organization, t.Agent) })
	return h.savePart(ctx, *origin)
}

// wrapUp is how the agent who lets go wraps up: as the queue says through which they
// got the conversation.
func (h *Transfers) wrapUp(ctx context.Context, t domain.Transfer, origin *domain.Engagement) (domain.ACW, error) {
	if origin == nil {
		return domain.ACW{}, nil
	}
	q, err := queueOf(ctx, h.Store, t.Organization, origin.Participant.Queue, h.Now())
	return q.ACW, err
}

// Decline gives the offer back. Where the agent who had the conversation has left
// it, the queue's policy decides; it may end it.
func (h *Transfers) Decline(ctx context.Context, by domain.Principal, p domain.Participant, reason string) error {
	return h.Store.InTx(ctx, func(ctx context.Context) error {
		return h.miss(ctx, p, func(t domain.Transfer, e domain.Engagement, q domain.Queue) (domain.Transfer, domain.Engagement, []domain.Event, error) {
			if e.Participant.Offer == domain.OfferDeclined {
				return t, e, nil, nil // a moment ago, by the same agent
			}
			return t.Refuse(e, q.Rules.NoAnswer, q.DeclineSetsNotResponding, reason, by.Actor(), h.Now())
		})
	})
}

// TimeOut ends an offer that nobody answered in time, unless somebody did a moment ago.
func (h *Transfers) TimeOut(ctx context.Context, due domain.DueOffer, now time.Time) (ended bool, err error) {
	offer := domain.Participant{Organization: due.Organization, Interaction: due.Interaction, Agent: due.Agent, ID: due.Participant}
	err = h.Store.InTx(ctx, func(ctx context.Context) error {
		ended = false
		err := h.miss(ctx, offer, func(t domain.Transfer, e domain.Engagement, q domain.Queue) (domain.Transfer, domain.Engagement, []domain.Event, error) {
			return t.TimeOut(e, q.Rules.NoAnswer, now)
		})
		if domain.IsKind(err, domain.ErrorConflict) {
			return nil
		}
		ended = err == nil
		return err
	})
	return ended && err == nil, err
}

// missing is a way in which a target does not take a conversation.
type missing func(t domain.Transfer, e domain.Engagement, q domain.Queue) (domain.Transfer, domain.Engagement, []domain.Event, error)

// miss ends a transfer that its target did not take, and does what the policy says.
// The thread is locked before the interaction, because it may end.
func (h *Transfers) miss(ctx context.Context, offer domain.Participant, how missing) error {
	org, id := offer.Organization, offer.Interaction
	seen, err := h.Store.Interaction(ctx, org, id)
	if err != nil {
		return err
	}
	threads, err := h.Store.LockThreadsByID(ctx, org, []domain.ThreadID{seen.Thread})
	if err != nil {
		return err
	}
	t, e, origin, err := h.both(ctx, offer)
	if err != nil {
		return err
	}
	q, err := queueOf(ctx, h.Store, org, e.Interaction.Queue, h.Now())
	if err != nil {
		return err
	}
	if t.Drops(q.Rules.NoAnswer) {
		return h.drop(ctx, t, e, q, threads[seen.Thread], how)
	}
	t, e, events, err := how(t, e, q)
	if err != nil || len(events) == 0 {
		return err
	}
	if err := h.save(ctx, t, e, events); err != nil {
		return err
	}
	if !t.Returns(q.Rules.NoAnswer) || origin.ID == "" {
		return nil
	}
	return h.giveBack(ctx, e.Interaction.ID, q, origin)
}

// both gives a transfer with its target's part, and the agent who asked for it, all
// locked; without that agent where they are no more.
func (h *Transfers) both(ctx context.Context, offer domain.Participant) (t domain.Transfer, e domain.Engagement, origin domain.Agent, err error) {
	i, err := h.Store.LockInteraction(ctx, offer.Organization, offer.Interaction)
	if err != nil {
		return t, e, origin, err
	}
	if t, err = h.Store.Transfer(ctx, i.Organization, i.ID, *i.Transfer); err != nil {
		return t, e, origin, err
	}
	agents, err := h.Store.LockAgents(ctx, i.Organization, []domain.AgentID{t.Agent, offer.Agent})
	if err != nil {
		return t, e, origin, err
	}
	for _, a := range agents {
		if a.ID == t.Agent {
			origin = a
		}
	}
	e, err = h.Store.LockEngagement(ctx, i.Organization, i.ID, offer.Agent, offer.ID)
	return t, e, origin, err
}

// drop ends the conversation that nobody took over, after telling the customer (C29).
func (h *Transfers) drop(ctx context.Context, t domain.Transfer, e domain.Engagement, q domain.Queue, thread domain.Thread, how missing) error {
	open, err := h.Store.OpenParts(ctx, t.Organization, t.Interaction)
	if err != nil {
		return err
	}
	now := h.Now()
	i, told, posted := e.Interaction.Notify(h.Say(q.Language(), domain.NoticeDropped), now)
	e.Interaction, e.Others = i, open > 1
	t, e, events, err := how(t, e, q)
	if err != nil || len(events) == 0 {
		return err
	}
	thread.Open, thread.Position = nil, e.Interaction.Position
	if err := h.Store.SaveThread(ctx, &thread); err != nil {
		return err
	}
	if err := send(ctx, h.Store, told, now); err != nil { // not before it is certain that it is dropped
		return err
	}
	h.Store.After(ctx, h.Deliver)
	return h.save(ctx, t, e, append(posted, events...))
}

// giveBack offers the conversation, which waits again, to the agent who had it,
// where they can take it now.
func (h *Transfers) giveBack(ctx context.Context, id domain.InteractionID, q domain.Queue, origin domain.Agent) error {
	i, err := h.Store.LockInteraction(ctx, q.Organization, id)
	if err != nil || !origin.Takes(i.ChannelKind, i.Medium()) {
		return err
	}
	i.Inactivity = q.Rules.Inactivity
	e, events, err := domain.Offer(i, origin, q.AlertingTimeout(), h.Now())
	if err == nil && q.Rules.AutoAnswer.For(i.ChannelKind) {
		e, events, err = e.AutoAnswer(events, h.Now())
	}
	if err != nil {
		return err
	}
	return h.Store.CreateEngagement(ctx, &e, events)
}

// Lost takes the offer back from an agent who is lost, in the transaction of ctx.
func (h *Transfers) Lost(ctx context.Context, e domain.Engagement, now time.Time) error {
	t, err := h.latest(ctx, e)
	if err != nil {
		return err
	}
	t, e, events, err := t.Lose(e, now)
	if err != nil {
		return err
	}
	return h.save(ctx, t, e, events)
}

// Withdraw takes the offer back because the conversation ends or goes back to its
// queue, in the transaction of ctx. The interaction is the caller's to save.
func (h *Transfers) Withdraw(ctx context.Context, i domain.Interaction, reason string, actor domain.Actor, now time.Time) (domain.Interaction, []domain.Event, error) {
	e, err := h.Store.LockEngagement(ctx, i.Organization, i.ID, "", *i.Offered)
	if err != nil {
		return i, nil, err
	}
	t, err := h.latest(ctx, e)
	if err != nil {
		return i, nil, err
	}
	move := domain.TransferCancel
	if !t.Attended() {
		move = domain.TransferAbandon
	}
	e.Interaction = i
	t, e, events, err := t.Withdraw(e, move, reason, actor, now)
	if err != nil {
		return i, nil, err
	}
	h.Store.After(ctx, func() { h.Router.Freed(i.Organization, e.Agent.ID) })
	if err := h.Store.SaveTransfer(ctx, &t); err != nil {
		return i, nil, err
	}
	return e.Interaction, events, h.savePart(ctx, e)
}
