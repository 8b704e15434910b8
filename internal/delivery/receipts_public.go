package delivery

import (
	"context"
	"maps"
	"slices"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// readUnproven finds the replies of ours that public echoes must be of: they carry no
// token, and of their reply nobody knows yet what became of it.
func (r *receipts) readUnproven(ctx context.Context, events []channel.Event, found map[domain.MessageID]domain.Message) error {
	var posts []string
	for _, e := range events {
		if r.strange(e) {
			posts = append(posts, e.Post)
		}
	}
	r.echoed = map[string]domain.MessageID{}
	if len(posts) == 0 {
		return nil
	}
	waiting, err := r.Store.UnprovenPublic(ctx, r.org, r.channel.ID, posts)
	for _, e := range events {
		if m, one := r.only(waiting, e); r.strange(e) && one {
			r.echoed[e.MessageID], found[m.ID] = m.ID, m
		}
	}
	return err
}

// strange tells a public echo whose message nobody here knows by its id.
func (r *receipts) strange(e channel.Event) bool {
	_, known := r.byID[e.MessageID]
	return e.Kind == channel.EventEcho && e.Public && e.Post != "" && !known
}

// only gives the one reply that says what an echo says. Of two that do, neither is
// known to be it.
func (r *receipts) only(waiting []domain.Message, e channel.Event) (one domain.Message, found bool) {
	for _, m := range waiting {
		if !m.Unproven() || !r.alike(m, e) {
			continue
		}
		if found {
			return domain.Message{}, false
		}
		one, found = m, true
	}
	return one, found
}

// alike tells whether a reply and an echo say the same under the same post and the
// same message.
func (r *receipts) alike(m domain.Message, e channel.Event) bool {
	return *m.Post == e.Post && r.says(m, e) && r.under(m, e.ReplyTo)
}

// under tells whether a reply stands under the message that has this id at the
// platform; with none, directly under the post.
func (r *receipts) under(m domain.Message, platformID string) bool {
	parent, known := r.byID[platformID]
	switch {
	case m.Details.Under != "":
		return m.Details.Under == platformID
	case known:
		return m.InReplyTo != nil && *m.InReplyTo == parent
	}
	return m.InReplyTo == nil && platformID == ""
}

// readAgain reads what echoes prove once more, now that its threads are held.
func (r *receipts) readAgain(ctx context.Context, found map[domain.MessageID]domain.Message) error {
	again, err := r.Store.MessagesByID(ctx, r.org, slices.Collect(maps.Values(r.echoed)))
	maps.Copy(found, again)
	return err
}
