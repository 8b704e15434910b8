package instagram

import (
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// storyLife is for how long a story is shown, and with it everything of it that a
// message brings (Instagram Messaging, Story mention).
const storyLife = 24 * time.Hour

// Identify gives the contact and the key of repetition of an event. What tells of a
// story is kept no longer than the story.
func (Adapter) Identify(e channel.Envelope) (channel.Identity, error) {
	if isPublic(e) {
		c, err := openComment(e)
		if err != nil {
			return channel.Identity{}, err
		}
		return c.identity(), nil
	}
	e = private(e)
	identity, err := graph.Identify(e)
	if err == nil {
		event, _ := parse(e)
		identity.ExpiresAt = ends(event)
	}
	return identity, err
}

// ends is when the first of a message's stories does.
func ends(event channel.Event) time.Time {
	for _, a := range event.Attachment {
		if a.ExpiresAt != nil {
			return *a.ExpiresAt
		}
	}
	return event.ExpiresAt
}

// Parse reads messages, what is done to them, receipts, comments and mentions.
func (Adapter) Parse(e channel.Envelope) (channel.Event, error) {
	if isPublic(e) {
		c, err := openComment(e)
		if err != nil {
			return channel.Event{}, err
		}
		return c.event()
	}
	return parse(private(e))
}

// private is an event of private messages as an item of messaging[] or standby[],
// also where it came as a change of that name.
func private(e channel.Envelope) channel.Envelope {
	field, changed := strings.CutPrefix(e.Field, "changes:")
	if !changed {
		return e
	}
	e.Payload, e.Field = graph.Loose[graph.Fields](e.Payload)["value"], "messaging"
	if field == "standby" {
		e.Field = field
	}
	return e
}

// parse adds to what Messenger has too what Instagram alone has: stories, and
// messages of which nothing is told but that they are there.
func parse(e channel.Envelope) (channel.Event, error) {
	event, err := graph.Parse(e)
	if err != nil || event.Kind != channel.EventMessage && event.Kind != channel.EventEcho {
		return event, err
	}
	content := graph.Loose[graph.Fields](graph.Loose[graph.Fields](e.Payload)["message"])
	event = stories(event, graph.Loose[graph.Fields](graph.Loose[graph.Fields](content["reply_to"])["story"]))
	event.Attachment, event.Omitted = shared(event.Attachment)
	if unsupported, _ := graph.Flag(content["is_unsupported"]); unsupported {
		event.Omitted = append(event.Omitted, domain.OmittedUnsupported)
	}
	return event, nil
}

// shared leaves out what somebody shared of a story, or of a private account: it
// comes without a link, and there is nothing to show (B17).
func shared(all []domain.Attachment) (shown []domain.Attachment, omitted []domain.Omission) {
	for _, a := range all {
		if a.URL == "" && (a.Type == "share" || strings.Contains(a.Type, "story")) {
			omitted = append(omitted, domain.OmittedStoryImage)
			continue
		}
		shown = append(shown, a)
	}
	return shown, omitted
}

// stories says what a message has to do with a story, and when that is over: a
// mention with the story, and a reply without it. A link of which nobody knows how
// old it is is not kept at all.
func stories(event channel.Event, replied graph.Fields) channel.Event {
	if replied != nil {
		event.Story = domain.StoryReply
		event.Attachment = append(event.Attachment, domain.Attachment{Type: "story_reply", URL: graph.Link(replied["url"])})
	}
	for n, a := range event.Attachment {
		switch {
		case a.Type == "story_mention":
			event.Story = domain.StoryMention
			if !event.At.IsZero() {
				event.ExpiresAt = event.At.Add(storyLife)
			}
		case a.Type != "story_reply":
			continue
		}
		if event.At.IsZero() {
			event.Attachment[n].URL = ""
			continue
		}
		over := event.At.Add(storyLife)
		event.Attachment[n].ExpiresAt = &over
	}
	return event
}
