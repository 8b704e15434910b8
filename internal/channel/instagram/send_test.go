package instagram_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/domain"
)

// answering starts a platform that checks the call and answers it so.
func answering(t *testing.T, method string, status int, answer, path, body string) (base string) {
	t.Helper()
	return channeltest.Answering(t, channeltest.Call{Method: method, Path: path, Token: "account-token-demo", Body: body, Status: status, Answer: answer})
}

func TestSend(t *testing.T) {
	t.Parallel()
	const me, own = "/v25.0/me/messages", "/v25.0/17840000000000001/messages"
	sent, shown := `{"recipient_id":"88","message_id":"ig_1"}`, `{"id":"1790"}`
	for name, c := range map[string]struct {
		login, path, body, answer string
		message                   channel.Outbound
		id                        string
	}{
		"a text": {"facebook", me, `{"recipient":{"id":"88"},"messaging_type":"RESPONSE","message":{"text":"Fish & <chips> 🍟"}}`, sent,
			channel.Outbound{Token: "out_1", To: "88", Text: "Fish & <chips> 🍟"}, "ig_1"},
		"with a login of its own": {"instagram", own, `{"recipient":{"id":"88"},"messaging_type":"RESPONSE","message":{"text":"x"}}`, sent,
			channel.Outbound{To: "88", Text: "x"}, "ig_1"},
		"after a day": {"", me, `{"recipient":{"id":"88"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}}`, sent,
			channel.Outbound{To: "88", Text: "x", Human: true}, "ig_1"},
		"a file": {"", me, `{"recipient":{"id":"88"},"messaging_type":"RESPONSE","message":{"attachment":{"type":"image","payload":{"url":"https://care.example.test/a?exp=1&sig=x"}}}}`, sent,
			channel.Outbound{Token: "t", To: "88", File: &channel.File{Kind: "image", URL: "https://care.example.test/a?exp=1&sig=x"}}, "ig_1"},
		"a quoted message": {"", me, `{"recipient":{"id":"88"},"messaging_type":"RESPONSE","message":{"text":"x"},"reply_to":{"mid":"ig_0"}}`, sent,
			channel.Outbound{To: "88", Text: "x", ReplyTo: "ig_0"}, "ig_1"},
		"the first word": {"", me, `{"recipient":{"comment_id":"1790"},"messaging_type":"RESPONSE","message":{"text":"x"}}`, sent,
			channel.Outbound{To: "88", Text: "x", ReplyTo: "1790", Post: "1795", FirstWord: true}, "ig_1"},
		"under a comment": {"", "/v25.0/1789/replies", `{"message":"x"}`, shown,
			channel.Outbound{Token: "t", To: "88", Text: "x", ReplyTo: "1789", Post: "1795", Public: true}, "1790"},
		"under an answer to a comment": {"", "/v25.0/1788/replies", `{"message":"x"}`, shown,
			channel.Outbound{Text: "x", ReplyTo: "1789", Under: "1788", Post: "1795", Public: true}, "1790"},
		"under a post": {"instagram", "/v25.0/1795/comments", `{"message":"x"}`, shown,
			channel.Outbound{Text: "x", Post: "1795", Public: true}, "1790"},
		"to a comment that names the account": {"", "/v25.0/17840000000000001/mentions", `{"media_id":"1795","comment_id":"1789","message":"x"}`, shown,
			channel.Outbound{Text: "x", ReplyTo: "1789", Post: "1795", Public: true, Mention: true}, "1790"},
		"to a post that names the account": {"", "/v25.0/17840000000000001/mentions", `{"media_id":"1795","message":"x"}`, shown,
			channel.Outbound{Text: "x", ReplyTo: "1795", Post: "1795", Public: true, Mention: true}, "1790"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := account(answering(t, http.MethodPost, 200, c.answer, c.path, c.body) + "/")
			if c.login != "" {
				account.Settings.Login = &c.login
			}
			got := instagram.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), account, c.message)
			if got.Outcome != channel.OutcomeAccepted || got.MessageID != c.id || got.Status != 200 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A public answer that was taken is known by its id, or not known.
func TestSendInPublicWithoutAnID(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]channel.Outcome{`{"success":true}`: channel.OutcomeUnknown, `{"id":17}`: channel.OutcomeAccepted} {
		base := answering(t, http.MethodPost, 200, answer, "/v25.0/1795/comments", `{"message":"x"}`)
		got := instagram.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), account(base), channel.Outbound{Text: "x", Post: "1795", Public: true})
		if got.Outcome != want {
			t.Errorf("%s gives %+v", answer, got)
		}
	}
}

// What can stand nowhere, and what no comment can hold, is not tried.
func TestSendWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, m := range []channel.Outbound{{Text: "x", Public: true}, {Public: true, Post: "1795", File: &channel.File{Kind: "image", URL: "https://care.example.test/a"}}} {
		got := instagram.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), account("https://192.0.2.1"), m)
		if got != (channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected}) {
			t.Errorf("%+v gives %+v", m, got)
		}
	}
	nobody := channel.Account{AccountID: "1"}
	for _, m := range []channel.Outbound{{To: "88", Text: "x"}, {Text: "x", Post: "1795", Public: true}} {
		if got := (instagram.Adapter{Client: channeltest.Client(t)}).Send(t.Context(), nobody, m); got != (channel.Result{Outcome: channel.OutcomeUnauthorized}) {
			t.Errorf("without a token: %+v", got)
		}
	}
}

// hosts notes where calls would go, and lets none out.
type hosts struct{ called *[]string }

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	*h.called = append(*h.called, r.URL.Host+r.URL.Path)
	return nil, channeltest.ErrNetwork
}

// Each login has its host.
func TestHosts(t *testing.T) {
	t.Parallel()
	var called []string
	adapter, account, login := instagram.Adapter{Client: &http.Client{Transport: hosts{&called}}}, account(""), "instagram"
	ask := func() {
		adapter.Send(t.Context(), account, channel.Outbound{To: "88", Text: "x"})
		adapter.Send(t.Context(), account, channel.Outbound{Text: "x", Post: "1795", Public: true})
		adapter.Typing(t.Context(), account, channel.Outbound{To: "88"}, true)
		adapter.Read(t.Context(), account, channel.Reference{ID: "1795"})
	}
	ask()
	account.Settings.Login, account.Version = &login, "v26.0"
	ask()
	want := `graph.facebook.com/v25.0/me/messages graph.facebook.com/v25.0/1795/comments graph.facebook.com/v25.0/me/messages graph.facebook.com/v25.0/1795 ` +
		`graph.instagram.com/v26.0/17840000000000001/messages graph.instagram.com/v26.0/1795/comments graph.instagram.com/v26.0/17840000000000001/messages graph.instagram.com/v26.0/1795`
	if got := strings.Join(called, " "); got != want {
		t.Errorf("called\n%s\nwant\n%s", got, want)
	}
}

func TestTyping(t *testing.T) {
	t.Parallel()
	for on, action := range map[bool]string{true: "typing_on", false: "typing_off"} {
		base := answering(t, http.MethodPost, 200, `{"recipient_id":"88"}`, "/v25.0/me/messages", `{"recipient":{"id":"88"},"sender_action":"`+action+`"}`)
		if got := (instagram.Adapter{Client: channeltest.Client(t)}).Typing(t.Context(), account(base), channel.Outbound{To: "88"}, on); got.Status != 200 {
			t.Errorf("got %+v", got)
		}
	}
}
