package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// A wrap-up that has a time: 60 s, and 30 s after that in which it can be made good.
const (
	acwTime  = 60 * time.Second
	acwGrace = 30 * time.Second
)

// after submits one code so long after the end.
func after(e domain.Engagement, late time.Duration) (domain.Engagement, []domain.Event, error) {
	e, events, _, err := e.Submit(newQueue(), codes{"sale"}, nil, byAgent(e.Agent), at.Add(late))
	return e, events, err
}

// Where there is time for it, a code may come early and frees the agent; without
// one the wrap-up closes by itself, with the system's code.
func TestA19_MandatoryTimeout(t *testing.T) {
	t.Parallel()
	open := ended(t, domain.ACWMandatoryTimeout)
	same(t, "deadline", *open.Participant.WrapUp.Deadline, at.Add(acwTime))
	early, events, err := after(open, acwTime-1)
	must(t, err)
	same(t, "load after an early submission", early.Agent.Load, domain.Load{})
	told(t, events, domain.EventWrapUpSubmitted, domain.EventInteractionClosed, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)

	_, _, err = open.RunOut(at.Add(acwTime - 1))
	refused(t, err, domain.ErrorConflict, "wrap_up.not_due")
	over, events, err := open.RunOut(at.Add(acwTime))
	must(t, err)
	told(t, events, domain.EventWrapUpTimedOut, domain.EventInteractionClosed, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)
	same(t, "state", over.Participant.WrapUp.State, domain.WrapUpTimedOut)
	same(t, "part", over.Participant.State, domain.ParticipantClosed)
	same(t, "load", over.Agent.Load, domain.Load{})
	same(t, "closed at", *over.Interaction.ClosedAt, at.Add(acwTime))
	if got := events[0].Data.CodeIDs; !slices.Equal(got, []string{"WRAP_UP_TIMEOUT"}) || !slices.Equal(over.Participant.WrapUp.Codes, codes{"WRAP_UP_TIMEOUT"}) {
		t.Errorf("the codes are %v and %v", over.Participant.WrapUp.Codes, got)
	}
	for late, may := range map[time.Duration]bool{acwTime: true, acwTime + acwGrace - 1: true, acwTime + acwGrace: false} {
		d := domain.InteractionDetail{Interaction: over.Interaction, Participants: []domain.Participant{over.Participant}}
		same(t, late.String(), slices.Contains(d.ActionsOf(domain.Principal{Agent: over.Agent.ID}, at.Add(late)), domain.ActionWrapUp), may)
		same(t, "of another's", len(d.ActionsOf(domain.Principal{Agent: "zoe"}, at.Add(late))), 0)
	}
	_, _, err = over.RunOut(at.Add(acwTime))
	refused(t, err, domain.ErrorConflict, "wrap_up.not_due")
	_, _, err = early.RunOut(at.Add(acwTime))
	refused(t, err, domain.ErrorConflict, "wrap_up.not_due")
}

// Where the time is forced, codes are given meanwhile, but the agent is held.
func TestA19_MandatoryForcedTimeout(t *testing.T) {
	t.Parallel()
	given, events, err := after(ended(t, domain.ACWForcedTimeout), time.Second)
	must(t, err)
	told(t, events, domain.EventWrapUpSubmitted)
	same(t, "until", events[0].Data.ExpiresAt, at.Add(acwTime).Format(time.RFC3339Nano))
	same(t, "state", given.Participant.WrapUp.State, domain.WrapUpSubmitted)
	same(t, "part", given.Participant.State, domain.ParticipantWrapUp)
	same(t, "load", given.Agent.Load, domain.Load{WrapUp: 1})
	if len(given.Interaction.AllowedActions(given.Agent.ID, []domain.Participant{given.Participant})) > 0 {
		t.Error("what was submitted can be submitted")
	}
	over, events, err := given.RunOut(at.Add(acwTime))
	must(t, err)
	told(t, events, domain.EventWrapUpTimedOut, domain.EventInteractionClosed, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)
	same(t, "what stands", events[0].Data.After, string(domain.WrapUpSubmitted))
	same(t, "load after its time", over.Agent.Load, domain.Load{})
	if !slices.Equal(over.Participant.WrapUp.Codes, codes{"sale"}) {
		t.Errorf("the codes are %v", over.Participant.WrapUp.Codes)
	}
	// Submitted at the end of its time, before that was written down, it is the end.
	last, _, err := after(ended(t, domain.ACWForcedTimeout), acwTime)
	must(t, err)
	same(t, "part at the end", last.Participant.State, domain.ParticipantClosed)
}

