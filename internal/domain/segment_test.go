package domain_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// timeLine applies what transactions tell, as storage does.
type timeLine []domain.Segment

func (l *timeLine) apply(events ...domain.Event) {
	ended, begun := domain.Segments(events)
	for _, e := range ended {
		for n, s := range *l {
			mine := s.Participant == e.Participant
			if e.All {
				mine = s.Type != domain.SegmentWrapUp && !slices.Contains(e.Except, s.Participant)
			}
			if mine && s.End == nil {
				(*l)[n].End, (*l)[n].DisconnectType = &e.At, e.DisconnectType
			}
		}
	}
	*l = append(*l, begun...)
}

func (l timeLine) String() string {
	var words []string
	for _, s := range l {
		words = append(words, string(s.Type))
	}
	return strings.Join(words, " ")
}

// A whole way: offered, missed, offered again, accepted, held, resumed, given
// back, taken by another, ended, wrapped up.
func TestSegmentsTellTheWholeWay(t *testing.T) {
	t.Parallel()
	var line timeLine
	now := at
	i, events := newQueued()
	line.apply(events...)
	step := func(after domain.Engagement, events []domain.Event, err error) domain.Engagement {
		t.Helper()
		must(t, err)
		line.apply(events...)
		now = now.Add(time.Second)
		return after
	}
	ada := newAgent("Ada")
	e := step(domain.Offer(i, ada, timeout, now))
	e = step(e.Decline(false, "", byAgent(e.Agent), now))
	e = step(domain.Offer(e.Interaction, e.Agent, timeout, now))
	e = step(e.Accept(byAgent(e.Agent), now))
	e = step(e.Hold(byAgent(e.Agent), now))
	e = step(e.Resume(byAgent(e.Agent), now))
	first := step(e.Release(domain.ACW{Mode: domain.ACWOptional}, "inactivity", domain.System(), now))
	e = step(domain.Offer(first.Interaction, newAgent("Grace"), timeout, now))
	e = step(e.Accept(byAgent(e.Agent), now))
	e = step(e.End(domain.ACW{Mode: domain.ACWMandatory}, byAgent(e.Agent), now))
	e, events, _, err := submit(e, codes{"sale"}, nil)
	must(t, err)
	line.apply(events...)
	same(t, "time line", line.String(), "queue alert queue alert interact hold interact wrapup queue alert interact wrapup")
	last := line[len(line)-2]
	same(t, "the disconnect is told", *last.DisconnectType, domain.DisconnectAgent)
	same(t, "the agent of the last conversation", last.Agent, e.Agent.ID)
	same(t, "the first agent still wraps up", line[7].End, nil)
	same(t, "the queue's line names nobody", line[0].Agent, "")
	checkLine(t, line, at)
}

// checkLine holds a time line to rule 5 of the invariants: within each part, and
// for the waiting and talking as a whole, nothing overlaps and nothing is missing.
func checkLine(t *testing.T, line timeLine, from time.Time) {
	t.Helper()
	open := map[domain.ParticipantID]*time.Time{}
	covered := &from
	for _, s := range line {
		if before, met := open[s.Participant]; met && s.Participant != "" && (before == nil || !before.Equal(s.Start)) {
			t.Errorf("a hole or an overlap before %+v in %s", s, line)
		}
		open[s.Participant] = s.End
		if s.Type == domain.SegmentWrapUp {
			continue
		}
		if covered == nil || !covered.Equal(s.Start) {
			t.Errorf("nobody has the interaction before %+v, or two have it, in %s", s, line)
		}
		covered = s.End
	}
}

func TestSegmentsOfAnyJourney(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 5))
	for range 300 {
		j := begin()
		var line timeLine
		line.apply(j.events...)
		told := len(j.events)
		for range 40 {
			j.step(random)
			line.apply(j.events[told:]...)
			told = len(j.events)
		}
		checkLine(t, line, at)
	}
}

// What begins and ends in one transaction is written as it ended.
func TestSegmentsOfOneTransaction(t *testing.T) {
	t.Parallel()
	i, events := newQueued()
	e, offered, err := domain.Offer(i, newAgent("Ada"), timeout, at)
	must(t, err)
	_, accepted, err := e.Accept(byAgent(e.Agent), at)
	must(t, err)
	ended, begun := domain.Segments(slices.Concat(events, offered, accepted))
	for _, e := range ended {
		same(t, "nothing was open before", e.Participant == "" || e.Participant == begun[1].Participant, true)
	}
	same(t, "begun", timeLine(begun).String(), "queue alert interact")
	same(t, "only the last is open", begun[0].End != nil && begun[1].End != nil && begun[2].End == nil, true)
}

// Without a queue an interaction waits with the system.
func TestSegmentsWithoutAQueue(t *testing.T) {
	t.Parallel()
	i, events := domain.NewInteraction(domain.Thread{ID: "thread", Organization: "org"}, domain.Channel{ID: "channel"}, domain.OriginMessage, at)
	var line timeLine
	line.apply(events...)
	_, event := i.Enqueue("queue", at.Add(time.Second))
	line.apply(event)
	same(t, "time line", line.String(), "system queue")
	checkLine(t, line, at)
}
