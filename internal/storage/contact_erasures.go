package storage

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type contactErasureRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ContactID      string `gorm:"primaryKey"`
	BoundaryID     string `gorm:"column:boundary;<-:create"`
	Actor          string `gorm:"<-:create"`
	Counts         string
	Identities     []byte // sealed; empty once nothing is left
	RequestedAt    int64  `gorm:"<-:create"`
	FinishedAt     *int64
}

func (contactErasureRow) TableName() string { return "contact_erasures" }

func (r contactErasureRow) place() secret.Place {
	return place(r.OrganizationID, "contact_erasures", "identities", r.ContactID)
}

// known is under which addresses somebody was known whose erasure is under way.
type known struct {
	Identities []domain.Identity `json:"identities,omitempty"`
}

func (s *Store) toContactErasureRow(e domain.Erasure) (r contactErasureRow, err error) {
	r = contactErasureRow{OrganizationID: string(e.Organization), ContactID: string(e.Contact), BoundaryID: string(e.Boundary), Actor: doc(e.Actor),
		Counts: doc(e.Counts), RequestedAt: ms(e.RequestedAt), FinishedAt: msPtr(e.FinishedAt)}
	r.Identities, err = sealFilled(s, r.place(), known{e.Identities})
	return r, err
}

func (s *Store) fromContactErasureRow(r contactErasureRow) (domain.Erasure, error) {
	e := domain.Erasure{Organization: domain.OrganizationID(r.OrganizationID), Contact: domain.ContactID(r.ContactID), Boundary: domain.InboxID(r.BoundaryID),
		Actor: fromDoc[domain.Actor](r.Actor), Counts: fromDoc[domain.ErasureCounts](r.Counts), RequestedAt: fromMS(r.RequestedAt), FinishedAt: fromMSPtr(r.FinishedAt)}
	if len(r.Identities) == 0 {
		return e, nil
	}
	var known known
	err := s.unseal(r.place(), r.Identities, &known)
	e.Identities = known.Identities
	return e, err
}

type erasedIdentityRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ChannelID      string `gorm:"primaryKey"`
	Hash           string `gorm:"primaryKey"`
	ErasedAt       int64
}

func (erasedIdentityRow) TableName() string { return "erased_identities" }

// What is remembered of those who were erased.
const (
	erasedAddress = "erased address"
	erasedMessage = "erased message"
)

// erasedKey is the keyed hash by which an address or a message's id is known again,
// and from which neither can be had.
func (s *Store) erasedKey(kind string, org domain.OrganizationID, ch domain.ChannelID, id string) string {
	return hex.EncodeToString(s.sealer.Hash(kind, string(org)+" "+string(ch)+" "+id))
}

// remember keeps the keyed hashes of what is erased.
func (s *Store) remember(ctx context.Context, kind string, org domain.OrganizationID, ch domain.ChannelID, at time.Time, ids ...string) error {
	rows := each(ids, func(id string) erasedIdentityRow {
		return erasedIdentityRow{OrganizationID: string(org), ChannelID: string(ch), Hash: s.erasedKey(kind, org, ch, id), ErasedAt: ms(at)}
	})
	return insert(ctx, s, "ON CONFLICT (organization_id, channel_id, hash) DO UPDATE SET erased_at = excluded.erased_at", rows...)
}

// GoneAddresses tells when who had these addresses of a channel was erased.
func (s *Store) GoneAddresses(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]time.Time, error) {
	return s.erased(ctx, erasedAddress, org, ch, addresses)
}

// GoneMessages tells when the messages that had these ids at a channel's platform
// were erased with their contact.
func (s *Store) GoneMessages(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]time.Time, error) {
	return s.erased(ctx, erasedMessage, org, ch, ids)
}

func (s *Store) erased(ctx context.Context, kind string, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]time.Time, error) {
	found, of, keys := map[string]time.Time{}, map[string]string{}, make([]string, len(ids))
	for n, id := range ids {
		keys[n] = s.erasedKey(kind, org, ch, id)
		of[keys[n]] = id
	}
	if len(keys) == 0 {
		return found, nil
	}
	rows, err := probe[erasedIdentityRow](ctx, s, string(org), string(ch), "hash", keys)
	for _, r := range rows {
		found[of[r.Hash]] = fromMS(r.ErasedAt)
	}
	return found, err
}

