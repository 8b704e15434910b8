package routing_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func waiting(id string, queue domain.QueueID, score int64) domain.Waiting {
	return domain.Waiting{Interaction: domain.InteractionID(id), Queue: queue, Score: score}
}

// agent gives one with a free place who became idle so long after at.
func agent(id string, idle time.Duration, queues ...domain.QueueID) routing.Available {
	return routing.Available{Agent: domain.AgentID(id), Queues: queues, Free: 1, IdleSince: at.Add(idle)}
}

func busy(a routing.Available, free int) routing.Available {
	a.Busy, a.Free = true, free
	return a
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waiting []domain.Waiting
		agents  []routing.Available
		want    []string // interaction>agent
	}{
		"nothing waits":             {nil, []routing.Available{agent("a", 0, "q")}, nil},
		"nobody is there":           {[]domain.Waiting{waiting("i", "q", 1)}, nil, nil},
		"the best score first":      {[]domain.Waiting{waiting("i", "q", 2), waiting("j", "q", 1)}, []routing.Available{agent("a", 0, "q")}, []string{"j>a"}},
		"equal scores, by id":       {[]domain.Waiting{waiting("j", "q", 1), waiting("i", "q", 1)}, []routing.Available{agent("a", 0, "q")}, []string{"i>a"}},
		"the longest idle":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{agent("a", 2, "q"), agent("b", 1, "q")}, []string{"i>b"}},
		"equally idle, by id":       {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{agent("b", 1, "q"), agent("a", 1, "q")}, []string{"i>a"}},
		"idle before busy":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{busy(agent("a", 0, "q"), 2), agent("b", 9, "q")}, []string{"i>b"}},
		"busy rather than not":      {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{busy(agent("a", 0, "q"), 2)}, []string{"i>a"}},
		"no place is free":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{busy(agent("a", 0, "q"), 0), busy(agent("b", 0, "q"), -1)}, nil},
		"another queue":             {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Available{agent("a", 0, "r")}, nil},
		"of several queues":         {[]domain.Waiting{waiting("i", "q", 2), waiting("j", "r", 1)}, []routing.Available{agent("a", 0, "q", "r")}, []string{"j>a"}},
		"one after another":         {[]domain.Waiting{waiting("i", "q", 1), waiting("j", "q", 2)}, []routing.Available{busy(agent("a", 0, "q"), 3)}, []string{"i>a", "j>a"}},
		"an offer makes busy":       {[]domain.Waiting{waiting("i", "q", 1), waiting("j", "q", 2)}, []routing.Available{{Agent: "a", Queues: []domain.QueueID{"q"}, Free: 3, IdleSince: at}, agent("b", 5, "q")}, []string{"i>a", "j>b"}},
		"others do not wait for it": {[]domain.Waiting{waiting("i", "r", 1), waiting("j", "q", 2)}, []routing.Available{agent("a", 0, "q")}, []string{"j>a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range routing.Match(c.waiting, c.agents) {
				got = append(got, string(d.Interaction)+">"+string(d.Agent))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// office is a random situation: few queues, scores and times, so that ties are common.
type office struct {
	waiting []domain.Waiting
	agents  []routing.Available
}

func random(r *rand.Rand) office {
	var o office
	queues := []domain.QueueID{"q", "r", "s"}
	for n := range r.IntN(9) {
		o.waiting = append(o.waiting, waiting(strconv.Itoa(n), queues[r.IntN(3)], r.Int64N(4)))
	}
	for n := range r.IntN(6) {
		a := routing.Available{Agent: domain.AgentID(strconv.Itoa(n)), Free: r.IntN(5) - 1, Busy: r.IntN(2) == 0, IdleSince: at.Add(time.Duration(r.IntN(3)))}
		for _, q := range queues {
			if r.IntN(2) == 0 {
				a.Queues = append(a.Queues, q)
			}
		}
		o.agents = append(o.agents, a)
	}
	return o
}

func (o office) shuffled(r *rand.Rand) office {
	o = office{slices.Clone(o.waiting), slices.Clone(o.agents)}
	r.Shuffle(len(o.waiting), func(i, j int) { o.waiting[i], o.waiting[j] = o.waiting[j], o.waiting[i] })
	r.Shuffle(len(o.agents), func(i, j int) { o.agents[i], o.agents[j] = o.agents[j], o.agents[i] })
	return o
}

// TestMatchHoldsItsRules replays the decisions of thousands of situations against
// the rules, one by one.
func TestMatchHoldsItsRules(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 2))
	for range 5_000 {
		o := random(r)
		before := office{slices.Clone(o.waiting), slices.Clone(o.agents)}
		decisions := routing.Match(o.waiting, o.agents)
		for range 3 {
			other := o.shuffled(r)
			if again := routing.Match(other.waiting, other.agents); !slices.Equal(again, decisions) {
				t.Fatalf("%+v: %v, and in another order %v", o, decisions, again)
			}
		}
		if !slices.Equal(o.waiting, before.waiting) || !slices.EqualFunc(o.agents, before.agents, equal) {
			t.Fatalf("the input was changed: %+v, was %+v", o, before)
		}
		if fault := o.replay(decisions); fault != "" {
			t.Fatalf("%s\n%+v\n%v", fault, before, decisions)
		}
	}
}

