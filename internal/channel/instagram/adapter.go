// Package instagram connects professional accounts of Instagram: the messages that
// people exchange with one, their comments under what it shows, and where they name it.
//
// Sources of the rules: Meta, Instagram Messaging (Webhooks; Send a message; Private
// replies; Story mention) and Meta, Instagram Platform (Webhook notification examples;
// IG Comment; IG User: mentions, mentioned comment, mentioned media).
package instagram

import (
	"cmp"
	"context"
	"net/http"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Adapter implements channel.Adapter for Instagram. Its client decides on timeouts,
// proxies and connections; nil is Go's default one.
type Adapter struct {
	Client *http.Client
}

var (
	_ channel.Adapter = Adapter{}
	_ channel.Typist  = Adapter{}
	_ channel.Reader  = Adapter{}
)

// Kind is instagram.
func (Adapter) Kind() domain.ChannelKind { return domain.ChannelInstagram }

// ownHost is where accounts are that logged in at Instagram itself, without a page.
const ownHost = "https://graph.instagram.com"

// at is the account at the host of its login.
func at(account channel.Account) channel.Account {
	if account.Settings.OwnLogin() {
		account.BaseURL = cmp.Or(account.BaseURL, ownHost)
	}
	return account
}

// messages is where an account's messages are sent: at Instagram by its own id, and
// at Facebook by the page that it is linked to, which is the token's.
func messages(account channel.Account) string {
	sender := "me"
	if account.Settings.OwnLogin() {
		sender = account.AccountID
	}
	return graph.Address(at(account), sender, "messages")
}

// Send answers in public with a comment, or in private with a message: one text or
// file. Its token cannot travel: an echo is known by the message's id alone. An
// account without an access token is not called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	token := graph.Token(account)
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	if message.Public {
		return a.comment(ctx, at(account), token, message)
	}
	to := graph.Recipient{ID: message.To}
	if message.FirstWord {
		to = graph.Recipient{CommentID: message.ReplyTo}
	}
	message.Token = ""
	return graph.Send(ctx, a.Client, messages(account), token, to, message)
}

// Typing shows or hides the three dots.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	return graph.Typing(ctx, a.Client, messages(account), graph.Token(account), to.To, on)
}

// said is the body of a comment. media_id and comment_id say what is answered where
// that stands under somebody else's post.
type said struct {
	MediaID   string `json:"media_id,omitempty"`
	CommentID string `json:"comment_id,omitempty"`
	Message   string `json:"message"`
}

// comment answers in public. Only the new comment's id proves that it was taken.
func (a Adapter) comment(ctx context.Context, account channel.Account, token string, message channel.Outbound) channel.Result {
	address, body := public(account, message)
	if address == "" {
		return channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected}
	}
	answer, result := graph.Ask(ctx, a.Client, http.MethodPost, address, token, graph.Written(body))
	if result.Outcome != channel.OutcomeAccepted {
		return result
	}
	if result.MessageID = graph.Identifier(graph.Loose[graph.Fields](answer)["id"]); result.MessageID == "" {
		result.Outcome = channel.OutcomeUnknown
	}
	return result
}

// public is where a comment goes, and how: to the post that named the account; under
// the comment that is answered, or the one under which that stands, because there are
// two levels only; or else under the post. It is empty where there is nothing to
// answer, and for a file, which no comment has.
func public(account channel.Account, m channel.Outbound) (address string, body said) {
	body.Message = m.Text
	under := m.ReplyTo
	if under == m.Post {
		under = ""
	}
	switch {
	case m.File != nil || m.Post == "" && under == "":
		return "", body
	case m.Mention:
		body.MediaID, body.CommentID = m.Post, under
		return graph.Address(account, account.AccountID, "mentions"), body
	case under != "":
		return graph.Address(account, cmp.Or(m.Under, under), "replies"), body
	}
	return graph.Address(account, m.Post, "comments"), body
}
