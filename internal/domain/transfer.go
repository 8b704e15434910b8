package domain

import "time"

// TransferMode says when the agent who transfers lets go.
type TransferMode string

const (
	TransferUnattended TransferMode = "unattended" // at once
	TransferAttended   TransferMode = "attended"   // when the target has accepted
)

// TargetType says what a conversation is transferred to.
type TargetType string

const (
	TargetQueue TargetType = "queue"
	TargetAgent TargetType = "agent"
)

// TransferTarget is a queue or an agent, with the name that it had.
type TransferTarget struct {
	Type TargetType
	ID   string
	Name string
}

// Target is a queue or an agent as it is now, for who chooses one.
type Target struct {
	TransferTarget
	Presence      Presence // of an agent, as the next
	RoutingStatus RoutingStatus
}

// TransferState is what became of a transfer.
type TransferState string

const (
	TransferRequested TransferState = "requested"
	TransferCompleted TransferState = "completed"
	TransferFailed    TransferState = "failed"    // the target did not take it; the customer is with somebody, or waits
	TransferCancelled TransferState = "cancelled" // by the agent who asked
	TransferDropped   TransferState = "dropped"   // the target did not take it, and the conversation ended (C29)
	TransferAbandoned TransferState = "abandoned" // the conversation ended before
)

// TransferStates lists every state of a transfer.
func TransferStates() []TransferState {
	return []TransferState{TransferRequested, TransferCompleted, TransferFailed, TransferCancelled, TransferDropped, TransferAbandoned}
}

// TransferMove is something that ends a transfer.
type TransferMove string

const (
	TransferComplete TransferMove = "complete"
	TransferFail     TransferMove = "fail"
	TransferCancel   TransferMove = "cancel"
	TransferDrop     TransferMove = "drop"
	TransferAbandon  TransferMove = "abandon"
)

// TransferMoves lists every move, in the order of the table.
func TransferMoves() []TransferMove {
	return []TransferMove{TransferComplete, TransferFail, TransferCancel, TransferDrop, TransferAbandon}
}

// transferMoves is the state table of a transfer: it ends once.
var transferMoves = table[TransferState, TransferMove]{
	TransferRequested: {TransferComplete: TransferCompleted, TransferFail: TransferFailed, TransferCancel: TransferCancelled,
		TransferDrop: TransferDropped, TransferAbandon: TransferAbandoned},
	TransferCompleted: {}, TransferFailed: {}, TransferCancelled: {}, TransferDropped: {}, TransferAbandoned: {},
}

// After gives the state that a move leads to, where the table holds it.
func (s TransferState) After(move TransferMove) (next TransferState, ok bool) {
	next, ok = transferMoves[s][move]
	return next, ok
}

// NoAnswer is a queue's policy about an unattended transfer that its agent does not
// take: what becomes of the customer, whose agent has left.
type NoAnswer string

const (
	NoAnswerDrop    NoAnswer = "drop"    // the conversation ends, and the customer is told (C29)
	NoAnswerReturn  NoAnswer = "return"  // it is offered to the agent who had it, if they can take it, and else it waits
	NoAnswerRequeue NoAnswer = "requeue" // it waits in its queue
)

// Transfer is the handing over of a conversation, from the request to its end.
type Transfer struct {
	ID           TransferID
	Organization OrganizationID
	Interaction  InteractionID
	State        TransferState
	Mode         TransferMode
	Target       TransferTarget
	Agent        AgentID // who asked for it
	AgentName    string
	Origin       ParticipantID  // their part
	Offer        *ParticipantID // the target's; nil for a queue, which makes offers of its own
	Note         *string        // for whoever takes it; never in an event
	Priority     *int           // in the queue; nil for the queue's own
	Skills       []SkillID      // that it asks for there; those of before are dropped
	Outcome      OfferState     // of the target's offer; empty while it is pending, and for a queue
	RequestedAt  time.Time
	EndedAt      *time.Time
	Version      int64
}

// Pending tells whether it has not ended.
func (t Transfer) Pending() bool { return t.State == TransferRequested }

// Attended tells whether the agent who asked keeps the conversation until then.
func (t Transfer) Attended() bool { return t.Mode == TransferAttended }

// Drops tells whether a queue's policy ends the conversation where the target does
// not take it: where nothing else is said, too.
func (t Transfer) Drops(policy NoAnswer) bool {
	return !t.Attended() && policy != NoAnswerReturn && policy != NoAnswerRequeue
}

// Returns tells whether the policy offers it to the agent who had it.
func (t Transfer) Returns(policy NoAnswer) bool { return !t.Attended() && policy == NoAnswerReturn }

// NotPending tells a caller what the transfer came to before they could change it.
func (t Transfer) NotPending(i Interaction, actions []Action) error {
	return &Error{Kind: ErrorConflict, Code: "transfer.not_pending", Outcome: string(t.State), CurrentState: string(i.State), AllowedActions: actions,
		Detail: "The transfer is over: it was %s.", Args: []any{Word(t.State)}}
}

// InProgress refuses another transfer, or whatever else, while one is pending.
func (i Interaction) InProgress(agent AgentID, parts ...Participant) error {
	return &Error{Kind: ErrorConflict, Code: "transfer.in_progress", CurrentState: string(i.State), AllowedActions: i.AllowedActions(agent, parts),
		Detail: "A transfer of this interaction is under way."}
}

// begin ties a transfer to the part of the agent who asks for it, and tells of it.
func (e *Engagement) begin(t *Transfer, actor Actor, now time.Time) Event {
	i := &e.Interaction
	t.Organization, t.Interaction, t.State, t.RequestedAt, t.Version = i.Organization, i.ID, TransferRequested, now, 1
	t.Agent, t.AgentName, t.Origin, i.Transfer = e.Agent.ID, e.Agent.Name, e.Participant.ID, &t.ID
	requested := i.emitFor(EventTransferRequested, string(t.ID), actor, now, t.data("", ""))
	requested.Agent = e.Agent.ID
	return requested
}

// end moves the transfer to its end, and tells of it.
func (t *Transfer) end(move TransferMove, reason string, i *Interaction, actor Actor, now time.Time) (Event, error) {
	next, ok := t.State.After(move)
	if !ok {
		return Event{}, t.NotPending(*i, []Action{})
	}
	before := t.State
	t.State, t.EndedAt = next, &now
	ended := i.emitFor(move.event(), string(t.ID), actor, now, t.data(before, reason))
	ended.Agent = t.Agent
	return ended, nil
}

// event is what tells of the end of a transfer.
func (m TransferMove) event() EventType {
	switch m {
	case TransferComplete:
		return EventTransferCompleted
	case TransferCancel:
		return EventTransferCancelled
	case TransferDrop:
		return EventTransferDropped
	}
	return EventTransferFailed
}

// data is what events say of a transfer.
func (t Transfer) data(before TransferState, reason string) EventData {
	return EventData{TransferID: string(t.ID), Mode: string(t.Mode), TargetType: string(t.Target.Type), TargetID: t.Target.ID,
		Before: string(before), After: string(t.State), Reason: reason}
}