func equal(a, b routing.Available) bool {
	return a.Agent == b.Agent && a.Free == b.Free && a.Busy == b.Busy && a.IdleSince.Equal(b.IdleSince) && slices.Equal(a.Queues, b.Queues)
}

// replay carries decisions out and says what is wrong with the first bad one.
func (o office) replay(decisions []routing.Decision) string {
	for _, d := range decisions {
		w := slices.IndexFunc(o.waiting, func(w domain.Waiting) bool { return w.Interaction == d.Interaction })
		a := slices.IndexFunc(o.agents, func(a routing.Available) bool { return a.Agent == d.Agent })
		if w < 0 || a < 0 {
			return "an interaction was offered twice, or to nobody"
		}
		chosen, work := o.agents[a], o.waiting[w]
		if chosen.Free <= 0 || !slices.Contains(chosen.Queues, work.Queue) {
			return "the agent has no free place, or is not in the queue"
		}
		for _, other := range o.agents {
			if candidate(other, work) && sooner(other, chosen) {
				return "it was another agent's turn: " + string(other.Agent)
			}
		}
		for _, other := range o.waiting {
			if (other.Score < work.Score || other.Score == work.Score && other.Interaction < work.Interaction) && o.possible(other) {
				return "better work was possible: " + string(other.Interaction)
			}
		}
		o.waiting = slices.Delete(slices.Clone(o.waiting), w, w+1)
		o.agents[a].Free, o.agents[a].Busy = chosen.Free-1, true
	}
	if slices.ContainsFunc(o.waiting, o.possible) {
		return "somebody waits although an agent of the queue is free"
	}
	return ""
}

func candidate(a routing.Available, w domain.Waiting) bool {
	return a.Free > 0 && slices.Contains(a.Queues, w.Queue)
}

func (o office) possible(w domain.Waiting) bool {
	return slices.ContainsFunc(o.agents, func(a routing.Available) bool { return candidate(a, w) })
}

// sooner says in other words than the code whose turn it is.
func sooner(a, b routing.Available) bool {
	switch {
	case a.Busy != b.Busy:
		return b.Busy
	case !a.IdleSince.Equal(b.IdleSince):
		return a.IdleSince.Before(b.IdleSince)
	}
	return a.Agent < b.Agent
}

// Age and priority: a point of priority is worth a minute of waiting, whatever the clock says now.
func TestScoreOrdersByAgeAndPriority(t *testing.T) {
	t.Parallel()
	score := func(waited time.Duration, priority int) int64 {
		return domain.Interaction{EnqueuedAt: at.Add(-waited), Priority: priority}.Score()
	}
	for _, c := range []struct {
		name          string
		first, second int64
	}{
		{"older first", score(2*time.Second, 0), score(time.Second, 0)},
		{"priority weighs more than 59 s", score(0, 1), score(59*time.Second, 0)},
		{"and less than 61 s", score(61*time.Second, 0), score(0, 1)},
		{"a negative one waits longer", score(0, 0), score(0, -1)},
	} {
		if c.first >= c.second {
			t.Errorf("%s: %d, %d", c.name, c.first, c.second)
		}
	}
	if score(5*time.Minute, 10) != score(15*time.Minute, 0) {
		t.Error("five minutes of waiting and priority 10 are fifteen minutes")
	}
}
