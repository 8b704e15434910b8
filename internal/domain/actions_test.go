package domain_test

import (
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// TestAllowedActions says what each viewer can do at each point of the way.
func TestAllowedActions(t *testing.T) {
	t.Parallel()
	type actions = []domain.Action
	alerting, talking, over := offered(t), connected(t), ended(t, domain.ACWOptional)
	aside, _, err := talking.Hold(byAgent(talking.Agent), at)
	must(t, err)
	declined, _, err := alerting.Decline(true, "", byAgent(alerting.Agent), at)
	must(t, err)
	closed, _, _, err := submit(over, codes{"sale"}, nil)
	must(t, err)
	for name, at := range map[string]struct {
		domain.Engagement
		own actions
	}{
		"alerting":  {alerting, actions{domain.ActionAccept, domain.ActionDecline}},
		"declined":  {declined, actions{}},
		"connected": {talking, actions{domain.ActionReply, domain.ActionHold, domain.ActionRecord, domain.ActionTransfer, domain.ActionConference, domain.ActionEnd}},
		"held":      {aside, actions{domain.ActionReply, domain.ActionAccept, domain.ActionResume, domain.ActionRecord, domain.ActionTransfer, domain.ActionEnd}},
		"ended":     {over, actions{domain.ActionWrapUp}},
		"closed":    {closed, actions{}},
	} {
		parts := []domain.Participant{at.Participant}
		program := actions{} // acts for no agent
		if at.Interaction.State == domain.InteractionQueued || at.Interaction.State == domain.InteractionAlerting {
			program = actions{domain.ActionEnd}
		}
		for viewer, want := range map[domain.AgentID]actions{at.Agent.ID: at.own, "somebody else": {}, "": program} {
			got := at.Interaction.AllowedActions(viewer, parts)
			if got == nil || !slices.Equal(got, want) {
				t.Errorf("%s, seen by %q: got %v, want %v", name, viewer, got, want)
			}
		}
	}
}

// What is allowed succeeds, and what is not is refused: the list never lies.
func TestAllowedActionsAreThoseThatSucceed(t *testing.T) {
	t.Parallel()
	tries := map[domain.Action]func(domain.Engagement) error{
		domain.ActionAccept: func(e domain.Engagement) error {
			if _, _, err := e.Accept(byAgent(e.Agent), at); err == nil {
				return nil
			}
			_, _, err := e.Resume(byAgent(e.Agent), at) // which is what accepting does with what is held
			return err
		},
		domain.ActionTransfer: func(e domain.Engagement) error { return e.CanTransfer() },
		domain.ActionHold:     func(e domain.Engagement) error { _, _, err := e.Hold(byAgent(e.Agent), at); return err },
		domain.ActionResume:   func(e domain.Engagement) error { _, _, err := e.Resume(byAgent(e.Agent), at); return err },
		domain.ActionRecord:   func(e domain.Engagement) error { _, _, err := e.Record(true, false, byAgent(e.Agent), at); return err },
		domain.ActionDecline:  func(e domain.Engagement) error { _, _, err := e.Decline(true, "", byAgent(e.Agent), at); return err },
		domain.ActionReply:    func(e domain.Engagement) error { return e.Interaction.CanReply(e.Agent.ID) },
		domain.ActionConference: func(e domain.Engagement) error {
			_, _, err := e.Confer(newAgent("Alan"), timeout, byAgent(e.Agent), at)
			return err
		},
		domain.ActionCancelConference: func(e domain.Engagement) error { _, _, err := e.CancelConference(byAgent(e.Agent), at); return err },
		domain.ActionExitConference: func(e domain.Engagement) error {
			_, _, err := e.ExitConference(domain.ACW{}, byAgent(e.Agent), at)
			return err
		},
		domain.ActionEndConference: func(e domain.Engagement) error {
			_, _, err := e.DismissGuest(domain.ACW{}, byAgent(e.Agent), at)
			return err
		},
		domain.ActionEnd: func(e domain.Engagement) error {
			_, _, err := e.End(domain.ACW{Mode: domain.ACWOptional}, byAgent(e.Agent), at)
			return err
		},
		domain.ActionWrapUp: func(e domain.Engagement) error { _, _, _, err := submit(e, codes{"sale"}, nil); return err },
	}
	aside := connected(t)
	aside, _, err := aside.Hold(byAgent(aside.Agent), at)
	must(t, err)
	waiting, _, err := swapped(invited(t)).Hold(domain.System(), at)
	must(t, err)
	for _, e := range []domain.Engagement{offered(t), connected(t), aside, ended(t, domain.ACWOptional), ended(t, domain.ACWMandatory),
		invited(t), swapped(invited(t)), waiting, conferring(t), swapped(conferring(t))} {
		allowed := e.Interaction.AllowedActions(e.Agent.ID, []domain.Participant{e.Participant})
		for action, try := range tries {
			same(t, string(action)+" while "+string(e.Participant.State), try(e) == nil, slices.Contains(allowed, action))
		}
	}
}

func TestPendingOfferIsFound(t *testing.T) {
	t.Parallel()
	e := offered(t)
	declined, _, err := e.Decline(true, "", byAgent(e.Agent), at)
	must(t, err)
	d := domain.InteractionDetail{Interaction: e.Interaction, Participants: []domain.Participant{declined.Participant, e.Participant}}
	same(t, "pending", d.PendingOffer(), &d.Participants[1])
	d.Participants = d.Participants[:1]
	same(t, "none", d.PendingOffer(), nil)
}
