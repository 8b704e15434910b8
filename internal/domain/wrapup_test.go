package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type codes = []domain.WrapUpCodeID

// submit submits to the fixture's queue.
func submit(e domain.Engagement, c codes, notes *string) (domain.Engagement, []domain.Event, bool, error) {
	return e.Submit(newQueue(), c, notes, byAgent(e.Agent), at)
}

// Mandatory after-contact work holds capacity until it is submitted; optional
// work holds none, also while it is open.
func TestA19_WhichWrapUpHoldsCapacity(t *testing.T) {
	t.Parallel()
	for mode, held := range map[domain.ACWMode]int{domain.ACWOptional: 0, domain.ACWMandatory: 1, domain.ACWMandatoryTimeout: 1} {
		e := ended(t, mode)
		same(t, "part", e.Participant.State, domain.ParticipantWrapUp)
		same(t, "required", e.Participant.WrapUp.Required, held == 1)
		same(t, "load after the end", e.Agent.Load, domain.Load{WrapUp: held})
		status := map[int]domain.RoutingStatus{0: domain.RoutingIdle, 1: domain.RoutingInteracting}
		same(t, "status after the end", e.Agent.RoutingStatus(), status[held])
		e, _, changed, err := submit(e, codes{"sale"}, nil)
		must(t, err)
		same(t, "changed", changed, true)
		same(t, "load after wrap-up", e.Agent.Load, domain.Load{})
		same(t, "idle", e.Agent.RoutingStatus(), domain.RoutingIdle)
		same(t, "closed at", *e.Interaction.ClosedAt, at)
	}
}

// Whose turn it is counts from the end of the last work.
func TestTheWaitBeginsWhenWorkEnds(t *testing.T) {
	t.Parallel()
	e, end := connected(t), at.Add(time.Minute)
	e, _, err := e.End(domain.ACW{Mode: domain.ACWMandatory}, byAgent(e.Agent), end)
	must(t, err)
	same(t, "idle since the end", e.Agent.IdleSince, end)
	e, _, _, err = e.Submit(newQueue(), codes{"sale"}, nil, byAgent(e.Agent), end.Add(time.Minute))
	must(t, err)
	same(t, "idle since the wrap-up", e.Agent.IdleSince, end.Add(time.Minute))
}

func TestA19_SkipOnlyWhatIsOptional(t *testing.T) {
	t.Parallel()
	e, events, changed, err := submit(ended(t, domain.ACWOptional), codes{}, nil)
	must(t, err)
	same(t, "changed", changed, true)
	same(t, "state", e.Participant.WrapUp.State, domain.WrapUpSkipped)
	told(t, events, domain.EventWrapUpSkipped, domain.EventInteractionClosed)

	open := ended(t, domain.ACWMandatory)
	_, _, _, err = submit(open, codes{}, nil)
	refused(t, err, domain.ErrorInvalid, "wrap_up.code_required")
	notes := "no codes"
	_, _, _, err = submit(open, nil, &notes)
	refused(t, err, domain.ErrorInvalid, "wrap_up.code_required")

	// A queue without codes can ask for none; what is required is submitted all the same.
	e, events, _, err = open.Submit(domain.Queue{}, nil, nil, byAgent(open.Agent), at)
	must(t, err)
	same(t, "state", e.Participant.WrapUp.State, domain.WrapUpSubmitted)
	told(t, events, domain.EventWrapUpSubmitted, domain.EventInteractionClosed, domain.EventAgentRoutingStatus, domain.EventAgentCapacityChanged)
}

func TestC40_SeveralCodesInOrderEachOnce(t *testing.T) {
	t.Parallel()
	e, events, _, err := submit(ended(t, domain.ACWMandatory), codes{"refund", "sale", "refund", "refund"}, nil)
	must(t, err)
	if got := e.Participant.WrapUp.Codes; !slices.Equal(got, codes{"refund", "sale"}) {
		t.Errorf("codes: %v", got)
	}
	if got := events[0].Data.CodeIDs; !slices.Equal(got, []string{"refund", "sale"}) {
		t.Errorf("codes of the event: %v", got)
	}
	_, _, _, err = submit(ended(t, domain.ACWOptional), codes{"sale", "stranger"}, nil)
	stranger := refused(t, err, domain.ErrorInvalid, "wrap_up.code_not_on_queue")
	same(t, "pointer", stranger.Fields[0].Pointer, "/code_ids/1")
}

