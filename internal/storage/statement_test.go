package storage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

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
	all := calls(f)
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	for _, method = range names {
		_ = f.InTx(t.Context(), func(ctx context.Context) error {
			defer func() { _ = ctx.Value(txKey{}).(*tx).finish() }()
			all[method](ctx)
			return errRefused
		})
	}
	f.read.Callback().Query().Remove("test:collect")
	f.read.Callback().Row().Remove("test:collect")
	f.read.Callback().Raw().Remove("test:collect")
	return slices.Collect(maps.Values(sent))
}

// rank puts the methods first that may look at more: what others send too is theirs.
func rank(method string) int {
	if name, _, _ := strings.Cut(method, ","); slices.Contains(rareMethods, name) {
		return 0
	}
	return 1
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
	for name, filter := range map[string]InteractionFilter{"all": {}, "by queue": {Queue: f.queue.ID}, "by contact": {Contact: domain.NewID[domain.ContactID]()},
		"by state": {States: []domain.InteractionState{domain.InteractionQueued, domain.InteractionAlerting}}, "by kind": {ChannelKind: f.channel.Kind},
		"by agent": {Agent: f.agent.ID}, "by agent's state": {Agent: f.agent.ID, States: []domain.InteractionState{domain.InteractionAlerting}},
		"by time":           {CreatedAfter: &after},
		"of desk":           {Sight: domain.Sight{Agent: f.agent.ID}},
		"of desk's queue":   {Sight: domain.Sight{Agent: f.agent.ID}, Queue: f.queue.ID},
		"of desk's state":   {Sight: domain.Sight{Agent: f.agent.ID}, States: []domain.InteractionState{domain.InteractionQueued}},
		"of desk's contact": {Sight: domain.Sight{Agent: f.agent.ID}, Contact: domain.NewID[domain.ContactID]()},
		"of supervisor":     {Sight: domain.Sight{Agent: f.agent.ID, Supervises: true}}} {
		for order, p := range map[string]Page{"": {Limit: 25}, ", oldest first": {Limit: 25, Asc: true}, ", next page": {Limit: 25, Cursor: *next}} {
			all["Interactions "+name+order] = func(ctx context.Context) { _, _, _ = f.Interactions(ctx, f.org, filter, p) }
		}
	}
	talk := f.arguments[reflect.TypeFor[domain.InteractionID]()].(domain.InteractionID)
	for n, filter := range []domain.EventFilter{{Types: []domain.EventType{eventOdd}}, {Interaction: talk}, {Queue: f.queue.ID}, {Agent: f.agent.ID}} {
		all[fmt.Sprint("Events ", n)] = func(ctx context.Context) { _, _, _ = f.Events(ctx, f.org, filter, 0, 100) }
	}
	for name, sight := range map[string]domain.Sight{"of desk": {Agent: f.agent.ID}, "of supervisor": {Agent: f.agent.ID, Supervises: true}} {
		all["Events "+name] = func(ctx context.Context) { _, _, _ = f.Events(ctx, f.org, domain.EventFilter{Sight: sight}, 0, 100) }
		all["See "+name] = func(ctx context.Context) { _ = f.See(ctx, f.org, talk, sight) }
		all["SeeContact "+name] = func(ctx context.Context) { _ = f.SeeContact(ctx, f.org, domain.NewID[domain.ContactID](), sight) }
		all["Contacts "+name] = func(ctx context.Context) {
			_, _, _ = f.Contacts(ctx, f.org, ContactFilter{Sight: sight}, Page{Limit: 25})
		}
		all["History "+name] = func(ctx context.Context) {
			_, _, _ = f.History(ctx, f.org, []domain.Line{{Thread: domain.NewID[domain.ThreadID]()}}, sight, Page{Limit: 25, Asc: true})
		}
	}
	for name, filter := range map[string]ContactFilter{"by address": {Address: "a"}, "by channel": {Channel: f.channel.ID}, "by customer": {CustomerID: "c"},
		"by address and channel": {Address: "a", Channel: f.channel.ID}} {
		all["Contacts "+name] = func(ctx context.Context) { _, _, _ = f.Contacts(ctx, f.org, filter, Page{Limit: 25}) }
	}
	gone := domain.NewErasure(domain.Contact{ID: domain.NewID[domain.ContactID](), Organization: f.org},
		[]domain.Identity{{Thread: domain.NewID[domain.ThreadID](), Channel: f.channel.ID, App: f.app.ID, AccountID: "page", Address: "a"}}, domain.System(), noon)
	all["BeginErasure"] = func(ctx context.Context) { _ = f.BeginErasure(ctx, gone) }
	all["ClearMessages"] = func(ctx context.Context) { _, _ = f.ClearMessages(ctx, gone, noon, 64) }
	all["ClearInbox"] = func(ctx context.Context) { _, _ = f.ClearInbox(ctx, gone, 500) }
	all["ClearNotes"] = func(ctx context.Context) { _, _ = f.ClearNotes(ctx, gone) }
	all["Sends"] = func(ctx context.Context) { _, _ = f.Sends(ctx, gone) }
	all["PendingContactErasures"] = func(ctx context.Context) { _, _ = f.PendingContactErasures(ctx, 16) }
	all["Messages of agents"] = func(ctx context.Context) {
		_, _, _ = f.Messages(ctx, f.org, talk, MessageFilter{Visibility: domain.Private, Replies: true}, Page{Limit: 25, Asc: true})
	}
	for name, call := range map[string]func(ctx context.Context){
		"AppendInbox":     func(ctx context.Context) { _ = f.AppendInbox(ctx, f.inbox(3, 1)) },
		"PendingLanes":    func(ctx context.Context) { _, _ = f.PendingLanes(ctx) },
		"ForgetInbox":     func(ctx context.Context) { _, _ = f.ForgetInbox(ctx, domain.InboxApplied, noon, 500) },
		"ForgetEarly":     func(ctx context.Context) { _, _ = f.ForgetEarly(ctx, noon, 500) },
		"ForgetKeys":      func(ctx context.Context) { _, _ = f.ForgetKeys(ctx, noon, 500) },
		"ForgetEvents":    func(ctx context.Context) { _, _ = f.ForgetEvents(ctx, noon.Add(time.Hour), 500) },
		"PendingErasures": func(ctx context.Context) { _, _ = f.PendingErasures(ctx, 1000) },
		"StandbyEvents":   func(ctx context.Context) { _, _ = f.StandbyEvents(ctx, f.channel, many("contact")) },
		"LockLane":        func(ctx context.Context) { _, _ = f.LockLane(ctx, 1) },
		"PendingEvents":   func(ctx context.Context) { _, _ = f.PendingEvents(ctx, 1, 64) },
		"ClaimDeliveries": func(ctx context.Context) { _, _ = f.ClaimDeliveries(ctx, noon, machine, machine, 16) },
		"ClaimPosts":      func(ctx context.Context) { _, _ = f.ClaimPosts(ctx, noon, machine, 16) },
		"NextPost":        func(ctx context.Context) { _, _ = f.NextPost(ctx, noon) },
		"NextDelivery":    func(ctx context.Context) { _, _ = f.NextDelivery(ctx, noon) },
		"WaitingQueues":   func(ctx context.Context) { _, _ = f.WaitingQueues(ctx) },
		"Graces":          func(ctx context.Context) { _, _ = f.Graces(ctx) },
		"DueAgents":       func(ctx context.Context) { _, _, _ = f.DueAgents(ctx, domain.Grace{Organization: f.org}, noon, 100) },
		"ExpireInbox":     func(ctx context.Context) { _, _, _ = f.ExpireInbox(ctx, noon, 100) },
		"DueExpiries":     func(ctx context.Context) { _, _, _ = f.DueExpiries(ctx, noon, 100) },
		"DueInactivity":   func(ctx context.Context) { _, _, _ = f.DueInactivity(ctx, noon, 100) },
		"DueBots":         func(ctx context.Context) { _, _, _ = f.DueBots(ctx, noon, 100) },
		"DueRings":        func(ctx context.Context) { _, _, _ = f.DueRings(ctx, noon, 100) },
		"SpilledIn":       func(ctx context.Context) { _, _ = f.SpilledIn(ctx, f.queue, 1, 16) },
		"Waits":           func(ctx context.Context) { _, _ = f.Waits(ctx, f.queue, 100) },
		"Ahead": func(ctx context.Context) {
			_, _ = f.Ahead(ctx, domain.Waiting{Queue: f.queue.ID, Interaction: talk}, f.org, 100)
		},
		"DueWrapUps":     func(ctx context.Context) { _, _, _ = f.DueWrapUps(ctx, noon, 100) },
		"DueOffers":      func(ctx context.Context) { _, _, _ = f.DueOffers(ctx, noon, 100) },
		"SequenceEvents": func(ctx context.Context) { _, _ = f.SequenceEvents(ctx, true) },
		"Participant": func(ctx context.Context) {
			_, _ = f.Participant(ctx, f.org, talk, f.agent.ID, "")
		},
		"PartsOf": func(ctx context.Context) { _, _ = f.PartsOf(ctx, f.org, talk, f.agent.ID) },
	} {
		all[name] = call
	}
	return all
}

