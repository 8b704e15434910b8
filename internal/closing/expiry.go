package closing

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Expiring is what expiry needs of the database.
type Expiring interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	Append(ctx context.Context, events ...domain.Event) error
	Contents
}

// Contents is what is known of what a message says.
type Contents interface {
	ExpireInbox(ctx context.Context, now time.Time, limit int) (n int, next time.Time, err error)
	Message(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error)
	SaveMessage(ctx context.Context, m *domain.Message) error
	EraseSources(ctx context.Context, m domain.Message) error
	CreateErasure(ctx context.Context, org domain.OrganizationID, now time.Time) error
}

// Expiry erases what messages say when the platform's terms ask for it. Files have
// deadlines of their own, which come no later. It is the loop that does so in the
// inbox, too.
type Expiry struct {
	Store  Expiring
	Erased func() // something was erased, and its traces are to go
}

// Name names the loop.
func (l *Expiry) Name() string { return "inbox_expiry" }

// maxExpired bounds what one turn erases.
const maxExpired = 64

// RunDue erases what is due in the inbox.
func (l *Expiry) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	ran, next, err = l.Store.ExpireInbox(ctx, now, maxExpired)
	if ran > 0 {
		l.Erased()
	}
	return ran, next, err
}

// Expire erases one message. It looks again under the interaction's lock: the customer
// may have taken the message back a moment ago.
func (l *Expiry) Expire(ctx context.Context, due domain.ExpiringMessage, now time.Time) (expired bool, err error) {
	err = l.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := l.Store.LockInteraction(ctx, due.Organization, due.Interaction)
		if err != nil {
			return err
		}
		m, err := l.Store.Message(ctx, due.Organization, due.Interaction, due.Message)
		if err != nil {
			return err
		}
		if m, expired = m.Expire(now); !expired {
			return nil
		}
		i, event := i.Expired(m, now)
		return l.save(ctx, i, m, event)
	})
	return expired && err == nil, err
}

// save writes the message without its content, and has every trace of that removed.
func (l *Expiry) save(ctx context.Context, i domain.Interaction, m domain.Message, event domain.Event) error {
	l.Store.After(ctx, l.Erased)
	for _, write := range []func() error{
		func() error { return l.Store.SaveMessage(ctx, &m) },
		func() error { return l.Store.SaveInteraction(ctx, &i) },
		func() error { return l.Store.EraseSources(ctx, m) },
		func() error { return l.Store.CreateErasure(ctx, m.Organization, event.Time) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return l.Store.Append(ctx, event)
}
