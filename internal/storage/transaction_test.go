package storage

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// note writes one row that a test finds again by its name.
func note(ctx context.Context, s *Store, name string) error {
	return s.CreateOrganization(ctx, domain.Organization{ID: domain.NewID[domain.OrganizationID](), Name: name, CreatedAt: noon})
}

// noted tells whether the row is there, for whoever reads with ctx.
func noted(ctx context.Context, t *testing.T, s *Store, name string) bool {
	t.Helper()
	_, found, err := s.OrganizationNamed(ctx, name)
	if err != nil {
		t.Errorf("read %s: %v", name, err)
	}
	return found
}

var errRefused = errors.New("refused")

func TestInTxKeepsNothingOfAFailure(t *testing.T) {
	t.Parallel()
	ends := map[string]func() error{
		"error":  func() error { return errRefused },
		"panic":  func() error { panic(errRefused) },
		"goexit": func() error { runtime.Goexit(); return nil },
	}
	both(t, func(t *testing.T, db database) {
		for name, end := range ends {
			after := false
			done := make(chan error)
			go func() {
				err := errors.New("the goroutine ended")
				defer func() {
					if cause := recover(); cause != nil {
						err = cause.(error)
					}
					done <- err
				}()
				err = db.InTx(t.Context(), func(ctx context.Context) error {
					db.After(ctx, func() { after = true })
					if err := note(ctx, db.Store, name); err != nil {
						return err
					}
					if !noted(ctx, t, db.Store, name) {
						t.Errorf("%s: the transaction does not see its own write", name)
					}
					if noted(t.Context(), t, db.Store, name) {
						t.Errorf("%s: others see a write before the commit", name)
					}
					return end()
				})
			}()
			if err := <-done; name != "goexit" && !errors.Is(err, errRefused) {
				t.Errorf("%s: InTx gives %v", name, err)
			}
			if noted(t.Context(), t, db.Store, name) || after {
				t.Errorf("%s: a write is left, or After ran", name)
			}
		}
		commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "next") })
	})
}

func TestInTxNested(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		var order []string
		commit(t, db.Store, func(ctx context.Context) error {
			db.After(ctx, func() { order = append(order, "after 1") })
			if err := note(ctx, db.Store, "outer"); err != nil {
				return err
			}
			err := db.InTx(ctx, func(ctx context.Context) error {
				if !noted(ctx, t, db.Store, "outer") {
					t.Error("the inner call does not see the outer one's write")
				}
				db.After(ctx, func() { order = append(order, "after 2") })
				return note(ctx, db.Store, "inner")
			})
			if noted(t.Context(), t, db.Store, "inner") {
				t.Error("the inner call committed")
			}
			order = append(order, "end")
			return err
		})
		if want := []string{"end", "after 1", "after 2"}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
		if !noted(t.Context(), t, db.Store, "outer") || !noted(t.Context(), t, db.Store, "inner") {
			t.Error("a write of one of the calls is missing")
		}
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if err := db.InTx(ctx, func(ctx context.Context) error { return note(ctx, db.Store, "lost") }); err != nil {
				return err
			}
			return errRefused
		})
		if !errors.Is(err, errRefused) || noted(t.Context(), t, db.Store, "lost") {
			t.Errorf("an outer failure (%v) keeps the inner write", err)
		}
	})
}

func TestAfterOutsideATransactionRunsAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		ran := false
		db.After(t.Context(), func() { ran = true })
		if !ran {
			t.Error("it did not run")
		}
	})
}

// What a transaction does after a write has failed must not be kept without that write.
func TestInTxKeepsNothingAfterASwallowedFailure(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		twice := domain.Organization{ID: domain.NewID[domain.OrganizationID](), Name: "twice", CreatedAt: noon}
		commit(t, db.Store, func(ctx context.Context) error { return db.CreateOrganization(ctx, twice) })
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if err := first(note(ctx, db.Store, "before"), db.CreateOrganization(ctx, twice)); err != nil {
				return err
			}
			if _, _, err := db.OrganizationNamed(ctx, "before"); !Duplicate(err) {
				t.Errorf("the read that sends the writes gives %v", err)
			}
			return note(ctx, db.Store, "behind")
		})
		if !Duplicate(err) {
			t.Errorf("InTx gives %v, want the duplicate", err)
		}
		if noted(t.Context(), t, db.Store, "before") || noted(t.Context(), t, db.Store, "behind") {
			t.Error("a part of the transaction was kept")
		}
	})
}

// Reads that give one value go another way through gorm than reads of rows.
func TestEveryReadReportsAFailedWrite(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		reads := map[string]func(ctx context.Context) error{
			"Waits":        func(ctx context.Context) error { _, err := db.Waits(ctx, w.queue, 1); return err },
			"NextDelivery": func(ctx context.Context) error { _, err := db.NextDelivery(ctx, noon); return err },
			"Events": func(ctx context.Context) error {
				_, _, err := db.Events(ctx, w.org, domain.EventFilter{}, 0, 1)
				return err
			},
			"SequenceEvents": func(ctx context.Context) error { _, err := db.SequenceEvents(ctx, true); return err },
			"PendingLanes":   func(ctx context.Context) error { _, err := db.PendingLanes(ctx); return err },
			"WaitingIn": func(ctx context.Context) error {
				_, err := db.WaitingIn(ctx, w.org, plainClass(w.queue.ID), 1)
				return err
			},
			"Interactions": func(ctx context.Context) error {
				_, _, err := db.Interactions(ctx, w.org, InteractionFilter{}, Page{Limit: 1})
				return err
			},
			"Queue": func(ctx context.Context) error { _, err := db.Queue(ctx, w.org, w.queue.ID); return err },
		}
		for name, read := range reads {
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				if err := db.CreateQueue(ctx, w.queue); err != nil { // it is there already
					return err
				}
				return read(ctx)
			})
			if !Duplicate(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestInTxTriesAgainWhenARowWasStale(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		read, tries, after := w.queue, 0, 0
		commit(t, db.Store, func(ctx context.Context) error {
			if tries++; tries == 2 {
				var err error
				if read, err = db.Queue(ctx, w.org, w.queue.ID); err != nil {
					return err
				}
			}
			db.After(ctx, func() { after++ })
			q := read
			q.Name = "second"
			if tries == 1 {
				q.Version-- // somebody else was faster
			}
			return db.SaveQueue(ctx, &q)
		})
		if q, err := db.Queue(t.Context(), w.org, w.queue.ID); err != nil || q.Name != "second" || q.Version != 2 || tries != 2 || after != 1 {
			t.Errorf("%+v (%v) after %d tries, After ran %d times", q, err, tries, after)
		}
		tries = 0
		stale := w.queue
		err := db.InTx(t.Context(), func(ctx context.Context) error { tries++; q := stale; return db.SaveQueue(ctx, &q) })
		if !domain.IsKind(err, domain.ErrorConflict) || tries != 6 {
			t.Errorf("a version that stays stale gives %v after %d tries", err, tries)
		}
	})
}
