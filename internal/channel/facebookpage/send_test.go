package facebookpage_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/domain"
)

// answering starts a platform that checks the call and answers it so.
func answering(t *testing.T, status int, answer, path, body string) (base string) {
	t.Helper()
	return channeltest.Answering(t, channeltest.Call{Path: path, Token: "page-token-demo", Body: body, Status: status, Answer: answer})
}

const (
	page = "100200300400500"
	post = page + "_900"
)

func TestSend(t *testing.T) {
	t.Parallel()
	commented := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "900_911", Status: 200}
	private := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "m_1", Recipient: "7000000000000001", Status: 200}
	const messages = "/v25.0/" + page + "/messages"
	for name, c := range map[string]struct {
		message channel.Outbound
		path    string
		body    string
		status  int
		answer  string
		want    channel.Result
	}{
		"under a comment": {
			channel.Outbound{Token: "out_1", To: "7100000000000009", Text: "Fish & <chips> 🍟", Public: true, Post: post, ReplyTo: "900_901"},
			"/v25.0/900_901/comments", `{"message":"Fish & <chips> 🍟"}`, 200, `{"id":"900_911"}`, commented,
		},
		"under the post": {
			channel.Outbound{Token: "out_1", To: "7100000000000009", Text: "Thank you all", Public: true, Post: post},
			"/v25.0/" + post + "/comments", `{"message":"Thank you all"}`, 200, `{"id":"900_911"}`, commented,
		},
		"a picture": {
			channel.Outbound{To: "7100000000000009", Public: true, Post: post, ReplyTo: "900_901", File: &channel.File{Kind: "image", URL: "https://care.example.test/a?exp=1&sig=x"}},
			"/v25.0/900_901/comments", `{"attachment_url":"https://care.example.test/a?exp=1&sig=x"}`, 200, `{"id":"900_911"}`, commented,
		},
		"a strange id": {
			channel.Outbound{Text: "x", Public: true, ReplyTo: "a/..?b"},
			"/v25.0/a%2F..%3Fb/comments", `{"message":"x"}`, 200, `{"id":"900_911"}`, commented,
		},
		"an answer without an id": {
			channel.Outbound{Text: "x", Public: true, ReplyTo: "900_901"},
			"/v25.0/900_901/comments", `{"message":"x"}`, 200, `{"success":true}`, channel.Result{Outcome: channel.OutcomeUnknown, Status: 200},
		},
		"a comment that is gone": {
			channel.Outbound{Text: "x", Public: true, ReplyTo: "900_901"},
			"/v25.0/900_901/comments", `{"message":"x"}`, 400, `{"error":{"message":"Unsupported post request.","type":"GraphMethodException","code":100,"error_subcode":33,"fbtrace_id":"A"}}`,
			channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected, Status: 400, Code: "100/33"},
		},
		"the first private word to a comment": {
			channel.Outbound{Token: "out_2", To: "7100000000000009", Text: "Hello", Post: post, ReplyTo: "900_901", FirstWord: true},
			messages, `{"recipient":{"comment_id":"900_901"},"messaging_type":"RESPONSE","message":{"text":"Hello","metadata":"out_2"}}`,
			200, `{"recipient_id":"7000000000000001","message_id":"m_1"}`, private,
		},
		"the first private word to a visitor's post": {
			channel.Outbound{Token: "out_2", To: "7100000000000009", Text: "Hello", ReplyTo: post, FirstWord: true},
			messages, `{"recipient":{"post_id":"` + post + `"},"messaging_type":"RESPONSE","message":{"text":"Hello","metadata":"out_2"}}`,
			200, `{"recipient_id":"7000000000000001","message_id":"m_1"}`, private,
		},
		"the first private word to a post elsewhere": {
			channel.Outbound{To: "555_777", Text: "Hello", ReplyTo: "555_777", Post: "555_777", FirstWord: true},
			messages, `{"recipient":{"post_id":"555_777"},"messaging_type":"RESPONSE","message":{"text":"Hello"}}`,
			400, `{"error":{"message":"(#10900) Activity already replied to","type":"OAuthException","code":10900,"fbtrace_id":"A"}}`,
			channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureReplyLimit, Status: 400, Code: "10900"},
		},
		"a private message": {
			channel.Outbound{Token: "out_3", To: "7000000000000001", Text: "Hello", Human: true},
			messages, `{"recipient":{"id":"7000000000000001"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"Hello","metadata":"out_3"}}`,
			200, `{"recipient_id":"7000000000000001","message_id":"m_1"}`, channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "m_1", Status: 200},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adapter := facebookpage.Adapter{Client: channeltest.Client(t)}
			if got := adapter.Send(t.Context(), account(answering(t, c.status, c.answer, c.path, c.body)), c.message); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// What is not called at all.
func TestSendCallsNobody(t *testing.T) {
	t.Parallel()
	adapter := facebookpage.Adapter{Client: channeltest.Client(t)}
	said := channel.Outbound{To: "1", Text: "x", Public: true, ReplyTo: "900_901"}
	if got := adapter.Send(t.Context(), channel.Account{AccountID: page}, said); got != (channel.Result{Outcome: channel.OutcomeUnauthorized}) {
		t.Errorf("without a token: %+v", got)
	}
	said.ReplyTo = ""
	if got := adapter.Send(t.Context(), account("https://192.0.2.1"), said); got != (channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected}) {
		t.Errorf("under nothing: %+v", got)
	}
}
