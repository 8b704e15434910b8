package routing

import (
	"iter"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Candidate is an agent who may be asked.
type Candidate = domain.Candidate

// Reason says what speaks for or against an agent; each pair is one question.
type Reason = domain.RoutingReason

// Check is the answer to one question about an agent and a piece of work.
type Check struct {
	Reason  Reason
	Against bool
	Skill   domain.SkillID // that is held or missing
}

// Judge asks everything that decides whether an agent may be offered a piece of
// work now, in the order in which a supervisor would look (2.4). Match makes its
// decisions of the same answers.
func Judge(w domain.Waiting, a Candidate, r domain.Routing, now time.Time) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		_ = member(w, a, r, yield) && Person(w, a.Agent, yield) && declined(w, a, r, now, yield) && skilled(w, a, r, yield)
	}
}

// ask answers one question, and tells whether there are to be more.
func ask(yield func(Check) bool, holds bool, pro, con Reason) bool {
	if holds {
		return yield(Check{Reason: pro})
	}
	return yield(Check{Reason: con, Against: true})
}

// member asks whether the agent works for the queue, and whether its ring is reached.
func member(w domain.Waiting, a Candidate, r domain.Routing, yield func(Check) bool) bool {
	ring, joined := a.Rings[w.Queue]
	return ask(yield, joined, domain.ReasonJoined, domain.ReasonNotJoined) &&
		(!joined || ask(yield, r.Reaches(w.Ring, ring), domain.ReasonRingReached, domain.ReasonRingNotReached))
}

// Person asks what has to do with the agent alone: what holds for a direct offer, too.
func Person(w domain.Waiting, a domain.Agent, yield func(Check) bool) bool {
	return ask(yield, a.May(domain.ScopeAccept), domain.ReasonPermissionHeld, domain.ReasonPermissionMissing) &&
		ask(yield, a.Limits.Allows(w.Channel), domain.ReasonChannelInProfile, domain.ReasonChannelNotInProfile) &&
		ask(yield, a.Presence == domain.PresenceOnQueue, domain.ReasonOnQueue, domain.ReasonNotOnQueue) &&
		ask(yield, !a.NotResponding, domain.ReasonResponding, domain.ReasonNotResponding) &&
		ask(yield, a.Free(w.Medium) > 0, domain.ReasonCapacityFree, domain.ReasonNoCapacity) &&
		ask(yield, a.InterruptibleBy(w.Medium), domain.ReasonInterruptible, domain.ReasonNotInterruptible)
}

// Against names all that speaks against offering a piece of work to an agent directly,
// as errors about one part of a request.
func Against(w domain.Waiting, a domain.Agent, pointer string) []domain.FieldError {
	var against []domain.FieldError
	Person(w, a, func(c Check) bool {
		if c.Against {
			against = append(against, domain.FieldError{Pointer: pointer, Code: string(c.Reason),
				Detail: "What speaks against the agent: %s.", Args: []any{domain.Word(c.Reason)}})
		}
		return true
	})
	return against
}

// declined asks whether the agent gave the work back a moment ago.
func declined(w domain.Waiting, a Candidate, r domain.Routing, now time.Time, yield func(Check) bool) bool {
	last, did := w.Declined[a.ID]
	if !did || now.Sub(last) >= time.Duration(r.ExcludeDeclinersSeconds)*time.Second {
		return true
	}
	return yield(Check{Reason: domain.ReasonExcludedDecliner, Against: true})
}

// skilled asks for every skill that the work needs by now.
func skilled(w domain.Waiting, a Candidate, r domain.Routing, yield func(Check) bool) bool {
	for _, skill := range r.RequiredSkills(w.Skills, w.Ring) {
		check := Check{Reason: domain.ReasonSkillHeld, Skill: skill}
		if _, has := a.Proficiency(skill); !has {
			check.Reason, check.Against = domain.ReasonSkillMissing, true
		}
		if !yield(check) {
			return false
		}
	}
	return true
}

// Fits tells whether nothing speaks against an agent.
func Fits(w domain.Waiting, a Candidate, r domain.Routing, now time.Time) bool {
	for check := range Judge(w, a, r, now) {
		if check.Against {
			return false
		}
	}
	return true
}

// Returns tells whether work is to be offered to this agent before all others:
// who had the thread's last conversation, if the customer came back in time.
func Returns(w domain.Waiting, agent domain.AgentID, r domain.Routing) bool {
	window := time.Duration(r.Affinity.WindowMinutes) * time.Minute
	return r.Affinity.Enabled && w.LastAgent == agent && agent != "" && w.EnqueuedAt.Sub(w.LastEnded) <= window
}
