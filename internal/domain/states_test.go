package domain_test

import (
	"errors"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// attempt is a move tried on an engagement: what it leaves, and what it says.
type attempt func(domain.Engagement) (domain.Engagement, []domain.Event, error)

// attempts gives the real methods behind each move of the interaction's table.
func attempts() map[domain.InteractionMove][]attempt {
	return map[domain.InteractionMove][]attempt{
		domain.MoveOffer: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := domain.Offer(e.Interaction, newAgent("Grace"), timeout, at)
			if err != nil {
				after = e
			}
			return after, events, err
		}},
		domain.MoveAccept: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Accept(byAgent(e.Agent), at)
		}},
		domain.MoveRequeue: {
			func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
				return e.Decline(true, "", byAgent(e.Agent), at)
			},
			func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
				return e.TimeOut(at.Add(timeout))
			},
			func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
				return e.Rescind("agent_lost", domain.System(), at)
			},
		},
		domain.MoveReply: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e, nil, e.Interaction.CanReply(e.Agent.ID)
		}},
		domain.MoveHold: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Hold(byAgent(e.Agent), at)
		}},
		domain.MoveResume: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Resume(byAgent(e.Agent), at)
		}},
		domain.MoveRecord: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Record(true, false, byAgent(e.Agent), at)
		}},
		domain.MoveRelease: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Release(domain.ACW{Mode: domain.ACWOptional}, "inactivity", domain.System(), at)
		}, func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			if e.Participant.Offer == domain.OfferPending { // the conversation, not the offer, is what is tried here
				e.Participant.Offer = domain.OfferAccepted
				after, events, err := e.Lose(at)
				after.Participant.Offer = domain.OfferPending
				return after, events, err
			}
			if e.HandsOver() { // then nobody waits: that is an exit
				return e.Release(domain.ACW{}, "inactivity", domain.System(), at)
			}
			return e.Lose(at)
		}},
		domain.MoveCancel: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Cancel(domain.Actor{Type: domain.ActorClient, ID: "admin"}, at)
		}},
		domain.MoveEnd: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.End(domain.ACW{Mode: domain.ACWOptional}, byAgent(e.Agent), at)
		}, func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.End(domain.ACW{Mode: domain.ACWAgentRequested}, byAgent(e.Agent), at)
		}},
		domain.MoveConference: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := e.Confer(newAgent("Grace"), timeout, byAgent(e.Agent), at)
			if err != nil {
				after = e
			}
			return after, events, err
		}},
		domain.MoveRequeueHeld: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.CancelConference(byAgent(e.Agent), at)
		}},
		domain.MoveConferenceExit: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.ExitConference(domain.ACW{}, byAgent(e.Agent), at)
		}, func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := swapped(e).DismissGuest(domain.ACW{}, byAgent(e.Agent), at)
			if err != nil {
				after = e
			}
			return after, events, err
		}},
		domain.MoveAnswer: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, _, events, err := e.Interaction.AnswerAs(domain.Bot{Label: "Assistant", TimeoutSeconds: 60}, "Hello", at)
			e.Interaction = after
			return e, events, err
		}},
		domain.MoveHandOver: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := e.Interaction.HandOver(domain.HandoverAsked, at)
			e.Interaction = after
			return e, events, err
		}},
		domain.MoveClose: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := e.Interaction.Close(false, domain.Actor{Type: domain.ActorClient, ID: "admin"}, at)
			e.Interaction = after
			return e, events, err
		}},
	}
}

// transferred gives the real methods behind the moves of a transfer.
func transferred() map[domain.InteractionMove][]attempt {
	t := domain.Transfer{ID: "t", State: domain.TransferRequested, Mode: domain.TransferUnattended, Agent: "Ben", Target: domain.TransferTarget{Type: domain.TargetAgent}}
	attended := t
	attended.Mode = domain.TransferAttended
	handOver := func(t domain.Transfer) attempt {
		return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, _, _, events, err := e.HandOver(t, newAgent("Grace"), timeout, domain.ACW{}, byAgent(e.Agent), at)
			return after, events, err
		}
	}
	refuse := func(t domain.Transfer, policy domain.NoAnswer) attempt {
		return asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, events, err := t.Refuse(e, policy, true, "", byAgent(e.Agent), at)
			return after, events, err
		})
	}
	return map[domain.InteractionMove][]attempt{
		domain.MovePass: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, _, events, err := e.PassOn(t, newQueue(), domain.ACW{}, byAgent(e.Agent), at)
			return after, events, err
		}},
		domain.MoveTransfer: {handOver(t), handOver(attended)},
		domain.MoveTakeOver: {asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, _, events, err := t.TakeOver(e, nil, domain.ACW{}, byAgent(e.Agent), at)
			return after, events, err
		})},
		domain.MoveKeep: {refuse(attended, domain.NoAnswerDrop), asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, events, err := attended.Cancel(e, byAgent(e.Agent), at)
			return after, events, err
		}), asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, events, err := attended.Lose(e, at)
			return after, events, err
		})},
		domain.MoveFallBack: {refuse(t, domain.NoAnswerRequeue), refuse(t, domain.NoAnswerReturn), asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, events, err := t.Lose(e, at)
			return after, events, err
		})},
		domain.MoveDrop: {refuse(t, domain.NoAnswerDrop), refuse(t, ""), asked(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			_, after, events, err := t.TimeOut(e, domain.NoAnswerDrop, e.Participant.ExpiresAt)
			return after, events, err
		})},
	}
}

