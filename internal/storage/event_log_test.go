package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// gate holds transactions open whose events have their numbers already, and
// lets them commit in another order.
type gate struct {
	mu     sync.Mutex
	random *rand.Rand
	held   []chan struct{}
}

// wait keeps the caller until somebody opens for it.
func (g *gate) wait() {
	let := make(chan struct{})
	g.mu.Lock()
	g.held = append(g.held, let)
	g.mu.Unlock()
	<-let
}

// open lets one of those go who wait, if there is one.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.held) == 0 {
		return
	}
	n := g.random.IntN(len(g.held))
	close(g.held[n])
	g.held = slices.Delete(g.held, n, n+1)
}

// logRun is many writers and readers of one organization's log.
type logRun struct {
	t         *testing.T
	w         *world
	nodes     []*Store
	gate      gate
	talks     []domain.Interaction
	mu        sync.Mutex
	committed map[domain.EventID]domain.Event
	over      chan struct{} // closed when all writers are done
}

const (
	eventOdd  domain.EventType = "test.odd"
	eventEven domain.EventType = "test.even"
)

// write makes one transaction with events; some of them never commit.
func (r *logRun) write(node *Store, random *rand.Rand) {
	talk := random.IntN(len(r.talks) + 1) // the last one stands for events of no interaction
	count, hold, fail := 1+random.IntN(3), random.IntN(4) > 0, random.IntN(8) == 0
	var events []domain.Event
	cursor := node.Tail()
	err := node.InTx(r.t.Context(), func(ctx context.Context) error {
		events = nil
		if err := patient(ctx, node); err != nil {
			return err
		}
		var i domain.Interaction
		if talk < len(r.talks) {
			var err error
			if i, err = node.LockInteraction(ctx, r.w.org, r.talks[talk].ID); err != nil {
				return err
			}
		}
		for range count {
			kind := eventOdd
			if random.IntN(2) == 0 {
				kind = eventEven
			}
			if talk < len(r.talks) {
				i.Sequence++
			}
			events = append(events, r.w.event(i.ID, i.Sequence, kind))
		}
		if talk < len(r.talks) {
			if err := node.SaveInteraction(ctx, &i); err != nil {
				return err
			}
		}
		if err := node.Append(ctx, events...); err != nil {
			return err
		}
		if hold {
			// What the end of the transaction would do: from here on the events have their numbers.
			if err := ctx.Value(txKey{}).(*tx).finish(); err != nil {
				return err
			}
			r.gate.wait()
		}
		if fail {
			return errRefused
		}
		return nil
	})
	if fail != errors.Is(err, errRefused) || !fail && err != nil {
		r.t.Errorf("write: %v", err)
	}
	if err == nil {
		r.keep(events)
		r.readsItsOwn(node, cursor, events)
	}
}

// patient lets a transaction wait, and be held, for as long as a slow machine needs.
func patient(ctx context.Context, s *Store) error {
	if !s.engine.postgres() {
		return nil
	}
	return first(s.db(ctx).Exec("SET LOCAL lock_timeout = '2min'").Error, s.db(ctx).Exec("SET LOCAL idle_in_transaction_session_timeout = 0").Error)
}

func (r *logRun) keep(events []domain.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.committed[e.ID] = e
	}
}

// readsItsOwn finds the events of a transaction behind the cursor of before it.
func (r *logRun) readsItsOwn(node *Store, cursor int64, events []domain.Event) {
	if _, err := node.SequenceEvents(r.t.Context(), true); err != nil {
		r.t.Error(err)
		return
	}
	missing := map[domain.EventID]bool{}
	for _, e := range events {
		missing[e.ID] = true
	}
	for len(missing) > 0 {
		page, next, err := node.Events(r.t.Context(), r.w.org, domain.EventFilter{}, cursor, 100)
		if err != nil || len(page) == 0 {
			r.t.Errorf("%d committed events cannot be read (%v)", len(missing), err)
			return
		}
		for _, e := range page {
			delete(missing, e.ID)
		}
		cursor = next
	}
}