// Where the agent is asked, nothing is to do unless they want it.
func TestA19_AgentRequested(t *testing.T) {
	t.Parallel()
	none := ended(t, domain.ACWAgentRequested)
	same(t, "part", none.Participant.State, domain.ParticipantClosed)
	same(t, "load", none.Agent.Load, domain.Load{})
	same(t, "closed", *none.Interaction.ClosedAt, at)
	_, _, err := after(none, 0)
	refused(t, err, domain.ErrorConflict, "state.invalid_transition")

	asked, events, err := connected(t).RequestWrapUp(true, domain.System(), at)
	must(t, err)
	told(t, events, domain.EventWrapUpRequested)
	_, events, err = asked.RequestWrapUp(true, domain.System(), at)
	must(t, err)
	told(t, events)
	asked, _, err = asked.End(domain.ACW{Mode: domain.ACWAgentRequested}, byAgent(asked.Agent), at)
	must(t, err)
	same(t, "part of one who asked", asked.Participant.State, domain.ParticipantWrapUp)
	same(t, "their load", asked.Agent.Load, domain.Load{WrapUp: 1})
	_, _, err = asked.RequestWrapUp(false, domain.System(), at)
	refused(t, err, domain.ErrorConflict, "state.invalid_transition")
	done, _, err := after(asked, time.Hour)
	must(t, err)
	same(t, "their load at last", done.Agent.Load, domain.Load{})
}

// A submission that comes after the deadline takes the place of the timeout's code
// for as long as the grace lasts; after that it is told how it lost.
func TestA19_GraceAfterTheTimeout(t *testing.T) {
	t.Parallel()
	for _, mode := range []domain.ACWMode{domain.ACWMandatoryTimeout, domain.ACWForcedTimeout} {
		over, _, err := ended(t, mode).RunOut(at.Add(acwTime))
		must(t, err)
		late, events, err := after(over, acwTime+acwGrace-1)
		must(t, err)
		told(t, events, domain.EventWrapUpSubmitted)
		same(t, "before", events[0].Data.Before, string(domain.WrapUpTimedOut))
		same(t, "state", late.Participant.WrapUp.State, domain.WrapUpSubmitted)
		same(t, "load", late.Agent.Load, domain.Load{})
		same(t, "closed when it was", *late.Interaction.ClosedAt, at.Add(acwTime))
		_, events, err = after(late, acwTime+acwGrace)
		must(t, err)
		told(t, events) // the same again
		lost, events, err := after(over, acwTime+acwGrace)
		same(t, "outcome", refused(t, err, domain.ErrorConflict, "wrap_up.timed_out").Outcome, "timed_out")
		if len(events) > 0 || lost.Interaction.Sequence != over.Interaction.Sequence {
			t.Error("refused, and something changed")
		}
	}
}

// The wrap-up's stretch of time lasts as long as the agent is held.
func TestForcedWrapUpIsOneSegment(t *testing.T) {
	t.Parallel()
	given, submitted, err := after(ended(t, domain.ACWForcedTimeout), time.Second)
	must(t, err)
	if over, begun := domain.Segments(submitted); len(over)+len(begun) > 0 {
		t.Errorf("a submission ends %v and begins %v", over, begun)
	}
	_, out, err := given.RunOut(at.Add(acwTime))
	must(t, err)
	over, _ := domain.Segments(out)
	if len(over) != 1 || over[0].Participant != given.Participant.ID || !over[0].At.Equal(at.Add(acwTime)) {
		t.Errorf("the end of the time ends %v", over)
	}
}

// TestWrapUpTable tries every move on a wrap-up in every state.
func TestWrapUpTable(t *testing.T) {
	t.Parallel()
	for _, state := range domain.WrapUpStates() {
		for _, move := range domain.WrapUpMoves() {
			want, allowed := state.After(move)
			e := ended(t, domain.ACWForcedTimeout)
			if move == domain.WrapUpSkip {
				e = ended(t, domain.ACWOptional)
			}
			w := *e.Participant.WrapUp
			late := at.Add(acwTime)
			w.State, w.GraceUntil = state, &late
			if e.Participant.WrapUp = &w; state == domain.WrapUpSubmitted || state == domain.WrapUpSkipped {
				w.SubmittedAt = &late
			}
			tries := map[domain.WrapUpMove]attempt{
				domain.WrapUpSubmit: func(e domain.Engagement) (domain.Engagement, []domain.Event, error) { return after(e, 0) },
				domain.WrapUpSkip: func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
					e.Participant.WrapUp.Notes = new(string) // or to skip again were the same again
					e, events, _, err := e.Submit(newQueue(), nil, nil, byAgent(e.Agent), at)
					return e, events, err
				},
				domain.WrapUpRunOut: runOut,
			}
			got, events, err := tries[move](e)
			switch {
			case allowed && (err != nil || got.Participant.WrapUp.State != want):
				t.Errorf("%s of a wrap-up that is %s: got %s, %v; want %s", move, state, got.Participant.WrapUp.State, err, want)
			case !allowed && (!domain.IsKind(err, domain.ErrorConflict) || len(events) > 0):
				t.Errorf("%s of a wrap-up that is %s: not refused (%v)", move, state, err)
			}
		}
	}
}