// asked tries a move on an engagement whose agent is asked, whatever part they had.
func asked(try attempt) attempt {
	return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
		before := e
		e.Participant.State, e.Participant.Offer = domain.ParticipantAlerting, domain.OfferPending
		after, events, err := try(e)
		if err != nil {
			after = before
		}
		return after, events, err
	}
}

// partOf is the state of the part of an agent who holds an interaction in a state.
var partOf = map[domain.InteractionState]domain.ParticipantState{
	domain.InteractionConnected: domain.ParticipantConnected, domain.InteractionHeld: domain.ParticipantHeld,
	domain.InteractionTransferring: domain.ParticipantConnected,
}

// TestInteractionTable tries every move in every state, with nothing else in its
// way: the offer is pending, and the agent holds the interaction.
func TestInteractionTable(t *testing.T) {
	t.Parallel()
	moves := attempts()
	maps.Copy(moves, transferred())
	for _, state := range domain.InteractionStates() {
		for _, move := range domain.InteractionMoves() {
			want, allowed := state.After(move)
			if len(moves[move]) == 0 {
				t.Errorf("no method is known for the move %s", move)
			}
			for _, try := range moves[move] {
				e := standing(t, state, move)
				after, events, err := try(e)
				switch {
				case allowed && (err != nil || after.Interaction.State != want):
					t.Errorf("%s from %s: got %s, %v; want %s", move, state, after.Interaction.State, err, want)
				case !allowed:
					checkRefusal(t, move, state, err)
					if len(events) > 0 || !reflect.DeepEqual(after, e) {
						t.Errorf("%s from %s: refused, and something changed", move, state)
					}
				}
			}
		}
	}
}

// standing gives an engagement for which a move is possible wherever the state allows it.
func standing(t *testing.T, state domain.InteractionState, move domain.InteractionMove) domain.Engagement {
	t.Helper()
	byGuest := map[domain.InteractionMove]bool{domain.MoveAccept: true, domain.MoveRequeue: true, domain.MoveCancel: true, domain.MoveConferenceExit: true}[move]
	e := offered(t)
	switch {
	case state == domain.InteractionConference && move == domain.MoveConferenceExit:
		return conferring(t)
	case (state == domain.InteractionConferenceRequested || state == domain.InteractionConference) && byGuest:
		e = invited(t)
	case state == domain.InteractionConferenceRequested:
		e = swapped(invited(t))
	case state == domain.InteractionConference:
		e = swapped(conferring(t))
	default:
		e.Interaction.Owner = &e.Agent.ID
	}
	e.Interaction.State = state
	if part, ok := partOf[state]; ok {
		e.Participant.State = part
	}
	if move == domain.MoveRequeueHeld || move == domain.MoveResume && state == domain.InteractionConferenceRequested {
		e.Participant.State = domain.ParticipantHeld
	}
	return e
}

func checkRefusal(t *testing.T, move domain.InteractionMove, state domain.InteractionState, err error) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != domain.ErrorConflict {
		t.Fatalf("%s from %s: got %v, want a conflict", move, state, err)
	}
	if move == domain.MoveOffer { // routing's own move: no caller asks for it by name
		same(t, "code", e.Code, "offer.not_possible")
		return
	}
	want := "state.invalid_transition"
	switch {
	case move == domain.MoveConference && state == domain.InteractionConferenceRequested:
		want = "conference.in_progress"
	case move == domain.MoveConference && state == domain.InteractionConference:
		want = "conference.full"
	case move == domain.MoveRequeueHeld && state == domain.InteractionConference:
		want = "conference.not_pending"
	case (move == domain.MovePass || move == domain.MoveTransfer) && state == domain.InteractionTransferring:
		want = "transfer.in_progress"
	}
	same(t, "code", e.Code, want)
	same(t, "current state", e.CurrentState, string(state))
	if e.AllowedActions == nil {
		t.Errorf("%s from %s: no list of what is allowed", move, state)
	}
}

