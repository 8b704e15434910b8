package intake

import (
	"cmp"
	"context"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Shelf is where events lie that were set aside.
type Shelf interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	QuarantinedEvent(ctx context.Context, org domain.OrganizationID, id domain.InboxID) (domain.InboxEvent, error)
	ReleaseInbox(ctx context.Context, e domain.InboxEvent) error
}

// Quarantine lets events that were set aside be tried again, for instance by a
// release that can read them.
type Quarantine struct {
	Store    Shelf
	Adapters map[domain.ChannelKind]channel.Adapter
	Apply    func() // wakes the applier
}

// Retry puts an event back into its line. Whom it is about is read anew; that it
// was seen before is known as it was.
func (q *Quarantine) Retry(ctx context.Context, by domain.Principal, id domain.InboxID) (e domain.InboxEvent, err error) {
	err = q.Store.InTx(ctx, func(ctx context.Context) error {
		if e, err = q.Store.QuarantinedEvent(ctx, by.Organization, id); err != nil {
			return err
		}
		adapter, ok := q.Adapters[e.Kind]
		if !ok {
			return domain.Conflict("quarantine.not_retryable", "No channel takes such events, so there is nothing to try again.")
		}
		identity, err := adapter.Identify(channel.Envelope{Kind: e.Kind, AccountID: e.AccountID, Field: e.Field, Payload: e.Payload, Contact: e.Contact})
		if err != nil {
			return domain.Conflict("quarantine.not_retryable", "The event still cannot be read. It is kept as it is.")
		}
		e.Contact, e.Subject, e.Lane = identity.Contact, identity.Subject, lane(string(e.Organization), string(e.Kind), e.AccountID, cmp.Or(identity.Order, identity.Contact))
		e.State, e.Fault, e.AppliedAt = domain.InboxPending, "", nil
		q.Store.After(ctx, q.Apply)
		return q.Store.ReleaseInbox(ctx, e)
	})
	return e, err
}
