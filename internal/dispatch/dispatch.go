// Package dispatch brings waiting interactions and available agents together:
// it offers, takes back offers that nobody answered, and offers again. It never
// waits for a lock: what somebody else holds is tried again in milliseconds.
package dispatch

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Store is what dispatch needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	CreateEngagements(ctx context.Context, made []domain.Engagement, events []domain.Event) error
	SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error
	LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error)
	Matching
	Moving
	Assigning
	Explaining
}

// Matching is how dispatch looks for work and for agents.
type Matching interface {
	ClassesIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) ([]domain.Class, error)
	ClassesFor(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Class, error)
	WaitingIn(ctx context.Context, org domain.OrganizationID, classes []domain.Class, limit int) ([]domain.Waiting, error)
	AvailableIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Candidate, error)
	CandidatesIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agents []domain.AgentID) ([]domain.Candidate, error)
	Memberships(ctx context.Context, org domain.OrganizationID, queues []domain.QueueID, agents []domain.AgentID) ([]domain.Member, error)
	Parts(ctx context.Context, org domain.OrganizationID, ids []domain.InteractionID) (map[domain.InteractionID][]domain.Participant, error)
	LockForOffers(ctx context.Context, org domain.OrganizationID, interactions []domain.InteractionID, agents []domain.AgentID) (map[domain.InteractionID]domain.Interaction, map[domain.AgentID]domain.Agent, error)
	QueuesByID(ctx context.Context, org domain.OrganizationID, ids []domain.QueueID) (map[domain.QueueID]domain.Queue, error)
	AgentsByID(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Agent, error)
}

// Moving is how waiting work gets on without being offered.
type Moving interface {
	SpilledIn(ctx context.Context, q domain.Queue, most, limit int) ([]domain.InteractionID, error)
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	Append(ctx context.Context, events ...domain.Event) error
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
	agents map[domain.OrganizationID]map[domain.AgentID]bool
}

type place struct {
	organization domain.OrganizationID
	queue        domain.QueueID
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
		d.agents = map[domain.OrganizationID]map[domain.AgentID]bool{}
	}
	if d.agents[org] == nil {
		d.agents[org] = map[domain.AgentID]bool{}
	}
	d.agents[org][agent] = true
	d.mu.Unlock()
	d.Wake()
}

func (d *Dispatcher) take() (map[place]bool, map[domain.OrganizationID]map[domain.AgentID]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	queues, agents := d.queues, d.agents
	d.queues, d.agents = nil, nil
	return queues, agents
}

// Name names the loop.
func (d *Dispatcher) Name() string { return "dispatch" }

// RunDue makes every offer that what changed allows. Queues go before agents: a look
// at a queue sees everybody whose turn it could be, and what has just come there is
// for who has waited longest, not for who became free at the same moment. What is
// left then is for those who became free. What fails holds up nothing else.
func (d *Dispatcher) RunDue(ctx context.Context, _ time.Time) (ran int, next time.Time, err error) {
	queues, agents := d.take()
	for p := range queues {
		n, failed := d.forQueue(ctx, p)
		if ran += n; failed != nil {
			err = failed
			d.Queued(p.organization, p.queue)
		}
	}
	for org, free := range agents {
		n, failed := d.forAgents(ctx, org, slices.Sorted(maps.Keys(free)))
		if ran += n; failed != nil {
			err = failed
			for agent := range free {
				d.Freed(org, agent)
			}
		}
	}
	return ran, next, err
}
