package domain

import (
	"slices"
	"strconv"
	"time"
)

// ACWMode says how a queue treats after-contact work.
type ACWMode string

const (
	// ACWOptional asks for a wrap-up that may be skipped and holds no capacity.
	ACWOptional ACWMode = "optional"
	// ACWMandatory holds the agent's capacity until a wrap-up is submitted.
	ACWMandatory ACWMode = "mandatory"
	// ACWMandatoryTimeout holds it until then, or until the time is over.
	ACWMandatoryTimeout ACWMode = "mandatory_timeout"
	// ACWForcedTimeout holds it until the time is over, whatever is submitted before.
	ACWForcedTimeout ACWMode = "mandatory_forced_timeout"
	// ACWAgentRequested is mandatory where the agent asked for it before the
	// conversation was over, and asks for nothing otherwise.
	ACWAgentRequested ACWMode = "agent_requested"
)

// ACWModes lists every mode.
func ACWModes() []ACWMode {
	return []ACWMode{ACWOptional, ACWMandatory, ACWMandatoryTimeout, ACWForcedTimeout, ACWAgentRequested}
}

// Timed tells whether after-contact work of this mode ends by itself.
func (m ACWMode) Timed() bool { return m == ACWMandatoryTimeout || m == ACWForcedTimeout }

// ACW is how a queue asks for after-contact work. The zero value asks for an
// optional one, as a queue does that is there no longer.
type ACW struct {
	Mode           ACWMode
	TimeoutSeconds int // how long a timed one may take
	GraceSeconds   int // how long after that its codes may still take the place of the timeout's
}

// begin gives the wrap-up that a queue asks for.
func (a ACW) begin(now time.Time) *WrapUp {
	if a.Mode == "" {
		a.Mode = ACWOptional
	}
	w := WrapUp{Prompt: a.Mode, Required: a.Mode != ACWOptional, State: WrapUpPending, Codes: []WrapUpCodeID{}, StartedAt: now}
	if a.Mode.Timed() {
		deadline := now.Add(time.Duration(a.TimeoutSeconds) * time.Second)
		grace := deadline.Add(time.Duration(a.GraceSeconds) * time.Second)
		w.Deadline, w.GraceUntil = &deadline, &grace
	}
	return &w
}

// WrapUpState is what became of after-contact work.
type WrapUpState string

const (
	WrapUpPending   WrapUpState = "pending"
	WrapUpSubmitted WrapUpState = "submitted"
	WrapUpSkipped   WrapUpState = "skipped"
	WrapUpTimedOut  WrapUpState = "timed_out"
)

// WrapUpStates lists every state of a wrap-up.
func WrapUpStates() []WrapUpState {
	return []WrapUpState{WrapUpPending, WrapUpSubmitted, WrapUpSkipped, WrapUpTimedOut}
}

// WrapUpMove is something that changes a wrap-up.
type WrapUpMove string

const (
	WrapUpSubmit WrapUpMove = "submit"
	WrapUpSkip   WrapUpMove = "skip"
	WrapUpRunOut WrapUpMove = "run_out" // its time is over
)

// WrapUpMoves lists every move of a wrap-up, in the order of the table.
func WrapUpMoves() []WrapUpMove { return []WrapUpMove{WrapUpSubmit, WrapUpSkip, WrapUpRunOut} }

// wrapUpMoves is the state table of a wrap-up. What was submitted stands when a
// forced time is over; what ran out can be submitted for as long as the queue's
// grace lasts.
var wrapUpMoves = table[WrapUpState, WrapUpMove]{
	WrapUpPending:   {WrapUpSubmit: WrapUpSubmitted, WrapUpSkip: WrapUpSkipped, WrapUpRunOut: WrapUpTimedOut},
	WrapUpSubmitted: {WrapUpRunOut: WrapUpSubmitted},
	WrapUpSkipped:   {},
	WrapUpTimedOut:  {WrapUpSubmit: WrapUpSubmitted},
}

