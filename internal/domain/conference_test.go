package domain_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// byHost is what the agent does who asked for the conference, on their guest's engagement.
func byHost(f func(domain.Engagement) (domain.Engagement, []domain.Event, error)) attempt {
	return func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
		after, events, err := f(swapped(e))
		return swapped(after), events, err
	}
}

// conferenceMoves is everything that can become of a conference, by what a reader
// calls it, as its guest's engagement sees it.
func conferenceMoves() map[string]attempt {
	end := func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
		return e.EndAs(domain.DisconnectConference, mandatory, byAgent(e.Agent), at)
	}
	left := func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
		return e.EndAs("customer", mandatory, domain.Actor{Type: domain.ActorCustomer}, at)
	}
	lose := func(e domain.Engagement) (domain.Engagement, []domain.Event, error) { return e.Lose(at) }
	return map[string]attempt{
		"accept": attempts()[domain.MoveAccept][0], "decline": attempts()[domain.MoveRequeue][0], "time out": attempts()[domain.MoveRequeue][1],
		"guest lost": lose, "host lost": byHost(lose), "end": byHost(end), "customer leaves": byHost(left),
		"cancel": byHost(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.CancelConference(byAgent(e.Agent), at)
		}),
		"exit": func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.ExitConference(mandatory, byAgent(e.Agent), at)
		},
		"end for the guest": func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			after, events, err := swapped(e).DismissGuest(mandatory, byAgent(e.Agent), at)
			if err != nil {
				after = e
			}
			return after, events, err
		},
		"inactivity": byHost(func(e domain.Engagement) (domain.Engagement, []domain.Event, error) {
			return e.Release(mandatory, "inactivity", domain.System(), at)
		}),
	}
}

