package domain

import "time"

// OfferState is what became of an offer.
type OfferState string

const (
	OfferPending   OfferState = "pending"
	OfferAccepted  OfferState = "accepted"
	OfferDeclined  OfferState = "declined"
	OfferTimedOut  OfferState = "timed_out"
	OfferRescinded OfferState = "rescinded"
)

// ParticipantState is how far an agent's part in an interaction has come.
type ParticipantState string

const (
	ParticipantAlerting  ParticipantState = "alerting"
	ParticipantConnected ParticipantState = "connected"
	ParticipantHeld      ParticipantState = "held"
	ParticipantWrapUp    ParticipantState = "wrapup"
	ParticipantClosed    ParticipantState = "closed"
)

// OfferMove is an answer to an offer.
type OfferMove string

const (
	OfferAccept  OfferMove = "accept"
	OfferDecline OfferMove = "decline"
	OfferTimeOut OfferMove = "time_out"
	OfferRescind OfferMove = "rescind"
)

// OfferMoves lists every answer, in the order of the table.
func OfferMoves() []OfferMove {
	return []OfferMove{OfferAccept, OfferDecline, OfferTimeOut, OfferRescind}
}

// OfferStates lists every state of an offer.
func OfferStates() []OfferState {
	return []OfferState{OfferPending, OfferAccepted, OfferDeclined, OfferTimedOut, OfferRescinded}
}

// offerMoves is the state table of an offer: it is answered once.
var offerMoves = table[OfferState, OfferMove]{
	OfferPending:  {OfferAccept: OfferAccepted, OfferDecline: OfferDeclined, OfferTimeOut: OfferTimedOut, OfferRescind: OfferRescinded},
	OfferAccepted: {}, OfferDeclined: {}, OfferTimedOut: {}, OfferRescinded: {},
}

// After gives the state that an answer leads to, where the table holds it.
func (s OfferState) After(move OfferMove) (next OfferState, ok bool) {
	next, ok = offerMoves[s][move]
	return next, ok
}

// ParticipantMove is something that changes an agent's part.
type ParticipantMove string

const (
	PartJoin   ParticipantMove = "join"    // the offer was accepted
	PartMiss   ParticipantMove = "miss"    // it was declined, left unanswered or rescinded
	PartHold   ParticipantMove = "hold"    // the agent has put the interaction aside
	PartResume ParticipantMove = "resume"  // and has taken it up again
	PartLeave  ParticipantMove = "leave"   // the conversation is over for the agent, who wraps up
	PartGo     ParticipantMove = "go"      // the conversation is over for the agent, who has nothing to wrap up
	PartLose   ParticipantMove = "lose"    // the agent is lost, and the conversation is taken from them
	PartFinish ParticipantMove = "wrap_up" // the wrap-up is done or skipped
)

// ParticipantMoves lists every move of a part, in the order of the table.
func ParticipantMoves() []ParticipantMove {
	return []ParticipantMove{PartJoin, PartMiss, PartHold, PartResume, PartLeave, PartGo, PartLose, PartFinish}
}

// ParticipantStates lists every state of a part.
func ParticipantStates() []ParticipantState {
	return []ParticipantState{ParticipantAlerting, ParticipantConnected, ParticipantHeld, ParticipantWrapUp, ParticipantClosed}
}

// participantMoves is the state table of an agent's part.
var participantMoves = table[ParticipantState, ParticipantMove]{
	ParticipantAlerting:  {PartJoin: ParticipantConnected, PartMiss: ParticipantClosed},
	ParticipantConnected: {PartHold: ParticipantHeld, PartLeave: ParticipantWrapUp, PartGo: ParticipantClosed, PartLose: ParticipantClosed},
	ParticipantHeld:      {PartResume: ParticipantConnected, PartLeave: ParticipantWrapUp, PartGo: ParticipantClosed, PartLose: ParticipantClosed},
	ParticipantWrapUp:    {PartFinish: ParticipantClosed},
	ParticipantClosed:    {},
}

// After gives the state that a move leads to, where the table holds it.
func (s ParticipantState) After(move ParticipantMove) (next ParticipantState, ok bool) {
	next, ok = participantMoves[s][move]
	return next, ok
}

// Participant is one agent's part in an interaction, from the offer to the end
// of wrap-up. The offer and the participation are one thing with one id, so that
// an agent never holds one without the other.
type Participant struct {
	ID           ParticipantID
	Organization OrganizationID
	Interaction  InteractionID
	Agent        AgentID
	AgentName    string
	Purpose      Purpose  // what it was offered for
	Queue        *QueueID // through which the agent got it: wrap-up codes are this queue's
	State        ParticipantState
	Offer        OfferState
	AnsweredBy   string
	OfferedAt    time.Time
	ExpiresAt    time.Time
	JoinedAt     *time.Time
	LeftAt       *time.Time
	WrapUp       *WrapUp
	Version      int64

	WrapUpRequested bool // the agent wants after-contact work, where the queue leaves that to them
}

// actions lists what the agent's own part allows.
func (p Participant) actions() []Action {
	switch {
	case p.Offer == OfferPending:
		return []Action{ActionAccept, ActionDecline}
	case p.State == ParticipantWrapUp && (p.WrapUp == nil || p.WrapUp.State == WrapUpPending):
		return []Action{ActionWrapUp}
	}
	return nil
}

// words says in a sentence what became of an offer.
func (s OfferState) words() Phrase {
	switch s {
	case OfferAccepted:
		return "accepted"
	case OfferDeclined:
		return "declined"
	case OfferTimedOut:
		return "left unanswered until its time was over"
	}
	return "withdrawn"
}

// DueOffer names an offer whose time is over.
type DueOffer struct {
	Organization OrganizationID
	Interaction  InteractionID
	Agent        AgentID
	Participant  ParticipantID
	Purpose      Purpose
}
