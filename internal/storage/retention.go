package storage

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// skipLocked lets nodes that remove old rows at once not wait for each other.
func (s *Store) skipLocked() string {
	if s.engine.postgres() {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// forget runs one bounded DELETE in a transaction of its own.
func (s *Store) forget(ctx context.Context, sql string, args ...any) (n int, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		removed, err := s.writeNow(ctx, sql, args...)
		n = int(removed)
		return err
	})
	return n, err
}

// ForgetInbox removes events of the inbox, in this state, that came before a time.
func (s *Store) ForgetInbox(ctx context.Context, state domain.InboxState, before time.Time, limit int) (int, error) {
	return s.forget(ctx, `DELETE FROM inbox WHERE (organization_id, id) IN (SELECT organization_id, id FROM inbox
		WHERE state = ? AND received_at < ? ORDER BY received_at LIMIT ?`+s.skipLocked()+")", state, ms(before), limit)
}

// ForgetEarly removes what was told of messages that never came.
func (s *Store) ForgetEarly(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.forget(ctx, `DELETE FROM early_events WHERE (organization_id, channel_id, platform_message_id) IN
		(SELECT organization_id, channel_id, platform_message_id FROM early_events WHERE created_at < ? ORDER BY created_at LIMIT ?`+s.skipLocked()+")",
		ms(before), limit)
}

// ForgetKeys removes answers that can no longer be had again.
func (s *Store) ForgetKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.forget(ctx, `DELETE FROM idempotency_keys WHERE (organization_id, client_id, operation, key) IN
		(SELECT organization_id, client_id, operation, key FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?`+s.skipLocked()+")",
		ms(before), limit)
}

// oldEvent is the beginning of the log: an event with its place.
type oldEvent struct {
	Position       int64
	OrganizationID string
	EventID        string
	Time           *int64
}

// ForgetEvents removes the oldest part of the log, up to the first event that is
// young enough, and notes for each organization how far that went.
func (s *Store) ForgetEvents(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		var old []oldEvent
		err := s.db(ctx).Raw(`SELECT l.position, l.organization_id, l.event_id, e.time
			FROM (SELECT position, organization_id, event_id FROM event_log WHERE position > 0 ORDER BY position LIMIT ?) l
			LEFT JOIN events e ON e.organization_id = l.organization_id AND e.id = l.event_id ORDER BY l.position`, limit).Scan(&old).Error
		if err != nil {
			return err
		}
		for n = 0; n < len(old) && (old[n].Time == nil || *old[n].Time < ms(before)); {
			n++
		}
		return s.forgetEvents(ctx, old[:n])
	})
	return n, err
}

// maxProbes is how many ids PostgreSQL looks up one by one; of more it believes
// that reading an organization's whole table is cheaper.
const maxProbes = 64

func (s *Store) forgetEvents(ctx context.Context, old []oldEvent) error {
	if len(old) == 0 {
		return nil
	}
	byOrg, floors := map[string][]string{}, map[string]int64{}
	for _, e := range old {
		byOrg[e.OrganizationID], floors[e.OrganizationID] = append(byOrg[e.OrganizationID], e.EventID), e.Position
	}
	if err := s.exec(ctx, "event_log", nil, "DELETE FROM event_log WHERE position <= ?", old[len(old)-1].Position); err != nil {
		return err
	}
	for org, ids := range byOrg {
		for part := range slices.Chunk(ids, maxProbes) {
			if err := s.exec(ctx, "events", nil, "DELETE FROM events WHERE organization_id = ? AND id IN ?", org, part); err != nil {
				return err
			}
		}
		if err := s.exec(ctx, "event_floors", []string{org}, `INSERT INTO event_floors (organization_id, position) VALUES (?, ?)
			ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position WHERE event_floors.position < excluded.position`, org, floors[org]); err != nil {
			return err
		}
	}
	return nil
}

// expired tells a reader of the log that events behind their cursor are gone.
func expired(floor int64) error {
	return &domain.Error{Kind: domain.ErrorGone, Code: "cursor.expired", Oldest: &floor,
		Detail: "Events behind this cursor are no longer kept. Read the present state, and go on from oldest_cursor."}
}

// PendingErasures gives requests to remove the traces of overwritten content.
func (s *Store) PendingErasures(ctx context.Context, limit int) ([]string, error) {
	rows, err := all[erasureRow](s.db(ctx).Limit(limit))
	return each(rows, func(r erasureRow) string { return r.ID }), err
}

// DeleteErasures settles requests.
func (s *Store) DeleteErasures(ctx context.Context, ids []string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return s.exec(ctx, "erasures", nil, "DELETE FROM erasures WHERE id IN ?", ids)
	})
}

// Purge removes what overwritten content has left outside of its rows; done is
// false where somebody still reads an older state. All of it is sealed. On SQLite
// even the sealed bytes go, out of the write-ahead log: in the file itself, whatever
// is removed is overwritten with zeros. On PostgreSQL the rows' earlier versions go,
// by VACUUM; their sealed bytes stay in the free space of pages and in the server's
// own log, which no statement can empty, until the server uses those again.
func (s *Store) Purge(ctx context.Context) (done bool, err error) {
	done, err = s.engine.purge(ctx)
	return done, translate(err)
}
