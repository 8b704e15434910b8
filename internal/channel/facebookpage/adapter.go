// Package facebookpage connects Facebook pages: what people say in public on a
// page, or of it, and the page's answers. The private conversations of the same page
// are those of package messenger.
//
// Sources of the rules: Meta, Graph API, Webhooks (reference, Page: feed, mention,
// ratings); Meta, Graph API reference (Object comments; Comment; Page post); Meta,
// Messenger Platform, Private replies.
package facebookpage

import (
	"context"
	"net/http"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Adapter implements channel.Adapter for Facebook pages. Its client decides on
// timeouts, proxies and connections; nil is Go's default one.
type Adapter struct {
	Client *http.Client
}

var (
	_ channel.Adapter = Adapter{}
	_ channel.Reader  = Adapter{}
)

// Kind is facebook_page.
func (Adapter) Kind() domain.ChannelKind { return domain.ChannelFacebookPage }

// Send answers in public with a comment, or in private with a message. An account
// without an access token is not called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	token := graph.Token(account)
	switch {
	case token == "":
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	case message.Public:
		return a.comment(ctx, account, token, message)
	case message.FirstWord:
		return a.firstWord(ctx, account, token, message)
	}
	return a.private(ctx, account, token, graph.Recipient{ID: message.To}, message)
}

// commented is the body of a comment: a text or a picture that Meta fetches (Graph
// API reference, Object comments).
type commented struct {
	Message       string `json:"message,omitempty"`
	AttachmentURL string `json:"attachment_url,omitempty"`
}

// comment answers under the comment that was selected, or else under the post. Only
// the new comment's id proves that it was taken.
func (a Adapter) comment(ctx context.Context, account channel.Account, token string, message channel.Outbound) channel.Result {
	under := message.ReplyTo
	if under == "" {
		under = message.Post
	}
	if under == "" { // there is nothing that it could stand under
		return channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected}
	}
	said := commented{Message: message.Text}
	if message.File != nil {
		said = commented{AttachmentURL: message.File.URL}
	}
	answer, result := graph.Ask(ctx, a.Client, http.MethodPost, graph.Address(account, under, "comments"), token, graph.Written(said))
	if result.Outcome != channel.OutcomeAccepted {
		return result
	}
	if result.MessageID = graph.Identifier(graph.Loose[graph.Fields](answer)["id"]); result.MessageID == "" {
		result.Outcome = channel.OutcomeUnknown
	}
	return result
}

// firstWord writes to somebody who wrote in public alone. Whom it reached is told by
// the answer, and is no id that a comment tells.
func (a Adapter) firstWord(ctx context.Context, account channel.Account, token string, message channel.Outbound) channel.Result {
	to := graph.Recipient{CommentID: message.ReplyTo}
	if message.ReplyTo == message.Post || strings.HasPrefix(message.ReplyTo, account.AccountID+"_") {
		to = graph.Recipient{PostID: message.ReplyTo}
	}
	return a.private(ctx, account, token, to, message)
}

func (a Adapter) private(ctx context.Context, account channel.Account, token string, to graph.Recipient, message channel.Outbound) channel.Result {
	return graph.Send(ctx, a.Client, graph.Address(account, account.AccountID, "messages"), token, to, message)
}
