package channel

import (
	"time"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

// Capability is one row of the matrix: what a kind of account allows. It is the
// only place for a platform's limits.
type Capability struct {
	Platform    domain.Platform
	TextLimit   int           // characters in one message
	Window      time.Duration // after the customer's last message in which anything may be sent; zero for ever
	HumanWindow time.Duration // and in which a person may still answer, where the channel's settings allow it
	AppNeeded   bool          // its webhooks come through a platform app
	Starts      bool          // it may write to somebody who has not written
	Retry       Retry         // how calls that failed are made again
	Files       FileRule      // what it takes of files
	StoreMedia  bool          // its terms let us keep what customers send
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

// Capabilities is the matrix, by kind of account. Sources: Meta's Messenger
// Platform documentation, send API reference (text limit of 2,000 characters,
// attachments of 25 MB, pictures of 8 MB)
// and messaging policy (24 hours; 7 days with the tag for human agents);
// Genesys Cloud, Open Messaging (five retries, five seconds apart).
func Capabilities() map[domain.ChannelKind]Capability {
	return map[domain.ChannelKind]Capability{
		domain.ChannelMessenger: {Platform: domain.PlatformMeta, TextLimit: 2000, Window: 24 * time.Hour, HumanWindow: 7 * 24 * time.Hour, AppNeeded: true, StoreMedia: true,
			Files: FileRule{MaxSize: 25 << 20, Smaller: map[string]int64{"image": 8 << 20},
				Images: []string{"image/jpeg", "image/png", "image/gif", "image/webp"}, Refused: programs()}},
		domain.ChannelOpen: {Platform: domain.PlatformOpen, TextLimit: 5000, Starts: true, StoreMedia: true, Files: FileRule{MaxSize: MaxFileSize, Refused: programs()},
			Retry: Retry{Repeats: true, Every: 5 * time.Second, Times: 5}},
	}
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

// Judge holds a message to the platform's rules for answering: code is why it
// may not be sent now, empty where it may. A window is open up to and including
// its last moment (B10). human tells that only the rule for human agents allows it.
func (c Capability) Judge(t domain.ReplyTerms, m domain.Message, now time.Time) (human bool, code domain.FailureCode) {
	if t.HeldElsewhere {
		return false, domain.FailureHeldElsewhere
	}
	closes := c.ClosesAt(t)
	if closes == nil || !now.After(t.LastInboundAt.Add(c.Window)) {
		return false, ""
	}
	if now.After(*closes) || m.Sender.Type != domain.SenderAgent {
		return false, domain.FailureWindowClosed
	}
	return true, ""
}

// Length counts a text as the channel's limit does: in Unicode code points.
func (c Capability) Length(text string) int { return utf8.RuneCountInString(text) }
