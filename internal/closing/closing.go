// Package closing ends interactions and takes the agent's wrap-up.
package closing

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Store is what closing needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Waiting
	LockThreadsByID(ctx context.Context, org domain.OrganizationID, ids []domain.ThreadID) (map[domain.ThreadID]domain.Thread, error)
	SaveThread(ctx context.Context, t *domain.Thread) error
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	Queue(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.Queue, error)
	UnsentDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (bool, error)
	OpenParts(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (int, error)
	Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error)
	PartsOf(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) ([]domain.Participant, error)
	Sending
}

// Waiting is the interactions that no agent has.
type Waiting interface {
	Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	Contact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) (domain.Contact, error)
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	See(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, sight domain.Sight) error
	Append(ctx context.Context, events ...domain.Event) error
}

// Sending is how a notice to the customer leaves.
type Sending interface {
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error
}

// Router is told that an agent may have room for more work.
type Router interface {
	Freed(org domain.OrganizationID, agent domain.AgentID)
}

// Withdrawal takes back the offer by which one agent asked another in, in the
// transaction of ctx, because the conversation ends. The interaction is locked, and
// the caller's to save.
type Withdrawal func(ctx context.Context, i domain.Interaction, reason string, actor domain.Actor, now time.Time) (domain.Interaction, []domain.Event, error)

// Closing carries out ends and wrap-ups.
type Closing struct {
	Store   Store
	Router  Router
	Deliver func() // wakes delivery
	// Withdraw takes back, in the transaction of ctx, the offer by which one agent asked another in: a transfer's, a conference's.
	Withdraw map[domain.InteractionState]Withdrawal
	// Say puts a sentence into the language of a queue's customers.
	Say func(language string, s domain.Sentence, args ...any) string
	Now func() time.Time
}

// Ending is what is said with the end of a conversation.
type Ending struct {
	CustomerConsent *bool // whether the customer agrees to it
	RejectIfDraft   bool  // it does not end over an unsent draft
}

// End disconnects an interaction: the customer is told that the agent has left
// (C38), the thread may open a new one, the agent wraps up. Ending what the same
// agent ended before changes nothing. A supervisor, and a program that acts for no
// agent, can end what no agent has.
func (c *Closing) End(ctx context.Context, by domain.Principal, id domain.InteractionID, how Ending) error {
	seen, err := c.Store.Interaction(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		threads, err := c.Store.LockThreadsByID(ctx, by.Organization, []domain.ThreadID{seen.Thread})
		if err != nil {
			return err
		}
		if by.Agent == "" {
			return c.close(ctx, by, id, threads[seen.Thread])
		}
		e, err := c.Store.LockEngagement(ctx, by.Organization, id, by.Agent, "")
		if c.supervised(ctx, by, e, err) {
			return c.close(ctx, by, id, threads[seen.Thread])
		}
		if err != nil {
			return notParty(e, err)
		}
		if e.Over() {
			return nil
		}
		if e, err = c.agreed(ctx, e, how); err != nil {
			return err
		}
		return c.end(ctx, domain.DisconnectAgent, by.Actor(), e, threads[seen.Thread])
	})
}

// agreed refuses an end that the caller may not bring about, that would leave a draft
// behind which they want to keep (C21), or to which the customer does not agree
// where the queue asks for that (C37).
func (c *Closing) agreed(ctx context.Context, e domain.Engagement, how Ending) (domain.Engagement, error) {
	if err := e.MayEnd(); err != nil {
		return e, err
	}
	q, err := c.queue(ctx, e.Participant)
	if err != nil {
		return e, err
	}
	if how.RejectIfDraft {
		unsent, err := c.Store.UnsentDraft(ctx, e.Interaction.Organization, e.Interaction.ID, e.Agent.ID)
		if err != nil {
			return e, err
		}
		if err := domain.LeaveDraft(unsent, true); err != nil {
			return e, err
		}
	}
	return e.Consent(q, how.CustomerConsent)
}

// supervised tells whether the caller has no part in an interaction but may end it
// as a supervisor, because no agent has it.
func (c *Closing) supervised(ctx context.Context, by domain.Principal, e domain.Engagement, err error) bool {
	i, mine := e.Interaction, err == nil && e.Participant.Offer == domain.OfferPending
	if i.ID == "" || mine || !by.MayClose() || i.Open() && !i.Unowned() || !i.Open() && err == nil {
		return false
	}
	return c.Store.See(ctx, by.Organization, e.Interaction.ID, by.Sight()) == nil
}

