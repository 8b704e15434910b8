package dispatch_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/dispatch"
	"github.com/parley-cx/parley/internal/domain"
)

const org domain.OrganizationID = "org"

var errBroken = errors.New("this row cannot be written")

// rows is a database in memory of one queue, in which some rows are somebody else's
// and some cannot be written. Anything else panics.
type rows struct {
	dispatch.Store
	queue   domain.Queue
	waiting map[domain.InteractionID]domain.Interaction
	agents  map[domain.AgentID]domain.Agent
	locked  map[domain.AgentID]bool
	broken  map[domain.InteractionID]bool
	made    map[domain.InteractionID]domain.AgentID
	commits int
}

func newRows(interactions, agents int) *rows {
	now := noon()
	r := &rows{queue: domain.NewQueue(org, now), waiting: map[domain.InteractionID]domain.Interaction{}, agents: map[domain.AgentID]domain.Agent{},
		locked: map[domain.AgentID]bool{}, broken: map[domain.InteractionID]bool{}, made: map[domain.InteractionID]domain.AgentID{}}
	for n := range interactions {
		thread := domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: org, Channel: "channel"}
		i, _ := domain.NewInteraction(thread, domain.Channel{ID: "channel", Kind: domain.ChannelMessenger, Queue: &r.queue.ID}, domain.OriginMessage, now)
		i.ID = domain.InteractionID(rune('a' + n))
		i = i.Enter(r.queue, now.Add(time.Duration(n)*time.Second))
		r.waiting[i.ID] = i
	}
	for n := range agents {
		a := domain.NewAgent(org, "agent", now.Add(time.Duration(n)*time.Second))
		a.ID, a.Presence, a.Limits.Message = domain.AgentID(rune('A'+n)), domain.PresenceOnQueue, 1
		r.agents[a.ID] = a
	}
	return r
}

func noon() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }

func (r *rows) InTx(ctx context.Context, fn func(context.Context) error) error {
	err := fn(ctx)
	if err == nil {
		r.commits++
	}
	return err
}

func (r *rows) QueuesByID(context.Context, domain.OrganizationID, []domain.QueueID) (map[domain.QueueID]domain.Queue, error) {
	return map[domain.QueueID]domain.Queue{r.queue.ID: r.queue}, nil
}

func (r *rows) sorted() []domain.Interaction {
	return slices.SortedFunc(maps.Values(r.waiting), func(a, b domain.Interaction) int { return a.EnqueuedAt.Compare(b.EnqueuedAt) })
}

func (r *rows) ClassesIn(context.Context, domain.OrganizationID, domain.QueueID) ([]domain.Class, error) {
	for _, i := range r.sorted() {
		return []domain.Class{domain.ClassOf(r.queue.ID, i.Class(), i.ID, i.Score())}, nil
	}
	return nil, nil
}

func (r *rows) ClassesFor(ctx context.Context, o domain.OrganizationID, _ []domain.AgentID) ([]domain.Class, error) {
	return r.ClassesIn(ctx, o, r.queue.ID)
}

func (r *rows) WaitingIn(_ context.Context, _ domain.OrganizationID, _ []domain.Class, limit int) ([]domain.Waiting, error) {
	var found []domain.Waiting
	for _, i := range r.sorted() {
		found = append(found, i.Waiting())
	}
	return found[:min(limit, len(found))], nil
}

func (r *rows) AgentsByID(_ context.Context, _ domain.OrganizationID, ids []domain.AgentID) ([]domain.Agent, error) {
	var found []domain.Agent
	for _, id := range ids {
		found = append(found, r.agents[id])
	}
	return found, nil
}

func (r *rows) AvailableIn(_ context.Context, _ domain.OrganizationID, _ domain.QueueID, limit int) ([]domain.Candidate, error) {
	var found []domain.Candidate
	for _, id := range slices.Sorted(maps.Keys(r.agents)) {
		if r.agents[id].Eligible() {
			found = append(found, domain.Candidate{Agent: r.agents[id], Rings: map[domain.QueueID]int{r.queue.ID: 1}})
		}
	}
	return found[:min(limit, len(found))], nil
}

