package dispatch

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// Assigning is how dispatch finds whom and what a caller names.
type Assigning interface {
	See(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, sight domain.Sight) error
	LockAgent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error)
}

// unqueued holds for work of no queue: the defaults of a queue that nobody made.
func unqueued(org domain.OrganizationID, d *Dispatcher) domain.Queue {
	return domain.NewQueue(org, d.Now())
}

// Assign offers waiting work to one agent past the order of the queue, also where
// it waits in none. Neither membership nor skills are asked for; presence, room and
// permission are, and an agent who cannot be asked is refused with every reason.
func (d *Dispatcher) Assign(ctx context.Context, by domain.Principal, id domain.InteractionID, agent domain.AgentID) error {
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := d.Store.LockInteraction(ctx, by.Organization, id)
		if err != nil {
			return err
		}
		if err := d.Store.See(ctx, by.Organization, id, by.Sight()); err != nil {
			return err
		}
		a, err := d.Store.LockAgent(ctx, by.Organization, agent)
		if domain.IsKind(err, domain.ErrorNotFound) {
			return domain.Invalid("/agent_id", "agent.unknown", "There is no such agent.")
		}
		if err != nil {
			return err
		}
		if _, waits := i.State.After(domain.MoveOffer); !waits {
			return domain.InvalidTransition("interaction", "an assignment", string(i.State), i.AllowedActions(by.Agent, nil))
		}
		if err := refused(i, a, by); err != nil {
			return err
		}
		q, err := d.queueOf(ctx, i)
		if err != nil {
			return err
		}
		return d.alert(ctx, q, i, a, by.Actor())
	})
}

// queueOf gives the queue of an interaction, or what holds where there is none.
func (d *Dispatcher) queueOf(ctx context.Context, i domain.Interaction) (domain.Queue, error) {
	if i.Queue == nil {
		return unqueued(i.Organization, d), nil
	}
	queues, err := d.Store.QueuesByID(ctx, i.Organization, []domain.QueueID{*i.Queue})
	if q, living := queues[*i.Queue]; living {
		return q, err
	}
	return unqueued(i.Organization, d), err
}

// refused says everything that keeps an agent from a direct offer.
func refused(i domain.Interaction, a domain.Agent, by domain.Principal) error {
	against := routing.Against(i.Waiting(), a, "/agent_id")
	if len(against) == 0 {
		return nil
	}
	return &domain.Error{Kind: domain.ErrorConflict, Code: "assign.not_possible", CurrentState: string(i.State),
		Detail: "The agent cannot be offered this now; errors says why.", Fields: against, AllowedActions: i.AllowedActions(by.Agent, nil)}
}
