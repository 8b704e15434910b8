package facebookpage

import (
	"cmp"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// Identify gives the contact and the key of repetition of an event. Meta repeats a
// webhook for up to 36 hours, and tells of comments on advertisements twice. What is
// done to a comment may name nobody: events under one post stay in order.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) {
	c, err := open(e)
	if err != nil {
		return channel.Identity{}, err
	}
	return channel.Identity{Contact: c.contact(), Subject: c.object, DedupeKey: c.key(), Order: cmp.Or(c.post, c.object)}, nil
}

// key is what makes the event unique. What was written is, by its id. What is done
// to it can be done again, at a time that not every event tells: then the webhook's
// own time tells two apart, which is the same when Meta repeats it.
func (c change) key() string {
	shape := strings.TrimPrefix(c.field, "changes:") + ":" + c.item + ":" + c.verb + ":"
	created := graph.Scalar(c.value["created_time"])
	switch {
	case c.about == aboutOther:
		return shape + graph.Sum(c.payload)
	case c.about == aboutReaction:
		return shape + graph.Digest(c.object, created, c.author, graph.Scalar(c.value["reaction_type"]))
	case c.verb == "add" || c.removes():
		return shape + c.object
	case c.edits():
		return shape + graph.Digest(c.object, created, graph.Scalar(c.value["edited_time"]), c.sentAt, graph.Words(c.value["message"]))
	}
	return shape + graph.Digest(c.object, created, c.sentAt)
}
