package domain

import "time"

// ConferenceState is how far a conference has come.
type ConferenceState string

const (
	ConferenceRequested ConferenceState = "requested"
	ConferenceActive    ConferenceState = "active"
	ConferenceFailed    ConferenceState = "failed"
	ConferenceCancelled ConferenceState = "cancelled"
	ConferenceEnded     ConferenceState = "ended"
)

// ConferenceStates lists every state of a conference.
func ConferenceStates() []ConferenceState {
	return []ConferenceState{ConferenceRequested, ConferenceActive, ConferenceFailed, ConferenceCancelled, ConferenceEnded}
}

// ConferenceMove is something that changes a conference.
type ConferenceMove string

const (
	ConferenceJoin   ConferenceMove = "join"   // the other agent has accepted
	ConferenceFail   ConferenceMove = "fail"   // has declined, not answered, or cannot any more
	ConferenceCancel ConferenceMove = "cancel" // who asked has taken it back, or the conversation is over
	ConferenceEnd    ConferenceMove = "end"    // one of the two has left
)

// ConferenceMoves lists every move, in the order of the table.
func ConferenceMoves() []ConferenceMove {
	return []ConferenceMove{ConferenceJoin, ConferenceFail, ConferenceCancel, ConferenceEnd}
}

// conferenceMoves is the state table of a conference.
var conferenceMoves = table[ConferenceState, ConferenceMove]{
	ConferenceRequested: {ConferenceJoin: ConferenceActive, ConferenceFail: ConferenceFailed, ConferenceCancel: ConferenceCancelled},
	ConferenceActive:    {ConferenceEnd: ConferenceEnded},
	ConferenceFailed:    {}, ConferenceCancelled: {}, ConferenceEnded: {},
}

// After gives the state that a move leads to, where the table holds it.
func (s ConferenceState) After(move ConferenceMove) (next ConferenceState, ok bool) {
	next, ok = conferenceMoves[s][move]
	return next, ok
}

// ConferenceOutcome says what becomes of a conversation whose initiator ends the conference.
type ConferenceOutcome string

const (
	// ConferenceDisconnects ends the conversation for everybody; both agents wrap up.
	ConferenceDisconnects ConferenceOutcome = "disconnect"
	// ConferenceGoesBack lets the initiator go on alone with the customer.
	ConferenceGoesBack ConferenceOutcome = "back_to_one_to_one"
)

// Conference is a second agent in a conversation: the guest, whom the one who has
// it has asked in (C30). There is never a third. An interaction keeps its latest.
type Conference struct {
	State         ConferenceState
	Initiator     AgentID // who has the conversation
	InitiatorPart ParticipantID
	Guest         AgentID
	GuestPart     ParticipantID // which began as the offer to them
	RequestedAt   time.Time
	StartedAt     *time.Time
	EndedAt       *time.Time
}

// Open tells whether the conference is asked for or held.
func (c *Conference) Open() bool { return c != nil && len(conferenceMoves[c.State]) > 0 }

// Holds tells whether an agent is the guest of a conference that is held.
func (c *Conference) Holds(agent AgentID) bool {
	return c != nil && c.State == ConferenceActive && c.Guest == agent
}

// other names the second part of a conference, seen from the first.
func (c *Conference) other(part ParticipantID) (ParticipantID, bool) {
	switch {
	case !c.Open():
		return "", false
	case c.InitiatorPart == part:
		return c.GuestPart, true
	case c.GuestPart == part:
		return c.InitiatorPart, true
	}
	return "", false
}

// after gives the conference as a move leaves it.
func (c Conference) after(move ConferenceMove, now time.Time) (*Conference, bool) {
	next, ok := c.State.After(move)
	if c.State = next; next == ConferenceActive {
		c.StartedAt = &now
	} else {
		c.EndedAt = &now
	}
	return &c, ok
}

// Opposite names the other part of an open conference in which this part takes part.
func (i Interaction) Opposite(part ParticipantID) (ParticipantID, bool) {
	return i.Conference.other(part)
}

// confer moves the conference of an interaction and tells of it. subject is the part
// whose coming or going it is about; stays is the part that has the conversation
// afterwards, empty where nobody has.
func (i *Interaction) confer(move ConferenceMove, what EventType, subject, stays ParticipantID, reason string, actor Actor, now time.Time) Event {
	before := i.Conference.State
	i.Conference, _ = i.Conference.after(move, now)
	return i.emitFor(what, string(subject), actor, now, EventData{Before: string(before), After: string(i.Conference.State), Reason: reason, ParticipantID: string(stays)})
}

// Seat is an agent with their part in an interaction.
type Seat struct {
	Participant Participant
	Agent       Agent
}

