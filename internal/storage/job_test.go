package storage

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// machine is the machine time of the tests: nothing to do with the business time.
var machine = time.Date(2031, 7, 1, 0, 0, 0, 0, time.UTC)

// claim leases what is due and saves it, as a sender does, and names it by
// thread and position.
func (w *world) claim(s *Store, now, machine time.Time, limit int) (claimed []domain.Delivery) {
	w.t.Helper()
	commit(w.t, s, func(ctx context.Context) (err error) {
		if claimed, err = s.ClaimDeliveries(ctx, now, machine, machine.Add(time.Minute), limit); err != nil {
			return err
		}
		for _, d := range claimed {
			if err := s.SaveDelivery(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed
}

// queueDeliveries makes n deliveries for each of some threads.
func (w *world) queueDeliveries(threads, n int) [][]domain.Delivery {
	w.t.Helper()
	made := make([][]domain.Delivery, threads)
	for k, t := range w.threads(threads) {
		for position := range n {
			made[k] = append(made[k], w.delivery(t, int64(position)+1))
		}
	}
	commit(w.t, w.Store, func(ctx context.Context) error { return w.CreateDeliveries(ctx, slices.Concat(made...)...) })
	return made
}

func jobIDs(deliveries []domain.Delivery) []string {
	found := each(deliveries, func(d domain.Delivery) string { return string(d.ID) })
	slices.Sort(found)
	return found
}

func (w *world) expect(what string, got []domain.Delivery, want ...domain.Delivery) {
	w.t.Helper()
	if !slices.Equal(jobIDs(got), jobIDs(want)) {
		w.t.Errorf("%s: claimed %s, want %s", what, strings.Join(jobIDs(got), " "), strings.Join(jobIDs(want), " "))
	}
}

func TestClaimDeliveriesTakesTheFirstOfEachThread(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		jobs := w.queueDeliveries(2, 3)
		claimed := w.claim(db.Store, noon, machine, 10)
		w.expect("at first", claimed, jobs[0][0], jobs[1][0])
		for _, d := range claimed {
			if !d.LeaseUntil.Equal(machine.Add(time.Minute)) {
				t.Errorf("leased until %v", d.LeaseUntil)
			}
		}
		w.expect("while both are leased", w.claim(db.Store, noon, machine, 10))
		commit(t, db.Store, func(ctx context.Context) error { return db.DeleteDelivery(ctx, jobs[0][0]) })
		w.expect("after the first is done", w.claim(db.Store, noon, machine, 10), jobs[0][1])
		commit(t, db.Store, func(ctx context.Context) error {
			return db.DeleteDeliveriesOf(ctx, w.org, []domain.MessageID{jobs[1][0].Message, jobs[0][1].Message})
		})
		w.expect("after two are proven", w.claim(db.Store, noon, machine, 10), jobs[0][2], jobs[1][1])
	})
}

// One that is to be tried later holds up its thread, and no other.
func TestClaimDeliveriesWaitsForARetry(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		jobs := w.queueDeliveries(2, 2)
		later := jobs[0][0]
		later.RunAt = noon.Add(time.Hour)
		commit(t, db.Store, func(ctx context.Context) error { return db.SaveDelivery(ctx, later) })
		w.expect("before the retry", w.claim(db.Store, noon, machine, 10), jobs[1][0])
		if next, err := db.NextDelivery(t.Context(), noon); err != nil || !next.Equal(later.RunAt) {
			t.Errorf("the next is due at %v (%v)", next, err)
		}
		w.expect("at the retry", w.claim(db.Store, later.RunAt, machine, 10), later)
		if next, err := db.NextDelivery(t.Context(), later.RunAt); err != nil || !next.IsZero() {
			t.Errorf("with nothing to come, the next is due at %v (%v)", next, err)
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.SaveDelivery(ctx, later) })
		commit(t, db.Store, func(ctx context.Context) error { return db.ReleaseDeliveries(ctx, w.org, w.channel.ID, noon) })
		w.expect("with new credentials", w.claim(db.Store, noon, machine, 10), later)
	})
}

// Business time and machine time are two: the sandbox moves one of them.
func TestClaimDeliveriesKnowsTwoClocks(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		job := w.queueDeliveries(1, 1)[0][0]
		year := noon.AddDate(1, 0, 0)
		w.expect("before it is due", w.claim(db.Store, noon.Add(-time.Millisecond), machine.AddDate(1, 0, 0), 1))
		w.expect("when it is due", w.claim(db.Store, noon, machine, 1), job)
		w.expect("a year of business later", w.claim(db.Store, year, machine, 1))
		w.expect("just before the lease ends", w.claim(db.Store, year, machine.Add(time.Minute-time.Millisecond), 1))
		w.expect("when the lease ends", w.claim(db.Store, noon, machine.Add(time.Minute), 1), job)
	})
}

func TestClaimDeliveriesOldestFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		var jobs []domain.Delivery
		for n, th := range w.threads(5) {
			d := w.delivery(th, 1)
			d.RunAt = noon.Add(-time.Duration(n) * time.Second)
			jobs = append(jobs, d)
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.CreateDeliveries(ctx, jobs...) })
		w.expect("the oldest two", w.claim(db.Store, noon, machine, 2), jobs[4], jobs[3])
		w.expect("the next two", w.claim(db.Store, noon, machine, 2), jobs[2], jobs[1])
	})
}

// Many claimers of two nodes share the work: nothing is claimed twice, and each
// thread goes in its order.
func TestClaimDeliveriesByManyAtOnce(t *testing.T) {
	t.Parallel()
	const threads, each = 12, 4
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		w.queueDeliveries(threads, each)
		nodes := []*Store{db.Store}
		if db.engine.postgres() {
			nodes = append(nodes, connect(t, db.url).Store)
		}
		var mu sync.Mutex
		done := map[domain.ThreadID][]int64{}
		left := threads * each
		var group sync.WaitGroup
		for n := range 6 {
			s := nodes[n%len(nodes)]
			group.Go(func() {
				for {
					mu.Lock()
					over := left == 0
					mu.Unlock()
					if over || t.Failed() {
						return
					}
					claimed := w.claim(s, noon, machine, 3)
					mu.Lock()
					left -= len(claimed)
					for _, d := range claimed {
						done[d.Thread] = append(done[d.Thread], d.Position)
					}
					mu.Unlock()
					for _, d := range claimed {
						commit(t, s, func(ctx context.Context) error { return s.DeleteDelivery(ctx, d) })
					}
				}
			})
		}
		group.Wait()
		for thread, positions := range done {
			if !slices.Equal(positions, []int64{1, 2, 3, 4}) {
				t.Errorf("thread %s went %v", thread, positions)
			}
		}
	})
}

// What another node is claiming is left out without waiting for that node.
func TestClaimDeliveriesSkipsWhatIsLocked(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	other := connect(t, db.url)
	w := newWorld(t, db.Store)
	jobs := w.queueDeliveries(3, 2)
	commit(t, db.Store, func(ctx context.Context) error {
		held, err := db.ClaimDeliveries(ctx, noon, machine, machine.Add(time.Minute), 2)
		if err != nil || len(held) != 2 {
			t.Fatalf("%d claimed (%v)", len(held), err)
		}
		var free []domain.Delivery
		for _, lane := range jobs {
			if !slices.ContainsFunc(held, func(d domain.Delivery) bool { return d.ID == lane[0].ID }) {
				free = append(free, lane[0])
			}
		}
		w.expect("what nobody holds", w.claim(other.Store, noon, machine, 10), free...)
		return nil
	})
}
