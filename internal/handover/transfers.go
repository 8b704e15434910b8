package handover

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// TransferStore is what transfers need of the database.
type TransferStore interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Keeping
	Engaging
	Queues
	Waits(ctx context.Context, q domain.Queue, n int) (bool, error)
	OpenParts(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (int, error)
	Drafts
	Ending
}

// Keeping is where transfers are kept.
type Keeping interface {
	CreateTransfer(ctx context.Context, t domain.Transfer) error
	SaveTransfer(ctx context.Context, t *domain.Transfer) error
	Transfer(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, transfer domain.TransferID) (domain.Transfer, error)
}

// Engaging is the agents' parts, and the agents, whom a transfer moves.
type Engaging interface {
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	LockAgents(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Agent, error)
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	CreateEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	SaveParticipant(ctx context.Context, p *domain.Participant) error
	SaveAgent(ctx context.Context, a *domain.Agent) error
}

// Ending is what it takes to end a conversation that nobody took over.
type Ending interface {
	Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveThread(ctx context.Context, t *domain.Thread) error
	Notices
}

// TransferRouter is told what waits, and who has room.
type TransferRouter interface {
	Router
	Queued(org domain.OrganizationID, queue domain.QueueID)
}

// Transfers passes conversations from one agent on (2.7). A customer is never left
// with nobody but by a queue's own policy, and every race has one outcome: the
// interaction's row decides who came first.
type Transfers struct {
	Store   TransferStore
	Router  TransferRouter
	Deliver func() // wakes delivery
	// Say puts a sentence into the language of a queue's customers.
	Say func(language string, s domain.Sentence, args ...any) string
	Now func() time.Time
}

// Request transfers the conversation that the caller has; with rejectIfDraft not over
// a draft that they would leave behind.
func (h *Transfers) Request(ctx context.Context, by domain.Principal, id domain.InteractionID, t domain.Transfer, rejectIfDraft bool) (domain.Transfer, error) {
	if by.Agent == "" {
		return t, domain.NoAgent()
	}
	err := h.Store.InTx(ctx, func(ctx context.Context) (err error) {
		if _, err := h.Store.LockInteraction(ctx, by.Organization, id); err != nil {
			return err
		}
		if t.Target.Type == domain.TargetQueue {
			t, err = h.toQueue(ctx, by, id, t, rejectIfDraft)
		} else {
			t, err = h.toAgent(ctx, by, id, t, rejectIfDraft)
		}
		return err
	})
	return t, err
}

// origin gives the part of the agent who asks for a transfer, and may do so.
func (h *Transfers) origin(ctx context.Context, by domain.Principal, id domain.InteractionID, rejectIfDraft bool) (domain.Engagement, domain.Queue, error) {
	e, err := h.Store.LockEngagement(ctx, by.Organization, id, by.Agent, "")
	if domain.IsKind(err, domain.ErrorNotFound) && e.Interaction.ID != "" {
		return e, domain.Queue{}, e.Interaction.NotParty()
	}
	if err != nil {
		return e, domain.Queue{}, err
	}
	if err := e.CanTransfer(); err != nil {
		return e, domain.Queue{}, err
	}
	if err := leaveDraft(ctx, h.Store, e, rejectIfDraft); err != nil {
		return e, domain.Queue{}, err
	}
	q, err := queueOf(ctx, h.Store, by.Organization, e.Participant.Queue, h.Now())
	return e, q, err
}

func (h *Transfers) toQueue(ctx context.Context, by domain.Principal, id domain.InteractionID, t domain.Transfer, rejectIfDraft bool) (domain.Transfer, error) {
	q, err := h.Store.Queue(ctx, by.Organization, domain.QueueID(t.Target.ID))
	if domain.IsKind(err, domain.ErrorNotFound) {
		err = domain.Invalid("/target/id", "queue.unknown", "There is no such queue.")
	}
	if err != nil {
		return t, err
	}
	if t.Attended() {
		return t, domain.Invalid("/mode", "transfer.attended_needs_agent", "Only a transfer to an agent can be attended; one to a queue is unattended.")
	}
	e, own, err := h.origin(ctx, by, id, rejectIfDraft)
	if err != nil {
		return t, err
	}
	now := h.Now()
	way, err := h.way(ctx, e, q, now)
	if err != nil {
		return t, err
	}
	t.ID, t.Target.Name = domain.NewID[domain.TransferID](), q.Name
	e, t, events, err := e.PassOn(t, q, own.ACW, by.Actor(), now)
	if err != nil {
		return t, err
	}
	e.Interaction, events, q = way.follow(t, e.Interaction, events, q, now)
	if e.Interaction, events, err = h.tell(ctx, e.Interaction, events, q, now); err != nil {
		return t, err
	}
	h.Store.After(ctx, func() {
		h.Router.Queued(by.Organization, q.ID)
		h.Router.Freed(by.Organization, by.Agent)
	})
	if err := h.Store.CreateTransfer(ctx, t); err != nil {
		return t, err
	}
	return t, h.Store.SaveEngagement(ctx, &e, events)
}

