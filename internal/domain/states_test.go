package domain_test

import (
	"errors"
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
		},
		domain.MoveReply: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e, nil, e.Interaction.CanReply(e.Agent.ID)
		}},
		domain.MoveEnd: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.End(domain.ACWOptional, byAgent(e.Agent), at)
		}},
		domain.MoveClose: {func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := e.Interaction.Close(domain.Actor{Type: domain.ActorClient, ID: "admin"}, at)
			e.Interaction = after
			return e, events, err
		}},
	}
}

// TestInteractionTable tries every move in every state, with nothing else in its
// way: the offer is pending, and the agent holds the interaction.
func TestInteractionTable(t *testing.T) {
	t.Parallel()
	moves := attempts()
	for _, state := range domain.InteractionStates() {
		for _, move := range domain.InteractionMoves() {
			want, allowed := state.After(move)
			if len(moves[move]) == 0 {
				t.Errorf("no method is known for the move %s", move)
			}
			for _, try := range moves[move] {
				e := offered(t)
				e.Interaction.State, e.Interaction.Owner = state, &e.Agent.ID
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
	same(t, "code", e.Code, "state.invalid_transition")
	same(t, "current state", e.CurrentState, string(state))
	if e.AllowedActions == nil {
		t.Errorf("%s from %s: no list of what is allowed", move, state)
	}
}

func offerStates() []domain.OfferState {
	return []domain.OfferState{domain.OfferPending, domain.OfferAccepted, domain.OfferDeclined, domain.OfferTimedOut, domain.OfferRescinded}
}

func participantStates() []domain.ParticipantState {
	return []domain.ParticipantState{domain.ParticipantAlerting, domain.ParticipantConnected, domain.ParticipantWrapUp, domain.ParticipantClosed}
}

// TestOfferIsAnsweredOnce tries every answer on every outcome, before and at the
// deadline: exactly a pending offer has exactly one sort of answer.
func TestOfferIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, state := range offerStates() {
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
