package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

// public is a simulated page with the product's own adapter before it: what one says
// the other must understand.
type public struct {
	*stage
	adapter facebookpage.Adapter
}

func playPage(t *testing.T) *public {
	t.Helper()
	return &public{stage: playKind(t, domain.ChannelFacebookPage), adapter: facebookpage.Adapter{Client: plain(t)}}
}

// happens makes something happen and reads the webhook that tells of it.
func (w *public) happens(t *testing.T, in simulator.InboundMessage) channel.Event {
	t.Helper()
	in.AccountID = page
	sent, err := w.Inbound(t.Context(), in)
	if err != nil || sent.Status != 200 {
		t.Fatalf("got %+v and %v", sent, err)
	}
	return w.hears(t)
}

// hears reads the next webhook.
func (w *public) hears(t *testing.T) channel.Event {
	t.Helper()
	hook := w.next(t)
	all := meta.Platform{}.Split(hook.body)
	if len(all) != 1 || all[0].Fault != "" || all[0].AccountID != page || all[0].SentAt.IsZero() {
		t.Fatalf("sent %s", hook.body)
	}
	parse := w.adapter.Parse
	if all[0].Kind == domain.ChannelMessenger {
		parse = messenger.Adapter{}.Parse
	}
	event, err := parse(all[0])
	if err != nil {
		t.Fatalf("%s: %v", hook.body, err)
	}
	return event
}

func (w *public) says(t *testing.T, out channel.Outbound) channel.Result {
	t.Helper()
	return w.adapter.Send(t.Context(), w.account(), out)
}

// line is an event as these tests write it.
func line(e channel.Event) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %q post=%s reply=%s at=%d %v", e.Kind, e.Contact, e.Text, e.Post, e.ReplyTo, e.At.Unix(), e.Attachment))
}

var ana = simulator.Person{ID: "7100000000000009", Name: "Ana Example"}

