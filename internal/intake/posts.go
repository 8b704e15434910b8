package intake

import (
	"context"
	"maps"
	"slices"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Posts is where it is left what the platform is to be asked for.
type Posts interface {
	PostsByPlatformID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Post, error)
	CreatePosts(ctx context.Context, posts ...domain.Post) error
	SavePost(ctx context.Context, p *domain.Post) error
	DeletePost(ctx context.Context, p domain.Post) error
}

// loadPosts finds the posts that public events are about.
func (a *Applier) loadPosts(ctx context.Context, g *gathering, items []parsed) error {
	var ids []string
	for _, item := range items {
		if e := item.event; e.Public {
			ids = append(ids, e.Post, e.MessageID)
		}
	}
	known, err := a.Store.PostsByPlatformID(ctx, g.channel.Organization, g.channel.ID, ids)
	for id, p := range known {
		g.posts[id] = &held[domain.Post]{value: p}
	}
	return err
}

// stands notes under which post a public message stands, and leaves it to be asked
// for what the webhook did not tell: of the post, and of the message itself.
func (g *gathering) stands(t domain.Thread, i *held[domain.Interaction], m domain.Message, e channel.Event) {
	if e.Post != "" {
		p := g.post(e.Post, e)
		if i.fresh && i.value.OriginalPost == nil {
			i.value.OriginalPost = &p.value.ID
		}
		if e.Post == e.MessageID {
			p.value, p.changed = p.value.Foretold(foretold(e)), true
		}
	}
	if !e.Incomplete || e.MessageID == "" {
		return
	}
	p := g.post(e.MessageID, e)
	if p.fresh && e.Post != e.MessageID {
		p.value.Comment, p.value.Under = true, e.Post
	}
	p.value, p.changed = p.value.Completes(m, t.Contact, g.now), true
}

// post gives what is known, or to be asked, of something public.
func (g *gathering) post(id string, e channel.Event) *held[domain.Post] {
	if p, known := g.posts[id]; known {
		return p
	}
	p := &held[domain.Post]{value: domain.NewPost(g.channel, id, g.now), fresh: true, changed: true}
	p.value.Mention = e.Mention
	g.posts[id] = p
	return p
}

// foretold is what the webhook told of a post of the customer's. Where it did not say
// whose it is, the address is the post's own.
func foretold(e channel.Event) domain.PostContent {
	c := domain.PostContent{AuthorName: e.Name, Text: e.Text}
	if e.Contact != e.MessageID {
		c.Author = e.Contact
	}
	if at := e.At; !at.IsZero() {
		c.PostedAt = &at
	}
	return c
}

// follow lets what is kept of a post go when it was removed, and has it read again
// when it was changed.
func (g *gathering) follow(e channel.Event) {
	p, known := g.posts[e.MessageID]
	switch {
	case !known:
	case e.Kind == channel.EventUnsent:
		after, changed := p.value.Vanish()
		p.value, p.changed = after, p.changed || changed
	case e.Kind == channel.EventEdited && !p.value.Comment:
		p.value, p.changed = p.value.Ask(g.now), true
	}
}

// writePosts leaves the questions for the loop that asks them. A comment that was
// removed is not asked for.
func (a *Applier) writePosts(ctx context.Context, g *gathering) error {
	var fresh []domain.Post
	for _, id := range slices.Sorted(maps.Keys(g.posts)) {
		p := g.posts[id]
		over := p.value.Comment && p.value.State == domain.PostGone
		switch {
		case !p.changed || over && p.fresh:
			continue
		case over:
			if err := a.Store.DeletePost(ctx, p.value); err != nil {
				return err
			}
		case p.fresh:
			fresh = append(fresh, p.value)
		default:
			if err := a.Store.SavePost(ctx, &p.value); err != nil {
				return err
			}
		}
		a.Store.After(ctx, a.Reads)
	}
	return a.Store.CreatePosts(ctx, fresh...)
}
