package desk

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Watching is what a watch needs of the database besides what a desk does.
type Watching interface {
	Graces(ctx context.Context) ([]domain.Grace, error)
	SaveSeen(ctx context.Context, org domain.OrganizationID, agent domain.AgentID, at time.Time) error
	ForgetSeen(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) error
	DueAgents(ctx context.Context, g domain.Grace, now time.Time, limit int) ([]domain.AgentID, time.Time, error)
}

// Watch is the loop that takes work back from agents of whom nothing is heard, in
// organizations that ask for it. It sees every request of an agent in memory, and
// writes into the agent's row that they were there at most four times in the grace
// period, so that all nodes know. Nobody is lost before it has listened for a whole
// period: that the program or its database was away is not the agents' absence.
type Watch struct {
	Store interface {
		Store
		Watching
	}
	Loss *Loss
	Now  func() time.Time

	mu      sync.Mutex
	since   time.Time // from when on it has listened
	watched map[domain.OrganizationID]bool
	seen    map[person]*sighting
}

type person struct {
	organization domain.OrganizationID
	agent        domain.AgentID
}

// sighting is what this node knows of an agent.
type sighting struct {
	open      int       // requests under way: while there is one, the agent is there
	at, saved time.Time // when they were last there, and what of it is in their row
}

// Enter says that a request of an agent's has begun; the agent is there until the
// function that it gives is called, and was then.
func (w *Watch) Enter(org domain.OrganizationID, agent domain.AgentID) (leave func()) {
	if agent == "" {
		return func() {}
	}
	p := person{org, agent}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[person]*sighting{}
	}
	if w.seen[p] == nil {
		w.seen[p] = &sighting{}
	}
	w.seen[p].open++
	w.seen[p].at = w.Now()
	return func() { w.leave(p) }
}

func (w *Watch) leave(p person) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.seen[p]
	s.open--
	s.at = w.Now()
	if s.open == 0 && !w.watched[p.organization] {
		delete(w.seen, p)
	}
}

// Name names the loop.
func (w *Watch) Name() string { return "presence" }

// RunDue writes down who is there, and then takes the work of those back who have
// been away for too long.
func (w *Watch) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	graces, err := w.Store.Graces(ctx)
	since := w.listen(now, err)
	if err != nil {
		return 0, next, err
	}
	w.adopt(graces)
	for _, g := range graces {
		lost, at, failed := w.keep(ctx, g, since, now)
		ran += lost
		if failed != nil { // one organization does not hold up the others
			err = failed
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return ran, next, err
}

// listen gives from when on the watch has listened; with the database away it is deaf.
func (w *Watch) listen(now time.Time, err error) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.since = time.Time{}
	case w.since.IsZero():
		w.since = now
	}
	return w.since
}

// adopt learns whose agents are watched, and forgets the others.
func (w *Watch) adopt(graces []domain.Grace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watched = map[domain.OrganizationID]bool{}
	for _, g := range graces {
		w.watched[g.Organization] = true
	}
	for p, s := range w.seen {
		if s.open == 0 && !w.watched[p.organization] {
			delete(w.seen, p)
		}
	}
}

// keep holds one organization to its rule.
func (w *Watch) keep(ctx context.Context, g domain.Grace, since, now time.Time) (lost int, next time.Time, err error) {
	if err := w.save(ctx, g, now); err != nil {
		return 0, next, err
	}
	if first := since.Add(g.Period); now.Before(first) {
		return 0, first, nil
	}
	due, next, err := w.Store.DueAgents(ctx, g, now, 64)
	if err != nil {
		return 0, next, err
	}
	for _, agent := range due {
		gone, failed := w.lose(ctx, g, agent, now)
		if failed != nil {
			err = failed
		}
		if gone {
			lost++
		}
	}
	return lost, next, err
}

// save writes down who was there since their row last said so. What it leaves out is
// written long before the row would say that they are lost.
func (w *Watch) save(ctx context.Context, g domain.Grace, now time.Time) error {
	news := w.news(g, now)
	if len(news) == 0 {
		return nil
	}
	order := func(a, b person) int { return cmp.Compare(a.agent, b.agent) } // as everybody locks them
	agents := slices.SortedFunc(maps.Keys(news), order)
	err := w.Store.InTx(ctx, func(ctx context.Context) error {
		for _, p := range agents {
			if err := w.Store.SaveSeen(ctx, p.organization, p.agent, news[p]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, at := range news {
		if s := w.seen[p]; s != nil {
			s.saved = at
		}
	}
	return nil
}

// news is who was there since their row last said so, a quarter of the period ago or
// longer. Of agents of whom it has nothing to say any more nothing is kept.
func (w *Watch) news(g domain.Grace, now time.Time) map[person]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := map[person]time.Time{}
	for p, s := range w.seen {
		if p.organization != g.Organization {
			continue
		}
		if s.open > 0 {
			s.at = now
		}
		switch {
		case s.at.After(s.saved) && now.Sub(s.saved) >= g.Period/4:
			news[p] = s.at
		case s.open == 0 && now.Sub(s.at) > g.Period:
			delete(w.seen, p)
		}
	}
	return news
}

// lose takes back the work of an agent who is lost, and them off the queue, unless
// they were seen a moment ago.
func (w *Watch) lose(ctx context.Context, g domain.Grace, agent domain.AgentID, now time.Time) (gone bool, err error) {
	err = w.Store.InTx(ctx, func(ctx context.Context) error {
		gone = false
		a, parts, err := w.Loss.lock(ctx, g.Organization, agent)
		if err != nil || !g.Over(a, now) {
			return err
		}
		gone = true
		if err := w.offQueue(ctx, a, now); err != nil {
			return err
		}
		return w.Loss.takeBack(ctx, g.Lost, parts, now)
	})
	if errors.Is(err, errMoved) {
		return false, nil // next time
	}
	return gone && err == nil, err
}

func (w *Watch) offQueue(ctx context.Context, a domain.Agent, now time.Time) error {
	a, events := a.Lose(now)
	if len(events) == 0 {
		return w.Store.ForgetSeen(ctx, a.Organization, a.ID)
	}
	if err := w.Store.SaveAgent(ctx, &a); err != nil {
		return err
	}
	return w.Store.Append(ctx, events...)
}
