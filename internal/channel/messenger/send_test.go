package messenger_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/domain"
)

// answering starts a platform that checks the call and answers it so.
func answering(t *testing.T, status int, answer, path, body string) (base string) {
	t.Helper()
	return channeltest.Answering(t, channeltest.Call{Path: path, Token: "page-token-demo", Body: body, Status: status, Answer: answer})
}

func TestSend(t *testing.T) {
	t.Parallel()
	taken := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "m_1", Status: 200}
	closed := channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureWindowClosed, Status: 403, Code: "10/2018278"}
	for name, c := range map[string]struct {
		message     channel.Outbound
		body        string
		status      int
		answer      string
		version     string
		accountPath string
		want        channel.Result
	}{
		"a text": {
			channel.Outbound{Token: "out_1", To: "7000000000000001", Text: "Fish & <chips> \u2028 🍟"},
			`{"recipient":{"id":"7000000000000001"},"messaging_type":"RESPONSE","message":{"text":"Fish & <chips> \u2028 🍟","metadata":"out_1"}}`,
			200, `{"recipient_id":"7000000000000001","message_id":"m_1"}`, "", "/v25.0/100200300400500/messages", taken,
		},
		"a quoted message": {
			channel.Outbound{To: "7000000000000001", Text: "This one", ReplyTo: "m_EXAMPLE-aaa1"},
			`{"recipient":{"id":"7000000000000001"},"messaging_type":"RESPONSE","message":{"text":"This one"},"reply_to":{"mid":"m_EXAMPLE-aaa1"}}`,
			200, `{"message_id":"m_1"}`, "v26.0", "/v26.0/100200300400500/messages", taken,
		},
		"refused": {
			channel.Outbound{Token: "out_2", To: "7000000000000001", Text: "Late"},
			`{"recipient":{"id":"7000000000000001"},"messaging_type":"RESPONSE","message":{"text":"Late","metadata":"out_2"}}`,
			403, `{"error":{"message":"(#10) outside of allowed window","type":"OAuthException","code":10,"error_subcode":2018278,"fbtrace_id":"A"}}`,
			"", "/v25.0/100200300400500/messages", closed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := account(answering(t, c.status, c.answer, c.accountPath, c.body) + "/")
			account.Version = c.version
			adapter := messenger.Adapter{Client: channeltest.Client(t)}
			if got := adapter.Send(t.Context(), account, c.message); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSendEscapesTheAccount(t *testing.T) {
	t.Parallel()
	body := `{"recipient":{"id":"1"},"messaging_type":"RESPONSE","message":{"text":"x"}}`
	account := account(answering(t, 200, `{"message_id":"m_1"}`, "/v25.0/a%2F..%3Fb/messages", body))
	account.AccountID = "a/..?b"
	got := messenger.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), account, channel.Outbound{To: "1", Text: "x"})
	if got.Outcome != channel.OutcomeAccepted {
		t.Errorf("got %+v", got)
	}
}

func TestSendWithoutToken(t *testing.T) {
	t.Parallel()
	got := messenger.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), channel.Account{AccountID: "1"}, channel.Outbound{To: "1", Text: "x"})
	if got != (channel.Result{Outcome: channel.OutcomeUnauthorized}) {
		t.Errorf("got %+v", got)
	}
}

// A file goes instead of a text, as a link that Meta fetches (Send API reference, Attachments).
func TestSendFile(t *testing.T) {
	t.Parallel()
	base := answering(t, 200, `{"recipient_id":"7","message_id":"m_1"}`, "/v25.0/100200300400500/messages",
		`{"recipient":{"id":"7"},"messaging_type":"RESPONSE","message":{"attachment":{"type":"image","payload":{"url":"https://care.example.test/a?exp=1&sig=x"}},"metadata":"t"}}`)
	got := messenger.Adapter{Client: channeltest.Client(t)}.Send(t.Context(), account(base),
		channel.Outbound{Token: "t", To: "7", File: &channel.File{Kind: "image", URL: "https://care.example.test/a?exp=1&sig=x"}})
	if got.Outcome != channel.OutcomeAccepted || got.MessageID != "m_1" {
		t.Errorf("got %+v", got)
	}
}
