package storage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type inboxRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	AppID          string `gorm:"<-:create"`
	Kind           string `gorm:"<-:create"`
	AccountID      string `gorm:"<-:create"`
	Field          string `gorm:"<-:create"`
	Contact        string `gorm:"<-:create"`
	Subject        string `gorm:"<-:create"`
	Lane           int64  `gorm:"<-:create"`
	DedupeKey      string `gorm:"<-:create"`
	Payload        []byte
	State          string
	Fault          string
	ReceivedAt     int64 `gorm:"<-:create"`
	AppliedAt      *int64
	ExpiresAt      *int64 `gorm:"<-:create"`
}

func (inboxRow) TableName() string { return "inbox" }

// Lanes is how many lanes the inbox has. Events of one contact share a lane and
// are applied in order.
const Lanes = 64

func (s *Store) toInboxRow(e domain.InboxEvent) (inboxRow, error) {
	sealed, err := s.sealer.Seal(place(string(e.Organization), "inbox", "payload", string(e.ID)), e.Payload)
	return inboxRow{OrganizationID: string(e.Organization), ID: string(e.ID), AppID: appKey(e.App), Kind: string(e.Kind), AccountID: e.AccountID,
		Field: e.Field, Contact: e.Contact, Subject: e.Subject, Lane: e.Lane % Lanes, DedupeKey: e.DedupeKey, Payload: sealed, State: string(e.State), Fault: e.Fault,
		ReceivedAt: ms(e.ReceivedAt), AppliedAt: msPtr(e.AppliedAt), ExpiresAt: msPtr(e.ExpiresAt)}, err
}

func (s *Store) fromInboxRow(r inboxRow) (domain.InboxEvent, error) {
	e := domain.InboxEvent{Organization: domain.OrganizationID(r.OrganizationID), ID: domain.InboxID(r.ID), App: fromAppKey(r.AppID),
		Kind: domain.ChannelKind(r.Kind), AccountID: r.AccountID, Field: r.Field, Contact: r.Contact, Subject: r.Subject, Lane: r.Lane, DedupeKey: r.DedupeKey,
		State: domain.InboxState(r.State), Fault: r.Fault, ReceivedAt: fromMS(r.ReceivedAt), AppliedAt: fromMSPtr(r.AppliedAt),
		ExpiresAt: fromMSPtr(r.ExpiresAt)}
	if len(r.Payload) == 0 { // erased
		return e, nil
	}
	var err error
	e.Payload, err = s.sealer.Open(place(r.OrganizationID, "inbox", "payload", r.ID), r.Payload)
	return e, err
}

