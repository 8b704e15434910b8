package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

// gram is a simulated account of Instagram with the product's own adapter before it:
// what one says the other must understand.
type gram struct {
	*stage
	adapter instagram.Adapter
}

func playInstagram(t *testing.T) *gram {
	t.Helper()
	return &gram{stage: playKind(t, domain.ChannelInstagram), adapter: instagram.Adapter{Client: plain(t)}}
}

// happens makes something happen and reads the webhook that tells of it.
func (g *gram) happens(t *testing.T, in simulator.InboundMessage) channel.Event {
	t.Helper()
	if in.AccountID = page; in.Payload == nil && in.From.ID == "" {
		in.From = ana
	}
	sent, err := g.Inbound(t.Context(), in)
	if err != nil || sent.Status != 200 {
		t.Fatalf("got %+v and %v", sent, err)
	}
	return g.hears(t)
}

func (g *gram) hears(t *testing.T) channel.Event {
	t.Helper()
	hook := g.next(t)
	all := meta.Platform{}.Split(hook.body)
	if len(all) != 1 || all[0].Fault != "" || all[0].Kind != domain.ChannelInstagram || all[0].AccountID != page {
		t.Fatalf("sent %s", hook.body)
	}
	event, err := g.adapter.Parse(all[0])
	if err != nil {
		t.Fatalf("%s: %v", hook.body, err)
	}
	return event
}

func (g *gram) says(t *testing.T, out channel.Outbound) channel.Result {
	t.Helper()
	return g.adapter.Send(t.Context(), g.account(), out)
}

// refused fails the test unless the platform gave this error.
func refused(t *testing.T, what string, got channel.Result, code string) {
	t.Helper()
	if got.Code != code || got.MessageID != "" {
		t.Errorf("%s: got %+v, want %s", what, got, code)
	}
}

func TestInstagramEvents(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	for _, c := range []struct {
		what string
		in   simulator.InboundMessage
		want string
		more func(channel.Event) bool
	}{
		{"a message", simulator.InboundMessage{Text: "Hello", MessageID: "m_1"}, `message ANA "Hello"`, func(e channel.Event) bool { return !e.Public && e.MessageID == "m_1" && !e.At.IsZero() }},
		{"a story that names it", simulator.InboundMessage{Event: "story_mention"}, `message ANA ""`,
			func(e channel.Event) bool {
				return e.Story == domain.StoryMention && strings.HasPrefix(e.Attachment[0].URL, g.URL()+"/stories/")
			}},
		{"a story of somebody's own", simulator.InboundMessage{Event: "story_mention", Attachments: []simulator.Attachment{{URL: "https://cdn.example.test/s"}}}, `message ANA ""`,
			func(e channel.Event) bool { return e.Attachment[0].URL == "https://cdn.example.test/s" }},
		{"an answer to a story", simulator.InboundMessage{Event: "story_reply", Text: "Nice"}, `message ANA "Nice"`, func(e channel.Event) bool { return e.Story == domain.StoryReply }},
		{"what is not supported", simulator.InboundMessage{Event: "unsupported"}, `message ANA ""`, func(e channel.Event) bool { return len(e.Omitted) == 1 }},
		{"seen", simulator.InboundMessage{Event: "seen", MessageID: "m_0"}, `read ANA ""`, func(e channel.Event) bool { return e.Through == "m_0" }},
		{"taken back", simulator.InboundMessage{Event: "unsend", MessageID: "m_1"}, `unsent ANA ""`, nil},
		{"a reaction", simulator.InboundMessage{Event: "react", MessageID: "m_1", Text: "❤"}, `reaction ANA ""`, nil},
		{"a button", simulator.InboundMessage{Event: "postback", Text: "Hours", Data: "HOURS"}, `message ANA "Hours"`, nil},
		{"a comment", simulator.InboundMessage{Event: "comment", Text: "In blue?", MessageID: "17901", PostID: "1795"}, `message ANA "In blue?"`,
			func(e channel.Event) bool {
				return e.Public && e.Post == "1795" && e.Name == ana.Name && e.ReplyTo == ""
			}},
		{"an answer to it, on the entry", simulator.InboundMessage{Event: "comment", Text: "And red?", ReplyTo: "17901", PostID: "1795", Data: "entry"}, `message ANA "And red?"`,
			func(e channel.Event) bool { return e.Public && e.ReplyTo == "17901" }},
		{"a live comment", simulator.InboundMessage{Event: "live_comment", Text: "Hi"}, `message ANA "Hi"`, func(e channel.Event) bool { return e.Public && e.Post != "" }},
		{"a mention in a comment", simulator.InboundMessage{Event: "mention", Text: "@shop", MessageID: "17902", PostID: "1796"}, `message 17902 ""`,
			func(e channel.Event) bool { return e.Mention && e.Incomplete && e.Post == "1796" }},
		{"a mention in a caption", simulator.InboundMessage{Event: "mention", Text: "@shop"}, ``, func(e channel.Event) bool { return e.Mention && e.MessageID == e.Post }},
		{"a raw change", simulator.InboundMessage{Payload: []byte(`{"field":"comments","value":{"id":"17903","text":"x","from":{"id":"3"}}}`)}, `message 3 "x"`, nil},
		{"a raw item", simulator.InboundMessage{Payload: []byte(`{"sender":{"id":"3"},"recipient":{"id":"` + page + `"},"message":{"mid":"m_9","text":"y"}}`)}, `message 3 "y"`, nil},
	} {
		got := g.happens(t, c.in)
		line := fmt.Sprintf("%s %s %q", got.Kind, got.Contact, got.Text)
		if want := strings.Replace(c.want, "ANA", ana.ID, 1); want != "" && line != want || c.more != nil && !c.more(got) {
			t.Errorf("%s: got %s: %+v", c.what, line, got)
		}
	}
}

