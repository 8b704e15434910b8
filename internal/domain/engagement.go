package domain

import (
	"slices"
	"time"
)

// Engagement is one agent's hold on one interaction: everything that an offer,
// an acceptance or an end changes together, in one transaction.
type Engagement struct {
	Interaction Interaction
	Participant Participant
	Agent       Agent
	Others      bool // another agent still wraps up: the interaction is not closed with this part
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
	return InvalidTransition("interaction", move, string(i.State), i.AllowedActions(e.Agent.ID, []Participant{e.Participant}))
}

func (e Engagement) requeue(answer OfferMove, notResponding bool, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
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

// End disconnects the interaction and starts the agent's wrap-up; only a
// mandatory one goes on holding capacity (A19, C38).
func (e Engagement) End(mode ACWMode, actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.EndAs(DisconnectAgent, mode, actor, now)
}

// EndAs is End for another reason than that the agent wants it.
func (e Engagement) EndAs(kind DisconnectType, mode ACWMode, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(MoveEnd)
	if !ok {
		return e, nil, e.refuse("an end")
	}
	if err := i.ownedBy(e.Agent.ID); err != nil {
		return e, nil, err
	}
	part, ok := e.Participant.State.After(PartLeave)
	if !ok {
		return e, nil, e.refuse("an end")
	}
	before := i.State
	i.State, i.InactiveAt, i.DisconnectedAt, i.DisconnectType = next, nil, &now, &kind
	ended := i.emit(EventInteractionDisconnected, actor, now, EventData{Before: string(before), After: string(next), Reason: string(kind)})
	started := e.leave(part, mode, actor, now)
	i.Owner = nil
	agent, status := e.Agent.finish(i.Medium(), mode == ACWMandatory, actor, now)
	e.Agent = agent
	return e, append([]Event{ended, started}, status...), nil
}

// Submit ends wrap-up. Several codes are kept in their order, each once; none at
// all skips a wrap-up that is not required. The same submission again changes
// nothing (C40, C41). changed is false then.
func (e Engagement) Submit(q Queue, codes []WrapUpCodeID, notes *string, actor Actor, now time.Time) (after Engagement, events []Event, changed bool, err error) {
	w, codes := e.Participant.WrapUp, once(codes)
	if w == nil {
		return e, nil, false, InvalidTransition("interaction", "a wrap-up", string(e.Interaction.State),
			e.Interaction.AllowedActions(e.Agent.ID, []Participant{e.Participant}))
	}
	if _, ok := e.Participant.State.After(PartFinish); !ok && w.State == WrapUpPending {
		return e, nil, false, e.refuse("a wrap-up")
	}
	if w.State != WrapUpPending {
		if w.same(codes, notes) {
			return e, nil, false, nil
		}
		return e, nil, false, Conflict("wrap_up.already_submitted", "This wrap-up was submitted before, with other content.")
	}
	if stranger, ok := q.Allows(codes); !ok {
		return e, nil, false, Invalid("/code_ids", "wrap_up.code_not_on_queue", "The wrap-up code %s is not one of the queue's.", stranger)
	}
	if w.Required && len(codes) == 0 && len(q.WrapUpCodes) > 0 {
		return e, nil, false, Invalid("/code_ids", "wrap_up.code_required", "The queue asks for at least one wrap-up code.")
	}
	after, events = e.submitted(codes, notes, actor, now)
	return after, events, true, nil
}

// once gives the codes in their order, each the first time only.
func once(codes []WrapUpCodeID) []WrapUpCodeID {
	kept := []WrapUpCodeID{}
	for _, c := range codes {
		if !slices.Contains(kept, c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// submitted writes down what was submitted; the last part that is closed closes
// an interaction that is over.
func (e Engagement) submitted(codes []WrapUpCodeID, notes *string, actor Actor, now time.Time) (Engagement, []Event) {
	w := *e.Participant.WrapUp
	w.State, w.Codes, w.Notes, w.SubmittedAt = WrapUpSubmitted, codes, notes, &now
	what := EventWrapUpSubmitted
	if len(codes) == 0 && notes == nil && !w.Required {
		w.State, what = WrapUpSkipped, EventWrapUpSkipped
	}
	e.Participant.WrapUp = &w
	if next, ok := e.Participant.State.After(PartFinish); ok {
		e.Participant.State = next
	}
	i := &e.Interaction
	data := EventData{Before: string(WrapUpPending), After: string(w.State)}
	for _, c := range codes {
		data.CodeIDs = append(data.CodeIDs, string(c))
	}
	events := []Event{i.emitFor(what, string(e.Participant.ID), actor, now, data)}
	events[0].Agent = e.Agent.ID
	if !i.Open() && i.ClosedAt == nil && !e.Others {
		i.ClosedAt = &now
		events = append(events, i.emit(EventInteractionClosed, actor, now, EventData{After: "closed"}))
	}
	if w.Required {
		agent, status := e.Agent.wrapped(i.Medium(), actor, now)
		e.Agent = agent
		events = append(events, status...)
	}
	return e, events
}