// AppendInbox puts events on disk, all in one statement and one commit. An event
// that is there already is left out. Rows are sorted by their key, so that two
// writers with the same events never wait for each other in a circle.
func (s *Store) AppendInbox(ctx context.Context, events []domain.InboxEvent) error {
	rows := make([]inboxRow, 0, len(events))
	for _, e := range events {
		r, err := s.toInboxRow(e)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	sort.SliceStable(rows, func(a, b int) bool {
		x, y := rows[a], rows[b]
		if x.OrganizationID != y.OrganizationID {
			return x.OrganizationID < y.OrganizationID
		}
		if x.AppID != y.AppID {
			return x.AppID < y.AppID
		}
		return x.AccountID+"\x00"+x.DedupeKey < y.AccountID+"\x00"+y.DedupeKey
	})
	return s.InTx(ctx, func(ctx context.Context) error {
		for part := range slices.Chunk(rows, maxInboxRows) {
			if err := insert(ctx, s, "ON CONFLICT (organization_id, app_id, account_id, dedupe_key) DO NOTHING", part...); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxInboxRows keeps one statement below the databases' limits of parameters.
const maxInboxRows = 500

// PendingLanes lists the lanes that have events to apply, one index probe for
// each lane.
func (s *Store) PendingLanes(ctx context.Context) ([]int64, error) {
	var lanes []int64
	err := s.db(ctx).Raw("SELECT lane FROM lanes l WHERE (SELECT 1 FROM inbox i WHERE i.lane = l.lane AND i.state = 'pending' LIMIT 1) = 1 ORDER BY lane").Scan(&lanes).Error
	return lanes, translate(err)
}

// LockLane takes a lane for this transaction; taken is false when another node has it.
func (s *Store) LockLane(ctx context.Context, lane int64) (taken bool, err error) {
	if !s.engine.postgres() {
		return true, nil
	}
	var lanes []int64
	err = s.db(ctx).Raw("SELECT lane FROM lanes WHERE lane = ? FOR UPDATE SKIP LOCKED", lane).Scan(&lanes).Error
	return len(lanes) == 1, err
}

// PendingEvents gives the oldest events of a lane that were not applied yet.
func (s *Store) PendingEvents(ctx context.Context, lane int64, limit int) ([]domain.InboxEvent, error) {
	rows, err := all[inboxRow](s.db(ctx).Where("lane = ? AND state = 'pending'", lane).Order("id").Limit(limit))
	if err != nil {
		return nil, err
	}
	return s.fromInboxRows(rows)
}

// MarkInbox records that events were applied, or set aside with a fault.
func (s *Store) MarkInbox(ctx context.Context, events []domain.InboxEvent, state domain.InboxState, fault string, now time.Time) error {
	byOrg := map[domain.OrganizationID][]domain.InboxID{}
	for _, e := range events {
		byOrg[e.Organization] = append(byOrg[e.Organization], e.ID)
	}
	for org, ids := range byOrg {
		rows := each(ids, func(i domain.InboxID) string { return rowKey(org, i) })
		if err := s.exec(ctx, "inbox", rows, "UPDATE inbox SET state = ?, fault = ?, applied_at = ? WHERE organization_id = ? AND id IN ?", state, fault, ms(now), org, ids); err != nil {
			return err
		}
	}
	return nil
}

// StandbyEvents gives, oldest first, what came of contacts while another app had
// their conversation: of very much, the latest.
func (s *Store) StandbyEvents(ctx context.Context, ch domain.Channel, contacts []string) ([]domain.InboxEvent, error) {
	var left []inboxRow
	for _, contact := range contacts {
		rows, err := all[inboxRow](s.db(ctx).Where("organization_id = ? AND app_id = ? AND account_id = ? AND contact = ? AND state = 'standby'",
			ch.Organization, appKey(ch.App), ch.AccountID, contact).Order("id DESC").Limit(maxStandby))
		if err != nil {
			return nil, err
		}
		slices.Reverse(rows)
		left = append(left, rows...)
	}
	return s.fromInboxRows(left)
}

// maxStandby bounds what of another app's conversation is read at once.
const maxStandby = 200

func (s *Store) fromInboxRows(rows []inboxRow) (events []domain.InboxEvent, err error) {
	events = make([]domain.InboxEvent, len(rows))
	for i, r := range rows {
		if events[i], err = s.fromInboxRow(r); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// eraseEvents leaves of events that they came.
const eraseEvents = "UPDATE inbox SET payload = ?, state = 'applied', fault = '', expires_at = NULL WHERE "

// EraseInbox takes the content out of all events about these messages of a
// channel. What had not been applied will not be: nothing is left to apply.
func (s *Store) EraseInbox(ctx context.Context, ch domain.Channel, subjects []string) error {
	return s.exec(ctx, "inbox", nil, eraseEvents+`organization_id = ? AND app_id = ? AND account_id = ? AND subject <> '' AND subject IN ?`,
		[]byte{}, ch.Organization, appKey(ch.App), ch.AccountID, subjects)
}

// EraseSources takes away what is still kept of what a message was made of: the
// event that brought it, whose id it has, all others about it, and what was told of
// it before it came.
func (s *Store) EraseSources(ctx context.Context, m domain.Message) error {
	const channel = "(SELECT %s FROM channels WHERE organization_id = ? AND id = ?)"
	err := s.exec(ctx, "inbox", []string{rowKey(m.Organization, m.ID)}, eraseEvents+"organization_id = ? AND id = ?", []byte{}, m.Organization, m.ID)
	if err != nil || m.PlatformMessageID == nil {
		return err
	}
	err = s.exec(ctx, "inbox", nil, eraseEvents+"organization_id = ? AND app_id = "+fmt.Sprintf(channel, "app_id")+" AND account_id = "+fmt.Sprintf(channel, "account_id")+
		" AND subject <> '' AND subject = ?", []byte{}, m.Organization, m.Organization, m.Channel, m.Organization, m.Channel, *m.PlatformMessageID)
	if err != nil {
		return err
	}
	return s.exec(ctx, "early_events", nil, "DELETE FROM early_events WHERE organization_id = ? AND channel_id = ? AND platform_message_id = ?",
		m.Organization, m.Channel, *m.PlatformMessageID)
}

// ExpireInbox takes the content out of events whose time is over, wherever they
// ended: applied, set aside, or waiting for a conversation that another app has. What
// is still to be applied is erased once it is. It gives the number of those events
// and the time of the next.
func (s *Store) ExpireInbox(ctx context.Context, now time.Time, limit int) (n int, next time.Time, err error) {
	var orgs []domain.OrganizationID
	err = s.InTx(ctx, func(ctx context.Context) error {
		err := s.db(ctx).Raw(eraseEvents+`(organization_id, id) IN (SELECT organization_id, id FROM inbox
			WHERE expires_at <= ? AND state <> 'pending' ORDER BY expires_at LIMIT ?`+s.skipLocked()+") RETURNING organization_id", []byte{}, ms(now), limit).Scan(&orgs).Error
		if err != nil || len(orgs) == 0 {
			return err
		}
		return s.CreateErasure(ctx, orgs[0], now)
	})
	var first *int64
	if err == nil {
		err = s.scan(ctx, &first, "SELECT min(expires_at) FROM inbox WHERE expires_at > ?", ms(now))
	}
	if first != nil {
		next = fromMS(*first)
	}
	return len(orgs), next, err
}

// InboxID gives the id of an event as it is on disk: of an event that came again,
// that of the first.
func (s *Store) InboxID(ctx context.Context, e domain.InboxEvent) (domain.InboxID, error) {
	var ids []string
	err := s.db(ctx).Raw("SELECT id FROM inbox WHERE organization_id = ? AND app_id = ? AND account_id = ? AND dedupe_key = ?",
		e.Organization, appKey(e.App), e.AccountID, e.DedupeKey).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return e.ID, translate(err)
	}
	return domain.InboxID(ids[0]), nil
}
