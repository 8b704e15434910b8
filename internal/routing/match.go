// Package routing decides which agent is offered which waiting interaction. It
// is pure: the same waiting work, agents and time always give the same decisions.
package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Available is an agent who may be offered work: on queue, responding, allowed
// to accept, and with Free places left.
type Available struct {
	Agent     domain.AgentID
	Queues    []domain.QueueID // in which the agent is a joined member
	Free      int
	Busy      bool // already has work
	IdleSince time.Time
}

// Decision pairs an interaction with the agent who is to be offered it.
type Decision struct {
	Interaction domain.InteractionID
	Agent       domain.AgentID
}

// Match pairs waiting work with agents: the best waiting interaction first, and
// for it the agent who has waited longest. An agent without work goes before one
// who has some; ties are broken by id. No agent gets more than their free places.
func Match(waiting []domain.Waiting, agents []Available) []Decision {
	waiting, agents = slices.Clone(waiting), slices.Clone(agents)
	slices.SortFunc(waiting, func(a, b domain.Waiting) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Interaction, b.Interaction))
	})
	var decisions []Decision
	for _, w := range waiting {
		best := pick(w.Queue, agents)
		if best < 0 {
			continue
		}
		decisions = append(decisions, Decision{Interaction: w.Interaction, Agent: agents[best].Agent})
		agents[best].Free--
		agents[best].Busy = true
	}
	return decisions
}

// pick gives the index of the agent whose turn it is in a queue, or -1.
func pick(queue domain.QueueID, agents []Available) int {
	best := -1
	for i, a := range agents {
		if a.Free <= 0 || !slices.Contains(a.Queues, queue) {
			continue
		}
		if best < 0 || before(a, agents[best]) {
			best = i
		}
	}
	return best
}

func before(a, b Available) bool {
	if a.Busy != b.Busy {
		return !a.Busy
	}
	return cmp.Or(a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.Agent, b.Agent)) < 0
}
