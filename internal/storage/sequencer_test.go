package storage

import (
	"context"
	"sync"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// tell commits n events, so many in each transaction, of which the last is odd.
func (w *world) tell(n, each int) {
	w.t.Helper()
	for n > 0 {
		var events []domain.Event
		for range min(n, each) {
			n--
			kind := eventEven
			if n == 0 {
				kind = eventOdd
			}
			events = append(events, w.event("", 0, kind))
		}
		commit(w.t, w.Store, func(ctx context.Context) error { return w.Append(ctx, events...) })
	}
}

// A reader goes on behind what its filter leaves out, and misses nothing of the rest.
func TestEventFilters(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		another := newWorld(t, db.Store)
		another.tell(3, 1)
		size, reads := 200, 1
		if db.engine.postgres() { // which is faster at it
			size, reads = scanWindow+200, 2
		}
		w.tell(size, 1300)
		if _, err := w.SequenceEvents(ctx, true); err != nil {
			t.Fatal(err)
		}
		odd, last := domain.EventFilter{Types: []domain.EventType{eventOdd}}, int64(0)
		for read := 1; read <= reads; read++ {
			events, next, err := w.Events(ctx, w.org, odd, last, 10)
			if err != nil || next <= last || (len(events) == 1) != (read == reads) || len(events) == 1 && events[0].Position > next {
				t.Fatalf("read %d of %d: %d events, next %d after %d (%v)", read, reads, len(events), next, last, err)
			}
			last = next
		}
		for name, f := range map[string]domain.EventFilter{"odd": odd, "nobody's": {Interaction: domain.NewID[domain.InteractionID]()},
			"no queue's": {Queue: domain.NewID[domain.QueueID]()}, "no agent's": {Agent: domain.NewID[domain.AgentID]()}} {
			if events, same, err := w.Events(ctx, w.org, f, last, 10); err != nil || len(events) != 0 || same != last {
				t.Errorf("%s at the end: %d events, next %d after %d (%v)", name, len(events), same, last, err)
			}
		}
		if events, _, err := w.Events(ctx, another.org, domain.EventFilter{Queue: another.queue.ID}, 0, 10); err != nil || len(events) != 3 {
			t.Errorf("another organization reads %d events of its own (%v)", len(events), err)
		}
		if events, next, err := w.Events(ctx, w.org, domain.EventFilter{}, 0, 0); err != nil || len(events) != 0 || next != 0 {
			t.Errorf("a page without room: %d events, next %d (%v)", len(events), next, err)
		}
	})
}

// However many there are, SequenceEvents leaves none behind when it is told to wait.
func TestSequenceEventsNumbersAll(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, ctx := newWorld(t, db.Store), t.Context()
		size := 300
		if db.engine.postgres() {
			size = 2*maxSequenced + 100
		}
		w.tell(size, 700)
		moved, err := w.SequenceEvents(ctx, true)
		if err != nil || db.engine.postgres() && moved != size {
			t.Fatalf("%d events were numbered (%v)", moved, err)
		}
		events, _, err := w.Events(ctx, w.org, domain.EventFilter{}, 0, 5000)
		if err != nil || len(events) != size || w.Tail() != events[len(events)-1].Position {
			t.Errorf("%d events can be read, the tail is %d (%v)", len(events), w.Tail(), err)
		}
	})
}

// Nodes number at once; whoever is not told to wait lets the other one do it.
func TestSequenceEventsOfTwoNodes(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	other := connect(t, db.url)
	w, ctx := newWorld(t, db.Store), t.Context()
	w.tell(500, 5)
	commit(t, db.Store, func(ctx context.Context) error {
		var position int64
		if err := db.scan(ctx, &position, "SELECT position FROM event_tail FOR UPDATE"); err != nil {
			return err
		}
		if moved, err := other.SequenceEvents(context.WithoutCancel(t.Context()), false); err != nil || moved != 0 {
			t.Errorf("%d events were numbered while another node was at it (%v)", moved, err)
		}
		return nil
	})
	var nodes sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for n := range 6 {
		node := []*Store{db.Store, other.Store}[n%2]
		nodes.Go(func() {
			moved, err := node.SequenceEvents(ctx, true)
			if err != nil {
				t.Error(err)
			}
			events, _, err := node.Events(ctx, w.org, domain.EventFilter{}, 0, 1000)
			if err != nil || len(events) != 500 {
				t.Errorf("%d events are readable after the wait (%v)", len(events), err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += moved
		})
	}
	nodes.Wait()
	if total != 500 {
		t.Errorf("500 events were numbered %d times", total)
	}
}

// A failed transaction leaves no event, and does not wake anybody.
func TestOnEvents(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, woken := newWorld(t, db.Store), 0
		db.OnEvents(func() { woken++ })
		w.tell(1, 1)
		_ = w.InTx(t.Context(), func(ctx context.Context) error {
			if err := w.Append(ctx, w.event("", 0, eventOdd)); err != nil {
				return err
			}
			return errRefused
		})
		commit(t, db.Store, func(ctx context.Context) error { return note(ctx, db.Store, "no event") })
		if woken != 1 {
			t.Errorf("woken %d times by one commit with events", woken)
		}
	})
}
