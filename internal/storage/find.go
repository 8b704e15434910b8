package storage

import (
	"context"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

// Find narrows a list of configuration, so that a script finds what it means;
// empty fields narrow nothing.
type Find struct {
	Part       string // of the name, in any case
	Name       string // the whole name, to the letter
	ExternalID string
}

// in restricts a query to what is looked for.
func (f Find) in(db *gorm.DB) *gorm.DB {
	if f.Part != "" {
		db = db.Where("lower(name) LIKE ? ESCAPE '!'", containing(f.Part))
	}
	if f.Name != "" {
		db = db.Where("name = ?", f.Name)
	}
	if f.ExternalID != "" {
		db = db.Where("external_id = ?", f.ExternalID)
	}
	return db
}

// LockExternalID lets one at a time look for, and then make, what has this
// external id among the rows of a table, until the transaction ends. SQLite has
// one writer anyway.
func (s *Store) LockExternalID(ctx context.Context, org domain.OrganizationID, table, external string) error {
	sql, args := "SELECT 1", []any{}
	if s.engine.postgres() {
		sql, args = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", []any{rowKey(table, org, external)}
	}
	_, err := s.writeNow(ctx, sql, args...)
	return err
}
