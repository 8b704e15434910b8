package domain

import "time"

// SegmentType says what happened during a segment.
type SegmentType string

const (
	SegmentSystem   SegmentType = "system" // it waits in no queue
	SegmentBot      SegmentType = "bot"
	SegmentQueue    SegmentType = "queue"
	SegmentAlert    SegmentType = "alert"
	SegmentInteract SegmentType = "interact"
	SegmentHold     SegmentType = "hold"
	SegmentWrapUp   SegmentType = "wrapup"

	SegmentConference SegmentType = "conference" // two agents have it
)

// Segment is a stretch of an interaction's time. Those without a participant are
// the waiting for an agent; those of one agent's part follow upon each other
// without hole or overlap, from the offer to the end of wrap-up. Segments are
// only ever added; the last one of a line is open until the next begins.
type Segment struct {
	Organization   OrganizationID
	Interaction    InteractionID
	Sequence       int64 // of the event with which it began
	Participant    ParticipantID
	Type           SegmentType
	Agent          AgentID
	Queue          QueueID
	Start          time.Time
	End            *time.Time
	DisconnectType *DisconnectType // where the disconnect ended it
}

// SegmentEnd closes what is open: one line of an interaction, or, where All is
// set, every line on which nobody wraps up, but those in Except.
type SegmentEnd struct {
	Organization   OrganizationID
	Interaction    InteractionID
	Participant    ParticipantID
	All            bool
	Except         []ParticipantID
	At             time.Time
	DisconnectType *DisconnectType
}

// Segments reads from the events of one transaction which segments ended and
// which began: the time line is what the events tell, so no move can forget it.
func Segments(events []Event) (ended []SegmentEnd, begun []Segment) {
	var l lines
	for _, e := range events {
		if e.Interaction != "" {
			l.read(e)
		}
	}
	return l.ended, l.begun
}

// lines are the time lines that one transaction moves on.
type lines struct {
	ended []SegmentEnd
	begun []Segment
}

func (l *lines) read(e Event) {
	part := ParticipantID(e.Subject)
	switch e.Type {
	case EventBotStarted:
		l.begin(e, "", SegmentBot)
	case EventInteractionQueued:
		l.begin(e, "", SegmentQueue)
	case EventInteractionRequeued:
		l.endAll(e, nil)
		l.begin(e, "", SegmentQueue)
	case EventOfferCreated:
		l.end(e, "")
		l.add(e, part, SegmentAlert)
	case EventOfferAccepted:
		l.begin(e, part, SegmentInteract)
	case EventOfferDeclined, EventOfferTimedOut, EventOfferRescinded, EventWrapUpSkipped, EventWrapUpTimedOut:
		l.end(e, part)
	case EventWrapUpSubmitted:
		if e.Data.ExpiresAt == "" { // or the agent is held until then
			l.end(e, part)
		}
	case EventTransferRequested, EventTransferCompleted:
		if e.Data.ParticipantID != "" { // of the agent who has left, with nothing to wrap up
			l.end(e, ParticipantID(e.Data.ParticipantID))
		}
	case EventInteractionHeld:
		l.begin(e, ParticipantID(e.Data.ParticipantID), SegmentHold)
	case EventInteractionResumed:
		l.begin(e, ParticipantID(e.Data.ParticipantID), SegmentInteract)
	case EventConferenceStarted:
		l.turn(e, part, SegmentConference) // which began with the acceptance
		l.begin(e, ParticipantID(e.Data.ParticipantID), SegmentConference)
	case EventConferenceExited, EventConferenceEnded:
		l.end(e, part)
		if stays := ParticipantID(e.Data.ParticipantID); stays != "" {
			l.begin(e, stays, SegmentInteract)
		}
	case EventWrapUpStarted:
		l.begin(e, part, SegmentWrapUp)
	case EventInteractionDisconnected:
		kind := DisconnectType(e.Data.Reason)
		l.endAll(e, &kind)
	}
}

// begin adds a segment to a line, behind the one that was open.
func (l *lines) begin(e Event, line ParticipantID, t SegmentType) {
	l.end(e, line)
	l.add(e, line, t)
}

// turn says what a segment is that has just begun on a line.
func (l *lines) turn(e Event, line ParticipantID, t SegmentType) {
	for n, s := range l.begun {
		if s.Interaction == e.Interaction && s.Participant == line && s.End == nil {
			l.begun[n].Type = t
		}
	}
}

// add opens a segment on a line where nothing is open.
func (l *lines) add(e Event, line ParticipantID, t SegmentType) {
	if t == SegmentQueue && e.Queue == "" {
		t = SegmentSystem
	}
	s := Segment{Organization: e.Organization, Interaction: e.Interaction, Sequence: e.Sequence, Participant: line, Type: t, Queue: e.Queue, Start: e.Time}
	if line != "" {
		s.Agent = e.Agent
	}
	l.begun = append(l.begun, s)
}

// end closes what is open on one line: begun in this transaction, or before it.
func (l *lines) end(e Event, line ParticipantID) {
	for n, s := range l.begun {
		if s.Interaction == e.Interaction && s.Participant == line && s.End == nil {
			l.begun[n].End = &e.Time
			return
		}
	}
	if !l.settled(e.Interaction, line) {
		l.ended = append(l.ended, SegmentEnd{Organization: e.Organization, Interaction: e.Interaction, Participant: line, At: e.Time})
	}
}

// settled tells whether this transaction has closed what a line had open before it.
func (l *lines) settled(i InteractionID, line ParticipantID) bool {
	for _, s := range l.begun {
		if s.Interaction == i && s.Participant == line {
			return true
		}
	}
	for _, s := range l.ended {
		if s.Interaction == i && (s.All || s.Participant == line) {
			return true
		}
	}
	return false
}

// endAll closes every line of an interaction on which nobody wraps up.
func (l *lines) endAll(e Event, kind *DisconnectType) {
	all := SegmentEnd{Organization: e.Organization, Interaction: e.Interaction, All: true, At: e.Time, DisconnectType: kind}
	for n, s := range l.begun {
		if s.Interaction != e.Interaction {
			continue
		}
		if s.End == nil && s.Type != SegmentWrapUp {
			l.begun[n].End, l.begun[n].DisconnectType = &e.Time, kind
		}
		all.Except = append(all.Except, s.Participant)
	}
	for _, s := range l.ended {
		if s.Interaction == e.Interaction {
			if s.All {
				return
			}
			all.Except = append(all.Except, s.Participant)
		}
	}
	l.ended = append(l.ended, all)
}
