package graph_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	said := channel.Outbound{Token: "t", Text: "Fish & chips", ReplyTo: "900_901"}
	for want, to := range map[string]graph.Recipient{
		`{"recipient":{"id":"7"},"messaging_type":"RESPONSE","message":{"text":"Fish & chips","metadata":"t"},"reply_to":{"mid":"900_901"}}`: {ID: "7"},
		`{"recipient":{"comment_id":"900_901"},"messaging_type":"RESPONSE","message":{"text":"Fish & chips","metadata":"t"}}`:                {CommentID: "900_901"},
		`{"recipient":{"post_id":"1_900"},"messaging_type":"RESPONSE","message":{"text":"Fish & chips","metadata":"t"}}`:                     {PostID: "1_900"},
	} {
		if got := string(graph.Message(to, said)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for want, account := range map[string]channel.Account{
		"https://graph.facebook.com/v25.0/a%2F..%3Fb/messages": {},
		"http://127.0.0.1:9/v26.0/a%2F..%3Fb/messages":         {BaseURL: "http://127.0.0.1:9/", Version: "v26.0"},
	} {
		if got := graph.Address(account, "a/..?b", "messages"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"https://cdn.example.test/a?b=c"`: "https://cdn.example.test/a?b=c", `"http://cdn.example.test"`: "http://cdn.example.test",
		`"file:///etc/passwd"`: "", `"//cdn.example.test/x"`: "", `"javascript:alert(1)"`: "", `7`: "", ``: "", `null`: "",
	} {
		if got := graph.Link([]byte(raw)); got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}
