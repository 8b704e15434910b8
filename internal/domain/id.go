// Package domain holds Parley's nouns, their state tables, the events that
// their moves leave behind and the kinds of error that a caller may meet. It is
// made of pure values: nothing here reads a clock, a database or a network, so
// every rule of the product can be tested without any of them.
package domain

import (
	"time"

	"github.com/google/uuid"
)

// The typed identifiers. Each is a UUIDv7 in its usual text form; the types only
// keep an agent's id from being passed where a queue's is meant.
type (
	OrganizationID   string
	ClientID         string
	QueueID          string
	AgentID          string
	WrapUpCodeID     string
	SkillID          string
	LibraryID        string
	CannedResponseID string
	TokenIssuerID    string
	ProfileID        string
	AppID            string
	ChannelID        string
	ContactID        string
	ThreadID         string
	InteractionID    string
	ParticipantID    string
	MessageID        string
	AttemptID        string
	EventID          string
	JobID            string
	InboxID          string
	AttachmentID     string
	PostID           string
	TransferID       string
)

// NewID mints an identifier of any kind without coordination. Ids made by one
// process sort in the order in which they were made.
func NewID[T ~string]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// Minted gives the machine time at which an identifier of ours was made, to the
// millisecond; the zero time for what is none.
func Minted[T ~string](id T) time.Time {
	u, err := uuid.Parse(string(id))
	if err != nil || u.Version() != 7 {
		return time.Time{}
	}
	var ms int64
	for _, b := range u[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}
