package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// toAgent is a transfer to an agent, as a desk asks for it.
func toAgent(mode domain.TransferMode) domain.Transfer {
	return domain.Transfer{ID: domain.NewID[domain.TransferID](), Mode: mode, Target: domain.TransferTarget{Type: domain.TargetAgent}}
}

// handed gives a conversation that is on its way from an agent to another.
func handed(t *testing.T, mode domain.TransferMode, acw domain.ACW) (origin, asked domain.Engagement, transfer domain.Transfer, events []domain.Event) {
	t.Helper()
	e := connected(t)
	origin, asked, transfer, events, err := e.HandOver(toAgent(mode), newAgent("Grace"), timeout, acw, byAgent(e.Agent), at)
	must(t, err)
	return origin, asked, transfer, events
}

func TestC28_TheAgentWrapsUpAtOnce(t *testing.T) {
	t.Parallel()
	mandatory := domain.ACW{Mode: domain.ACWMandatory}
	e := connected(t)
	after, transfer, events, err := e.PassOn(domain.Transfer{ID: "t", Mode: domain.TransferUnattended}, newQueue(), mandatory, byAgent(e.Agent), at)
	must(t, err)
	same(t, "to a queue", after.Participant.State, domain.ParticipantWrapUp)
	same(t, "the transfer", transfer.State, domain.TransferCompleted)
	same(t, "the interaction", after.Interaction.State, domain.InteractionQueued)
	same(t, "its age", after.Interaction.EnqueuedAt, e.Interaction.EnqueuedAt)
	told(t, events, domain.EventTransferRequested, domain.EventWrapUpStarted, domain.EventInteractionQueued, domain.EventTransferCompleted)

	origin, asked, transfer, _ := handed(t, domain.TransferUnattended, mandatory)
	same(t, "to an agent", origin.Participant.State, domain.ParticipantWrapUp)
	same(t, "the transfer", transfer.State, domain.TransferRequested)
	same(t, "nobody has it", asked.Interaction.Owner, nil)
	same(t, "capacity is held", origin.Agent.Load.WrapUp, 1)

	origin, asked, _, _ = handed(t, domain.TransferAttended, mandatory)
	same(t, "attended", origin.Participant.State, domain.ParticipantConnected)
	must(t, asked.Interaction.CanReply(origin.Agent.ID))
	refused(t, asked.Interaction.CanReply(asked.Agent.ID), domain.ErrorConflict, "interaction.not_owner")
}

func TestC29_WhatNobodyTakesIsDroppedUnlessTheQueueSaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode     domain.TransferMode
		policy   domain.NoAnswer
		state    domain.InteractionState
		transfer domain.TransferState
	}{
		{domain.TransferUnattended, "", domain.InteractionDisconnected, domain.TransferDropped},
		{domain.TransferUnattended, domain.NoAnswerDrop, domain.InteractionDisconnected, domain.TransferDropped},
		{domain.TransferUnattended, domain.NoAnswerReturn, domain.InteractionQueued, domain.TransferFailed},
		{domain.TransferUnattended, domain.NoAnswerRequeue, domain.InteractionQueued, domain.TransferFailed},
		{domain.TransferAttended, domain.NoAnswerDrop, domain.InteractionConnected, domain.TransferFailed},
		{domain.TransferAttended, domain.NoAnswerReturn, domain.InteractionConnected, domain.TransferFailed},
	} {
		name := string(c.mode) + " " + string(c.policy)
		_, asked, transfer, _ := handed(t, c.mode, domain.ACW{})
		asked.Others = true
		late := asked.Participant.ExpiresAt
		over, after, _, err := transfer.TimeOut(asked, c.policy, late)
		must(t, err)
		same(t, name, after.Interaction.State, c.state)
		same(t, name+": the transfer", over.State, c.transfer)
		same(t, name+": the target", after.Agent.RoutingStatus(), domain.RoutingNotResponding)
		same(t, name+": its room", after.Agent.Load.Used(), 0)
		same(t, name+": its age", after.Interaction.EnqueuedAt, asked.Interaction.EnqueuedAt)
		if c.transfer == domain.TransferDropped {
			same(t, name+": why", *after.Interaction.DisconnectType, domain.DisconnectTransferDropped)
			same(t, name+": not closed while somebody wraps up", after.Interaction.ClosedAt, nil)
		}
		spared, after, _, err := transfer.Refuse(asked, c.policy, false, "", byAgent(asked.Agent), at)
		must(t, err)
		same(t, name+": declined", spared.State, c.transfer)
		same(t, name+": spared", after.Agent.RoutingStatus(), domain.RoutingIdle)
		_, _, _, err = transfer.TimeOut(asked, c.policy, late.Add(-1))
		refused(t, err, domain.ErrorConflict, "offer.not_due")
		_, _, _, err = transfer.Refuse(asked, c.policy, true, "", byAgent(asked.Agent), late)
		refused(t, err, domain.ErrorConflict, "offer.not_pending")
		lost, after, _, err := transfer.Lose(asked, at) // nobody's answer
		must(t, err)
		same(t, name+": lost", lost.State, domain.TransferFailed)
		same(t, name+": nothing is dropped", after.Interaction.Open(), true)
	}
}

