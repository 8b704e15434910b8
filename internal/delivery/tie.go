package delivery

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// tie joins the private conversation that a private reply to a public message began
// to the interaction with that message. The platform knows the customer there by
// another address, which it has told only now; what they answer comes in at the
// account's channel for private messages, if it has one, and goes on here.
func (f Finisher) tie(ctx context.Context, b *book, r result, now time.Time) error {
	m := b.messages[r.delivery.Message]
	if t := b.threads[m.Thread]; !r.outbound.FirstWord || r.Recipient == "" || r.Recipient == t.Address {
		return nil
	}
	direct, known, err := f.direct(ctx, b, r.delivery.Channel)
	if err != nil || !known {
		return err
	}
	threads, err := f.Store.LockThreads(ctx, b.org, direct.ID, []string{r.Recipient})
	if err != nil {
		return err
	}
	i := b.interactions[m.Interaction]
	t, have := threads[r.Recipient]
	if !have {
		t = domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: b.org, Channel: direct.ID, Contact: i.Contact, Address: r.Recipient, Version: 1, CreatedAt: now}
	}
	busy, err := f.busy(ctx, b, t)
	if err != nil {
		return err
	}
	if i.Open() && !busy {
		t.Open, t.Last = &i.ID, &i.ID
		i.Direct, i.Position = &t.ID, max(i.Position, t.Position)
		b.interactions[i.ID], b.touched[i.ID] = i, true
	}
	if !have {
		return f.Store.TieThread(ctx, t)
	}
	return f.Store.SaveThread(ctx, &t)
}

// direct gives the channel that has the private conversations of a channel's account.
func (f Finisher) direct(ctx context.Context, b *book, id domain.ChannelID) (domain.Channel, bool, error) {
	ch, err := b.channel(ctx, id)
	kind := f.Capabilities[ch.Kind].Posts.Direct
	if err != nil || kind == "" {
		return ch, err == nil, err
	}
	channels, err := f.Store.ChannelsOfAccounts(ctx, b.org, kind, []string{ch.AccountID})
	direct, known := channels[ch.AccountID]
	return direct, known, err
}

// busy tells whether a thread has an open interaction already.
func (f Finisher) busy(ctx context.Context, b *book, t domain.Thread) (bool, error) {
	if t.Open == nil {
		return false, nil
	}
	found, err := f.Store.LockInteractions(ctx, b.org, []domain.InteractionID{*t.Open})
	return found[*t.Open].ID != "" && found[*t.Open].Open(), err
}
