package dispatch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// work gives the most urgent work of some classes with what the rules need to know.
func (d *Dispatcher) work(ctx context.Context, org domain.OrganizationID, classes []domain.Class, rules routing.Rules, limit int) (work []domain.Waiting, err error) {
	for part := range slices.Chunk(classes, batch) {
		waiting, err := d.Store.WaitingIn(ctx, org, part, limit)
		if err != nil {
			return nil, err
		}
		work = append(work, waiting...)
	}
	return d.remember(ctx, org, rules, work)
}

// remember adds who had the work before, where a queue's rules ask for it.
func (d *Dispatcher) remember(ctx context.Context, org domain.OrganizationID, rules routing.Rules, waiting []domain.Waiting) ([]domain.Waiting, error) {
	var ids []domain.InteractionID
	for _, w := range waiting {
		if rules[w.Queue].Affinity.Enabled && w.Previous != nil {
			ids = append(ids, *w.Previous)
		}
		if rules[w.Queue].ExcludeDeclinersSeconds > 0 {
			ids = append(ids, w.Interaction)
		}
	}
	if len(ids) == 0 {
		return waiting, nil
	}
	parts, err := d.Store.Parts(ctx, org, ids)
	for n, w := range waiting {
		var previous []domain.Participant
		if w.Previous != nil {
			previous = parts[*w.Previous]
		}
		waiting[n] = w.Remember(previous, parts[w.Interaction])
	}
	return waiting, err
}

// forQueue offers what waits in one queue to the agents whose turn it is.
func (d *Dispatcher) forQueue(ctx context.Context, p place) (int, error) {
	queues, err := d.Store.QueuesByID(ctx, p.organization, []domain.QueueID{p.queue})
	q, living := queues[p.queue]
	if err != nil || !living {
		return 0, err
	}
	total, err := d.spill(ctx, q)
	if err != nil {
		return total, err
	}
	var failed error // what could not be offered holds up nothing else
	for limit := batch; ; {
		decisions, waiting, more, err := d.decide(ctx, q, limit)
		if err != nil || len(decisions) == 0 && !more {
			return total, errors.Join(failed, err)
		}
		if len(decisions) == 0 { // nobody whose turn it is can take any of it
			limit *= 16
			continue
		}
		made := 0
		made, failed = d.offerBest(ctx, q, decisions, waiting)
		total += made
		if made == 0 {
			if failed == nil { // somebody held every row
				time.AfterFunc(again, func() { d.Queued(p.organization, p.queue) })
			}
			return total, failed
		}
	}
}

// everybody is more agents than a queue has.
const everybody = 1 << 20

// decide matches what waits in a queue with so many of its agents, and tells
// whether there are more of them to look at.
func (d *Dispatcher) decide(ctx context.Context, q domain.Queue, limit int) (decisions []routing.Decision, waiting []domain.Waiting, more bool, err error) {
	r := q.Rules.Routing
	if r.Evaluation == domain.EvaluationBest {
		limit = everybody // the best is not the one who has waited longest
	}
	agents, err := d.Store.AvailableIn(ctx, q.Organization, q.ID, limit)
	if err != nil || len(agents) == 0 {
		return nil, nil, false, err
	}
	classes, err := d.Store.ClassesIn(ctx, q.Organization, q.ID)
	if err != nil || len(classes) == 0 {
		return nil, nil, false, err
	}
	classes = slices.DeleteFunc(classes, func(class domain.Class) bool {
		return !class.Vague && !slices.ContainsFunc(agents, func(c routing.Candidate) bool { return routing.Fits(class.Head, c, r, d.Now()) })
	})
	if waiting, err = d.work(ctx, q.Organization, classes, routing.Rules{q.ID: r}, batch); err != nil {
		return nil, nil, false, err
	}
	returned, err := d.lastAgents(ctx, q, waiting, agents)
	decisions = routing.Match(waiting, append(agents, returned...), routing.Rules{q.ID: r}, d.Now())
	return decisions, waiting, len(agents) == limit, err
}

// offerBest makes the offers of decisions about one queue. Agents for whom more
// urgent work may wait in another queue, which nobody has told of yet, are looked
// at with all their queues.
func (d *Dispatcher) offerBest(ctx context.Context, q domain.Queue, decisions []routing.Decision, waiting []domain.Waiting) (made int, err error) {
	elsewhere, err := d.betterElsewhere(ctx, q, decisions, waiting)
	if err != nil {
		return 0, err
	}
	here := slices.DeleteFunc(decisions, func(decision routing.Decision) bool { return elsewhere[decision.Agent] })
	made, _, err = d.offerAll(ctx, q.Organization, here)
	if len(elsewhere) == 0 {
		return made, err
	}
	more, failed := d.forAgents(ctx, q.Organization, slices.Sorted(maps.Keys(elsewhere)))
	return made + more, errors.Join(err, failed)
}

// betterElsewhere tells for which agents of some decisions about one queue more
// urgent work may wait in another one of theirs.
func (d *Dispatcher) betterElsewhere(ctx context.Context, q domain.Queue, decisions []routing.Decision, waiting []domain.Waiting) (map[domain.AgentID]bool, error) {
	agents := agentsOf(decisions)
	classes, err := d.Store.ClassesFor(ctx, q.Organization, agents)
	classes = slices.DeleteFunc(classes, func(c domain.Class) bool { return c.Queue == q.ID || c.Vague })
	if err != nil || len(classes) == 0 {
		return nil, err
	}
	rings, err := d.rings(ctx, q.Organization, queuesOf(classes), agents)
	work := map[domain.InteractionID]domain.Waiting{}
	for _, w := range waiting {
		work[w.Interaction] = w
	}
	better := map[domain.AgentID]bool{}
	for _, decision := range decisions {
		better[decision.Agent] = better[decision.Agent] || slices.ContainsFunc(classes, func(c domain.Class) bool {
			_, joined := rings[decision.Agent][c.Queue]
			return joined && routing.Urgent(c.Head, work[decision.Interaction]) < 0
		})
	}
	maps.DeleteFunc(better, func(_ domain.AgentID, is bool) bool { return !is })
	return better, err
}

// lastAgents gives the agents to whom some of the work is to be offered first,
// and who are not among those whose turn it is.
func (d *Dispatcher) lastAgents(ctx context.Context, q domain.Queue, waiting []domain.Waiting, agents []routing.Candidate) ([]routing.Candidate, error) {
	var missing []domain.AgentID
	for _, w := range waiting {
		known := slices.Contains(missing, w.LastAgent) || slices.ContainsFunc(agents, func(c routing.Candidate) bool { return c.ID == w.LastAgent })
		if !known && routing.Returns(w, w.LastAgent, q.Rules.Routing) {
			missing = append(missing, w.LastAgent)
		}
	}
	return d.Store.CandidatesIn(ctx, q.Organization, q.ID, missing)
}

func ignoreMissing(err error) error {
	if domain.IsKind(err, domain.ErrorNotFound) {
		return nil
	}
	return err
}
