// Package channel says what a messaging channel must do, and holds the
// capability matrix: what each platform allows, as data. An adapter (one package
// below this one per kind of account) turns a platform's events into values of
// this package and sends replies; it knows nothing of interactions, agents or
// the database.
package channel

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Platform is what a developer app at a platform does for all its accounts: it
// proves who called, and it cuts a webhook into its events.
type Platform interface {
	// Handshake answers the platform's subscription check. ok is false when the
	// verify token does not match; nothing more may then be said.
	Handshake(query url.Values, verifyToken string) (answer string, ok bool)
	// Verify tells whether one of the secrets signed exactly these bytes. It
	// compares in constant time and does the same work without any secret.
	Verify(header http.Header, body []byte, secrets []string) bool
	// Split cuts a verified body into its events, in order. It is total: what
	// cannot be cut is one event with its Fault set.
	Split(body []byte) []Envelope
}

// Envelope is one event of a webhook, still in the platform's own bytes.
type Envelope struct {
	Kind      domain.ChannelKind // empty where no kind of account takes such events
	AccountID string             // the account that the platform names
	Field     string             // the platform's word for the kind of event: messaging, standby, changes:feed
	Payload   []byte             // the event's own bytes
	Contact   string             // the customer, where whoever took the event knows them and the payload may not say
	Fault     string             // why it cannot be understood; empty where it can
	SentAt    time.Time          // when the platform says that it sent the webhook: known where it comes in, and not kept
}

// Identity is what intake must know of an event before it is stored.
type Identity struct {
	Contact   string    // the customer's address: events of one contact stay in order
	Subject   string    // the platform's id of the message that it is about, if it is about one
	DedupeKey string    // equal for a repetition of the same event, and only then
	Order     string    // events that share it are applied in order; the contact where it is empty
	ExpiresAt time.Time // when the platform's terms end the life of what it says, as Event has it; zero where they do not
}

// Adapter connects one kind of account.
type Adapter interface {
	Kind() domain.ChannelKind
	// Identify reads just enough of an event to order it and to know it again. An
	// event that it cannot read gets an error; it is kept and marked.
	Identify(e Envelope) (Identity, error)
	// Parse says what an event means. It must give the same answer for the same
	// bytes, because an event can be applied again by newer code.
	Parse(e Envelope) (Event, error)
	// Send hands one message to the platform. It never repeats a call by itself.
	Send(ctx context.Context, account Account, message Outbound) Result
}

// EventKind is the sort of thing that a platform reported.
type EventKind string

const (
	// EventMessage is a message that the customer wrote.
	EventMessage EventKind = "message"
	// EventEcho is a message that the account itself sent, by us or by somebody else.
	EventEcho EventKind = "echo"
	// EventDelivered is proof that messages reached the customer's device.
	EventDelivered EventKind = "delivered"
	// EventRead is proof that the customer saw messages.
	EventRead EventKind = "read"
	// EventSent is proof that the platform has taken messages of ours.
	EventSent EventKind = "sent"
	// EventPending is that the platform has messages of ours and the customer is away.
	EventPending EventKind = "pending"
	// EventFailed is that messages of ours will not be delivered; Event.Failure says why.
	EventFailed EventKind = "failed"
	// EventEdited is a new text of a message.
	EventEdited EventKind = "edited"
	// EventUnsent is a message that its writer took back.
	EventUnsent EventKind = "unsent"
	// EventReaction is a sign that the customer put to a message, or took away.
	EventReaction EventKind = "reaction"
	// EventReferral is where the customer came from.
	EventReferral EventKind = "referral"
	// EventControl is a conversation that went from one app of the account to another.
	EventControl EventKind = "control"
	// EventPolicy is what the platform does to the account for breaking its rules.
	EventPolicy EventKind = "policy"
	// EventHidden is a public message that the account, or the platform, hid from
	// others; with Event.Removed it shows it again.
	EventHidden EventKind = "hidden"
	// EventMoved is a customer whose address is another one from now on; Event.Former
	// is the one before.
	EventMoved EventKind = "moved"
	// EventIgnored is a shape that is known and has no effect yet; Event.Note says which.
	EventIgnored EventKind = "ignored"
)

