package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// plainClass is the class of a queue's work that asks for nothing special.
func plainClass(queue domain.QueueID) []domain.Class {
	return []domain.Class{{Queue: queue, Name: "conversation_score messenger message 1"}}
}

func TestWaitingInOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		other.waiting(2)
		elsewhere := domain.NewQueue(w.org, noon)
		commit(t, db.Store, func(ctx context.Context) error { return db.CreateQueue(ctx, elsewhere) })
		made := w.waiting(7, func(n int, i *domain.Interaction) {
			switch n {
			case 0: // the oldest, and connected
				i.State = domain.InteractionConnected
			case 1: // waits elsewhere
				i.Queue = &elsewhere.ID
			case 2: // waits for an assignment
				i.Queue = nil
			case 6: // the youngest; a point of priority is worth a minute
				i.Priority = 1
			case 5: // as old as number 4
				i.EnqueuedAt = i.EnqueuedAt.Add(-time.Second)
			}
		})
		got, err := w.WaitingIn(t.Context(), w.org, plainClass(w.queue.ID), 10)
		want := []domain.InteractionID{made[6].ID, made[3].ID, made[4].ID, made[5].ID}
		if order := each(got, func(w domain.Waiting) domain.InteractionID { return w.Interaction }); err != nil || !slices.Equal(order, want) {
			t.Errorf("waiting: %v (%v), want %v", order, err, want)
		}
		for n, k := range []int{6, 3, 4, 5} {
			if got[n].Score != made[k].Score() || got[n].Queue != w.queue.ID {
				t.Errorf("%+v of %+v", got[n], made[k])
			}
		}
		if head, err := w.WaitingIn(t.Context(), w.org, plainClass(w.queue.ID), 2); err != nil || len(head) != 2 || head[1].Interaction != got[1].Interaction {
			t.Errorf("the head is %v (%v)", head, err)
		}
		both := append(plainClass(w.queue.ID), plainClass(elsewhere.ID)...)
		if heads, err := w.WaitingIn(t.Context(), w.org, both, 1); err != nil || len(heads) != 2 || heads[0].Interaction != made[6].ID || heads[1].Interaction != made[1].ID {
			t.Errorf("the heads of two queues are %v (%v)", heads, err)
		}
	})
}

// Of the queues in which something waits, those are swept in which somebody has
// room, or from which something may move on.
func TestWaitingQueues(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		free := w.agent()
		full := w.agent(func(a *domain.Agent) { a.Load.Connected = domain.MessageCapacity })
		away := w.agent(func(a *domain.Agent) { a.Presence = domain.PresenceAway })
		missed := w.agent(func(a *domain.Agent) { a.NotResponding = true })
		deleted := w.agent()
		other.agent()
		want := map[string]bool{"free": true, "free and full": true, "spills": true}
		made := map[domain.QueueID]string{}
		for name, c := range map[string]struct {
			joined, left []domain.Agent
			waits        bool
			overflow     *domain.QueueID
			requeued     int
		}{
			"free":           {joined: []domain.Agent{free}, waits: true},
			"free and full":  {joined: []domain.Agent{full, free}, waits: true},
			"nothing waits":  {joined: []domain.Agent{free}},
			"nobody":         {waits: true, overflow: &w.queue.ID},
			"nobody has it":  {joined: []domain.Agent{full, away, missed, deleted}, left: []domain.Agent{free}, waits: true, requeued: 3},
			"spills":         {joined: []domain.Agent{full}, waits: true, overflow: &w.queue.ID, requeued: 1},
			"nothing spills": {overflow: &w.queue.ID},
		} {
			q := domain.NewQueue(w.org, noon)
			q.Overflow, made[q.ID] = c.overflow, name
			commit(t, db.Store, func(ctx context.Context) error {
				err := db.CreateQueue(ctx, q)
				for _, a := range append(c.joined, c.left...) {
					joined := slices.ContainsFunc(c.joined, func(j domain.Agent) bool { return j.ID == a.ID })
					err = first(err, db.PutMember(ctx, w.org, domain.Member{Queue: q.ID, Agent: a.ID, Ring: 1, Joined: joined}))
				}
				return err
			})
			if c.waits {
				w.waiting(2, func(_ int, i *domain.Interaction) { i.Queue, i.RequeueCount = &q.ID, c.requeued })
			}
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return db.remove(ctx, "agents", w.org, string(deleted.ID), deleted.Version, noon)
		})
		queues, err := w.WaitingQueues(t.Context())
		if err != nil || len(queues) != len(want) {
			t.Errorf("%d queues are swept (%v)", len(queues), err)
		}
		for _, q := range queues {
			if q.Organization != w.org || !want[made[q.Queue]] {
				t.Errorf("swept: %q of %v", made[q.Queue], q)
			}
		}
	})
}

