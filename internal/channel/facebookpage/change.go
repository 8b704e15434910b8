package facebookpage

import (
	"cmp"
	"errors"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// The fields of the page object that tell what people do in public.
const (
	fieldMention = "changes:mention"
	fieldRatings = "changes:ratings"
)

// The sorts of things that a change can be about, as far as they have an effect.
const (
	aboutComment  = "comment"
	aboutPost     = "post"
	aboutReaction = "reaction"
	aboutRating   = "rating"
	aboutOther    = "other"
)

// Errors name the fault only; a payload's own words never leave it.
var (
	errNotChange = errors.New("facebookpage: the event is not an object of known types")
	errNoID      = errors.New("facebookpage: the event does not say what it is about")
	errNoText    = errors.New("facebookpage: the text is not a text")
	errStrange   = errors.New("facebookpage: nothing is known of such an event")
)

// change is one element of changes[], as far as all sorts share it.
type change struct {
	account  string
	field    string
	payload  []byte
	sent     time.Time // the webhook's own time
	sentAt   string
	value    graph.Fields
	item     string // in the platform's word
	verb     string
	about    string // which sort it is
	object   string // the platform's id of the comment, post or rating
	post     string // of the post that a comment stands under, and of the post itself
	author   string // who did it; empty where that is not told
	name     string
	happened graph.Time
}

// open reads what every use of an event needs.
func open(e channel.Envelope) (change, error) {
	value := graph.Loose[graph.Fields](graph.Loose[graph.Fields](e.Payload)["value"])
	if value == nil {
		return change{}, errNotChange
	}
	c := change{account: e.AccountID, field: e.Field, payload: e.Payload, value: value, item: graph.Short(value["item"]), verb: graph.Short(value["verb"]),
		happened: graph.Loose[graph.Time](value["created_time"])}
	if !e.SentAt.IsZero() {
		c.sent, c.sentAt = e.SentAt, e.SentAt.Format(sentLayout)
	}
	if c.field == fieldMention && c.verb == "" { // old versions say no more than where it is
		c.verb = "add"
	}
	c.author, c.name = c.writer()
	c.about = c.sort()
	c.post, c.object = c.place()
	if c.object == "" && c.about != aboutOther {
		return change{}, errNoID
	}
	return c, nil
}

// place gives the post under which it stands, and what it is about itself. A rating
// stands in a story, which is also what is answered.
func (c change) place() (post, object string) {
	post = cmp.Or(c.id("post_id"), c.id("open_graph_story_id"))
	if c.field == fieldRatings {
		post = cmp.Or(c.id("open_graph_story_id"), post)
	}
	if c.about == aboutRating {
		return post, post
	}
	return post, cmp.Or(c.id("comment_id"), post)
}

const sentLayout = "20060102T150405.000"

func (c change) id(name string) string { return graph.Identifier(c.value[name]) }

// writer is who did it: in from, and in fields of its own in old versions and in
// ratings. It may be told of nobody, which is their right.
func (c change) writer() (id, name string) {
	from := graph.Loose[graph.Fields](c.value["from"])
	id = cmp.Or(graph.Identifier(from["id"]), c.id("sender_id"), c.id("reviewer_id"))
	name = cmp.Or(graph.Words(from["name"]), graph.Words(c.value["sender_name"]), graph.Words(c.value["reviewer_name"]))
	return id, name
}

// sort tells which sort of thing it is about.
func (c change) sort() string {
	switch c.item {
	case "comment":
		return aboutComment
	case "reaction", "like":
		return aboutReaction
	case "rating":
		return aboutRating
	case "post", "status", "photo", "video", "share":
		return aboutPost
	}
	switch {
	case c.item != "" || c.field != fieldMention:
		return aboutOther
	case c.id("comment_id") != "":
		return aboutComment
	}
	return aboutPost
}

// own tells what the page itself did.
func (c change) own() bool { return c.author == c.account }

// contact is who did it. Of somebody who is not told, what they wrote stands for
// them; what the page does is about nobody.
func (c change) contact() string {
	if c.own() {
		return ""
	}
	return cmp.Or(c.author, c.object)
}

// parent is the comment that a comment answers; empty for one directly under the post.
func (c change) parent() string {
	if parent := c.id("parent_id"); parent != c.post && parent != c.object {
		return parent
	}
	return ""
}
