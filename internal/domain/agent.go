package domain

import (
	"slices"
	"time"
)

// Presence is what an agent says of themselves.
type Presence string

const (
	PresenceOnQueue     Presence = "on_queue"
	PresenceAvailable   Presence = "available"
	PresenceAway        Presence = "away"
	PresenceBusy        Presence = "busy"
	PresenceBreak       Presence = "break"
	PresenceMeal        Presence = "meal"
	PresenceMeeting     Presence = "meeting"
	PresenceTraining    Presence = "training"
	PresenceOutOfOffice Presence = "out_of_office"
	PresenceOffline     Presence = "offline"
)

// Presences lists every presence that an agent can choose.
func Presences() []Presence {
	return []Presence{PresenceOnQueue, PresenceAvailable, PresenceAway, PresenceBusy, PresenceBreak,
		PresenceMeal, PresenceMeeting, PresenceTraining, PresenceOutOfOffice, PresenceOffline}
}

// RoutingStatus is what the system says of an agent; nobody sets it directly.
type RoutingStatus string

const (
	RoutingOffQueue      RoutingStatus = "off_queue"
	RoutingIdle          RoutingStatus = "idle"
	RoutingInteracting   RoutingStatus = "interacting"
	RoutingNotResponding RoutingStatus = "not_responding"
)

// RoutingStatuses lists every routing status.
func RoutingStatuses() []RoutingStatus {
	return []RoutingStatus{RoutingOffQueue, RoutingIdle, RoutingInteracting, RoutingNotResponding}
}

