package archtest

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/migrations"
)

// first is the migration that makes the schema; those behind it expand it.
const first = "00001_main_job.sql"

// contracting are statements that an older binary, which still runs beside, does
// not survive: what it reads or writes goes away, or wants what it does not give.
func contracting() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"drops something":                 regexp.MustCompile(`\bDROP\b`),
		"renames something":               regexp.MustCompile(`\bRENAME\b`),
		"changes a column":                regexp.MustCompile(`\bALTER COLUMN\b`),
		"adds a condition":                regexp.MustCompile(`\bADD (CONSTRAINT|CHECK|PRIMARY|UNIQUE|FOREIGN)\b`),
		"takes rows away":                 regexp.MustCompile(`\b(DELETE FROM|TRUNCATE)\b`),
		"adds a column without a default": regexp.MustCompile(`\bADD COLUMN\b[^;]*\bNOT NULL\b`),
	}
}

// up gives the statements of a migration, without comments, in capitals.
func up(text string) list {
	text, _, _ = strings.Cut(text, "-- +goose Down")
	text = regexp.MustCompile(`--[^\n]*`).ReplaceAllString(text, "")
	return strings.Split(strings.ToUpper(strings.Join(strings.Fields(text), " ")), ";")
}

// A migration expands; what an older binary still uses is removed a version later.
func TestMigrationsExpand(t *testing.T) {
	t.Parallel()
	names := map[string]list{}
	for _, dialect := range (list{"postgres", "sqlite"}) {
		files, err := fs.Glob(migrations.Files, dialect+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := strings.TrimPrefix(file, dialect+"/")
			names[dialect] = append(names[dialect], name)
			text, err := fs.ReadFile(migrations.Files, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, statement := range up(string(text)) {
				if fault := contracts(statement); fault != "" && name != first {
					t.Errorf("%s %s, which migrations/README.md does not allow:%s", file, fault, statement)
				}
			}
		}
	}
	if !slices.Equal(names["postgres"], names["sqlite"]) || !slices.Contains(names["sqlite"], first) {
		t.Errorf("the dialects have the migrations %v", names)
	}
}

// contracts tells what a statement does to an older binary; "" for nothing.
func contracts(statement string) string {
	for fault, pattern := range contracting() {
		if pattern.MatchString(statement) && !(strings.Contains(fault, "default") && strings.Contains(statement, "DEFAULT")) {
			return fault
		}
	}
	return ""
}

func TestContractingStatementsAreFound(t *testing.T) {
	t.Parallel()
	for _, bad := range (list{"drop table x", "ALTER TABLE x DROP COLUMN y", "ALTER TABLE x RENAME TO y", "ALTER TABLE x ADD COLUMN y text NOT NULL",
		"ALTER TABLE x ALTER COLUMN y SET NOT NULL", "ALTER TABLE x ADD CONSTRAINT y CHECK (z)", "DELETE FROM x", "-- +goose Up\nTRUNCATE x;\n-- +goose Down"}) {
		if contracts(up(bad)[0]) == "" {
			t.Errorf("%q passes", bad)
		}
	}
	for _, good := range (list{"CREATE TABLE x (y text NOT NULL)", "ALTER TABLE x ADD COLUMN y text", "ALTER TABLE x ADD COLUMN y text NOT NULL DEFAULT ''",
		"CREATE UNIQUE INDEX i ON x (y)", "-- drop nothing\nCREATE TABLE x (y text);\n-- +goose Down\nDROP TABLE x;"}) {
		if fault := contracts(up(good)[0]); fault != "" {
			t.Errorf("%q %s", good, fault)
		}
	}
}
