package storage

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm/schema"
)

// rowTypes are all types of rows; a test finds one that is missing.
var rowTypes = map[string]rowType{
	"agentRow":          row[agentRow](),
	"transferRow":       row[transferRow](),
	"appRow":            row[appRow](),
	"attemptRow":        row[attemptRow](),
	"channelRow":        row[channelRow](),
	"clientRow":         row[clientRow](),
	"contactRow":        row[contactRow](),
	"fileRow":           row[fileRow](),
	"earlyRow":          row[earlyRow](),
	"draftRow":          row[draftRow](),
	"postRow":           row[postRow](),
	"erasureRow":        row[erasureRow](),
	"eventRow":          row[eventRow](),
	"idempotencyRow":    row[idempotencyRow](),
	"inboxRow":          row[inboxRow](),
	"interactionRow":    row[interactionRow](),
	"jobRow":            row[jobRow](),
	"memberRow":         row[memberRow](),
	"messageRow":        row[messageRow](),
	"organizationRow":   row[organizationRow](),
	"participantRow":    row[participantRow](),
	"profileRow":        row[profileRow](),
	"queueRow":          row[queueRow](),
	"segmentRow":        row[segmentRow](),
	"settingRow":        row[settingRow](),
	"signingKeyRow":     row[signingKeyRow](),
	"skillRow":          row[skillRow](),
	"libraryRow":        row[libraryRow](),
	"cannedRow":         row[cannedRow](),
	"threadRow":         row[threadRow](),
	"tokenIssuerRow":    row[tokenIssuerRow](),
	"wrapUpCodeRow":     row[wrapUpCodeRow](),
	"contactErasureRow": row[contactErasureRow](),
	"aliasRow":          row[aliasRow](),
	"erasedIdentityRow": row[erasedIdentityRow](),
}

type rowType struct {
	table   func(t *testing.T, s *Store) *table
	inserts func(t *testing.T, s *Store)
}

func row[R any]() rowType {
	return rowType{
		table: func(t *testing.T, s *Store) *table {
			t.Helper()
			var r R
			described, err := s.tableOf(&r)
			if err != nil {
				t.Fatal(err)
			}
			return described
		},
		inserts: writesEveryColumn[R],
	}
}

func TestRowTypesAreAllTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "TableName" {
				continue
			}
			found++
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; rowTypes[name].table == nil {
				t.Errorf("%s is not in rowTypes", name)
			}
		}
	}
	if found != len(rowTypes) {
		t.Errorf("the package has %d row types, rowTypes has %d", found, len(rowTypes))
	}
}

// A column that no row type knows would be lost by an insert, and the other way round.
func TestTablesHaveTheColumnsOfTheirRows(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		query := "SELECT name FROM pragma_table_info(?) ORDER BY name"
		if db.engine.postgres() {
			query = `SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY column_name COLLATE "C"`
		}
		for name, r := range rowTypes {
			table := r.table(t, db.Store)
			var have []string
			if err := db.read.Raw(query, table.name).Scan(&have).Error; err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, f := range table.all {
				want = append(want, f.DBName)
			}
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s has the columns\n%v, %s has\n%v", table.name, have, name, want)
			}
		}
	})
}

func TestInsertAndUpdateWriteEveryColumn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		for name, r := range rowTypes {
			t.Run(name, func(t *testing.T) { r.inserts(t, db.Store) })
		}
	})
}

func writesEveryColumn[R any](t *testing.T, s *Store) {
	first, changed := made[R](1), made[R](2)
	table, err := s.tableOf(&first)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, func(ctx context.Context) error { return insert(ctx, s, "", first) })
	same(t, "inserted", stored(t, s, table, first), first)
	if len(table.changes) == 0 {
		return
	}
	want := first
	for _, f := range table.all {
		switch {
		case f.PrimaryKey || f == table.version:
			copyColumn(f, &changed, &first)
		case f.Updatable:
			copyColumn(f, &want, &changed)
		}
	}
	if table.version != nil {
		countUp(table.version, &want)
	}
	commit(t, s, func(ctx context.Context) error { return update(ctx, s, changed) })
	same(t, "updated", stored(t, s, table, first), want)
	if table.version == nil {
		return
	}
	stale := first // has the version before the update
	if err := s.InTx(t.Context(), func(ctx context.Context) error { return update(ctx, s, stale) }); !errors.Is(err, errStale) {
		t.Errorf("an update of a stale version gives %v", err)
	}
	same(t, "after a refused update", stored(t, s, table, first), want)
}

// copyColumn gives to one column of a row the value that it has in another.
func copyColumn(f *schema.Field, to, from any) {
	place := f.StructField.Index
	reflect.ValueOf(to).Elem().FieldByIndex(place).Set(reflect.ValueOf(from).Elem().FieldByIndex(place))
}

func countUp(f *schema.Field, to any) {
	v := reflect.ValueOf(to).Elem().FieldByName(f.Name)
	v.SetInt(v.Int() + 1)
}

// stored reads a row by its key.
func stored[R any](t *testing.T, s *Store, table *table, r R) R {
	t.Helper()
	query := s.read.WithContext(t.Context())
	for _, f := range table.keys {
		query = query.Where(f.DBName+" = ?", value(f, reflect.ValueOf(r)))
	}
	found, err := one[R](query, "row")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// commit runs a transaction that has to succeed.
func commit(t *testing.T, s *Store, fn func(ctx context.Context) error) {
	t.Helper()
	if err := s.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
