package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// lively gives a world with an interaction in every state, all of it made by moves.
func lively(t *testing.T, s *Store) (w *world, talk domain.Engagement) {
	t.Helper()
	w = newWorld(t, s)
	move := func(e domain.Engagement, events []domain.Event, err error) domain.Engagement {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		commit(t, s, func(ctx context.Context) error { return w.SaveEngagement(ctx, &e, events) })
		return e
	}
	a := w.agent(func(a *domain.Agent) { a.Presence = domain.PresenceOffline })
	a, events := a.SetPresence(domain.PresenceOnQueue, nil, domain.Actor{Type: domain.ActorAgent, ID: string(a.ID)}, noon)
	commit(t, s, func(ctx context.Context) error { return first(w.SaveAgent(ctx, &a), w.Append(ctx, events...)) })
	for n, thread := range w.threads(4) {
		i, events := domain.NewInteraction(thread, w.channel, domain.OriginMessage, noon)
		text := fmt.Sprint("hello ", n)
		i, m, received := i.Receive(domain.Message{ID: domain.NewID[domain.MessageID](), Organization: w.org, Thread: thread.ID, Channel: w.channel.ID,
			Direction: domain.Inbound, Kind: domain.KindMessage, Visibility: domain.Private, Text: &text, Attachments: []domain.Attachment{}, CreatedAt: noon, Version: 1}, noon)
		commit(t, s, func(ctx context.Context) error {
			return first(w.CreateInteraction(ctx, i), w.CreateMessages(ctx, m), w.Append(ctx, append(events, received)...))
		})
		if n == 0 {
			continue
		}
		by := domain.Actor{Type: domain.ActorAgent, ID: string(a.ID)}
		e, offered, err := domain.Offer(i, a, time.Minute, noon)
		if err != nil {
			t.Fatal(err)
		}
		commit(t, s, func(ctx context.Context) error { return w.CreateEngagement(ctx, &e, offered) })
		if a = e.Agent; n == 1 {
			continue
		}
		e = move(e.Accept(by, noon))
		if n == 2 {
			e = move(e.Hold(by, noon.Add(time.Second)))
			talk = e
		} else {
			e = move(e.End(domain.ACW{Mode: domain.ACWMandatory}, by, noon.Add(time.Second)))
		}
		a = e.Agent
	}
	if _, err := w.SequenceEvents(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return w, talk
}

// broken names, by the number of an invariant, statements each of which violates it.
func broken(w *world, talk domain.Engagement) map[int][]string {
	org, i, a, part := string(w.org), string(talk.Interaction.ID), string(talk.Agent.ID), string(talk.Participant.ID)
	in := func(table, set, where string) string {
		return fmt.Sprintf("UPDATE %s SET %s WHERE organization_id = '%s' AND %s", table, set, org, where)
	}
	one := domain.NewID[string]()
	event := fmt.Sprintf("INSERT INTO events (organization_id, id, type, time, subject, interaction_id, sequence, agent_id, actor, data) VALUES ('%s', '%s', ", org, one)
	logged := "; INSERT INTO event_log (organization_id, position, event_id) VALUES ('" + org + "', 1000000, '" + one + "')"
	no, yes := "FALSE", "TRUE"
	file := func(values string) string {
		return fmt.Sprintf(`INSERT INTO attachments (organization_id, id, origin, state, name, sha256, blob_key, expires_at, due, erased, content_type, size, source, sealed_name,
			fault, lease_until, tries, version, created_at) VALUES ('%s', '%s', 'platform', %s, '', 0, '', '', '', 0, 0, 1, 0)`, org, domain.NewID[string](), values)
	}
	key := func(answer string) string {
		return fmt.Sprintf(`INSERT INTO idempotency_keys (organization_id, client_id, operation, key, fingerprint, status, headers, body, request_id, created_at)
			VALUES ('%s', 'c', 'o', 'k', '', %s, '', 0)`, org, answer)
	}
	return map[int][]string{
		1: {in("interactions", "owner_id = NULL", "id = '"+i+"'"), in("interactions", "state = 'queued'", "id = '"+i+"'"),
			in("participants", "offer = 'declined'", "offer = 'pending'"), in("participants", "state = 'closed'", "id = '"+part+"'")},
		2: {in("agents", "connected = connected + 1", "id = '"+a+"'"), in("agents", "alerting = 0", "id = '"+a+"'"), in("agents", "wrap_up = 7", "id = '"+a+"'"),
			in("agents", "social = 1", "id = '"+a+"'"), in("agents", "message_capacity = 1, updated_at = 0", "id = '"+a+"'"),
			in("agents", "message_capacity = 2, updated_at = 0, shared = "+no+", social_capacity = 9", "id = '"+a+"'")},
		3: {in("events", `data = '{"before":"idle","after":"not_responding"}'`, "type = 'agent.routing_status_changed'")},
		4: {event + "'agent.routing_status_changed', 0, '" + a + "', NULL, NULL, '" + a + `', '{"type":"system"}', '{"before":"not_responding","after":"idle"}')` + logged},
		5: {in("segments", "end_at = end_at + 1", "interaction_id = '"+i+"' AND type = 'interact'"), in("segments", "end_at = end_at - 1", "interaction_id = '"+i+"' AND type = 'alert'"),
			in("segments", "end_at = NULL", "interaction_id = '"+i+"' AND type = 'alert'"),
			in("segments", "end_at = start_at", "interaction_id = '"+i+"' AND type = 'hold'"), in("segments", "end_at = start_at", "type = 'queue' AND end_at IS NULL"),
			in("segments", "end_at = start_at", "type = 'wrapup'"), in("participants", "state = 'closed'", "id = '"+part+"'"),
			"DELETE FROM segments WHERE organization_id = '" + org + "' AND interaction_id = '" + i + "'"},
		6: {event + "'reply.sending', 0, '" + i + "', NULL, NULL, NULL, '{}', " + `'{"reply_id":"r","before":"delivered","after":"sending"}')` + logged},
		7: {"INSERT INTO messages (organization_id, id, interaction_id, thread_id, channel_id, position, direction, kind, visibility, sender_type, sender_id, attachments, created_at, status, attempts, sent_at, reconciled, send_group_id, version) " +
			fmt.Sprintf("SELECT '%s', '%s', interaction_id, thread_id, channel_id, 900 + 0, 'outbound', 'message', 'private', 'agent', 'a', '[]', created_at, 'sent', 1, 2000, reconciled, '', 1 FROM messages WHERE organization_id = '%s' AND interaction_id = '%s'", org, domain.NewID[string](), org, i) +
			"; INSERT INTO messages (organization_id, id, interaction_id, thread_id, channel_id, position, direction, kind, visibility, sender_type, sender_id, attachments, created_at, status, attempts, sent_at, reconciled, send_group_id, version) " +
			fmt.Sprintf("SELECT '%s', '%s', interaction_id, thread_id, channel_id, 901, 'outbound', 'message', 'private', 'agent', 'a', '[]', created_at, 'sent', 1, 1000, reconciled, '', 1 FROM messages WHERE organization_id = '%s' AND interaction_id = '%s' AND position < 900", org, domain.NewID[string](), org, i)},
		8: {in("messages", "created_at = created_at + 10000", "1 = 1")},
		9: {in("interactions", "sequence = sequence + 1", "id = '"+i+"'"), in("events", "sequence = 99", "interaction_id = '"+i+"' AND sequence = 3"), in("interactions", "state = 'connected'", "id = '"+i+"'")},
		10: {in("events", `data = '{"reason":"https://example.com/a.jpg"}'`, "type = 'offer.created'"), in("events", `data = '{"reason":"4111111111111111"}'`, "type = 'offer.created'"),
			file("'ready', '', '', 'key', 1, NULL, " + no), file("'ready', '', '', 'key', 1, 2, " + no), file("'expired', '', '', 'key', 1, NULL, " + no),
			file("'expired', 'passport.jpg', '', '', 1, NULL, " + no), file("'ready', '', 'abc', '', NULL, NULL, " + yes)},
		11: {key("200, '{}', 'an answer that was not sealed'"), key("0, '{}', ''")},
		12: {in("participants", "state = 'connected'", "interaction_id = '"+i+"'") + "; INSERT INTO participants (organization_id, id, interaction_id, agent_id, agent_name, state, offer, answered_by, offered_at, expires_at, joined_at, version) " +
			fmt.Sprintf("VALUES ('%s', '%s', '%s', '%s', 'b', 'connected', 'accepted', 'agent', 0, 0, 0, 1)", org, domain.NewID[string](), i, domain.NewID[string]())},
	}
}

// Every invariant holds for what moves made, and names what a hand made wrong.
func TestInvariantsNameWhatIsBroken(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, talk := lively(t, db.Store)
		other, _ := lively(t, db.Store)
		checkAll(t, w, 0)
		for number, all := range broken(w, talk) {
			for _, sql := range all {
				err := w.InTx(t.Context(), func(ctx context.Context) error {
					for statement := range strings.SplitSeq(sql, "; ") {
						if _, err := w.writeNow(ctx, statement); err != nil {
							t.Fatalf("%v\n%s", err, statement)
						}
					}
					found, err := w.Violations(ctx, number, w.org)
					if err != nil || len(found) == 0 {
						t.Errorf("invariant %d holds after %s (%v)", number, sql, err)
					}
					if theirs, err := w.Violations(ctx, number, other.org); err != nil || len(theirs) > 0 {
						t.Errorf("invariant %d: another organization is blamed: %v (%v)", number, theirs, err)
					}
					return errRefused
				})
				if err != errRefused { //nolint:errorlint // it is handed through
					t.Fatal(err)
				}
			}
		}
		if len(broken(w, talk)) != len(domain.Invariants()) {
			t.Error("an invariant is not broken by this test")
		}
		checkAll(t, w, 0)
	})
}

