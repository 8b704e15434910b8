package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// office is a situation: few queues, skills, scores and times, so that ties are common.
type office struct {
	waiting []domain.Waiting
	agents  []routing.Candidate
	rules   routing.Rules
}

func ids(t *rapid.T, label string, from []domain.SkillID) []domain.SkillID {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, len(from), rapid.ID).Draw(t, label)
}

func draw(t *rapid.T) office {
	queues, skills := []domain.QueueID{"q", "r"}, []domain.SkillID{"x", "y"}
	kinds := []domain.ChannelKind{domain.ChannelMessenger, "x_post"}
	o := office{rules: routing.Rules{}}
	for _, q := range queues {
		r := domain.DefaultRules().Routing
		r.Method = rapid.SampledFrom([]domain.ScoringMethod{domain.ScoringConversation, domain.ScoringPriority}).Draw(t, "method")
		r.Evaluation = rapid.SampledFrom([]domain.SkillEvaluation{domain.EvaluationNone, domain.EvaluationBest, domain.EvaluationAll}).Draw(t, "evaluation")
		r.Skills = ids(t, "queue's skills", skills)
		if rapid.Bool().Draw(t, "rings") {
			r.Rings = []domain.Ring{{ExpansionTimeoutSeconds: 1, SkillsToRemove: ids(t, "removed", skills)}, {ExpansionTimeoutSeconds: 1}}
		}
		r.Affinity.Enabled, r.ExcludeDeclinersSeconds = rapid.Bool().Draw(t, "affinity"), rapid.IntRange(0, 2).Draw(t, "exclude")
		o.rules[q] = r
	}
	for n := range rapid.IntRange(0, 6).Draw(t, "agents") {
		a := agent(fmt.Sprint("a", n), time.Duration(rapid.IntRange(0, 2).Draw(t, "idle")))
		a.Limits = domain.Limits{Shared: rapid.Bool().Draw(t, "shared"), Message: rapid.IntRange(0, 3).Draw(t, "message"), Social: rapid.IntRange(0, 2).Draw(t, "social"),
			MessageBySocial: rapid.Bool().Draw(t, "beside messages"), SocialByMessage: rapid.Bool().Draw(t, "beside social")}
		if rapid.IntRange(0, 3).Draw(t, "limited") == 0 {
			a.Limits.Channels = kinds[:1]
		}
		a.Load.Connected = rapid.IntRange(0, 1).Draw(t, "load")
		a.NotResponding = rapid.IntRange(0, 4).Draw(t, "not responding") == 0
		if rapid.IntRange(0, 4).Draw(t, "off queue") == 0 {
			a.Presence = domain.PresenceAway
		}
		if rapid.IntRange(0, 4).Draw(t, "no permission") == 0 {
			a.Scopes = nil
		}
		for _, s := range ids(t, "skills", skills) {
			a.Skills = append(a.Skills, domain.AgentSkill{Skill: s, Proficiency: rapid.IntRange(0, 2).Draw(t, "proficiency")})
		}
		for _, q := range queues {
			if ring := rapid.IntRange(0, 3).Draw(t, "ring"); ring > 0 {
				a.Rings[q] = ring
			}
		}
		o.agents = append(o.agents, a)
	}
	for n := range rapid.IntRange(0, 8).Draw(t, "waiting") {
		q, kind := rapid.SampledFrom(queues).Draw(t, "queue"), rapid.SampledFrom(kinds).Draw(t, "kind")
		w := domain.Waiting{Interaction: domain.InteractionID(fmt.Sprint("i", n)), Queue: q, Channel: kind, Medium: domain.MediumOf(kind, domain.OriginMessage),
			Scoring: o.rules[q].Method, Score: rapid.Int64Range(0, 2).Draw(t, "score"), Skills: ids(t, "own skills", skills),
			Ring: rapid.IntRange(1, 3).Draw(t, "reached"), EnqueuedAt: at, Declined: map[domain.AgentID]time.Time{}}
		if rapid.Bool().Draw(t, "returns") {
			w.LastAgent, w.LastEnded = "a1", at.Add(-time.Duration(rapid.SampledFrom([]int{1, 80}).Draw(t, "hours ago"))*time.Hour)
		}
		if rapid.Bool().Draw(t, "declined") {
			w.Declined["a0"] = at.Add(-time.Second)
		}
		o.waiting = append(o.waiting, w)
	}
	return o
}

func (o office) match() []routing.Decision {
	return routing.Match(o.waiting, o.agents, o.rules, at)
}

// TestMatchHoldsItsRules replays the decisions of any situation against the rules,
// one by one, in other words than the code has for them.
func TestMatchHoldsItsRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := draw(t)
		decisions := o.match()
		other := office{rapid.Permutation(o.waiting).Draw(t, "other order"), rapid.Permutation(o.agents).Draw(t, "other agents"), o.rules}
		if again := other.match(); !slices.Equal(again, decisions) {
			t.Fatalf("%v, and in another order %v", decisions, again)
		}
		o.replay(t, decisions)
	})
}

