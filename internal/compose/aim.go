package compose

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// aim is where a reply goes: in which thread, and under or in answer to what.
type aim struct {
	thread  domain.ThreadID
	channel domain.ChannelID
	quoted  *domain.MessageID
	post    *string // public: the platform's id of the post that it stands under
	first   bool    // it is the one private message to the writer of quoted, which is public
}

// point finds where a reply of a visibility goes that answers a message, or none, and
// takes over the rules that hold there. What counts against an allowance is read only
// where there is one.
func (c *Composer) point(ctx context.Context, at *place, v domain.Visibility, inReplyTo domain.MessageID) error {
	at.aim = aim{thread: at.Thread, channel: at.Interaction.Channel}
	quoted, err := c.quote(ctx, at, inReplyTo)
	if err != nil {
		return err
	}
	if v == domain.Public {
		at.allowed = at.allowed.In(v)
		return c.pointInPublic(ctx, at, quoted)
	}
	if err := c.pointDirect(ctx, at); err != nil {
		return err
	}
	if err := c.pointFirst(ctx, at, quoted); err != nil || at.allowed.Allowance == 0 {
		return err
	}
	sent, err := c.Store.Unanswered(ctx, at.Organization, at.thread, at.allowed.Allowance)
	at.terms.Replies += sent
	return err
}

// quote finds the message that a reply answers.
func (c *Composer) quote(ctx context.Context, at *place, id domain.MessageID) (*domain.Message, error) {
	if id == "" {
		return nil, nil
	}
	m, err := c.Store.Message(ctx, at.Organization, at.ID, id)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return nil, domain.Invalid("/in_reply_to", "reply.in_reply_to_unknown", "in_reply_to names no message of this interaction.")
	}
	at.quoted = &m.ID
	return &m, err
}

// pointInPublic puts a reply under the public message that was selected, and under the
// post itself without one (A08).
func (c *Composer) pointInPublic(ctx context.Context, at *place, quoted *domain.Message) error {
	switch {
	case quoted == nil:
		return c.pointAtPost(ctx, at)
	case quoted.Visibility != domain.Public:
		return domain.Invalid("/in_reply_to", "reply.in_reply_to_private", "A public reply can answer a public message only.")
	case quoted.PlatformMessageID == nil:
		return domain.Invalid("/in_reply_to", "reply.in_reply_to_not_sent", "This message has not reached the platform: nothing can stand under it.")
	}
	at.post = quoted.Post
	return nil
}

// pointAtPost puts a reply under the post, or where it cannot stand there, because that
// is somebody else's, under what named the account.
func (c *Composer) pointAtPost(ctx context.Context, at *place) error {
	latest, found, err := c.Store.LatestPublic(ctx, at.Organization, at.ID, "")
	if err == nil && found && at.allowed.Posts.OwnAlone {
		wrote, any, err := c.Store.LatestPublic(ctx, at.Organization, at.ID, domain.Inbound)
		if err != nil {
			return err
		}
		if any && wrote.Details.Mention {
			latest, at.quoted = wrote, &wrote.ID
		}
	}
	at.post = latest.Post
	return err
}

// pointDirect goes on in the private conversation that a private reply to a post
// began, as soon as the customer has written there.
func (c *Composer) pointDirect(ctx context.Context, at *place) error {
	if at.Direct == nil {
		return nil
	}
	terms, err := c.Store.ReplyTerms(ctx, at.Organization, *at.Direct)
	if err == nil && terms.LastInboundAt != nil {
		at.terms, at.allowed = terms, c.Capabilities[terms.Kind]
		at.thread, at.channel = *at.Direct, terms.Channel
	}
	return err
}

// pointFirst finds the public message whose writer is answered in private, where
// they have not written in private lately: the one that was selected, or their last.
func (c *Composer) pointFirst(ctx context.Context, at *place, quoted *domain.Message) error {
	if at.allowed.Posts.FirstWord == 0 {
		return nil
	}
	if quoted == nil || quoted.Visibility != domain.Public || quoted.Direction != domain.Inbound {
		latest, found, err := c.Store.LatestPublic(ctx, at.Organization, at.ID, domain.Inbound)
		if err != nil || !found {
			return err
		}
		quoted = &latest
	}
	terms := at.terms
	terms.PostedAt = quoted.WrittenAt()
	if at.first = at.allowed.Judge(terms, domain.Message{Visibility: domain.Private, Sender: at.sender}, at.now).First; !at.first {
		return nil
	}
	at.terms, at.quoted = terms, &quoted.ID
	sent, err := c.Store.AnswersTo(ctx, at.Organization, quoted.ID)
	at.terms.Replies = counting(sent)
	return err
}

// counting tells how many of some replies may have reached the writer of a public
// message. What the platform refused has not: the one private message is still to come.
func counting(sent []domain.Message) (n int) {
	for _, m := range sent {
		if m.Counts() && m.Failure == nil {
			n++
		}
	}
	return n
}
