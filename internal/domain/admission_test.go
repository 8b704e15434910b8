package domain_test

import (
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestBusinessHours_WhatAClosedQueueDoes(t *testing.T) {
	t.Parallel()
	text := "Closed."
	always := []domain.OpenHours{}
	for _, day := range domain.Weekdays() {
		always = append(always, domain.OpenHours{Day: day, From: "00:00", To: "24:00"})
	}
	for action, want := range map[domain.ClosedAction][3]bool{ // spills, rejects, tells
		domain.ClosedQueue: {}, domain.ClosedMessage: {false, false, true}, domain.ClosedReject: {false, true, true}, domain.ClosedOverflow: {true, false, false},
	} {
		h := &domain.BusinessHours{TimeZone: "UTC", Action: action, Text: &text}
		same(t, string(action), [3]bool{h.Spills(at), h.Rejects(at), h.Tells(at) != nil}, want)
		h.Open = always
		same(t, string(action)+", open", [3]bool{h.Spills(at), h.Rejects(at), h.Tells(at) != nil}, [3]bool{})
	}
	var none *domain.BusinessHours
	same(t, "no hours", [3]bool{none.Spills(at), none.Rejects(at), none.Tells(at) != nil}, [3]bool{})
}

func TestTransfer_GoesOnToTheOverflowQueue(t *testing.T) {
	t.Parallel()
	e, urgent := connected(t), 9
	asked := domain.Transfer{ID: "t", Skills: []domain.SkillID{"french"}}
	full, spare := newQueue(), newQueue()
	full.Rules.Priority, spare.Rules.Priority = 1, 2
	after, transfer, _, err := e.PassOn(asked, full, domain.ACW{}, byAgent(e.Agent), at.Add(time.Hour))
	must(t, err)
	i, moved := transfer.Overflow(after.Interaction, spare, domain.OverflowFull, at.Add(time.Hour))
	same(t, "the queue", *i.Queue, spare.ID)
	same(t, "its priority", i.Priority, 2)
	same(t, "its age", i.EnqueuedAt, e.Interaction.EnqueuedAt)
	same(t, "the skills asked for", i.Skills[0], "french")
	same(t, "the event", moved.Type, domain.EventInteractionQueued)
	same(t, "why", moved.Data.Reason, "max_waiting")
	transfer.Priority = &urgent
	i, _ = transfer.Overflow(after.Interaction, spare, domain.OverflowFull, at)
	same(t, "the priority asked for", i.Priority, 9)
}

func TestTransfer_AQueueThatTakesNobody(t *testing.T) {
	t.Parallel()
	e := connected(t)
	details := map[domain.Sentence]bool{}
	for _, reason := range []string{domain.OverflowClosed, domain.OverflowFull} {
		err := refused(t, e.Unavailable(reason), domain.ErrorConflict, "transfer.target_unavailable")
		same(t, reason, err.Fields[0].Code, reason)
		same(t, reason+": the state", err.CurrentState, string(domain.InteractionConnected))
		same(t, reason+": what can be done", len(err.AllowedActions) > 0, true)
		details[err.Fields[0].Detail] = true
	}
	same(t, "each says why", len(details), 2)
}
