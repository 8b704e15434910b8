package domain

import (
	"slices"
	"time"
)

// ScoringMethod says what makes waiting work more urgent than other work.
type ScoringMethod string

const (
	// ScoringConversation counts the minutes of waiting and adds the priority.
	ScoringConversation ScoringMethod = "conversation_score"
	// ScoringPriority counts the priority alone; age decides between equals.
	ScoringPriority ScoringMethod = "priority_score"
)

// Step is how many milliseconds of waiting a point of priority is worth: a
// minute, or more than any two moments of this century are apart.
func (m ScoringMethod) Step() int64 {
	if m == ScoringPriority {
		return 10_000_000_000_000
	}
	return time.Minute.Milliseconds()
}

// SkillEvaluation says how a queue looks at skills.
type SkillEvaluation string

const (
	// EvaluationNone asks whoever has waited longest, whatever they can do.
	EvaluationNone SkillEvaluation = "none"
	// EvaluationBest asks the best of those who have every skill.
	EvaluationBest SkillEvaluation = "best"
	// EvaluationAll asks whoever has waited longest of those who have every skill.
	EvaluationAll SkillEvaluation = "all"
)

// MaxRings bounds the rings of a queue; a member may be in any of them.
const MaxRings = 6

// Ring is one step of bullseye routing: how long it asks its members alone, and
// which skills are given up when it widens.
type Ring struct {
	ExpansionTimeoutSeconds float64
	SkillsToRemove          []SkillID
}

// Expansion is how long the ring is kept to itself.
func (r Ring) Expansion() time.Duration {
	return time.Duration(r.ExpansionTimeoutSeconds * float64(time.Second)).Round(time.Millisecond)
}

// Affinity asks the agent of the thread's last conversation before all others.
type Affinity struct {
	Enabled       bool
	WindowMinutes int // how long an ended conversation counts
}

// AffinityWindow is how many minutes an ended conversation counts, unless the
// queue says less: three days, the most there is.
const AffinityWindow = 4320

// Routing is how a queue finds an agent.
type Routing struct {
	Method                  ScoringMethod
	Evaluation              SkillEvaluation
	Skills                  []SkillID // that all work of the queue asks for
	Rings                   []Ring    // none: every member is asked at once
	Affinity                Affinity
	ExcludeDeclinersSeconds int  // how long who declined is passed over for the same work
	MaxRequeues             *int // how often work comes back before it goes to the overflow queue
}

// RequiredSkills lists what work of the queue asks for once it has reached a ring:
// the queue's skills and the work's own, without those that were given up.
func (r Routing) RequiredSkills(own []SkillID, ring int) []SkillID {
	if r.Evaluation == EvaluationNone {
		return nil
	}
	var skills []SkillID
	for _, s := range slices.Concat(r.Skills, own) {
		if !slices.Contains(skills, s) && !r.removed(s, ring) {
			skills = append(skills, s)
		}
	}
	slices.Sort(skills)
	return skills
}

// removed tells whether a skill was given up on the way to a ring.
func (r Routing) removed(s SkillID, ring int) bool {
	left := r.Rings[:min(len(r.Rings), max(0, ring-1))]
	return slices.ContainsFunc(left, func(r Ring) bool { return slices.Contains(r.SkillsToRemove, s) })
}

// Reaches tells whether work that has reached a ring is for members of another.
func (r Routing) Reaches(reached, member int) bool {
	return len(r.Rings) == 0 || member <= reached
}

// AutoAnswer says whether offers are accepted in the agent's name (B06): for a
// kind of channel what stands under it, or else what stands for all.
type AutoAnswer struct {
	Always bool
	Kinds  map[ChannelKind]bool
}

// For tells whether an offer of this kind of channel is accepted at once.
func (a AutoAnswer) For(kind ChannelKind) bool {
	if answer, set := a.Kinds[kind]; set {
		return answer
	}
	return a.Always
}

// ServiceLevel is what a queue promises: which part of its work is accepted
// within how many seconds.
type ServiceLevel struct {
	Percentage float64
	Seconds    int
}

// Rules is what holds for the work of a queue besides the offer itself.
type Rules struct {
	AutoAnswer    AutoAnswer
	Routing       Routing
	Priority      int // that work gets when it enters
	ServiceLevel  ServiceLevel
	Hours         *BusinessHours
	MaxWaiting    *int // how many wait before more goes to the overflow queue
	ReplyLanguage *string
	Inactivity    *Inactivity // nil: nothing ends by itself
	ConferenceEnd ConferenceOutcome
	CardData      CardData // in replies; empty of a queue that was kept before there was a choice: masked
	NoAnswer      NoAnswer // empty drops, too

	RequireEndConsent bool      // an agent ends a conversation only if they say that the customer agrees
	Libraries         Libraries // of canned responses
}

// DefaultRules are those of a queue that says nothing of its own.
func DefaultRules() Rules {
	return Rules{NoAnswer: NoAnswerDrop, AutoAnswer: AutoAnswer{Kinds: map[ChannelKind]bool{}}, ServiceLevel: ServiceLevel{Percentage: 0.8, Seconds: 20}, ConferenceEnd: ConferenceDisconnects, CardData: CardMask,
		Routing: Routing{Method: ScoringConversation, Evaluation: EvaluationAll, Skills: []SkillID{}, Rings: []Ring{},
			Affinity: Affinity{WindowMinutes: AffinityWindow}}, Libraries: Libraries{Mode: LibrariesAll, IDs: []LibraryID{}}}
}

// Language is that in which the system speaks to the queue's customers; empty where it
// does not say.
func (q Queue) Language() string {
	if q.Rules.ReplyLanguage == nil {
		return ""
	}
	return *q.Rules.ReplyLanguage
}

// WithoutSkill gives the queue as it routes when there is no such skill any more.
func (q Queue) WithoutSkill(skill SkillID) Queue {
	gone := func(s SkillID) bool { return s == skill }
	r := &q.Rules.Routing
	r.Skills, r.Rings = slices.DeleteFunc(slices.Clone(r.Skills), gone), slices.Clone(r.Rings)
	for n := range r.Rings {
		r.Rings[n].SkillsToRemove = slices.DeleteFunc(slices.Clone(r.Rings[n].SkillsToRemove), gone)
	}
	return q
}
