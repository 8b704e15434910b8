package messenger_test

import (
	"net/http"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/meta"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, channeltest.Case{
		New:      func(client *http.Client) channel.Adapter { return messenger.Adapter{Client: client} },
		Platform: meta.Platform{},
		Fixtures: "testdata",
		Account:  account(""),
		Accepted: `{"recipient_id":"contact-1","message_id":"m_EXAMPLE-sent"}`,
	})
}

func account(base string) channel.Account {
	return channel.Account{AccountID: "100200300400500", BaseURL: base, Credentials: map[string]string{"access_token": "page-token-demo"}}
}
