package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// What a caller sends as an id or a word is at worst malformed, or not found.
func TestOddValuesAreTheCallersFault(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		for _, odd := range []string{"", "x", "\x00", "a\x00b", "\xff", "null", "0", "{" + domain.NewID[string]() + "}", domain.NewID[string]() + " ",
			"'; DROP TABLE queues; --", "%", strings.Repeat("9", 5000)} {
			for name, err := range map[string]error{
				"agent":         second(db.Agent(ctx, w.org, domain.AgentID(odd))),
				"organization":  second(db.Agent(ctx, domain.OrganizationID(odd), "")),
				"interaction":   second(db.InteractionDetail(ctx, w.org, domain.InteractionID(odd))),
				"message":       second(db.Message(ctx, w.org, domain.InteractionID(odd), domain.MessageID(odd))),
				"client":        second(db.ClientByID(ctx, domain.ClientID(odd))),
				"app":           second(db.AppByID(ctx, domain.AppID(odd))),
				"token":         second(db.AttemptsByToken(ctx, w.org, []string{odd})),
				"platform's id": second(db.MessagesByPlatformID(ctx, w.org, w.channel.ID, []string{odd, `"`, `\`, "{}", ","})),
				"address":       second(db.LockThreads(ctx, w.org, w.channel.ID, []string{odd, `"`, `\`, "{}", ","})),
				"word":          second(search(ctx, w, odd)),
			} {
				if err != nil && !domain.IsKind(err, domain.ErrorNotFound) && !domain.IsKind(err, domain.ErrorMalformed) {
					t.Errorf("%s %.20q: %v", name, odd, err)
				}
			}
		}
		if _, err := db.Queue(ctx, w.org, w.queue.ID); err != nil {
			t.Error(err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func search(ctx context.Context, w *world, q string) ([]domain.Agent, error) {
	found, _, err := w.Agents(ctx, w.org, Find{Part: q}, Page{Limit: 1})
	return found, err
}

// Keys with every character that means something to an array are found as they are.
func TestOddKeysAreFound(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		keys := []string{`"`, `\`, `\"`, ",", "{}", "NULL", " ", "", "m_ü🙂", "a\nb", "'", "m.$1?"}
		messages := w.messages(w.waiting(1)[0], len(keys))
		for n := range keys {
			messages[n].PlatformMessageID = &keys[n]
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.CreateMessages(ctx, messages...) })
		found, err := db.MessagesByPlatformID(t.Context(), w.org, w.channel.ID, append(keys, "another", `"`))
		if err != nil || len(found) != len(keys) {
			t.Errorf("%d of %d keys are found (%v)", len(found), len(keys), err)
		}
		for n, key := range keys {
			if found[key].ID != messages[n].ID {
				t.Errorf("%q finds %+v", key, found[key])
			}
		}
	})
}

// Another program that writes to the file makes the product busy, not broken.
func TestBusyFile(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	other, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(db.url, "sqlite:")+"?_txlock=immediate") // which does not wait
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	commit(t, db.Store, func(context.Context) error {
		_, err := other.BeginTx(t.Context(), nil)
		if !transient(err) || !domain.IsKind(translate(err), domain.ErrorUnavailable) {
			t.Errorf("a busy file gives %v", err)
		}
		return nil
	})
}

// A transaction that does nothing for long is ended by the server.
func TestIdleTransaction(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		var pid int
		if err := db.scan(ctx, &pid, "SELECT pg_backend_pid()"); err != nil {
			return err
		}
		if err := db.db(ctx).Exec("SET LOCAL idle_in_transaction_session_timeout = '1ms'").Error; err != nil {
			return err
		}
		for alive := true; alive; {
			if err := db.scan(t.Context(), &alive, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ?)", pid); err != nil {
				return err
			}
		}
		return second(db.ClockOffset(ctx))
	})
	if !domain.IsKind(err, domain.ErrorUnavailable) {
		t.Error(err)
	}
}

func TestDuplicateNamesItsConstraint(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		err := db.InTx(t.Context(), func(ctx context.Context) error { return db.CreateQueue(ctx, w.queue) })
		if !Duplicate(err) || !domain.IsKind(err, domain.ErrorConflict) || !strings.Contains(fmt.Sprint(err), "queues") {
			t.Errorf("a duplicate gives %v", err)
		}
		if Duplicate(errStale) || Duplicate(nil) || Duplicate(errors.New("x")) {
			t.Error("other errors are taken for duplicates")
		}
	})
}