func (r *rows) CandidatesIn(context.Context, domain.OrganizationID, domain.QueueID, []domain.AgentID) ([]domain.Candidate, error) {
	return nil, nil
}

func (r *rows) Memberships(_ context.Context, _ domain.OrganizationID, _ []domain.QueueID, agents []domain.AgentID) ([]domain.Member, error) {
	var found []domain.Member
	for _, a := range agents {
		found = append(found, domain.Member{Queue: r.queue.ID, Agent: a, Ring: 1, Joined: true})
	}
	return found, nil
}

func (r *rows) LockForOffers(_ context.Context, _ domain.OrganizationID, ids []domain.InteractionID, agents []domain.AgentID) (map[domain.InteractionID]domain.Interaction, map[domain.AgentID]domain.Agent, error) {
	waiting, free := map[domain.InteractionID]domain.Interaction{}, map[domain.AgentID]domain.Agent{}
	for _, id := range ids {
		if i, waits := r.waiting[id]; waits {
			waiting[id] = i
		}
	}
	for _, a := range agents {
		if !r.locked[a] {
			free[a] = r.agents[a]
		}
	}
	return waiting, free, nil
}

func (r *rows) CreateEngagements(_ context.Context, made []domain.Engagement, _ []domain.Event) error {
	for _, e := range made {
		if r.broken[e.Interaction.ID] {
			return errBroken
		}
	}
	for _, e := range made {
		delete(r.waiting, e.Interaction.ID)
		r.agents[e.Agent.ID], r.made[e.Interaction.ID] = e.Agent, e.Agent.ID
	}
	return nil
}

// Many offers share a commit, be it that work came or that agents did; what somebody
// else holds, or what cannot be written, holds up nothing else.
func TestOffersOfOneLook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(r *rows)
		missing []domain.InteractionID
		commits int
		failed  bool
	}{
		"all of them":             {func(*rows) {}, nil, 1, false},
		"an agent's row is held":  {func(r *rows) { r.locked["C"] = true }, []domain.InteractionID{"c"}, 1, false},
		"a row cannot be written": {func(r *rows) { r.broken["b"] = true }, []domain.InteractionID{"b"}, 4, true},
		"both":                    {func(r *rows) { r.locked["C"], r.broken["b"] = true, true }, []domain.InteractionID{"b", "c"}, 4, true},
	} {
		for entry, wake := range map[string]func(*dispatch.Dispatcher, *rows){
			"a queue": func(d *dispatch.Dispatcher, r *rows) { d.Queued(org, r.queue.ID) },
			"agents": func(d *dispatch.Dispatcher, r *rows) {
				for a := range r.agents {
					d.Freed(org, a)
				}
			},
		} {
			r := newRows(5, 5)
			c.change(r)
			woken := 0
			d := &dispatch.Dispatcher{Store: r, Wake: func() { woken++ }, Now: noon}
			wake(d, r)
			before := woken
			ran, _, err := d.RunDue(t.Context(), noon())
			if ran != 5-len(c.missing) || (err != nil) != c.failed || c.failed && !errors.Is(err, errBroken) {
				t.Errorf("%s, %s: %d offers (%v)", name, entry, ran, err)
			}
			for _, i := range []domain.InteractionID{"a", "b", "c", "d", "e"} {
				if _, made := r.made[i]; made == slices.Contains(c.missing, i) {
					t.Errorf("%s, %s: %s was offered: %v", name, entry, i, made)
				}
			}
			if r.commits < c.commits || entry == "agents" && r.commits != c.commits {
				t.Errorf("%s, %s: %d commits", name, entry, r.commits)
			}
			if c.failed && woken == before {
				t.Errorf("%s, %s: what failed is not tried again", name, entry)
			}
		}
	}
}
