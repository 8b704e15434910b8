package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// The tests of this file are named after the rules that they hold.

func TestA20_DeclineAndTimeoutSetNotResponding(t *testing.T) {
	t.Parallel()
	e := offered(t)
	declined, events, err := e.Decline(true, "busy", byAgent(e.Agent), at)
	must(t, err)
	same(t, "routing status", declined.Agent.RoutingStatus(), domain.RoutingNotResponding)
	same(t, "offer", declined.Participant.Offer, domain.OfferDeclined)
	told(t, events, domain.EventOfferDeclined, domain.EventInteractionRequeued, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)

	late, events, err := e.TimeOut(at.Add(timeout))
	must(t, err)
	same(t, "routing status", late.Agent.RoutingStatus(), domain.RoutingNotResponding)
	same(t, "offer", late.Participant.Offer, domain.OfferTimedOut)
	told(t, events, domain.EventOfferTimedOut, domain.EventInteractionRequeued, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)
	same(t, "actor of a time-out", events[0].Actor.Type, domain.ActorSystem)

	spared, _, err := e.Decline(false, "", byAgent(e.Agent), at)
	must(t, err)
	same(t, "where the queue does not punish", spared.Agent.RoutingStatus(), domain.RoutingIdle)
}

func TestA21_C10_NotRespondingGetsNothing(t *testing.T) {
	t.Parallel()
	e := connected(t)
	other, _ := newQueued()
	second, _, err := domain.Offer(other, e.Agent, timeout, at)
	must(t, err)
	second, _, err = second.TimeOut(at.Add(timeout))
	must(t, err)
	same(t, "eligible", second.Agent.Eligible(), false)
	same(t, "connected work goes on", second.Agent.Load.Connected, 1)
	must(t, e.Interaction.CanReply(second.Agent.ID))
	third, _ := newQueued()
	_, _, err = domain.Offer(third, second.Agent, timeout, at)
	refused(t, err, domain.ErrorConflict, "offer.not_possible")
}

func TestA22_RequeueKeepsAge(t *testing.T) {
	t.Parallel()
	e := offered(t)
	e.Interaction.Priority = 7
	first := e.Interaction
	for n := range 3 {
		after, _, err := e.TimeOut(e.Participant.ExpiresAt)
		must(t, err)
		i := after.Interaction
		same(t, "state", i.State, domain.InteractionQueued)
		same(t, "enqueued at", i.EnqueuedAt, first.EnqueuedAt)
		same(t, "score", i.Score(), first.Score())
		same(t, "requeue count", i.RequeueCount, n+1)
		same(t, "no offer stands", i.Offered, nil)
		same(t, "capacity is given back", after.Agent.Load.Used(), 0)
		e, _, err = domain.Offer(i, newAgent("Grace"), timeout, at.Add(time.Hour)) // another agent is offered it
		must(t, err)
	}
}

func TestC08_AtTheDeadlineTheOfferIsOver(t *testing.T) {
	t.Parallel()
	e := offered(t)
	deadline := e.Participant.ExpiresAt
	same(t, "deadline", deadline, at.Add(timeout))
	_, _, err := e.Accept(byAgent(e.Agent), deadline)
	lost := refused(t, err, domain.ErrorConflict, "offer.not_pending")
	same(t, "outcome", lost.Outcome, string(domain.OfferTimedOut))
	same(t, "actions", len(lost.AllowedActions), 0)
	_, _, err = e.TimeOut(deadline.Add(-1))
	refused(t, err, domain.ErrorConflict, "offer.not_due")
	won, events, err := e.Accept(byAgent(e.Agent), deadline.Add(-1))
	must(t, err)
	same(t, "owner", *won.Interaction.Owner, e.Agent.ID)
	told(t, events, domain.EventOfferAccepted, domain.EventInteractionConnected, domain.EventAgentRoutingStatus)
	_, _, err = won.Decline(true, "", byAgent(e.Agent), at)
	lost = refused(t, err, domain.ErrorConflict, "offer.not_pending")
	same(t, "the winner's actions", slices.Equal(lost.AllowedActions, []domain.Action{domain.ActionReply, domain.ActionHold, domain.ActionRecord, domain.ActionTransfer, domain.ActionConference, domain.ActionEnd}), true)
}

