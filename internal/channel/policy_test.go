package channel_test

import (
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// judged holds messages to a row's rules, each a while after the customer's last.
func judged(t *testing.T, row channel.Capability, terms domain.ReplyTerms, m domain.Message, want map[time.Duration]domain.FailureCode) {
	t.Helper()
	wrote := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	if terms.PostedAt == nil {
		terms.LastInboundAt = &wrote
	} else {
		terms.PostedAt = &wrote
	}
	for after, code := range want {
		if got := row.Judge(terms, m, wrote.Add(after)); got.Code != code {
			t.Errorf("after %v: %q, not %q", after, got.Code, code)
		}
	}
}

// TestB08_B09_FiveReplies counts what X allows for each of the customer's messages.
// No channel uses it yet.
func TestB08_B09_FiveReplies(t *testing.T) {
	t.Parallel()
	row, warn := channel.Coming()["x_dm"], "warn"
	for sent, left := range []int{5, 4, 3, 2, 1, 0, 0} {
		terms, code := domain.ReplyTerms{Replies: sent}, domain.FailureCode("")
		if sent >= 5 {
			code = domain.FailureReplyLimit
		}
		judged(t, row, terms, domain.Message{}, map[time.Duration]domain.FailureCode{0: code, 999 * time.Hour: code})
		if got := row.Left(terms); got == nil || *got != left {
			t.Errorf("after %d replies %v are left, not %d", sent, got, left)
		}
		terms.Settings.ReplyAllowance = &warn
		judged(t, row, terms, domain.Message{}, map[time.Duration]domain.FailureCode{0: ""})
	}
	if left := channel.Capabilities()[domain.ChannelMessenger].Left(domain.ReplyTerms{Replies: 9}); left != nil {
		t.Errorf("%d replies are left where they are not counted", *left)
	}
}

// TestB12_B13_Templates: 24 hours to the last moment, and then only what WhatsApp
// has approved.
func TestB12_B13_Templates(t *testing.T) {
	t.Parallel()
	row, agent := channel.Capabilities()[domain.ChannelWhatsApp], domain.Sender{Type: domain.SenderAgent}
	const hours = 24 * time.Hour
	judged(t, row, domain.ReplyTerms{}, domain.Message{Sender: agent}, map[time.Duration]domain.FailureCode{
		0: "", hours - time.Second: "", hours: "", hours + time.Millisecond: domain.FailureTemplateRequired, hours + time.Second: domain.FailureTemplateRequired})
	approved := domain.Message{Sender: agent, Details: domain.MessageDetails{Template: &domain.Template{Name: "order_update", Language: "en"}}}
	judged(t, row, domain.ReplyTerms{}, approved, map[time.Duration]domain.FailureCode{0: "", hours + time.Second: "", 999 * hours: ""})
	wrote := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{hours - time.Second: false, hours: false, hours + time.Second: true} {
		if got := row.NeedsTemplate(domain.ReplyTerms{LastInboundAt: &wrote}, wrote.Add(after)); got != want {
			t.Errorf("after %v a template is needed: %v", after, got)
		}
	}
	if closes := row.ClosesAt(domain.ReplyTerms{LastInboundAt: &wrote}); closes == nil || !closes.Equal(wrote.Add(hours)) {
		t.Errorf("it closes at %v", closes)
	}
}

// Who wrote in public may get one private message, within seven days; in public there
// is no window.
func TestPrivateRepliesToPosts(t *testing.T) {
	t.Parallel()
	const hours = 24 * time.Hour
	posted := time.Now()
	for _, kind := range []domain.ChannelKind{"facebook_page", "instagram"} {
		row, private, public := rows()[kind], domain.Message{Visibility: domain.Private}, domain.Message{Visibility: domain.Public}
		judged(t, row, domain.ReplyTerms{PostedAt: &posted}, private, map[time.Duration]domain.FailureCode{
			0: "", 7*hours - time.Second: "", 7 * hours: "", 7*hours + time.Second: domain.FailureWindowClosed})
		judged(t, row, domain.ReplyTerms{PostedAt: &posted, Replies: 1}, private, map[time.Duration]domain.FailureCode{0: domain.FailureReplyLimit})
		judged(t, row, domain.ReplyTerms{PostedAt: &posted, Replies: 9}, public, map[time.Duration]domain.FailureCode{0: "", 999 * hours: ""})
	}
}

// TestD04_NobodyIsWrittenToFirst, but on the channels that allow it.
func TestD04_NobodyIsWrittenToFirst(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for kind, row := range rows() {
		if got, want := row.MayWrite(domain.ReplyTerms{}), kind == domain.ChannelOpen; got != want {
			t.Errorf("%s may write first: %v", kind, got)
		}
		if !row.MayWrite(domain.ReplyTerms{LastInboundAt: &now}) {
			t.Errorf("%s may not answer", kind)
		}
		if got, want := row.MayWrite(domain.ReplyTerms{PostedAt: &now}), row.Public() || row.Starts; got != want {
			t.Errorf("%s may answer a post: %v", kind, got)
		}
	}
}

// rows gives the whole matrix, also what has no adapter yet.
func rows() map[domain.ChannelKind]channel.Capability {
	all := channel.Coming()
	for kind, row := range channel.Capabilities() {
		all[kind] = row
	}
	return all
}

// Every kind has its limit to the last character, in its own counting.
func TestA09_LimitsOfEveryKind(t *testing.T) {
	t.Parallel()
	for kind, c := range map[domain.ChannelKind]struct {
		one     string
		n       int
		charset domain.Charset
	}{
		"messenger": {"é", 2000, domain.CharsetUnicode}, "open": {"😀", 5000, domain.CharsetUnicode}, "facebook_page": {"a", 2000, domain.CharsetUnicode},
		"instagram": {"é", 500, domain.CharsetUTF8}, "whatsapp": {"a", 4096, domain.CharsetUnicode}, "x_dm": {"a", 10_000, domain.CharsetUnicode},
		"x_post": {"😀", 140, domain.CharsetWeighted}, "sms": {"a", 1600, domain.CharsetGSM7},
	} {
		row, full := rows()[kind], ""
		for range c.n {
			full += c.one
		}
		if l := row.Measure(full); !l.Fits() || l.Remaining() != 0 || l.Charset != c.charset || l.Used != row.TextLimit {
			t.Errorf("%s: the longest text is %+v", kind, l)
		}
		if l := row.Measure(full + c.one); l.Fits() || row.Fit(full+c.one) != full {
			t.Errorf("%s: one more is %+v", kind, l)
		}
	}
	if len(rows()) != 8 {
		t.Errorf("the matrix has %d rows: give each its line here", len(rows()))
	}
}