// padded names, of each hot table, a column that no index has.
var padded = map[string]string{"interactions": "origin", "messages": "body", "inbox": "fault", "jobs": "stage", "participants": "wrap_up_notes",
	"threads": "pending_receipts", "contacts": "display_name", "attempts": "platform_code", "idempotency_keys": "headers", "events": "data",
	"event_log": "", "segments": "type", "transfers": "agent_name", "attachments": "fault", "drafts": "content", "posts": "under_id"}

// crowd copies a row of each hot table n times, as rows of the same organization
// that are over. Each copy takes a page: without statistics PostgreSQL judges a
// table by its size, and takes these for many times as many.
func (f *full) crowd(n int) {
	f.t.Helper()
	if err := f.AppendInbox(f.t.Context(), f.inbox(1, 1)); err != nil {
		f.t.Fatal(err)
	}
	commit(f.t, f.Store, func(ctx context.Context) error { _, _, err := f.ClaimKey(ctx, f.key("")); return err })
	for _, table := range hotTables {
		f.change("ALTER TABLE " + table + " SET (autovacuum_enabled = false)")
		if padded[table] != "" {
			f.change("ALTER TABLE " + table + " ALTER COLUMN " + padded[table] + " SET STORAGE PLAIN")
		}
		var columns []struct{ Name, Kind string }
		if err := f.read.Raw("SELECT column_name AS name, data_type AS kind FROM information_schema.columns WHERE table_name = ?", table).Scan(&columns).Error; err != nil {
			f.t.Fatal(err)
		}
		var names, values []string
		for _, c := range columns {
			names, values = append(names, c.Name), append(values, copied(table, c.Name, c.Kind))
		}
		f.change(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM (SELECT * FROM %s LIMIT 1) one, generate_series(1, %d) g",
			table, strings.Join(names, ", "), strings.Join(values, ", "), table, n))
	}
}

