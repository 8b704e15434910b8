package storage

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hotTables grow with the traffic: no statement may look through one of them.
var hotTables = []string{"interactions", "messages", "inbox", "jobs", "events", "event_log", "participants", "threads", "thread_aliases", "contacts", "attempts", "attachments", "idempotency_keys", "segments", "transfers", "drafts", "posts"}

// narrowColumns hold few rows of an organization for each value; an index that
// is entered by one of them is entered well.
var narrowColumns = []string{"id", "thread_id", "interaction_id", "message_id", "subject_id", "lane_id", "contact_id", "customer_id", "agent_id", "address", "contact", "subject",
	"platform_message_id", "platform_id", "author", "client_message_id", "in_reply_to", "dedupe_key", "key", "lane", "position", "run_at", "due", "received_at"}

// smallIndexes hold only what is under way.
var smallIndexes = []string{"interactions_open", "participants_due", "participants_one_offer", "interactions_inactive", "participants_wrapping", "participants_wrap_up_due", "interactions_under_way", "transfers_one_pending", "inbox_quarantined", "messages_expiring", "messages_unproven", "inbox_expiring"}

// rareMethods serve a person, or the sweeper, once in a while, and may look at more
// until there are statistics.
var rareMethods = []string{"ReleaseAccount", "ChannelInUse", "QueueInUse", "ReleaseDeliveries", "ReleasePosts", "Interactions by queue", "Interactions by state",
	"Interactions by kind", "Interactions by time", "Contacts", "Contacts by channel", "Contacts of supervisor", "ForgetInbox"}

// index is what the database says of one.
type index struct {
	table   string
	columns []string
}

// Every statement finds its rows by an index, also on the first day, when the
// database has no statistics: then a wrong plan takes minutes.
func TestStatementsUseAnIndexOnPostgres(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	f := newFull(t, db.Store)
	f.crowd(3000)
	var analyzed int
	if err := db.scan(t.Context(), &analyzed, "SELECT count(*) FROM pg_class WHERE relname IN ? AND reltuples >= 0", hotTables); err != nil || analyzed > 0 {
		t.Fatalf("%d tables have statistics (%v)", analyzed, err)
	}
	statements := record(t, f)
	if len(statements) < 80 {
		t.Errorf("only %d statements were recorded", len(statements))
	}
	pool, err := db.read.DB()
	if err != nil {
		t.Fatal(err)
	}
	connection, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	known := indexes(t, db.Store)
	for _, s := range statements {
		if rank(s.method) == 0 {
			continue
		}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} { // a prepared statement may get either
			p := plan{indexes: known}
			p.look(s.explain(t, connection, mode), false)
			for _, fault := range p.faults {
				t.Errorf("%s (%s): %s\n%s", s.method, mode, fault, s.sql)
			}
		}
	}
}

func indexes(t *testing.T, s *Store) map[string]index {
	t.Helper()
	var rows []struct{ Name, Place, Columns string }
	err := s.read.Raw(`SELECT c.relname AS name, t.relname AS place, (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_attribute a
		WHERE a.attrelid = c.oid) AS columns FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
		WHERE c.relnamespace = 'public'::regnamespace`).Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]index{}
	for _, r := range rows {
		found[r.Name] = index{r.Place, strings.Split(r.Columns, ",")}
	}
	return found
}

// explain gives the plan that PostgreSQL makes of a statement.
func (s statement) explain(t *testing.T, c *sql.Conn, mode string) map[string]any {
	t.Helper()
	execute := "EXECUTE planned"
	if len(s.args) > 0 {
		execute += "(" + strings.Join(each(s.args, literal), ", ") + ")"
	}
	var text string
	for _, step := range []string{"SET plan_cache_mode = " + mode, "PREPARE planned AS " + s.sql} {
		if _, err := c.ExecContext(t.Context(), step); err != nil {
			t.Fatalf("%s: %v\n%s", s.method, err, step)
		}
	}
	if err := c.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON) "+execute).Scan(&text); err != nil {
		t.Fatalf("%s: %v\n%s", s.method, err, s.sql)
	}
	if _, err := c.ExecContext(t.Context(), "DEALLOCATE planned"); err != nil {
		t.Fatal(err)
	}
	var roots []struct{ Plan map[string]any }
	if err := json.Unmarshal([]byte(text), &roots); err != nil {
		t.Fatal(err)
	}
	return roots[0].Plan
}

// plan is looked through for what costs more the longer the product runs.
type plan struct {
	indexes map[string]index
	faults  []string
}

