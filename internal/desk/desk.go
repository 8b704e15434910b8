// Package desk is what an agent does at work: presence, and the answer to an offer.
package desk

import (
	"context"
	"errors"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Store is what a desk needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	LockAgent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error)
	SaveAgent(ctx context.Context, a *domain.Agent) error
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	Queue(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.Queue, error)
	Append(ctx context.Context, events ...domain.Event) error
	Fleeting(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (bool, error)
	Drafts
}

// Router is told what became possible.
type Router interface {
	Queued(org domain.OrganizationID, queue domain.QueueID)
	Freed(org domain.OrganizationID, agent domain.AgentID)
}

// Invitation decides what becomes of an offer by which one agent asked another in.
type Invitation interface {
	// Accept lets an agent take it up, in the transaction of ctx.
	Accept(ctx context.Context, e domain.Engagement, actor domain.Actor) error
	// Decline gives it back, in a transaction of its own: it may have to lock the thread first.
	Decline(ctx context.Context, by domain.Principal, p domain.Participant, reason string) error
	// Lost takes it back from an agent who is lost, in the transaction of ctx.
	Lost(ctx context.Context, e domain.Engagement, now time.Time) error
}

// Desk carries out what agents do.
type Desk struct {
	Store  Store
	Router Router
	// Invitations decide about offers that no queue made.
	Invitations map[domain.Purpose]Invitation
	Loss        *Loss // of the work of who logs out
	Now         func() time.Time
}

// Presence is what an agent says of themselves.
type Presence struct {
	Presence      domain.Presence
	Note          *string
	RejectIfDraft bool // they do not log out over a draft
}

// SetPresence records what an agent says of themselves. Any explicit choice ends
// not responding (C11); an agent who goes on queue is offered what waits, and one who
// logs out is lost at once. unsent tells who logs out that they leave a draft behind.
func (d *Desk) SetPresence(ctx context.Context, by domain.Principal, agent domain.AgentID, p Presence) (a domain.Agent, unsent bool, err error) {
	for {
		err = d.Store.InTx(ctx, func(ctx context.Context) (err error) {
			a, unsent, err = d.setPresence(ctx, by, agent, p)
			return err
		})
		if !errors.Is(err, errMoved) || ctx.Err() != nil {
			return a, unsent, err
		}
	}
}

// setPresence is SetPresence in a transaction.
func (d *Desk) setPresence(ctx context.Context, by domain.Principal, agent domain.AgentID, p Presence) (a domain.Agent, unsent bool, err error) {
	a, parts, err := d.lock(ctx, by.Organization, agent, p)
	if err != nil {
		return a, false, err
	}
	if unsent, err = d.leavesDraft(ctx, a, p); err != nil {
		return a, unsent, err
	}
	now := d.Now()
	a, events := a.SetPresence(p.Presence, p.Note, by.Actor(), now)
	if a.Eligible() {
		d.Store.After(ctx, func() { d.Router.Freed(by.Organization, agent) })
	}
	if err := d.Store.SaveAgent(ctx, &a); err != nil {
		return a, unsent, err
	}
	if err := d.Store.Append(ctx, events...); err != nil || len(parts) == 0 {
		return a, unsent, err
	}
	a, err = d.lose(ctx, a, parts, now)
	return a, unsent, err
}

// lock locks an agent, and for one who logs out what they have as well.
func (d *Desk) lock(ctx context.Context, org domain.OrganizationID, agent domain.AgentID, p Presence) (a domain.Agent, parts []domain.Participant, err error) {
	if p.Presence == domain.PresenceOffline {
		return d.Loss.lock(ctx, org, agent)
	}
	a, err = d.Store.LockAgent(ctx, org, agent)
	return a, nil, err
}

// lose takes back what an agent had who has logged out, and gives the agent as they are then.
func (d *Desk) lose(ctx context.Context, a domain.Agent, parts []domain.Participant, now time.Time) (domain.Agent, error) {
	o, err := d.Loss.Store.Organization(ctx, a.Organization)
	if err != nil {
		return a, err
	}
	if err := d.Loss.takeBack(ctx, o.OnAgentLost, parts, now); err != nil {
		return a, err
	}
	return d.Store.LockAgent(ctx, a.Organization, a.ID)
}

// Accept answers an offer; of what is held it is the same as to resume (D07). A
// repeated acceptance changes nothing; one that comes too late, or for somebody
// else's offer, is a conflict that tells the outcome.
func (d *Desk) Accept(ctx context.Context, by domain.Principal, i domain.InteractionID, offer domain.ParticipantID) error {
	return d.answer(ctx, by, i, offer, func(ctx context.Context, e domain.Engagement) error {
		if e.Participant.Offer == domain.OfferAccepted && e.Participant.State == domain.ParticipantConnected {
			return nil
		}
		if e.Participant.State == domain.ParticipantHeld {
			return d.save(ctx, domain.Engagement.Resume, e, by)
		}
		if e.Invited() {
			return d.Invitations[e.Participant.Purpose].Accept(ctx, e, by.Actor())
		}
		e, events, err := e.Accept(by.Actor(), d.Now())
		if err != nil {
			return err
		}
		return d.Store.SaveEngagement(ctx, &e, events)
	})
}

// Decline gives an offer back. The agent is not responding afterwards unless
// the queue says otherwise (A20); the interaction waits again.
func (d *Desk) Decline(ctx context.Context, by domain.Principal, i domain.InteractionID, offer domain.ParticipantID, reason string) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	p, err := d.Store.Participant(ctx, by.Organization, i, by.Agent, offer)
	if err == nil && p.Invited() {
		return d.Invitations[p.Purpose].Decline(ctx, by, p, reason)
	}
	return d.answer(ctx, by, i, offer, func(ctx context.Context, e domain.Engagement) error {
		if e.Participant.Offer == domain.OfferDeclined {
			return nil
		}
		marks, err := d.declineMarks(ctx, e.Interaction)
		if err != nil {
			return err
		}
		e, events, err := e.Decline(marks, reason, by.Actor(), d.Now())
		if err != nil {
			return err
		}
		d.Store.After(ctx, func() {
			if q := e.Interaction.Queue; q != nil { // for the others first: the agent's own turn comes with the next sweep
				d.Router.Queued(by.Organization, *q)
			}
		})
		return d.Store.SaveEngagement(ctx, &e, events)
	})
}

// declineMarks tells whether the queue makes an agent who declines not responding.
func (d *Desk) declineMarks(ctx context.Context, i domain.Interaction) (bool, error) {
	if i.Queue == nil {
		return true, nil
	}
	q, err := d.Store.Queue(ctx, i.Organization, *i.Queue)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return true, nil
	}
	return q.DeclineSetsNotResponding, err
}

// answer finds the caller's offer under locks.
func (d *Desk) answer(ctx context.Context, by domain.Principal, i domain.InteractionID, offer domain.ParticipantID, act func(context.Context, domain.Engagement) error) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := d.Store.LockEngagement(ctx, by.Organization, i, by.Agent, offer)
		if domain.IsKind(err, domain.ErrorNotFound) && e.Interaction.ID != "" {
			return e.Interaction.NotOffered()
		}
		if err != nil {
			return err
		}
		return act(ctx, e)
	})
}
