package storage

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Old rows go, a few at a time; young ones and those of other states stay.
func TestForgetInbox(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		events := w.inbox(10, 1)
		for n := range events {
			events[n].ReceivedAt = noon.Add(time.Duration(n) * time.Hour)
		}
		if err := db.AppendInbox(ctx, events); err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(w.MarkInbox(ctx, events[:6], domain.InboxApplied, "", noon), w.MarkInbox(ctx, events[6:8], domain.InboxQuarantined, "x", noon))
		})
		before := noon.Add(5 * time.Hour) // the sixth is not before it
		for _, want := range []int{3, 2, 0} {
			if n, err := db.ForgetInbox(ctx, domain.InboxApplied, before, 3); err != nil || n != want {
				t.Errorf("forgot %d (%v), want %d", n, err, want)
			}
		}
		if rows := w.rowsOf(); len(rows) != 5 {
			t.Errorf("%d rows are left, want 5", len(rows))
		}
	})
}

func TestForgetKeysAndEarlyEvents(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		commit(t, db.Store, func(ctx context.Context) error {
			for n := range 4 {
				at := noon.Add(time.Duration(n) * time.Hour)
				_, _, err := db.ClaimKey(ctx, Idempotency{Organization: w.org, Client: "c", Operation: "o", Key: fmt.Sprint(n), Fingerprint: []byte("f"), CreatedAt: at})
				if err := first(err, db.SaveEarly(ctx, domain.Early{Organization: w.org, Channel: w.channel.ID, MessageID: fmt.Sprint(n), CreatedAt: at})); err != nil {
					return err
				}
			}
			return nil
		})
		for what, forget := range map[string]func(context.Context, time.Time, int) (int, error){"keys": db.ForgetKeys, "early events": db.ForgetEarly} {
			for _, want := range []int{2, 1, 0} {
				if n, err := forget(ctx, noon.Add(3*time.Hour), 2); err != nil || n != want {
					t.Errorf("%s: forgot %d (%v), want %d", what, n, err, want)
				}
			}
		}
	})
}

// The log loses its beginning; a cursor from before it is refused, of the
// organization that lost something and of no other.
func TestForgetEvents(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other, ctx := newWorld(t, db.Store), newWorld(t, db.Store), t.Context()
		i, theirs := w.waiting(1)[0], other.waiting(1)[0]
		commit(t, db.Store, func(ctx context.Context) error {
			for n := range 6 {
				e := w.event(i.ID, int64(n+1), domain.EventMessageReceived)
				e.Time = noon.Add(time.Duration(n) * time.Hour)
				if err := db.Append(ctx, e); err != nil {
					return err
				}
			}
			e := other.event(theirs.ID, 1, domain.EventMessageReceived)
			e.Time = noon.Add(10 * time.Hour)
			return db.Append(ctx, e)
		})
		if _, err := db.SequenceEvents(ctx, true); err != nil {
			t.Fatal(err)
		}
		all, _, err := db.Events(ctx, w.org, domain.EventFilter{}, -1, 100)
		if err != nil || len(all) != 6 {
			t.Fatalf("%d events (%v)", len(all), err)
		}
		for _, want := range []int{3, 1, 0} {
			if n, err := db.ForgetEvents(ctx, noon.Add(4*time.Hour), 3); err != nil || n != want {
				t.Errorf("forgot %d (%v), want %d", n, err, want)
			}
		}
		kept, next, err := db.Events(ctx, w.org, domain.EventFilter{}, -1, 100)
		if err != nil || len(kept) != 2 || kept[0].ID != all[4].ID || next != all[5].Position {
			t.Errorf("kept %v, next %d (%v)", kept, next, err)
		}
		for _, after := range []int64{0, all[2].Position} {
			var gone *domain.Error
			_, _, err := db.Events(ctx, w.org, domain.EventFilter{}, after, 100)
			if !errors.As(err, &gone) || gone.Code != "cursor.expired" || gone.Oldest == nil || *gone.Oldest != all[3].Position {
				t.Errorf("after %d: %v", after, err)
			}
		}
		if kept, _, err := db.Events(ctx, w.org, domain.EventFilter{}, all[3].Position, 100); err != nil || len(kept) != 2 {
			t.Errorf("from the oldest cursor: %d events (%v)", len(kept), err)
		}
		if found, _, err := db.Events(ctx, other.org, domain.EventFilter{}, 0, 100); err != nil || len(found) != 1 {
			t.Errorf("another organization: %d events (%v)", len(found), err)
		}
		// A log that has lost everything goes on behind what it had.
		if _, err := db.ForgetEvents(ctx, noon.Add(20*time.Hour), 100); err != nil {
			t.Fatal(err)
		}
		again := connect(t, db.url)
		if _, err := again.SequenceEvents(ctx, true); err != nil {
			t.Fatal(err)
		}
		if found, next, err := again.Events(ctx, w.org, domain.EventFilter{}, -1, 100); err != nil || len(found) != 0 || next != all[5].Position {
			t.Errorf("of an empty log: %d events, next %d (%v)", len(found), next, err)
		}
		if _, _, err := again.Events(ctx, w.org, domain.EventFilter{}, again.Tail(), 100); err != nil {
			t.Errorf("a cursor of the present, %d, is refused: %v", again.Tail(), err)
		}
	})
}

