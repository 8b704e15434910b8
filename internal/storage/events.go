package storage

import (
	"context"
	"reflect"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

type eventRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Type           string
	Time           int64
	Subject        string
	InteractionID  *string
	Sequence       *int64
	QueueID        *string
	AgentID        *string
	Actor          string
	Data           string
}

func (eventRow) TableName() string { return "events" }

func toEventRow(e domain.Event) eventRow {
	r := eventRow{OrganizationID: string(e.Organization), ID: string(e.ID), Type: string(e.Type), Time: ms(e.Time), Subject: e.Subject,
		Actor: doc(e.Actor), Data: doc(e.Data), InteractionID: filled(string(e.Interaction)), QueueID: filled(string(e.Queue)), AgentID: filled(string(e.Agent))}
	if e.Sequence > 0 {
		r.Sequence = &e.Sequence
	}
	return r
}

func fromEventRow(r eventRow) domain.Event {
	e := domain.Event{ID: domain.EventID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Type: domain.EventType(r.Type),
		Time: fromMS(r.Time), Subject: r.Subject, Actor: fromDoc[domain.Actor](r.Actor), Data: fromDoc[domain.EventData](r.Data)}
	e.Interaction, e.Queue, e.Agent = domain.InteractionID(plain(r.InteractionID)), domain.QueueID(plain(r.QueueID)), domain.AgentID(plain(r.AgentID))
	if r.Sequence != nil {
		e.Sequence = *r.Sequence
	}
	return e
}

