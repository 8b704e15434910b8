package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/parley-cx/parley/internal/domain"
)

// table is a row type's table and columns, read once from its gorm tags:
// `primaryKey` columns find a row, `<-:create` columns never change.
type table struct {
	name    string
	keys    []*schema.Field
	changes []*schema.Field // columns that an update writes, without the version
	all     []*schema.Field
	version *schema.Field
}

// tableOf describes a row type; a wrong tag is a fault of the program, which
// the round trip test of every row type finds.
func (s *Store) tableOf(row any) (*table, error) {
	parsed, err := schema.Parse(row, &s.schemas, schema.NamingStrategy{})
	if err != nil {
		return nil, fmt.Errorf("storage: %T: %w", row, err)
	}
	t := &table{name: parsed.Table, all: parsed.Fields}
	for _, f := range parsed.Fields {
		switch {
		case f.PrimaryKey:
			t.keys = append(t.keys, f)
		case f.DBName == "version":
			t.version = f
		case f.Updatable:
			t.changes = append(t.changes, f)
		}
	}
	return t, nil
}

func value(f *schema.Field, row reflect.Value) any {
	v, _ := f.ValueOf(context.Background(), row)
	return v
}

// insert appends rows of one type; onConflict is empty or an ON CONFLICT clause,
// with which fewer rows may be written.
func insert[R any](ctx context.Context, s *Store, onConflict string, rows ...R) error {
	if len(rows) == 0 {
		return nil
	}
	t, err := s.tableOf(&rows[0])
	if err != nil {
		return err
	}
	w := write{table: t.name, want: int64(len(rows)), miss: errStale}
	w.sql, w.args = t.insertSQL(reflect.ValueOf(rows))
	if onConflict != "" {
		w.sql, w.want = w.sql+" "+onConflict, -1
	}
	for _, r := range rows {
		w.rows = append(w.rows, t.key(reflect.ValueOf(r)))
	}
	return s.writeTo(ctx, w)
}

func (t *table) insertSQL(rows reflect.Value) (string, []any) {
	names, marks := make([]string, len(t.all)), make([]string, len(t.all))
	for i, f := range t.all {
		names[i], marks[i] = f.DBName, "?"
	}
	one := "(" + strings.Join(marks, ", ") + ")"
	groups := make([]string, rows.Len())
	args := make([]any, 0, rows.Len()*len(t.all))
	for i := range groups {
		groups[i] = one
		for _, f := range t.all {
			args = append(args, value(f, rows.Index(i)))
		}
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.name, strings.Join(names, ", "), strings.Join(groups, ", ")), args
}

// update writes every changeable column of a row that was read, and counts its
// version up; it fails with errStale when the row has another version by now.
func update[R any](ctx context.Context, s *Store, row R) error {
	t, err := s.tableOf(&row)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(row)
	var sets, finds []string
	var args []any
	for _, f := range t.changes {
		sets, args = append(sets, f.DBName+" = ?"), append(args, value(f, v))
	}
	if t.version != nil {
		sets = append(sets, "version = version + 1")
	}
	for _, f := range t.keys {
		finds, args = append(finds, f.DBName+" = ?"), append(args, value(f, v))
	}
	if t.version != nil {
		finds, args = append(finds, "version = ?"), append(args, value(t.version, v))
	}
	return s.writeTo(ctx, write{table: t.name, rows: []string{t.key(v)}, want: 1, miss: errStale, args: args,
		sql: fmt.Sprintf("UPDATE %s SET %s WHERE %s", t.name, strings.Join(sets, ", "), strings.Join(finds, " AND "))})
}

// save is update for a value that lives on: it counts the value's version up
// too, and back when the transaction fails, so that another try with the same
// value is as stale as the first.
func save[R any](ctx context.Context, s *Store, version *int64, row R) error {
	if err := update(ctx, s, row); err != nil {
		return err
	}
	t := ctx.Value(txKey{}).(*tx) // or the update would have failed
	*version++
	t.undo = append(t.undo, func() { *version-- })
	return nil
}

