package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// aliasRow is another address by which a platform may name the customer of a thread.
type aliasRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ChannelID      string `gorm:"primaryKey"`
	Address        string `gorm:"primaryKey"`
	ThreadID       string
}

func (aliasRow) TableName() string { return "thread_aliases" }

// AliasThread lets a thread be found by other addresses too. One that was another
// thread's is this one's from now on: numbers are given to other people in time.
func (s *Store) AliasThread(ctx context.Context, t domain.Thread, addresses ...string) error {
	rows := each(addresses, func(address string) aliasRow {
		return aliasRow{OrganizationID: string(t.Organization), ChannelID: string(t.Channel), Address: address, ThreadID: string(t.ID)}
	})
	return insert(ctx, s, "ON CONFLICT (organization_id, channel_id, address) DO UPDATE SET thread_id = excluded.thread_id", rows...)
}

// AliasesOf gives the other addresses by which a thread is found.
func (s *Store) AliasesOf(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) ([]string, error) {
	rows, err := all[aliasRow](s.db(ctx).Where("organization_id = ? AND thread_id = ?", org, thread).Order("address"))
	return each(rows, func(r aliasRow) string { return r.Address }), err
}

// ReaddressContact writes by which address a platform knows a contact from now on.
func (s *Store) ReaddressContact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID, address string) error {
	return s.exec(ctx, "contacts", []string{rowKey(org, contact)},
		"UPDATE contacts SET address = ?, version = version + 1 WHERE organization_id = ? AND id = ? AND erased_at IS NULL", address, org, contact)
}

// found is a thread's id for each of some addresses of a channel: its own address, or
// another one by which it is found.
func (s *Store) found(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]domain.ThreadID, error) {
	ids := map[string]domain.ThreadID{}
	threads, err := probe[threadRow](ctx, s, string(org), string(ch), "address", addresses)
	for _, r := range threads {
		ids[r.Address] = domain.ThreadID(r.ID)
	}
	var others []string
	for _, address := range addresses {
		if ids[address] == "" {
			others = append(others, address)
		}
	}
	if err != nil || len(others) == 0 {
		return ids, err
	}
	aliases, err := probe[aliasRow](ctx, s, string(org), string(ch), "address", others)
	for _, r := range aliases {
		ids[r.Address] = domain.ThreadID(r.ThreadID)
	}
	return ids, err
}