// Event is what a platform reported, in words that are the same for every channel.
type Event struct {
	Kind    EventKind
	Contact string // the customer's address on this account
	// AddressType and Name are what the platform told of the customer with this
	// event: the sort of the address in the platform's word, and a name to show.
	AddressType, Name string
	MessageID         string // the platform's id of the message
	Text              string
	Attachment        []domain.Attachment
	ReplyTo           string    // the platform's id of the message that is quoted
	Token             string    // the token that our own send carried, given back by an echo
	MessageIDs        []string  // receipts: the messages that are meant, where the platform names them
	Watermark         time.Time // receipts: every message up to this platform time is meant
	Failure           domain.FailureCode
	At                time.Time // the platform's time of the event
	Note              string
	ExpiresAt         time.Time // messages: when the platform's terms end the life of what it says; zero where they do not

	Postback   *domain.Postback   // messages: the button that was pressed
	QuickReply *domain.QuickReply // messages: the answer that was taken
	Referral   *domain.Referral   // messages and referrals
	Edit       int                // edits: its number; a later one wins
	Reaction   string             // reactions: the platform's word
	Emoji      string             // reactions
	Removed    bool               // reactions: taken away; hidden: shown again
	Standby    bool               // another app has the conversation
	Elsewhere  bool               // control: another app has it from now on
	Owner      string             // control: the platform's id of the app that has it
	Action     string             // policy: block, unblock or warning

	Story   domain.Story      // messages: what it has to do with a story; empty where nothing
	Omitted []domain.Omission // messages: what belongs to it and is not told
	Through string            // reads: the platform's id of a message; it and all before it are meant

	Public     bool   // messages: everybody sees it
	Post       string // public messages: the platform's id of the post that it stands under; its own where it is the post
	Mention    bool   // public messages: it stands somewhere else and only names the account
	Incomplete bool   // public messages: its text, or who wrote it, must be asked for; see Reader
	Former     string // moved: the address that the customer had
	Alias      string // another address by which the platform may name the same customer
}

// Account is what an adapter needs to act for one channel.
type Account struct {
	AccountID   string
	Name        string // what people call the channel
	Settings    domain.ChannelSettings
	Credentials map[string]string
	BaseURL     string // replaces the platform's host; empty for the platform itself
	Version     string // the platform API's version; empty for the adapter's default
}

// AccountOf is what an adapter is given of a channel. base replaces the platform's
// host where the channel's own settings do not.
func AccountOf(ch domain.Channel, base string) Account {
	a := Account{AccountID: ch.AccountID, Name: ch.Name, Settings: ch.Settings, Credentials: ch.Credentials, BaseURL: base}
	if ch.Settings.APIBaseURL != nil {
		a.BaseURL = *ch.Settings.APIBaseURL
	}
	if ch.Settings.GraphVersion != nil {
		a.Version = *ch.Settings.GraphVersion
	}
	return a
}

// Outbound is one message to be sent. Everything but the token is the same at
// each try.
type Outbound struct {
	Token        string // opaque; comes back in an echo where the platform allows it
	ID           domain.MessageID
	Conversation domain.InteractionID
	To           string
	AddressType  string // see Event.AddressType
	Text         string
	Sender       domain.Sender
	At           time.Time // when it was written
	ReplyTo      string    // the platform's id of the message to quote; of a Typist, of the customer's latest
	File         *File     // goes instead of the text
	Human        bool      // a person's answer after the platform's first window
	Public       bool      // everybody is to see it
	Post         string    // public: the platform's id of the post that it stands under
	Under        string    // public: the platform's id of the comment under which it stands, where there are two levels only
	Mention      bool      // public: what it answers only names the account, and stands somewhere else
	FirstWord    bool      // private, to the writer of the public message ReplyTo, who has not written in private
	Template     *domain.Template
	Alias        string // another address of the customer's, told lately; see Event.Alias
}

