package domain

import "time"

// Engagement is one agent's hold on one interaction: everything that an offer,
// an acceptance or an end changes together, in one transaction.
type Engagement struct {
	Interaction Interaction
	Participant Participant
	Agent       Agent
	Others      bool  // another agent still takes part or wraps up: the interaction is not closed with this part
	Other       *Seat // the other agent of a conference that is asked for or held
}

// Offer alerts an agent to a waiting interaction and reserves their capacity.
func Offer(i Interaction, a Agent, timeout time.Duration, now time.Time) (Engagement, []Event, error) {
	return i.Invite(MoveOffer, PurposeQueue, a, timeout, System(), now)
}

// Accept connects the agent. The server's clock decides: at the deadline the
// offer is over (2.3).
func (e Engagement) Accept(actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.connect(MoveAccept, actor, now)
}

// connect gives the conversation to the agent who is offered it.
func (e Engagement) connect(move InteractionMove, actor Actor, now time.Time) (Engagement, []Event, error) {
	if err := e.due(now); err != nil {
		return e, nil, err
	}
	before := e.Interaction.State
	next, ok := before.After(move)
	if !ok {
		return e, nil, e.refuse("an acceptance")
	}
	if next == InteractionConference {
		return e.join(next, actor, now)
	}
	accepted, status, err := e.take(actor, now)
	if err != nil {
		return e, nil, err
	}
	i := &e.Interaction
	i.State, i.Owner = next, &e.Agent.ID
	i.stir(now)
	if i.ConnectedAt == nil {
		i.ConnectedAt = &now
	}
	connected := i.emit(EventInteractionConnected, actor, now, EventData{Before: string(before), After: string(next)})
	return e, append([]Event{accepted, connected}, status...), nil
}

// Decline gives the offer back: the interaction waits again with its age, and
// the agent is not responding where the queue says so (A20, A22).
func (e Engagement) Decline(notResponding bool, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	if err := e.due(now); err != nil {
		return e, nil, err
	}
	return e.requeue(OfferDecline, notResponding, reason, actor, now)
}

// TimeOut ends an offer that nobody answered; the agent is not responding always.
func (e Engagement) TimeOut(now time.Time) (Engagement, []Event, error) {
	if err := e.overdue(now); err != nil {
		return e, nil, err
	}
	return e.requeue(OfferTimeOut, true, "timeout", System(), now)
}

// overdue refuses to end an offer before its time, or one that was answered.
func (e Engagement) overdue(now time.Time) error {
	if e.Participant.Offer != OfferPending || now.Before(e.Participant.ExpiresAt) {
		return Conflict("offer.not_due", "The offer is not over yet.")
	}
	return nil
}

// lost explains to a late caller why the offer can no longer be answered.
func (e Engagement) lost(now time.Time) error {
	outcome, i := e.Participant.Offer, e.Interaction
	actions := i.AllowedActions(e.Agent.ID, []Participant{e.Participant})
	if outcome == OfferPending && !now.Before(e.Participant.ExpiresAt) {
		outcome, actions = OfferTimedOut, []Action{} // its timer is about to say so
	}
	return &Error{Kind: ErrorConflict, Code: "offer.not_pending", Outcome: string(outcome), CurrentState: string(i.State),
		Detail: "The offer is no longer pending: it was %s.", Args: []any{outcome.words()}, AllowedActions: actions}
}

// answer moves the offer and the agent's part together.
func (e *Engagement) answer(offer OfferMove, part ParticipantMove) error {
	state, ok := e.Participant.Offer.After(offer)
	next, may := e.Participant.State.After(part)
	if !ok || !may {
		return e.refuse("an answer to the offer")
	}
	e.Participant.Offer, e.Participant.State = state, next
	return nil
}

// refuse answers a move that a state table does not hold.
func (e Engagement) refuse(move Phrase) error {
	i := e.Interaction
	return InvalidTransition("interaction", move, string(i.State), i.AllowedActions(e.Participant.Agent, []Participant{e.Participant}))
}

func (e Engagement) requeue(answer OfferMove, notResponding bool, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	if e.Other != nil {
		return e.uninvited(answer, ConferenceFail, EventConferenceDeclined, notResponding, reason, actor, now)
	}
	before := e.Interaction.State
	next, ok := before.After(MoveRequeue)
	if !ok {
		return e, nil, e.refuse("a return to the queue")
	}
	over, status, err := e.pass(answer, notResponding, reason, actor, now)
	if err != nil {
		return e, nil, err
	}
	i := &e.Interaction
	i.State, i.RequeueCount = next, i.RequeueCount+1
	requeued := i.emit(EventInteractionRequeued, System(), now, EventData{Before: string(before), After: string(next), Reason: string(e.Participant.Offer)})
	return e, append([]Event{over, requeued}, status...), nil
}

// Over tells whether the conversation is over, and was this agent's until then: they
// owe a wrap-up, or had none to make.
func (e Engagement) Over() bool {
	i, p := e.Interaction, e.Participant
	if i.Open() || p.WrapUp != nil {
		return !i.Open()
	}
	return p.JoinedAt != nil && p.LeftAt != nil && i.DisconnectedAt != nil && p.LeftAt.Equal(*i.DisconnectedAt)
}

// MayEnd refuses an end to who does not have the conversation, or where there is none.
func (e Engagement) MayEnd() error {
	if _, ok := e.Interaction.State.After(MoveEnd); !ok {
		return e.refuse("an end")
	}
	if e.Interaction.Conference.Holds(e.Agent.ID) {
		return e.notInitiator()
	}
	return e.Interaction.ownedBy(e.Agent.ID)
}

// Consent notes what the agent says of the customer's agreement to the end. Where the
// queue asks for it, there is no end without (C37).
func (e Engagement) Consent(q Queue, given *bool) (Engagement, error) {
	if q.Rules.RequireEndConsent && (given == nil || !*given) {
		return e, Invalid("/customer_consent", "consent.required", "The queue asks for the customer's consent before a conversation is ended: customer_consent must be true.")
	}
	e.Interaction.Consent = given
	return e, nil
}

// End disconnects the interaction and starts the agent's wrap-up as the queue asks
// for it; only a required one goes on holding capacity (A19, C38).
func (e Engagement) End(acw ACW, actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.EndAs(DisconnectAgent, acw, actor, now)
}

// EndAs is End for another reason than that the agent wants it.
func (e Engagement) EndAs(kind DisconnectType, acw ACW, actor Actor, now time.Time) (Engagement, []Event, error) {
	if err := e.MayEnd(); err != nil {
		return e, nil, err
	}
	part, ok := e.Participant.State.After(e.leaving(acw))
	if !ok {
		return e, nil, e.refuse("an end")
	}
	i := &e.Interaction
	before := i.State
	next, _ := before.After(MoveEnd)
	i.State, i.InactiveAt, i.DisconnectedAt, i.DisconnectType = next, nil, &now, &kind
	ended := i.emit(EventInteractionDisconnected, actor, now,
		EventData{Before: string(before), After: string(next), Reason: string(kind), CustomerConsent: i.Consent != nil && *i.Consent})
	e, events := e.alone(acw, string(kind), actor, now)
	events = append(append([]Event{ended}, events...), e.leave(part, acw, actor, now)...)
	i.Owner = nil
	return e, append(events, e.closes(actor, now)...), nil
}