// However many agents are away, the sweep does not look at them.
func TestSweepLooksAtAgentsOnQueue(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	var steps []struct{ Detail string }
	if err := db.read.Raw("EXPLAIN QUERY PLAN " + takersSQL).Scan(&steps).Error; err != nil {
		t.Fatal(err)
	}
	plan := each(steps, func(s struct{ Detail string }) string { return s.Detail })
	for _, want := range []string{"SCAN a USING INDEX agents_on_queue", "SEARCH m USING INDEX sqlite_autoindex_queue_members_1 (organization_id=? AND queue_id=?)"} {
		if !slices.Contains(plan, want) {
			t.Errorf("the plan lacks %q: %q", want, plan)
		}
	}
}

// However many agents there are, a look at a queue looks at its members.
func TestCandidatesAreFoundByTheirQueue(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	var steps []struct{ Detail string }
	if err := db.read.Raw("EXPLAIN QUERY PLAN "+availableSQL, "o", "q", 16).Scan(&steps).Error; err != nil {
		t.Fatal(err)
	}
	plan := each(steps, func(s struct{ Detail string }) string { return s.Detail })
	for n, want := range []string{"SEARCH m USING INDEX sqlite_autoindex_queue_members_1 (organization_id=? AND queue_id=?)",
		"SEARCH a USING INDEX sqlite_autoindex_agents_1 (organization_id=? AND id=?)"} {
		if len(plan) <= n || plan[n] != want {
			t.Errorf("step %d of the plan is not %q: %q", n, want, plan)
		}
	}
}

func TestAvailableInOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		other.agent()
		idle := func(d time.Duration) func(*domain.Agent) {
			return func(a *domain.Agent) { a.IdleSince = noon.Add(d) }
		}
		busy := w.agent(idle(-time.Hour), func(a *domain.Agent) { a.Load.Connected = 2 })
		wrapping := w.agent(idle(-2*time.Hour), func(a *domain.Agent) { a.Load.WrapUp = 1 })
		late, early := w.agent(idle(0)), w.agent(idle(-time.Minute))
		for name, change := range map[string]func(*domain.Agent){
			"full":           func(a *domain.Agent) { a.Load = domain.Load{Alerting: 1, Connected: 1, WrapUp: 1} },
			"away":           func(a *domain.Agent) { a.Presence = domain.PresenceAway },
			"not responding": func(a *domain.Agent) { a.NotResponding = true },
			"without scope":  func(a *domain.Agent) { a.Scopes = []domain.Scope{"conversation:message:accepted", domain.ScopeOnQueue} },
		} {
			w.agent(change, func(a *domain.Agent) { a.Name = name })
		}
		deleted, left, stranger := w.agent(), w.agent(), w.agent()
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.DeleteAgent(ctx, deleted, noon),
				db.PutMember(ctx, w.org, domain.Member{Queue: w.queue.ID, Agent: left.ID, Joined: false}),
				db.DeleteMember(ctx, w.org, w.queue.ID, stranger.ID))
		})
		got, err := w.AvailableIn(t.Context(), w.org, w.queue.ID, 10)
		want := []domain.Agent{early, late, wrapping, busy}
		if len(got) != len(want) || err != nil {
			t.Fatalf("available: %+v (%v)", got, err)
		}
		for n := range want {
			same(t, "available", got[n].Agent, want[n])
			if got[n].Rings[w.queue.ID] != 1 {
				t.Errorf("the rings are %v", got[n].Rings)
			}
		}
		if head, err := w.AvailableIn(t.Context(), w.org, w.queue.ID, 1); err != nil || len(head) != 1 || head[0].ID != early.ID {
			t.Errorf("the head is %v (%v)", head, err)
		}
		for agent, member := range map[domain.AgentID]bool{early.ID: true, left.ID: false, stranger.ID: false} {
			joined, err := w.Memberships(t.Context(), w.org, []domain.QueueID{w.queue.ID}, []domain.AgentID{agent})
			if err != nil || (len(joined) == 1) != member || member && joined[0] != (domain.Member{Queue: w.queue.ID, Agent: agent, Ring: 1, Joined: true}) {
				t.Errorf("joined members: %+v (%v); want one: %v", joined, err, member)
			}
		}
	})
}

