package domain

import (
	"slices"
	"time"
)

// InteractionMove is something that changes an interaction.
type InteractionMove string

const (
	MoveOffer   InteractionMove = "offer"
	MoveAccept  InteractionMove = "accept"
	MoveRequeue InteractionMove = "requeue" // the offer came to nothing: to the queue, or to who has it
	MoveReply   InteractionMove = "reply"
	MoveHold    InteractionMove = "hold"
	MoveResume  InteractionMove = "resume"
	MoveRecord  InteractionMove = "record"
	MoveRelease InteractionMove = "release" // from its agent back to its queue
	MoveEnd     InteractionMove = "end"
	MoveClose   InteractionMove = "close"  // the end of one that no agent has
	MoveCancel  InteractionMove = "cancel" // the end of one that is only offered

	MoveConference     InteractionMove = "conference"      // a second agent is asked in
	MoveRequeueHeld    InteractionMove = "requeue_held"    // they do not come, and the agent has put it aside
	MoveConferenceExit InteractionMove = "conference_exit" // one of two agents leaves

	MovePass     InteractionMove = "pass on"   // a transfer to a queue
	MoveTransfer InteractionMove = "transfer"  // to an agent, who is asked
	MoveTakeOver InteractionMove = "take over" // the agent who was asked has it
	MoveKeep     InteractionMove = "keep"      // who had it has it still
	MoveFallBack InteractionMove = "fall back" // nobody has it: it waits again
	MoveDrop     InteractionMove = "drop"      // nobody has it: it ends

	MoveAnswer   InteractionMove = "answer"    // a bot says something
	MoveHandOver InteractionMove = "hand over" // from a bot to the queue
)

// InteractionMoves lists every move, in the order in which they are documented.
func InteractionMoves() []InteractionMove {
	return []InteractionMove{MoveOffer, MoveAccept, MoveRequeue, MoveReply, MoveHold, MoveResume, MoveRecord,
		MoveRelease, MoveEnd, MoveClose, MoveCancel, MoveConference, MoveRequeueHeld, MoveConferenceExit,
		MovePass, MoveTransfer, MoveTakeOver, MoveKeep, MoveFallBack, MoveDrop, MoveAnswer, MoveHandOver}
}

// InteractionStates lists every state of this round.
func InteractionStates() []InteractionState {
	return []InteractionState{InteractionBot, InteractionQueued, InteractionAlerting, InteractionConnected, InteractionHeld, InteractionTransferring, InteractionConferenceRequested, InteractionConference, InteractionDisconnected}
}

// table is a state table: the moves that each state allows, and where each
// leads. What it does not hold is refused.
type table[S, M ~string] map[S]map[M]S

// interactionMoves is the state table of an interaction; what it does not hold
// is refused with state.invalid_transition. A state that is to come is one more
// row here: what asks it, asks the table.
var interactionMoves = table[InteractionState, InteractionMove]{
	InteractionBot:      {MoveAnswer: InteractionBot, MoveHandOver: InteractionQueued, MoveClose: InteractionDisconnected},
	InteractionQueued:   {MoveOffer: InteractionAlerting, MoveClose: InteractionDisconnected},
	InteractionAlerting: {MoveAccept: InteractionConnected, MoveRequeue: InteractionQueued, MoveCancel: InteractionDisconnected},
	InteractionConnected: {MoveReply: InteractionConnected, MoveHold: InteractionHeld, MoveRecord: InteractionConnected,
		MoveConference: InteractionConferenceRequested, MoveRelease: InteractionQueued, MoveEnd: InteractionDisconnected,
		MovePass: InteractionQueued, MoveTransfer: InteractionTransferring},
	InteractionHeld: {MoveReply: InteractionHeld, MoveResume: InteractionConnected, MoveRecord: InteractionHeld,
		MoveRelease: InteractionQueued, MoveEnd: InteractionDisconnected, MovePass: InteractionQueued, MoveTransfer: InteractionTransferring},
	InteractionConferenceRequested: {MoveAccept: InteractionConference, MoveRequeue: InteractionConnected, MoveRequeueHeld: InteractionHeld,
		MoveReply: InteractionConferenceRequested, MoveHold: InteractionConferenceRequested, MoveResume: InteractionConferenceRequested,
		MoveRecord: InteractionConferenceRequested, MoveRelease: InteractionQueued, MoveEnd: InteractionDisconnected},
	InteractionConference: {MoveReply: InteractionConference, MoveRecord: InteractionConference, MoveConferenceExit: InteractionConnected,
		MoveRelease: InteractionQueued, MoveEnd: InteractionDisconnected},
	InteractionTransferring: {MoveReply: InteractionTransferring, MoveRelease: InteractionQueued, MoveEnd: InteractionDisconnected, MoveClose: InteractionDisconnected,
		MoveTakeOver: InteractionConnected, MoveKeep: InteractionConnected, MoveFallBack: InteractionQueued, MoveDrop: InteractionDisconnected},
	InteractionDisconnected: {},
}

// After gives the state that a move leads to, where the table holds it.
func (s InteractionState) After(move InteractionMove) (next InteractionState, ok bool) {
	next, ok = interactionMoves[s][move]
	return next, ok
}