func TestPageEvents(t *testing.T) {
	t.Parallel()
	w := playPage(t)
	at := func(want string) string {
		return strings.NewReplacer("NOW", fmt.Sprint(start().Unix()), "PAGE", page, "ANA", ana.ID).Replace(want)
	}
	for _, c := range []struct {
		what string
		in   simulator.InboundMessage
		want string
		more func(channel.Event) bool
	}{
		{"a comment", simulator.InboundMessage{From: ana, Text: "Still nothing", MessageID: "1_2"}, `message ANA "Still nothing" post=PAGE_1 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Name == ana.Name && e.MessageID == "1_2" && e.Public }},
		{"an answer to it", simulator.InboundMessage{From: ana, Text: "Hello?", ReplyTo: "1_2", PostID: page + "_5"}, `message ANA "Hello?" post=PAGE_5 reply=1_2 at=NOW []`,
			func(e channel.Event) bool { return strings.HasPrefix(e.MessageID, "5_88") }},
		{"a picture", simulator.InboundMessage{From: ana, Attachments: []simulator.Attachment{{Type: "image", URL: "https://cdn.example.test/1"}}},
			`message ANA "" post=PAGE_1 reply= at=NOW [{ image https://cdn.example.test/1`, nil},
		{"nobody's comment", simulator.InboundMessage{Text: "Who am I?", MessageID: "1_3"}, `message 1_3 "Who am I?" post=PAGE_1 reply= at=NOW []`, nil},
		{"a visitor's post", simulator.InboundMessage{Event: "post", From: ana, Text: "Broken", MessageID: page + "_7"}, `message ANA "Broken" post=PAGE_7 reply= at=NOW []`,
			func(e channel.Event) bool { return e.MessageID == e.Post }},
		{"a mention in a post", simulator.InboundMessage{Event: "mention", From: ana, Text: "Thanks", MessageID: "555_1"}, `message 555_1 "Thanks" post=555_1 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Mention && e.Incomplete }},
		{"a mention in a comment", simulator.InboundMessage{Event: "mention", From: ana, PostID: "555_1", MessageID: "1_9"}, `message 1_9 "" post=555_1 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Mention && e.Incomplete && e.MessageID == "1_9" }},
		{"an edit", simulator.InboundMessage{Event: "edit", Text: "Nothing!", MessageID: "1_2"}, `edited ANA "Nothing!" post=PAGE_1 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Edit == int(start().Unix()) }},
		{"hidden", simulator.InboundMessage{Event: "hide", MessageID: "1_2"}, `hidden ANA "" post=PAGE_1 reply= at=NOW []`, func(e channel.Event) bool { return !e.Removed }},
		{"shown", simulator.InboundMessage{Event: "unhide", MessageID: "1_2"}, `hidden ANA "" post=PAGE_1 reply= at=NOW []`, func(e channel.Event) bool { return e.Removed }},
		{"a reaction", simulator.InboundMessage{Event: "react", From: ana, Text: "love", MessageID: page + "_7"}, `reaction ANA "" post=PAGE_7 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Reaction == "love" && e.MessageID == page+"_7" }},
		{"none any more", simulator.InboundMessage{Event: "unreact", From: ana, MessageID: "1_2"}, `reaction ANA "" post=PAGE_1 reply= at=NOW []`,
			func(e channel.Event) bool { return e.Reaction == "like" && e.Removed && e.MessageID == "1_2" }},
		{"removed", simulator.InboundMessage{Event: "unsend", MessageID: "1_2"}, `unsent ANA "" post=PAGE_1 reply= at=NOW []`, nil},
		{"what is not known", simulator.InboundMessage{Event: "unsend", From: ana, MessageID: "1_77", PostID: page + "_1"}, `unsent ANA "" post=PAGE_1 reply= at=NOW []`, nil},
		{"a raw item", simulator.InboundMessage{Payload: []byte(`{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"1_4","post_id":"` + page + `_1","from":{"id":"3"},"message":"x"}}`)},
			`message 3 "x" post=PAGE_1 reply= at=-62135596800 []`, nil},
	} {
		got := w.happens(t, c.in)
		if want := at(c.want); !strings.HasPrefix(line(got), want) || c.more != nil && !c.more(got) {
			t.Errorf("%s: %s, want %s (%+v)", c.what, line(got), want, got)
		}
	}
	if got := w.adapter.Send(t.Context(), w.account(), channel.Outbound{Text: "Yes?", Public: true, ReplyTo: "1_4"}); got.Outcome != channel.OutcomeAccepted {
		t.Errorf("a comment that was overheard is answered: %+v", got)
	}
}

// What the page answers in public it hears itself, and nothing else follows.
func TestPageComments(t *testing.T) {
	t.Parallel()
	w := playPage(t)
	w.happens(t, simulator.InboundMessage{From: ana, Text: "Still nothing", MessageID: "1_2"})
	under := w.says(t, channel.Outbound{Text: "On its way.", Public: true, ReplyTo: "1_2", Post: page + "_1"})
	echo := w.hears(t)
	if under.Outcome != channel.OutcomeAccepted || echo.Kind != channel.EventEcho || echo.MessageID != under.MessageID || echo.ReplyTo != "1_2" || echo.Text != "On its way." {
		t.Errorf("answered %+v, heard %+v", under, echo)
	}
	top := w.says(t, channel.Outbound{Public: true, Post: page + "_1", File: &channel.File{Kind: "image", URL: "https://care.example.test/a"}})
	if echo := w.hears(t); echo.MessageID != top.MessageID || echo.ReplyTo != "" || len(echo.Attachment) != 1 || top.MessageID == under.MessageID {
		t.Errorf("answered %+v, heard %+v", top, echo)
	}
	w.happens(t, simulator.InboundMessage{Event: "unsend", MessageID: "1_2"})
	for what, c := range map[string]struct {
		out  channel.Outbound
		code string
	}{
		"under what is gone": {channel.Outbound{Text: "x", Public: true, ReplyTo: "1_2"}, "100/33"},
		"nothing":            {channel.Outbound{Public: true, ReplyTo: page + "_1"}, "100"},
		"too much":           {channel.Outbound{Text: strings.Repeat("é", 8001), Public: true, ReplyTo: page + "_1"}, "100"},
	} {
		if got := w.says(t, c.out); got.Outcome != channel.OutcomeRejected || got.Code != c.code {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if got := w.says(t, channel.Outbound{Text: strings.Repeat("é", 8000), Public: true, ReplyTo: "unheard_of"}); got.Outcome != channel.OutcomeAccepted {
		t.Errorf("under what nobody has heard of: %+v", got)
	}
	stranger := w.account()
	stranger.Credentials = map[string]string{"access_token": "stolen"}
	if got := w.adapter.Send(t.Context(), stranger, channel.Outbound{Text: "x", Public: true, ReplyTo: page + "_1"}); got.Outcome != channel.OutcomeUnauthorized {
		t.Errorf("with another token: %+v", got)
	}
}

// A comment's writer gets one private message within seven days, under an id that the
// comment does not tell; what they answer comes from there.
func TestPagePrivateReplies(t *testing.T) {
	t.Parallel()
	w := playPage(t)
	w.happens(t, simulator.InboundMessage{From: ana, Text: "Still nothing", MessageID: "1_2"})
	w.happens(t, simulator.InboundMessage{From: ana, Text: "Hello?", MessageID: "1_3"})
	w.happens(t, simulator.InboundMessage{Event: "post", From: ana, Text: "Broken", MessageID: page + "_7"})
	first := func(id string) channel.Outbound {
		return channel.Outbound{Token: "t", Text: "Hello", ReplyTo: id, FirstWord: true}
	}
	w.after(7 * 24 * time.Hour)
	got := w.says(t, first("1_2"))
	if got.Outcome != channel.OutcomeAccepted || got.Recipient == "" || got.Recipient == ana.ID || got.MessageID == "" {
		t.Fatalf("the first word: %+v", got)
	}
	if echo := w.hears(t); echo.Kind != channel.EventEcho || echo.Token != "t" || echo.Contact != got.Recipient || echo.Public {
		t.Errorf("heard %+v", echo)
	}
	w.hears(t) // delivered
	if again := w.says(t, first("1_2")); again.Outcome != channel.OutcomeRejected || again.Failure != domain.FailureReplyLimit {
		t.Errorf("the second word: %+v", again)
	}
	if post := w.says(t, first(page+"_7")); post.Recipient != got.Recipient {
		t.Errorf("the same person, for their post: %+v", post)
	}
	w.hears(t)
	w.hears(t)
	w.after(7*24*time.Hour + time.Second)
	if late := w.says(t, first("1_3")); late.Failure != domain.FailureWindowClosed {
		t.Errorf("a second after seven days: %+v", late)
	}
	if dm := w.happens(t, simulator.InboundMessage{Event: "direct_message", From: ana, Text: "In private"}); dm.Contact != got.Recipient || dm.Public || dm.Text != "In private" {
		t.Errorf("wrote in private: %+v", dm)
	}
	if on := w.says(t, channel.Outbound{To: got.Recipient, Text: "Good", Token: "t"}); on.Outcome != channel.OutcomeAccepted || on.Recipient != "" {
		t.Errorf("answered in private: %+v", on)
	}
	own := w.says(t, channel.Outbound{Text: "x", Public: true, ReplyTo: "1_3"})
	if to := w.says(t, first(own.MessageID)); to.Code != "10903" {
		t.Errorf("the page writes to itself: %+v", to)
	}
}

func TestPageReads(t *testing.T) {
	t.Parallel()
	w := playPage(t)
	w.happens(t, simulator.InboundMessage{From: ana, Text: "Still nothing", MessageID: "1_2", Attachments: []simulator.Attachment{{Type: "image", URL: "https://cdn.example.test/1"}}})
	w.happens(t, simulator.InboundMessage{Event: "mention", From: ana, Text: "Thanks", MessageID: "555_1"})
	read := func(ref channel.Reference) channel.Post {
		post, result := w.adapter.Read(t.Context(), w.account(), ref)
		if result.Outcome != channel.OutcomeAccepted {
			t.Errorf("%s: %+v", ref.ID, result)
		}
		return post
	}
	at := time.Unix(start().Unix(), 0).UTC()
	if got := read(channel.Reference{ID: "1_2", Comment: true}); got.Author != ana.ID || got.Text != "Still nothing" || !got.At.Equal(at) || len(got.Attachments) != 1 {
		t.Errorf("the comment: %+v", got)
	}
	if got := read(channel.Reference{ID: page + "_1"}); got.Author != page || got.Text == "" || got.Permalink == "" || !got.At.Equal(at.Add(-time.Hour)) {
		t.Errorf("the page's post: %+v", got)
	}
	if got := read(channel.Reference{ID: "555_1", Mention: true}); got.Author != ana.ID || got.AuthorName != ana.Name || got.Text != "Thanks" {
		t.Errorf("the mention: %+v", got)
	}
	w.happens(t, simulator.InboundMessage{Event: "unsend", MessageID: "1_2"})
	for _, id := range []string{"1_2", "unheard_of"} {
		if _, gone := w.adapter.Read(t.Context(), w.account(), channel.Reference{ID: id, Comment: true}); gone.Outcome != channel.OutcomeRejected || gone.Code != "100/33" {
			t.Errorf("%s: %+v", id, gone)
		}
	}
}

// A private platform does not play what happens in public, and a page not what nobody says in private.
func TestPublicEventsHaveTheirPlatform(t *testing.T) {
	t.Parallel()
	private, _ := play(t, newProduct(t, nil))
	for s, events := range map[*simulator.Simulator][]string{private: {"post", "mention", "direct_message", "hide", "unhide"}, playPage(t).Simulator: {"direct_message"}} {
		for _, event := range events {
			_, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, Event: event, MessageID: "1_2"})
			if !domain.IsKind(err, domain.ErrorInvalid) {
				t.Errorf("%s: %v", event, err)
			}
		}
	}
	answer, err := call(t, plain(t), http.MethodPost, private.URL()+"/v25.0/"+page+"/messages", token, `{"recipient":{"comment_id":"1_2"},"messaging_type":"RESPONSE","message":{"text":"x"}}`)
	if err != nil || answer.status != 400 {
		t.Errorf("answered %d, %v", answer.status, err)
	}
}
