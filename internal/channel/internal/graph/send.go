package graph

import (
	"context"
	"net/http"

	"github.com/parley-cx/parley/internal/channel"
)

// Recipient is to whom a private message goes: a person by their id, or who wrote a
// comment or a post that was never answered in private (Send API reference; Private
// Replies). Exactly one is set.
type Recipient struct {
	ID        string `json:"id,omitempty"`
	CommentID string `json:"comment_id,omitempty"`
	PostID    string `json:"post_id,omitempty"`
}

// outgoing is the body of a send (Send API reference). reply_to stands beside
// message, not in it (Graph API reference, Page messages).
type outgoing struct {
	Recipient     Recipient `json:"recipient"`
	MessagingType string    `json:"messaging_type"`
	Tag           string    `json:"tag,omitempty"`
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

// Message writes one private message: as a response within the standard window, and
// after it with the tag for human agents. The token travels as metadata and comes
// back in the echo. The first private word to who wrote in public quotes nothing:
// the platform itself shows what it answers.
func Message(to Recipient, message channel.Outbound) []byte {
	out := outgoing{Recipient: to, MessagingType: "RESPONSE"}
	if message.Human {
		out.MessagingType, out.Tag = "MESSAGE_TAG", "HUMAN_AGENT"
	}
	if out.Message.Text = message.Text; message.File != nil {
		out.Message.Text, out.Message.Attachment = "", &attached{Type: message.File.Kind}
		out.Message.Attachment.Payload.URL = message.File.URL
	}
	out.Message.Metadata = message.Token
	if message.ReplyTo != "" && to.ID != "" {
		out.ReplyTo = &quoted{MID: message.ReplyTo}
	}
	return Written(out)
}

// Send hands one private message in at the address for messages. Whom the first
// word reached is told by the answer, and is news: who writes in public has another id.
func Send(ctx context.Context, client *http.Client, address, token string, to Recipient, message channel.Outbound) channel.Result {
	answer, result := Ask(ctx, client, http.MethodPost, address, token, Message(to, message))
	if result.Outcome != channel.OutcomeAccepted {
		return result
	}
	if to.ID == "" {
		result.Recipient = Identifier(Loose[Fields](answer)["recipient_id"])
	}
	return taken(answer, result)
}

// signal is the body of a sender action, which is a call of its own.
type signal struct {
	Recipient Recipient `json:"recipient"`
	Action    string    `json:"sender_action"`
}

// Typing shows or hides the three dots, at the address for messages.
func Typing(ctx context.Context, client *http.Client, address, token, to string, on bool) channel.Result {
	if token == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	s := signal{Recipient: Recipient{ID: to}, Action: "typing_off"}
	if on {
		s.Action = "typing_on"
	}
	return Call(ctx, client, http.MethodPost, address, token, Written(s))
}