// key names a row in its table.
func (t *table) key(row reflect.Value) string {
	keys := make([]any, len(t.keys))
	for i, f := range t.keys {
		keys[i] = value(f, row)
	}
	return rowKey(keys...)
}

// rowKey names a row by the values of its primary key.
func rowKey(keys ...any) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "/%v", k)
	}
	return b.String()
}

// exec gathers a statement about these rows of a table, or, without keys, about
// rows that only the database knows.
func (s *Store) exec(ctx context.Context, table string, rows []string, sql string, args ...any) error {
	return s.writeTo(ctx, write{table: table, rows: rows, sql: sql, args: args, want: -1})
}

// scan reads the only row of a query.
func (s *Store) scan(ctx context.Context, to any, sql string, args ...any) error {
	db := s.db(ctx)
	if db.Error != nil { // of a write that was gathered: gorm would give no row at all
		return db.Error
	}
	return translate(db.Raw(sql, args...).Row().Scan(to))
}

// The conversions between domain values and columns.

func ms(t time.Time) int64 { return t.UnixMilli() }

func fromMS(n int64) time.Time { return time.UnixMilli(n).UTC() }

func msPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	n := ms(*t)
	return &n
}

func fromMSPtr(n *int64) *time.Time {
	if n == nil {
		return nil
	}
	t := fromMS(*n)
	return &t
}

// id converts an optional id between its type and a column.
func id[To, From ~string](from *From) *To {
	if from == nil {
		return nil
	}
	to := To(*from)
	return &to
}

// doc writes a value as a JSON document.
func doc(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // only values of our own types come here
		return "null"
	}
	return string(b)
}

// wordsDoc writes a list of words as a JSON document, never as null.
func wordsDoc[T ~string](words []T) string {
	if len(words) == 0 {
		return "[]"
	}
	return doc(words)
}

// optionalDoc writes a document for a value that may be missing.
func optionalDoc[T any](v *T) *string {
	if v == nil {
		return nil
	}
	text := doc(v)
	return &text
}

// fromOptionalDoc reads a document that may be missing.
func fromOptionalDoc[T any](text *string) *T {
	if text == nil {
		return nil
	}
	v := fromDoc[T](*text)
	return &v
}

// fromDoc reads a JSON document; an unreadable one gives the zero value.
func fromDoc[T any](text string) T {
	var v T
	_ = json.Unmarshal([]byte(text), &v)
	return v
}

// strs converts a list of ids or scopes.
func strs[To, From ~string](from []From) []To {
	to := make([]To, len(from))
	for i, f := range from {
		to[i] = To(f)
	}
	return to
}

// one gives the only row of a query, or a not-found error for the noun.
func one[R any](db *gorm.DB, noun domain.Phrase) (R, error) {
	var row R
	rows, err := all[R](db.Limit(1))
	if err != nil {
		return row, err
	}
	if len(rows) == 0 {
		return row, domain.NotFound(noun)
	}
	return rows[0], nil
}

// all gives the rows of a query.
func all[R any](db *gorm.DB) ([]R, error) {
	var rows []R
	if err := db.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	return rows, nil
}

// each converts a list of rows.
func each[R, T any](rows []R, convert func(R) T) []T {
	items := make([]T, len(rows))
	for i, r := range rows {
		items[i] = convert(r)
	}
	return items
}

// eachTry converts a list of which an item may not be convertible.
func eachTry[From, To any](from []From, convert func(From) (To, error)) (to []To, err error) {
	to = make([]To, len(from))
	for i, f := range from {
		if to[i], err = convert(f); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// page reads one page of a list of rows that is ordered by id.
func page[R schema.Tabler](db *gorm.DB, p Page, key func(R) string) ([]R, *string, error) {
	if p.list == "" {
		var row R
		p = p.of(row.TableName(), isID)
	}
	db, err := p.seek(db, "id")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[R](db)
	if err != nil {
		return nil, nil, err
	}
	rows, next := cut(p, rows, key)
	return rows, next, nil
}
