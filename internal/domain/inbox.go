package domain

import "time"

// InboxState is what became of an event that a platform sent.
type InboxState string

const (
	// InboxPending: on disk, not applied yet.
	InboxPending InboxState = "pending"
	// InboxApplied: it had its effect.
	InboxApplied InboxState = "applied"
	// InboxStandby: it belongs to a conversation that another app has. It is kept
	// for the transcript, should the conversation be handed to us.
	InboxStandby InboxState = "standby"
	// InboxQuarantined: it could not be understood or applied. It is kept, with
	// the fault, and its neighbours go on.
	InboxQuarantined InboxState = "quarantined"
)

// InboxEvent is one event of a webhook as it came, with what is needed to know
// it again and to keep one contact's events in order.
type InboxEvent struct {
	Organization OrganizationID
	ID           InboxID
	App          AppID
	Kind         ChannelKind
	AccountID    string
	Field        string
	Contact      string
	Subject      string // the platform's id of the message that it is about, if it is about one
	Lane         int64
	DedupeKey    string
	Payload      []byte
	State        InboxState
	Fault        string
	ReceivedAt   time.Time
	AppliedAt    *time.Time
	ExpiresAt    *time.Time // business time at which the platform's terms end the life of what it says
}

// FaultNoChannel is the fault of an event whose account no channel has yet. Once
// one has it, the event is applied.
const FaultNoChannel = "no channel of the app for this account"