// LockThreadsOf gives the threads with a contact and holds their rows until the
// transaction ends.
func (s *Store) LockThreadsOf(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) ([]domain.Thread, error) {
	rows, err := all[threadRow](forUpdate(s.db(ctx).Where("organization_id = ? AND contact_id = ?", org, contact).Order("id")))
	return each(rows, fromThreadRow), err
}

// BeginErasure takes a contact out of everything by which they are found: from this
// commit on nobody reads their name or address, and nothing is sent to them any
// more. What they said follows, step by step.
func (s *Store) BeginErasure(ctx context.Context, e domain.Erasure) error {
	r, err := s.toContactErasureRow(e)
	if err != nil {
		return err
	}
	err = s.exec(ctx, "contacts", []string{rowKey(e.Organization, e.Contact)}, `UPDATE contacts SET address = ?, display_name = NULL, content = ?, customer_id = NULL,
		erased_at = ?, version = version + 1 WHERE organization_id = ? AND id = ?`, tombstone(string(e.Contact)), []byte{}, ms(e.RequestedAt), e.Organization, e.Contact)
	if err != nil {
		return err
	}
	for _, i := range e.Identities {
		if err := s.forgetIdentity(ctx, e, i); err != nil {
			return err
		}
	}
	return insert(ctx, s, "", r)
}

// tombstone stands for the address of one who was erased.
func tombstone(id string) string { return "erased:" + id }

func (s *Store) forgetIdentity(ctx context.Context, e domain.Erasure, i domain.Identity) error {
	err := s.exec(ctx, "threads", []string{rowKey(e.Organization, i.Thread)}, `UPDATE threads SET address = ?, address_type = '', alias = '', pending_receipts = '{}',
		held_by = '', referral = 'null', version = version + 1 WHERE organization_id = ? AND id = ?`, tombstone(string(i.Thread)), e.Organization, i.Thread)
	if err != nil {
		return err
	}
	if err := s.exec(ctx, "jobs", nil, "DELETE FROM jobs WHERE organization_id = ? AND lane_id = ? AND lease_until = 0", e.Organization, i.Thread); err != nil {
		return err
	}
	if err := s.forgetPosts(ctx, e, i); err != nil {
		return err
	}
	err = s.exec(ctx, "thread_aliases", nil, "DELETE FROM thread_aliases WHERE organization_id = ? AND thread_id = ?", e.Organization, i.Thread)
	if err != nil {
		return err
	}
	return s.remember(ctx, erasedAddress, e.Organization, i.Channel, e.RequestedAt, i.Addresses()...)
}

// PendingContactErasures lists erasures that are under way, the oldest first.
func (s *Store) PendingContactErasures(ctx context.Context, limit int) ([]domain.Erasure, error) {
	rows, err := all[contactErasureRow](s.db(ctx).Where("finished_at IS NULL").Order("requested_at").Limit(limit))
	if err != nil {
		return nil, err
	}
	return eachTry(rows, s.fromContactErasureRow)
}

// ContactErasure gives the proof that a contact was, or is being, erased.
func (s *Store) ContactErasure(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) (domain.Erasure, error) {
	r, err := one[contactErasureRow](s.db(ctx).Where("organization_id = ? AND contact_id = ?", org, contact), "erasure")
	if err != nil {
		return domain.Erasure{}, err
	}
	return s.fromContactErasureRow(r)
}

// ClaimContactErasure gives an erasure that is under way and holds it until the
// transaction ends; free is false where another node has it, or has ended it.
func (s *Store) ClaimContactErasure(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) (e domain.Erasure, free bool, err error) {
	rows, err := all[contactErasureRow](forUpdateIfFree(s.db(ctx).Where("organization_id = ? AND contact_id = ? AND finished_at IS NULL", org, contact)))
	if err != nil || len(rows) == 0 {
		return e, false, err
	}
	e, err = s.fromContactErasureRow(rows[0])
	return e, true, err
}

// SaveContactErasure writes how far an erasure has come.
func (s *Store) SaveContactErasure(ctx context.Context, e domain.Erasure) error {
	r, err := s.toContactErasureRow(e)
	if err != nil {
		return err
	}
	return update(ctx, s, r)
}