// Agent is a person who answers customers. All changes of an agent's load are
// serialised by the agent's row.
type Agent struct {
	ID            AgentID
	Organization  OrganizationID
	Name          string
	ExternalID    *string
	DisplayName   *string // what customers see
	Email         *string
	Subject       *string // what outside token issuers call the agent
	Skills        []AgentSkill
	Profile       *ProfileID // whose limits are kept beside it
	Limits        Limits
	Scopes        []Scope // what routing may offer the agent; a token has its own
	Presence      Presence
	PresenceNote  *string
	NotResponding bool
	Load          Load
	IdleSince     time.Time  // since when the agent has waited for work
	SeenAt        *time.Time // when they were last known to be there; nil where nobody waits for a sign of them
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// PublicName is what a customer may read: the display name, or the name.
func (a Agent) PublicName() string {
	if a.DisplayName != nil {
		return *a.DisplayName
	}
	return a.Name
}

// RoutingStatus follows from presence, load and the last offer's fate.
func (a Agent) RoutingStatus() RoutingStatus {
	switch {
	case a.NotResponding:
		return RoutingNotResponding
	case a.Presence != PresenceOnQueue:
		return RoutingOffQueue
	case a.Load.Connected+a.Load.WrapUp > 0:
		return RoutingInteracting
	}
	return RoutingIdle
}

// AllowedPresences lists what the agent may choose next: from not responding,
// to be available for work again or to leave the queue (C09).
func (a Agent) AllowedPresences() []Presence {
	if a.NotResponding {
		return []Presence{PresenceOnQueue, PresenceAvailable}
	}
	return Presences()
}

// Ready tells whether the agent takes work at all: on queue, responding, and
// allowed to accept.
func (a Agent) Ready() bool {
	return a.Presence == PresenceOnQueue && !a.NotResponding && a.May(ScopeAccept)
}

// May tells whether routing may count on a scope of the agent.
func (a Agent) May(scope Scope) bool { return slices.Contains(a.Scopes, scope) }

// Eligible tells whether routing may offer the agent one more conversation of
// some medium now; Takes says of which.
func (a Agent) Eligible() bool {
	return a.Ready() && slices.ContainsFunc(Media(), func(m Medium) bool { return a.Free(m) > 0 && a.InterruptibleBy(m) })
}

// SetPresence records the agent's choice. Every explicit choice, also of the
// same value, ends not responding; nothing automatic ever does (C11).
func (a Agent) SetPresence(p Presence, note *string, actor Actor, now time.Time) (Agent, []Event) {
	before := a
	waiting := before.Presence == PresenceOnQueue && !before.NotResponding
	a.Presence, a.PresenceNote, a.NotResponding = p, note, false
	if p == PresenceOnQueue {
		a.SeenAt = &now
	}
	if !waiting {
		a.IdleSince = now
	}
	events := []Event{a.event(EventAgentPresenceChanged, actor, now, EventData{Before: string(before.Presence), After: string(p)})}
	return a, append(events, a.statusEvents(before, actor, now, "presence")...)
}

// reserve takes capacity for an offer.
func (a Agent) reserve(m Medium, now time.Time) (Agent, []Event) {
	before := a
	a = a.Reserving(m)
	return a, a.statusEvents(before, System(), now, "offer")
}

// answer turns a reservation into a conversation.
func (a Agent) answer(actor Actor, now time.Time) (Agent, []Event) {
	before := a
	a.Load.Alerting--
	a.Load.Connected++
	return a, a.statusEvents(before, actor, now, "accepted")
}

// miss gives a reservation back, and marks the agent where the offer was left
// or declined. It was the agent's turn; now it is the others'.
func (a Agent) miss(m Medium, notResponding bool, actor Actor, now time.Time, reason string) (Agent, []Event) {
	before := a
	a.Load.Alerting--
	a.Load.count(m, -1)
	a.NotResponding = a.NotResponding || notResponding
	a.IdleSince = now
	return a, a.statusEvents(before, actor, now, reason)
}

// spare gives a reservation back of which the agent was relieved: they wait on
// from where they were.
func (a Agent) spare(m Medium, actor Actor, now time.Time, reason string) (Agent, []Event) {
	since := a.IdleSince
	a, events := a.miss(m, false, actor, now, reason)
	a.IdleSince = since
	return a, events
}

// finish ends a conversation; wrap-up may go on holding the capacity.
func (a Agent) finish(m Medium, wrapUpHolds bool, actor Actor, now time.Time) (Agent, []Event) {
	before := a
	a.Load.Connected--
	if wrapUpHolds {
		a.Load.WrapUp++
	} else {
		a.Load.count(m, -1)
	}
	a.IdleSince = now
	return a, a.statusEvents(before, actor, now, "ended")
}

// wrapped ends after-contact work that held capacity.
func (a Agent) wrapped(m Medium, actor Actor, now time.Time) (Agent, []Event) {
	before := a
	a.Load.WrapUp--
	a.Load.count(m, -1)
	a.IdleSince = now
	return a, a.statusEvents(before, actor, now, "wrapped_up")
}

// statusEvents tells of a changed routing status and of changed capacity.
func (a Agent) statusEvents(before Agent, actor Actor, now time.Time, reason string) []Event {
	var events []Event
	if was, is := before.RoutingStatus(), a.RoutingStatus(); was != is {
		data := EventData{Before: string(was), After: string(is), Reason: reason}
		if is == RoutingNotResponding {
			for _, p := range a.AllowedPresences() {
				data.Allowed = append(data.Allowed, string(p))
			}
		}
		events = append(events, a.event(EventAgentRoutingStatus, actor, now, data))
	}
	if used := a.Load.Used(); used != before.Load.Used() {
		events = append(events, a.event(EventAgentCapacityChanged, actor, now, EventData{Used: &used, Reason: reason}))
	}
	return events
}

func (a Agent) event(t EventType, actor Actor, now time.Time, data EventData) Event {
	return Event{ID: NewID[EventID](), Organization: a.Organization, Type: t, Time: now,
		Subject: string(a.ID), Agent: a.ID, Actor: actor, Data: data}
}

// NewAgent gives an agent who is offline and may do all that a desk does.
func NewAgent(org OrganizationID, name string, now time.Time) Agent {
	return Agent{ID: NewID[AgentID](), Organization: org, Name: name, Scopes: DeskScopes(), Presence: PresenceOffline,
		Skills: []AgentSkill{}, Limits: DefaultLimits(), IdleSince: now, Version: 1, CreatedAt: now, UpdatedAt: now}
}