// swapped is the engagement as the other agent sees it.
func (e Engagement) swapped() Engagement {
	mine := Seat{Participant: e.Participant, Agent: e.Agent}
	e.Participant, e.Agent, e.Other = e.Other.Participant, e.Other.Agent, &mine
	return e
}

// host tells whether the conversation is this agent's own: who asked for a conference is,
// its guest is not.
func (e Engagement) host() bool { return e.Interaction.Conference.InitiatorPart == e.Participant.ID }

// Confer asks another agent into the conversation of the one who has it: they are
// alerted past the order of any queue, but not past their room or their permission.
// What it gives is the guest's engagement.
func (e Engagement) Confer(guest Agent, timeout time.Duration, actor Actor, now time.Time) (Engagement, []Event, error) {
	if err := e.mayConfer(guest); err != nil {
		return Engagement{}, nil, err
	}
	g, events, err := e.Interaction.Invite(MoveConference, PurposeConference, guest, timeout, actor, now)
	if err != nil {
		return Engagement{}, nil, err
	}
	i, p := &g.Interaction, g.Participant.ID
	i.Conference = &Conference{State: ConferenceRequested, Initiator: e.Participant.Agent, InitiatorPart: e.Participant.ID, Guest: guest.ID, GuestPart: p, RequestedAt: now}
	requested := i.emitFor(EventConferenceRequested, string(p), actor, now, EventData{After: string(ConferenceRequested), ParticipantID: string(e.Participant.ID)})
	return g, append(events, requested), nil
}

// mayConfer says why the agent may not ask this other one.
func (e Engagement) mayConfer(guest Agent) error {
	i, me := e.Interaction, e.Participant.Agent
	_, ok := i.State.After(MoveConference)
	switch {
	case i.Conference.Open() && i.Conference.State == ConferenceActive:
		return e.atOdds("conference.full", "A conference has two agents, and never a third.")
	case i.Conference.Open():
		return e.atOdds("conference.in_progress", "Another agent has been asked in and has not answered yet.")
	case !ok:
		return e.refuse("a conference")
	case me == guest.ID:
		return Invalid("/agent_id", "conference.to_oneself", "An agent cannot ask themselves into a conversation.")
	case i.ownedBy(me) != nil:
		return i.ownedBy(me)
	case !guest.Takes(i.ChannelKind, i.Medium()):
		return e.atOdds("conference.target_unavailable", "The agent cannot be asked in now; errors says why.")
	}
	return nil
}

// atOdds is a conflict with what the caller can do instead.
func (e Engagement) atOdds(code string, detail Sentence) *Error {
	i := e.Interaction
	return &Error{Kind: ErrorConflict, Code: code, Detail: detail, CurrentState: string(i.State), AllowedActions: i.AllowedActions(e.Participant.Agent, []Participant{e.Participant})}
}

// join lets the guest into the conversation (C32). A host who had put it aside takes it up with that.
func (e Engagement) join(next InteractionState, actor Actor, now time.Time) (Engagement, []Event, error) {
	accepted, status, err := e.take(actor, now)
	if err != nil {
		return e, nil, err
	}
	events := []Event{accepted}
	if e.Other.Participant.State == ParticipantHeld {
		host, resumed, err := e.swapped().Resume(actor, now)
		if err != nil {
			return e, nil, err
		}
		e, events = host.swapped(), append(events, resumed...)
	}
	e.Interaction.State = next
	started := e.Interaction.confer(ConferenceJoin, EventConferenceStarted, e.Participant.ID, e.Other.Participant.ID, "", actor, now)
	return e, append(append(events, started), status...), nil
}

// uninvited ends the request of a conference: the host has the conversation as
// before, and the customer has seen nothing.
func (e Engagement) uninvited(answer OfferMove, move ConferenceMove, told EventType, notResponding bool, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	i, host := &e.Interaction, e.Other.Participant
	back := MoveRequeue
	if host.State == ParticipantHeld {
		back = MoveRequeueHeld
	}
	next, ok := i.State.After(back)
	if !ok {
		return e, nil, e.refuse("an answer to the offer")
	}
	over, status, err := e.pass(answer, notResponding, reason, actor, now)
	if err != nil {
		return e, nil, err
	}
	i.State = next
	ended := i.confer(move, told, e.Participant.ID, host.ID, string(e.Participant.Offer), actor, now)
	return e, append([]Event{over, ended}, status...), nil
}