// B22: of a message that is erased not even the sealed bytes stay in SQLite's
// files, nor in any table of PostgreSQL; its neighbours are as they were.
func TestB22_ErasedContentLeavesTheDatabase(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		i := w.waiting(1)[0]
		messages := w.messages(i, 100)
		sealed := make([][]byte, len(messages))
		for n := range messages { // each in its own commit, so that pages are split and filled again
			text := strings.Repeat("said ", 1+n*n%1000)
			messages[n].Text = &text
			commit(t, db.Store, func(ctx context.Context) error { return w.CreateMessages(ctx, messages[n]) })
			if err := db.scan(ctx, &sealed[n], "SELECT content FROM messages WHERE organization_id = ? AND id = ?", w.org, messages[n].ID); err != nil {
				t.Fatal(err)
			}
		}
		erased := map[int]bool{}
		for n := 0; n < len(messages); n += 3 {
			erased[n] = true
			after, _ := messages[n].Erase(domain.TombstoneUnsent)
			commit(t, db.Store, func(ctx context.Context) error {
				return first(w.SaveMessage(ctx, &after), w.CreateErasure(ctx, w.org, noon))
			})
		}
		if done, err := db.Purge(ctx); err != nil || !done {
			t.Fatalf("purged %v (%v)", done, err)
		}
		pending, err := db.PendingErasures(ctx, 1000)
		if err != nil || len(pending) != len(erased) {
			t.Errorf("%d erasures wait (%v)", len(pending), err)
		}
		content := db.bytes(t)
		for n := range messages {
			if found := db.anyOf(content, sealed[n]); found == erased[n] {
				t.Errorf("message %d, erased %v, is found %v", n, erased[n], found)
			}
		}
	})
}

// B14: what is to expire is found in its order, and with it all that it was made of.
func TestB14_SourcesOfExpiringMessages(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		messages := w.messages(w.waiting(1)[0], 3)
		events := w.inbox(4, 1) // that brought the first, an edit of it, of another message, of none
		events[0].ID, events[1].Subject, events[2].Subject = domain.InboxID(messages[0].ID), "goes", "stays"
		for n, after := range []time.Duration{time.Hour, time.Minute} {
			messages[n] = messages[n].Expires(noon.Add(after))
		}
		goes := "goes"
		messages[0].PlatformMessageID = &goes
		if err := db.AppendInbox(ctx, events); err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			early := domain.Early{Organization: w.org, Channel: w.channel.ID, MessageID: goes, EditText: &goes, CreatedAt: noon}
			return first(w.CreateMessages(ctx, messages...), w.SaveEarly(ctx, early))
		})
		for after, want := range map[time.Duration]int{time.Minute - 1: 0, time.Minute: 1, time.Hour: 2} {
			due, next, err := db.DueExpiries(ctx, noon.Add(after), 9)
			if err != nil || len(due) != want || want == 1 && (due[0].Message != messages[1].ID || !next.Equal(noon.Add(time.Hour))) || want == 2 && !next.IsZero() {
				t.Errorf("after %v: due are %v, next is %v (%v)", after, due, next, err)
			}
		}
		commit(t, db.Store, func(ctx context.Context) error { return w.EraseSources(ctx, messages[0]) })
		left, err := db.PendingEvents(ctx, 1, 9)
		if err != nil || len(left) != 2 || left[0].ID == events[0].ID || left[0].ID == events[1].ID || len(left[0].Payload) == 0 || len(left[1].Payload) == 0 {
			t.Errorf("left in the inbox is %+v (%v)", left, err)
		}
		if early, err := db.EarlyEvents(ctx, w.org, w.channel.ID, []string{goes}); err != nil || len(early) != 0 {
			t.Errorf("what was told before is %+v (%v)", early, err)
		}
	})
}

