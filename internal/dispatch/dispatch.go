// Package dispatch brings waiting interactions and available agents together:
// it offers, takes back offers that nobody answered, and offers again. It never
// waits for a lock: what somebody else holds is tried again in milliseconds.
package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// Store is what dispatch needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	Append(ctx context.Context, events ...domain.Event) error
	CreateEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	Matching
}

// Matching is how dispatch looks for work and for agents.
type Matching interface {
	WaitingIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Waiting, error)
	AvailableIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Agent, error)
	QueuesOf(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) ([]domain.QueueID, error)
	IsMember(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agent domain.AgentID) (bool, error)
	LockForOffer(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (domain.Interaction, domain.Agent, bool, error)
	Queue(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.Queue, error)
	Agent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error)
}

// Dispatcher offers waiting work. It is told what changed (Queued, Freed), and
// looks at everything that waits now and then, so that nothing is forgotten when
// a node ends between a commit and its offer.
type Dispatcher struct {
	Store Store
	Wake  func()
	Now   func() time.Time

	mu     sync.Mutex
	queues map[place]bool
	agents map[person]bool
}

type place struct {
	organization domain.OrganizationID
	queue        domain.QueueID
}

type person struct {
	organization domain.OrganizationID
	agent        domain.AgentID
}

// batch is how many heads of a queue, and how many agents, one look takes in.
const batch = 16

// again is how soon a row that somebody else held is tried again.
const again = 5 * time.Millisecond

// Queued says that something waits in a queue.
func (d *Dispatcher) Queued(org domain.OrganizationID, queue domain.QueueID) {
	d.mu.Lock()
	if d.queues == nil {
		d.queues = map[place]bool{}
	}
	d.queues[place{org, queue}] = true
	d.mu.Unlock()
	d.Wake()
}

// Freed says that an agent may have room for more work.
func (d *Dispatcher) Freed(org domain.OrganizationID, agent domain.AgentID) {
	d.mu.Lock()
	if d.agents == nil {
		d.agents = map[person]bool{}
	}
	d.agents[person{org, agent}] = true
	d.mu.Unlock()
	d.Wake()
}

func (d *Dispatcher) take() (map[place]bool, map[person]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	queues, agents := d.queues, d.agents
	d.queues, d.agents = nil, nil
	return queues, agents
}

// Name names the loop.
func (d *Dispatcher) Name() string { return "dispatch" }

// RunDue makes every offer that what changed allows: first for agents who became
// free, so that they get the best work across all their queues, then for queues.
func (d *Dispatcher) RunDue(ctx context.Context, _ time.Time) (ran int, next time.Time, err error) {
	queues, agents := d.take()
	for p := range agents {
		n, e := d.forAgent(ctx, p)
		ran += n
		if e != nil {
			err = e
			d.Freed(p.organization, p.agent)
		}
	}
	for p := range queues {
		n, e := d.forQueue(ctx, p)
		ran += n
		if e != nil {
			err = e
			d.Queued(p.organization, p.queue)
		}
	}
	return ran, next, err
}

// forAgent offers one agent the best that waits in all their queues.
func (d *Dispatcher) forAgent(ctx context.Context, p person) (int, error) {
	a, err := d.Store.Agent(ctx, p.organization, p.agent)
	if err != nil || !a.Eligible() {
		return 0, ignoreMissing(err)
	}
	queues, err := d.Store.QueuesOf(ctx, p.organization, p.agent)
	if err != nil {
		return 0, err
	}
	var waiting []domain.Waiting
	for _, q := range queues {
		heads, err := d.Store.WaitingIn(ctx, p.organization, q, domain.MessageCapacity)
		if err != nil {
			return 0, err
		}
		waiting = append(waiting, heads...)
	}
	decisions := routing.Match(waiting, []routing.Available{available(a, queues)})
	made, err := d.offerAll(ctx, p.organization, decisions, waiting)
	if err == nil && made < len(decisions) {
		time.AfterFunc(again, func() { d.Freed(p.organization, p.agent) }) // somebody held a row
	}
	return made, err
}

// forQueue offers the heads of one queue to the agents whose turn it is.
func (d *Dispatcher) forQueue(ctx context.Context, p place) (int, error) {
	total := 0
	for {
		waiting, err := d.Store.WaitingIn(ctx, p.organization, p.queue, batch)
		if err != nil || len(waiting) == 0 {
			return total, err
		}
		agents, err := d.Store.AvailableIn(ctx, p.organization, p.queue, batch)
		if err != nil || len(agents) == 0 {
			return total, err
		}
		var free []routing.Available
		for _, a := range agents {
			if a.Eligible() {
				free = append(free, available(a, []domain.QueueID{p.queue}))
			}
		}
		decisions := routing.Match(waiting, free)
		if len(decisions) == 0 {
			return total, nil
		}
		made, err := d.offerAll(ctx, p.organization, decisions, waiting)
		total += made
		if err != nil || made == 0 {
			if err == nil { // somebody held every row
				time.AfterFunc(again, func() { d.Queued(p.organization, p.queue) })
			}
			return total, err
		}
	}
}

func available(a domain.Agent, queues []domain.QueueID) routing.Available {
	return routing.Available{Agent: a.ID, Queues: queues, Free: a.Free(domain.MediumMessage), Busy: a.Load.Used() > 0, IdleSince: a.IdleSince}
}

func ignoreMissing(err error) error {
	if domain.IsKind(err, domain.ErrorNotFound) {
		return nil
	}
	return err
}

// offerAll makes the offers of decisions, each in a transaction of its own.
func (d *Dispatcher) offerAll(ctx context.Context, org domain.OrganizationID, decisions []routing.Decision, waiting []domain.Waiting) (made int, err error) {
	queueOf := map[domain.InteractionID]domain.QueueID{}
	for _, w := range waiting {
		queueOf[w.Interaction] = w.Queue
	}
	for _, decision := range decisions {
		ok, err := d.offer(ctx, org, decision, queueOf[decision.Interaction])
		if err != nil {
			return made, err
		}
		if ok {
			made++
		}
	}
	return made, nil
}

// offer alerts the agent and reserves their capacity, after looking again at
// everything that the decision was made of, now under locks.
func (d *Dispatcher) offer(ctx context.Context, org domain.OrganizationID, decision routing.Decision, queue domain.QueueID) (made bool, err error) {
	q, err := d.Store.Queue(ctx, org, queue)
	if err != nil {
		return false, ignoreMissing(err)
	}
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		made = false
		i, a, found, err := d.Store.LockForOffer(ctx, org, decision.Interaction, decision.Agent)
		if err != nil || !found || i.Queue == nil || *i.Queue != queue || !a.Eligible() {
			return err
		}
		member, err := d.Store.IsMember(ctx, org, queue, a.ID)
		if err != nil || !member {
			return err
		}
		i.Inactivity = q.Rules.Inactivity
		e, events, err := domain.Offer(i, a, q.AlertingTimeout(), d.Now())
		if err != nil {
			return err
		}
		made = true
		return d.Store.CreateEngagement(ctx, &e, events)
	})
	return made && err == nil, err
}
