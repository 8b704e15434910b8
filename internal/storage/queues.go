package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/parley-cx/parley/internal/domain"
)

type queueRow struct {
	OrganizationID           string `gorm:"primaryKey"`
	ID                       string `gorm:"primaryKey"`
	Name                     string
	ExternalID               *string
	Description              *string
	AlertingTimeoutSeconds   int
	DeclineSetsNotResponding bool
	AcwMode                  string
	AcwTimeoutSeconds        int
	AcwGraceSeconds          int
	WrapUpCodeIds            string
	Rules                    string
	OverflowQueueID          *string
	Version                  int64
	CreatedAt                int64 `gorm:"<-:create"`
	UpdatedAt                int64
	DeletedAt                *int64 `gorm:"<-:create"` // has a statement of its own: no change brings a deleted row back
}

func (queueRow) TableName() string { return "queues" }

func toQueueRow(q domain.Queue) queueRow {
	return queueRow{OrganizationID: string(q.Organization), ID: string(q.ID), Name: q.Name, ExternalID: q.ExternalID,
		Description: q.Description, AlertingTimeoutSeconds: q.AlertingTimeoutSeconds,
		DeclineSetsNotResponding: q.DeclineSetsNotResponding, AcwMode: string(q.ACW.Mode), AcwTimeoutSeconds: q.ACW.TimeoutSeconds, AcwGraceSeconds: q.ACW.GraceSeconds,
		WrapUpCodeIds: doc(q.WrapUpCodes), Rules: doc(q.Rules), OverflowQueueID: id[string](q.Overflow),
		Version: q.Version, CreatedAt: ms(q.CreatedAt), UpdatedAt: ms(q.UpdatedAt)}
}

func fromQueueRow(r queueRow) domain.Queue {
	return domain.Queue{ID: domain.QueueID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Description: r.Description, AlertingTimeoutSeconds: r.AlertingTimeoutSeconds,
		DeclineSetsNotResponding: r.DeclineSetsNotResponding, ACW: domain.ACW{Mode: domain.ACWMode(r.AcwMode), TimeoutSeconds: r.AcwTimeoutSeconds, GraceSeconds: r.AcwGraceSeconds},
		WrapUpCodes: fromDoc[[]domain.WrapUpCodeID](r.WrapUpCodeIds), Rules: fromDoc[domain.Rules](r.Rules), Overflow: id[domain.QueueID](r.OverflowQueueID), Version: r.Version,
		CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// living restricts a query to an organization's rows that were not deleted.
func (s *Store) living(ctx context.Context, org domain.OrganizationID) *gorm.DB {
	return s.db(ctx).Where("organization_id = ? AND deleted_at IS NULL", org)
}

// CreateQueue adds a queue.
func (s *Store) CreateQueue(ctx context.Context, q domain.Queue) error {
	return insert(ctx, s, "", toQueueRow(q))
}

// SaveQueue writes a queue that was read, one version up.
func (s *Store) SaveQueue(ctx context.Context, q *domain.Queue) error {
	return save(ctx, s, &q.Version, toQueueRow(*q))
}

// Queue gives one queue.
func (s *Store) Queue(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.Queue, error) {
	r, err := one[queueRow](s.living(ctx, org).Where("id = ?", queue), "queue")
	if err != nil {
		return domain.Queue{}, err
	}
	return fromQueueRow(r), nil
}

// Queues lists an organization's queues.
func (s *Store) Queues(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.Queue, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r queueRow) string { return r.ID })
	return each(rows, fromQueueRow), next, err
}

// DeleteQueue hides a queue; what happened in it keeps its name.
func (s *Store) DeleteQueue(ctx context.Context, q domain.Queue, now time.Time) error {
	return s.remove(ctx, "queues", q.Organization, string(q.ID), q.Version, now)
}

// remove hides a row that was read; it fails with errStale when the row has
// another version by now.
func (s *Store) remove(ctx context.Context, table string, org domain.OrganizationID, id string, version int64, now time.Time) error {
	return s.writeTo(ctx, write{table: table, rows: []string{rowKey(org, id)}, want: 1, miss: errStale, args: []any{ms(now), org, id, version},
		sql: "UPDATE " + table + " SET deleted_at = ?, external_id = NULL, version = version + 1 WHERE organization_id = ? AND id = ? AND version = ? AND deleted_at IS NULL"})
}

// QueueInUse tells whether anything still needs the queue: a channel, another
// queue that overflows into it, or an interaction that is open.
func (s *Store) QueueInUse(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (bool, error) {
	return s.any(ctx, `SELECT EXISTS (SELECT 1 FROM channels WHERE organization_id = ? AND queue_id = ? AND deleted_at IS NULL)
		OR EXISTS (SELECT 1 FROM queues WHERE organization_id = ? AND overflow_queue_id = ? AND deleted_at IS NULL)
		OR EXISTS (SELECT 1 FROM interactions WHERE organization_id = ? AND queue_id = ? AND state <> 'disconnected')`, org, queue, org, queue, org, queue)
}

// any gives the answer of a query for one truth value.
func (s *Store) any(ctx context.Context, sql string, args ...any) (bool, error) {
	var yes bool
	err := s.scan(ctx, &yes, sql, args...)
	return yes, err
}

// forUpdate locks the rows of a query until the transaction ends; other readers
// are not held up. SQLite has one writer and needs no row locks.
func forUpdate(db *gorm.DB) *gorm.DB {
	return db.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
}

// forUpdateIfFree locks the rows of a query that nobody else has locked, and
// leaves the others out.
func forUpdateIfFree(db *gorm.DB) *gorm.DB {
	return db.Clauses(clause.Locking{Strength: "NO KEY UPDATE", Options: "SKIP LOCKED"})
}