func TestLockForOffers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, other := newWorld(t, db.Store), newWorld(t, db.Store)
		made := w.waiting(3, func(n int, i *domain.Interaction) {
			if n == 1 {
				i.State = domain.InteractionConnected
			}
		})
		a, b, gone := w.agent(), w.agent(), w.agent()
		theirs := other.waiting(1)[0]
		commit(t, db.Store, func(ctx context.Context) error { return db.DeleteAgent(ctx, gone, noon) })
		commit(t, db.Store, func(ctx context.Context) error {
			waiting, free, err := db.LockForOffers(ctx, w.org, []domain.InteractionID{made[2].ID, theirs.ID, made[1].ID, made[0].ID}, []domain.AgentID{b.ID, gone.ID, a.ID})
			if len(waiting) != 2 || len(free) != 2 {
				t.Fatalf("%d of 2 that wait, %d of 2 agents (%v)", len(waiting), len(free), err)
			}
			same(t, "waits", waiting[made[0].ID], made[0])
			same(t, "waits", waiting[made[2].ID], made[2])
			same(t, "an agent", free[a.ID], a)
			same(t, "an agent", free[b.ID], b)
			return err
		})
	})
}

// Dispatch never waits for a row that somebody else holds, and gets the others.
func TestLockForOffersSkipsWhatIsLocked(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	other := connect(t, db.url)
	w := newWorld(t, db.Store)
	made, a, b := w.waiting(2), w.agent(), w.agent()
	interactions, agents := []domain.InteractionID{made[0].ID, made[1].ID}, []domain.AgentID{a.ID, b.ID}
	for name, lock := range map[string]func(ctx context.Context) error{
		"interaction": func(ctx context.Context) error { _, err := db.LockInteraction(ctx, w.org, made[0].ID); return err },
		"agent":       func(ctx context.Context) error { _, err := db.LockAgent(ctx, w.org, a.ID); return err },
	} {
		commit(t, db.Store, func(ctx context.Context) error {
			if err := lock(ctx); err != nil {
				return err
			}
			commit(t, other.Store, func(ctx context.Context) error {
				// It could wait no longer than this statement: the test would fail, not hang.
				if err := other.db(ctx).Exec("SET LOCAL lock_timeout = '1ms'").Error; err != nil {
					return err
				}
				waiting, free, err := other.LockForOffers(ctx, w.org, interactions, agents)
				if _, locked := waiting[made[0].ID]; locked == (name == "interaction") {
					t.Errorf("the %s is held by another node; the interaction was locked: %v", name, locked)
				}
				if _, locked := free[a.ID]; locked == (name == "agent") {
					t.Errorf("the %s is held by another node; the agent was locked: %v", name, locked)
				}
				if len(waiting)+len(free) != 3 {
					t.Errorf("the %s is held by another node, and %d rows of 3 were locked", name, len(waiting)+len(free))
				}
				return err
			})
			return nil
		})
	}
}