func TestC09_EventListsAllowedPresences(t *testing.T) {
	t.Parallel()
	e := offered(t)
	_, events, err := e.TimeOut(at.Add(timeout))
	must(t, err)
	for _, event := range events {
		listed := slices.Equal(event.Data.Allowed, []string{"on_queue", "available"})
		same(t, string(event.Type), listed, event.Type == domain.EventAgentRoutingStatus)
	}
}

// Only a choice of the agent's or of a supervisor's ends not responding, also one
// that says what was said before.
func TestC11_OnlyAChoiceEndsNotResponding(t *testing.T) {
	t.Parallel()
	e := connected(t)
	e.Agent.NotResponding = true
	e.Agent.Load.Alerting = 1
	other := offered(t)
	other.Agent = e.Agent
	for name, automatic := range map[string]func() (domain.Engagement, []domain.Event, error){
		"accepting another offer": func() (domain.Engagement, []domain.Event, error) { return other.Accept(byAgent(e.Agent), at) },
		"a decline that spares": func() (domain.Engagement, []domain.Event, error) {
			return other.Decline(false, "", byAgent(e.Agent), at)
		},
		"ending": func() (domain.Engagement, []domain.Event, error) {
			return e.End(domain.ACW{Mode: domain.ACWMandatory}, byAgent(e.Agent), at)
		},
	} {
		after, _, err := automatic()
		must(t, err)
		same(t, name+" leaves not responding", after.Agent.RoutingStatus(), domain.RoutingNotResponding)
	}
	supervisor := domain.Actor{Type: domain.ActorClient, ID: "supervisor"}
	for _, p := range domain.Presences() {
		a, events := e.Agent.SetPresence(p, nil, supervisor, at)
		want := domain.RoutingOffQueue
		if p == domain.PresenceOnQueue { // the same as before
			want = domain.RoutingInteracting
		}
		same(t, "status after "+string(p), a.RoutingStatus(), want)
		told(t, events, domain.EventAgentPresenceChanged, domain.EventAgentRoutingStatus)
		same(t, "actor", events[1].Actor, supervisor)
		same(t, "the wait begins anew", a.IdleSince, at)
	}
}

func TestPresence_KeepsTheWaitOfWhoWaits(t *testing.T) {
	t.Parallel()
	a := newAgent("Ada")
	again, events := a.SetPresence(domain.PresenceOnQueue, nil, byAgent(a), at)
	same(t, "idle since", again.IdleSince, a.IdleSince)
	told(t, events, domain.EventAgentPresenceChanged)
	away, _ := a.SetPresence(domain.PresenceMeal, nil, byAgent(a), at)
	same(t, "off queue", away.RoutingStatus(), domain.RoutingOffQueue)
	back, _ := away.SetPresence(domain.PresenceOnQueue, nil, byAgent(a), at.Add(time.Minute))
	same(t, "idle since", back.IdleSince, at.Add(time.Minute))
}

func TestEligible(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.Agent){
		"off queue":         func(a *domain.Agent) { a.Presence = domain.PresenceAvailable },
		"not responding":    func(a *domain.Agent) { a.NotResponding = true },
		"without the scope": func(a *domain.Agent) { a.Scopes = []domain.Scope{"conversation:message:view"} },
		"full of offers":    func(a *domain.Agent) { a.Load.Alerting = domain.MessageCapacity },
		"full of work":      func(a *domain.Agent) { a.Load = domain.Load{Alerting: 1, Connected: 1, WrapUp: 1} },
		"more than full":    func(a *domain.Agent) { a.Load.Connected = domain.MessageCapacity + 1 },
		"who is ready":      nil,
	} {
		a := newAgent("Ada")
		if change != nil {
			change(&a)
		}
		same(t, name, a.Eligible(), change == nil)
		i, _ := newQueued()
		_, _, err := domain.Offer(i, a, timeout, at)
		same(t, "an offer to somebody "+name, err == nil, change == nil)
	}
}

