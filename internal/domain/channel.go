package domain

import "time"

// Platform is a company at which a developer app is registered.
type Platform string

// The platforms of this round. PlatformOpen is no company: it is whoever runs a
// connector of their own.
const (
	PlatformMeta Platform = "meta"
	PlatformOpen Platform = "open"
)

// ChannelKind is a kind of account through which customers write.
type ChannelKind string

// The kinds of account of this round.
const (
	ChannelMessenger    ChannelKind = "messenger"
	ChannelFacebookPage ChannelKind = "facebook_page"
	ChannelInstagram    ChannelKind = "instagram"
	ChannelWhatsApp     ChannelKind = "whatsapp"
	ChannelOpen         ChannelKind = "open"
)

// ChannelStatus tells whether a channel can send.
type ChannelStatus string

const (
	ChannelActive               ChannelStatus = "active"
	ChannelNeedsReauthorization ChannelStatus = "needs_reauthorization"
	ChannelBlocked              ChannelStatus = "blocked"
)

// PlatformApp is one developer app at a platform: where its webhooks come in,
// and the secrets that sign them. Several secrets are valid at once, so that
// they can be rotated.
type PlatformApp struct {
	ID           AppID
	Organization OrganizationID
	Platform     Platform
	Name         string
	ExternalID   *string
	Secrets      []string
	VerifyToken  string
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// ChannelSettings are a channel's switches; what is nil has its default.
type ChannelSettings struct {
	AgentName              *string           `json:"agent_name"`               // prefix: the text begins with the agent's name; nil for where the platform shows it
	APIBaseURL             *string           `json:"api_base_url"`             // replaces the platform's host
	Attachments            *string           `json:"attachments"`              // none: agents send no files (C17); nil for what the platform takes
	DuplicateWindowSeconds *int              `json:"duplicate_window_seconds"` // in which the same reply is a slip (D13); nil for the matrix's
	Emoji                  *string           `json:"emoji"`                    // reject, strip or pass (C16); nil for pass
	GraphVersion           *string           `json:"graph_version"`            // the Graph API version to call
	HumanAgent             *bool             `json:"human_agent"`              // whether people may answer after the platform's first window; nil for yes
	InboundTyping          *bool             `json:"inbound_typing"`           // whether it is heard that customers type (B23); yes by default
	Login                  *string           `json:"login"`                    // Instagram: where the account's token is from, facebook (the default) or instagram
	OutboundWebhookURL     *string           `json:"outbound_webhook_url"`     // open: where the connector takes what we send
	ReplyAllowance         *string           `json:"reply_allowance"`          // warn: what the platform merely counts is counted, and sent (B08); nil for enforce
	SendEvents             *bool             `json:"send_events"`              // open: whether the connector is sent more than messages; yes by default
	SignatureEncoding      *string           `json:"signature_encoding"`       // open: base64, the default, or hex
	StoryMentions          *bool             `json:"story_mentions"`           // Instagram: whether stories that name the account come in (B21); yes by default
	StoryReplies           *bool             `json:"story_replies"`            // Instagram: whether answers to its stories come in; yes by default
	WebhookHeaders         map[string]string `json:"webhook_headers"`          // open: more headers for the connector
}

// AllowsHumanAgent tells whether replies may use the platform's longer window
// for people.
func (s ChannelSettings) AllowsHumanAgent() bool { return s.HumanAgent == nil || *s.HumanAgent }

// OwnLogin tells whether the account logged in at Instagram itself, without a page.
func (s ChannelSettings) OwnLogin() bool { return s.Login != nil && *s.Login == "instagram" }

// Takes tells whether messages that have to do with a story so come in (B21).
func (s ChannelSettings) Takes(story Story) bool {
	wanted := map[Story]*bool{StoryMention: s.StoryMentions, StoryReply: s.StoryReplies}[story]
	return wanted == nil || *wanted
}

// TakesFiles tells whether agents may send files.
func (s ChannelSettings) TakesFiles() bool { return s.Attachments == nil || *s.Attachments != "none" }

// What becomes of emoji in replies.
const (
	EmojiReject = "reject"
	EmojiStrip  = "strip"
)

// EmojiRule tells what becomes of emoji; empty where they go out.
func (s ChannelSettings) EmojiRule() string {
	if s.Emoji == nil {
		return ""
	}
	return *s.Emoji
}

// EnforcesAllowance tells whether a reply beyond the platform's allowance fails.
func (s ChannelSettings) EnforcesAllowance() bool {
	return s.ReplyAllowance == nil || *s.ReplyAllowance != "warn"
}

// Spoken is an agent's text as the customer reads it: after the agent's name, where
// the channel's settings say so. It is never changed in any other way.
func (s ChannelSettings) Spoken(by Sender, text string) string {
	if text == "" || s.AgentName == nil || *s.AgentName != "prefix" || by.Type != SenderAgent || by.DisplayName == nil {
		return text
	}
	return *by.DisplayName + ": " + text
}

// ReplyTerms is what a platform's rules for answering depend on.
type ReplyTerms struct {
	LastInboundAt *time.Time
	PostedAt      *time.Time // of the public message that is answered in private
	Replies       int        // that count against an allowance, since the customer last wrote, or posted; see Message.Counts
	HeldElsewhere bool
	Channel       ChannelID
	Kind          ChannelKind
	Settings      ChannelSettings
}

// HearsTyping tells whether it is heard that customers type.
func (s ChannelSettings) HearsTyping() bool { return s.InboundTyping == nil || *s.InboundTyping }

// SendsEvents tells whether a connector is sent more than messages.
func (s ChannelSettings) SendsEvents() bool { return s.SendEvents == nil || *s.SendEvents }

// Channel is one account at a platform, whose messages go to one queue.
type Channel struct {
	ID           ChannelID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	App          AppID // empty for a kind that needs none
	Kind         ChannelKind
	AccountID    string
	Credentials  map[string]string
	Queue        *QueueID
	Settings     ChannelSettings
	Bot          *Bot // answers before an agent; nil for none
	Status       ChannelStatus
	Suppressed   int64 // messages that its settings did not let in (B21); only ever counted up, by Suppress
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Thread is everything between one contact and one channel, for ever. It knows
// which interaction is open, so that a second one cannot be.
type Thread struct {
	ID              ThreadID
	Organization    OrganizationID
	Channel         ChannelID
	Contact         ContactID
	Address         string
	AddressType     string         // open: what sort of address it is, in the connector's word
	Alias           string         // the other address by which the platform named them with their last message; empty where it named one
	Open            *InteractionID // it may have begun in another thread: with a post that was answered in private
	Last            *InteractionID // the most recent interaction, open or not
	Position        int64          // of the last message of the last closed interaction
	LastInboundAt   *time.Time     // business time of the last private message; windows count from here
	DeliveredUpTo   *time.Time     // the platform's watermark, platform time
	ReadUpTo        *time.Time
	PendingReceipts map[string]ReplyStatus // receipts for messages whose id we have not learned yet
	HeldBy          string                 // the platform's id of that app, where it was told
	Referral        *Referral              // where the customer came from, for the next interaction
	HeldElsewhere   bool                   // another app of the account has the conversation at the platform
	Version         int64
	CreatedAt       time.Time
}

// maxPending bounds the receipts that a thread keeps for messages to come.
const maxPending = 100

// Remember keeps a receipt for a message whose id we have not learned yet. When
// too many are kept, some other one is forgotten: it was never ours.
func (t *Thread) Remember(platformID string, status ReplyStatus) (changed bool) {
	known, have := t.PendingReceipts[platformID]
	if known == status || known == ReplyRead {
		return false
	}
	if t.PendingReceipts == nil {
		t.PendingReceipts = map[string]ReplyStatus{}
	}
	for other := range t.PendingReceipts {
		if have || len(t.PendingReceipts) < maxPending {
			break
		}
		delete(t.PendingReceipts, other)
	}
	t.PendingReceipts[platformID] = status
	return true
}

// Recall gives, and forgets, the receipt that came before the message's id.
func (t *Thread) Recall(platformID string) (status ReplyStatus, found bool) {
	status, found = t.PendingReceipts[platformID]
	delete(t.PendingReceipts, platformID)
	return status, found
}

// Refused notes that the platform no longer takes the channel's credentials; what is to
// be sent or asked waits. told is false where that is known already.
func (c Channel) Refused(now time.Time) (after Channel, event Event, told bool) {
	if c.Status == ChannelNeedsReauthorization {
		return c, event, false
	}
	event = Event{ID: NewID[EventID](), Organization: c.Organization, Type: EventChannelReauthorizeNeeded, Time: now, Subject: string(c.ID),
		Actor: Actor{Type: ActorPlatform}, Data: EventData{ChannelID: string(c.ID), Before: string(c.Status), After: string(ChannelNeedsReauthorization)}}
	c.Status = ChannelNeedsReauthorization
	return c, event, true
}

// Enforce applies what a platform did to the account for breaking its rules; told is
// false for an action that is not known. To lift a block brings back no credentials.
func (c Channel) Enforce(action string, now time.Time) (after Channel, event Event, told bool) {
	before, what := c.Status, EventChannelWarned
	switch action {
	case "block":
		c.Status, what = ChannelBlocked, EventChannelBlocked
	case "unblock":
		if what = EventChannelUnblocked; c.Status == ChannelBlocked {
			c.Status = ChannelActive
		}
	case "warning":
	default:
		return c, event, false
	}
	event = Event{ID: NewID[EventID](), Organization: c.Organization, Type: what, Time: now, Subject: string(c.ID),
		Actor: Actor{Type: ActorPlatform}, Data: EventData{ChannelID: string(c.ID), Before: string(before), After: string(c.Status)}}
	return c, event, true
}
