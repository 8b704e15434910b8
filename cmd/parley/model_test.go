package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// model is a program whose loops run only when a step says so: what happens is
// what rapid chose, and a failure can be made again.
type model struct {
	*app
	t    testing.TB
	stop func()

	org     domain.OrganizationID
	channel domain.Channel
	agents  []domain.Principal
	admin   domain.Principal
	tokens  map[domain.AgentID]string
	wrote   int
	checked int64 // the end of the log when the invariants were checked last
}

// boot builds the program on a database that may be there already.
func (m *model) boot() {
	m.t.Helper()
	c := testConfig(m.t, template.SQLite(m.t))
	if m.app != nil {
		c = m.config
	}
	a, err := build(m.t.Context(), c, sharedContract(m.t), slog.New(slog.DiscardHandler))
	if err != nil {
		m.t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { _ = a.server.Serve(a.listener); close(served) }()
	m.app = a
	m.stop = func() {
		_ = a.server.Close()
		<-served
		a.delivery.Drain(context.Background())
		if err := a.close(); err != nil {
			m.t.Error(err)
		}
	}
}

// restart ends the program and begins it anew on the same database.
func (m *model) restart(*rapid.T) {
	m.stop()
	m.boot()
}

// found makes an organization with three agents, one queue and one channel.
func (m *model) found(t *rapid.T) {
	now := m.clock.Now()
	org := domain.Organization{ID: domain.NewID[domain.OrganizationID](), Name: domain.NewID[string](), CreatedAt: now}
	q, page := domain.NewQueue(org.ID, now), fmt.Sprint(time.Now().UnixNano())
	q.ACW = domain.ACW{Mode: rapid.SampledFrom(domain.ACWModes()).Draw(t, "acw"), TimeoutSeconds: 20, GraceSeconds: 10}
	q.Rules.NoAnswer = rapid.SampledFrom([]domain.NoAnswer{domain.NoAnswerDrop, domain.NoAnswerReturn, domain.NoAnswerRequeue}).Draw(t, "no answer")
	q.Rules.ConferenceEnd = rapid.SampledFrom([]domain.ConferenceOutcome{domain.ConferenceDisconnects, domain.ConferenceGoesBack}).Draw(t, "conference end")
	q.DeclineSetsNotResponding = rapid.Bool().Draw(t, "decline marks")
	if rapid.Bool().Draw(t, "inactivity") {
		q.Rules.Inactivity = &domain.Inactivity{AfterSeconds: 90, WarnSeconds: 30,
			Action: rapid.SampledFrom([]domain.InactivityAction{domain.InactivityDisconnect, domain.InactivityRequeue}).Draw(t, "action")}
	}
	app := domain.PlatformApp{ID: domain.NewID[domain.AppID](), Organization: org.ID, Platform: domain.PlatformMeta, Name: "app", Secrets: []string{appSecret}, VerifyToken: "v", Version: 1, CreatedAt: now, UpdatedAt: now}
	m.org, m.wrote, m.agents, m.tokens = org.ID, 0, nil, map[domain.AgentID]string{}
	m.channel = domain.Channel{ID: domain.NewID[domain.ChannelID](), Organization: org.ID, Name: "page", App: app.ID, Kind: domain.ChannelMessenger, AccountID: page,
		Credentials: map[string]string{"access_token": "page-token"}, Queue: &q.ID, Status: domain.ChannelActive, Version: 1, CreatedAt: now, UpdatedAt: now}
	client := domain.Client{ID: domain.NewID[domain.ClientID](), Organization: org.ID, Name: "all", SecretHash: []byte(org.ID), Scopes: m.scopes, Version: 1, CreatedAt: now}
	m.admin = domain.Principal{Organization: org.ID, Client: client.ID, Scopes: m.scopes}
	m.write(t, func(ctx context.Context) error {
		for _, err := range []error{m.store.CreateOrganization(ctx, org), m.store.CreateQueue(ctx, q), m.store.CreateApp(ctx, app), m.store.CreateChannel(ctx, m.channel), m.store.CreateClient(ctx, client)} {
			if err != nil {
				return err
			}
		}
		for n := range 3 {
			a := domain.NewAgent(org.ID, fmt.Sprint("agent ", n), now)
			m.agents = append(m.agents, domain.Principal{Organization: org.ID, Client: client.ID, Agent: a.ID, Scopes: domain.DeskScopes()})
			if err := m.store.CreateAgent(ctx, a); err != nil {
				return err
			}
			if err := m.store.PutMember(ctx, org.ID, domain.Member{Queue: q.ID, Agent: a.ID, Ring: 1, Joined: true}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, a := range m.agents[:2] {
		m.call(t, a, "PUT", "/v1/agents/me/presence", `{"presence":"on_queue"}`)
	}
}

func (m *model) write(t *rapid.T, f func(context.Context) error) {
	if err := m.store.InTx(m.t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// call sends a request as somebody; anything but an answer that the contract has
// for callers' faults is a fault of the program.
func (m *model) call(t *rapid.T, who domain.Principal, method, path, body string) int {
	if m.tokens[who.Agent] == "" {
		m.tokens[who.Agent], _ = m.issue(who, m.clock.Machine())
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+m.tokens[who.Agent])
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	m.server.Handler.ServeHTTP(answer, r)
	guest := answer.Code == http.StatusForbidden && strings.Contains(answer.Body.String(), ".not_initiator") // of a conference, or of a transfer
	if answer.Code >= http.StatusInternalServerError || answer.Code == http.StatusBadRequest || answer.Code == http.StatusForbidden && !guest {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s %s answered %d: %s", method, path, answer.Code, text)
	}
	return answer.Code
}

// advance moves the clock, and does on the way what is due.
func (m *model) advance(t *rapid.T, seconds int) {
	if err := m.runner.Advance(m.t.Context(), time.Duration(seconds)*time.Second, m.store.SaveClockOffset); err != nil {
		t.Fatal(err)
	}
}

// inbound puts an event of a customer's into the inbox, as a webhook does.
func (m *model) inbound(t *rapid.T, members string) {
	customer := rapid.IntRange(1, 4).Draw(t, "customer")
	payload := fmt.Sprintf(`{"sender":{"id":"%d"},"recipient":{"id":"%s"},"timestamp":%d,%s}`, customer, m.channel.AccountID, m.clock.Machine().UnixMilli(), members)
	err := m.store.AppendInbox(m.t.Context(), []domain.InboxEvent{{Organization: m.org, ID: domain.NewID[domain.InboxID](), App: m.channel.App, Kind: m.channel.Kind,
		AccountID: m.channel.AccountID, Field: "messaging", Contact: fmt.Sprint(customer), Lane: int64(customer), DedupeKey: domain.NewID[string](), Payload: []byte(payload),
		State: domain.InboxPending, ReceivedAt: m.clock.Now()}})
	if err != nil {
		t.Fatal(err)
	}
}

// steps are what can happen, by name; what happens more often stands there more often.
func (m *model) steps() map[string]func(*rapid.T) {
	one := func(t *rapid.T) (domain.Principal, string) {
		list, _, err := m.store.Interactions(m.t.Context(), m.org, storage.InteractionFilter{}, storage.Page{Limit: 8})
		if err != nil || len(list) == 0 {
			t.Fatal("there is no interaction", err)
		}
		return rapid.SampledFrom(m.agents).Draw(t, "agent"), "/v1/interactions/" + string(rapid.SampledFrom(list).Draw(t, "interaction").ID)
	}
	command := func(method, verb, body string) func(*rapid.T) {
		return func(t *rapid.T) {
			who, address := one(t)
			m.call(t, who, method, address+verb, body)
		}
	}
	writes := func(t *rapid.T) {
		m.inbound(t, fmt.Sprintf(`"message":{"mid":"m_%s","text":"hello"}`, domain.NewID[string]()))
		m.wrote++
		m.advance(t, 0)
	}
	return map[string]func(*rapid.T){
		"writes": writes, "writes again": writes,
		"accepts": command("POST", "/accept", ""), "accepts too": command("POST", "/accept", ""), "accepts also": command("POST", "/accept", ""),
		"declines": command("POST", "/decline", ""), "holds": command("POST", "/hold", ""), "resumes": command("POST", "/resume", ""),
		"records": command("PUT", "/recording", `{"recording":true}`), "replies": command("POST", "/replies", `{"text":"hello to you"}`),
		"ends": command("POST", "/end", ""), "ends too": command("POST", "/end", ""),
		"wants to wrap up": command("PUT", "/after-contact-work", `{"after_call_work_required":true}`),
		"wraps up":         command("PUT", "/wrap-up", `{"code_ids":[],"notes":"done"}`),
		"drafts":           command("PUT", "/draft", `{"text":"hello to y"}`), "drops the draft": command("DELETE", "/draft", ""),
		"ends over no draft": command("POST", "/end", `{"reject_if_draft":true}`), "exits over no draft": command("POST", "/conference/exit", `{"reject_if_draft":true}`),
		"supervisor ends": func(t *rapid.T) {
			_, address := one(t)
			m.call(t, m.admin, "POST", address+"/end", "")
		},
		"transfers": func(t *rapid.T) {
			who, address := one(t)
			mode := rapid.SampledFrom([]string{"unattended", "attended"}).Draw(t, "mode")
			target := rapid.SampledFrom(m.agents).Draw(t, "target").Agent
			m.call(t, who, "POST", address+"/transfers", `{"target":{"type":"agent","id":"`+string(target)+`"},"mode":"`+mode+`"}`)
		},
		"passes on": func(t *rapid.T) {
			who, address := one(t)
			m.call(t, who, "POST", address+"/transfers", `{"target":{"type":"queue","id":"`+string(*m.channel.Queue)+`"}}`)
		},
		"cancels the transfer": func(t *rapid.T) {
			who, address := one(t)
			i, err := m.store.Interaction(m.t.Context(), m.org, domain.InteractionID(path.Base(address)))
			if err != nil {
				t.Fatal(err)
			}
			if i.Transfer != nil {
				m.call(t, who, "DELETE", address+"/transfers/"+string(*i.Transfer), "")
			}
		},
		"asks in": func(t *rapid.T) {
			who, address := one(t)
			m.call(t, who, "POST", address+"/conference", `{"agent_id":"`+string(rapid.SampledFrom(m.agents).Draw(t, "guest").Agent)+`"}`)
		},
		"cancels": command("POST", "/conference/cancel", ""), "exits": command("POST", "/conference/exit", ""), "ends the conference": command("DELETE", "/conference", ""),
		"assigns": func(t *rapid.T) {
			who, address := one(t)
			m.call(t, m.admin, "POST", address+"/assign", `{"agent_id":"`+string(who.Agent)+`"}`)
		},
		"presence": func(t *rapid.T) {
			p := rapid.SampledFrom([]domain.Presence{domain.PresenceOnQueue, domain.PresenceOnQueue, domain.PresenceOnQueue, domain.PresenceAway}).Draw(t, "presence")
			m.call(t, rapid.SampledFrom(m.agents).Draw(t, "agent"), "PUT", "/v1/agents/me/presence", `{"presence":"`+string(p)+`"}`)
		},
		"time":  func(t *rapid.T) { m.advance(t, rapid.IntRange(1, 45).Draw(t, "seconds")) },
		"works": func(t *rapid.T) { m.advance(t, 0) },
		"receipt": func(t *rapid.T) {
			m.inbound(t, fmt.Sprintf(`"%s":{"watermark":%d}`, rapid.SampledFrom([]string{"read", "delivery"}).Draw(t, "receipt"), m.clock.Machine().UnixMilli()))
		},
		"restarts": func(t *rapid.T) {
			if rapid.IntRange(0, 39).Draw(t, "really") == 0 {
				m.restart(t)
			}
		},
	}
}

// holds checks every invariant, unless nothing was told since they were checked:
// then nothing has changed.
func (m *model) holds(t *rapid.T) {
	if _, err := m.store.SequenceEvents(m.t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if m.store.Tail() == m.checked {
		return
	}
	for _, i := range domain.Invariants() {
		found, err := m.store.Violations(m.t.Context(), i.Number, m.org)
		if err != nil || len(found) > 0 {
			t.Fatalf("invariant %d, %s: %v (%v)", i.Number, i.Text, found, err)
		}
	}
	m.checked = m.store.Tail()
}

// TestModel_InvariantsOfAnyWay drives the whole program through what rapid chooses,
// and checks every invariant of 2.12 after each step. At last everybody works off
// what is there: nothing was lost. Several programs share the machine's processors.
func TestModel_InvariantsOfAnyWay(t *testing.T) {
	t.Parallel()
	for n := range modelPrograms {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			m := &model{t: t}
			m.boot()
			t.Cleanup(func() { m.stop() })
			m.goAnyWay(t)
		})
	}
}

// goAnyWay takes the ways that rapid chooses through one program.
func (m *model) goAnyWay(t *testing.T) {
	steps := m.steps()
	names := slices.Sorted(maps.Keys(steps))
	rapid.Check(t, func(t *rapid.T) {
		m.found(t)
		for range modelSteps {
			name := rapid.SampledFrom(names).Draw(t, "step")
			if strings.HasPrefix(name, "writes") || m.wrote > 0 {
				steps[name](t)
			}
			m.holds(t)
		}
		m.finish(t)
	})
}

// finish lets an agent take, end and wrap up all that is left.
func (m *model) finish(t *rapid.T) {
	for range 200 {
		m.advance(t, 5) // a wrap-up may last
		list, _, err := m.store.Interactions(m.t.Context(), m.org, storage.InteractionFilter{}, storage.Page{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, d := range list {
			if !d.Open() && d.ClosedAt != nil {
				continue
			}
			open++
			m.close(t, d)
		}
		m.holds(t)
		if open == 0 {
			m.allReceived(t, list)
			return
		}
		for _, a := range m.agents {
			m.call(t, a, "PUT", "/v1/agents/me/presence", `{"presence":"on_queue"}`)
		}
	}
	t.Fatal("there is work that nobody can finish")
}

// close lets everybody who takes part in an interaction do what is left to them. Who
// had it twice has two wrap-ups.
func (m *model) close(t *rapid.T, d domain.InteractionDetail) {
	for _, p := range d.Participants {
		n := slices.IndexFunc(m.agents, func(a domain.Principal) bool { return a.Agent == p.Agent })
		if p.State == domain.ParticipantClosed || n < 0 {
			continue
		}
		for _, verb := range []string{"/accept", "/end"} {
			m.call(t, m.agents[n], "POST", "/v1/interactions/"+string(d.ID)+verb, "")
		}
		m.call(t, m.agents[n], "PUT", "/v1/interactions/"+string(d.ID)+"/wrap-up", `{"code_ids":[],"notes":"done","participant_id":"`+string(p.ID)+`"}`)
	}
}

// allReceived checks that every message of a customer's is in a transcript.
func (m *model) allReceived(t *rapid.T, list []domain.InteractionDetail) {
	n := 0
	for _, d := range list {
		messages, _, err := m.store.Messages(m.t.Context(), m.org, d.ID, storage.MessageFilter{}, storage.Page{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range messages {
			if message.Direction == domain.Inbound {
				n++
			}
		}
	}
	if n != m.wrote {
		t.Fatalf("%d of %d messages are in transcripts", n, m.wrote)
	}
}
