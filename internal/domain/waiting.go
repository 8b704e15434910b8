package domain

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Waiting is a queued interaction as routing sees it. A smaller Score goes first.
type Waiting struct {
	Interaction InteractionID
	Queue       QueueID
	Channel     ChannelKind
	Medium      Medium
	Class       ClassName
	Scoring     ScoringMethod
	Score       int64
	Skills      []SkillID // that it asks for besides its queue's
	Ring        int
	EnqueuedAt  time.Time
	Previous    *InteractionID

	LastAgent AgentID // who had the thread's last conversation
	LastEnded time.Time
	Declined  map[AgentID]time.Time // when each agent last declined or missed it
}

// Waiting is the interaction as routing sees it.
func (i Interaction) Waiting() Waiting {
	w := Waiting{Interaction: i.ID, Channel: i.ChannelKind, Medium: i.Medium(), Scoring: i.Scoring, Score: i.Score(), Skills: i.Skills, Ring: i.Ring,
		EnqueuedAt: i.EnqueuedAt, Previous: i.Previous, Class: i.Class()}
	if i.Queue != nil {
		w.Queue = *i.Queue
	}
	if i.Transfer != nil { // it was handed on: who had the thread before counts no longer
		w.Previous = nil
	}
	return w
}

// Enter puts an interaction that waits under the rules of its queue: it gets the
// queue's priority, and begins at the first ring.
func (i Interaction) Enter(q Queue, now time.Time) Interaction {
	i.Queue, i.Priority, i.Scoring, i.RequeueCount, i.Ring = &q.ID, q.Rules.Priority, q.Rules.Routing.Method, 0, 1
	i.RingDueAt = q.Rules.Routing.widening(1, now)
	return i
}

// Overflow hands an interaction that waits to another queue. Its age goes along.
func (i Interaction) Overflow(q Queue, reason string, now time.Time) (Interaction, Event) {
	i = i.Enter(q, now)
	e := i.emit(EventInteractionQueued, System(), now, EventData{After: string(i.State), Reason: reason})
	return i, e
}

// widening is when a ring that was reached at a time widens; nil where it is the last.
func (r Routing) widening(ring int, reached time.Time) *time.Time {
	if ring > len(r.Rings) || ring >= MaxRings {
		return nil
	}
	at := reached.Add(r.Rings[ring-1].Expansion())
	return &at
}

// Widen lets an interaction reach the next ring of its queue, once its time has
// come. The ring's time runs on while the interaction is offered.
func (i Interaction) Widen(r Routing, now time.Time) (Interaction, []Event) {
	if i.State != InteractionQueued || i.RingDueAt == nil || now.Before(*i.RingDueAt) {
		return i, nil
	}
	reached := *i.RingDueAt
	if i.RingDueAt = r.widening(i.Ring, reached); i.RingDueAt == nil {
		return i, nil // the queue has fewer rings by now
	}
	before := strconv.Itoa(i.Ring)
	i.Ring++
	i.RingDueAt = r.widening(i.Ring, reached)
	return i, []Event{i.emit(EventInteractionRingReached, System(), now, EventData{Before: before, After: strconv.Itoa(i.Ring)})}
}

// Reject ends an interaction that nobody is to get.
func (i Interaction) Reject(now time.Time) (Interaction, []Event, error) {
	i, events, err := i.Close(false, System(), now)
	if err != nil {
		return i, nil, err
	}
	kind := DisconnectSystem
	i.DisconnectType, events[0].Data.Reason = &kind, string(kind)
	return i, events, nil
}

// AutoAnswer accepts an offer in the agent's name as it is made (B06). The desk
// plays a short alert.
func (e Engagement) AutoAnswer(offered []Event, now time.Time) (Engagement, []Event, error) {
	e, accepted, err := e.Accept(System(), now)
	if err != nil {
		return e, nil, err
	}
	e.Participant.AnsweredBy, accepted[0].Data.AnsweredBy = answeredAuto, answeredAuto
	offered[0].Data.Alert, accepted[0].Data.Alert = alertShort, alertShort
	return e, append(offered, accepted...), nil
}

// How an offer that is accepted by itself is told of.
const (
	answeredAuto = "auto"
	alertShort   = "audible_short"
)

// Candidate is an agent who may be asked, with the ring of each queue in which
// the agent is a joined member.
type Candidate struct {
	Agent
	Rings map[QueueID]int
}

// ClassName says what the work of one class has in common.
type ClassName string

// Class is a sort of waiting work: all of a queue's that the same agents can
// take. Head is the most urgent of it, as far as the class itself tells.
type Class struct {
	Queue QueueID
	Name  ClassName
	Head  Waiting
	Vague bool // it was queued by a version that knew no classes
}

// Class names the sort of work that an interaction is: what the work of one class has in common.
func (i Interaction) Class() ClassName {
	skills := make([]string, len(i.Skills))
	for n, s := range i.Skills {
		skills[n] = string(s)
	}
	slices.Sort(skills)
	return ClassName(strings.Join(append([]string{string(i.Scoring), string(i.ChannelKind), string(i.Origin), strconv.Itoa(i.Ring)}, skills...), " "))
}

// ClassOf reads a class by its name.
func ClassOf(queue QueueID, name ClassName, head InteractionID, score int64) Class {
	c := Class{Queue: queue, Name: name, Head: Waiting{Interaction: head, Queue: queue, Class: name, Score: score}}
	parts := strings.Split(string(name), " ")
	if len(parts) < 4 {
		c.Vague = true
		return c
	}
	ring, err := strconv.Atoi(parts[3])
	kind, origin := ChannelKind(parts[1]), Origin(parts[2])
	c.Vague = err != nil
	c.Head.Scoring, c.Head.Channel, c.Head.Medium, c.Head.Ring = ScoringMethod(parts[0]), kind, MediumOf(kind, origin), ring
	for _, s := range parts[4:] {
		c.Head.Skills = append(c.Head.Skills, SkillID(s))
	}
	return c
}

// DueRing names an interaction whose ring is due to widen.
type DueRing struct {
	Organization OrganizationID
	Interaction  InteractionID
}

// Remember fills in what routing has to know of who had the work before: of the
// thread's last conversation, and of offers of this one that came to nothing.
func (w Waiting) Remember(previous, own []Participant) Waiting {
	for _, p := range previous {
		if p.JoinedAt != nil && p.LeftAt != nil && !p.LeftAt.Before(w.LastEnded) {
			w.LastAgent, w.LastEnded = p.Agent, *p.LeftAt
		}
	}
	w.Declined = map[AgentID]time.Time{}
	for _, p := range own {
		if (p.Offer == OfferDeclined || p.Offer == OfferTimedOut) && p.LeftAt != nil && p.LeftAt.After(w.Declined[p.Agent]) {
			w.Declined[p.Agent] = *p.LeftAt
		}
	}
	return w
}
