package domain

import "time"

// Hold puts a conversation aside without giving it up: it stays the agent's, it
// goes on holding capacity, and what the customer writes arrives all the same.
// Only the agent's own resuming ends it.
func (e Engagement) Hold(actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.turn("a hold", MoveHold, PartHold, EventInteractionHeld, actor, now)
}

// Resume takes up a conversation that was held; to pick it up is the same (D07).
func (e Engagement) Resume(actor Actor, now time.Time) (Engagement, []Event, error) {
	return e.turn("an end of the hold", MoveResume, PartResume, EventInteractionResumed, actor, now)
}

// turn moves a conversation and the part of the agent who holds it.
func (e Engagement) turn(named Phrase, move InteractionMove, part ParticipantMove, what EventType, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(move)
	if !ok {
		return e, nil, e.refuse(named)
	}
	if err := i.ownedBy(e.Agent.ID); err != nil {
		return e, nil, err
	}
	state, ok := e.Participant.State.After(part)
	if !ok {
		return e, nil, e.refuse(named)
	}
	before := i.State
	i.State, e.Participant.State = next, state
	return e, []Event{i.emit(what, actor, now, EventData{Before: string(before), After: string(next), ParticipantID: string(e.Participant.ID)})}, nil
}

// Record switches the recording of a conversation on or off, for the agent who
// holds it. What is so already changes nothing.
func (e Engagement) Record(on bool, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(MoveRecord)
	if !ok {
		return e, nil, e.refuse("a recording")
	}
	if err := i.ownedBy(e.Agent.ID); err != nil {
		return e, nil, err
	}
	if i.Recording == on {
		return e, nil, nil
	}
	i.State, i.Recording = next, on
	what := EventRecordingStopped
	if on {
		what = EventRecordingStarted
	}
	return e, []Event{i.emit(what, actor, now, EventData{})}, nil
}
