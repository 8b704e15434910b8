package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Losing is what it takes of the database to take an agent's work back.
type Losing interface {
	Organization(ctx context.Context, org domain.OrganizationID) (domain.Organization, error)
	LockAgents(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Agent, error)
	Engaged(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) ([]domain.Participant, error)
}

// Withdrawal takes back the offer by which one agent asked another in, in the
// transaction of ctx, because the conversation goes back to its queue. The interaction is locked, and
// the caller's to save.
type Withdrawal func(ctx context.Context, i domain.Interaction, reason string, actor domain.Actor, now time.Time) (domain.Interaction, []domain.Event, error)

// Loss takes back the work of agents who are lost: who log out, or of whom nothing is heard.
type Loss struct {
	Store interface {
		Store
		Losing
	}
	Router Router
	// Invitations decide about offers that no queue made.
	Invitations map[domain.Purpose]Invitation
	// Withdraw takes back, in the transaction of ctx, the offer by which an agent who is lost asked another in.
	Withdraw map[domain.InteractionState]Withdrawal
}

// errMoved says that the agent got work, or lost some, while it was locked: it is to
// be tried again, in a new transaction.
var errMoved = errors.New("the agent's work has changed")

// lock locks an agent, and before them the interactions that they are offered or have.
func (l *Loss) lock(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (a domain.Agent, parts []domain.Participant, err error) {
	before, err := l.Store.Engaged(ctx, org, agent)
	if err != nil {
		return a, nil, err
	}
	party, err := l.party(ctx, agent, before)
	if err != nil {
		return a, nil, err
	}
	if _, err := l.Store.LockAgents(ctx, org, party); err != nil {
		return a, nil, err
	}
	if a, err = l.Store.LockAgent(ctx, org, agent); err != nil {
		return a, nil, err
	}
	parts, err = l.Store.Engaged(ctx, org, agent)
	if err == nil && !slices.EqualFunc(before, parts, func(a, b domain.Participant) bool { return a.ID == b.ID }) {
		err = errMoved
	}
	return a, parts, err
}

// party locks the interactions of an agent, and names the agent and those with whom they share one.
func (l *Loss) party(ctx context.Context, agent domain.AgentID, parts []domain.Participant) ([]domain.AgentID, error) {
	party := []domain.AgentID{agent}
	for _, p := range parts { // all of them before the agents
		i, err := l.Store.LockInteraction(ctx, p.Organization, p.Interaction)
		if err != nil {
			return nil, err
		}
		if c := i.Conference; c.Open() {
			party = append(party, c.Initiator, c.Guest)
		}
	}
	return party, nil
}

// takeBack lets the agent's offers wait again, and their conversations where the
// organization wants it.
func (l *Loss) takeBack(ctx context.Context, rule domain.AgentLost, parts []domain.Participant, now time.Time) error {
	for _, p := range parts {
		e, err := l.Store.LockEngagement(ctx, p.Organization, p.Interaction, p.Agent, p.ID)
		if err != nil {
			return err
		}
		purpose := e.Participant.Purpose
		switch {
		case e.HandsOver():
			purpose = domain.PurposeConference
		case p.Offer != domain.OfferPending && rule == domain.AgentLostWait:
			continue
		}
		if e.Invited() || e.HandsOver() {
			err = l.Invitations[purpose].Lost(ctx, e, now)
		} else {
			err = l.requeue(ctx, e, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// requeue lets one conversation or offer of the agent's wait again.
func (l *Loss) requeue(ctx context.Context, e domain.Engagement, now time.Time) error {
	e, events, err := l.takeAway(ctx, e, now)
	if err != nil {
		return err
	}
	if q := e.Interaction.Queue; q != nil {
		l.Store.After(ctx, func() { l.Router.Queued(e.Interaction.Organization, *q) })
	}
	return l.Store.SaveEngagement(ctx, &e, events)
}

// takeAway takes one conversation or offer back, and with it the offer by which the
// agent asked another in.
func (l *Loss) takeAway(ctx context.Context, e domain.Engagement, now time.Time) (domain.Engagement, []domain.Event, error) {
	var withdrawn []domain.Event
	withdraw := l.Withdraw[e.Interaction.State]
	if withdraw != nil && e.Interaction.Offered != nil {
		i, events, err := withdraw(ctx, e.Interaction, domain.ReasonLost, domain.System(), now)
		if err != nil {
			return e, nil, err
		}
		e.Interaction, withdrawn = i, events
	}
	e, events, err := e.Lose(now)
	return e, append(withdrawn, events...), err
}
