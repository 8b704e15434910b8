package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

// hotTables grow with the traffic: no statement may look through one of them.
var hotTables = []string{"interactions", "messages", "inbox", "jobs", "events", "event_log", "participants", "threads", "contacts", "attempts", "idempotency_keys"}

// statement is what a method of the store sent.
type statement struct {
	method, sql string
	args        []any
}

// record calls the store's methods and gives the statements that they sent. A
// call may fail: its statement is what counts.
func record(t *testing.T, f *full) []statement {
	t.Helper()
	var method string
	sent := map[string]statement{}
	collect := func(db *gorm.DB) {
		if text := db.Statement.SQL.String(); text != "" {
			sent[text] = statement{method, text, slices.Clone(db.Statement.Vars)}
		}
	}
	for _, err := range []error{
		f.read.Callback().Query().After("gorm:query").Register("test:collect", collect),
		f.read.Callback().Row().After("gorm:row").Register("test:collect", collect),
		f.read.Callback().Raw().After("gorm:raw").Register("test:collect", collect),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.tell(1, 1) // for the sequencer
	for name, call := range calls(f) {
		method = name
		_ = f.InTx(t.Context(), func(ctx context.Context) error {
			defer func() { _ = ctx.Value(txKey{}).(*tx).finish() }()
			call(ctx)
			return errRefused
		})
	}
	f.read.Callback().Query().Remove("test:collect")
	f.read.Callback().Row().Remove("test:collect")
	f.read.Callback().Raw().Remove("test:collect")
	var all []statement
	for _, s := range sent {
		all = append(all, s)
	}
	return all
}

// calls are all methods that read, with all their filters, and all that write.
func calls(f *full) map[string]func(ctx context.Context) {
	all := map[string]func(ctx context.Context){}
	for name, m := range readMethods() {
		all[name] = func(ctx context.Context) { _, _ = f.reads(ctx, m, f.org) }
	}
	for name, write := range f.writers() {
		all[name] = func(ctx context.Context) { _ = write(ctx) }
	}
	after := noon.Add(-time.Hour)
	cursor := Page{Limit: 1}.of("interactions", isID)
	_, next := cut(cursor, []string{domain.NewID[string](), ""}, func(id string) string { return id })
	for n, filter := range []InteractionFilter{{Queue: f.queue.ID}, {States: []domain.InteractionState{domain.InteractionQueued}},
		{States: []domain.InteractionState{domain.InteractionQueued, domain.InteractionAlerting}}, {ChannelKind: f.channel.Kind},
		{Agent: f.agent.ID}, {Agent: f.agent.ID, States: []domain.InteractionState{domain.InteractionAlerting}},
		{Contact: domain.NewID[domain.ContactID]()}, {CreatedAfter: &after}} {
		for _, p := range []Page{{Limit: 25}, {Limit: 25, Asc: true}, {Limit: 25, Cursor: *next}} {
			all[fmt.Sprint("Interactions ", n, p.Asc, p.Cursor != "")] = func(ctx context.Context) { _, _, _ = f.Interactions(ctx, f.org, filter, p) }
		}
	}
	talk := f.arguments[reflect.TypeFor[domain.InteractionID]()].(domain.InteractionID)
	for n, filter := range []domain.EventFilter{{Types: []domain.EventType{eventOdd}}, {Interaction: talk}, {Queue: f.queue.ID}, {Agent: f.agent.ID}} {
		all[fmt.Sprint("Events ", n)] = func(ctx context.Context) { _, _, _ = f.Events(ctx, f.org, filter, 0, 100) }
	}
	all["Messages of agents"] = func(ctx context.Context) {
		_, _, _ = f.Messages(ctx, f.org, talk, MessageFilter{Visibility: domain.Private, Replies: true}, Page{Limit: 25, Asc: true})
	}
	for name, call := range map[string]func(ctx context.Context){
		"AppendInbox":     func(ctx context.Context) { _ = f.AppendInbox(ctx, f.inbox(3, 1)) },
		"PendingLanes":    func(ctx context.Context) { _, _ = f.PendingLanes(ctx) },
		"LockLane":        func(ctx context.Context) { _, _ = f.LockLane(ctx, 1) },
		"PendingEvents":   func(ctx context.Context) { _, _ = f.PendingEvents(ctx, 1, 64) },
		"ClaimDeliveries": func(ctx context.Context) { _, _ = f.ClaimDeliveries(ctx, noon, machine, machine, 16) },
		"NextDelivery":    func(ctx context.Context) { _, _ = f.NextDelivery(ctx, noon) },
		"WaitingQueues":   func(ctx context.Context) { _, _ = f.WaitingQueues(ctx) },
		"DueOffers":       func(ctx context.Context) { _, _, _ = f.DueOffers(ctx, noon, 100) },
		"SequenceEvents":  func(ctx context.Context) { _, _ = f.SequenceEvents(ctx, true) },
		"Participant": func(ctx context.Context) {
			_, _ = f.Participant(ctx, f.org, talk, f.agent.ID, "")
		},
	} {
		all[name] = call
	}
	return all
}

// crowd fills the hot tables with n rows each, of the same organization.
func (f *full) crowd(n int) {
	f.t.Helper()
	org := string(f.org)
	queue := string(f.queue.ID)
	fillTable(f, n, func(k int, r *interactionRow) {
		r.OrganizationID, r.State, r.QueueID, r.ChannelID = org, "disconnected", &queue, string(f.channel.ID)
	})
	fillTable(f, n, func(k int, r *messageRow) {
		r.OrganizationID, r.ChannelID, r.Status = org, string(f.channel.ID), "read"
	})
	fillTable(f, n, func(k int, r *inboxRow) { r.OrganizationID, r.State, r.Lane = org, "applied", int64(k%Lanes) })
	fillTable(f, n, func(k int, r *jobRow) { r.OrganizationID, r.Kind = org, kindDelivery })
	fillTable(f, n, func(k int, r *participantRow) { r.OrganizationID, r.State, r.Offer = org, "closed", "accepted" })
	fillTable(f, n, func(k int, r *threadRow) { r.OrganizationID, r.ChannelID = org, string(f.channel.ID) })
	fillTable(f, n, func(k int, r *contactRow) { r.OrganizationID, r.ChannelID = org, string(f.channel.ID) })
	fillTable(f, n, func(k int, r *attemptRow) { r.OrganizationID = org })
	fillTable(f, n, func(k int, r *idempotencyRow) { r.OrganizationID = org })
	f.tell(n, 1000)
	if _, err := f.SequenceEvents(f.t.Context(), true); err != nil {
		f.t.Fatal(err)
	}
}

func fillTable[R any](f *full, n int, change func(k int, r *R)) {
	f.t.Helper()
	for done := 0; done < n; done += 500 {
		rows := make([]R, 500)
		for k := range rows {
			rows[k] = made[R](done + k + 10)
			change(k, &rows[k])
		}
		commit(f.t, f.Store, func(ctx context.Context) error { return insert(ctx, f.Store, "", rows...) })
	}
}

// Every statement finds its rows by an index, also on the first day, when the
// database has no statistics: then a wrong plan takes minutes.
func TestStatementsUseAnIndexOnPostgres(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	f := newFull(t, db.Store)
	for _, table := range hotTables {
		if err := db.read.Exec("ALTER TABLE " + table + " SET (autovacuum_enabled = false)").Error; err != nil {
			t.Fatal(err)
		}
	}
	f.crowd(3000)
	var analyzed int
	if err := db.scan(t.Context(), &analyzed, "SELECT count(*) FROM pg_class WHERE relname IN ? AND reltuples >= 0", hotTables); err != nil || analyzed > 0 {
		t.Fatalf("%d tables have statistics (%v)", analyzed, err)
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
	statements := record(t, f)
	if len(statements) < 80 {
		t.Errorf("only %d statements were recorded", len(statements))
	}
	for _, s := range statements {
		s.check(t, connection, "force_custom_plan")
		s.check(t, connection, "force_generic_plan") // what a prepared statement may get after some runs
	}
}

func (s statement) check(t *testing.T, c *sql.Conn, mode string) {
	t.Helper()
	values := each(s.args, literal)
	execute := "EXECUTE planned"
	if len(values) > 0 {
		execute += "(" + strings.Join(values, ", ") + ")"
	}
	var plan string
	for _, step := range []string{"SET plan_cache_mode = " + mode, "PREPARE planned AS " + s.sql} {
		if _, err := c.ExecContext(t.Context(), step); err != nil {
			t.Fatalf("%s: %v\n%s", s.method, err, step)
		}
	}
	if err := c.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON) "+execute).Scan(&plan); err != nil {
		t.Fatalf("%s: %v\n%s", s.method, err, s.sql)
	}
	if _, err := c.ExecContext(t.Context(), "DEALLOCATE planned"); err != nil {
		t.Fatal(err)
	}
	var roots []map[string]any
	if err := json.Unmarshal([]byte(plan), &roots); err != nil {
		t.Fatal(err)
	}
	for _, table := range scanned(roots[0]["Plan"].(map[string]any)) {
		t.Errorf("%s reads all of %s (%s):\n%s\n%s", s.method, table, mode, s.sql, plan)
	}
}

// scanned names the hot tables that a plan reads from one end to the other.
func scanned(node map[string]any) (tables []string) {
	if table, _ := node["Relation Name"].(string); node["Node Type"] == "Seq Scan" && slices.Contains(hotTables, table) {
		tables = append(tables, table)
	}
	below, _ := node["Plans"].([]any)
	for _, n := range below {
		tables = append(tables, scanned(n.(map[string]any))...)
	}
	return tables
}

// literal writes an argument as a text that takes the parameter's type.
func literal(v any) string {
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
		}
	}
}

// ordersOrBounds tells whether a scan goes along an index that holds, or orders,
// what the statement wants: of offers that are pending, only those.
func ordersOrBounds(how string) bool {
	return strings.HasSuffix(how, "participants_due")
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
