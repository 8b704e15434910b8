package domain

import "time"

// InactivityAction says what becomes of a conversation in which nobody writes.
type InactivityAction string

const (
	InactivityDisconnect InactivityAction = "disconnect"
	InactivityRequeue    InactivityAction = "requeue"
)

// Inactivity is a queue's rule about conversations in which nobody writes. Without
// one nothing ever ends by itself (D02).
type Inactivity struct {
	AfterSeconds int
	WarnSeconds  int // how long before that the desk is warned; 0 for no warning
	Action       InactivityAction
}

// DueInactivity names a conversation whose inactivity rule has something to do.
type DueInactivity struct {
	Organization OrganizationID
	Interaction  InteractionID
	Thread       ThreadID
}

// stir starts the rule's clock anew: somebody wrote, or an agent has just taken
// the conversation. It runs only while an agent has it, and not while they hand it
// over; that they ask another in does not stop it.
func (i *Interaction) stir(now time.Time) {
	i.InactiveAt, i.InactivityWarned = nil, false
	if _, talks := i.State.After(MoveRelease); !talks || i.Inactivity == nil || i.Offered != nil && !i.Conference.Open() {
		return
	}
	at := now.Add(time.Duration(i.Inactivity.AfterSeconds-i.Inactivity.WarnSeconds) * time.Second)
	i.InactiveAt = &at
}

// Inactive tells whether the inactivity rule has something to do now, and whether
// that is to warn.
func (i Interaction) Inactive(now time.Time) (due, warn bool) {
	due = i.InactiveAt != nil && !now.Before(*i.InactiveAt)
	return due, due && !i.InactivityWarned && i.Inactivity.WarnSeconds > 0
}

// WarnOfInactivity tells the desk what will happen unless somebody writes. The
// whole of the rule's time is left then, also where the warning comes late.
func (i Interaction) WarnOfInactivity(now time.Time) (Interaction, Event) {
	at := now.Add(time.Duration(i.Inactivity.WarnSeconds) * time.Second)
	i.InactiveAt, i.InactivityWarned = &at, true
	e := i.emit(EventInteractionInactivityWarned, System(), now,
		EventData{Reason: string(i.Inactivity.Action), ExpiresAt: at.Format(time.RFC3339Nano)})
	return i, e
}