// copied gives what stands in a column of a copied row.
func copied(table, column, kind string) string {
	over := map[string]string{"interactions": "'disconnected'", "inbox": "'applied'", "participants": "'closed'", "attempts": "'accepted'", "transfers": "'completed'", "attachments": "'ready'", "posts": "'ready'"}
	switch {
	case column == padded[table] && kind == "bytea":
		return "convert_to(repeat('x', 7000), 'UTF8')"
	case column == padded[table]:
		return "repeat('x', 7000)"
	case column == "unsent":
		return "FALSE"
	case column == "state":
		return over[table]
	case column == "due":
		return "NULL"
	case column == "offer":
		return "'accepted'"
	case column == "status" && table == "messages":
		return "'read'"
	case column == "organization_id" || column == "channel_id" || column == "queue_id":
		return column
	case kind == "uuid":
		return "gen_random_uuid()"
	case column == "position" || column == "sequence":
		return "g + 1000"
	case kind == "text" && slices.Contains(narrowColumns, column):
		return "md5(g::text)"
	}
	return column
}

// change sends a statement that no method of the store sends.
func (f *full) change(sql string) {
	f.t.Helper()
	if err := f.read.Exec(sql).Error; err != nil {
		f.t.Fatal(err)
	}
}

// A server is not filled with statements that come once: a connection keeps a few.
func TestPreparedStatementsAreBounded(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	commit(t, db.Store, func(ctx context.Context) error {
		for n := range 2 * preparedStatements {
			if err := db.scan(ctx, new(int), fmt.Sprint("SELECT ", n)); err != nil {
				return err
			}
		}
		var kept int
		err := db.scan(ctx, &kept, "SELECT count(*) FROM pg_prepared_statements")
		if err != nil || kept > preparedStatements+1 { // it counts itself
			t.Errorf("a connection keeps %d statements (%v)", kept, err)
		}
		return nil
	})
}
