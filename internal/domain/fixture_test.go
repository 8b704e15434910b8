package domain_test

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

var update = flag.Bool("update", false, "write STATES.md")

// at is when everything in these tests begins; timeout is how long an offer stands.
var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const timeout = 30 * time.Second

// newAgent gives an agent who is on queue and has waited since before at.
func newAgent(name string) domain.Agent {
	a := domain.NewAgent("org", name, at.Add(-time.Hour))
	a, _ = a.SetPresence(domain.PresenceOnQueue, nil, byAgent(a), at.Add(-time.Minute))
	return a
}

func byAgent(a domain.Agent) domain.Actor {
	return domain.Actor{Type: domain.ActorAgent, ID: string(a.ID)}
}

func newQueue() domain.Queue {
	q := domain.NewQueue("org", at)
	q.WrapUpCodes = []domain.WrapUpCodeID{"sale", "refund", "other"}
	return q
}

// newQueued gives an interaction that waits, and the events of its beginning.
func newQueued() (domain.Interaction, []domain.Event) {
	queue := newQueue()
	thread := domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: "org", Channel: "channel", Contact: "contact"}
	return domain.NewInteraction(thread, domain.Channel{ID: "channel", Kind: domain.ChannelMessenger, Queue: &queue.ID}, domain.OriginMessage, at)
}

// offered, connected and ended give one agent's engagement at that point.
func offered(t *testing.T) domain.Engagement {
	t.Helper()
	i, _ := newQueued()
	e, _, err := domain.Offer(i, newAgent("Ada"), timeout, at)
	must(t, err)
	return e
}

func connected(t *testing.T) domain.Engagement {
	t.Helper()
	e := offered(t)
	e, _, err := e.Accept(byAgent(e.Agent), at)
	must(t, err)
	return e
}

func ended(t *testing.T, mode domain.ACWMode) domain.Engagement {
	t.Helper()
	e := connected(t)
	e, _, err := e.End(domain.ACW{Mode: mode, TimeoutSeconds: 60, GraceSeconds: 30}, byAgent(e.Agent), at)
	must(t, err)
	return e
}

// mandatory asks for after-contact work that holds the agent.
var mandatory = domain.ACW{Mode: domain.ACWMandatory}

// invited and conferring give the engagement of a second agent, who has been asked
// into a conversation and who takes part in it; swapped gives the first one's.
func invited(t *testing.T) domain.Engagement {
	t.Helper()
	host := connected(t)
	e, _, err := host.Confer(newAgent("Grace"), timeout, byAgent(host.Agent), at)
	must(t, err)
	e.Other = &domain.Seat{Participant: host.Participant, Agent: host.Agent}
	return e
}

func conferring(t *testing.T) domain.Engagement {
	t.Helper()
	e := invited(t)
	e, _, err := e.Accept(byAgent(e.Agent), at)
	must(t, err)
	return e
}

func swapped(e domain.Engagement) domain.Engagement {
	if e.Other == nil {
		return e
	}
	mine := domain.Seat{Participant: e.Participant, Agent: e.Agent}
	e.Participant, e.Agent, e.Other = e.Other.Participant, e.Other.Agent, &mine
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that err is a domain error with this kind and code, and gives it.
func refused(t *testing.T, err error, kind domain.ErrorKind, code string) *domain.Error {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
	return e
}

// same checks that two values are equal and says what is compared.
func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// told checks the types of events, in order.
func told(t *testing.T, events []domain.Event, want ...domain.EventType) {
	t.Helper()
	var got []domain.EventType
	for _, e := range events {
		got = append(got, e.Type)
	}
	if !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
}