// filled gives nil for an empty string.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// plain gives an empty string for nil.
func plain(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Append adds events to the log of the transaction that did what they tell.
func (s *Store) Append(ctx context.Context, events ...domain.Event) error {
	t, ok := ctx.Value(txKey{}).(*tx)
	if !ok {
		return errNoTx
	}
	t.events = append(t.events, events...)
	return nil
}

// eventWrites inserts the events of a transaction. On SQLite the one writer
// numbers them at once; on PostgreSQL their ids wait for the sequencer, because
// a number taken inside a transaction can become visible after a higher one.
func (s *Store) eventWrites(events []domain.Event) []write {
	rows := each(events, toEventRow)
	t, err := s.tableOf(&rows[0])
	if err != nil {
		return []write{{sql: "SELECT 1", want: -2, miss: err}}
	}
	sql, args := t.insertSQL(reflect.ValueOf(rows))
	log, logArgs := "INSERT INTO event_log (organization_id, event_id) VALUES ", []any{}
	if s.engine.postgres() {
		log = "INSERT INTO event_new (organization_id, event_id) VALUES "
	}
	for n, r := range rows {
		if n > 0 {
			log += ", "
		}
		log += "(?, ?)"
		logArgs = append(logArgs, r.OrganizationID, r.ID)
	}
	return []write{{sql: sql, args: args, want: int64(len(rows)), miss: errStale}, {sql: log, args: logArgs, want: int64(len(rows)), miss: errStale}}
}

// OnEvents sets what is called after a commit that had events. It is set once,
// before the store is used.
func (s *Store) OnEvents(f func()) { s.onEvents = f }

func (s *Store) wakeEvents() {
	if s.onEvents != nil {
		s.onEvents()
	}
}

// maxSequenced bounds how many events one step of the sequencer numbers.
const maxSequenced = 1000

// SequenceEvents gives committed events their place in the log and tells how
// many. Only one node does so at a time; with wait, it waits for that one, so
// that afterwards everything that was committed before the call is in the log.
func (s *Store) SequenceEvents(ctx context.Context, wait bool) (moved int, err error) {
	if !s.engine.postgres() {
		var tail *int64 // the log may be empty by now
		err := s.scan(ctx, &tail, "SELECT max(position) FROM (SELECT max(position) AS position FROM event_log UNION ALL SELECT max(position) FROM event_floors) t")
		if err == nil && tail != nil {
			s.raiseTail(*tail)
		}
		return 0, err
	}
	if err := s.findTail(ctx); err != nil {
		return 0, err
	}
	waiting, err := s.any(ctx, "SELECT EXISTS (SELECT 1 FROM event_new)")
	if err != nil || !waiting {
		return 0, err
	}
	for {
		var step int
		err := s.InTx(ctx, func(ctx context.Context) (err error) {
			step, err = s.sequence(ctx, wait)
			return err
		})
		if err != nil {
			return moved, err
		}
		if moved += step; !wait || step < maxSequenced {
			return moved, nil
		}
	}
}

// findTail learns where the log ends, once after the start.
func (s *Store) findTail(ctx context.Context) error {
	if s.tail.Load() > 0 {
		return nil
	}
	var tail int64
	err := s.scan(ctx, &tail, "SELECT position FROM event_tail")
	s.raiseTail(tail)
	return err
}

func (s *Store) sequence(ctx context.Context, wait bool) (int, error) {
	lock := "SELECT position FROM event_tail FOR UPDATE SKIP LOCKED"
	if wait {
		lock = "SELECT position FROM event_tail FOR UPDATE"
	}
	var tails []int64
	db := s.db(ctx)
	if err := db.Raw(lock).Scan(&tails).Error; err != nil || len(tails) == 0 {
		return 0, err
	}
	// The number was taken while the interaction's row was held, so one interaction's events keep their order.
	var moved int
	err := db.Raw(`WITH batch AS (DELETE FROM event_new WHERE number IN (SELECT number FROM event_new ORDER BY number LIMIT ?)
			RETURNING number, organization_id, event_id),
		placed AS (INSERT INTO event_log (organization_id, position, event_id)
			SELECT organization_id, ?::bigint + row_number() OVER (ORDER BY number), event_id FROM batch RETURNING 1),
		tail AS (UPDATE event_tail SET position = position + (SELECT count(*) FROM batch) RETURNING 1)
		SELECT count(*) FROM placed`, maxSequenced, tails[0]).Row().Scan(&moved)
	s.After(ctx, func() { s.raiseTail(tails[0] + int64(moved)) })
	return moved, err
}

func (s *Store) raiseTail(position int64) {
	for {
		seen := s.tail.Load()
		if seen >= position || s.tail.CompareAndSwap(seen, position) {
			return
		}
	}
}

// Tail gives a position of the log that is before every event of a transaction
// which has not begun yet.
func (s *Store) Tail() int64 { return s.tail.Load() }

// narrow restricts a query of the log.
func narrow(db *gorm.DB, org domain.OrganizationID, f domain.EventFilter) *gorm.DB {
	db = visibleEvents(db, f.Sight, org)
	if len(f.Types) > 0 {
		db = db.Where("e.type IN ?", f.Types)
	}
	if f.Interaction != "" {
		db = db.Where("e.interaction_id = ?", f.Interaction)
	}
	if f.Queue != "" {
		db = db.Where("e.queue_id = ?", f.Queue)
	}
	if f.Agent != "" {
		db = db.Where("e.agent_id = ?", f.Agent)
	}
	return db
}

// span gives the end of the part of the log that one read looks through, nil where
// nothing is there, and the place before which an organization's events are gone.
func (s *Store) span(ctx context.Context, org domain.OrganizationID, after int64) (end *int64, floor int64, err error) {
	var found struct{ Last, Floor *int64 }
	err = s.db(ctx).Raw(`SELECT (SELECT max(position) FROM (SELECT position FROM event_log WHERE organization_id = ? AND position > ?
		ORDER BY position LIMIT ?) l) AS last, (SELECT position FROM event_floors WHERE organization_id = ?) AS floor`,
		org, after, scanWindow, org).Scan(&found).Error
	if found.Floor != nil {
		floor = *found.Floor
	}
	return found.Last, floor, translate(err)
}

// scanWindow bounds how much of the log one read looks through.
const scanWindow = 5000

// Events reads an organization's log after a position. next is where to go on:
// it moves forward also past events that the filter leaves out. The end of the
// part that is read is fixed first, so that nothing can appear behind next. A
// negative position is the beginning of what is kept; one from before that is an error.
func (s *Store) Events(ctx context.Context, org domain.OrganizationID, f domain.EventFilter, after int64, limit int) (events []domain.LoggedEvent, next int64, err error) {
	if limit < 1 {
		return nil, after, nil
	}
	end, floor, err := s.span(ctx, org, after)
	switch {
	case err != nil:
		return nil, after, err
	case after < 0:
		after = floor
	case after < floor:
		return nil, after, expired(floor)
	}
	if end == nil {
		return nil, after, nil
	}
	type logged struct {
		Row      eventRow `gorm:"embedded"`
		Position int64
	}
	db := s.db(ctx).Table("event_log l").Select("e.*, l.position").
		Joins("JOIN events e ON e.organization_id = l.organization_id AND e.id = l.event_id").
		Where("l.organization_id = ? AND l.position > ? AND l.position <= ?", org, after, *end)
	rows, err := all[logged](narrow(db, org, f).Order("l.position").Limit(limit))
	if err != nil {
		return nil, after, err
	}
	events = each(rows, func(r logged) domain.LoggedEvent {
		return domain.LoggedEvent{Event: fromEventRow(r.Row), Position: r.Position}
	})
	if len(events) == limit {
		return events, events[limit-1].Position, nil
	}
	return events, *end, nil
}