// look judges a node and those below it. limited tells that only as many rows
// are taken from it as a page has.
func (p *plan) look(node map[string]any, limited bool) {
	kind, _ := node["Node Type"].(string)
	table, _ := node["Relation Name"].(string)
	name, _ := node["Index Name"].(string)
	used, known := p.indexes[name]
	switch {
	case kind == "Seq Scan" && slices.Contains(hotTables, table):
		p.faults = append(p.faults, "reads all of "+table)
	case known && slices.Contains(hotTables, used.table) && !slices.Contains(smallIndexes, name):
		condition, _ := node["Index Cond"].(string)
		if entered := used.entered(condition); !(limited && kind != "Bitmap Index Scan") && !slices.ContainsFunc(entered, isNarrow) {
			p.faults = append(p.faults, fmt.Sprintf("reads much of %s: it enters %s %v only by %v", used.table, name, used.columns, entered))
		}
	}
	switch kind {
	case "Limit":
		limited = true
	case "Nested Loop", "LockRows", "Subquery Scan", "Result":
	default:
		limited = false
	}
	below, _ := node["Plans"].([]any)
	for n, child := range below {
		p.look(child.(map[string]any), limited && n == 0)
	}
}

func isNarrow(column string) bool { return slices.Contains(narrowColumns, column) }

// entered gives the leading columns of an index that a condition fixes, and the
// one behind them that it bounds.
func (i index) entered(condition string) (columns []string) {
	for _, column := range i.columns {
		fixed := regexp.MustCompile(`\(?"?\b` + column + `"?(::\w+)? = `)
		bound := regexp.MustCompile(`\(?"?\b` + column + `"?(::\w+)? [<>]`)
		switch {
		case fixed.MatchString(condition):
			columns = append(columns, column)
		case bound.MatchString(condition):
			return append(columns, column)
		default:
			return columns
		}
	}
	return columns
}

// literal writes an argument as a text that takes the parameter's type.
func literal(v any) string {
	if own, ok := v.(driver.Valuer); ok {
		v, _ = own.Value()
	}
	value := reflect.ValueOf(v)
	for value.IsValid() && value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() {
		return "NULL"
	}
	if raw, ok := value.Interface().([]byte); ok {
		return fmt.Sprintf(`'\x%x'`, raw)
	}
	return "'" + strings.ReplaceAll(fmt.Sprint(value.Interface()), "'", "''") + "'"
}

func TestStatementsUseAnIndexOnSQLite(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	f := newFull(t, db.Store)
	statements := record(t, f)
	if len(statements) < 80 {
		t.Errorf("only %d statements were recorded", len(statements))
	}
	for _, s := range statements {
		var steps []struct{ Detail string }
		if err := db.read.Raw("EXPLAIN QUERY PLAN "+s.sql, s.args...).Scan(&steps).Error; err != nil {
			t.Fatalf("%s: %v\n%s", s.method, err, s.sql)
		}
		for _, step := range steps {
			table, scans := strings.CutPrefix(step.Detail, "SCAN ")
			table, how, _ := strings.Cut(table, " ")
			if scans && slices.Contains(hotTables, s.tableOf(table)) && !ordersOrBounds(how) {
				t.Errorf("%s: %s\n%s", s.method, step.Detail, s.sql)
			}
			if table := s.ransacked(step.Detail); slices.Contains(hotTables, table) && s.method != "OpenParts" {
				t.Errorf("%s: %s\n%s", s.method, step.Detail, s.sql)
			}
		}
	}
}

var byOrganization = regexp.MustCompile(`^SEARCH (\w+) USING (?:COVERING )?INDEX (\w+) \(organization_id=\?\)$`)

// ransacked gives the table of which a step reads all that an organization has, by an
// index that does not order a page of it.
func (s statement) ransacked(step string) string {
	m := byOrganization.FindStringSubmatch(step)
	if m == nil || strings.HasPrefix(m[2], "sqlite_autoindex_") || slices.Contains(smallIndexes, m[2]) {
		return ""
	}
	return s.tableOf(m[1])
}

// ordersOrBounds tells whether a scan goes along an index that holds, or orders,
// what the statement wants: of offers that are pending, only those.
func ordersOrBounds(how string) bool {
	return strings.HasSuffix(how, "participants_due") || strings.HasSuffix(how, "participants_wrap_up_due") || strings.HasSuffix(how, "interactions_inactive")
}

var named = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+"?(\w+)"?(?:\s+(?:AS\s+)?(\w+))?`)

// tableOf gives the table that a statement calls by this name.
func (s statement) tableOf(name string) string {
	for _, m := range named.FindAllStringSubmatch(s.sql, -1) {
		if m[2] == name {
			return m[1]
		}
	}
	return name
}