// checkAll expects this many violations of all invariants together.
func checkAll(t *testing.T, w *world, want int) {
	t.Helper()
	n := 0
	for _, i := range domain.Invariants() {
		found, err := w.Violations(t.Context(), i.Number, w.org)
		if err != nil {
			t.Fatalf("invariant %d: %v", i.Number, err)
		}
		for _, v := range found {
			t.Logf("invariant %d: %s", i.Number, v)
		}
		n += len(found)
	}
	if n != want {
		t.Errorf("%d violations, want %d", n, want)
	}
}

// A check looks at each thing once: it does not go through a whole index for each.
func TestInvariantsAreCheckedByIndex(t *testing.T) {
	t.Parallel()
	db := onSQLite(t)
	for number, sql := range checks() {
		var steps []struct{ Detail string }
		args := make([]any, strings.Count(sql, "?"))
		for n := range args {
			args[n] = 1
		}
		if err := db.read.Raw("EXPLAIN QUERY PLAN "+sql, args...).Scan(&steps).Error; err != nil {
			t.Fatalf("%d: %v", number, err)
		}
		nested := false
		for _, step := range steps {
			nested = nested || strings.HasPrefix(step.Detail, "CORRELATED")
			if table := (statement{sql: sql}).ransacked(step.Detail); nested && table != "" {
				t.Errorf("%d reads all of %s again and again: %s", number, table, step.Detail)
			}
		}
	}
}
