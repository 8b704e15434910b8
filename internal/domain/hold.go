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
// holds it. What is so already changes nothing. fleeting is that something came in it
// that the platform lets nobody keep: it is not recorded (B19).
func (e Engagement) Record(on, fleeting bool, actor Actor, now time.Time) (Engagement, []Event, error) {
	i := &e.Interaction
	next, ok := i.State.After(MoveRecord)
	if !ok {
		return e, nil, e.refuse("a recording")
	}
	if err := i.ownedBy(e.Agent.ID); err != nil {
		return e, nil, err
	}
	switch {
	case i.Recording == on:
		return e, nil, nil
	case on && fleeting:
		return e, nil, &Error{Kind: ErrorConflict, Code: "recording.prohibited", CurrentState: string(i.State),
			Detail: "Something came here that the platform lets nobody keep, so the conversation must not be recorded."}
	}
	i.State, i.Recording = next, on
	what := EventRecordingStopped
	if on {
		what = EventRecordingStarted
	}
	return e, []Event{i.emit(what, actor, now, EventData{})}, nil
}

// Shield ends the recording of a conversation into which something comes that the
// platform lets nobody keep.
func (i Interaction) Shield(now time.Time) (Interaction, []Event) {
	if !i.Recording {
		return i, nil
	}
	i.Recording = false
	e := i.emit(EventRecordingStopped, System(), now, EventData{Reason: "recording.prohibited"})
	return i, []Event{e}
}
