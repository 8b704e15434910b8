package domain_test

import (
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// underRule gives a connected conversation under a rule of ten minutes, with a
// warning one minute before.
func underRule(t *testing.T) domain.Engagement {
	t.Helper()
	i, _ := newQueued()
	i.Inactivity = &domain.Inactivity{AfterSeconds: 600, WarnSeconds: 60, Action: domain.InactivityDisconnect}
	e, _, err := domain.Offer(i, newAgent("Ada"), timeout, at)
	must(t, err)
	same(t, "the clock of an offer", e.Interaction.InactiveAt, nil)
	e, _, err = e.Accept(byAgent(e.Agent), at)
	must(t, err)
	return e
}

// A message of either side starts the time anew; nothing else does.
func TestInactivity_WhatStartsTheTimeAnew(t *testing.T) {
	t.Parallel()
	e, later := underRule(t), at.Add(5*time.Minute)
	same(t, "at the acceptance", *e.Interaction.InactiveAt, at.Add(9*time.Minute))
	text := "hello"
	received, _, _ := e.Interaction.Receive(domain.Message{ID: "m"}, later)
	noted, _ := e.Interaction.Note(domain.Message{ID: "m", CreatedAt: later})
	posted, _, _ := e.Interaction.Post(domain.Message{ID: "m", Text: &text, Status: domain.ReplyQueued, Kind: domain.KindMessage}, byAgent(e.Agent), later)
	notice, _, _ := e.Interaction.Notify("Ada has left.", later)
	held, _, err := e.Hold(byAgent(e.Agent), later)
	must(t, err)
	for name, c := range map[string]struct {
		i    domain.Interaction
		anew bool
	}{"the customer's": {received, true}, "the account's own": {noted, true}, "a reply": {posted, true}, "a notice": {notice, false}, "a hold": {held.Interaction, false}} {
		want := at.Add(9 * time.Minute)
		if c.anew {
			want = later.Add(9 * time.Minute)
		}
		same(t, name, *c.i.InactiveAt, want)
	}
}

// While another agent is asked into a conference the time runs, and what somebody
// writes starts it anew; nobody's answer is needed for it to go on.
func TestInactivity_RunsWhileAnotherAgentIsAskedIn(t *testing.T) {
	t.Parallel()
	e, later := underRule(t), at.Add(5*time.Minute)
	guest, _, err := e.Confer(newAgent("Ben"), timeout, byAgent(e.Agent), at)
	must(t, err)
	guest.Other = &domain.Seat{Participant: e.Participant, Agent: e.Agent}
	guest.Interaction, _, _ = guest.Interaction.Receive(domain.Message{ID: "m"}, later)
	same(t, "at a message", *guest.Interaction.InactiveAt, later.Add(9*time.Minute))
	guest, _, err = guest.TimeOut(at.Add(timeout))
	must(t, err)
	same(t, "without an answer", *guest.Interaction.InactiveAt, later.Add(9*time.Minute))
}

// First the desk is warned, once; then the rule acts. What somebody writes after
// the warning takes it back.
func TestInactivity_WarnsAndActs(t *testing.T) {
	t.Parallel()
	e := underRule(t)
	i, warnAt := e.Interaction, at.Add(9*time.Minute)
	due, _ := i.Inactive(warnAt.Add(-1))
	same(t, "due before its time", due, false)
	due, warn := i.Inactive(warnAt)
	same(t, "due", due && warn, true)
	i, event := i.WarnOfInactivity(warnAt)
	told(t, []domain.Event{event}, domain.EventInteractionInactivityWarned)
	due, _ = i.Inactive(warnAt.Add(time.Minute - 1))
	same(t, "due before the warning's time is over", due, false)
	due, warn = i.Inactive(warnAt.Add(time.Minute))
	same(t, "then the rule acts", due && !warn, true)
	i, _, _ = i.Receive(domain.Message{ID: "m"}, warnAt)
	same(t, "after a message it warns again", *i.InactiveAt, warnAt.Add(9*time.Minute))
	same(t, "and is as before", i.InactivityWarned, false)
}

// Where no agent has the conversation no clock runs.
func TestInactivity_OnlyWhileAnAgentHasIt(t *testing.T) {
	t.Parallel()
	e := underRule(t)
	over, events, err := e.EndAs(domain.DisconnectInactivity, domain.ACW{Mode: domain.ACWMandatory}, domain.System(), at)
	must(t, err)
	told(t, events, domain.EventInteractionDisconnected, domain.EventWrapUpStarted)
	same(t, "disconnect type", *over.Interaction.DisconnectType, domain.DisconnectInactivity)
	released, _, err := e.Release(domain.ACW{Mode: domain.ACWOptional}, "inactivity", domain.System(), at)
	must(t, err)
	back, _, _ := released.Interaction.Receive(domain.Message{ID: "m"}, at)
	for name, i := range map[string]domain.Interaction{"ended": over.Interaction, "given back": released.Interaction, "given back, and written to": back} {
		same(t, name, i.InactiveAt, nil)
	}
	same(t, "its age is kept", released.Interaction.EnqueuedAt, e.Interaction.EnqueuedAt)
	same(t, "it is counted", released.Interaction.RequeueCount, 1)
	same(t, "the agent wraps up", released.Participant.State, domain.ParticipantWrapUp)
}