func TestC41_TheSameAgainChangesNothing(t *testing.T) {
	t.Parallel()
	yes, no := "called back", "did not call back"
	done, _, _, err := submit(ended(t, domain.ACWMandatory), codes{"sale", "other"}, &yes)
	must(t, err)
	for _, again := range []codes{{"sale", "other"}, {"sale", "other", "sale"}} {
		e, events, changed, err := submit(done, again, &yes)
		if err != nil || changed || len(events) > 0 || e.Interaction.Sequence != done.Interaction.Sequence {
			t.Errorf("the same again: changed %v, %d events, %v", changed, len(events), err)
		}
	}
	for _, other := range []struct {
		codes codes
		notes *string
	}{{codes{"sale"}, &yes}, {codes{"other", "sale"}, &yes}, {codes{"sale", "other"}, &no}, {codes{"sale", "other"}, nil}, {nil, nil}, {codes{"stranger"}, nil}} {
		e, events, changed, err := submit(done, other.codes, other.notes)
		refused(t, err, domain.ErrorConflict, "wrap_up.already_submitted")
		if changed || len(events) > 0 || e.Agent.Load != done.Agent.Load {
			t.Errorf("%v: refused, and something changed", other)
		}
	}
	skipped, _, _, err := submit(ended(t, domain.ACWOptional), codes{}, nil)
	must(t, err)
	_, _, changed, err := submit(skipped, nil, nil)
	must(t, err)
	same(t, "skipping again changes", changed, false)
}

func TestWrapUpNeedsAnEnd(t *testing.T) {
	t.Parallel()
	for _, e := range []domain.Engagement{offered(t), connected(t)} {
		_, events, changed, err := submit(e, codes{"sale"}, nil)
		conflict := refused(t, err, domain.ErrorConflict, "state.invalid_transition")
		same(t, "current state", conflict.CurrentState, string(e.Interaction.State))
		same(t, "there is something else to do", len(conflict.AllowedActions) > 1, true)
		if changed || len(events) > 0 {
			t.Error("refused, and something changed")
		}
	}
}

// Who had a conversation twice may owe two wrap-ups: without a name the newest that is
// open is meant, and of what is submitted again the last.
func TestC41_WhichWrapUpIsMeant(t *testing.T) {
	t.Parallel()
	part := func(id string, w *domain.WrapUp) domain.Participant {
		return domain.Participant{ID: domain.ParticipantID(id), WrapUp: w}
	}
	pending, grace := &domain.WrapUp{State: domain.WrapUpPending}, at.Add(time.Minute)
	late := &domain.WrapUp{State: domain.WrapUpTimedOut, GraceUntil: &grace}
	sent := func(code domain.WrapUpCodeID, after time.Duration) *domain.WrapUp {
		when := at.Add(after)
		return &domain.WrapUp{State: domain.WrapUpSubmitted, Codes: codes{code}, SubmittedAt: &when}
	}
	for name, c := range map[string]struct {
		newer, older      *domain.WrapUp
		now               time.Time
		meant, submission domain.ParticipantID
	}{
		"there is none":                   {nil, nil, at, "", ""},
		"the older, during a second part": {nil, pending, at, "older", "older"},
		"two are owed":                    {pending, pending, at, "newer", "newer"},
		"the newer is done":               {sent("sale", 0), pending, at, "older", "older"},
		"the older is in its grace":       {sent("sale", 0), late, at, "older", "older"},
		"the grace is over":               {sent("sale", 0), late, grace, "newer", "newer"},
		"the last repeats":                {sent("other", 0), sent("sale", 1), at, "newer", "older"},
		"another than the last":           {sent("other", 0), sent("refund", 1), at, "newer", "newer"},
		"one before the last repeats":     {sent("other", 1), sent("sale", 0), at, "newer", "newer"},
		"nothing was submitted":           {nil, late, grace, "older", "older"},
	} {
		parts := []domain.Participant{part("newer", c.newer), part("older", c.older)}
		meant, found := domain.WrapUpMeant(parts, c.now)
		same(t, name, meant.ID, c.meant)
		same(t, name+": found", found, c.meant != "")
		submission, _ := domain.WrapUpSubmittedTo(parts, codes{"sale", "sale"}, nil, c.now)
		same(t, name+": submitted", submission.ID, c.submission)
	}
}
