package delivery

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// tie joins the private conversation that a private reply to a public message began
// to the interaction with that message, where the platform's answer tells of one.
func (f Finisher) tie(ctx context.Context, b *book, r result, now time.Time) error {
	m := b.messages[r.delivery.Message]
	if t := b.threads[m.Thread]; !r.outbound.FirstWord || r.Recipient == "" || r.Recipient == t.Address {
		return nil
	}
	direct, known, err := f.direct(ctx, b, r.delivery.Channel)
	if err != nil || !known {
		return err
	}
	return f.join(ctx, b, m, direct, r.Recipient, now)
}

// join has an interaction go on in private with whom a message of it reached. The
// platform knows the customer there by another address, which it has told only now; what
// they answer comes in at the account's channel for private messages, and goes on here.
func (d *Delivery) join(ctx context.Context, b *book, m domain.Message, direct domain.Channel, address string, now time.Time) error {
	threads, err := d.Store.LockThreads(ctx, b.org, direct.ID, []string{address})
	if err != nil {
		return err
	}
	i := b.interactions[m.Interaction]
	t, have := threads[address]
	if !have {
		t = domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: b.org, Channel: direct.ID, Contact: i.Contact, Address: address, Version: 1, CreatedAt: now}
	}
	busy, err := d.busy(ctx, b, t)
	if err != nil {
		return err
	}
	if i.Open() && !busy {
		t.Open, t.Last = &i.ID, &i.ID
		i.Direct, i.Position = &t.ID, max(i.Position, t.Position)
		b.interactions[i.ID], b.touched[i.ID] = i, true
	}
	if !have {
		return d.Store.TieThread(ctx, t)
	}
	return d.Store.SaveThread(ctx, &t)
}

// direct gives the channel that has the private conversations of a channel's account.
func (d *Delivery) direct(ctx context.Context, b *book, id domain.ChannelID) (domain.Channel, bool, error) {
	ch, err := b.channel(ctx, id)
	kind := d.Capabilities[ch.Kind].Posts.Direct
	if err != nil || kind == "" {
		return ch, err == nil, err
	}
	channels, err := d.Store.ChannelsOfAccounts(ctx, b.org, kind, []string{ch.AccountID})
	direct, known := channels[ch.AccountID]
	return direct, known, err
}

// meet gives the thread of an event. The echo of a first private word may be the first
// that tells whom it reached: its call's answer was lost, or is still to come.
func (r *receipts) meet(ctx context.Context, e channel.Event) (t *domain.Thread, known bool, err error) {
	t, known = r.thread(e)
	m, ours := r.messages[r.attempts[e.Token].Message]
	if e.Kind != channel.EventEcho || e.Public || !ours || m.Channel == r.channel.ID || r.interactions[m.Interaction].Direct != nil {
		return t, known, nil
	}
	direct, found, err := r.direct(ctx, r.book, m.Channel)
	if err != nil || !found || direct.ID != r.channel.ID {
		return t, known, err
	}
	if err := r.join(ctx, r.book, m, direct, e.Contact, r.now); err != nil {
		return t, known, err
	}
	threads, err := r.Store.LockThreads(ctx, r.org, r.channel.ID, []string{e.Contact})
	met, known := threads[e.Contact]
	if t == nil {
		t = new(domain.Thread)
	}
	*t = met
	r.byAddress[e.Contact] = t
	return t, known, err
}

// tied tells whether an echo is of what we sent on the channel on which its conversation
// began: the first private word to the writer of a comment comes back here.
func (r *receipts) tied(ctx context.Context, i domain.Interaction, e channel.Event) (bool, error) {
	if i.Channel == r.channel.ID {
		return false, nil
	}
	known, err := r.Store.MessagesByPlatformID(ctx, r.org, i.Channel, []string{e.MessageID})
	return len(known) > 0, err
}

// busy tells whether a thread has an open interaction already.
func (d *Delivery) busy(ctx context.Context, b *book, t domain.Thread) (bool, error) {
	if t.Open == nil {
		return false, nil
	}
	found, err := d.Store.LockInteractions(ctx, b.org, []domain.InteractionID{*t.Open})
	return found[*t.Open].ID != "" && found[*t.Open].Open(), err
}
