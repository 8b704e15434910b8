package domain_test

import (
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// statusMoves is the state table of an agent's routing status: what each thing
// that can happen to an agent may make of it. Two results mean that the work
// which is left decides. Nobody sets a routing status; only a choice of presence
// leads out of not responding (C11).
var statusMoves = map[domain.RoutingStatus]map[string][]domain.RoutingStatus{
	domain.RoutingOffQueue: {"on queue": {domain.RoutingIdle, domain.RoutingInteracting}, "off queue": {domain.RoutingOffQueue},
		"lost":   {domain.RoutingOffQueue},
		"accept": {domain.RoutingOffQueue}, "miss": {domain.RoutingNotResponding}, "spared": {domain.RoutingOffQueue}, "end": {domain.RoutingOffQueue}},
	domain.RoutingIdle: {"on queue": {domain.RoutingIdle}, "off queue": {domain.RoutingOffQueue}, "lost": {domain.RoutingOffQueue}, "offer": {domain.RoutingIdle},
		"accept": {domain.RoutingInteracting}, "miss": {domain.RoutingNotResponding}, "spared": {domain.RoutingIdle}},
	domain.RoutingInteracting: {"on queue": {domain.RoutingInteracting}, "off queue": {domain.RoutingOffQueue}, "lost": {domain.RoutingOffQueue}, "offer": {domain.RoutingInteracting},
		"accept": {domain.RoutingInteracting}, "miss": {domain.RoutingNotResponding}, "spared": {domain.RoutingInteracting},
		"end": {domain.RoutingIdle, domain.RoutingInteracting}},
	domain.RoutingNotResponding: {"on queue": {domain.RoutingIdle, domain.RoutingInteracting}, "off queue": {domain.RoutingOffQueue},
		"lost": {domain.RoutingNotResponding}, "accept": {domain.RoutingNotResponding}, "miss": {domain.RoutingNotResponding}, "spared": {domain.RoutingNotResponding},
		"end": {domain.RoutingNotResponding}},
}

// statusAttempts are the real methods behind the table's moves, on an agent with
// one offer or one conversation of which the engagement is.
func statusAttempts() map[string]attempt {
	presence := func(p domain.Presence) attempt {
		return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			a, events := e.Agent.SetPresence(p, nil, byAgent(e.Agent), at)
			e.Agent = a
			return e, events, nil
		}
	}
	return map[string]attempt{
		"on queue": presence(domain.PresenceOnQueue), "off queue": presence(domain.PresenceMeal),
		"offer": attempts()[domain.MoveOffer][0], "accept": attempts()[domain.MoveAccept][0], "miss": attempts()[domain.MoveRequeue][1],
		"lost": func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			a, events := e.Agent.Lose(at)
			e.Agent = a
			return e, events, nil
		},
		"spared": attempts()[domain.MoveRequeue][2], "end": attempts()[domain.MoveEnd][0],
	}
}

// routing walks every pair of status and move with the real methods, for agents
// with every sort of work, and gives what became of them.
func routing(t *testing.T) map[edge]bool {
	t.Helper()
	seen := map[edge]bool{}
	for name, try := range statusAttempts() {
		for _, e := range []domain.Engagement{offered(t), connected(t)} {
			for n := range 16 {
				e, presence := e, domain.PresenceOnQueue
				if n&1 > 0 {
					presence = domain.PresenceAway
				}
				e.Agent.Presence, e.Agent.NotResponding = presence, n&2 > 0
				e.Agent.Load.WrapUp += n >> 2 & 1
				before := e.Agent.RoutingStatus()
				if name == "offer" {
					i, _ := newQueued()
					e.Interaction = i
					offered, _, err := domain.Offer(i, e.Agent, timeout, at)
					if err != nil {
						continue
					}
					seen[edge{string(before), name, string(offered.Agent.RoutingStatus())}] = true
					continue
				}
				if after, _, err := try(e); err == nil {
					seen[edge{string(before), name, string(after.Agent.RoutingStatus())}] = true
				}
			}
		}
	}
	return seen
}

// TestRoutingStatusTable compares the table with what the moves do: no pair of
// status and move leads anywhere else, and all that the table holds is reached.
func TestRoutingStatusTable(t *testing.T) {
	t.Parallel()
	seen := routing(t)
	for e := range seen {
		if !slices.Contains(statusMoves[domain.RoutingStatus(e.from)][e.move], domain.RoutingStatus(e.to)) {
			t.Errorf("the table does not hold %s from %s to %s", e.move, e.from, e.to)
		}
	}
	for from, moves := range statusMoves {
		for move, all := range moves {
			for _, to := range all {
				if !seen[edge{string(from), move, string(to)}] {
					t.Errorf("nothing leads by %s from %s to %s", move, from, to)
				}
			}
		}
	}
}

func TestC11_OnlyPresenceLeadsOutOfNotResponding(t *testing.T) {
	t.Parallel()
	for e := range routing(t) {
		chosen := e.move == "on queue" || e.move == "off queue"
		if e.from == string(domain.RoutingNotResponding) && e.to != e.from && !chosen {
			t.Errorf("%s leads from not responding to %s", e.move, e.to)
		}
	}
}

// Whatever an agent says of themselves, only on queue brings offers, and a new one
// as soon as they are there.
func TestA03_C12_OnlyOnQueueBringsOffers(t *testing.T) {
	t.Parallel()
	for _, p := range domain.Presences() {
		a, _ := newAgent("Ada").SetPresence(p, nil, domain.System(), at)
		i, _ := newQueued()
		_, _, err := domain.Offer(i, a, timeout, at)
		same(t, "an offer while "+string(p), err == nil, p == domain.PresenceOnQueue)
		back, _ := a.SetPresence(domain.PresenceOnQueue, nil, domain.System(), at)
		_, _, err = domain.Offer(i, back, timeout, at)
		same(t, "an offer after "+string(p), err, nil)
	}
}
