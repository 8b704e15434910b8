package closing

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Contacts is what the erasure of a contact needs of the database.
type Contacts interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	LockThreadsOf(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) ([]domain.Thread, error)
	AliasesOf(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) ([]string, error)
	Channel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	BeginErasure(ctx context.Context, e domain.Erasure) error
	PendingContactErasures(ctx context.Context, limit int) ([]domain.Erasure, error)
	Clearing
}

// Clearing is what is done in each step of an erasure.
type Clearing interface {
	ClaimContactErasure(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) (domain.Erasure, bool, error)
	ClearMessages(ctx context.Context, e domain.Erasure, now time.Time, limit int) (domain.ErasureCounts, error)
	ClearInbox(ctx context.Context, e domain.Erasure, limit int) (domain.ErasureCounts, error)
	ClearNotes(ctx context.Context, e domain.Erasure) (domain.ErasureCounts, error)
	Sends(ctx context.Context, e domain.Erasure) (bool, error)
	SaveContactErasure(ctx context.Context, e domain.Erasure) error
	CreateErasure(ctx context.Context, org domain.OrganizationID, now time.Time) error
	Append(ctx context.Context, events ...domain.Event) error
}

// Erasing erases contacts: at once all by which they are found, and then, in steps
// of which each is a transaction, all that was said. It is the loop that takes the
// steps, too: what a crash interrupts goes on where it was.
type Erasing struct {
	Store  Contacts
	End    *Closing
	Wake   func() // something is to be erased
	Files  func() // files are to go
	Erased func() // something was erased, and its traces are to go
}

// Begin erases a contact in the transaction of ctx. A conversation with them ends.
func (l *Erasing) Begin(ctx context.Context, by domain.Principal, c domain.Contact, now time.Time) error {
	threads, err := l.Store.LockThreadsOf(ctx, c.Organization, c.ID)
	if err != nil {
		return err
	}
	var identities []domain.Identity
	for _, t := range threads {
		ch, err := l.Store.Channel(ctx, t.Organization, t.Channel)
		if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
			return err
		}
		aliases, err := l.Store.AliasesOf(ctx, t.Organization, t.ID)
		if err != nil {
			return err
		}
		identities = append(identities, domain.Identity{Thread: t.ID, Channel: t.Channel, App: ch.App, AccountID: ch.AccountID, Address: t.Address, Aliases: aliases})
		if t.Open == nil {
			continue
		}
		if err := l.End.evict(ctx, by, *t.Open, t); err != nil {
			return err
		}
	}
	l.Store.After(ctx, l.Wake)
	return l.Store.BeginErasure(ctx, domain.NewErasure(c, identities, by.Actor(), now))
}

// evict ends a conversation, whoever has it, in the transaction of ctx.
func (c *Closing) evict(ctx context.Context, by domain.Principal, id domain.InteractionID, t domain.Thread) error {
	i, err := c.Store.LockInteraction(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	if !i.Open() { // it began in another thread, and ended since
		return nil
	}
	if i.Unowned() || i.Owner == nil {
		return c.close(ctx, by, id, t)
	}
	e, err := c.Store.LockEngagement(ctx, by.Organization, id, *i.Owner, "")
	if err != nil {
		return err
	}
	return c.end(ctx, domain.DisconnectAdmin, by.Actor(), e, t)
}

// Name names the loop.
func (l *Erasing) Name() string { return "contact_erasure" }

const (
	maxErasing = 16  // erasures that one turn takes a step of
	maxCleared = 64  // messages that one step erases
	maxDropped = 500 // events of the inbox that one step removes
)

// RunDue takes a step of every erasure that is under way.
func (l *Erasing) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	pending, err := l.Store.PendingContactErasures(ctx, maxErasing)
	for _, e := range pending {
		stepped, failed := l.step(ctx, e, now)
		if failed != nil {
			err = failed
		}
		if stepped {
			ran++
		}
	}
	return ran, next, err
}

// step erases some of what is left, and ends with the event and the proof where
// nothing is. stepped is false where another node is at it, or a call to the
// platform that began before has not ended.
func (l *Erasing) step(ctx context.Context, e domain.Erasure, now time.Time) (stepped bool, err error) {
	err = l.Store.InTx(ctx, func(ctx context.Context) error {
		stepped = false
		e, free, err := l.Store.ClaimContactErasure(ctx, e.Organization, e.Contact)
		if err != nil || !free {
			return err
		}
		n, err := l.clear(ctx, e, now)
		if err != nil {
			return err
		}
		if n != (domain.ErasureCounts{}) {
			stepped = true
			e.Counts = e.Counts.Plus(n)
			return l.Store.SaveContactErasure(ctx, e)
		}
		if sends, err := l.Store.Sends(ctx, e); err != nil || sends {
			return err
		}
		stepped = true
		return l.finish(ctx, e, now)
	})
	return stepped, err
}

// clear erases some of what was said, then of what came, then of what was noted.
func (l *Erasing) clear(ctx context.Context, e domain.Erasure, now time.Time) (domain.ErasureCounts, error) {
	n, err := l.Store.ClearMessages(ctx, e, now, maxCleared)
	if n.Attachments > 0 {
		l.Store.After(ctx, l.Files)
	}
	if err != nil || n.Messages > 0 {
		return n, err
	}
	if n, err = l.Store.ClearInbox(ctx, e, maxDropped); err != nil || n.InboxEvents > 0 {
		return n, err
	}
	return l.Store.ClearNotes(ctx, e)
}

func (l *Erasing) finish(ctx context.Context, e domain.Erasure, now time.Time) error {
	e, event := e.Finish(now)
	l.Store.After(ctx, l.Erased)
	if err := l.Store.SaveContactErasure(ctx, e); err != nil {
		return err
	}
	if err := l.Store.CreateErasure(ctx, e.Organization, now); err != nil {
		return err
	}
	return l.Store.Append(ctx, event)
}