// TestC30_C32_ConferenceTable is every row of the conference protocol (2.8): what
// becomes of the interaction, the conference, the two parts and the two agents.
func TestC30_C32_ConferenceTable(t *testing.T) {
	t.Parallel()
	type row struct{ interaction, conference, host, guest, punished string }
	tables := map[string]map[string]row{
		"requested": {
			"accept":          {"conference", "active", "connected", "connected", ""},
			"decline":         {"connected", "failed", "connected", "closed", "guest"},
			"time out":        {"connected", "failed", "connected", "closed", "guest"},
			"cancel":          {"connected", "cancelled", "connected", "closed", ""},
			"guest lost":      {"connected", "failed", "connected", "closed", ""},
			"host lost":       {"queued", "cancelled", "closed", "closed", ""},
			"end":             {"disconnected", "cancelled", "wrapup", "closed", ""},
			"customer leaves": {"disconnected", "cancelled", "wrapup", "closed", ""},
			"inactivity":      {"queued", "cancelled", "wrapup", "closed", ""},
		},
		"active": {
			"exit":              {"connected", "ended", "connected", "wrapup", ""},
			"end for the guest": {"connected", "ended", "connected", "wrapup", ""},
			"end":               {"disconnected", "ended", "wrapup", "wrapup", ""},
			"customer leaves":   {"disconnected", "ended", "wrapup", "wrapup", ""},
			"inactivity":        {"queued", "ended", "wrapup", "wrapup", ""},
			"guest lost":        {"connected", "ended", "connected", "closed", ""},
			"host lost":         {"connected", "ended", "closed", "connected", ""},
		},
	}
	for state, e := range map[string]domain.Engagement{"requested": invited(t), "active": conferring(t)} {
		for name, try := range conferenceMoves() {
			after, events, err := try(e)
			want, allowed := tables[state][name]
			if !allowed {
				if err == nil || len(events) > 0 || after.Interaction.State != e.Interaction.State {
					t.Errorf("%s while %s is not refused", name, state)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s while %s: %v", name, state, err)
				continue
			}
			got := row{string(after.Interaction.State), string(after.Interaction.Conference.State), string(after.Other.Participant.State), string(after.Participant.State), ""}
			if after.Agent.NotResponding {
				got.punished = "guest"
			}
			if got != want {
				t.Errorf("%s while %s leads to %v, not %v", name, state, got, want)
			}
			checkMeeting(t, name+" while "+state, after)
		}
	}
}

// checkMeeting holds what a move left to what always holds: the owner has a part that
// lives, and every agent's load is that of their part.
func checkMeeting(t *testing.T, what string, e domain.Engagement) {
	t.Helper()
	for _, s := range []domain.Seat{{Participant: e.Participant, Agent: e.Agent}, *e.Other} {
		has := s.Participant.State == domain.ParticipantConnected || s.Participant.State == domain.ParticipantHeld
		want := domain.Load{}
		switch {
		case has:
			want.Connected = 1
		case s.Participant.State == domain.ParticipantAlerting:
			want.Alerting = 1
		case s.Participant.State == domain.ParticipantWrapUp:
			want.WrapUp = 1
		}
		same(t, what+": the load of "+s.Agent.Name, s.Agent.Load, want)
		owns := e.Interaction.Owner != nil && *e.Interaction.Owner == s.Agent.ID
		same(t, what+": "+s.Agent.Name+" has the conversation or is a guest", has, owns || e.Interaction.Conference.Holds(s.Agent.ID))
	}
	same(t, what+": an offer stands", e.Interaction.Offered != nil, e.Interaction.Conference.State == domain.ConferenceRequested)
}

// A third agent is refused, and a second request while the first stands.
func TestC30_NeverAThirdAgent(t *testing.T) {
	t.Parallel()
	e, third := conferring(t), newAgent("Alan")
	for _, viewer := range []domain.Engagement{e, swapped(e)} {
		_, _, err := viewer.Confer(third, timeout, byAgent(viewer.Agent), at)
		refused(t, err, domain.ErrorConflict, "conference.full")
	}
	host := swapped(invited(t))
	_, _, err := host.Confer(third, timeout, byAgent(host.Agent), at)
	refused(t, err, domain.ErrorConflict, "conference.in_progress")
}

// Whom an agent cannot ask in, and when (C24).
func TestC24_C31_WhoCanBeAsked(t *testing.T) {
	t.Parallel()
	e := connected(t)
	_, _, err := e.Confer(e.Agent, timeout, byAgent(e.Agent), at)
	refused(t, err, domain.ErrorInvalid, "conference.to_oneself")
	for name, change := range map[string]func(*domain.Agent){
		"off queue":            func(a *domain.Agent) { a.Presence = domain.PresenceMeal },
		"not responding":       func(a *domain.Agent) { a.NotResponding = true },
		"without the scope":    func(a *domain.Agent) { a.Scopes = nil },
		"full":                 func(a *domain.Agent) { a.Load.Connected = domain.MessageCapacity },
		"not for this channel": func(a *domain.Agent) { a.Limits.Channels = []domain.ChannelKind{domain.ChannelOpen} },
	} {
		guest := newAgent("Grace")
		change(&guest)
		_, events, err := e.Confer(guest, timeout, byAgent(e.Agent), at)
		refused(t, err, domain.ErrorConflict, "conference.target_unavailable")
		same(t, "events for somebody "+name, len(events), 0)
	}
	for _, early := range []domain.Engagement{offered(t), ended(t, domain.ACWOptional)} {
		_, _, err := early.Confer(newAgent("Grace"), timeout, byAgent(early.Agent), at)
		refused(t, err, domain.ErrorConflict, "state.invalid_transition")
	}
	aside, _, err := e.Hold(byAgent(e.Agent), at)
	must(t, err)
	_, _, err = aside.Confer(newAgent("Grace"), timeout, byAgent(e.Agent), at)
	refused(t, err, domain.ErrorConflict, "state.invalid_transition")
}

// The events of a request and of the acceptance, and what they change besides.
func TestC32_RequestedAndActive(t *testing.T) {
	t.Parallel()
	host := connected(t)
	e, events, err := host.Confer(newAgent("Grace"), timeout, byAgent(host.Agent), at)
	must(t, err)
	told(t, events, domain.EventOfferCreated, domain.EventAgentCapacityChanged, domain.EventConferenceRequested)
	same(t, "state", e.Interaction.State, domain.InteractionConferenceRequested)
	same(t, "the owner stays", *e.Interaction.Owner, host.Agent.ID)
	same(t, "the guest's queue", *e.Participant.Queue, *host.Participant.Queue)
	same(t, "the guest's capacity", e.Agent.Load, domain.Load{Alerting: 1})
	e.Other = &domain.Seat{Participant: host.Participant, Agent: host.Agent}
	e, events, err = e.Accept(byAgent(e.Agent), at.Add(time.Second))
	must(t, err)
	told(t, events, domain.EventOfferAccepted, domain.EventConferenceStarted, domain.EventAgentRoutingStatus)
	same(t, "the guest's event", events[0].Agent, e.Agent.ID)
	same(t, "the owner still", *e.Interaction.Owner, host.Agent.ID)
	same(t, "first connected", *e.Interaction.ConnectedAt, at)
	same(t, "started", *e.Interaction.Conference.StartedAt, at.Add(time.Second))
	for _, who := range []domain.Engagement{e, swapped(e)} {
		must(t, e.Interaction.CanReply(who.Agent.ID))
	}
	refused(t, e.Interaction.CanReply("somebody else"), domain.ErrorConflict, "interaction.not_owner")
}

// Only the initiator ends: neither the conference nor the conversation is the guest's to end.
func TestC35_OnlyTheInitiatorEnds(t *testing.T) {
	t.Parallel()
	e := conferring(t)
	_, _, err := e.DismissGuest(domain.ACW{}, byAgent(e.Agent), at)
	refused(t, err, domain.ErrorForbidden, "conference.not_initiator")
	refused(t, e.MayEndConference(), domain.ErrorForbidden, "conference.not_initiator")
	_, _, err = e.End(domain.ACW{}, byAgent(e.Agent), at)
	refused(t, err, domain.ErrorForbidden, "conference.not_initiator")
	asked := invited(t)
	_, _, err = asked.CancelConference(byAgent(asked.Agent), at)
	refused(t, err, domain.ErrorForbidden, "conference.not_initiator")
	host := swapped(e)
	_, _, err = host.ExitConference(domain.ACW{}, byAgent(host.Agent), at)
	refused(t, err, domain.ErrorConflict, "conference.initiator_cannot_exit")
	must(t, host.MayEndConference())
}

// Of a cancellation and an answer what comes first holds; the other is told the outcome.
func TestC32_CancelAgainstAnswer(t *testing.T) {
	t.Parallel()
	e := invited(t)
	cancelled, events, err := swapped(e).CancelConference(byAgent(e.Agent), at)
	must(t, err)
	told(t, events, domain.EventOfferRescinded, domain.EventConferenceCancelled, domain.EventAgentCapacityChanged)
	late := swapped(cancelled)
	same(t, "the guest still waits as long as before", late.Agent.IdleSince, e.Agent.IdleSince)
	_, _, err = late.Accept(byAgent(late.Agent), at)
	same(t, "the acceptance lost to", refused(t, err, domain.ErrorConflict, "offer.not_pending").Outcome, "rescinded")
	for outcome, e := range map[string]domain.Engagement{"active": conferring(t), "failed": must3(t)(invited(t).Decline(true, "", domain.System(), at))} {
		host := swapped(e)
		_, _, err = host.CancelConference(byAgent(host.Agent), at)
		lost := refused(t, err, domain.ErrorConflict, "conference.not_pending")
		same(t, "the cancellation lost to", lost.Outcome, outcome)
	}
	_, _, err = connected(t).CancelConference(domain.System(), at)
	refused(t, err, domain.ErrorConflict, "state.invalid_transition")
}

// must3 gives what a move left.
func must3(t *testing.T) func(domain.Engagement, []domain.Event, error) domain.Engagement {
	return func(e domain.Engagement, _ []domain.Event, err error) domain.Engagement {
		t.Helper()
		must(t, err)
		return e
	}
}

// A host may put the conversation aside while they wait; it is held or taken up again
// as the answer comes.
func TestC32_HoldWhileTheGuestIsAsked(t *testing.T) {
	t.Parallel()
	host := must3(t)(swapped(invited(t)).Hold(domain.System(), at))
	same(t, "still asked for", host.Interaction.State, domain.InteractionConferenceRequested)
	same(t, "aside", host.Participant.State, domain.ParticipantHeld)
	back := must3(t)(swapped(host).Decline(true, "", domain.System(), at))
	same(t, "after a decline", back.Interaction.State, domain.InteractionHeld)
	in, told, err := swapped(host).Accept(byAgent(host.Other.Agent), at)
	must(t, err)
	resumed := slices.IndexFunc(told, func(e domain.Event) bool { return e.Type == domain.EventInteractionResumed })
	started := slices.IndexFunc(told, func(e domain.Event) bool { return e.Type == domain.EventConferenceStarted })
	if resumed < 0 || resumed > started || told[resumed].Data.ParticipantID != string(host.Participant.ID) {
		t.Errorf("the acceptance tells %+v", told)
	}
	same(t, "after the acceptance", in.Interaction.State, domain.InteractionConference)
	same(t, "the host's part", in.Other.Participant.State, domain.ParticipantConnected)
	again := must3(t)(host.Resume(domain.System(), at))
	same(t, "resumed", again.Participant.State, domain.ParticipantConnected)
}

// Whatever happens, in whatever order: the segments of each part have no hole, what
// always holds holds, and the numbers of events have no gap.
func TestC30_ConferencesOfAnyWay(t *testing.T) {
	t.Parallel()
	random, longest := rand.New(rand.NewPCG(30, 36)), 0
	for range 300 {
		var line timeLine
		i, events := newQueued()
		line.apply(events...)
		host, events, err := domain.Offer(i, newAgent("Ada"), timeout, at)
		must(t, err)
		line.apply(events...)
		host, events, err = host.Accept(byAgent(host.Agent), at)
		must(t, err)
		line.apply(events...)
		guest, way := domain.Engagement{}, ""
		for step := range 12 {
			now := at.Add(time.Duration(step) * time.Millisecond)
			if host.Interaction.State == domain.InteractionConnected {
				guest, events, err = host.Confer(newAgent(fmt.Sprint("Guest ", step)), timeout, byAgent(host.Agent), now)
				must(t, err)
				guest.Other = &domain.Seat{Participant: host.Participant, Agent: host.Agent}
				line.apply(events...)
				host.Interaction = guest.Interaction
				continue
			}
			if !guest.Interaction.Conference.Open() {
				break
			}
			moves := conferenceMoves()
			name := slices.Sorted(maps.Keys(moves))[random.IntN(len(moves))]
			after, events, err := moves[name](guest)
			if err != nil {
				continue
			}
			way += " " + name
			line.apply(events...)
			checkMeeting(t, way, after)
			guest, host = after, swapped(after)
			if owner := after.Interaction.Owner; owner != nil && *owner == after.Agent.ID {
				host = after
			}
			way += ","
		}
		checkParts(t, way, line)
		longest = max(longest, len(line))
	}
	same(t, "there were ways with several conferences", longest > 12, true)
}

// checkParts holds every part's time line to rule 5 of the invariants.
func checkParts(t *testing.T, way string, line timeLine) {
	t.Helper()
	last, seen := map[domain.ParticipantID]*time.Time{}, map[int64]bool{}
	for _, s := range line {
		if before, met := last[s.Participant]; met && s.Participant != "" && (before == nil || !before.Equal(s.Start)) {
			t.Errorf("a hole or an overlap before %+v in %s after%s", s, line, way)
		}
		if last[s.Participant] = s.End; seen[s.Sequence] {
			t.Errorf("two segments begin with one event in %s after%s", line, way)
		}
		seen[s.Sequence] = true
	}
}

// Where agents wrap up only if they asked for it, a conference that ends for everybody
// is closed with that, or with the wrap-up of the one who did ask.
func TestC34_NobodyAskedToWrapUp(t *testing.T) {
	t.Parallel()
	requested := domain.ACW{Mode: domain.ACWAgentRequested}
	host := swapped(conferring(t))
	over, _, err := host.EndAs(domain.DisconnectConference, requested, byAgent(host.Agent), at)
	must(t, err)
	same(t, "both are out", over.Participant.State == domain.ParticipantClosed && over.Other.Participant.State == domain.ParticipantClosed, true)
	same(t, "closed at once", over.Interaction.ClosedAt != nil, true)
	guest := must3(t)(swapped(host).RequestWrapUp(true, domain.System(), at))
	over, _, err = swapped(guest).EndAs(domain.DisconnectConference, requested, byAgent(host.Agent), at)
	must(t, err)
	same(t, "the guest wraps up", over.Other.Participant.State, domain.ParticipantWrapUp)
	same(t, "and holds it open", over.Interaction.ClosedAt, nil)
}

// Both have the time as a conference's, from the same moment on.
func TestSegmentsOfAConference(t *testing.T) {
	t.Parallel()
	var line timeLine
	i, events := newQueued()
	line.apply(events...)
	step := func(e domain.Engagement, events []domain.Event, err error) domain.Engagement {
		t.Helper()
		must(t, err)
		line.apply(events...)
		return e
	}
	host := step(domain.Offer(i, newAgent("Ada"), timeout, at))
	host = step(host.Accept(byAgent(host.Agent), at))
	guest := step(host.Confer(newAgent("Grace"), timeout, byAgent(host.Agent), at))
	guest.Other = &domain.Seat{Participant: host.Participant, Agent: host.Agent}
	guest = step(guest.Accept(byAgent(guest.Agent), at))
	same(t, "both talk", line.String(), "queue alert interact alert conference conference")
	out := step(guest.ExitConference(mandatory, byAgent(guest.Agent), at))
	same(t, "one goes on", line.String(), "queue alert interact alert conference conference interact wrapup")
	host = swapped(out)
	host.Other = nil
	step(host.End(mandatory, byAgent(host.Agent), at))
	same(t, "over", line.String(), "queue alert interact alert conference conference interact wrapup wrapup")
	same(t, "the disconnect ended the host's", *line[6].DisconnectType, domain.DisconnectAgent)
	same(t, "and not the guest's", line[4].DisconnectType, nil)
}
