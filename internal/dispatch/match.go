package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

// forAgent offers one agent the most urgent work of all their queues.
func (d *Dispatcher) forAgent(ctx context.Context, p person) (int, error) {
	a, err := d.Store.Agent(ctx, p.organization, p.agent)
	if err != nil || !a.Eligible() {
		return 0, ignoreMissing(err)
	}
	classes, err := d.Store.ClassesFor(ctx, p.organization, p.agent)
	if err != nil || len(classes) == 0 {
		return 0, err
	}
	waiting, c, rules, err := d.workFor(ctx, a, classes)
	if err != nil {
		return 0, err
	}
	decisions := routing.Match(waiting, []routing.Candidate{c}, rules, d.Now())
	made, err := d.offerAll(ctx, p.organization, decisions)
	if err == nil && made < len(decisions) {
		time.AfterFunc(again, func() { d.Freed(p.organization, p.agent) }) // somebody held a row
	}
	return made, err
}

// workFor gathers the most urgent work that an agent can take: of as many classes
// as there is room for, since the best of all waits at the heads of these.
func (d *Dispatcher) workFor(ctx context.Context, a domain.Agent, classes []domain.Class) (waiting []domain.Waiting, c routing.Candidate, rules routing.Rules, err error) {
	c, rules = routing.Candidate{Agent: a, Rings: map[domain.QueueID]int{}}, routing.Rules{}
	slices.SortFunc(classes, func(a, b domain.Class) int { return routing.Urgent(a.Head, b.Head) })
	room := a.Free(domain.MediumMessage) + a.Free(domain.MediumSocial)
	limit := max(batch, room)
	taken := 0
	for part := range slices.Chunk(classes, batch) {
		if err := d.learn(ctx, &c, rules, part); err != nil {
			return nil, c, rules, err
		}
		for _, class := range part {
			r, living := rules[class.Queue]
			if taken == room || !living || !class.Vague && !routing.Fits(class.Head, c, r, d.Now()) {
				continue
			}
			work, err := d.work(ctx, a.Organization, class, r, limit)
			if err != nil {
				return nil, c, rules, err
			}
			waiting = append(waiting, work...)
			if slices.ContainsFunc(work, func(w domain.Waiting) bool { return routing.Fits(w, c, r, d.Now()) }) {
				taken++
			}
		}
		if taken == room {
			break
		}
	}
	return waiting, c, rules, nil
}

// learn reads the rules of the queues of some classes, and the agent's ring in each.
func (d *Dispatcher) learn(ctx context.Context, c *routing.Candidate, rules routing.Rules, classes []domain.Class) error {
	var unknown []domain.QueueID
	for _, class := range classes {
		if _, known := c.Rings[class.Queue]; !known && !slices.Contains(unknown, class.Queue) {
			unknown = append(unknown, class.Queue)
		}
	}
	queues, err := d.Store.QueuesByID(ctx, c.Organization, unknown)
	if err != nil {
		return err
	}
	for id, q := range queues {
		ring, joined, err := d.Store.Membership(ctx, c.Organization, id, c.ID)
		if err != nil {
			return err
		}
		rules[id] = q.Rules.Routing
		if joined {
			c.Rings[id] = ring
		}
	}
	return nil
}

// work gives the most urgent work of a class with what its rules need to know.
func (d *Dispatcher) work(ctx context.Context, org domain.OrganizationID, class domain.Class, r domain.Routing, limit int) ([]domain.Waiting, error) {
	waiting, err := d.Store.WaitingIn(ctx, org, class.Queue, class.Name, limit)
	if err != nil {
		return nil, err
	}
	return d.remember(ctx, org, r, waiting)
}

