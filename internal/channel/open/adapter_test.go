package open_test

import (
	"net/http"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/open"
)

const integration = "0a1b2c3d-0000-4000-8000-000000000001"

func account() channel.Account {
	return channel.Account{AccountID: integration, Name: "Example care", Credentials: map[string]string{"webhook_secret": "om-secret-demo-16chars"}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, channeltest.Case{
		New:      func(client *http.Client) channel.Adapter { return open.Adapter{Client: client} },
		Platform: open.Platform{},
		Fixtures: "testdata",
		Account:  account(),
		Accepted: `{}`,
	})
}
