package dispatch

import (
	"context"
	"errors"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// together is how many offers share a transaction: each holds its rows until all are on disk.
const together = 32

// offerAll makes the offers of decisions, many in a transaction, and names the
// agents of those that were not made because somebody held a row of theirs or
// because they hold no longer. One that fails does not take the others with it.
func (d *Dispatcher) offerAll(ctx context.Context, org domain.OrganizationID, decisions []routing.Decision) (made int, missed []domain.AgentID, err error) {
	for part := range slices.Chunk(decisions, together) {
		n, left, failed := d.offer(ctx, org, part)
		if failed != nil && n == 0 && len(part) > 1 && !domain.IsKind(failed, domain.ErrorUnavailable) {
			n, left, failed = d.offerEach(ctx, org, part)
		}
		made, missed, err = made+n, append(missed, left...), errors.Join(err, failed)
	}
	return made, missed, err
}

// offerEach makes offers one by one.
func (d *Dispatcher) offerEach(ctx context.Context, org domain.OrganizationID, decisions []routing.Decision) (made int, missed []domain.AgentID, err error) {
	for one := range slices.Chunk(decisions, 1) {
		n, left, failed := d.offer(ctx, org, one)
		made, missed, err = made+n, append(missed, left...), errors.Join(err, failed)
	}
	return made, missed, err
}

// offer alerts the agents of some decisions and reserves their capacity, all in one
// transaction, after looking again at everything that the decisions were made of,
// now under locks.
func (d *Dispatcher) offer(ctx context.Context, org domain.OrganizationID, decisions []routing.Decision) (made int, missed []domain.AgentID, err error) {
	var ids []domain.QueueID
	for _, decision := range decisions {
		ids = add(ids, decision.Queue)
	}
	queues, err := d.Store.QueuesByID(ctx, org, ids)
	if err != nil {
		return 0, nil, err
	}
	var h held
	err = d.Store.InTx(ctx, func(ctx context.Context) (err error) {
		if h, err = d.hold(ctx, org, ids, decisions); err != nil {
			return err
		}
		for _, decision := range decisions {
			h.offer(queues, decision, d)
		}
		return d.Store.CreateEngagements(ctx, h.made, h.events)
	})
	if err != nil {
		return 0, nil, err
	}
	return len(h.made), h.missed, h.failed
}

// held is what decisions are about, under locks: without what somebody else holds;
// and what became of them.
type held struct {
	interactions map[domain.InteractionID]domain.Interaction
	agents       map[domain.AgentID]domain.Agent
	rings        rings
	made         []domain.Engagement
	events       []domain.Event
	missed       []domain.AgentID
	failed       error // of what could not be offered
}

// offer makes the offer of one decision, if everything still holds.
func (h *held) offer(queues map[domain.QueueID]domain.Queue, decision routing.Decision, d *Dispatcher) {
	q, living := queues[decision.Queue]
	if !living || !h.fits(q, decision, d) {
		h.missed = append(h.missed, decision.Agent)
		return
	}
	e, events, err := d.alerted(q, h.interactions[decision.Interaction], h.agents[decision.Agent], domain.System())
	if err != nil {
		h.failed = errors.Join(h.failed, err)
		return
	}
	h.agents[decision.Agent] = e.Agent
	h.made, h.events = append(h.made, e), append(h.events, events...)
}

func (d *Dispatcher) hold(ctx context.Context, org domain.OrganizationID, queues []domain.QueueID, decisions []routing.Decision) (h held, err error) {
	var interactions []domain.InteractionID
	for _, decision := range decisions {
		interactions = append(interactions, decision.Interaction)
	}
	agents := agentsOf(decisions)
	if h.interactions, h.agents, err = d.Store.LockForOffers(ctx, org, interactions, agents); err != nil {
		return h, err
	}
	h.rings, err = d.rings(ctx, org, queues, agents)
	return h, err
}

// fits looks again at what was decided. Who declined the work cannot have done so
// meanwhile: it would have been offered.
func (h held) fits(q domain.Queue, decision routing.Decision, d *Dispatcher) bool {
	i, waits := h.interactions[decision.Interaction]
	a, free := h.agents[decision.Agent]
	if !waits || !free || i.Queue == nil || *i.Queue != q.ID {
		return false
	}
	return routing.Fits(i.Waiting(), routing.Candidate{Agent: a, Rings: h.rings[a.ID]}, q.Rules.Routing, d.Now())
}

// rings are the rings of agents in the queues that they have joined.
type rings map[domain.AgentID]map[domain.QueueID]int

func (d *Dispatcher) rings(ctx context.Context, org domain.OrganizationID, queues []domain.QueueID, agents []domain.AgentID) (rings, error) {
	members, err := d.Store.Memberships(ctx, org, queues, agents)
	found := rings{}
	for _, m := range members {
		if found[m.Agent] == nil {
			found[m.Agent] = map[domain.QueueID]int{}
		}
		found[m.Agent][m.Queue] = m.Ring
	}
	return found, err
}

// agentsOf names the agents of decisions, each once.
func agentsOf(decisions []routing.Decision) (agents []domain.AgentID) {
	for _, decision := range decisions {
		agents = add(agents, decision.Agent)
	}
	return agents
}

// queuesOf names the queues of classes, each once.
func queuesOf(classes []domain.Class) (queues []domain.QueueID) {
	for _, c := range classes {
		queues = add(queues, c.Queue)
	}
	return queues
}

// add puts an id behind others that it is not among.
func add[ID comparable](ids []ID, id ID) []ID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// alert makes an offer, and where the queue says so accepts it in the same breath.
func (d *Dispatcher) alert(ctx context.Context, q domain.Queue, i domain.Interaction, a domain.Agent, by domain.Actor) error {
	e, events, err := d.alerted(q, i, a, by)
	if err != nil {
		return err
	}
	return d.Store.CreateEngagements(ctx, []domain.Engagement{e}, events)
}

func (d *Dispatcher) alerted(q domain.Queue, i domain.Interaction, a domain.Agent, by domain.Actor) (domain.Engagement, []domain.Event, error) {
	i.Inactivity = q.Rules.Inactivity
	e, events, err := domain.Offer(i, a, q.AlertingTimeout(), d.Now())
	if err != nil {
		return e, nil, err
	}
	events[0].Actor = by
	if q.Rules.AutoAnswer.For(i.ChannelKind) {
		return e.AutoAnswer(events, d.Now())
	}
	return e, events, nil
}