// B16: of somebody's story whose account is private and not followed, nothing is told.
func TestB16_PrivateAccounts(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	_, err := g.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: ana, Event: "story_mention", Data: "private"})
	if fault, refused := err.(*domain.Error); !refused || fault.Code != "sandbox.not_told" || len(g.got) != 0 {
		t.Errorf("got %v and %d webhooks", err, len(g.got))
	}
	for _, event := range []string{"post", "hide", "location"} {
		if _, err := g.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: ana, Event: event}); err == nil {
			t.Errorf("%s happens on Instagram", event)
		}
	}
}

func TestInstagramSends(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	g.happens(t, simulator.InboundMessage{Text: "Hello"})
	if err := g.SetFaults(t.Context(), simulator.Faults{Receipts: simulator.Receipts{Echo: true, Delivered: true, Read: true}, Mode: simulator.ModeNone}); err != nil {
		t.Fatal(err)
	}
	sent := g.says(t, channel.Outbound{To: ana.ID, Text: "Yes"})
	echo, seen := g.hears(t), g.hears(t)
	if sent.Outcome != channel.OutcomeAccepted || sent.Recipient != "" && sent.Recipient != ana.ID || echo.Kind != channel.EventEcho || echo.MessageID != sent.MessageID || seen.Through != sent.MessageID {
		t.Errorf("got %+v, %+v and %+v", sent, echo, seen)
	}
	refused(t, "too long", g.says(t, channel.Outbound{To: ana.ID, Text: strings.Repeat("é", 501)}), "100")
	g.after(24*time.Hour + time.Second)
	refused(t, "after a day", g.says(t, channel.Outbound{To: ana.ID, Text: "x"}), "10/2534022")
	if got := g.says(t, channel.Outbound{To: ana.ID, Text: "x", Human: true}); got.Outcome != channel.OutcomeAccepted {
		t.Errorf("a person after a day: %+v", got)
	}
	account := g.account()
	account.Credentials = map[string]string{"access_token": "another"}
	account.Settings.Login = new(string)
	*account.Settings.Login = "instagram"
	refused(t, "another token", g.adapter.Send(t.Context(), account, channel.Outbound{To: ana.ID, Text: "x"}), "190")
}

func TestInstagramComments(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	g.happens(t, simulator.InboundMessage{Event: "comment", Text: "In blue?", MessageID: "17901", PostID: "1795"})
	g.happens(t, simulator.InboundMessage{Event: "comment", Text: "And red?", MessageID: "17902", PostID: "1795", ReplyTo: "17901"})
	under := g.says(t, channel.Outbound{Public: true, Text: "Yes", ReplyTo: "17901", Post: "1795"})
	if echo := g.hears(t); echo.Kind != channel.EventEcho || !echo.Public || echo.MessageID != under.MessageID || echo.ReplyTo != "17901" || echo.Contact != "" {
		t.Errorf("the echo is %+v", echo)
	}
	refused(t, "an answer to an answer", g.says(t, channel.Outbound{Public: true, Text: "Yes", ReplyTo: "17902", Post: "1795"}), "100")
	refused(t, "too long", g.says(t, channel.Outbound{Public: true, Text: strings.Repeat("a", 2201), Post: "1795"}), "100")
	first := g.says(t, channel.Outbound{FirstWord: true, Text: "Hello", ReplyTo: "17901"})
	if first.Outcome != channel.OutcomeAccepted || g.hears(t).Contact != ana.ID {
		t.Errorf("the first word: %+v", first)
	}
	refused(t, "a second one", g.says(t, channel.Outbound{FirstWord: true, Text: "Hello", ReplyTo: "17901"}), "100/2534025")
	g.after(7*24*time.Hour + time.Second)
	refused(t, "after seven days", g.says(t, channel.Outbound{FirstWord: true, Text: "Hello", ReplyTo: "17902"}), "100/2534025")
}

func TestInstagramReads(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	g.happens(t, simulator.InboundMessage{Event: "comment", Text: "In blue?", MessageID: "17901", PostID: "1795"})
	g.happens(t, simulator.InboundMessage{Event: "mention", Text: "@shop", MessageID: "17902", PostID: "1796"})
	for _, c := range []struct {
		ref  channel.Reference
		want string
	}{
		{channel.Reference{ID: "1795"}, "What was posted before."}, {channel.Reference{ID: "17901", Comment: true}, "In blue?"},
		{channel.Reference{ID: "17902", Comment: true, Mention: true}, "@shop"}, {channel.Reference{ID: "17902", Comment: true}, ""},
		{channel.Reference{ID: "17999", Comment: true, Mention: true}, ""}, {channel.Reference{ID: "17999"}, ""},
	} {
		got, result := g.adapter.Read(t.Context(), g.account(), c.ref)
		if got.Text != c.want || (result.Outcome == channel.OutcomeAccepted) != (c.want != "") {
			t.Errorf("%+v: got %+v (%s)", c.ref, got, result.Outcome)
		}
	}
}

// A story is a picture at its link for a day.
func TestInstagramStories(t *testing.T) {
	t.Parallel()
	g := playInstagram(t)
	link := g.happens(t, simulator.InboundMessage{Event: "story_mention"}).Attachment[0].URL
	for after, want := range map[time.Duration]int{0: 200, 24*time.Hour - time.Second: 200, 24 * time.Hour: 403} {
		g.after(after)
		response, err := plain(t).Get(link)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != want || want == 200 && http.DetectContentType(body) != "image/png" {
			t.Errorf("after %v: %d and %q", after, response.StatusCode, body)
		}
	}
}
