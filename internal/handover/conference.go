// Package handover brings another agent to a customer: in a transfer, in the place of
// the one who has the conversation, or in a conference, beside them.
package handover

import (
	"context"
	"errors"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// ConferenceStore is what conferences need of the database.
type ConferenceStore interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Queues
	Drafts
	Engagements
	Notices
}

// Engagements is the interactions and the agents' parts in them.
type Engagements interface {
	Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error)
	LockAgent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error)
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	CreateEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
}

// Router is told that an agent may have room for more work.
type Router interface {
	Freed(org domain.OrganizationID, agent domain.AgentID)
}

// Conferences lets a second agent take part in a conversation (2.8). Everything about
// one conversation is decided under its row: of two that race, the first holds.
type Conferences struct {
	Store   ConferenceStore
	Router  Router
	Deliver func() // wakes delivery
	// Disconnect ends the conversation of an engagement for everybody, in the transaction of ctx.
	Disconnect func(ctx context.Context, actor domain.Actor, e domain.Engagement, t domain.Thread, consent *bool, rejectIfDraft bool) error
	// Say puts a sentence into the language of a queue's customers.
	Say func(language string, s domain.Sentence, args ...any) string
	Now func() time.Time
}

// Request asks another agent into the caller's conversation.
func (c *Conferences) Request(ctx context.Context, by domain.Principal, id domain.InteractionID, guest domain.AgentID) (out domain.Interaction, err error) {
	if by.Agent == "" {
		return out, domain.NoAgent()
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		host, err := c.host(ctx, by, id)
		if err != nil {
			return err
		}
		a, err := c.Store.LockAgent(ctx, by.Organization, guest)
		if domain.IsKind(err, domain.ErrorNotFound) {
			return domain.Invalid("/agent_id", "agent.unknown", "There is no such agent.")
		}
		if err != nil {
			return err
		}
		q, err := queueOf(ctx, c.Store, host.Interaction.Organization, host.Interaction.Queue, c.Now())
		if err != nil {
			return err
		}
		g, events, err := host.Confer(a, q.AlertingTimeout(), by.Actor(), c.Now())
		if err != nil {
			return explained(err, host.Interaction, a)
		}
		out = g.Interaction
		return c.Store.CreateEngagement(ctx, &g, events)
	})
	return out, err
}

// host gives the caller's part in an interaction, under the interaction's lock. Their
// own row is not held: nothing of it changes.
func (c *Conferences) host(ctx context.Context, by domain.Principal, id domain.InteractionID) (domain.Engagement, error) {
	i, err := c.Store.LockInteraction(ctx, by.Organization, id)
	if err != nil {
		return domain.Engagement{}, err
	}
	p, err := c.Store.Participant(ctx, by.Organization, id, by.Agent, "")
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Engagement{}, i.NotParty()
	}
	return domain.Engagement{Interaction: i, Participant: p}, err
}

// explained adds to a refusal everything that speaks against an agent.
func explained(err error, i domain.Interaction, a domain.Agent) error {
	var refused *domain.Error
	if !errors.As(err, &refused) || refused.Code != "conference.target_unavailable" {
		return err
	}
	refused.Fields = routing.Against(i.Waiting(), a, "/agent_id")
	return refused
}

// Accept lets the agent in who was asked; the customer and the initiator see a notice (C33).
func (c *Conferences) Accept(ctx context.Context, e domain.Engagement, actor domain.Actor) error {
	e, events, err := e.Accept(actor, c.Now())
	if err != nil {
		return err
	}
	return c.save(ctx, e, events, domain.NoticeJoined)
}

// Decline gives the offer back; the initiator goes on alone, and the customer has seen
// nothing.
func (c *Conferences) Decline(ctx context.Context, by domain.Principal, p domain.Participant, reason string) error {
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := c.Store.LockEngagement(ctx, by.Organization, p.Interaction, by.Agent, p.ID)
		if err != nil || e.Participant.Offer == domain.OfferDeclined {
			return err
		}
		q, err := queueOf(ctx, c.Store, by.Organization, p.Queue, c.Now())
		if err != nil {
			return err
		}
		e, events, err := e.Decline(q.DeclineSetsNotResponding, reason, by.Actor(), c.Now())
		if err != nil {
			return err
		}
		return c.Store.SaveEngagement(ctx, &e, events)
	})
}

// TimeOut ends an offer that nobody answered, unless somebody did a moment ago.
func (c *Conferences) TimeOut(ctx context.Context, due domain.DueOffer, now time.Time) (ended bool, err error) {
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		ended = false
		e, err := c.Store.LockEngagement(ctx, due.Organization, due.Interaction, due.Agent, due.Participant)
		if err != nil {
			return err
		}
		e, events, err := e.TimeOut(now)
		if domain.IsKind(err, domain.ErrorConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		ended = true
		return c.Store.SaveEngagement(ctx, &e, events)
	})
	return ended && err == nil, err
}

