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
	MoveRequeue InteractionMove = "requeue"
	MoveReply   InteractionMove = "reply"
	MoveEnd     InteractionMove = "end"
	MoveClose   InteractionMove = "close" // the end of one that no agent has
)

// InteractionMoves lists every move, in the order in which they are documented.
func InteractionMoves() []InteractionMove {
	return []InteractionMove{MoveOffer, MoveAccept, MoveRequeue, MoveReply, MoveEnd, MoveClose}
}

// InteractionStates lists every state of this round.
func InteractionStates() []InteractionState {
	return []InteractionState{InteractionQueued, InteractionAlerting, InteractionConnected, InteractionDisconnected}
}

// interactionMoves is the state table of an interaction; what it does not hold
// is refused with state.invalid_transition.
var interactionMoves = map[InteractionState]map[InteractionMove]InteractionState{
	InteractionQueued:       {MoveOffer: InteractionAlerting, MoveClose: InteractionDisconnected},
	InteractionAlerting:     {MoveAccept: InteractionConnected, MoveRequeue: InteractionQueued},
	InteractionConnected:    {MoveReply: InteractionConnected, MoveEnd: InteractionDisconnected},
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
	return i.ownedBy(agent)
}

// ownedBy refuses an agent who does not hold the interaction.
func (i Interaction) ownedBy(agent AgentID) error {
	if i.Owner == nil || *i.Owner != agent {
		return &Error{Kind: ErrorConflict, Code: "interaction.not_owner", CurrentState: string(i.State),
			Detail: "The interaction is held by another agent.", AllowedActions: []Action{}}
	}
	return nil
}

// Close ends an interaction that waits and that no agent has: for a supervisor's
// program, which acts for no agent. Nobody wraps up.
func (i Interaction) Close(actor Actor, now time.Time) (Interaction, []Event, error) {
	next, ok := i.State.After(MoveClose)
	if !ok {
		return i, nil, InvalidTransition("interaction", "an end without its agent", string(i.State), i.AllowedActions("", nil))
	}
	kind, before := DisconnectAdmin, i.State
	i.State, i.DisconnectedAt, i.DisconnectType, i.ClosedAt = next, &now, &kind, &now
	ended := i.emit(EventInteractionDisconnected, actor, now, EventData{Before: string(before), After: string(next), Reason: string(kind)})
	return i, []Event{ended, i.emit(EventInteractionClosed, actor, now, EventData{After: "closed"})}, nil
}

// AllowedActions lists what an agent can do with the interaction now, given
// their own part in it; who acts for no agent can end one that waits.
func (i Interaction) AllowedActions(agent AgentID, parts []Participant) []Action {
	actions := []Action{}
	if _, waits := i.State.After(MoveClose); waits && agent == "" {
		actions = append(actions, ActionEnd)
	}
	owner := agent != "" && i.Owner != nil && *i.Owner == agent
	if owner && i.State == InteractionConnected {
		actions = append(actions, ActionReply, ActionEnd)
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

// NotOffered tells a caller that the interaction is not theirs to answer, and
// what became of it.
func (i Interaction) NotOffered() error {
	return &Error{Kind: ErrorConflict, Code: "offer.not_pending", Outcome: string(i.State), CurrentState: string(i.State),
		Detail: "The interaction is not offered to this agent.", AllowedActions: []Action{}}
}
