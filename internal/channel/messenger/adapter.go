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

// Identify gives the contact and the key of repetition of an event.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) { return graph.Identify(e) }

// Parse reads messages, what is done to them, and receipts.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) { return graph.Parse(e) }

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

// Typing shows or hides the three dots.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	return graph.Typing(ctx, a.Client, graph.Address(account, account.AccountID, "messages"), graph.Token(account), to.To, on)
}
