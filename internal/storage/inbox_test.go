package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parley-cx/parley/internal/domain"
)

// rowsOf counts the inbox rows of a world, and fails where a key is there twice.
func (w *world) rowsOf() map[string]inboxRow {
	w.t.Helper()
	rows, err := all[inboxRow](w.read.WithContext(w.t.Context()).Where("organization_id = ?", w.org))
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]inboxRow{}
	for _, r := range rows {
		if _, twice := found[r.DedupeKey]; twice {
			w.t.Errorf("%s is there twice", r.DedupeKey)
		}
		found[r.DedupeKey] = r
	}
	return found
}

// fresh gives the same events as another request would: under new ids.
func fresh(events []domain.InboxEvent) []domain.InboxEvent {
	again := slices.Clone(events)
	for n := range again {
		again[n].ID = domain.NewID[domain.InboxID]()
	}
	return again
}

// A platform that is not sure sends again, to several nodes at once and in
// another order.
func TestAppendInboxOfTheSameEventsAtOnce(t *testing.T) {
	t.Parallel()
	const writers = 16
	both(t, func(t *testing.T, db database) {
		w, events := newWorld(t, db.Store), 60
		nodes := []*Store{db.Store}
		if db.engine.postgres() {
			events = 400 // so many that one is not done before the next begins
			nodes = append(nodes, connect(t, db.url).Store)
		}
		batch := w.inbox(events, 1)
		start := make(chan struct{})
		var group sync.WaitGroup
		for n := range writers {
			random := rand.New(rand.NewPCG(3, uint64(n)))
			mine := fresh(batch)
			random.Shuffle(len(mine), func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
			group.Go(func() {
				<-start
				for part := range slices.Chunk(mine, events/2+random.IntN(events)) {
					if err := nodes[n%len(nodes)].AppendInbox(t.Context(), part); err != nil {
						t.Errorf("writer %d: %v", n, err)
					}
				}
			})
		}
		close(start)
		group.Wait()
		if rows := w.rowsOf(); len(rows) != events {
			t.Errorf("%d rows of %d events", len(rows), events)
		}
		if db.engine.postgres() {
			for _, s := range nodes {
				_ = s.Close() // a connection tells of its deadlocks at the latest when it ends
			}
			if n := deadlocks(t, db.url); n > 0 {
				t.Errorf("%d deadlocks", n)
			}
		}
	})
}

// deadlocks counts what the server had to break up in a database that nobody
// uses any more: a transaction that is run again hides it.
func deadlocks(t *testing.T, url string) (n int) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for others := 1; others > 0; {
		if err := c.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
			(SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())`).Scan(&others, &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestAppendInboxWithDuplicatesInside(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		events := w.inbox(maxInboxRows, 1)
		doubled := append(slices.Clone(events), fresh(events)...) // the doubles lie in two statements
		doubled = append(doubled, doubled[0], fresh(events[:1])[0])
		for range 2 {
			if err := db.AppendInbox(t.Context(), doubled); err != nil {
				t.Fatal(err)
			}
		}
		rows := w.rowsOf()
		if len(rows) != len(events) {
			t.Errorf("%d rows of %d events", len(rows), len(events))
		}
		if first := rows[events[0].DedupeKey].ID; first != string(events[0].ID) {
			t.Errorf("of two equal events the later was kept")
		}
	})
}

func TestAppendInboxOfAHugeBatch(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		size := 3000
		if db.engine.postgres() {
			size = 5000 // more than one statement has room for
		}
		commits := db.Stats().Commits.Load()
		if err := db.AppendInbox(t.Context(), w.inbox(size, 1)); err != nil {
			t.Fatal(err)
		}
		if rows := w.rowsOf(); len(rows) != size {
			t.Errorf("%d rows of %d events", len(rows), size)
		}
		if n := db.Stats().Commits.Load() - commits; n != 1 {
			t.Errorf("%d commits, want 1", n)
		}
		if err := db.AppendInbox(t.Context(), nil); err != nil {
			t.Errorf("a batch without events: %v", err)
		}
	})
}

// Events differ by app and account, whatever their keys are.
func TestAppendInboxKeepsAccountsApart(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		base := w.inbox(1, 1)[0]
		var events []domain.InboxEvent
		for n, change := range []func(e *domain.InboxEvent){
			func(*domain.InboxEvent) {},
			func(e *domain.InboxEvent) { e.AccountID = "another" },
			func(e *domain.InboxEvent) { e.App = other.app.ID },
			func(e *domain.InboxEvent) { e.Organization = other.org },
			func(e *domain.InboxEvent) { e.DedupeKey = "another" },
		} {
			e := base
			e.ID, e.Payload = domain.NewID[domain.InboxID](), []byte(strconv.Itoa(n))
			change(&e)
			events = append(events, e)
		}
		if err := db.AppendInbox(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		pending, err := db.PendingEvents(t.Context(), 1, 10)
		if err != nil || len(pending) != len(events) {
			t.Errorf("%d of %d events are pending (%v)", len(pending), len(events), err)
		}
	})
}

func TestLanes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		lanes := []int64{0, 5, 17, 63}
		for _, lane := range lanes {
			events := w.inbox(20, lane)
			slices.Reverse(events) // arrive in one order, are applied in that of their ids
			if err := db.AppendInbox(ctx, events); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := db.PendingLanes(ctx); err != nil || !slices.Equal(got, lanes) {
			t.Errorf("pending lanes %v (%v), want %v", got, err, lanes)
		}
		oldest, err := db.PendingEvents(ctx, 17, 5)
		if err != nil || len(oldest) != 5 || !ordered(oldest) || oldest[0].DedupeKey != "17/0" {
			t.Fatalf("the oldest events are %v (%v)", oldest, err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.MarkInbox(ctx, oldest[:3], domain.InboxApplied, "", noon),
				db.MarkInbox(ctx, oldest[3:], domain.InboxQuarantined, "not understood", noon))
		})
		if next, err := db.PendingEvents(ctx, 17, 100); err != nil || len(next) != 15 || next[0].DedupeKey != "17/5" {
			t.Errorf("%d events are left (%v)", len(next), err)
		}
		rows := w.rowsOf()
		if r := rows["17/0"]; r.State != "applied" || r.Fault != "" || *r.AppliedAt != ms(noon) {
			t.Errorf("an applied event is %+v", r)
		}
		if r := rows["17/4"]; r.State != "quarantined" || r.Fault != "not understood" {
			t.Errorf("an event that was set aside is %+v", r)
		}
	})
}

func ordered(events []domain.InboxEvent) bool {
	return slices.IsSortedFunc(events, func(a, b domain.InboxEvent) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
}

func TestLockLaneIsOneNodesOnly(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	other := connect(t, db.url)
	commit(t, db.Store, func(ctx context.Context) error {
		taken, err := db.LockLane(ctx, 7)
		if err != nil || !taken {
			t.Errorf("a free lane: %v, %v", taken, err)
		}
		commit(t, other.Store, func(ctx context.Context) error {
			if taken, err := other.LockLane(ctx, 7); err != nil || taken {
				t.Errorf("a held lane: %v, %v", taken, err)
			}
			if taken, err := other.LockLane(ctx, 8); err != nil || !taken {
				t.Errorf("another lane: %v, %v", taken, err)
			}
			return nil
		})
		return nil
	})
	commit(t, other.Store, func(ctx context.Context) error {
		if taken, err := other.LockLane(ctx, 7); err != nil || !taken {
			t.Errorf("a lane that was given back: %v, %v", taken, err)
		}
		return nil
	})
}

// Many workers of two nodes work off all lanes: each event is applied once, and
// the events of a lane in their order.
func TestLanesAreWorkedOffInOrder(t *testing.T) {
	t.Parallel()
	const lanes, each = 6, 30
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		nodes := []*Store{db.Store}
		if db.engine.postgres() {
			nodes = append(nodes, connect(t, db.url).Store)
		}
		for lane := range int64(lanes) {
			if err := db.AppendInbox(t.Context(), w.inbox(each, lane)); err != nil {
				t.Fatal(err)
			}
		}
		work := &laneWork{t: t, applied: map[int64][]string{}, holders: map[int64]int{}}
		var group sync.WaitGroup
		for n := range 6 {
			group.Go(func() { work.run(nodes[n%len(nodes)], rand.New(rand.NewPCG(5, uint64(n)))) })
		}
		group.Wait()
		for lane := range int64(lanes) {
			var want []string
			for n := range each {
				want = append(want, fmt.Sprintf("%d/%d", lane, n))
			}
			if !slices.Equal(work.applied[lane], want) {
				t.Errorf("lane %d was applied as %v", lane, work.applied[lane])
			}
		}
	})
}

type laneWork struct {
	t       *testing.T
	mu      sync.Mutex
	applied map[int64][]string
	holders map[int64]int
}

// run works off lanes until none is pending.
func (l *laneWork) run(s *Store, random *rand.Rand) {
	for {
		lanes, err := s.PendingLanes(l.t.Context())
		if err != nil {
			l.t.Error(err)
		}
		if err != nil || len(lanes) == 0 {
			return
		}
		lane, limit := lanes[random.IntN(len(lanes))], 1+random.IntN(7)
		if err := s.InTx(l.t.Context(), func(ctx context.Context) error { return l.apply(ctx, s, lane, limit) }); err != nil {
			l.t.Error(err)
			return
		}
	}
}

func (l *laneWork) apply(ctx context.Context, s *Store, lane int64, limit int) error {
	taken, err := s.LockLane(ctx, lane)
	if err != nil || !taken {
		return err
	}
	l.hold(lane, 1)
	defer l.hold(lane, -1)
	events, err := s.PendingEvents(ctx, lane, limit)
	if err != nil {
		return err
	}
	l.mu.Lock() // as early as another worker could, if it held the same lane
	for _, e := range events {
		l.applied[lane] = append(l.applied[lane], e.DedupeKey)
	}
	l.mu.Unlock()
	return s.MarkInbox(ctx, events, domain.InboxApplied, "", noon)
}

func (l *laneWork) hold(lane int64, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holders[lane] += n; l.holders[lane] > 1 {
		l.t.Errorf("lane %d has two holders", lane)
	}
}

// Of what another app's conversation left, the latest is read, in order; the list of
// what was set aside does without what it says.
func TestInboxLeftAside(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		events := w.inbox(maxStandby+3, 1)
		if err := db.AppendInbox(ctx, events); err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.MarkInbox(ctx, events[1:], domain.InboxStandby, "", noon), db.MarkInbox(ctx, events[:1], domain.InboxQuarantined, "why", noon))
		})
		left, err := db.StandbyEvents(ctx, w.channel, []string{"contact"})
		if err != nil || len(left) != maxStandby || left[0].ID != events[3].ID || left[maxStandby-1].ID != events[maxStandby+2].ID {
			t.Errorf("%d events wait for the conversation (%v)", len(left), err)
		}
		aside, _, err := db.QuarantinedEvents(ctx, w.org, Page{Limit: 10})
		if err != nil || len(aside) != 1 || aside[0].Payload != nil || aside[0].Fault != "why" {
			t.Errorf("set aside are %+v (%v)", aside, err)
		}
		if one, err := db.QuarantinedEvent(ctx, w.org, events[0].ID); err != nil || string(one.Payload) != `{"n":0}` {
			t.Errorf("it says %s (%v)", one.Payload, err)
		}
	})
}
