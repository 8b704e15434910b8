package instagram

import (
	"cmp"
	"errors"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// The fields that tell what people say in public (Instagram Platform, Webhooks).
const (
	fieldComments = "changes:comments"
	fieldLive     = "changes:live_comments"
	fieldMentions = "changes:mentions"
)

// Errors name the fault only; a payload's own words never leave it.
var (
	errNotChange = errors.New("instagram: the event is not an object of known types")
	errNoObject  = errors.New("instagram: the event does not say what it is about")
	errNoText    = errors.New("instagram: the text is not a text")
)

// comment is a comment, or a place where the account is named.
type comment struct {
	account string
	value   graph.Fields
	mention bool
	id      string // the platform's id of the comment, or of the post that names the account
	post    string
	parent  string // the comment that it answers; empty for one directly under the post
	author  string
	name    string
}

// isPublic tells whether an event is about what people say in public.
func isPublic(e channel.Envelope) bool {
	return e.Field == fieldComments || e.Field == fieldLive || e.Field == fieldMentions
}

// openComment reads what every use of a public event needs. A value is an object, or
// in some of Meta's words a list of one.
func openComment(e channel.Envelope) (comment, error) {
	raw := graph.Loose[graph.Fields](e.Payload)["value"]
	value := graph.Loose[graph.Fields](raw)
	if list := graph.Loose[[]graph.Fields](raw); len(list) == 1 {
		value = list[0]
	}
	if value == nil {
		return comment{}, errNotChange
	}
	from, media := graph.Loose[graph.Fields](value["from"]), graph.Loose[graph.Fields](value["media"])
	c := comment{account: e.AccountID, value: value, mention: e.Field == fieldMentions, id: graph.Identifier(value["id"]),
		post: graph.Identifier(media["id"]), parent: graph.Identifier(value["parent_id"]),
		author: graph.Identifier(from["id"]), name: graph.Words(from["username"])}
	if c.mention {
		c.post = graph.Identifier(value["media_id"])
		c.id = cmp.Or(graph.Identifier(value["comment_id"]), c.post)
	}
	if c.id == "" {
		return comment{}, errNoObject
	}
	return c, nil
}

// own tells what the account itself said.
func (c comment) own() bool { return c.author == c.account }

// contact is who wrote it. Of somebody who is not told, what they wrote stands for
// them; what the account says is to nobody.
func (c comment) contact() string {
	if c.own() {
		return ""
	}
	return cmp.Or(c.author, c.id)
}

// identity knows a comment again by its id: those under advertisements can be told
// twice.
func (c comment) identity() channel.Identity {
	key := "comment:"
	if c.mention {
		key = "mention:"
	}
	return channel.Identity{Contact: c.contact(), Subject: c.id, DedupeKey: key + c.id}
}

// event says what it means. Where the webhook tells neither the text nor who wrote,
// both have to be asked for.
func (c comment) event() (channel.Event, error) {
	event := channel.Event{Kind: channel.EventMessage, Contact: c.contact(), Name: c.name, MessageID: c.id, Public: true,
		Post: c.post, ReplyTo: c.parent, Mention: c.mention, Incomplete: c.mention || c.author == ""}
	if c.own() {
		event.Kind, event.Name = channel.EventEcho, ""
	}
	text := c.value["text"]
	if event.Text = graph.Words(text); event.Text == "" && graph.Present(text) && string(text) != `""` {
		return channel.Event{}, errNoText
	}
	return event, nil
}