// An offer takes capacity as much as a conversation, and each is given back once.
func TestB05_CapacityCounts(t *testing.T) {
	t.Parallel()
	a := newAgent("Ada")
	var held []domain.Engagement
	for n := range domain.MessageCapacity {
		i, _ := newQueued()
		e, events, err := domain.Offer(i, a, timeout, at)
		must(t, err)
		same(t, "used", *events[len(events)-1].Data.Used, n+1)
		a, held = e.Agent, append(held, e)
	}
	i, _ := newQueued()
	_, _, err := domain.Offer(i, a, timeout, at)
	refused(t, err, domain.ErrorConflict, "offer.not_possible")

	e := held[0]
	e.Agent = a
	e, _, err = e.Accept(byAgent(a), at)
	must(t, err)
	same(t, "used by accepting", e.Agent.Load.Used(), domain.MessageCapacity)
	e, _, err = e.End(domain.ACW{Mode: domain.ACWOptional}, byAgent(a), at)
	must(t, err)
	same(t, "free after the end", e.Agent.Eligible(), true)
	same(t, "load", e.Agent.Load, domain.Load{Alerting: domain.MessageCapacity - 1})
}

func TestC38_EndTellsTheCustomerThatTheAgentLeft(t *testing.T) {
	t.Parallel()
	e := ended(t, domain.ACWOptional)
	_, told, _ := e.Interaction.Notify("Ada L. has left the chat.", at)
	if e.Interaction.Origin = domain.OriginPost; len(told) != 1 {
		t.Fatalf("the customer is told %d notices", len(told))
	}
	if _, public, _ := e.Interaction.Notify("Ada L. has left the chat.", at); len(public) != 0 {
		t.Error("a notice goes to somebody who wrote in public")
	}
	notice := told[0]
	if notice.Kind != domain.KindSystem || notice.Direction != domain.Outbound || notice.Status != domain.ReplyQueued || *notice.Text != "Ada L. has left the chat." {
		t.Errorf("the notice to the customer: %+v", notice)
	}
	same(t, "the agent's part", e.Participant.State, domain.ParticipantWrapUp)
	same(t, "disconnect type", *e.Interaction.DisconnectType, domain.DisconnectAgent)
	same(t, "disconnected at", *e.Interaction.DisconnectedAt, at)
	same(t, "owner", e.Interaction.Owner, nil)
	same(t, "not closed yet", e.Interaction.ClosedAt, nil)
}

func TestC38_OnlyTheOwnerEnds(t *testing.T) {
	t.Parallel()
	e := connected(t)
	e.Agent = newAgent("Grace")
	_, events, err := e.End(domain.ACW{Mode: domain.ACWOptional}, byAgent(e.Agent), at)
	refused(t, err, domain.ErrorConflict, "interaction.not_owner")
	same(t, "events", len(events), 0)
	refused(t, e.Interaction.CanReply(e.Agent.ID), domain.ErrorConflict, "interaction.not_owner")
}

// A message after the end makes a new interaction in the same thread.
func TestD03_AMessageAfterTheEndBeginsAnew(t *testing.T) {
	t.Parallel()
	old := ended(t, domain.ACWOptional).Interaction
	thread := domain.Thread{ID: old.Thread, Organization: "org", Channel: old.Channel, Contact: old.Contact, Last: &old.ID, Position: 4}
	i, events := domain.NewInteraction(thread, domain.Channel{ID: old.Channel, Queue: old.Queue}, domain.OriginMessage, at.Add(time.Hour))
	told(t, events, domain.EventInteractionCreated, domain.EventInteractionQueued)
	same(t, "previous", *i.Previous, old.ID)
	same(t, "a new id", i.ID != old.ID, true)
	same(t, "thread", i.Thread, old.Thread)
	same(t, "the old one is over", old.Open(), false)
	same(t, "the new one is open", i.Open(), true)
	i, m, _ := i.Receive(domain.Message{ID: "m"}, at.Add(time.Hour))
	same(t, "the thread's order goes on", m.Position, thread.Position+1)
	same(t, "the message's interaction", m.Interaction, i.ID)
}
