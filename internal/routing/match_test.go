package routing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/routing"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func waiting(id string, queue domain.QueueID, score int64) domain.Waiting {
	return domain.Waiting{Interaction: domain.InteractionID(id), Queue: queue, Channel: domain.ChannelMessenger, Medium: domain.MediumMessage, Score: score, Ring: 1, EnqueuedAt: at}
}

// agent gives one with a free place who became idle so long after at.
func agent(id string, idle time.Duration, queues ...domain.QueueID) routing.Candidate {
	a := domain.NewAgent("o", id, at)
	a.ID, a.Presence, a.IdleSince, a.Limits.Message = domain.AgentID(id), domain.PresenceOnQueue, at.Add(idle), 1
	c := routing.Candidate{Agent: a, Rings: map[domain.QueueID]int{}}
	for _, q := range queues {
		c.Rings[q] = 1
	}
	return c
}

// busy gives the agent one conversation, and room for so many more.
func busy(a routing.Candidate, free int) routing.Candidate {
	a.Load.Connected, a.Limits.Message = 1, 1+free
	return a
}

// room lets the agent have so many at once.
func room(a routing.Candidate, n int) routing.Candidate {
	a.Limits.Message = n
	return a
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waiting []domain.Waiting
		agents  []routing.Candidate
		want    []string // interaction>agent
	}{
		"nothing waits":             {nil, []routing.Candidate{agent("a", 0, "q")}, nil},
		"nobody is there":           {[]domain.Waiting{waiting("i", "q", 1)}, nil, nil},
		"the best score first":      {[]domain.Waiting{waiting("i", "q", 2), waiting("j", "q", 1)}, []routing.Candidate{agent("a", 0, "q")}, []string{"j>a"}},
		"equal scores, by id":       {[]domain.Waiting{waiting("j", "q", 1), waiting("i", "q", 1)}, []routing.Candidate{agent("a", 0, "q")}, []string{"i>a"}},
		"the longest idle":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{agent("a", 2, "q"), agent("b", 1, "q")}, []string{"i>b"}},
		"equally idle, by id":       {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{agent("b", 1, "q"), agent("a", 1, "q")}, []string{"i>a"}},
		"idle before busy":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{busy(agent("a", 0, "q"), 2), agent("b", 9, "q")}, []string{"i>b"}},
		"busy rather than not":      {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{busy(agent("a", 0, "q"), 2)}, []string{"i>a"}},
		"no place is free":          {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{busy(agent("a", 0, "q"), 0), busy(agent("b", 0, "q"), -1)}, nil},
		"another queue":             {[]domain.Waiting{waiting("i", "q", 1)}, []routing.Candidate{agent("a", 0, "r")}, nil},
		"of several queues":         {[]domain.Waiting{waiting("i", "q", 2), waiting("j", "r", 1)}, []routing.Candidate{agent("a", 0, "q", "r")}, []string{"j>a"}},
		"one after another":         {[]domain.Waiting{waiting("i", "q", 1), waiting("j", "q", 2)}, []routing.Candidate{busy(agent("a", 0, "q"), 3)}, []string{"i>a", "j>a"}},
		"an offer makes busy":       {[]domain.Waiting{waiting("i", "q", 1), waiting("j", "q", 2)}, []routing.Candidate{room(agent("a", 0, "q"), 3), agent("b", 5, "q")}, []string{"i>a", "j>b"}},
		"others do not wait for it": {[]domain.Waiting{waiting("i", "r", 1), waiting("j", "q", 2)}, []routing.Candidate{agent("a", 0, "q")}, []string{"j>a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range routing.Match(c.waiting, c.agents, nil, at) {
				got = append(got, string(d.Interaction)+">"+string(d.Agent))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
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
