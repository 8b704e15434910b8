package delivery

import (
	"context"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Media opens what a platform gives out by an id, for a file that a customer sent. A
// channel whose credentials are refused says so, as when it sends.
func (d *Delivery) Media(ctx context.Context, f domain.File, id string) (channel.Media, channel.Result, error) {
	gone := channel.Result{Outcome: channel.OutcomeRejected}
	if f.Interaction == nil {
		return channel.Media{}, gone, nil
	}
	i, err := d.Store.Interaction(ctx, f.Organization, *f.Interaction)
	if err != nil {
		return channel.Media{}, gone, err
	}
	ch, err := d.Store.Channel(ctx, f.Organization, i.Channel)
	library, has := d.Adapters[ch.Kind].(channel.Library)
	if domain.IsKind(err, domain.ErrorNotFound) || err == nil && !has {
		return channel.Media{}, gone, nil
	}
	if err != nil {
		return channel.Media{}, gone, err
	}
	media, r := library.Media(ctx, d.account(ch), id)
	if r.Outcome == channel.OutcomeUnauthorized {
		err = d.Store.InTx(ctx, func(ctx context.Context) error { return d.refused(ctx, ch.Organization, ch.ID, d.Now()) })
	}
	return media, r, err
}
