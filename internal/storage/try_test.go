package storage

import (
	"context"
	"errors"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func TestTryTakesEverythingBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		after := false
		err := db.Try(t.Context(), func(ctx context.Context) error {
			db.After(ctx, func() { after = true })
			return db.InTx(ctx, func(ctx context.Context) error {
				if !db.Trying(ctx) {
					t.Error("nobody knows that it is only tried")
				}
				return note(ctx, db.Store, "tried")
			})
		})
		if err != nil || after || noted(t.Context(), t, db.Store, "tried") {
			t.Errorf("Try gives %v; After ran: %v", err, after)
		}
		if err := db.Try(t.Context(), func(context.Context) error { return errRefused }); !errors.Is(err, errRefused) {
			t.Errorf("a refusal becomes %v", err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			if db.Trying(ctx) {
				t.Error("what is kept is taken for a try")
			}
			return note(ctx, db.Store, "kept")
		})
	})
}

// What only the database refuses, it refuses a try, too: also the last write.
func TestTryAsksTheDatabase(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		twice := w.channel
		twice.ID = domain.NewID[domain.ChannelID]()
		err := db.Try(t.Context(), func(ctx context.Context) error { return db.CreateChannel(ctx, twice) })
		if !domain.IsKind(err, domain.ErrorConflict) {
			t.Errorf("a second channel of one account gives %v", err)
		}
		commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "next") })
	})
}
