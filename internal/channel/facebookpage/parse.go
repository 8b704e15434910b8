package facebookpage

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Parse reads what people write in public, what is done to it, and what the page
// itself wrote. The other items that Meta documents, and any it adds, are ignored by
// name.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) {
	c, err := open(e)
	if err != nil {
		return channel.Event{}, err
	}
	event := channel.Event{Contact: c.contact(), At: c.happened.Time, MessageID: c.object, Public: true, Post: c.post}
	switch {
	case c.strange():
		return channel.Event{}, errStrange
	case c.about == aboutOther:
		return c.ignore(), nil
	case c.about == aboutReaction:
		return c.reaction(event), nil
	case c.verb == "add":
		return c.written(event)
	case c.edits():
		return c.edit(event)
	case c.removes():
		event.Kind = channel.EventUnsent
		return event, nil
	case c.verb == "hide" || c.verb == "unhide":
		event.Kind, event.Removed = channel.EventHidden, c.verb == "unhide"
		return event, nil
	}
	return c.ignore(), nil
}

// strange tells what no version is known to send: it is kept, and marked.
func (c change) strange() bool {
	items := []string{"album", "event", "note", "milestone", "life_event", "link", "poll", "question", "coupon", "offer", "group", "website", "experience", "tip", "job", "cover", "profile_picture", "user", "tag", "picture", "address"}
	verbs := []string{"add", "edit", "edited", "update", "remove", "delete", "hide", "unhide", "block", "unblock", "mute", "unmute", "follow"}
	return c.about == aboutOther && !slices.Contains(items, c.item) || !slices.Contains(verbs, c.verb)
}

// edits tells a new text. Both words occur for the same.
func (c change) edits() bool { return c.verb == "edit" || c.verb == "edited" || c.verb == "update" }

func (c change) removes() bool { return c.verb == "remove" || c.verb == "delete" }

// ignore notes what has no effect, in the platform's own words for it.
func (c change) ignore(more ...string) channel.Event {
	words := append([]string{strings.TrimPrefix(c.field, "changes:"), c.item, c.verb}, more...)
	return channel.Event{Kind: channel.EventIgnored, Contact: c.contact(), At: c.happened.Time, Note: strings.Join(words, " ")}
}

// written reads a comment, a post, a rating or a mention. What the page wrote is an
// echo where it answers somebody; its posts are no part of any conversation.
func (c change) written(event channel.Event) (_ channel.Event, err error) {
	event.Kind, event.Name = channel.EventMessage, c.name
	if event.Text, err = c.text(); err != nil {
		return channel.Event{}, err
	}
	event.Attachment = c.attachments()
	event.Mention = c.field == fieldMention
	empty := event.Text == "" && len(event.Attachment) == 0
	switch {
	case c.own() && c.about == aboutComment && !event.Mention:
		event.Kind, event.Name = channel.EventEcho, ""
	case c.own():
		return c.ignore("by the page"), nil
	case c.about == aboutRating && empty: // stars, or a thumb, without a word
		return c.ignore("without a text"), nil
	case event.Mention:
		event.Incomplete = empty || c.author == ""
	default:
		event.Incomplete = empty
	}
	if c.about == aboutComment {
		event.ReplyTo = c.parent()
	}
	return event, nil
}

// text reads what was written: a rating has a name of its own for it.
func (c change) text() (text string, err error) {
	for _, name := range []string{"message", "review_text"} {
		if raw := c.value[name]; text == "" && graph.Present(raw) {
			if json.Unmarshal(raw, &text) != nil {
				return "", errNoText
			}
		}
	}
	return graph.Clean(text), nil
}

// edit reads a new text. Edits are counted by when they were made where that is
// told, and otherwise by when the webhook was. One without a text changed
// something else.
func (c change) edit(event channel.Event) (_ channel.Event, err error) {
	event.Kind = channel.EventEdited
	if event.Text, err = c.text(); err != nil {
		return channel.Event{}, err
	}
	if event.Text == "" {
		return c.ignore("without a text"), nil
	}
	if at := graph.Loose[graph.Time](c.value["edited_time"]); !at.IsZero() {
		event.Edit, event.At = int(at.Unix()), at.Time
	} else if !c.sent.IsZero() { // webhooks that are repeated come out of order
		event.Edit = int(c.sent.Unix())
	}
	return event, nil
}

// reaction reads a sign that somebody put to a comment or post. Who reacts in the
// page's name is nobody's customer.
func (c change) reaction(event channel.Event) channel.Event {
	if c.own() {
		return c.ignore("by the page")
	}
	event.Kind, event.Removed = channel.EventReaction, c.removes()
	event.Reaction = cmp.Or(graph.Short(c.value["reaction_type"]), c.item)
	return event
}

// maxAttachments bounds the pictures of one post.
const maxAttachments = 100

// attachments reads the pictures and films of a comment or post, or the page that a
// post leads to.
func (c change) attachments() []domain.Attachment {
	var found []domain.Attachment
	add := func(kind string, raw json.RawMessage) {
		if url := graph.Link(raw); url != "" && len(found) < maxAttachments {
			found = append(found, domain.Attachment{Type: kind, URL: url})
		}
	}
	add("image", c.value["photo"])
	for _, photo := range graph.Loose[[]json.RawMessage](c.value["photos"]) {
		add("image", photo)
	}
	add("video", c.value["video"])
	if len(found) == 0 {
		add(c.leads(), c.value["link"])
	}
	return found
}

// leads tells what a post's link leads to: of pictures and films it is the file.
func (c change) leads() string {
	switch c.item {
	case "photo":
		return "image"
	case "video":
		return "video"
	}
	return "fallback" // a link with a preview, in the word of private messages
}
