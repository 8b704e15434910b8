package domain

import (
	"strings"
	"time"
	"unicode"
)

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
	SenderBot      SenderType = "bot"
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

// Attachment is what a message came with: a file that Parley looks after, known
// by its ID, or the platform's own link. An adapter gives the link; whoever stores
// the message makes a file of it where it is one.
type Attachment struct {
	ID        AttachmentID `json:"id,omitempty"`
	Type      string       `json:"type"` // image, audio, video, file, sticker, … as the platform says
	URL       string       `json:"url,omitempty"`
	Name      string       `json:"name,omitempty"`
	ExpiresAt *time.Time   `json:"expires_at,omitempty"` // when the platform's terms end its life
}

// MediaScheme begins the address of an attachment that the platform gives out by an
// id, and to the account alone: "media:" and the id.
const MediaScheme = "media:"

// IsFile tells whether the platform's link leads to a file, and not to a page or a place.
func (a Attachment) IsFile() bool {
	switch a.Type {
	case "image", "audio", "video", "file", "sticker":
		return a.URL != ""
	}
	return false
}

// Story is what a message has to do with a story, which ends after a day.
type Story string

const (
	// StoryMention: the customer's story names the account, and the message brings it.
	StoryMention Story = "mention"
	// StoryReply: it answers a story of the account's.
	StoryReply Story = "reply"
)

// Omission is something that belongs to a message and that no agent gets to see.
type Omission string

const (
	// OmittedStoryImage: the customer shared a story, whose picture the platform keeps.
	OmittedStoryImage Omission = "story_image"
	// OmittedUnsupported: the platform tells nothing of the message; its own program shows it.
	OmittedUnsupported Omission = "unsupported"
	// OmittedEphemeral: it was a story's, and its time is over.
	OmittedEphemeral Omission = "ephemeral_content_removed"
)

// Tombstone says why a message has no content any more.
type Tombstone string

const (
	// TombstoneUnsent: its writer took it back.
	TombstoneUnsent Tombstone = "unsent"
	// TombstoneDeleted: an agent deleted a failed reply.
	TombstoneDeleted Tombstone = "deleted"
	// TombstoneExpired: the platform lets us keep it for a while only.
	TombstoneExpired Tombstone = "expired"
	// TombstoneErased: the customer was erased.
	TombstoneErased Tombstone = "erased"
)

// Postback is a button that the customer pressed: what it shows, and what it
// means to whoever made it.
type Postback struct {
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// QuickReply is an answer that the customer took from a list; what it shows is
// the message's text.
type QuickReply struct {
	Payload string `json:"payload"`
}

// Referral is where a customer came from: a link, an advertisement, a shop.
type Referral struct {
	Ref    string `json:"ref"`
	Source string `json:"source"`
	Type   string `json:"type"`
	AdID   string `json:"ad_id"`
}

// Reaction is what somebody thinks of a message, in one sign.
type Reaction struct {
	By       SenderType `json:"by"`
	Reaction string     `json:"reaction"` // the platform's word
	Emoji    string     `json:"emoji"`
	At       time.Time  `json:"at"`
}

// MessageDetails is what a message carries besides text and attachments.
type MessageDetails struct {
	Postback   *Postback   `json:"postback,omitempty"`
	QuickReply *QuickReply `json:"quick_reply,omitempty"`
	Referral   *Referral   `json:"referral,omitempty"`
	Reactions  []Reaction  `json:"reactions,omitempty"`
	Template   *Template   `json:"template,omitempty"`
	Omitted    []Omission  `json:"omitted,omitempty"`
	Hidden     bool        `json:"hidden,omitempty"`  // public: others do not see it
	Under      string      `json:"under,omitempty"`   // public: the platform's id of the comment that it stands under
	Mention    bool        `json:"mention,omitempty"` // public: it only names the account, and stands somewhere else
}

// Template is a message that the platform has approved before; Parameters fill
// its places in order.
type Template struct {
	Name       string   `json:"name"`
	Language   string   `json:"language"`
	Parameters []string `json:"parameters"`
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
	Post              *string // the platform's id of the public post that it stands under, or that it is
	PlatformMessageID *string
	PlatformTime      *time.Time
	CreatedAt         time.Time
	Details           MessageDetails
	EditedAt          *time.Time
	EditNumber        int        // of the last edit; the platform counts them
	Erased            Tombstone  // why its content is gone; empty where it is there
	ExpiresAt         *time.Time // business time at which the platform's terms end the life of its content

	Status          ReplyStatus // empty for a customer's message
	Failure         *Failure
	Attempts        int
	SentAt          *time.Time // machine time at which the last call began; watermarks compare with it
	Reconciled      bool
	SendGroupID     string
	ClientMessageID *string
	ResendOf        *MessageID
	ResentAs        *MessageID
	CannedResponse  *CannedResponseID // that it was made of
	Version         int64
}

// WrittenAt is when the message was written: as the platform tells, or else when it came.
func (m Message) WrittenAt() *time.Time {
	if m.PlatformTime != nil {
		return m.PlatformTime
	}
	return &m.CreatedAt
}

// Before tells whether the platform had the message by a watermark: the time at
// which our call began is never later than the platform's own.
func (m Message) Before(watermark *time.Time) bool {
	return watermark != nil && m.SentAt != nil && !m.SentAt.After(*watermark)
}

// Again is a reply with the same content, to be sent once more at the end of the
// transcript.
func (m Message) Again(now time.Time) Message {
	return Message{ID: NewID[MessageID](), Organization: m.Organization, Interaction: m.Interaction, Thread: m.Thread,
		Channel: m.Channel, Direction: Outbound, Kind: KindMessage, Visibility: m.Visibility, Sender: m.Sender,
		Text: m.Text, Attachments: m.Attachments, InReplyTo: m.InReplyTo, Post: m.Post, Details: MessageDetails{Template: m.Details.Template}, CreatedAt: now,
		Status: ReplyQueued, SendGroupID: NewID[string](), ResendOf: &m.ID, CannedResponse: m.CannedResponse, Version: 1}
}

// Files gives the ids of the files that the message came with.
func (m Message) Files() []AttachmentID {
	var ids []AttachmentID
	for _, a := range m.Attachments {
		if a.ID != "" {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// Tombstone says why a message has no content any more; empty where it has.
func (m Message) Tombstone() Tombstone {
	if m.Erased == "" && m.Status == ReplyDeleted {
		return TombstoneDeleted
	}
	return m.Erased
}

// NoticeLeft tells the customer that an agent has left (C38). Notices are said in the
// language of the queue's customers.
const NoticeLeft Sentence = "%s has left the chat."

// NoticeJoined tells the customer and the agents that a second one takes part (C33).
const NoticeJoined Sentence = "%s has joined the chat."

// NoticeDropped tells the customer that the conversation has ended because nobody
// took it over (C29).
const NoticeDropped Sentence = "Nobody could take over this chat, so it has ended. Write again, and it will be passed to the next free agent."

// notice is what the system tells the customer of an interaction.
func notice(i Interaction, text string, now time.Time) Message {
	return Message{ID: NewID[MessageID](), Organization: i.Organization, Interaction: i.ID, Thread: i.Thread, Channel: i.Channel,
		Direction: Outbound, Kind: KindSystem, Visibility: Private, Sender: Sender{Type: SenderSystem},
		Text: &text, Attachments: []Attachment{}, CreatedAt: now, Status: ReplyQueued, SendGroupID: NewID[string](), Version: 1}
}

// Blank tells whether a text has no character that can be seen: a platform would
// take it for none, and a customer for a mistake.
func Blank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf) })
}
