package storage

import (
	"context"
	"maps"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
)

type threadRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ID                string `gorm:"primaryKey"`
	ChannelID         string `gorm:"<-:create"`
	ContactID         string `gorm:"<-:create"`
	Address           string
	AddressType       string
	Alias             string
	OpenInteractionID *string
	LastInteractionID *string
	Position          int64
	LastInboundAt     *int64
	DeliveredUpTo     *int64
	ReadUpTo          *int64
	PendingReceipts   string
	HeldElsewhere     bool
	HeldBy            string
	Referral          string
	Version           int64
	CreatedAt         int64 `gorm:"<-:create"`
}

func (threadRow) TableName() string { return "threads" }

func toThreadRow(t domain.Thread) threadRow {
	return threadRow{OrganizationID: string(t.Organization), ID: string(t.ID), ChannelID: string(t.Channel), ContactID: string(t.Contact),
		Address: t.Address, AddressType: t.AddressType, Alias: t.Alias, OpenInteractionID: id[string](t.Open), LastInteractionID: id[string](t.Last), Position: t.Position,
		LastInboundAt: msPtr(t.LastInboundAt), DeliveredUpTo: msPtr(t.DeliveredUpTo), ReadUpTo: msPtr(t.ReadUpTo),
		PendingReceipts: doc(t.PendingReceipts), HeldElsewhere: t.HeldElsewhere, HeldBy: t.HeldBy,
		Referral: doc(t.Referral), Version: t.Version, CreatedAt: ms(t.CreatedAt)}
}

func fromThreadRow(r threadRow) domain.Thread {
	return domain.Thread{ID: domain.ThreadID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID),
		Contact: domain.ContactID(r.ContactID), Address: r.Address, AddressType: r.AddressType, Alias: r.Alias, Open: id[domain.InteractionID](r.OpenInteractionID),
		Last: id[domain.InteractionID](r.LastInteractionID), Position: r.Position, LastInboundAt: fromMSPtr(r.LastInboundAt),
		DeliveredUpTo: fromMSPtr(r.DeliveredUpTo), ReadUpTo: fromMSPtr(r.ReadUpTo),
		PendingReceipts: fromDoc[map[string]domain.ReplyStatus](r.PendingReceipts), HeldElsewhere: r.HeldElsewhere, HeldBy: r.HeldBy,
		Referral: fromDoc[*domain.Referral](r.Referral), Version: r.Version, CreatedAt: fromMS(r.CreatedAt)}
}

// CreateThread adds a thread and the contact whom it is with.
func (s *Store) CreateThread(ctx context.Context, t domain.Thread, c domain.Contact) error {
	contact, err := s.toContactRow(c)
	if err != nil {
		return err
	}
	if err := insert(ctx, s, "", contact); err != nil {
		return err
	}
	return insert(ctx, s, "", toThreadRow(t))
}

// TieThread adds a thread with a contact who is known by another one.
func (s *Store) TieThread(ctx context.Context, t domain.Thread) error {
	return insert(ctx, s, "", toThreadRow(t))
}

// SaveThread writes a thread that was read, one version up.
func (s *Store) SaveThread(ctx context.Context, t *domain.Thread) error {
	return save(ctx, s, &t.Version, toThreadRow(*t))
}

// Thread gives one thread as it stands.
func (s *Store) Thread(ctx context.Context, org domain.OrganizationID, t domain.ThreadID) (domain.Thread, error) {
	r, err := one[threadRow](s.db(ctx).Where("organization_id = ? AND id = ?", org, t), "thread")
	if err != nil {
		return domain.Thread{}, err
	}
	return fromThreadRow(r), nil
}

// LockThreads gives a channel's threads that have these addresses, or are found by
// them, by the addresses asked for, and holds their rows until the transaction ends.
// One that was erased meanwhile is not there.
func (s *Store) LockThreads(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]domain.Thread, error) {
	ids, err := s.found(ctx, org, ch, addresses)
	if err != nil {
		return nil, err
	}
	locked, err := s.LockThreadsByID(ctx, org, slices.Sorted(maps.Values(ids)))
	threads := map[string]domain.Thread{}
	for address, id := range ids {
		if t, there := locked[id]; there && t.Address != tombstone(string(id)) {
			threads[address] = t
		}
	}
	return threads, err
}

// LockThreadsByID gives threads and holds their rows until the transaction ends.
func (s *Store) LockThreadsByID(ctx context.Context, org domain.OrganizationID, ids []domain.ThreadID) (map[domain.ThreadID]domain.Thread, error) {
	rows, err := all[threadRow](forUpdate(s.db(ctx).Where("organization_id = ? AND id IN ?", org, ids).Order("id")))
	threads := map[domain.ThreadID]domain.Thread{}
	for _, r := range rows {
		threads[domain.ThreadID(r.ID)] = fromThreadRow(r)
	}
	return threads, err
}

// ReplyTerms gives what the platform's rules for answering in a thread depend on.
func (s *Store) ReplyTerms(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) (domain.ReplyTerms, error) {
	var rows []termsRow
	err := s.db(ctx).Raw(`SELECT t.last_inbound_at, t.held_elsewhere, ch.settings, ch.id AS channel_id, ch.kind AS channel_kind FROM threads t
		JOIN channels ch ON ch.organization_id = t.organization_id AND ch.id = t.channel_id
		WHERE t.organization_id = ? AND t.id = ?`, org, thread).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return domain.ReplyTerms{}, translate(err)
	}
	return fromTermsRow(rows[0]), nil
}

// termsRow is the columns of a thread and its channel that decide on a reply.
type termsRow struct {
	LastInboundAt *int64
	HeldElsewhere bool
	Settings      string
	ChannelID     string
	ChannelKind   string
}

func fromTermsRow(r termsRow) domain.ReplyTerms {
	return domain.ReplyTerms{LastInboundAt: fromMSPtr(r.LastInboundAt), HeldElsewhere: r.HeldElsewhere,
		Channel: domain.ChannelID(r.ChannelID), Kind: domain.ChannelKind(r.ChannelKind), Settings: fromDoc[domain.ChannelSettings](r.Settings)}
}

// Recipient gives to whom a message of ours went: the channel, and the address.
func (s *Store) Recipient(ctx context.Context, org domain.OrganizationID, message domain.MessageID) (ch domain.Channel, address string, known bool, err error) {
	if !isID(string(message)) {
		return ch, "", false, nil
	}
	var rows []recipientRow
	err = s.db(ctx).Raw(`SELECT m.channel_id, t.address FROM messages m
		JOIN threads t ON t.organization_id = m.organization_id AND t.id = m.thread_id
		WHERE m.organization_id = ? AND m.id = ? AND m.status <> ''`, org, message).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return ch, "", false, translate(err)
	}
	ch, err = s.Channel(ctx, org, domain.ChannelID(rows[0].ChannelID))
	if domain.IsKind(err, domain.ErrorNotFound) {
		return ch, "", false, nil
	}
	return ch, rows[0].Address, err == nil, err
}

// recipientRow is where a message went.
type recipientRow struct{ ChannelID, Address string }
