package storage

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parley-cx/parley/internal/domain"
)

// killer ends all connections of a database but its own, as a restart or a
// failover does.
func killer(t *testing.T, db database) func() {
	t.Helper()
	c, err := pgx.Connect(t.Context(), db.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return func() {
		t.Helper()
		var killed int
		err := c.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&killed)
		if err != nil || killed == 0 {
			t.Errorf("%d connections were ended (%v)", killed, err)
		}
	}
}

// recovers calls until it succeeds; before that it may only be told that the
// database is away.
func recovers(t *testing.T, what string, call func() error) {
	t.Helper()
	for range 40 { // more than the pool has connections
		err := call()
		if err == nil {
			return
		}
		if !domain.IsKind(err, domain.ErrorUnavailable) {
			t.Errorf("%s: %v", what, err)
			return
		}
	}
	t.Errorf("%s does not recover", what)
}

func TestConnectionsThatEnd(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	w, kill := newWorld(t, db.Store), killer(t, db)
	w.tell(1, 1)
	calls := map[string]func() error{
		"a read":  func() error { _, err := db.Queue(t.Context(), w.org, w.queue.ID); return err },
		"a value": func() error { _, err := db.QueueInUse(t.Context(), w.org, w.queue.ID); return err },
		"a list":  func() error { _, _, err := db.Queues(t.Context(), w.org, Find{}, Page{Limit: 3}); return err },
		"events":  func() error { _, _, err := db.Events(t.Context(), w.org, domain.EventFilter{}, 0, 3); return err },
		"a write": func() error {
			return db.InTx(t.Context(), func(ctx context.Context) error { return note(ctx, db.Store, "written") })
		},
		"an inbox":    func() error { return db.AppendInbox(t.Context(), w.inbox(3, 1)) },
		"a sequencer": func() error { _, err := db.SequenceEvents(t.Context(), true); return err },
		"a ping":      func() error { return translate(db.Ping(t.Context())) },
	}
	for what, call := range calls {
		kill()
		recovers(t, what, call)
	}
}

// A connection that ends within a transaction takes all of the transaction with it.
func TestConnectionThatEndsInATransaction(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	kill := killer(t, db)
	for name, then := range map[string]func(ctx context.Context) error{
		"before a read":     func(ctx context.Context) error { _, _, err := db.OrganizationNamed(ctx, "x"); return err },
		"before a value":    func(ctx context.Context) error { _, err := db.AppInUse(ctx, "", ""); return err },
		"before the commit": func(context.Context) error { return nil },
		"before an answer":  func(context.Context) error { return errRefused },
	} {
		after := false
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			db.After(ctx, func() { after = true })
			if err := note(ctx, db.Store, name); err != nil {
				return err
			}
			if !noted(ctx, t, db.Store, name) {
				t.Errorf("%s: the write is not there", name)
			}
			kill()
			return then(ctx)
		})
		if after || err == nil || name != "before an answer" && !domain.IsKind(err, domain.ErrorUnavailable) {
			t.Errorf("%s: After ran: %v, %v", name, after, err)
		}
		recovers(t, name, func() error {
			_, found, err := db.OrganizationNamed(t.Context(), name)
			if found {
				t.Errorf("%s: a part of the transaction was kept", name)
			}
			return err
		})
	}
}

// A server that is not there is unavailable, and that is all that is said of it.
func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "postgres://parley:hunter2@127.0.0.1:1/parley?connect_timeout=1", sealer(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, call := range map[string]func() error{
		"a read":  func() error { _, err := s.Queue(t.Context(), "", ""); return err },
		"a value": func() error { _, err := s.QueueInUse(t.Context(), "", ""); return err },
		"a write": func() error { return s.InTx(t.Context(), func(ctx context.Context) error { return note(ctx, s, "x") }) },
	} {
		err := call()
		if !domain.IsKind(err, domain.ErrorUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two transactions that wait for each other both come to their end.
func TestDeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	w := newWorld(t, db.Store)
	a, b := w.agent(), w.agent()
	met, done := make(chan struct{}), make(chan error)
	move := func(first, second domain.Agent, meet func()) error {
		return db.InTx(t.Context(), func(ctx context.Context) error {
			for n, agent := range []domain.Agent{first, second} {
				locked, err := db.LockAgent(ctx, w.org, agent.ID)
				if err != nil {
					return err
				}
				locked.Load.Connected++
				if err := db.SaveAgent(ctx, &locked); err != nil {
					return err
				}
				if n == 0 {
					meet()
				}
			}
			return nil
		})
	}
	go func() { done <- move(a, b, sync.OnceFunc(func() { met <- struct{}{} })) }()
	if err := move(b, a, sync.OnceFunc(func() { <-met })); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, agent := range []domain.Agent{a, b} {
		if got, err := db.Agent(t.Context(), w.org, agent.ID); err != nil || got.Load.Connected != 2 {
			t.Errorf("%d changes of 2 (%v)", got.Load.Connected, err)
		}
	}
}