func (o office) replay(t *rapid.T, decisions []routing.Decision) {
	left := slices.Clone(o.waiting)
	agents := slices.Clone(o.agents)
	for _, d := range decisions {
		w := slices.IndexFunc(left, func(w domain.Waiting) bool { return w.Interaction == d.Interaction })
		a := slices.IndexFunc(agents, func(a routing.Candidate) bool { return a.ID == d.Agent })
		if w < 0 || a < 0 || left[w].Queue != d.Queue {
			t.Fatalf("%v: offered twice, to nobody, or from another queue", d)
		}
		if fault := o.forbidden(left[w], agents[a]); fault != "" {
			t.Fatalf("%v: %s", d, fault)
		}
		for _, better := range left {
			if moreUrgent(better, left[w]) && slices.ContainsFunc(agents, func(a routing.Candidate) bool { return o.forbidden(better, a) == "" }) {
				t.Fatalf("%v: %s is more urgent, and was possible", d, better.Interaction)
			}
		}
		o.turn(t, d, left[w], agents, a)
		if left[w].Medium == domain.MediumSocial {
			agents[a].Load.Social++
		}
		agents[a].Load.Alerting++
		left = slices.Delete(left, w, w+1)
	}
	for _, w := range left {
		for _, a := range agents {
			if o.forbidden(w, a) == "" {
				t.Fatalf("%s waits, and %s could have it", w.Interaction, a.ID)
			}
		}
	}
}

// forbidden says what would be wrong with an offer.
func (o office) forbidden(w domain.Waiting, a routing.Candidate) string {
	r, ring := o.rules[w.Queue], a.Rings[w.Queue]
	social := w.Medium == domain.MediumSocial
	used, most := a.Load.Alerting+a.Load.Connected-a.Load.Social, a.Limits.Message
	beside := a.Limits.SocialByMessage || a.Load.Social == 0
	if social {
		used, most, beside = a.Load.Social, a.Limits.Social, a.Limits.MessageBySocial || a.Load.Alerting+a.Load.Connected-a.Load.Social == 0
	}
	if a.Limits.Shared {
		used, most = a.Load.Alerting+a.Load.Connected, a.Limits.Message
	}
	switch {
	case ring == 0:
		return "no member"
	case len(r.Rings) > 0 && ring > w.Ring:
		return "the ring is not reached"
	case a.Presence != domain.PresenceOnQueue || a.NotResponding || len(a.Scopes) == 0:
		return "not available"
	case a.Limits.Channels != nil && social:
		return "the channel is not in the profile"
	case used >= most || !beside:
		return "no room"
	case w.Declined[a.ID] == at.Add(-time.Second) && r.ExcludeDeclinersSeconds > 1:
		return "declined a moment ago"
	case r.Evaluation != domain.EvaluationNone && !o.able(w, a):
		return "a skill is missing"
	}
	return ""
}

func (o office) able(w domain.Waiting, a routing.Candidate) bool {
	r := o.rules[w.Queue]
	for _, s := range append(slices.Clone(r.Skills), w.Skills...) {
		given := w.Ring > 1 && len(r.Rings) > 0 && slices.Contains(r.Rings[0].SkillsToRemove, s)
		if !given && !slices.ContainsFunc(a.Skills, func(have domain.AgentSkill) bool { return have.Skill == s }) {
			return false
		}
	}
	return true
}

func moreUrgent(a, b domain.Waiting) bool {
	if a.Scoring != b.Scoring {
		return a.Scoring == domain.ScoringPriority
	}
	return a.Score < b.Score || a.Score == b.Score && a.Interaction < b.Interaction
}

// turn fails where it was somebody else's: the last agent's in time, or that of
// one who has waited longer where skills do not decide.
func (o office) turn(t *rapid.T, d routing.Decision, w domain.Waiting, agents []routing.Candidate, chosen int) {
	r := o.rules[w.Queue]
	returns := func(a routing.Candidate) bool {
		return r.Affinity.Enabled && a.ID == w.LastAgent && w.LastEnded.Add(72*time.Hour).After(at)
	}
	for _, a := range agents {
		switch {
		case o.forbidden(w, a) != "" || a.ID == d.Agent:
		case returns(a):
			t.Fatalf("%v: the last agent, %s, was to be asked", d, a.ID)
		case returns(agents[chosen]) || r.Evaluation == domain.EvaluationBest:
		case a.Load.Used() == 0 && agents[chosen].Load.Used() > 0,
			(a.Load.Used() == 0) == (agents[chosen].Load.Used() == 0) && a.IdleSince.Before(agents[chosen].IdleSince):
			t.Fatalf("%v: it was the turn of %s", d, a.ID)
		}
	}
}

// FuzzMatch lets the fuzzer choose situations.
func FuzzMatch(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		o := draw(t)
		o.replay(t, o.match())
	}))
}