// An offer of a transfer is answered once, whatever comes first.
func TestTransfer_EndsOnce(t *testing.T) {
	t.Parallel()
	_, asked, transfer, _ := handed(t, domain.TransferAttended, domain.ACW{})
	_, won, origin, events, err := transfer.TakeOver(asked, nil, domain.ACW{}, byAgent(asked.Agent), at)
	must(t, err)
	if origin != nil || !slices.ContainsFunc(events, func(e domain.Event) bool { return e.Type == domain.EventTransferCompleted }) {
		t.Errorf("the events are %v", events)
	}
	done := transfer
	done.State = domain.TransferCompleted
	lost := refused(t, done.MayCancel(transfer.Agent, won.Interaction), domain.ErrorConflict, "transfer.not_pending")
	same(t, "outcome", lost.Outcome, string(domain.TransferCompleted))
	_, _, _, err = done.Withdraw(won, domain.TransferCancel, "", byAgent(asked.Agent), at)
	refused(t, err, domain.ErrorConflict, "transfer.not_pending")
	_, _, _, _, err = transfer.TakeOver(asked, nil, domain.ACW{}, byAgent(asked.Agent), at.Add(timeout))
	refused(t, err, domain.ErrorConflict, "offer.not_pending")
	refused(t, transfer.MayCancel("somebody else", asked.Interaction), domain.ErrorForbidden, "transfer.not_initiator")
	must(t, transfer.MayCancel(transfer.Agent, asked.Interaction))
	transfer.Mode = domain.TransferUnattended
	refused(t, transfer.MayCancel(transfer.Agent, asked.Interaction), domain.ErrorConflict, "transfer.unattended")
}

// What belongs to the customer goes along; what routing wanted before does not.
func TestTransfer_WhatGoesAlong(t *testing.T) {
	t.Parallel()
	e := connected(t)
	previous, referral := domain.InteractionID("before"), domain.Referral{Ref: "shop"}
	e.Interaction.Previous, e.Interaction.Referral, e.Interaction.Skills, e.Interaction.RequeueCount = &previous, &referral, []domain.SkillID{"rare"}, 4
	e.Interaction.Recording = true
	q, urgent := newQueue(), 9
	q.Rules.Priority = 2
	after, _, _, err := e.PassOn(domain.Transfer{ID: "t"}, q, domain.ACW{}, byAgent(e.Agent), at.Add(time.Hour))
	must(t, err)
	i := after.Interaction
	same(t, "the queue", *i.Queue, q.ID)
	same(t, "its priority", i.Priority, 2)
	same(t, "skills of before", len(i.Skills), 0)
	same(t, "how often it came back", i.RequeueCount, 0)
	same(t, "who had the thread", i.Waiting().Previous, nil)
	same(t, "where the customer came from", i.Referral.Ref, "shop")
	same(t, "the recording", i.Recording, false)
	after, _, _, err = e.PassOn(domain.Transfer{ID: "t", Priority: &urgent, Skills: []domain.SkillID{"french"}}, q, domain.ACW{}, byAgent(e.Agent), at)
	must(t, err)
	same(t, "the priority asked for", after.Interaction.Priority, 9)
	same(t, "the skills asked for", after.Interaction.Skills[0], "french")
}

// The time lines have no hole, whoever wraps up and whoever has nothing to.
func TestTransfer_SegmentsOfEachPart(t *testing.T) {
	t.Parallel()
	for _, acw := range []domain.ACW{{Mode: domain.ACWOptional}, {Mode: domain.ACWAgentRequested}} {
		for _, mode := range []domain.TransferMode{domain.TransferUnattended, domain.TransferAttended} {
			origin, asked, transfer, events := handed(t, mode, acw)
			kept := &origin
			if mode == domain.TransferUnattended {
				kept = nil
			}
			_, _, _, more, err := transfer.TakeOver(asked, kept, acw, byAgent(asked.Agent), at.Add(time.Second))
			must(t, err)
			ended, begun := domain.Segments(append(events, more...))
			wraps := slices.ContainsFunc(begun, func(s domain.Segment) bool {
				return s.Participant == origin.Participant.ID && s.Type == domain.SegmentWrapUp
			})
			over := slices.ContainsFunc(ended, func(s domain.SegmentEnd) bool { return s.Participant == origin.Participant.ID })
			same(t, string(mode)+": wraps up", wraps, acw.Mode == domain.ACWOptional)
			same(t, string(mode)+": what was is over", over, true)
		}
	}
}
