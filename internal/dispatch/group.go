package dispatch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// group is agents who are looked at together, with what they may be offered.
type group struct {
	organization domain.OrganizationID
	agents       []routing.Candidate
	rules        routing.Rules
	waiting      []domain.Waiting
	room         int   // of all together
	taken        []int // from how many classes each agent may be offered something
}

// forAgents offers agents the most urgent work of all their queues, some of them
// at a time: those whose turn it is go first.
func (d *Dispatcher) forAgents(ctx context.Context, org domain.OrganizationID, ids []domain.AgentID) (made int, err error) {
	agents, err := d.Store.AgentsByID(ctx, org, ids)
	if err != nil {
		return 0, err
	}
	agents = slices.DeleteFunc(agents, func(a domain.Agent) bool { return !a.Eligible() })
	slices.SortFunc(agents, routing.Turns)
	for some := range slices.Chunk(agents, batch) {
		n, failed := d.forGroup(ctx, newGroup(org, some))
		made, err = made+n, errors.Join(err, failed)
	}
	return made, err
}

func newGroup(org domain.OrganizationID, agents []domain.Agent) *group {
	g := &group{organization: org, rules: routing.Rules{}, taken: make([]int, len(agents))}
	for _, a := range agents {
		g.agents = append(g.agents, routing.Candidate{Agent: a, Rings: map[domain.QueueID]int{}})
		if g.room += a.Free(domain.MediumMessage); !a.Limits.Shared {
			g.room += a.Free(domain.MediumSocial)
		}
	}
	return g
}

// ids names the agents.
func (g *group) ids() []domain.AgentID {
	ids := make([]domain.AgentID, len(g.agents))
	for n, a := range g.agents {
		ids[n] = a.ID
	}
	return ids
}

func (d *Dispatcher) forGroup(ctx context.Context, g *group) (int, error) {
	classes, err := d.Store.ClassesFor(ctx, g.organization, g.ids())
	if err != nil || len(classes) == 0 {
		return 0, err
	}
	if err := d.gather(ctx, g, classes); err != nil {
		return 0, err
	}
	made, missed, err := d.offerAll(ctx, g.organization, routing.Match(g.waiting, g.agents, g.rules, d.Now()))
	if len(missed) > 0 { // somebody held a row
		time.AfterFunc(again, func() {
			for _, agent := range missed {
				d.Freed(g.organization, agent)
			}
		})
	}
	return made, err
}

// gather reads the most urgent work that the agents of a group can take: for each of
// them of as many classes as all together have room for, since the best of all waits
// at the heads of these, whatever the others get.
func (d *Dispatcher) gather(ctx context.Context, g *group, classes []domain.Class) error {
	slices.SortFunc(classes, func(a, b domain.Class) int { return routing.Urgent(a.Head, b.Head) })
	for part := range slices.Chunk(classes, batch) {
		if err := d.learn(ctx, g, part); err != nil {
			return err
		}
		wanted := slices.DeleteFunc(slices.Clone(part), func(class domain.Class) bool { return !g.wants(class, d.Now()) })
		work, err := d.work(ctx, g.organization, wanted, g.rules, max(batch, g.room))
		if err != nil {
			return err
		}
		g.take(work, d.Now())
		if !slices.ContainsFunc(g.taken, func(n int) bool { return n < g.room }) {
			return nil
		}
	}
	return nil
}

// learn reads the rules of the queues of some classes, and the agents' rings in each.
func (d *Dispatcher) learn(ctx context.Context, g *group, classes []domain.Class) error {
	unknown := slices.DeleteFunc(queuesOf(classes), func(q domain.QueueID) bool { _, known := g.rules[q]; return known })
	queues, err := d.Store.QueuesByID(ctx, g.organization, unknown)
	if err != nil {
		return err
	}
	for id, q := range queues {
		g.rules[id] = q.Rules.Routing
	}
	found, err := d.rings(ctx, g.organization, unknown, g.ids())
	for _, a := range g.agents {
		for q, ring := range found[a.ID] {
			a.Rings[q] = ring
		}
	}
	return err
}

// wants tells whether work of a class may be for an agent of the group.
func (g *group) wants(class domain.Class, now time.Time) bool {
	r, living := g.rules[class.Queue]
	if !living {
		return false
	}
	for n, a := range g.agents {
		if g.taken[n] < g.room && (class.Vague || routing.Fits(class.Head, a, r, now)) {
			return true
		}
	}
	return false
}

// sort is what class of which queue a piece of work is of.
type sort struct {
	queue domain.QueueID
	class domain.ClassName
}

// take adds the most urgent work of some classes.
func (g *group) take(work []domain.Waiting, now time.Time) {
	g.waiting = append(g.waiting, work...)
	for n, a := range g.agents {
		fitting := map[sort]bool{}
		for _, w := range work {
			s := sort{w.Queue, w.Class}
			fitting[s] = fitting[s] || routing.Fits(w, a, g.rules[w.Queue], now)
		}
		for _, fits := range fitting {
			if fits {
				g.taken[n]++
			}
		}
	}
}
