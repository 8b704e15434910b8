// Package whatsapp connects phone numbers of the WhatsApp Business Platform through
// its Cloud API.
//
// Sources of the rules: Meta, WhatsApp Business Platform (Cloud API, Messages and
// Media; Webhooks reference; Business-scoped user ids; Error codes) and Meta's OpenAPI
// document of the Business Messaging API.
package whatsapp

import (
	"context"
	"net/http"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Adapter implements channel.Adapter for WhatsApp. Its clients decide on timeouts,
// proxies and connections; nil is Go's default one. Files is for the bytes of media,
// which take longer.
type Adapter struct {
	Client *http.Client
	Files  *http.Client
}

var (
	_ channel.Adapter = Adapter{}
	_ channel.Typist  = Adapter{}
	_ channel.Library = Adapter{}
)

// Kind is whatsapp.
func (Adapter) Kind() domain.ChannelKind { return domain.ChannelWhatsApp }

// Send posts one message. A file is uploaded first, and sent by its id: what fails
// before the message itself was posted sent nothing. The token travels as callback
// data and comes back in every status. An account without an access token is not
// called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	token := graph.Token(account)
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	out := letter(message)
	if message.File != nil {
		id, r := a.upload(ctx, account, *message.File)
		if r.Outcome != channel.OutcomeAccepted {
			return r
		}
		out = out.carrying(*message.File, id)
	}
	return graph.WhatsApp(ctx, a.Client, http.MethodPost, graph.Address(account, account.AccountID, "messages"), token, graph.Written(out))
}

// Typing shows that somebody is typing, which marks the customer's latest message as
// read; it ends by itself, or with the reply. Without such a message there is nothing
// to show it under.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	token := graph.Token(account)
	switch {
	case token == "":
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	case !on || to.ReplyTo == "":
		return channel.Result{Outcome: channel.OutcomeNotSent}
	}
	return graph.WhatsApp(ctx, a.Client, http.MethodPost, graph.Address(account, account.AccountID, "messages"), token, graph.Written(seen(to.ReplyTo)))
}