// After gives the state that a move leads to, where the table holds it.
func (s WrapUpState) After(move WrapUpMove) (next WrapUpState, ok bool) {
	next, ok = wrapUpMoves[s][move]
	return next, ok
}

// WrapUpTimeoutCode is the code of a wrap-up whose time was over before an agent
// gave one. It is the system's, and on no queue's list.
const WrapUpTimeoutCode WrapUpCodeID = "WRAP_UP_TIMEOUT"

// WrapUp is an agent's after-contact work.
type WrapUp struct {
	Prompt      ACWMode
	Required    bool // it holds capacity, and cannot be skipped
	State       WrapUpState
	Codes       []WrapUpCodeID
	Notes       *string
	StartedAt   time.Time
	SubmittedAt *time.Time
	Deadline    *time.Time // when it ends by itself; nil where it does not
	GraceUntil  *time.Time // until when the timeout's code can be replaced
}

// same tells whether a second submission repeats the first.
func (w WrapUp) same(codes []WrapUpCodeID, notes *string) bool {
	equalNotes := (w.Notes == nil) == (notes == nil) && (notes == nil || *w.Notes == *notes)
	return equalNotes && slices.Equal(w.Codes, codes)
}

// late tells whether its time is over and it can be submitted all the same.
func (w *WrapUp) late(now time.Time) bool {
	return w != nil && w.State == WrapUpTimedOut && now.Before(*w.GraceUntil)
}

// open tells whether it can be submitted.
func (w *WrapUp) open(now time.Time) bool {
	return w != nil && (w.State == WrapUpPending || w.late(now))
}

// WrapUpMeant finds the part whose wrap-up is meant where no part is named: the newest
// whose is open, or else the newest that has one. Who had a conversation twice may owe
// two. The parts come with the newest first; where none has a wrap-up there is none.
func WrapUpMeant(parts []Participant, now time.Time) (meant Participant, found bool) {
	n := slices.IndexFunc(parts, func(p Participant) bool { return p.WrapUp.open(now) })
	if n < 0 {
		n = slices.IndexFunc(parts, func(p Participant) bool { return p.WrapUp != nil })
	}
	if n < 0 {
		return Participant{}, false
	}
	return parts[n], true
}

// WrapUpSubmittedTo is WrapUpMeant for a submission: where none is open, what repeats
// the last one means that again, whichever part it was for (C41).
func WrapUpSubmittedTo(parts []Participant, codes []WrapUpCodeID, notes *string, now time.Time) (meant Participant, found bool) {
	meant, found = WrapUpMeant(parts, now)
	if !found || meant.WrapUp.open(now) {
		return meant, found
	}
	last := meant
	for _, p := range parts {
		if p.WrapUp.after(last.WrapUp) {
			last = p
		}
	}
	if last.WrapUp.SubmittedAt != nil && last.WrapUp.same(once(codes), notes) {
		return last, true
	}
	return meant, true
}

// after tells whether it was submitted, and later than another if that was, too.
func (w *WrapUp) after(other *WrapUp) bool {
	return w != nil && w.SubmittedAt != nil && (other.SubmittedAt == nil || w.SubmittedAt.After(*other.SubmittedAt))
}

// stays tells whether the agent is held until the deadline, whatever they submit.
func (w WrapUp) stays(now time.Time) bool {
	return w.Prompt == ACWForcedTimeout && w.Deadline != nil && now.Before(*w.Deadline)
}

// DueWrapUp names after-contact work whose time is over.
type DueWrapUp struct {
	Organization OrganizationID
	Interaction  InteractionID
	Agent        AgentID
	Participant  ParticipantID
}

