package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// fate is how one of many concurrent transactions ends.
type fate int

const (
	succeeds fate = iota
	fails
	failsLate // after it has read, so that its writes were sent
	panics
	fates
)

// end writes two rows and ends as fate says.
func (f fate) end(ctx context.Context, s *Store, name string) error {
	if err := note(ctx, s, name+" a"); err != nil {
		return err
	}
	if f == fails {
		return errRefused
	}
	if _, found, err := s.OrganizationNamed(ctx, name+" a"); err != nil || !found {
		return fmt.Errorf("%s does not see its write (%w)", name, err)
	}
	if err := note(ctx, s, name+" b"); err != nil {
		return err
	}
	switch f {
	case failsLate:
		return errRefused
	case panics:
		panic(errRefused)
	}
	return nil
}

// inTxSafe is InTx for a function that may panic.
func inTxSafe(ctx context.Context, s *Store, fn func(ctx context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = cause.(error)
		}
	}()
	return s.InTx(ctx, fn)
}

// Transactions that share a commit neither lose nor leak anything of each other.
func TestTransactionsEndEachByItself(t *testing.T) {
	t.Parallel()
	const moves = 64
	both(t, func(t *testing.T, db database) {
		gate, before := holdWriter(t, db.Store), db.Stats().Commits.Load()
		var group sync.WaitGroup
		results := make([]error, moves)
		for n := range moves {
			group.Go(func() {
				results[n] = inTxSafe(t.Context(), db.Store, func(ctx context.Context) error {
					return fate(n%int(fates)).end(ctx, db.Store, fmt.Sprint("move ", n))
				})
			})
		}
		gate(moves)
		group.Wait()
		for n, err := range results {
			want := fate(n%int(fates)) == succeeds
			if (err == nil) != want || err != nil && !errors.Is(err, errRefused) {
				t.Errorf("move %d ended with %v", n, err)
			}
			for _, part := range []string{" a", " b"} {
				if noted(t.Context(), t, db.Store, fmt.Sprint("move ", n)+part) != want {
					t.Errorf("move %d, row%s: there is %v, want %v", n, part, !want, want)
				}
			}
		}
		commits, want := db.Stats().Commits.Load()-before, int64(moves/int(fates)+1)
		if !db.engine.postgres() {
			want = 2 // the one that held the writer and 63 others; then the last
		}
		if commits > want {
			t.Errorf("%d commits, want %d", commits, want)
		}
	})
}

// holdWriter keeps the one writer of SQLite busy in a transaction. The function
// that it gives lets it go once n others wait; on PostgreSQL nobody has to.
func holdWriter(t *testing.T, s *Store) func(n int64) {
	t.Helper()
	e, ok := s.engine.(*sqliteEngine)
	if !ok {
		return func(int64) {}
	}
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	var once sync.Once
	go func() {
		done <- s.InTx(context.Background(), func(ctx context.Context) error {
			once.Do(func() { close(held) })
			<-release
			return nil
		})
	}()
	<-held
	return func(n int64) {
		for e.waiting.Load() < n {
			runtime.Gosched()
		}
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// When the disk is full, SQLite may roll the whole transaction back that moves
// share. None of them may then be told that it succeeded, and nothing of them
// may be left.
func TestSharedCommitOnAFullDisk(t *testing.T) {
	t.Parallel()
	const moves = 40
	db := onSQLite(t)
	room := limitPages(t, db.Store, 60)
	gate := holdWriter(t, db.Store)
	var group sync.WaitGroup
	results := make([]error, moves)
	for n := range moves {
		group.Go(func() {
			results[n] = db.InTx(t.Context(), func(ctx context.Context) error {
				name := fmt.Sprint("move ", n)
				if n == moves/2 {
					name += strings.Repeat("x", 1<<20)
				}
				return first(note(ctx, db.Store, name), note(ctx, db.Store, name+"'"))
			})
		})
	}
	gate(moves)
	group.Wait()
	for n, err := range results {
		if (err != nil) != (n == moves/2) {
			t.Errorf("move %d: %v", n, err)
		}
		if name := fmt.Sprint("move ", n); n != moves/2 && (!noted(t.Context(), t, db.Store, name) || !noted(t.Context(), t, db.Store, name+"'")) {
			t.Errorf("move %d was reported as done, and is not there", n)
		}
	}
	var rows int
	if err := db.scan(t.Context(), &rows, "SELECT count(*) FROM organizations"); err != nil || rows != 2*(moves-1) {
		t.Errorf("%d rows (%v), want %d", rows, err, 2*(moves-1))
	}
	room()
	commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "next"+strings.Repeat("x", 1<<20)) })
}

// limitPages lets the file grow by so many pages only, until the function that
// it gives is called.
func limitPages(t *testing.T, s *Store, more int) func() {
	t.Helper()
	writer := s.engine.(*sqliteEngine).db
	var pages int
	if err := writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		t.Helper()
		if err := writer.QueryRowContext(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", n)).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + more)
	return func() { limit(1 << 30) }
}
