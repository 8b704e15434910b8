package listening

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// write records what a question gave. A post that was changed meanwhile, because it
// was removed or its writer erased, is left as it is.
func (l *Reading) write(ctx context.Context, asked domain.Post, c domain.PostContent, r channel.Result, now time.Time) error {
	p, message, err := l.open(ctx, asked)
	if err != nil || p.Version != asked.Version {
		return err
	}
	switch r.Outcome {
	case channel.OutcomeAccepted:
		return l.told(ctx, p, message, c, now)
	case channel.OutcomeRejected:
		return l.gone(ctx, p, now)
	case channel.OutcomeUnauthorized:
		return l.unauthorized(ctx, p, now)
	}
	p, over := p.Again(r.RetryAfter, now)
	if over {
		l.Log.WarnContext(ctx, "a post could not be read for a day and is given up", "post_id", p.ID, "platform_status", r.Status, "platform_code", r.Code)
		if p = p.GiveUp(); p.Comment {
			return l.Store.DeletePost(ctx, p)
		}
	}
	return l.Store.SavePost(ctx, &p)
}

// incomplete is a message that waits for the answer, with its locked conversation.
type incomplete struct {
	domain.Interaction
	domain.Message
}

// open reads a post again, and, first, locks what the answer completes. One that is
// gone has no version.
func (l *Reading) open(ctx context.Context, asked domain.Post) (p domain.Post, m *incomplete, err error) {
	if asked.Message != nil {
		m = &incomplete{}
		if m.Interaction, err = l.Store.LockInteraction(ctx, asked.Organization, *asked.Interaction); err != nil {
			return p, nil, err
		}
		if m.Message, err = l.Store.Message(ctx, asked.Organization, *asked.Interaction, *asked.Message); err != nil {
			return p, nil, err
		}
	}
	p, err = l.Store.Post(ctx, asked.Organization, asked.ID)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Post{}, nil, nil
	}
	return p, m, err
}

// told takes what the platform told: into the post, and into the message that waits
// for it. What somebody wrote before they were erased brings them not back.
func (l *Reading) told(ctx context.Context, p domain.Post, m *incomplete, c domain.PostContent, now time.Time) error {
	erased, err := l.erased(ctx, p, c)
	if err != nil {
		return err
	}
	if erased {
		return l.gone(ctx, p, now)
	}
	if m != nil {
		if err := l.complete(ctx, p, *m, c, now); err != nil {
			return err
		}
	}
	if p.Comment {
		return l.Store.DeletePost(ctx, p)
	}
	p = p.Read(c, now)
	return l.Store.SavePost(ctx, &p)
}

// erased tells whether a post is of somebody who was erased after they wrote it.
func (l *Reading) erased(ctx context.Context, p domain.Post, c domain.PostContent) (bool, error) {
	if c.Author == "" {
		return false, nil
	}
	gone, err := l.Store.GoneAddresses(ctx, p.Organization, p.Channel, []string{c.Author})
	at, was := gone[c.Author]
	return was && (c.PostedAt == nil || domain.Predates(*c.PostedAt, at)), err
}

// complete fills in the message, and tells of it. Its writer is called what the
// platform calls them.
func (l *Reading) complete(ctx context.Context, p domain.Post, m incomplete, c domain.PostContent, now time.Time) error {
	if c.AuthorName != "" {
		if err := l.Store.NameContact(ctx, p.Organization, *p.Contact, c.AuthorName); err != nil {
			return err
		}
	}
	after, changed := m.Message.Complete(c)
	if !changed {
		return nil
	}
	ch, err := l.Store.Channel(ctx, p.Organization, p.Channel)
	if err != nil {
		return err
	}
	after, files := after.Filed(l.NewKey, l.Capabilities[ch.Kind].StoreMedia, now)
	i, event := m.Interaction.Completed(after, now)
	if len(files) > 0 {
		l.Store.After(ctx, l.Files)
		if err := l.Store.CreateFiles(ctx, files...); err != nil {
			return err
		}
	}
	if err := l.Store.SaveMessage(ctx, &after); err != nil {
		return err
	}
	if err := l.Store.SaveInteraction(ctx, &i); err != nil {
		return err
	}
	return l.Store.Append(ctx, event)
}

// gone ends a question to which nothing will be told. What was known of the post
// goes, and its traces with it.
func (l *Reading) gone(ctx context.Context, p domain.Post, now time.Time) error {
	if p.Comment {
		return l.Store.DeletePost(ctx, p)
	}
	after, _ := p.Vanish()
	if err := l.Store.SavePost(ctx, &after); err != nil || !p.Known() {
		return err
	}
	l.Store.After(ctx, l.Erased)
	return l.Store.CreateErasure(ctx, p.Organization, now)
}

// unauthorized puts the question off and asks for new credentials.
func (l *Reading) unauthorized(ctx context.Context, p domain.Post, now time.Time) error {
	p = p.Await(now.Add(recheck))
	if err := l.Store.SavePost(ctx, &p); err != nil {
		return err
	}
	ch, err := l.Store.LockChannel(ctx, p.Organization, p.Channel)
	after, event, told := ch.Refused(now)
	if err != nil || !told {
		return err
	}
	if err := l.Store.SaveChannel(ctx, &after); err != nil {
		return err
	}
	return l.Store.Append(ctx, event)
}
