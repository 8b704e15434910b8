// Package messenger connects Facebook pages: the messages that people exchange
// with a page on Messenger.
//
// Sources of the rules: Meta, Messenger Platform (Webhook events reference; Send
// API; Common error codes) and Meta, Graph API reference, Page messages.
package messenger

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	host           = "https://graph.facebook.com"
	defaultVersion = "v25.0"
	tokenKey       = "access_token" // the page access token among an account's credentials
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

// outgoing is the body of a send (Send API reference). reply_to stands beside
// message, not in it (Graph API reference, Page messages).
type outgoing struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	MessagingType string `json:"messaging_type"`
	Tag           string `json:"tag,omitempty"`
	Message       struct {
		Text       string    `json:"text,omitempty"`
		Attachment *attached `json:"attachment,omitempty"`
		Metadata   string    `json:"metadata,omitempty"`
	} `json:"message"`
	ReplyTo *quoted `json:"reply_to,omitempty"`
}

// attached is a file, which Meta fetches before it answers. A message has either
// a text or a file (Send API reference, Attachments).
type attached struct {
	Type    string `json:"type"`
	Payload struct {
		URL string `json:"url"`
	} `json:"payload"`
}

type quoted struct {
	MID string `json:"mid"`
}

// Send posts one text or file to the page's messages edge: as a response within the
// standard window, and after it with the tag for human agents. The token travels as metadata and comes back in the echo. An
// account without an access token is not called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	token := account.Credentials[tokenKey]
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	return graph.Call(ctx, a.Client, http.MethodPost, address(account), token, encode(message))
}

func address(account channel.Account) string {
	base, version := account.BaseURL, account.Version
	if base == "" {
		base = host
	}
	if version == "" {
		version = defaultVersion
	}
	return strings.TrimRight(base, "/") + "/" + url.PathEscape(version) + "/" + url.PathEscape(account.AccountID) + "/messages"
}

// signal is the body of a sender action, which is a call of its own.
type signal struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	Action string `json:"sender_action"`
}

// Typing shows or hides the three dots.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	token := account.Credentials[tokenKey]
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	s := signal{Action: "typing_off"}
	if s.Recipient.ID = to.To; on {
		s.Action = "typing_on"
	}
	return graph.Call(ctx, a.Client, http.MethodPost, address(account), token, written(s))
}

// encode writes one message.
func encode(message channel.Outbound) []byte {
	var out outgoing
	out.Recipient.ID = message.To
	out.MessagingType = "RESPONSE"
	if message.Human {
		out.MessagingType, out.Tag = "MESSAGE_TAG", "HUMAN_AGENT"
	}
	if out.Message.Text = message.Text; message.File != nil {
		out.Message.Text, out.Message.Attachment = "", &attached{Type: message.File.Kind}
		out.Message.Attachment.Payload.URL = message.File.URL
	}
	out.Message.Metadata = message.Token
	if message.ReplyTo != "" {
		out.ReplyTo = &quoted{MID: message.ReplyTo}
	}
	return written(out)
}

// written is a body without escapes for HTML, which it is not. Strings always
// encode, so there is no error to tell of.
func written(v any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSpace(body.Bytes())
}
