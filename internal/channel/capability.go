package channel

import (
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Capability is one row of the matrix: what a kind of account allows. It is the
// only place for a platform's limits.
type Capability struct {
	Platform    domain.Platform
	TextLimit   int           // of one message, in what Counting counts
	Counting    Counting      // how the platform counts a text; empty for code points
	Window      time.Duration // after the customer's last message in which anything may be sent; zero for ever
	HumanWindow time.Duration // and in which a person may still answer, where the channel's settings allow it
	Templates   bool          // after the window a prepared template may still be sent, and nothing else
	Allowance   int           // how many replies each message of the customer's allows; zero for any number
	Posts       PublicRule    // what it allows in public; the zero value where it has no public messages
	AppNeeded   bool          // its webhooks come through a platform app
	Starts      bool          // it may write to somebody who has not written
	Retry       Retry         // how calls that failed are made again
	Files       FileRule      // what it takes of files
	Untokened   bool          // an echo brings back no token of ours: only what it says tells whose it is
	StoreMedia  bool          // its terms let us keep what customers send
	Reports     []EventKind   // what its platform tells besides messages: receipts, edits, …
	ShowsTyping bool          // the customer can be shown that somebody types
	HearsTyping bool          // its platform tells that the customer types
}

// PublicRule is what a kind of account allows in front of everybody.
type PublicRule struct {
	TextLimit int // of one message, in what Counting counts; zero where it has no public messages
	Counting  Counting
	Files     FileRule
	Flat      bool          // an answer to an answer stands under the same comment
	OwnAlone  bool          // under somebody else's post only what named the account can be answered
	FirstWord time.Duration // after a public message in which its writer may get one private message; zero for never
	// Direct is the kind of channel that has the private conversations of the same
	// account; empty where it is this kind itself.
	Direct domain.ChannelKind
}

// Public tells whether there are messages that everybody sees.
func (c Capability) Public() bool { return c.Posts.TextLimit > 0 }

// In is the row as it counts for messages of a visibility: in public, texts and
// files have rules of their own.
func (c Capability) In(v domain.Visibility) Capability {
	if v == domain.Public {
		c.TextLimit, c.Counting, c.Files = c.Posts.TextLimit, c.Posts.Counting, c.Posts.Files
	}
	return c
}

// Retry says how a call that failed is made again. The zero value is for
// platforms that do not tell: with growing pauses, and only where the message
// certainly was not taken.
type Retry struct {
	// Repeats is that the receiver knows a message again by its id, and takes it
	// once. A call may then be made again after bytes were written, also after a
	// crash, with the same bytes.
	Repeats bool
	Every   time.Duration // a steady pause; zero for growing ones
	Times   int           // how often at most; zero for as long as delivery's patience lasts
}

// day is the unit of most windows.
const day = 24 * time.Hour

// DuplicateWindow is how long the same reply to the same customer is taken for a
// slip of the hand, unless the channel's settings say otherwise (D13).
const DuplicateWindow = time.Minute

// Capabilities is the matrix, by kind of account. Sources: Meta's Messenger
// Platform documentation, send API reference (text limit of 2,000 characters,
// attachments of 25 MB, pictures of 8 MB)
// and messaging policy (24 hours; 7 days with the tag for human agents); Private
// Replies (one for each comment or visitor's post, within 7 days); Graph API, Photo
// uploads (the types of pictures, and 4 MB as the size that is recommended);
// Meta's documentation of WhatsApp's Cloud API (24 hours, then templates; media by type);
// Meta's Instagram Messaging documentation (1,000 bytes; what it takes of files; that
// nothing of what customers send may be kept) and Instagram Platform (comments; private
// replies: one for each comment, within 7 days);
// Genesys Cloud, Open Messaging (five retries, five seconds apart).
func Capabilities() map[domain.ChannelKind]Capability {
	return map[domain.ChannelKind]Capability{
		domain.ChannelMessenger: {Platform: domain.PlatformMeta, TextLimit: 2000, Window: day, HumanWindow: 7 * day, AppNeeded: true, StoreMedia: true,
			Files: messengerFiles(), ShowsTyping: true,
			Reports: []EventKind{EventEcho, EventDelivered, EventRead, EventEdited, EventUnsent, EventReaction, EventReferral, EventControl, EventPolicy}},
		domain.ChannelFacebookPage: {Platform: domain.PlatformMeta, TextLimit: 2000, AppNeeded: true, StoreMedia: true, Files: messengerFiles(),
			Reports: []EventKind{EventEcho, EventEdited, EventUnsent, EventHidden, EventReaction},
			Posts: PublicRule{TextLimit: 8000, FirstWord: 7 * day, Direct: domain.ChannelMessenger,
				Files: FileRule{MaxSize: 4 << 20, Only: []string{"image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"}}}},
		domain.ChannelWhatsApp: {Platform: domain.PlatformMeta, TextLimit: 4096, Window: day, Templates: true, AppNeeded: true, StoreMedia: true, ShowsTyping: true,
			Reports: []EventKind{EventEcho, EventSent, EventDelivered, EventRead, EventFailed, EventEdited, EventUnsent, EventReaction, EventReferral, EventMoved},
			Files: FileRule{MaxSize: MaxFileSize, Smaller: map[string]int64{"image": 5 << 20, "audio": 16 << 20, "video": 16 << 20},
				Images: []string{"image/jpeg", "image/png"}, Plays: []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg", "video/mp4", "video/3gpp"},
				Refused: programs()}},
		domain.ChannelInstagram: {Platform: domain.PlatformMeta, TextLimit: 1000, Counting: CountBytes, Window: day, HumanWindow: 7 * day, AppNeeded: true, Untokened: true,
			ShowsTyping: true, Reports: []EventKind{EventEcho, EventRead, EventEdited, EventUnsent, EventReaction, EventReferral, EventControl},
			Posts: PublicRule{TextLimit: 2200, Flat: true, OwnAlone: true, FirstWord: 7 * day},
			Files: FileRule{MaxSize: 25 << 20, Smaller: map[string]int64{"image": 8 << 20}, Only: []string{"image/png", "image/jpeg",
				"audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav", "video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm",
				"application/pdf"}}},
		domain.ChannelOpen: {Platform: domain.PlatformOpen, TextLimit: 5000, Starts: true, StoreMedia: true, Files: FileRule{MaxSize: MaxFileSize, Refused: programs()},
			ShowsTyping: true, HearsTyping: true, Reports: []EventKind{EventSent, EventPending, EventDelivered, EventRead, EventFailed},
			Retry: Retry{Repeats: true, Every: 5 * time.Second, Times: 5}},
	}
}

// messengerFiles is what Messenger takes, and a page's private messages with it.
func messengerFiles() FileRule {
	return FileRule{MaxSize: 25 << 20, Smaller: map[string]int64{"image": 8 << 20},
		Images: []string{"image/jpeg", "image/png", "image/gif", "image/webp"}, Refused: programs()}
}

// ClosesAt is the last moment at which an agent may answer; nil where there is
// none, or where the customer has never written.
func (c Capability) ClosesAt(t domain.ReplyTerms) *time.Time {
	if c.Window == 0 || t.LastInboundAt == nil {
		return nil
	}
	closes := t.LastInboundAt.Add(c.Window)
	if t.Settings.AllowsHumanAgent() {
		closes = t.LastInboundAt.Add(max(c.Window, c.HumanWindow))
	}
	return &closes
}

// Coming is the matrix's rows of kinds that no adapter serves yet: what their
// platforms count and allow is known, and tested. Whoever adds an adapter moves its
// row. Sources: X's documentation of posts and direct messages (five for each of the customer's); Twilio's of messages.
func Coming() map[domain.ChannelKind]Capability {
	return map[domain.ChannelKind]Capability{
		"x_dm":   {Platform: "x", TextLimit: 10_000, Allowance: 5, AppNeeded: true},
		"x_post": {Platform: "x", TextLimit: 280, Counting: CountWeighted, AppNeeded: true, Posts: PublicRule{TextLimit: 280, Counting: CountWeighted}},
		"sms":    {Platform: "twilio", TextLimit: 1600, Counting: CountSMS, AppNeeded: true},
	}
}

// Verdict is what a platform's rules for answering say of a message.
type Verdict struct {
	Code  domain.FailureCode // why it may not be sent now; empty where it may
	Human bool               // only the rule for human agents allows it
	First bool               // it is the one private message to the writer of a public one
}

// Judge holds a message to the platform's rules for answering. A window is open up
// to and including its last moment (B10). Where the customer's own private messages
// allow none, the public message that is answered may allow one.
func (c Capability) Judge(t domain.ReplyTerms, m domain.Message, now time.Time) Verdict {
	switch {
	case m.Visibility == domain.Public:
		return Verdict{}
	case t.HeldElsewhere:
		return Verdict{Code: domain.FailureHeldElsewhere}
	case t.PostedAt != nil && c.Posts.FirstWord > 0 && (t.LastInboundAt == nil || c.over(t, now)):
		return Verdict{First: true, Code: c.judgeFirst(t, now)}
	case t.LastInboundAt == nil:
		return Verdict{}
	case c.Spent(t):
		return Verdict{Code: domain.FailureReplyLimit}
	case !now.After(t.LastInboundAt.Add(c.Window)) || c.Window == 0:
		return Verdict{}
	case c.Templates && m.Details.Template != nil:
		return Verdict{}
	case c.Templates:
		return Verdict{Code: domain.FailureTemplateRequired}
	case c.over(t, now) || m.Sender.Type != domain.SenderAgent:
		return Verdict{Code: domain.FailureWindowClosed}
	}
	return Verdict{Human: true}
}

// over tells whether the last moment at which an agent may answer has passed.
func (c Capability) over(t domain.ReplyTerms, now time.Time) bool {
	closes := c.ClosesAt(t)
	return closes != nil && now.After(*closes)
}

// judgeFirst tells why the writer of a public message may not get a private one:
// a platform that allows it at all allows one.
func (c Capability) judgeFirst(t domain.ReplyTerms, now time.Time) domain.FailureCode {
	switch {
	case t.Replies > 0:
		return domain.FailureReplyLimit
	case now.After(t.PostedAt.Add(c.Posts.FirstWord)):
		return domain.FailureWindowClosed
	}
	return ""
}

// MayWrite tells whether anything may be sent at all: where a kind may not write to
// somebody who has not written, they must have, in private or, where that gives a
// first word, in public (D04).
func (c Capability) MayWrite(t domain.ReplyTerms) bool {
	return c.Starts || t.LastInboundAt != nil || t.PostedAt != nil && c.Public()
}

// Spent tells whether no reply is left until the customer writes again (B08).
func (c Capability) Spent(t domain.ReplyTerms) bool {
	left := c.Left(t)
	return left != nil && *left == 0 && t.Settings.EnforcesAllowance()
}

// Left is how many replies are left until the customer writes again; nil where
// they are not counted.
func (c Capability) Left(t domain.ReplyTerms) *int {
	if c.Allowance == 0 {
		return nil
	}
	left := max(0, c.Allowance-t.Replies)
	return &left
}

// NeedsTemplate tells whether only a prepared template may be sent now (B13).
func (c Capability) NeedsTemplate(t domain.ReplyTerms, now time.Time) bool {
	return c.Templates && t.LastInboundAt != nil && now.After(t.LastInboundAt.Add(c.Window))
}
