// Package routing decides which agent is offered which waiting interaction. It
// is pure: the same waiting work, agents, rules and time always give the same
// decisions.
package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Rules is how each queue finds an agent.
type Rules = map[domain.QueueID]domain.Routing

// Decision pairs an interaction with the agent who is to be offered it, and says
// what made the choice among those who could.
type Decision struct {
	Interaction domain.InteractionID
	Queue       domain.QueueID
	Agent       domain.AgentID
	Reason      Reason
}

// Match pairs waiting work with agents: the most urgent work first, and for it the
// agent whose turn it is. Nobody gets more than they have room for, or work that
// anything in Judge speaks against; ties are broken by id.
func Match(waiting []domain.Waiting, agents []Candidate, rules Rules, now time.Time) []Decision {
	waiting, agents = slices.Clone(waiting), slices.Clone(agents)
	slices.SortFunc(waiting, Urgent)
	var decisions []Decision
	for _, w := range waiting {
		best, why := pick(w, agents, rules[w.Queue], now)
		if best < 0 {
			continue
		}
		decisions = append(decisions, Decision{Interaction: w.Interaction, Queue: w.Queue, Agent: agents[best].ID, Reason: why})
		agents[best].Agent = agents[best].Reserving(w.Medium)
		if !agents[best].Eligible() { // nobody asks who is full
			agents = slices.Delete(agents, best, best+1)
		}
		if len(agents) == 0 {
			break
		}
	}
	return decisions
}

// Turns orders agents, first whose turn it is where skills do not count: who has no
// work, then who has waited longest.
func Turns(a, b domain.Agent) int {
	if x, y := a.Load.Used() > 0, b.Load.Used() > 0; x != y {
		if y {
			return -1
		}
		return 1
	}
	return cmp.Or(a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.ID, b.ID))
}

// Urgent orders waiting work, the most urgent first. Work that counts priority
// alone goes before work that counts its age.
func Urgent(a, b domain.Waiting) int {
	if a.Scoring != b.Scoring {
		if a.Scoring == domain.ScoringPriority {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Interaction, b.Interaction))
}

// pick gives the index of the agent whose turn it is, or -1, and why.
func pick(w domain.Waiting, agents []Candidate, r domain.Routing, now time.Time) (best int, why Reason) {
	best, why = -1, domain.ReasonLongestIdle
	var skills []domain.SkillID
	if r.Evaluation == domain.EvaluationBest {
		if skills = r.RequiredSkills(w.Skills, w.Ring); len(skills) > 0 {
			why = domain.ReasonBestSkills
		}
	}
	for i, a := range agents {
		if !Fits(w, a, r, now) {
			continue
		}
		if Returns(w, a.ID, r) {
			return i, domain.ReasonLastAgent
		}
		if best < 0 || before(a, agents[best], skills) {
			best = i
		}
	}
	return best, why
}

// before tells whose turn it is of two: the better one's where skills count, then
// who has no work, then who has waited longest.
func before(a, b Candidate, skills []domain.SkillID) bool {
	if x, y := proficiency(a, skills), proficiency(b, skills); x != y {
		return x > y
	}
	return Turns(a.Agent, b.Agent) < 0
}

func proficiency(a Candidate, skills []domain.SkillID) (sum int) {
	for _, s := range skills {
		p, _ := a.Proficiency(s)
		sum += p
	}
	return sum
}
