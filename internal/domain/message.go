package domain

import "time"

// Direction tells who a message came from: the customer (inbound) or us.
type Direction string

const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Visibility tells whether the whole platform or only the customer sees a message.
type Visibility string

const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// MessageKind tells a person's message from a notice of the system.
type MessageKind string

const (
	KindMessage MessageKind = "message"
	KindSystem  MessageKind = "system"
)

// SenderType is what sort of sender wrote a message.
type SenderType string

const (
	SenderCustomer SenderType = "customer"
	SenderAgent    SenderType = "agent"
	SenderSystem   SenderType = "system"
)

// Sender is who wrote a message. Label is what a transcript shows where there
// is no name.
type Sender struct {
	Type        SenderType
	ID          string
	DisplayName *string
	Label       *string
}

// Attachment is a file of a message: for now the platform's own link to it.
type Attachment struct {
	Type string `json:"type"` // image, audio, video, file, sticker, … as the platform says
	URL  string `json:"url,omitempty"`
	Name string `json:"name,omitempty"`
}

// Message is one entry of a transcript. A message that an agent sends is a
// reply; the fields below Status belong to replies only.
type Message struct {
	ID                MessageID
	Organization      OrganizationID
	Interaction       InteractionID
	Thread            ThreadID
	Channel           ChannelID
	Position          int64 // order in the thread, without repetition
	Direction         Direction
	Kind              MessageKind
	Visibility        Visibility
	Sender            Sender
	Text              *string
	Attachments       []Attachment
	InReplyTo         *MessageID
	PlatformMessageID *string
	PlatformTime      *time.Time
	CreatedAt         time.Time

	Status          ReplyStatus // empty for a customer's message
	Failure         *Failure
	Attempts        int
	SentAt          *time.Time // machine time at which the last call began; watermarks compare with it
	Reconciled      bool
	SendGroupID     string
	ClientMessageID *string
	ResendOf        *MessageID
	ResentAs        *MessageID
	Version         int64
}

// Before tells whether the platform had the message by a watermark: the time at
// which our call began is never later than the platform's own.
func (m Message) Before(watermark *time.Time) bool {
	return watermark != nil && m.SentAt != nil && !m.SentAt.After(*watermark)
}

// Tombstone says why a message has no content any more; empty where it has.
func (m Message) Tombstone() string {
	if m.Status == ReplyDeleted {
		return "deleted"
	}
	return ""
}

// Departure is the notice to the customer that the agent has left (C38).
func Departure(i Interaction, a Agent, now time.Time) Message {
	text := a.PublicName() + " has left the chat."
	return Message{ID: NewID[MessageID](), Organization: i.Organization, Interaction: i.ID, Thread: i.Thread, Channel: i.Channel,
		Direction: Outbound, Kind: KindSystem, Visibility: Private, Sender: Sender{Type: SenderSystem},
		Text: &text, Attachments: []Attachment{}, CreatedAt: now, Status: ReplyQueued, SendGroupID: NewID[string](), Version: 1}
}