// CanReply tells whether this agent may write into the interaction, and if not, why.
// parts are the agent's own, for the answer to say what they can do instead.
func (i Interaction) CanReply(agent AgentID, parts ...Participant) error {
	if _, ok := i.State.After(MoveReply); !ok {
		return InvalidTransition("interaction", "a reply", string(i.State), i.AllowedActions(agent, parts))
	}
	if i.Conference.Holds(agent) {
		return nil
	}
	return i.ownedBy(agent)
}

// ownedBy refuses an agent who does not hold the interaction.
func (i Interaction) ownedBy(agent AgentID) error {
	if i.Owner == nil {
		return i.NotParty()
	}
	if *i.Owner != agent {
		return &Error{Kind: ErrorConflict, Code: "interaction.not_owner", CurrentState: string(i.State),
			Detail: "The interaction is held by another agent.", AllowedActions: []Action{}}
	}
	return nil
}

// Close ends an interaction that waits and that no agent has: for a supervisor, or
// a program that acts for no agent. others says that somebody wraps up still, from
// when they had it.
func (i Interaction) Close(others bool, actor Actor, now time.Time) (Interaction, []Event, error) {
	next, ok := i.State.After(MoveClose)
	if !ok {
		return i, nil, i.NotUnowned()
	}
	events := i.disconnect(next, DisconnectAdmin, others, actor, now)
	return i, events, nil
}

// disconnect ends an interaction that no agent has: for good, unless others wrap up
// still.
func (i *Interaction) disconnect(next InteractionState, kind DisconnectType, others bool, actor Actor, now time.Time) []Event {
	before := i.State
	i.State, i.BotUntil, i.DisconnectedAt, i.DisconnectType = next, nil, &now, &kind
	events := []Event{i.emit(EventInteractionDisconnected, actor, now, EventData{Before: string(before), After: string(next), Reason: string(kind)})}
	if !others {
		i.ClosedAt = &now
		events = append(events, i.emit(EventInteractionClosed, actor, now, EventData{After: "closed"}))
	}
	return events
}

// AllowedActions lists what an agent can do with the interaction now, given
// their own part in it; who acts for no agent can end one that waits.
func (i Interaction) AllowedActions(agent AgentID, parts []Participant) []Action {
	actions := []Action{}
	if agent == "" && i.Unowned() {
		actions = append(actions, ActionEnd)
	}
	switch {
	case agent == "":
	case i.Conference.Holds(agent):
		actions = append(actions, ActionReply, ActionExitConference)
	case i.Owner != nil && *i.Owner == agent:
		actions = append(actions, i.ownersActions(parts)...)
	}
	for _, p := range parts {
		if agent == "" || p.Agent != agent {
			continue
		}
		for _, a := range p.actions() {
			if !slices.Contains(actions, a) {
				actions = append(actions, a)
			}
		}
	}
	return actions
}

// Unowned tells whether an interaction waits or is only offered, so that a
// supervisor, or a program that acts for no agent, can end it.
func (i Interaction) Unowned() bool {
	_, waits := i.State.After(MoveClose)
	_, offered := i.State.After(MoveCancel)
	return i.Owner == nil && (waits || offered)
}

// NotUnowned refuses an end without its agent to an interaction that has one.
func (i Interaction) NotUnowned() error {
	return InvalidTransition("interaction", "an end without its agent", string(i.State), i.AllowedActions("", nil))
}

// ownersActions lists what the agent who holds an interaction can do in its state,
// given their own part: each action that has its move in the table. To pick up what
// is held is to resume it (D07).
func (i Interaction) ownersActions(parts []Participant) []Action {
	aside := i.State == InteractionHeld || slices.ContainsFunc(parts, func(p Participant) bool { return p.Agent == *i.Owner && p.State == ParticipantHeld })
	var actions []Action
	for _, can := range []struct {
		move   InteractionMove
		action Action
		not    bool // as the agent has it now
	}{{MoveReply, ActionReply, false}, {MoveHold, ActionHold, aside}, {MoveResume, ActionAccept, !aside}, {MoveResume, ActionResume, !aside},
		{MoveRecord, ActionRecord, false}, {MoveTransfer, ActionTransfer, false}, {MoveKeep, ActionCancelTransfer, false},
		{MoveConference, ActionConference, false}, {MoveRequeueHeld, ActionCancelConference, false},
		{MoveConferenceExit, ActionEndConference, false}, {MoveEnd, ActionEnd, false}} {
		if _, ok := i.State.After(can.move); ok && !can.not {
			actions = append(actions, can.action)
		}
	}
	return actions
}

// NotOffered tells a caller that the interaction is not theirs to answer, and
// what became of it.
func (i Interaction) NotOffered() error {
	return &Error{Kind: ErrorConflict, Code: "offer.not_pending", Outcome: string(i.State), CurrentState: string(i.State),
		Detail: "The interaction is not offered to this agent.", AllowedActions: []Action{}}
}

// NotParty tells an agent who has no part in an interaction so: that another has it,
// where one does.
func (i Interaction) NotParty() error {
	if i.Owner != nil {
		return i.ownedBy("")
	}
	return InvalidTransition("interaction", "this agent to do that", string(i.State), []Action{})
}
