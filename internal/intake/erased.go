package intake

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// current leaves out what a platform tells again of somebody who was erased: what
// happened before that, and whatever is about a message of theirs. It brings nobody
// back, and is not kept. What is done in public names not always whose it was.
func (a *Applier) current(ctx context.Context, ch domain.Channel, items []parsed) ([]parsed, error) {
	addresses, ids := named(items)
	erased, err := a.Store.GoneAddresses(ctx, ch.Organization, ch.ID, addresses)
	public := slices.ContainsFunc(items, func(p parsed) bool { return p.event.Public })
	if err != nil || len(erased) == 0 && !public {
		return items, err
	}
	messages, err := a.Store.GoneMessages(ctx, ch.Organization, ch.ID, ids)
	if err != nil {
		return nil, err
	}
	var left []parsed
	var dropped []domain.InboxID
	for _, item := range items {
		if old(item.event, erased, messages) {
			dropped = append(dropped, item.ID)
			continue
		}
		left = append(left, item)
	}
	return left, a.drop(ctx, ch, dropped)
}

// named gives the addresses that events name, and the platform's ids of messages.
func named(items []parsed) (addresses, ids []string) {
	for _, item := range items {
		if item.event.MessageID != "" {
			ids = append(ids, item.event.MessageID)
		}
	}
	return addressesOf(items), ids
}

// old tells whether an event is of the time before its contact was erased, whichever of
// their addresses it names.
func old(e channel.Event, erased, messages map[string]time.Time) bool {
	_, known := messages[e.MessageID]
	if known && e.Public {
		return true
	}
	for _, address := range []string{e.Contact, e.Alias, e.Former} {
		if at, was := erased[address]; was && (known || domain.Predates(e.At, at)) {
			return true
		}
	}
	return false
}

// drop removes events from the inbox, and their traces.
func (a *Applier) drop(ctx context.Context, ch domain.Channel, dropped []domain.InboxID) error {
	if len(dropped) == 0 {
		return nil
	}
	if err := a.Store.DropInbox(ctx, ch.Organization, dropped); err != nil {
		return err
	}
	a.Store.After(ctx, a.Erased)
	return a.Store.CreateErasure(ctx, ch.Organization, a.Now())
}