// File is a file that the platform, or the connector, fetches by its URL. The
// link needs no token and outlives the sending by far.
type File struct {
	ID          domain.AttachmentID
	Kind        string // image, audio, video or file
	URL         string
	Name        string
	ContentType string
	Size        int64
	Open        func(context.Context) (io.ReadCloser, error) // its bytes, for a platform that takes them and no link
}

// Library is an adapter whose platform gives out what customers sent by an id, and to
// the account alone. An attachment names it as domain.MediaScheme and the id.
type Library interface {
	// Media opens one. Its result is Accepted where the body is there, which the caller
	// closes, and Rejected where it is gone.
	Media(ctx context.Context, account Account, id string) (Media, Result)
}

// Media is what a Library gives out. What it says of the body is what the platform
// said; empty where that is not known.
type Media struct {
	ContentType string
	Size        int64
	SHA256      string // in hexadecimal
	Body        io.ReadCloser
}

// Typist is an adapter whose platform can show the customer that somebody is
// typing. It is a courtesy: what becomes of the call changes nothing.
type Typist interface {
	// Typing shows, or with on false hides, the sign.
	Typing(ctx context.Context, account Account, to Outbound, on bool) Result
}

// Acknowledger is an adapter whose platform likes to hear that a message of a
// customer's has arrived. It is a courtesy, too.
type Acknowledger interface {
	// Acknowledge tells of the message with the platform's own id; received is what
	// we call it, and to whom the answer goes.
	Acknowledge(ctx context.Context, account Account, received Outbound, platformID string) Result
}

// Reference names a public post, or a comment, at its platform.
type Reference struct {
	ID      string
	Comment bool   // it is a comment, and no post
	Mention bool   // it stands somewhere else and names the account
	Post    string // of a comment: the post that it stands under, where that is known
}

// Post is what a platform tells of a public post or comment. Its writer may be
// unknown: that is their right.
type Post struct {
	Author, AuthorName string
	Text, Permalink    string
	Attachments        []domain.Attachment
	At                 time.Time
}

// Reader is an adapter whose platform tells of public posts when it is asked.
type Reader interface {
	// Read asks for one. Its result is Accepted where the post is told, and Rejected
	// where it is gone, or not for us to see.
	Read(ctx context.Context, account Account, ref Reference) (Post, Result)
}

// Outcome is what is known of a send after the call: what happened to the bytes decides.
type Outcome string

const (
	// OutcomeAccepted: the platform took the message.
	OutcomeAccepted Outcome = "accepted"
	// OutcomeRejected: the platform refused it and will refuse it again as it is.
	OutcomeRejected Outcome = "rejected"
	// OutcomeNotSent: the message certainly did not reach the platform, or the
	// platform says it was not processed; it may be sent again.
	OutcomeNotSent Outcome = "not_sent"
	// OutcomeThrottled: as NotSent, because of a rate limit.
	OutcomeThrottled Outcome = "throttled"
	// OutcomeUnauthorized: the account's credentials no longer work.
	OutcomeUnauthorized Outcome = "unauthorized"
	// OutcomeUnknown: bytes were written and no answer says what became of them.
	OutcomeUnknown Outcome = "unknown"
)

// Result is the outcome of one send.
type Result struct {
	Outcome    Outcome
	MessageID  string             // accepted: the platform's id of the message
	Recipient  string             // accepted: the address of who got it, where the platform tells and it may be news
	Failure    domain.FailureCode // rejected, and not sent for good: what to tell the agent
	RetryAfter time.Duration      // throttled: how long the platform asks to wait; zero where it does not say
	Once       bool               // not sent: it may be tried once more, and has failed for good then
	Timeout    bool               // not sent: because the time ran out before a byte was written
	Status     int                // the platform's HTTP status, zero without an answer
	Code       string             // the platform's own error code, for the log and the support case
}
