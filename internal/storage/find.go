package storage

import (
	"context"
	"strings"

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

// LockName lets one at a time look for, and then make, what has this name among
// the rows of a table, until the transaction ends. SQLite has one writer anyway.
func (s *Store) LockName(ctx context.Context, org domain.OrganizationID, table, name string) error {
	sql, args := "SELECT 1", []any{}
	if s.engine.postgres() {
		sql, args = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", []any{rowKey(table, org, name)}
	}
	_, err := s.writeNow(ctx, sql, args...)
	return err
}

// marks writes n places for arguments.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// anys gives values as arguments of a statement.
func anys[T any](values []T) []any {
	return each(values, func(v T) any { return v })
}
