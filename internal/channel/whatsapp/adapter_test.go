package whatsapp_test

import (
	"net/http"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, channeltest.Case{
		New:      func(client *http.Client) channel.Adapter { return whatsapp.Adapter{Client: client, Files: client} },
		Platform: meta.Platform{},
		Fixtures: "testdata",
		Account:  account(""),
		Accepted: `{"messaging_product":"whatsapp","contacts":[{"input":"contact-1","wa_id":"contact-1"}],"messages":[{"id":"wamid.EXAMPLEsent"}]}`,
	})
}

func account(base string) channel.Account {
	return channel.Account{AccountID: "400000000000001", BaseURL: base, Credentials: map[string]string{"access_token": "system-token-demo"}}
}
