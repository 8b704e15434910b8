package storage

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// maxLines bounds on how many channels a customer's history is read.
const maxLines = 64

// Lines gives the threads with a contact, and with the others that are the same
// customer.
func (s *Store) Lines(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) ([]domain.Line, error) {
	c, err := s.Contact(ctx, org, contact)
	if err != nil {
		return nil, err
	}
	contacts := []domain.ContactID{c.ID}
	if c.CustomerID != nil {
		var others []domain.ContactID
		err := s.db(ctx).Raw("SELECT id FROM contacts WHERE organization_id = ? AND customer_id = ? AND erased_at IS NULL AND id <> ? ORDER BY id LIMIT ?",
			org, *c.CustomerID, c.ID, maxLines).Scan(&others).Error
		if err != nil {
			return nil, translate(err)
		}
		contacts = append(contacts, others...)
	}
	threads, err := all[threadRow](s.db(ctx).Select("id, channel_id").Where("organization_id = ? AND contact_id IN ?", org, contacts).Order("id").Limit(maxLines))
	if err != nil {
		return nil, err
	}
	channels, err := all[channelRow](s.db(ctx).Select("id, kind, name").Where("organization_id = ? AND id IN ?", org, each(threads, func(r threadRow) string { return r.ChannelID })))
	named := map[string]channelRow{}
	for _, ch := range channels {
		named[ch.ID] = ch
	}
	return each(threads, func(r threadRow) domain.Line {
		ch := named[r.ChannelID]
		return domain.Line{Thread: domain.ThreadID(r.ID), Channel: domain.ChannelID(r.ChannelID), ChannelKind: domain.ChannelKind(ch.Kind), ChannelName: ch.Name}
	}), err
}

// History reads what was said on these lines, in the order of arrival. Each line
// has its own place in the cursor, so that a page neither misses nor repeats what
// comes meanwhile, whichever line it comes on.
func (s *Store) History(ctx context.Context, org domain.OrganizationID, lines []domain.Line, sight domain.Sight, p Page) ([]domain.Message, *string, error) {
	p = p.of("history", isPlaces)
	places, err := p.places()
	if err != nil {
		return nil, nil, err
	}
	var heads []*head
	for _, l := range lines {
		at, known := places[l.Thread]
		if places != nil && !known && !p.Asc {
			continue // it began after the first page, and so behind what is read
		}
		h, err := s.head(ctx, org, l.Thread, at, known, sight, p)
		if err != nil {
			return nil, nil, err
		}
		heads = append(heads, h)
	}
	rows, more := merged(heads, p)
	messages, err := s.messages(rows, nil)
	if err != nil || !more {
		return messages, nil, err
	}
	cursor := p.cursor(written(heads))
	return messages, &cursor, nil
}

// head is what comes next on one line, and how far it was read.
type head struct {
	thread string
	rows   []messageRow
	place  int64
}

// head reads the next page of one line.
func (s *Store) head(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID, at int64, known bool, sight domain.Sight, p Page) (*head, error) {
	db := s.db(ctx).Where("organization_id = ? AND thread_id = ? AND status <> 'deleted'", org, thread)
	if !sight.Everything() {
		sql, args := sees(sight, org, "messages.interaction_id")
		db = db.Where(sql, args...)
	}
	op, order := " > ?", " ASC"
	if !p.Asc {
		op, order = " < ?", " DESC"
	}
	if known {
		db = db.Where("position"+op, at)
	}
	rows, err := all[messageRow](db.Order("position" + order).Limit(p.Limit + 1))
	h := &head{thread: string(thread), rows: rows, place: at}
	if !known && !p.Asc && len(rows) > 0 {
		h.place = rows[0].Position + 1
	}
	return h, err
}

// merged takes a page off the lines, each in its own order, and tells whether
// there is more.
func merged(heads []*head, p Page) (rows []messageRow, more bool) {
	for {
		var next *head
		for _, h := range heads {
			if len(h.rows) > 0 && (next == nil || before(h.rows[0], next.rows[0]) == p.Asc) {
				next = h
			}
		}
		if next == nil || len(rows) == p.Limit {
			return rows, next != nil
		}
		rows, next.place, next.rows = append(rows, next.rows[0]), next.rows[0].Position, next.rows[1:]
	}
}

func before(a, b messageRow) bool {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID)) < 0
}

// written gives how far each line was read, as it stands in a cursor.
func written(heads []*head) string {
	parts := make([]string, len(heads))
	for n, h := range heads {
		parts[n] = h.thread + "=" + strconv.FormatInt(h.place, 10)
	}
	return strings.Join(parts, ",")
}

// places reads how far each line was read; nil without a cursor.
func (p Page) places() (map[domain.ThreadID]int64, error) {
	if p.Cursor == "" {
		return nil, nil
	}
	key, err := p.after()
	if err != nil {
		return nil, err
	}
	places := map[domain.ThreadID]int64{}
	for part := range strings.SplitSeq(key, ",") {
		thread, at, _ := strings.Cut(part, "=")
		if places[domain.ThreadID(thread)], err = strconv.ParseInt(at, 10, 64); err != nil {
			return nil, errCursor
		}
	}
	return places, nil
}

// isPlaces tells whether a key is what written makes.
func isPlaces(key string) bool {
	return !slices.ContainsFunc(strings.Split(key, ","), func(part string) bool {
		thread, at, _ := strings.Cut(part, "=")
		return !isID(thread) || !isNumber(at)
	})
}