// Offers that are written together are what they would be one by one.
func TestCreateEngagements(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		agents, waiting := []domain.Agent{w.agent(), w.agent()}, w.waiting(3)
		var made []domain.Engagement
		var events []domain.Event
		for n, i := range waiting {
			e, told, err := domain.Offer(i, agents[n%2], time.Minute, noon)
			if err != nil {
				t.Fatal(err)
			}
			agents[n%2] = e.Agent
			made, events = append(made, e), append(events, told...)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			return first(db.CreateEngagements(ctx, made, events), db.CreateEngagements(ctx, nil, nil))
		})
		for n, e := range made {
			commit(t, db.Store, func(ctx context.Context) error {
				got, err := db.LockEngagement(ctx, w.org, e.Interaction.ID, e.Agent.ID, e.Participant.ID)
				e.Agent, e.Interaction.Version = agents[n%2], waiting[n].Version+1
				e.Agent.Version++
				same(t, "an offer", got, e)
				return err
			})
		}
	})
}

func TestDueOffers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		var made []domain.Engagement
		for n, i := range w.waiting(4) {
			e, events, err := domain.Offer(i, w.agent(), time.Duration(4-n)*time.Minute, noon)
			if err != nil {
				t.Fatal(err)
			}
			commit(t, db.Store, func(ctx context.Context) error { return db.CreateEngagement(ctx, &e, events) })
			made = append(made, e)
		}
		over, events, err := made[3].Accept(domain.System(), noon)
		if err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.SaveEngagement(ctx, &over, events) })
		due, next, err := db.DueOffers(t.Context(), noon.Add(3*time.Minute), 10)
		if err != nil || len(due) != 2 || due[0].Participant != made[2].Participant.ID || due[1].Participant != made[1].Participant.ID {
			t.Errorf("due: %+v (%v)", due, err)
		}
		if want := made[0].Participant.ExpiresAt; !next.Equal(want) {
			t.Errorf("the next ends at %v, want %v", next, want)
		}
		if due[0].Organization != w.org || due[0].Interaction != made[2].Interaction.ID || due[0].Agent != made[2].Agent.ID {
			t.Errorf("due: %+v", due[0])
		}
		if due, next, err := db.DueOffers(t.Context(), noon, 10); err != nil || len(due) != 0 || !next.Equal(made[2].Participant.ExpiresAt) {
			t.Errorf("before the first: %+v, next %v (%v)", due, next, err)
		}
	})
}

// A wrap-up is due from its deadline on, the oldest first, for as long as it is open.
func TestDueWrapUps(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		by := domain.Actor{Type: domain.ActorAgent}
		var made []domain.Engagement
		for n, i := range w.waiting(4) {
			e := w.offer(i, w.agent())
			for _, move := range []func(domain.Engagement) (domain.Engagement, []domain.Event, error){
				func(e domain.Engagement) (domain.Engagement, []domain.Event, error) { return e.Accept(by, noon) },
				func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
					return e.End(domain.ACW{Mode: domain.ACWForcedTimeout, TimeoutSeconds: 60 * (4 - n)}, by, noon)
				},
			} {
				next, events, err := move(e)
				if err != nil {
					t.Fatal(err)
				}
				e = next
				commit(t, db.Store, func(ctx context.Context) error { return db.SaveEngagement(ctx, &e, events) })
			}
			made = append(made, e)
		}
		over, events, err := made[3].RunOut(noon.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		commit(t, db.Store, func(ctx context.Context) error { return db.SaveEngagement(ctx, &over, events) })
		due, next, err := db.DueWrapUps(t.Context(), noon.Add(3*time.Minute), 10)
		if err != nil || len(due) != 2 || due[0].Participant != made[2].Participant.ID || due[1].Participant != made[1].Participant.ID ||
			due[0].Organization != w.org || due[0].Interaction != made[2].Interaction.ID || due[0].Agent != made[2].Agent.ID {
			t.Errorf("due: %+v (%v)", due, err)
		}
		if want := *made[0].Participant.WrapUp.Deadline; !next.Equal(want) {
			t.Errorf("the next ends at %v, want %v", next, want)
		}
	})
}