func (h *Transfers) toAgent(ctx context.Context, by domain.Principal, id domain.InteractionID, t domain.Transfer, rejectIfDraft bool) (domain.Transfer, error) {
	target, err := h.target(ctx, by, domain.AgentID(t.Target.ID))
	if err != nil {
		return t, err
	}
	if target.ID == by.Agent {
		return t, domain.Invalid("/target/id", "transfer.to_oneself", "An interaction cannot be transferred to the agent who has it.")
	}
	e, own, err := h.origin(ctx, by, id, rejectIfDraft)
	if err != nil {
		return t, err
	}
	if err := unavailable(e, target); err != nil {
		return t, err
	}
	q, err := queueOf(ctx, h.Store, by.Organization, e.Interaction.Queue, h.Now())
	if err != nil {
		return t, err
	}
	t.ID, t.Target.Name = domain.NewID[domain.TransferID](), target.Name
	origin, asked, t, events, err := e.HandOver(t, target, q.AlertingTimeout(), own.ACW, by.Actor(), h.Now())
	if err != nil {
		return t, err
	}
	h.Store.After(ctx, func() { h.Router.Freed(by.Organization, by.Agent) })
	if err := h.Store.CreateTransfer(ctx, t); err != nil {
		return t, err
	}
	if err := h.Store.CreateEngagement(ctx, &asked, events); err != nil {
		return t, err
	}
	return t, h.savePart(ctx, origin)
}

// target gives the agent to whom a conversation is to go, locked together with the
// one who has it.
func (h *Transfers) target(ctx context.Context, by domain.Principal, id domain.AgentID) (domain.Agent, error) {
	agents, err := h.Store.LockAgents(ctx, by.Organization, []domain.AgentID{by.Agent, id})
	for _, a := range agents {
		if a.ID == id {
			return a, err
		}
	}
	if err != nil {
		return domain.Agent{}, err
	}
	return domain.Agent{}, domain.Invalid("/target/id", "agent.unknown", "There is no such agent.")
}

// unavailable names all that speaks against offering a conversation to an agent now.
func unavailable(e domain.Engagement, target domain.Agent) error {
	against := routing.Against(e.Interaction.Waiting(), target, "/target/id")
	if len(against) == 0 {
		return nil
	}
	i := e.Interaction
	return &domain.Error{Kind: domain.ErrorConflict, Code: "transfer.target_unavailable", CurrentState: string(i.State), Fields: against,
		Detail: "The agent cannot be offered this now; errors says why.", AllowedActions: i.AllowedActions(e.Agent.ID, []domain.Participant{e.Participant})}
}

// savePart writes the part of an agent beside the one with whose engagement the
// interaction and all events were written.
func (h *Transfers) savePart(ctx context.Context, e domain.Engagement) error {
	if err := h.Store.SaveParticipant(ctx, &e.Participant); err != nil {
		return err
	}
	return h.Store.SaveAgent(ctx, &e.Agent)
}

// Cancel takes an attended transfer back, for the agent who asked for it. To cancel
// what is cancelled changes nothing.
func (h *Transfers) Cancel(ctx context.Context, by domain.Principal, id domain.InteractionID, transfer domain.TransferID) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	return h.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := h.Store.LockInteraction(ctx, by.Organization, id)
		if err != nil {
			return err
		}
		t, err := h.Store.Transfer(ctx, by.Organization, id, transfer)
		if err != nil || t.State == domain.TransferCancelled && t.Agent == by.Agent {
			return err
		}
		if err := t.MayCancel(by.Agent, i); err != nil {
			return err
		}
		asked, err := h.asked(ctx, t)
		if err != nil {
			return err
		}
		t, asked, events, err := t.Cancel(asked, by.Actor(), h.Now())
		if err != nil {
			return err
		}
		return h.save(ctx, t, asked, events)
	})
}

// asked gives the offer of a transfer that is pending.
func (h *Transfers) asked(ctx context.Context, t domain.Transfer) (domain.Engagement, error) {
	return h.Store.LockEngagement(ctx, t.Organization, t.Interaction, domain.AgentID(t.Target.ID), *t.Offer)
}

// save writes what became of a transfer. Its target may have room again.
func (h *Transfers) save(ctx context.Context, t domain.Transfer, asked domain.Engagement, events []domain.Event) error {
	h.Store.After(ctx, func() {
		h.Router.Freed(t.Organization, asked.Agent.ID)
		if i := asked.Interaction; i.State == domain.InteractionQueued && i.Queue != nil {
			h.Router.Queued(t.Organization, *i.Queue)
		}
	})
	if err := h.Store.SaveTransfer(ctx, &t); err != nil {
		return err
	}
	return h.Store.SaveEngagement(ctx, &asked, events)
}