// RequestWrapUp notes whether the agent wants after-contact work when their part
// is over. It counts where the queue leaves that to its agents.
func (e Engagement) RequestWrapUp(wanted bool, actor Actor, now time.Time) (Engagement, []Event, error) {
	if _, takesPart := e.Participant.State.After(PartLeave); !takesPart {
		return e, nil, e.refuse("a request for after-contact work")
	}
	if e.Participant.WrapUpRequested == wanted {
		return e, nil, nil
	}
	e.Participant.WrapUpRequested = wanted
	told := e.Interaction.emitFor(EventWrapUpRequested, string(e.Participant.ID), actor, now, EventData{After: strconv.FormatBool(wanted)})
	told.Agent = e.Agent.ID
	return e, []Event{told}, nil
}

// leaving is the move with which the agent's part ends under a queue's rule: to
// wrap up, or at once where there is nothing to wrap up.
func (e Engagement) leaving(acw ACW) ParticipantMove {
	if acw.Mode == ACWAgentRequested && !e.Participant.WrapUpRequested {
		return PartGo
	}
	return PartLeave
}

// leave ends the agent's part, with the state that leaving leads to, and begins
// their after-contact work. It is the one beginning of wrap-up, whatever ends a
// part: an end, a return to the queue, a transfer, a conference.
func (e *Engagement) leave(part ParticipantState, acw ACW, actor Actor, now time.Time) []Event {
	var events []Event
	e.Participant.State, e.Participant.LeftAt = part, &now
	if part == ParticipantWrapUp {
		e.Participant.WrapUp = acw.begin(now)
		started := e.Interaction.emitFor(EventWrapUpStarted, string(e.Participant.ID), actor, now,
			EventData{After: string(WrapUpPending), ExpiresAt: stamp(e.Participant.WrapUp.Deadline)})
		started.Agent = e.Agent.ID
		events = append(events, started)
	}
	holds := e.Participant.WrapUp != nil && e.Participant.WrapUp.Required
	agent, status := e.Agent.finish(e.Interaction.Medium(), holds, actor, now)
	e.Agent = agent
	return append(events, status...)
}

// stamp writes a time as events have it; none is empty.
func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}

// Submit ends wrap-up. Several codes are kept in their order, each once; none at
// all skips a wrap-up that is not required. The same submission again changes
// nothing (C40, C41); changed is false then. Of a submission and the deadline, the
// first to be written wins; a later submission takes the timeout's place for as
// long as the queue's grace lasts.
func (e Engagement) Submit(q Queue, codes []WrapUpCodeID, notes *string, actor Actor, now time.Time) (after Engagement, events []Event, changed bool, err error) {
	w, given := e.Participant.WrapUp, once(codes)
	if w == nil {
		return e, nil, false, e.refuse("a wrap-up")
	}
	if w.SubmittedAt != nil && w.same(given, notes) {
		return e, nil, false, nil
	}
	move := WrapUpSubmit
	if len(given) == 0 && notes == nil && !w.Required {
		move = WrapUpSkip
	}
	if err := e.maySubmit(*w, move, now); err != nil {
		return e, nil, false, err
	}
	if n := slices.IndexFunc(codes, func(c WrapUpCodeID) bool { return !slices.Contains(q.WrapUpCodes, c) }); n >= 0 {
		return e, nil, false, Invalid("/code_ids/"+strconv.Itoa(n), "wrap_up.code_not_on_queue", "The wrap-up code %s is not one of the queue's.", codes[n])
	}
	if w.Required && len(given) == 0 && len(q.WrapUpCodes) > 0 {
		return e, nil, false, Invalid("/code_ids", "wrap_up.code_required", "The queue asks for at least one wrap-up code.")
	}
	after, events = e.submitted(move, given, notes, actor, now)
	return after, events, true, nil
}

