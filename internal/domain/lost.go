package domain

import "time"

// AgentLost says what becomes of the conversations of an agent who is lost.
type AgentLost string

const (
	AgentLostRequeue AgentLost = "requeue" // they wait again, with their age
	AgentLostWait    AgentLost = "wait"    // they wait for the agent
)

// ReasonLost is why work left an agent who is lost.
const ReasonLost = "agent_lost"

// Grace is an organization's rule about agents of whom nothing is heard.
type Grace struct {
	Organization OrganizationID
	Period       time.Duration
	Lost         AgentLost
}

// Over tells whether an agent has been away for too long.
func (g Grace) Over(a Agent, now time.Time) bool {
	return a.SeenAt != nil && !now.Before(a.SeenAt.Add(g.Period))
}

// Lose takes an agent who is lost off the queue. It is no choice of theirs, so it
// ends no not responding (C11), and nothing brings them back but one.
func (a Agent) Lose(now time.Time) (Agent, []Event) {
	before := a
	a.SeenAt = nil
	if a.Presence != PresenceOnQueue {
		return a, nil
	}
	a.Presence, a.PresenceNote = PresenceOffline, nil
	changed := a.event(EventAgentPresenceChanged, System(), now,
		EventData{Before: string(before.Presence), After: string(a.Presence), Reason: "lost"})
	return a, append([]Event{changed}, a.statusEvents(before, System(), now, "lost")...)
}

// Lose takes back what an agent who is lost has: the offer, or the conversation,
// waits again with its age. Of a conference the other agent has it from then on. The
// agent is not punished, and does not wrap up.
func (e Engagement) Lose(now time.Time) (Engagement, []Event, error) {
	if e.Participant.Offer == OfferPending {
		return e.Rescind(ReasonLost, System(), now)
	}
	if e.HandsOver() {
		return e.parted(EventConferenceExited, PartLose, ACW{}, ReasonLost, System(), now)
	}
	return e.giveBack(PartLose, ACW{}, ReasonLost, System(), now)
}

// HandsOver tells whether somebody else goes on with the customer when this agent is lost.
func (e Engagement) HandsOver() bool {
	return e.Other != nil && e.Interaction.State == InteractionConference
}
