// Package messenger connects Facebook pages: the messages that people exchange
// with a page on Messenger.
//
// Sources of the rules: Meta, Messenger Platform (Webhook events reference; Send
// API; Common error codes) and Meta, Graph API reference, Page messages.
package messenger

import (
	"context"
	"net/http"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Adapter implements channel.Adapter for Messenger. Its client decides on
// timeouts, proxies and connections; nil is Go's default one.
type Adapter struct {
	Client *http.Client
}

var (
	_ channel.Adapter = Adapter{}
	_ channel.Typist  = Adapter{}
)

// Kind is messenger.
func (Adapter) Kind() domain.ChannelKind { return domain.ChannelMessenger }

// Send posts one text or file to the page's messages edge: as a response within the
// standard window, and after it with the tag for human agents. The token travels as metadata and comes back in the echo. An
// account without an access token is not called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	token := graph.Token(account)
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	return graph.Call(ctx, a.Client, http.MethodPost, graph.Address(account, account.AccountID, "messages"), token, graph.Message(graph.Recipient{ID: message.To}, message))
}

// signal is the body of a sender action, which is a call of its own.
type signal struct {
	Recipient graph.Recipient `json:"recipient"`
	Action    string          `json:"sender_action"`
}

// Typing shows or hides the three dots.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	token := graph.Token(account)
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	s := signal{Action: "typing_off"}
	if s.Recipient.ID = to.To; on {
		s.Action = "typing_on"
	}
	return graph.Call(ctx, a.Client, http.MethodPost, graph.Address(account, account.AccountID, "messages"), token, graph.Written(s))
}