// CancelConference takes the request of a conference back; the other agent is not
// punished. Of this and their answer, what comes first holds.
func (e Engagement) CancelConference(actor Actor, now time.Time) (Engagement, []Event, error) {
	c := e.Interaction.Conference
	switch {
	case c == nil || c.InitiatorPart != e.Participant.ID && c.GuestPart != e.Participant.ID:
		return e, nil, e.refuse("a cancellation of a conference")
	case !e.host():
		return e, nil, e.notInitiator()
	case c.State != ConferenceRequested || e.Other == nil:
		lost := e.atOdds("conference.not_pending", "The request can no longer be taken back: the conference is %s.")
		lost.Args, lost.Outcome = []any{Word(c.State)}, string(c.State)
		return e, nil, lost
	}
	e, events, err := e.swapped().uninvited(OfferRescind, ConferenceCancel, EventConferenceCancelled, false, string(ConferenceCancelled), actor, now)
	return e.swapped(), events, err
}

// notInitiator refuses what only the agent may do who has asked for the conference (C35).
func (e Engagement) notInitiator() *Error {
	return &Error{Kind: ErrorForbidden, Code: "conference.not_initiator", Detail: "Only the agent who asked for the conference can do that; exit leaves it."}
}

// ExitConference lets the guest leave; the customer and the initiator go on alone (C36).
func (e Engagement) ExitConference(acw ACW, actor Actor, now time.Time) (Engagement, []Event, error) {
	if e.Other == nil || e.Interaction.Conference.State != ConferenceActive {
		return e, nil, e.refuse("an exit from a conference")
	}
	if e.host() {
		return e, nil, e.atOdds("conference.initiator_cannot_exit", "The agent who asked for the conference cannot leave it, only end it.")
	}
	return e.parted(EventConferenceExited, e.leaving(acw), acw, "", actor, now)
}

// DismissGuest ends the conference for its initiator, who goes on alone with the
// customer. What it gives is the guest's engagement.
func (e Engagement) DismissGuest(acw ACW, actor Actor, now time.Time) (Engagement, []Event, error) {
	if err := e.MayEndConference(); err != nil {
		return e, nil, err
	}
	g := e.swapped()
	return g.parted(EventConferenceEnded, g.leaving(acw), acw, "", actor, now)
}

// Cancelled tells whether this agent has taken their request back already.
func (e Engagement) Cancelled() bool {
	c := e.Interaction.Conference
	return c != nil && c.State == ConferenceCancelled && c.InitiatorPart == e.Participant.ID && e.Interaction.Open()
}

// HasExited tells whether this agent was the guest of the last conference, and has left.
func (e Engagement) HasExited() bool {
	c := e.Interaction.Conference
	return c != nil && c.State == ConferenceEnded && c.GuestPart == e.Participant.ID && e.Participant.LeftAt != nil
}

// HasEnded tells whether this agent's conference is over, and with it what its end is to
// bring: the conversation too, or nothing but the conference.
func (e Engagement) HasEnded(outcome ConferenceOutcome) bool {
	i := e.Interaction
	c := i.Conference
	over := c != nil && c.State == ConferenceEnded && c.InitiatorPart == e.Participant.ID
	return over && (outcome == ConferenceGoesBack || i.DisconnectType != nil && *i.DisconnectType == DisconnectConference)
}

// MayEndConference refuses everybody but the initiator of a conference that is held (C35).
func (e Engagement) MayEndConference() error {
	if e.Other == nil || e.Interaction.Conference.State != ConferenceActive {
		return e.refuse("an end of a conference")
	}
	if !e.host() {
		return e.notInitiator()
	}
	return nil
}

// parted takes this agent out of a conference; the other has the conversation afterwards.
func (e Engagement) parted(what EventType, move ParticipantMove, acw ACW, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(MoveConferenceExit)
	part, may := e.Participant.State.After(move)
	if !ok || !may {
		return e, nil, e.refuse("an exit from a conference")
	}
	i.State, i.Owner = next, &e.Other.Agent.ID
	events := []Event{i.confer(ConferenceEnd, what, e.Participant.ID, e.Other.Participant.ID, reason, actor, now)}
	return e, append(events, e.leave(part, acw, actor, now)...), nil
}

// alone takes the other agent out of a conversation that is about to leave the one who
// has it: an offer is rescinded, a guest wraps up. Nothing of it can be refused.
func (e Engagement) alone(acw ACW, reason string, actor Actor, now time.Time) (Engagement, []Event) {
	if e.Other == nil {
		return e, nil
	}
	g := e.swapped()
	var events []Event
	if i := &g.Interaction; i.Conference.State == ConferenceRequested {
		over, status, _ := g.pass(OfferRescind, false, reason, actor, now)
		events = append([]Event{over, i.confer(ConferenceCancel, EventConferenceCancelled, g.Participant.ID, "", reason, actor, now)}, status...)
	} else {
		part, _ := g.Participant.State.After(g.leaving(acw))
		events = []Event{i.confer(ConferenceEnd, EventConferenceEnded, g.Participant.ID, "", reason, actor, now)}
		events = append(events, g.leave(part, acw, actor, now)...)
	}
	return g.swapped(), events
}
