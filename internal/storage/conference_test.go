package storage

import (
	"context"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// meeting is a conversation of one agent's into which another has been asked.
func (w *world) meeting(agents ...domain.Agent) (host, guest domain.Engagement) {
	w.t.Helper()
	if len(agents) == 0 {
		agents = []domain.Agent{w.agent(), w.agent()}
	}
	by := domain.Actor{Type: domain.ActorAgent, ID: "somebody"}
	host = w.offer(w.waiting(1)[0], w.now(agents[0]))
	host, events, err := host.Accept(by, noon)
	if err != nil {
		w.t.Fatal(err)
	}
	commit(w.t, w.Store, func(ctx context.Context) error { return w.SaveEngagement(ctx, &host, events) })
	guest, events, err = host.Confer(w.now(agents[1]), time.Minute, by, noon)
	if err != nil {
		w.t.Fatal(err)
	}
	commit(w.t, w.Store, func(ctx context.Context) error { return w.CreateEngagement(ctx, &guest, events) })
	host.Interaction = guest.Interaction
	return host, guest
}

// now is an agent as they are by now.
func (w *world) now(a domain.Agent) domain.Agent {
	w.t.Helper()
	a, err := w.Agent(w.t.Context(), w.org, a.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// lock reads an engagement under its locks.
func (w *world) lock(e domain.Engagement) (got domain.Engagement) {
	w.t.Helper()
	commit(w.t, w.Store, func(ctx context.Context) (err error) {
		got, err = w.LockEngagement(ctx, w.org, e.Interaction.ID, e.Participant.Agent, e.Participant.ID)
		return err
	})
	return got
}

// Each agent of a conference finds the other beside them, and what a move changed of
// both is written.
func TestEngagementsOfAConference(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		host, guest := w.meeting()
		for mine, other := range map[*domain.Engagement]domain.Engagement{&host: guest, &guest: host} {
			got := w.lock(*mine)
			if got.Other == nil {
				t.Fatal("there is no other")
			}
			same(t, "interaction", got.Interaction, mine.Interaction)
			same(t, "own part", got.Participant, mine.Participant)
			same(t, "own agent", got.Agent, mine.Agent)
			same(t, "the other's part", got.Other.Participant, other.Participant)
			same(t, "the other agent", got.Other.Agent, other.Agent)
		}
		joined, events, err := w.lock(guest).Accept(domain.System(), noon)
		if err != nil {
			t.Fatal(err)
		}
		commit(t, w.Store, func(ctx context.Context) error { return w.SaveEngagement(ctx, &joined, events) })
		checkAll(t, w, 0)
		over, events, err := w.lock(host).End(domain.ACW{Mode: domain.ACWMandatory}, domain.System(), noon.Add(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		commit(t, w.Store, func(ctx context.Context) error { return w.SaveEngagement(ctx, &over, events) })
		for _, e := range []domain.Engagement{host, guest} {
			got := w.lock(e)
			if got.Other != nil || got.Participant.State != domain.ParticipantWrapUp || got.Agent.Load != (domain.Load{WrapUp: 1}) {
				t.Errorf("after the end %s is %s with %+v", got.Agent.Name, got.Participant.State, got.Agent.Load)
			}
		}
		checkAll(t, w, 0)
	})
}

// Two conferences whose agents are each other's guests are changed at the same time:
// neither waits for the other for ever.
func TestConferencesLockTheirAgentsInOneOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		ada, grace := w.agent(), w.agent()
		one, _ := w.meeting(ada, grace)
		two, _ := w.meeting(grace, ada)
		done := make(chan error)
		for _, e := range []domain.Engagement{one, two} {
			go func() {
				var failed error
				for range 40 {
					err := w.InTx(t.Context(), func(ctx context.Context) error {
						got, err := w.LockEngagement(ctx, w.org, e.Interaction.ID, e.Participant.Agent, e.Participant.ID)
						if err != nil {
							return err
						}
						return w.SaveEngagement(ctx, &got, nil)
					})
					if err != nil {
						failed = err
					}
				}
				done <- failed
			}()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := w.now(ada).Version; got < 80 {
			t.Errorf("version %d after 80 changes", got)
		}
	})
}

// Conferences are in the state that says how they stand, with as many agents.
func TestInvariantsOfConferences(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		host, guest := w.meeting()
		if _, err := w.SequenceEvents(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		checkAll(t, w, 0)
		i, part := "organization_id = '"+string(w.org)+"' AND id = '"+string(host.Interaction.ID)+"'", "organization_id = '"+string(w.org)+"' AND id = '"
		for number, all := range map[int][]string{
			1: {"UPDATE interactions SET conference = NULL WHERE " + i, "UPDATE interactions SET offered_id = NULL WHERE " + i, "UPDATE interactions SET state = 'connected' WHERE " + i,
				"UPDATE participants SET state = 'closed' WHERE " + part + string(guest.Participant.ID) + "'", "UPDATE interactions SET state = 'conference' WHERE " + i,
				"UPDATE participants SET state = 'closed' WHERE " + part + string(host.Participant.ID) + "'", "UPDATE interactions SET owner_id = NULL WHERE " + i},
			9: {"UPDATE interactions SET state = 'conference' WHERE " + i, "UPDATE interactions SET state = 'connected' WHERE " + i},
		} {
			for _, sql := range all {
				err := w.InTx(t.Context(), func(ctx context.Context) error {
					if _, err := w.writeNow(ctx, sql); err != nil {
						return err
					}
					if found, err := w.Violations(ctx, number, w.org); err != nil || len(found) == 0 {
						t.Errorf("invariant %d holds after %s (%v)", number, sql, err)
					}
					return errRefused
				})
				if err != errRefused { //nolint:errorlint // it is handed through
					t.Fatal(err)
				}
			}
		}
		checkAll(t, w, 0)
	})
}
