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
		"by time": {CreatedAfter: &after}} {
		for order, p := range map[string]Page{"": {Limit: 25}, ", oldest first": {Limit: 25, Asc: true}, ", next page": {Limit: 25, Cursor: *next}} {
			all["Interactions "+name+order] = func(ctx context.Context) { _, _, _ = f.Interactions(ctx, f.org, filter, p) }
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

// crowd fills the hot tables with n rows each, of the same organization. Each
// row takes a page: without statistics, PostgreSQL judges a table by its size, and
// takes these for many times as many.
func (f *full) crowd(n int) {
	f.t.Helper()
	org, queue, ch := string(f.org), string(f.queue.ID), string(f.channel.ID)
	for table, column := range map[string]string{"interactions": "origin", "messages": "body", "inbox": "fault", "jobs": "stage",
		"participants": "wrap_up_notes", "threads": "pending_receipts", "contacts": "display_name", "attempts": "platform_code",
		"idempotency_keys": "headers", "events": "data"} {
		f.change("ALTER TABLE " + table + " SET (autovacuum_enabled = false), ALTER COLUMN " + column + " SET STORAGE PLAIN")
	}
	f.change("ALTER TABLE event_log SET (autovacuum_enabled = false)")
	page := strings.Repeat("x", 7000)
	fillTable(f, n, func(_ int, r *interactionRow) {
		r.OrganizationID, r.State, r.QueueID, r.ChannelID, r.Origin = org, "disconnected", &queue, ch, page
	})
	fillTable(f, n, func(_ int, r *messageRow) { r.OrganizationID, r.ChannelID, r.Status, r.Body = org, ch, "read", &page })
	fillTable(f, n, func(k int, r *inboxRow) {
		r.OrganizationID, r.State, r.Lane, r.Fault = org, "applied", int64(k%Lanes), page
	})
	fillTable(f, n, func(_ int, r *jobRow) { r.OrganizationID, r.Kind, r.Stage = org, kindDelivery, page })
	fillTable(f, n, func(_ int, r *participantRow) {
		r.OrganizationID, r.State, r.Offer, r.WrapUpNotes = org, "closed", "accepted", &page
	})
	fillTable(f, n, func(_ int, r *threadRow) { r.OrganizationID, r.ChannelID, r.PendingReceipts = org, ch, page })
	fillTable(f, n, func(_ int, r *contactRow) { r.OrganizationID, r.ChannelID, r.DisplayName = org, ch, &page })
	fillTable(f, n, func(_ int, r *attemptRow) { r.OrganizationID, r.PlatformCode = org, page })
	fillTable(f, n, func(_ int, r *idempotencyRow) { r.OrganizationID, r.Headers = org, page })
	f.tell(n, 1000)
	f.change("UPDATE events SET data = repeat('x', 7000)")
	if _, err := f.SequenceEvents(f.t.Context(), true); err != nil {
		f.t.Fatal(err)
	}
}

// change sends a statement that no method of the store sends.
func (f *full) change(sql string) {
	f.t.Helper()
	if err := f.read.Exec(sql).Error; err != nil {
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
