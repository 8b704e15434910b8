package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestDueAgents(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		seen := func(after time.Duration) func(*domain.Agent) {
			at := noon.Add(after)
			return func(a *domain.Agent) { a.SeenAt = &at }
		}
		late, early, there := w.agent(seen(time.Second)), w.agent(seen(0)), w.agent(seen(time.Hour))
		w.agent() // nobody waits for a sign of this one
		gone := w.agent(seen(0))
		other.agent(seen(0))
		commit(t, db.Store, func(ctx context.Context) error { return db.DeleteAgent(ctx, gone, noon) })
		g := domain.Grace{Organization: w.org, Period: time.Minute}
		due, next, err := db.DueAgents(t.Context(), g, noon.Add(time.Minute+time.Second), 10)
		if err != nil || !slices.Equal(due, []domain.AgentID{early.ID, late.ID}) || !next.Equal(there.SeenAt.Add(time.Minute)) {
			t.Errorf("due: %v, next %v (%v)", due, next, err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.SaveSeen(ctx, w.org, early.ID, noon.Add(2*time.Hour)), db.SaveSeen(ctx, w.org, there.ID, noon), db.ForgetSeen(ctx, w.org, late.ID))
		})
		due, next, err = db.DueAgents(t.Context(), g, noon.Add(time.Minute+time.Second), 10)
		if err != nil || len(due) != 0 || !next.Equal(there.SeenAt.Add(time.Minute)) { // a sight never goes back
			t.Errorf("due: %v, next %v (%v)", due, next, err)
		}
		if a, err := db.Agent(t.Context(), w.org, early.ID); err != nil || a.Version != early.Version {
			t.Errorf("to be seen made version %d of %d (%v)", a.Version, early.Version, err)
		}
	})
}

// When an organization begins to watch, so does the time of all who are at work.
func TestWatchAgents(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		away := func(a *domain.Agent) { a.Presence = domain.PresenceMeal }
		onQueue, idle := w.agent(), w.agent(away)
		talks := w.agent(away, func(a *domain.Agent) { a.Load.Connected = 1 })
		stranger := other.agent()
		commit(t, db.Store, func(ctx context.Context) error { return db.WatchAgents(ctx, w.org, noon) })
		for _, c := range []struct {
			a       domain.Agent
			watched bool
		}{{onQueue, true}, {talks, true}, {idle, false}, {stranger, false}} {
			a, err := db.Agent(t.Context(), c.a.Organization, c.a.ID)
			if err != nil || (a.SeenAt != nil) != c.watched || c.watched && !a.SeenAt.Equal(noon) {
				t.Errorf("an agent who is %s with %d talks was seen at %v (%v)", c.a.Presence, c.a.Load.Connected, a.SeenAt, err)
			}
		}
	})
}