// maySubmit refuses a submission to a wrap-up that is over, and tells how it ended.
func (e Engagement) maySubmit(w WrapUp, move WrapUpMove, now time.Time) error {
	_, open := w.State.After(move)
	_, part := e.Participant.State.After(PartFinish)
	switch {
	case w.State == WrapUpTimedOut && !w.late(now):
		return &Error{Kind: ErrorConflict, Code: "wrap_up.timed_out", Outcome: string(w.State), CurrentState: string(e.Interaction.State), AllowedActions: []Action{},
			Detail: "The time for this wrap-up is over; it was closed with the code of the timeout."}
	case !open:
		return &Error{Kind: ErrorConflict, Code: "wrap_up.already_submitted", Outcome: string(w.State), CurrentState: string(e.Interaction.State), AllowedActions: []Action{},
			Detail: "This wrap-up was submitted before, with other content."}
	case w.State == WrapUpPending && !part:
		return e.refuse("a wrap-up")
	}
	return nil
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

// submitted writes down what was submitted. The agent's part ends with it, unless
// its time has ended before, or holds the agent yet.
func (e Engagement) submitted(move WrapUpMove, codes []WrapUpCodeID, notes *string, actor Actor, now time.Time) (Engagement, []Event) {
	w, what := *e.Participant.WrapUp, EventWrapUpSubmitted
	if move == WrapUpSkip {
		what = EventWrapUpSkipped
	}
	before, stays := w.State, w.stays(now)
	w.State, _ = w.State.After(move)
	w.Codes, w.Notes, w.SubmittedAt = codes, notes, &now
	e.Participant.WrapUp = &w
	told := e.wrapUpEvent(what, before, actor, now)
	if stays {
		told.Data.ExpiresAt = stamp(w.Deadline)
	}
	if stays || before == WrapUpTimedOut {
		return e, []Event{told}
	}
	return e, append([]Event{told}, e.finish(actor, now)...)
}

// RunOut ends after-contact work whose time is over. Where no code was given, the
// timeout's stands in its place.
func (e Engagement) RunOut(now time.Time) (Engagement, []Event, error) {
	if part := e.Participant; part.State != ParticipantWrapUp || part.WrapUp == nil || part.WrapUp.Deadline == nil || now.Before(*part.WrapUp.Deadline) {
		return e, nil, Conflict("wrap_up.not_due", "The time for the wrap-up is not over yet.")
	}
	w := *e.Participant.WrapUp
	before := w.State
	next, ok := before.After(WrapUpRunOut)
	if !ok {
		return e, nil, e.refuse("an end of the wrap-up's time")
	}
	if w.State = next; next == WrapUpTimedOut {
		w.Codes = []WrapUpCodeID{WrapUpTimeoutCode}
	}
	e.Participant.WrapUp = &w
	told := e.wrapUpEvent(EventWrapUpTimedOut, before, System(), now)
	return e, append([]Event{told}, e.finish(System(), now)...), nil
}

// wrapUpEvent tells of a wrap-up's new state.
func (e *Engagement) wrapUpEvent(what EventType, before WrapUpState, actor Actor, now time.Time) Event {
	w := e.Participant.WrapUp
	data := EventData{Before: string(before), After: string(w.State)}
	for _, c := range w.Codes {
		data.CodeIDs = append(data.CodeIDs, string(c))
	}
	told := e.Interaction.emitFor(what, string(e.Participant.ID), actor, now, data)
	told.Agent = e.Agent.ID
	return told
}

// finish closes the part of an agent who has wrapped up, and frees them.
func (e *Engagement) finish(actor Actor, now time.Time) []Event {
	if next, ok := e.Participant.State.After(PartFinish); ok {
		e.Participant.State = next
	}
	events := e.closes(actor, now)
	if e.Participant.WrapUp.Required {
		agent, status := e.Agent.wrapped(e.Interaction.Medium(), actor, now)
		e.Agent = agent
		events = append(events, status...)
	}
	return events
}

// closes closes an interaction that is over with its last part.
func (e *Engagement) closes(actor Actor, now time.Time) []Event {
	i := &e.Interaction
	both := e.Participant.State == ParticipantClosed && (e.Other == nil || e.Other.Participant.State == ParticipantClosed)
	if i.Open() || i.ClosedAt != nil || e.Others || !both {
		return nil
	}
	i.ClosedAt = &now
	return []Event{i.emit(EventInteractionClosed, actor, now, EventData{After: "closed"})}
}