// read follows the log to its end and gives what it saw.
func (r *logRun) read(node *Store, f domain.EventFilter, wait bool, random *rand.Rand) (seen []domain.LoggedEvent) {
	var cursor int64
	for {
		over := false
		select {
		case <-r.over:
			over, wait = true, true
		default:
		}
		r.gate.open()
		if _, err := node.SequenceEvents(r.t.Context(), wait); err != nil {
			r.t.Error(err)
		}
		limit := 1 + random.IntN(20)
		page, next, err := node.Events(r.t.Context(), r.w.org, f, cursor, limit)
		if err != nil || len(page) > limit || next < cursor {
			r.t.Errorf("%d events of %d behind %d, next %d (%v)", len(page), limit, cursor, next, err)
			return seen
		}
		for _, e := range page {
			if e.Position <= cursor || e.Position > next {
				r.t.Errorf("an event at %d, between the cursors %d and %d", e.Position, cursor, next)
			}
		}
		seen = append(seen, page...)
		if over && next == cursor {
			return seen
		}
		cursor = next
	}
}

// check compares what a reader saw with what was committed.
func (r *logRun) check(who string, f domain.EventFilter, seen []domain.LoggedEvent) {
	sequence, once, position := map[domain.InteractionID]int64{}, map[domain.EventID]bool{}, int64(0)
	for _, i := range r.talks {
		sequence[i.ID] = i.Sequence
	}
	for _, e := range seen {
		want, known := r.committed[e.ID]
		if !known || once[e.ID] || e.Position <= position {
			r.t.Errorf("%s: event %s at %d is seen twice, out of order, or never committed", who, e.ID, e.Position)
		}
		same(r.t, who, e.Event, want)
		if e.Sequence > 0 && (e.Sequence <= sequence[e.Interaction] || len(f.Types) == 0 && e.Sequence != sequence[e.Interaction]+1) {
			r.t.Errorf("%s: event %d of an interaction comes after %d", who, e.Sequence, sequence[e.Interaction])
		}
		once[e.ID], position, sequence[e.Interaction] = true, e.Position, e.Sequence
	}
	missed := 0
	for id, e := range r.committed {
		fits := (len(f.Types) == 0 || slices.Contains(f.Types, e.Type)) && (f.Interaction == "" || f.Interaction == e.Interaction)
		if fits && !once[id] {
			missed++
		}
	}
	if missed > 0 {
		r.t.Errorf("%s misses %d of %d events", who, missed, len(r.committed))
	}
}

// A transaction that commits late, with numbers taken early, is skipped by no
// reader, whoever else commits, reads and numbers meanwhile.
func TestEventLogSkipsNothing(t *testing.T) {
	t.Parallel()
	const writers = 8
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		r := &logRun{t: t, w: w, nodes: []*Store{db.Store}, committed: map[domain.EventID]domain.Event{}, over: make(chan struct{}),
			gate: gate{random: rand.New(rand.NewPCG(1, 1))}, talks: w.waiting(4)}
		each := 8
		if db.engine.postgres() {
			each = 20
			r.nodes = append(r.nodes, connect(t, db.url).Store)
		}
		another := newWorld(t, db.Store)
		commit(t, db.Store, func(ctx context.Context) error { return db.Append(ctx, another.event("", 0, eventOdd)) })
		filters := map[string]domain.EventFilter{"all": {}, "all too": {}, "odd": {Types: []domain.EventType{eventOdd, "none"}},
			"talk": {Interaction: r.talks[1].ID}}
		var readers, writing sync.WaitGroup
		seen, mu, n := map[string][]domain.LoggedEvent{}, sync.Mutex{}, 0
		for who, f := range filters {
			n++
			node, random, wait := r.nodes[n%len(r.nodes)], rand.New(rand.NewPCG(2, uint64(n))), n%2 == 0
			readers.Go(func() {
				got := r.read(node, f, wait, random)
				mu.Lock()
				defer mu.Unlock()
				seen[who] = got
			})
		}
		for n := range writers {
			random := rand.New(rand.NewPCG(3, uint64(n)))
			writing.Go(func() {
				for range each {
					r.write(r.nodes[n%len(r.nodes)], random)
				}
			})
		}
		writing.Wait()
		close(r.over)
		readers.Wait()
		for who, f := range filters {
			r.check(who, f, seen[who])
		}
	})
}
