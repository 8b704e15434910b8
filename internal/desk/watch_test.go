package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/desk"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	watched domain.OrganizationID = "watched"
	free    domain.OrganizationID = "free"
	ana     domain.AgentID        = "ana"
)

// rows is a database that only knows who was seen when; anything else panics.
type rows struct {
	desk.Store
	desk.Watching
	grace  []domain.Grace
	seen   map[domain.AgentID]time.Time
	writes int
	asked  int // how often for agents who are lost
	away   error
}

func (r *rows) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (r *rows) Graces(context.Context) ([]domain.Grace, error) { return r.grace, r.away }

func (r *rows) SaveSeen(_ context.Context, _ domain.OrganizationID, a domain.AgentID, at time.Time) error {
	r.writes++
	r.seen[a] = at
	return nil
}

func (r *rows) DueAgents(context.Context, domain.Grace, time.Time, int) ([]domain.AgentID, time.Time, error) {
	r.asked++
	return nil, time.Time{}, nil
}

// watch is a watch at noon that knows the rules, with its clock and its database.
func watch(t *testing.T) (*desk.Watch, *rows, *time.Time) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	r := &rows{seen: map[domain.AgentID]time.Time{}, grace: []domain.Grace{{Organization: watched, Period: 100 * time.Second}}}
	w := &desk.Watch{Store: r, Now: func() time.Time { return now }}
	run(t, w)
	return w, r, &now
}

func run(t *testing.T, w *desk.Watch) {
	t.Helper()
	if ran, _, err := w.RunDue(t.Context(), w.Now()); ran != 0 || err != nil {
		t.Fatalf("%d, %v", ran, err)
	}
}

// However much an agent does, their row is written four times in the period, and
// never lags by more than a quarter of it.
func TestSightingsAreWrittenCoarsely(t *testing.T) {
	t.Parallel()
	w, r, now := watch(t)
	for range 1000 {
		*now = now.Add(time.Second)
		for range 10 {
			w.Enter(watched, ana)()
			w.Enter(free, ana)()
			w.Enter(watched, "")()
		}
		run(t, w)
		if lag := now.Sub(r.seen[ana]); lag >= 25*time.Second {
			t.Fatalf("the row lags by %v", lag)
		}
	}
	if r.writes != 40 {
		t.Errorf("%d writes in ten periods", r.writes)
	}
}

// The last of an agent is written long before they count as lost, and then nothing.
func TestTheLastSightingIsWritten(t *testing.T) {
	t.Parallel()
	w, r, now := watch(t)
	w.Enter(watched, ana)()
	run(t, w)
	*now = now.Add(10 * time.Second)
	last := *now
	w.Enter(watched, ana)()
	for range 40 {
		*now = now.Add(time.Second)
		run(t, w)
	}
	if !r.seen[ana].Equal(last) || r.writes != 2 {
		t.Errorf("seen at %v, not %v, with %d writes", r.seen[ana], last, r.writes)
	}
}

// While a request is under way, the agent is there.
func TestAnOpenRequestIsASight(t *testing.T) {
	t.Parallel()
	w, r, now := watch(t)
	first, second := w.Enter(watched, ana), w.Enter(watched, ana)
	first()
	*now = now.Add(time.Hour)
	run(t, w)
	if !r.seen[ana].Equal(*now) {
		t.Errorf("seen at %v, not %v", r.seen[ana], *now)
	}
	second()
	left := *now
	*now = now.Add(time.Hour)
	run(t, w)
	run(t, w)
	if !r.seen[ana].Equal(left) || r.writes != 1 {
		t.Errorf("seen at %v, not %v, with %d writes", r.seen[ana], left, r.writes)
	}
}

// Where nobody is watched, nothing is written.
func TestWithoutARuleNothingIsWritten(t *testing.T) {
	t.Parallel()
	w, r, now := watch(t)
	r.grace = nil
	run(t, w)
	leave := w.Enter(watched, ana)
	for range 10 {
		*now = now.Add(time.Hour)
		run(t, w)
	}
	leave()
	run(t, w)
	if r.writes != 0 {
		t.Errorf("%d writes", r.writes)
	}
}

// After a start, and after the database was away, everybody has a whole period to
// show themselves.
func TestNobodyIsLostWhileNobodyListened(t *testing.T) {
	t.Parallel()
	w, r, now := watch(t)
	for range 2 {
		before, hold := r.asked, now.Add(100*time.Second)
		*now = hold.Add(-time.Second)
		if _, next, err := w.RunDue(t.Context(), *now); err != nil || !next.Equal(hold) || r.asked != before {
			t.Errorf("next at %v, not %v, asked %d times (%v)", next, hold, r.asked-before, err)
		}
		*now = hold
		if run(t, w); r.asked != before+1 {
			t.Errorf("asked %d times when the period was over", r.asked-before)
		}
		r.away = context.DeadlineExceeded
		if _, _, err := w.RunDue(t.Context(), *now); err == nil {
			t.Error("the database is away, and nothing is told of it")
		}
		r.away = nil
		*now = now.Add(time.Hour)
		run(t, w)
	}
}