// remember adds who had the work before, where a queue's rules ask for it.
func (d *Dispatcher) remember(ctx context.Context, org domain.OrganizationID, r domain.Routing, waiting []domain.Waiting) ([]domain.Waiting, error) {
	var ids []domain.InteractionID
	for _, w := range waiting {
		if r.Affinity.Enabled && w.Previous != nil {
			ids = append(ids, *w.Previous)
		}
		if r.ExcludeDeclinersSeconds > 0 {
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
	for limit := batch; ; {
		decisions, waiting, more, err := d.decide(ctx, q, limit)
		if err != nil || len(decisions) == 0 && !more {
			return total, err
		}
		if len(decisions) == 0 { // nobody whose turn it is can take any of it
			limit *= 16
			continue
		}
		made, err := d.offerBest(ctx, q, decisions, waiting)
		total += made
		if err != nil || made == 0 {
			if err == nil { // somebody held every row
				time.AfterFunc(again, func() { d.Queued(p.organization, p.queue) })
			}
			return total, err
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
	for _, class := range classes {
		if !class.Vague && !slices.ContainsFunc(agents, func(c routing.Candidate) bool { return routing.Fits(class.Head, c, r, d.Now()) }) {
			continue
		}
		work, err := d.work(ctx, q.Organization, class, r, batch)
		if err != nil {
			return nil, nil, false, err
		}
		waiting = append(waiting, work...)
	}
	returned, err := d.lastAgents(ctx, q, waiting, agents)
	decisions = routing.Match(waiting, append(agents, returned...), routing.Rules{q.ID: r}, d.Now())
	return decisions, waiting, len(agents) == limit, err
}

// offerBest makes the offers of decisions about one queue. An agent for whom more
// urgent work may wait in another queue, which nobody has told of yet, is looked
// at with all their queues.
func (d *Dispatcher) offerBest(ctx context.Context, q domain.Queue, decisions []routing.Decision, waiting []domain.Waiting) (made int, err error) {
	for _, decision := range decisions {
		n := slices.IndexFunc(waiting, func(w domain.Waiting) bool { return w.Interaction == decision.Interaction })
		classes, err := d.Store.ClassesFor(ctx, q.Organization, decision.Agent)
		if err != nil {
			return made, err
		}
		better := func(c domain.Class) bool {
			return c.Queue != q.ID && !c.Vague && routing.Urgent(c.Head, waiting[n]) < 0
		}
		offered := 0
		if slices.ContainsFunc(classes, better) {
			offered, err = d.forAgent(ctx, person{q.Organization, decision.Agent})
		} else {
			offered, err = d.offerAll(ctx, q.Organization, []routing.Decision{decision})
		}
		made += offered
		if err != nil {
			return made, err
		}
	}
	return made, nil
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

// offerAll makes the offers of decisions, each in a transaction of its own.
func (d *Dispatcher) offerAll(ctx context.Context, org domain.OrganizationID, decisions []routing.Decision) (made int, err error) {
	for _, decision := range decisions {
		ok, err := d.offer(ctx, org, decision)
		if err != nil {
			return made, err
		}
		if ok {
			made++
		}
	}
	return made, nil
}

// offer alerts the agent and reserves their capacity, after looking again at
// everything that the decision was made of, now under locks.
func (d *Dispatcher) offer(ctx context.Context, org domain.OrganizationID, decision routing.Decision) (made bool, err error) {
	queues, err := d.Store.QueuesByID(ctx, org, []domain.QueueID{decision.Queue})
	q, living := queues[decision.Queue]
	if err != nil || !living {
		return false, err
	}
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		made = false
		i, a, found, err := d.Store.LockForOffer(ctx, org, decision.Interaction, decision.Agent)
		if err != nil || !found || i.Queue == nil || *i.Queue != q.ID {
			return err
		}
		fits, err := d.stillFits(ctx, q, i, a)
		if err != nil || !fits {
			return err
		}
		made = true
		return d.alert(ctx, q, i, a, domain.System())
	})
	return made && err == nil, err
}

// stillFits looks again at what was decided. Who declined the work cannot have
// done so meanwhile: it would have been offered.
func (d *Dispatcher) stillFits(ctx context.Context, q domain.Queue, i domain.Interaction, a domain.Agent) (bool, error) {
	ring, joined, err := d.Store.Membership(ctx, q.Organization, q.ID, a.ID)
	if err != nil || !joined {
		return false, err
	}
	c := routing.Candidate{Agent: a, Rings: map[domain.QueueID]int{q.ID: ring}}
	return routing.Fits(i.Waiting(), c, q.Rules.Routing, d.Now()), nil
}

// alert makes an offer, and where the queue says so accepts it in the same breath.
func (d *Dispatcher) alert(ctx context.Context, q domain.Queue, i domain.Interaction, a domain.Agent, by domain.Actor) error {
	i.Inactivity = q.Rules.Inactivity
	e, events, err := domain.Offer(i, a, q.AlertingTimeout(), d.Now())
	if err != nil {
		return err
	}
	events[0].Actor = by
	if q.Rules.AutoAnswer.For(i.ChannelKind) {
		if e, events, err = e.AutoAnswer(events, d.Now()); err != nil {
			return err
		}
	}
	return d.Store.CreateEngagement(ctx, &e, events)
}
