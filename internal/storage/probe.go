package storage

import (
	"context"
	"database/sql/driver"
	"strings"

	"gorm.io/gorm/schema"
)

// textArray is a PostgreSQL array: one argument, however many values it has, so
// that one prepared statement serves them all.
type textArray []string

// Value writes the array as PostgreSQL reads it.
func (a textArray) Value() (driver.Value, error) {
	quoted := make([]string, len(a))
	for i, s := range a {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}", nil
}

// probe reads the rows of a channel that have one of these keys in a column, by
// one look into the unique index for each. PostgreSQL has to be told so: before
// it has statistics, it takes a channel for a handful of rows, and would rather
// read the whole of it than look up 64 keys.
func probe[R schema.Tabler](ctx context.Context, s *Store, org, ch, column string, keys []string) ([]R, error) {
	var row R
	if !s.engine.postgres() {
		return all[R](s.db(ctx).Where("organization_id = ? AND channel_id = ? AND "+column+" IN ?", org, ch, keys))
	}
	var rows []R
	err := s.db(ctx).Raw("SELECT r.* FROM unnest(CAST(? AS text[])) AS k(key) CROSS JOIN LATERAL (SELECT * FROM "+row.TableName()+
		" WHERE organization_id = ? AND channel_id = ? AND "+column+" = k.key LIMIT 1) AS r", textArray(keys), org, ch).Scan(&rows).Error
	return rows, translate(err)
}