// answers gives the real methods behind each answer to an offer; a late one
// comes in time for the time-out.
func answers() map[domain.OfferMove]attempt {
	requeue := attempts()[domain.MoveRequeue]
	return map[domain.OfferMove]attempt{domain.OfferAccept: attempts()[domain.MoveAccept][0],
		domain.OfferDecline: requeue[0], domain.OfferTimeOut: requeue[1], domain.OfferRescind: requeue[2]}
}

// TestOfferTable tries every answer on an offer in every state.
func TestOfferTable(t *testing.T) {
	t.Parallel()
	for _, state := range domain.OfferStates() {
		for _, move := range domain.OfferMoves() {
			want, allowed := state.After(move)
			e := offered(t)
			e.Participant.Offer = state
			after, events, err := answers()[move](e)
			switch {
			case allowed && (err != nil || after.Participant.Offer != want):
				t.Errorf("%s of a %s offer: got %s, %v; want %s", move, state, after.Participant.Offer, err, want)
			case !allowed && (!domain.IsKind(err, domain.ErrorConflict) || len(events) > 0 || !reflect.DeepEqual(after, e)):
				t.Errorf("%s of a %s offer: not refused, or something changed (%v)", move, state, err)
			}
		}
	}
}

// partMoves gives the real methods behind each move of an agent's part.
func partMoves() map[domain.ParticipantMove]attempt {
	all := attempts()
	return map[domain.ParticipantMove]attempt{domain.PartJoin: all[domain.MoveAccept][0], domain.PartMiss: all[domain.MoveRequeue][0],
		domain.PartHold: all[domain.MoveHold][0], domain.PartResume: all[domain.MoveResume][0], domain.PartLeave: all[domain.MoveEnd][0], domain.PartLose: all[domain.MoveRelease][1],
		domain.PartGo: all[domain.MoveEnd][1],
		domain.PartFinish: func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, _, err := submit(e, codes{"sale"}, nil)
			return after, events, err
		}}
}

// TestParticipantTable tries every move on a part in every state, with an
// interaction in the state in which the move is possible.
func TestParticipantTable(t *testing.T) {
	t.Parallel()
	held := connected(t)
	held, _, err := held.Hold(byAgent(held.Agent), at)
	must(t, err)
	fit := map[domain.ParticipantMove]domain.Engagement{domain.PartJoin: offered(t), domain.PartMiss: offered(t), domain.PartHold: connected(t),
		domain.PartResume: held, domain.PartLeave: connected(t), domain.PartGo: connected(t), domain.PartLose: connected(t), domain.PartFinish: ended(t, domain.ACWOptional)}
	for _, state := range domain.ParticipantStates() {
		for _, move := range domain.ParticipantMoves() {
			want, allowed := state.After(move)
			e := fit[move]
			e.Participant.State = state
			after, events, err := partMoves()[move](e)
			switch {
			case allowed && (err != nil || after.Participant.State != want):
				t.Errorf("%s of a part that is %s: got %s, %v; want %s", move, state, after.Participant.State, err, want)
			case !allowed && (!domain.IsKind(err, domain.ErrorConflict) || len(events) > 0 || !reflect.DeepEqual(after, e)):
				t.Errorf("%s of a part that is %s: not refused, or something changed (%v)", move, state, err)
			}
		}
	}
}

// TestOfferIsAnsweredOnce tries every answer on every outcome, before and at the
// deadline: exactly a pending offer has exactly one sort of answer.
func TestOfferIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, state := range domain.OfferStates() {
		for _, late := range []time.Duration{0, timeout - 1, timeout, timeout + time.Hour} {
			e, now := offered(t), at.Add(late)
			e.Participant.Offer = state
			_, _, accept := e.Accept(byAgent(e.Agent), now)
			_, _, decline := e.Decline(true, "", byAgent(e.Agent), now)
			_, _, over := e.TimeOut(now)
			inTime := state == domain.OfferPending && late < timeout
			same(t, "accept is possible", accept == nil, inTime)
			same(t, "decline is possible", decline == nil, inTime)
			same(t, "time-out is possible", over == nil, state == domain.OfferPending && !inTime)
			if inTime {
				continue
			}
			outcome := state
			if state == domain.OfferPending {
				outcome = domain.OfferTimedOut
			}
			for _, err := range []error{accept, decline} {
				lost := refused(t, err, domain.ErrorConflict, "offer.not_pending")
				same(t, "outcome", lost.Outcome, string(outcome))
				same(t, "current state", lost.CurrentState, string(domain.InteractionAlerting))
			}
		}
	}
}