// Lost takes an agent out who is lost: the other has the conversation then, and the
// customer is told who left. An offer to a lost agent comes to nothing.
func (c *Conferences) Lost(ctx context.Context, e domain.Engagement, now time.Time) error {
	took := e.HandsOver()
	e, events, err := e.Lose(now)
	if err != nil {
		return err
	}
	if !took {
		return c.Store.SaveEngagement(ctx, &e, events)
	}
	return c.save(ctx, e, events, domain.NoticeLeft)
}

// save writes what a move changed, and tells the customer of the engagement's agent.
func (c *Conferences) save(ctx context.Context, e domain.Engagement, events []domain.Event, notice domain.Sentence) error {
	q, err := queueOf(ctx, c.Store, e.Participant.Organization, e.Participant.Queue, c.Now())
	if err != nil {
		return err
	}
	text := c.Say(q.Language(), notice, e.Agent.PublicName())
	i, told, posted := e.Interaction.Notify(text, c.Now())
	e.Interaction = i
	if err := send(ctx, c.Store, told, c.Now()); err != nil {
		return err
	}
	c.Store.After(ctx, func() {
		c.Deliver()
		c.Router.Freed(e.Interaction.Organization, e.Participant.Agent)
	})
	return c.Store.SaveEngagement(ctx, &e, append(events, posted...))
}

// Cancel takes a request back; of this and the other's answer the first holds.
func (c *Conferences) Cancel(ctx context.Context, by domain.Principal, id domain.InteractionID) error {
	return c.turn(ctx, by, id, func(ctx context.Context, e domain.Engagement) error {
		if e.Cancelled() {
			return nil
		}
		e, events, err := e.CancelConference(by.Actor(), c.Now())
		if err != nil {
			return err
		}
		guest := e.Other.Agent.ID
		c.Store.After(ctx, func() { c.Router.Freed(by.Organization, guest) })
		return c.Store.SaveEngagement(ctx, &e, events)
	})
}

// Exit lets the caller leave as the guest; the customer goes on with the initiator
// (C36). With rejectIfDraft they do not leave a draft behind.
func (c *Conferences) Exit(ctx context.Context, by domain.Principal, id domain.InteractionID, rejectIfDraft bool) error {
	return c.turn(ctx, by, id, func(ctx context.Context, e domain.Engagement) error {
		if e.HasExited() {
			return nil
		}
		q, err := queueOf(ctx, c.Store, by.Organization, e.Participant.Queue, c.Now())
		if err != nil {
			return err
		}
		e, events, err := e.ExitConference(q.ACW, by.Actor(), c.Now())
		if err != nil {
			return err
		}
		if err := leaveDraft(ctx, c.Store, e, rejectIfDraft); err != nil {
			return err
		}
		return c.save(ctx, e, events, domain.NoticeLeft)
	})
}

// turn finds the caller's part under locks.
func (c *Conferences) turn(ctx context.Context, by domain.Principal, id domain.InteractionID, act func(context.Context, domain.Engagement) error) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := c.Store.LockEngagement(ctx, by.Organization, id, by.Agent, "")
		if domain.IsKind(err, domain.ErrorNotFound) && e.Interaction.ID != "" {
			return e.Interaction.NotParty()
		}
		if err != nil {
			return err
		}
		return act(ctx, e)
	})
}

// End ends a conference for its initiator. The queue says what becomes of the
// conversation: it is over for everybody, or the initiator goes on alone (C34). consent
// and rejectIfDraft are as of any end of a conversation.
func (c *Conferences) End(ctx context.Context, by domain.Principal, id domain.InteractionID, consent *bool, rejectIfDraft bool) error {
	seen, err := c.Store.Interaction(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		threads, err := c.Store.LockThreadsByID(ctx, by.Organization, []domain.ThreadID{seen.Thread})
		if err != nil {
			return err
		}
		return c.turn(ctx, by, id, func(ctx context.Context, e domain.Engagement) error {
			return c.end(ctx, by, e, threads[seen.Thread], consent, rejectIfDraft)
		})
	})
}

func (c *Conferences) end(ctx context.Context, by domain.Principal, e domain.Engagement, t domain.Thread, consent *bool, rejectIfDraft bool) error {
	q, err := queueOf(ctx, c.Store, by.Organization, e.Participant.Queue, c.Now())
	if err != nil {
		return err
	}
	if e.HasEnded(q.Rules.ConferenceEnd) {
		return nil
	}
	if err := e.MayEndConference(); err != nil {
		return err
	}
	if q.Rules.ConferenceEnd != domain.ConferenceGoesBack {
		return c.Disconnect(ctx, by.Actor(), e, t, consent, rejectIfDraft)
	}
	guest, events, err := e.DismissGuest(q.ACW, by.Actor(), c.Now())
	if err != nil {
		return err
	}
	return c.save(ctx, guest, events, domain.NoticeLeft)
}