// close ends an interaction that waits or is only offered, for a supervisor or a
// program that acts for no agent.
func (c *Closing) close(ctx context.Context, by domain.Principal, id domain.InteractionID, t domain.Thread) error {
	i, err := c.Store.LockInteraction(ctx, by.Organization, id)
	if err != nil || !i.Open() {
		return err
	}
	if !i.Unowned() {
		return i.NotUnowned()
	}
	t.Open, t.Position = nil, i.Position
	if err := c.Store.SaveThread(ctx, &t); err != nil {
		return err
	}
	i, withdrawn, err := c.withdraw(ctx, i, by.Actor())
	if err != nil {
		return err
	}
	open, err := c.Store.OpenParts(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	if i.Offered != nil {
		return c.cancel(ctx, by, i, open > 1)
	}
	i, events, err := i.Close(open > 0, by.Actor(), c.Now())
	if err != nil {
		return err
	}
	events = append(withdrawn, events...)
	if err := c.Store.SaveInteraction(ctx, &i); err != nil {
		return err
	}
	return c.Store.Append(ctx, events...)
}

// reasonEnded is why an offer is taken back when the conversation ends.
const reasonEnded = "ended"

// withdraw takes back the offer by which an agent asked another in, where there is one.
func (c *Closing) withdraw(ctx context.Context, i domain.Interaction, actor domain.Actor) (domain.Interaction, []domain.Event, error) {
	withdraw := c.Withdraw[i.State]
	if withdraw == nil || i.Offered == nil {
		return i, nil, nil
	}
	return withdraw(ctx, i, reasonEnded, actor, c.Now())
}

// cancel ends an interaction that is offered; the agent is free again.
func (c *Closing) cancel(ctx context.Context, by domain.Principal, i domain.Interaction, others bool) error {
	e, err := c.Store.LockEngagement(ctx, by.Organization, i.ID, "", *i.Offered)
	if err != nil {
		return err
	}
	e.Others = others
	e, events, err := e.Cancel(by.Actor(), c.Now())
	if err != nil {
		return err
	}
	c.Store.After(ctx, func() { c.Router.Freed(by.Organization, e.Agent.ID) })
	return c.Store.SaveEngagement(ctx, &e, events)
}

// notParty tells an agent who has no part in an interaction so.
func notParty(e domain.Engagement, err error) error {
	if domain.IsKind(err, domain.ErrorNotFound) && e.Interaction.ID != "" {
		return e.Interaction.NotParty()
	}
	return err
}

// end disconnects an agent's conversation, and tells the customer that they have left.
func (c *Closing) end(ctx context.Context, kind domain.DisconnectType, actor domain.Actor, e domain.Engagement, t domain.Thread) error {
	now := c.Now()
	q, err := c.queue(ctx, e.Participant)
	if err != nil {
		return err
	}
	var withdrawn, posted []domain.Event
	if e.Interaction, withdrawn, err = c.withdraw(ctx, e.Interaction, actor); err != nil {
		return err
	}
	if e.Others, err = c.others(ctx, e); err != nil {
		return err
	}
	e.Interaction, posted, err = c.farewell(ctx, e, q, now)
	if err != nil {
		return err
	}
	ended, events, err := e.EndAs(kind, q.ACW, actor, now)
	if err != nil {
		return err
	}
	t.Open, t.Position = nil, ended.Interaction.Position
	if err := c.Store.SaveThread(ctx, &t); err != nil {
		return err
	}
	c.Store.After(ctx, func() {
		c.Deliver()
		c.freed(e)
	})
	return c.Store.SaveEngagement(ctx, &ended, slices.Concat(withdrawn, posted, events))
}

// Disconnect ends a conversation for its agent and for the guest of their conference,
// in the transaction of ctx, as an end does.
func (c *Closing) Disconnect(ctx context.Context, actor domain.Actor, e domain.Engagement, t domain.Thread, consent *bool, rejectIfDraft bool) error {
	e, err := c.agreed(ctx, e, Ending{CustomerConsent: consent, RejectIfDraft: rejectIfDraft})
	if err != nil {
		return err
	}
	return c.end(ctx, domain.DisconnectConference, actor, e, t)
}

// farewell tells the customer of every agent who leaves with the end, a guest first.
func (c *Closing) farewell(ctx context.Context, e domain.Engagement, q domain.Queue, now time.Time) (i domain.Interaction, events []domain.Event, err error) {
	leaving := []domain.Agent{e.Agent}
	if e.HandsOver() {
		leaving = []domain.Agent{e.Other.Agent, e.Agent}
	}
	i = e.Interaction
	for _, a := range leaving {
		left := c.Say(q.Language(), domain.NoticeLeft, a.PublicName())
		next, told, posted := i.Notify(left, now)
		i, events = next, append(events, posted...)
		if len(told) == 0 {
			continue
		}
		if err := c.Store.CreateMessages(ctx, told...); err != nil {
			return i, nil, err
		}
		if err := c.Store.CreateDeliveries(ctx, domain.NewDeliveries(told, now)...); err != nil {
			return i, nil, err
		}
	}
	return i, events, nil
}

// freed says that everybody who had a conversation may have room for more.
func (c *Closing) freed(e domain.Engagement) {
	c.Router.Freed(e.Interaction.Organization, e.Agent.ID)
	if e.Other != nil {
		c.Router.Freed(e.Interaction.Organization, e.Other.Agent.ID)
	}
}

// queue gives the queue through which the agent got the interaction; a deleted one
// asks for nothing.
func (c *Closing) queue(ctx context.Context, p domain.Participant) (domain.Queue, error) {
	if p.Queue == nil {
		return domain.Queue{}, nil
	}
	q, err := c.Store.Queue(ctx, p.Organization, *p.Queue)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Queue{}, nil
	}
	return q, err
}

// others tells whether somebody still takes part in an interaction, be it to wrap up,
// besides the agents of an engagement.
func (c *Closing) others(ctx context.Context, e domain.Engagement) (bool, error) {
	open, err := c.Store.OpenParts(ctx, e.Interaction.Organization, e.Interaction.ID)
	if e.Participant.State != domain.ParticipantClosed {
		open--
	}
	if e.Other != nil && e.Other.Participant.State != domain.ParticipantClosed {
		open--
	}
	return open > 0, err
}
