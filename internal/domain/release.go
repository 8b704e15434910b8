package domain

import (
	"slices"
	"time"
)

// Rescind takes an offer back that the agent could no longer answer: the
// interaction waits again with its age, and the agent is not punished.
func (e Engagement) Rescind(reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	if e.Participant.Offer != OfferPending {
		return e, nil, e.lost(now)
	}
	return e.requeue(OfferRescind, false, reason, actor, now)
}

// Cancel ends an interaction that is offered and that no agent has yet: the
// offer is rescinded, the agent is not punished, and nobody wraps up.
func (e Engagement) Cancel(actor Actor, now time.Time) (Engagement, []Event, error) {
	next, ok := e.Interaction.State.After(MoveCancel)
	if !ok {
		return e, nil, e.refuse("an end without its agent")
	}
	over, status, err := e.pass(OfferRescind, false, string(DisconnectAdmin), actor, now)
	if err != nil {
		return e, nil, err
	}
	return e, slices.Concat([]Event{over}, e.Interaction.disconnect(next, DisconnectAdmin, e.Others, actor, now), status), nil
}

// Release gives a conversation back to its queue, with its age, when its agent
// no longer serves it; their wrap-up begins as after an end.
func (e Engagement) Release(acw ACW, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.giveBack(e.leaving(acw), acw, reason, actor, now)
}

// giveBack lets a conversation wait again, without a second agent who was in it or asked in.
func (e Engagement) giveBack(move ParticipantMove, acw ACW, reason string, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(MoveRelease)
	if !ok {
		return e, nil, e.refuse("a release")
	}
	if err := i.ownedBy(e.Agent.ID); err != nil {
		return e, nil, err
	}
	part, ok := e.Participant.State.After(move)
	if !ok {
		return e, nil, e.refuse("a release")
	}
	before := i.State
	i.State, i.RequeueCount, i.Recording, i.InactiveAt = next, i.RequeueCount+1, false, nil
	e, events := e.alone(acw, reason, actor, now)
	events = append(events, e.leave(part, acw, actor, now)...)
	i.Owner = nil
	return e, append(events, i.emit(EventInteractionRequeued, actor, now, EventData{Before: string(before), After: string(next), Reason: reason})), nil
}