// B14: what an event says ends in time wherever the event ended, and not before it
// had its effect.
func TestB14_InboxExpires(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		events := w.inbox(6, 1)
		ends, later := noon.Add(time.Minute), noon.Add(time.Hour)
		for n := range events[:5] {
			events[n].ExpiresAt = &ends
		}
		events[4].ExpiresAt = &later
		if err := db.AppendInbox(ctx, events); err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(w.MarkInbox(ctx, events[:1], domain.InboxApplied, "", noon), w.MarkInbox(ctx, events[1:2], domain.InboxQuarantined, "x", noon),
				w.MarkInbox(ctx, events[2:3], domain.InboxStandby, "", noon))
		})
		for _, turn := range []struct {
			at        time.Time
			n, left   int
			next      time.Time
			erasures  int
			stillWait int
		}{{ends.Add(-1), 0, 6, ends, 0, 3}, {ends, 3, 3, later, 1, 3}, {ends, 0, 3, later, 1, 3}} {
			n, next, err := db.ExpireInbox(ctx, turn.at, 9)
			if err != nil || n != turn.n || !next.Equal(turn.next) {
				t.Errorf("at %v: %d events end, next at %v (%v)", turn.at, n, next, err)
			}
			var full int
			if err := db.scan(ctx, &full, "SELECT count(*) FROM inbox WHERE organization_id = ? AND length(payload) > 0", w.org); err != nil || full != turn.left {
				t.Errorf("at %v: %d events have a content, want %d (%v)", turn.at, full, turn.left, err)
			}
			asked, err := db.PendingErasures(ctx, 9)
			waiting, failed := db.PendingEvents(ctx, 1, 9)
			if err := errors.Join(err, failed); err != nil || len(asked) != turn.erasures || len(waiting) != turn.stillWait {
				t.Errorf("at %v: %d erasures, %d events wait (%v)", turn.at, len(asked), len(waiting), err)
			}
		}
	})
}

// anyOf looks for the pieces of a value, which may lie on several pages.
func (db database) anyOf(content, value []byte) bool {
	for piece := range slices.Chunk(value, 512) {
		if piece = piece[:min(len(piece), 32)]; db.engine.postgres() {
			piece = []byte(hex.EncodeToString(piece))
		}
		if len(piece) >= 32 && bytes.Contains(content, piece) {
			return true
		}
	}
	return false
}

// bytes gives all that the database has: SQLite's files, or every row of PostgreSQL's tables.
func (db database) bytes(t *testing.T) []byte {
	t.Helper()
	var content []byte
	if file, ok := strings.CutPrefix(db.url, "sqlite:"); ok {
		files, err := filepath.Glob(file + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("%v (%v)", files, err)
		}
		for _, name := range files {
			read, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			content = append(content, read...)
		}
		return content
	}
	var tables []string
	if err := db.read.Raw("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var rows []string
		if err := db.read.Raw("SELECT t::text FROM " + table + " t").Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		content = append(content, strings.Join(rows, "\n")...)
	}
	return content
}
