package main

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/config"
)

// TestLostAgents is about agents of whom nothing is heard. The desks are each other's
// organization, so every part puts the setting back.
func TestLostAgents(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"nobody is lost without the setting", graceOff},
		part{"an offer is rescinded", graceOffer},
		part{"conversations wait again", graceRequeue},
		part{"conversations wait for the agent", graceWait},
		part{"who is back in time was never away", graceInTime},
		part{"a long poll is a sign of life", gracePoll},
		part{"not responding stays", graceNotResponding},
		part{"who logs out is lost at once", graceLogOut},
		part{"the guest has what the host of a conference leaves by logging out", graceLogOutOfConference},
		part{"the setting", graceSetting},
	)
}

func grace(admin *caller, seconds any, lost string) {
	admin.t.Helper()
	admin.do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": seconds, "on_agent_lost": lost}).want(200)
	admin.advance(0) // the loop knows
}

// stand checks an agent's presence and routing status.
func (d deskSetup) stand(agent int, presence, status string) answer {
	d.admin.t.Helper()
	return d.admin.do("GET", "/v1/agents/"+d.ids[agent], nil).want(200).holds(map[string]string{"presence": presence, "routing_status": status})
}

func graceOff(t *testing.T, p *program) {
	d, _, i := p.talk(1)
	d.admin.advance(12 * 3600)
	d.stand(0, "on_queue", "interacting")
	d.admin.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "connected"})
	if n := len(d.admin.list("/v1/events?types=agent.presence_changed&agent_id=" + d.ids[0])); n != 1 {
		t.Errorf("%d changes of presence", n)
	}
}

func graceOffer(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"alerting_timeout_seconds": 900})
	ana, ben := d.agents[0], d.agents[1]
	grace(d.admin, 60, "requeue")
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	since := d.admin.do("GET", "/v1/interactions/"+i, nil).get("enqueued_at")
	d.admin.advance(58)
	d.stand(0, "on_queue", "idle")
	d.admin.advance(10)
	d.stand(0, "offline", "off_queue").holds(map[string]string{"utilization.message.used": "0"})
	d.admin.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "queued", "enqueued_at": since, "offer": ""})
	changed := d.admin.list("/v1/events?types=agent.presence_changed&agent_id=" + d.ids[0])
	last := changed[len(changed)-1]
	for path, want := range map[string]string{"data.before": "on_queue", "data.after": "offline", "data.reason": "lost", "actor.type": "system"} {
		if got := text(lookup(last, path)); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	rescinded := d.admin.list("/v1/events?types=offer.rescinded&interaction_id=" + i)
	if len(rescinded) != 1 || text(lookup(rescinded[0], "data.reason")) != "agent_lost" {
		t.Errorf("rescinded: %s", text(rescinded))
	}
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).code(409, "offer.not_pending").holds(map[string]string{"outcome": "rescinded"})
	d.admin.advance(5)
	d.stand(0, "offline", "off_queue") // to come back is not to be back on queue
	ben.onQueue()
	ben.offered("")
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	grace(d.admin, nil, "requeue")
	ana.onQueue()
	d.stand(0, "on_queue", "idle")
	d.holdTrue()
}

func graceRequeue(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"acw": map[string]any{"mode": "mandatory"}})
	ana, ben := d.agents[0], d.agents[1]
	grace(d.admin, 60, "requeue")
	ana.onQueue()
	d.writes("c1", "hello")
	talk, cursor := ana.accepted("")
	d.writes("c2", "me too")
	held, _ := ana.accepted(cursor)
	ana.do("POST", "/v1/interactions/"+held+"/hold", nil).want(200)
	ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "meal"}).want(200)
	since := d.admin.do("GET", "/v1/interactions/"+talk, nil).get("enqueued_at")
	d.admin.advance(70)
	for _, i := range []string{talk, held} {
		d.admin.do("GET", "/v1/interactions/"+i+"?expand=segments", nil).holds(map[string]string{"state": "queued", "participants.1.state": "closed", "closed_at": ""})
	}
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"enqueued_at": since})
	d.stand(0, "meal", "off_queue").holds(map[string]string{"utilization.message.used": "0"}) // off the queue they were
	ana.do("PUT", "/v1/interactions/"+talk+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).code(409, "state.invalid_transition")
	ben.onQueue()
	ben.offered("")
	ben.do("POST", "/v1/interactions/"+talk+"/accept", nil).want(200)
	ben.do("POST", "/v1/interactions/"+talk+"/end", nil).want(200)
	ben.do("PUT", "/v1/interactions/"+talk+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	if d.admin.do("GET", "/v1/interactions/"+talk, nil).get("closed_at") == "" {
		t.Error("the lost agent's part keeps the interaction from being closed")
	}
	grace(d.admin, nil, "requeue")
	d.holdTrue()
}

func graceWait(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"alerting_timeout_seconds": 900})
	ana := d.agents[0]
	grace(d.admin, 60, "wait")
	ana.onQueue()
	d.writes("c1", "hello")
	talk, cursor := ana.accepted("")
	d.writes("c2", "me too")
	offered, _, _ := ana.offered(cursor)
	d.admin.advance(70)
	d.stand(0, "offline", "off_queue").holds(map[string]string{"utilization.message.used": "1"})
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"state": "connected"})
	d.admin.do("GET", "/v1/interactions/"+offered, nil).holds(map[string]string{"state": "queued"})
	ana.do("GET", "/v1/interactions/"+talk, nil).want(200)
	d.admin.advance(70)
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"state": "connected"})
	grace(d.admin, nil, "requeue")
	ana.says(talk, "I am back")
	d.admin.advance(0)
	d.holdTrue()
}

func graceInTime(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.admin.advance(1000)
	grace(d.admin, 60, "requeue") // the time begins with the setting
	for range 4 {
		d.admin.advance(50)
		d.stand(0, "on_queue", "idle")
		ana.do("GET", "/v1/queues/"+d.queue+"/wrap-up-codes", nil) // also what is refused is a sign
	}
	if n := len(d.admin.list("/v1/events?types=agent.presence_changed&agent_id=" + d.ids[0])); n != 1 {
		t.Errorf("%d changes of presence", n)
	}
	d.admin.advance(70)
	d.stand(0, "offline", "off_queue")
	d.admin.do("PUT", "/v1/agents/"+d.ids[0]+"/presence", map[string]any{"presence": "on_queue"}).want(200)
	d.admin.advance(50)
	d.stand(0, "on_queue", "idle") // a supervisor gives them as long
	d.admin.advance(20)
	d.stand(0, "offline", "off_queue")
	grace(d.admin, nil, "requeue")
}

func gracePoll(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	grace(d.admin, 60, "requeue")
	ana.onQueue()
	ctx, hangUp := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, ana.url+"/v1/events?wait=30&types=reply.failed&cursor="+d.admin.do("GET", "/v1/events?limit=200", nil).get("next_cursor"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+ana.token)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if a, err := http.DefaultClient.Do(r); err == nil {
			_ = a.Body.Close()
		}
	}()
	for range 3 {
		d.admin.advance(59)
	}
	d.admin.advance(3600)
	d.stand(0, "on_queue", "idle")
	hangUp()
	<-ended
	for range 50 { // the server learns some time later that the caller is gone
		if d.admin.advance(70); d.admin.do("GET", "/v1/agents/"+d.ids[0], nil).get("presence") == "offline" {
			break
		}
	}
	d.stand(0, "offline", "off_queue")
	grace(d.admin, nil, "requeue")
}

// A20, C11: to be lost is no way out of not responding.
func graceNotResponding(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	grace(d.admin, 60, "requeue")
	ana.onQueue()
	d.writes("c1", "hello")
	ana.offered("")
	d.admin.advance(31)
	d.stand(0, "on_queue", "not_responding")
	d.admin.advance(40)
	d.stand(0, "offline", "not_responding")
	ana.onQueue()
	d.stand(0, "on_queue", "idle")
	grace(d.admin, nil, "requeue")
	d.holdTrue()
}

// graceLogOut is about the presence offline, with nobody watched.
func graceLogOut(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"alerting_timeout_seconds": 900, "acw": map[string]any{"mode": "mandatory"}})
	ana, ben := d.agents[0], d.agents[1]
	grace(d.admin, nil, "requeue")
	ana.onQueue()
	d.writes("c1", "hello")
	talk, cursor := ana.accepted("")
	d.writes("c2", "me too")
	offered, _, _ := ana.offered(cursor)
	since := d.admin.do("GET", "/v1/interactions/"+talk, nil).get("enqueued_at")
	own, out := "/v1/agents/me/presence", map[string]any{"presence": "offline"}
	ana.do("PUT", own+"?validate_only=true", out).want(200)
	ana.do("GET", "/v1/interactions/"+talk, nil).want(200).holds(map[string]string{"state": "connected"})
	ana.presence("meal") // every other choice leaves the work
	ana.do("GET", "/v1/interactions/"+talk, nil).want(200).holds(map[string]string{"state": "connected"})
	ana.presence("offline").holds(map[string]string{"routing_status": "off_queue", "utilization.message.used": "0"})
	for _, i := range []string{talk, offered} {
		d.admin.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "queued", "offer": ""})
	}
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"enqueued_at": since})
	ana.do("POST", "/v1/interactions/"+offered+"/accept", nil).code(409, "offer.not_pending").holds(map[string]string{"outcome": "rescinded"})
	ben.onQueue()
	d.admin.advance(0)
	ben.do("POST", "/v1/interactions/"+talk+"/accept", nil).want(200)
	// Where conversations wait for the agent, only the offer goes; a supervisor can log them out, too.
	grace(d.admin, nil, "wait")
	d.admin.do("PUT", "/v1/agents/"+d.ids[1]+"/presence", out).want(200).holds(map[string]string{"utilization.message.used": "1"})
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"state": "connected"})
	d.admin.do("GET", "/v1/interactions/"+offered, nil).holds(map[string]string{"state": "queued"})
	grace(d.admin, nil, "requeue")
	d.admin.do("PUT", "/v1/agents/"+d.ids[1]+"/presence", out).want(200).holds(map[string]string{"utilization.message.used": "0"})
	d.admin.do("GET", "/v1/interactions/"+talk, nil).holds(map[string]string{"state": "queued"})
	d.holdTrue()
}

func graceLogOutOfConference(t *testing.T, p *program) {
	d, ana, ben, address := p.confer(nil)
	ana.presence("offline")
	d.admin.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": "ended"})
	if got := d.parts(address); got != "closed connected" {
		t.Errorf("the parts are %s", got)
	}
	ana.onQueue()
	ben.ask(address, d.ids[0]).want(201)
	ana.presence("offline") // who is asked
	ben.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": "failed"})
	ana.onQueue()
	ben.ask(address, d.ids[0]).want(201)
	ben.presence("offline") // who asked
	d.admin.advance(0)
	d.admin.do("GET", address, nil).holds(map[string]string{"state": "alerting", "offer.agent_id": d.ids[0], "offer.purpose": "queue"})
	d.holdTrue()
}

func graceSetting(t *testing.T, p *program) {
	admin := p.admin()
	admin.do("GET", "/v1/organization", nil).want(200).holds(map[string]string{"agent_grace_seconds": "", "on_agent_lost": "requeue"})
	for _, odd := range []any{0, 9, 86401, "60", 10.5} {
		admin.do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": odd}).code(400, "request.invalid")
	}
	admin.do("PATCH", "/v1/organization", map[string]any{"on_agent_lost": "drop"}).code(400, "request.invalid")
	admin.do("PATCH", "/v1/organization?validate_only=true", map[string]any{"agent_grace_seconds": 60}).want(200)
	admin.do("GET", "/v1/organization", nil).holds(map[string]string{"agent_grace_seconds": ""})
	admin.do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": 60, "on_agent_lost": "wait"}).holds(map[string]string{"agent_grace_seconds": "60", "on_agent_lost": "wait"})
	admin.do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": nil}).holds(map[string]string{"agent_grace_seconds": "", "on_agent_lost": "wait"})
	grace(admin, nil, "requeue")
}

// holdTrue checks every invariant of the desk's organization.
func (d deskSetup) holdTrue() {
	d.admin.t.Helper()
	if a := d.admin.do("GET", "/v1/admin/invariants", nil).want(200); a.get("holds") != "true" {
		d.admin.t.Errorf("the invariants: %s", a.body)
	}
}

// Of two nodes one hears of the agent, and both know.
func TestLostAgentsOfTwoNodes(t *testing.T) {
	t.Parallel()
	database := template.Postgres(t)
	running := func(c *config.Config) { c.SandboxClock = config.ClockRunning }
	one := start(t, database, running)
	two := start(t, database, running, func(c *config.Config) { c.DataDir = one.config.DataDir })
	d := one.desk(1, nil)
	grace(d.admin, 10, "requeue")
	ana := *d.agents[0]
	ana.url = two.url
	ana.onQueue()
	before := d.admin.do("GET", "/v1/agents/"+d.ids[0], nil).get("version")
	for range 3 { // each poll ends by itself; the loops of both nodes look every second
		ana.do("GET", "/v1/events?wait=5&types=reply.failed&cursor="+ana.do("GET", "/v1/events?limit=200", nil).get("next_cursor"), nil).want(200)
	}
	d.stand(0, "on_queue", "idle").holds(map[string]string{"version": before}) // to be seen is no change
	_, cursor := d.admin.await("", "agent.presence_changed", "&agent_id="+d.ids[0])
	lost, _ := d.admin.await(cursor, "agent.presence_changed", "&agent_id="+d.ids[0])
	lost.holds(map[string]string{"data.reason": "lost", "data.after": "offline"})
}

// A supervisor sees what agents do, and ends what the agents did not (C09, C11).
func TestC09_C11_Supervisors(t *testing.T) {
	t.Parallel()
	onEach(t, part{"C09 C11 a supervisor ends not responding", supervised})
}

func supervised(t *testing.T, p *program) {
	d := p.desk(1, nil)
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Supervisor", "scopes": []string{"directory:agent:view", "presence:user:edit"}}).want(201)
	boss := d.admin.login(made.get("client_id"), made.get("client_secret"))
	d.agents[0].onQueue()
	d.writes("c1", "hello")
	d.agents[0].offered("")
	d.admin.advance(31)
	listed := boss.do("GET", "/v1/agents", nil).want(200)
	at := slices.Index(each(lookup(listed.value, "items").([]any), "id"), d.ids[0])
	listed.value = lookup(listed.value, "items").([]any)[at]
	listed.holds(map[string]string{"presence": "on_queue", "routing_status": "not_responding", "allowed_presences": `["on_queue","available"]`,
		"utilization.message.used": "0", "utilization.message.maximum": "3"})
	address := "/v1/agents/" + d.ids[0] + "/presence"
	d.agents[0].do("PUT", address, map[string]any{"presence": "on_queue"}).code(403, "permission.missing")
	boss.do("PUT", address, map[string]any{"presence": "available"}).want(200).holds(map[string]string{"presence": "available", "routing_status": "off_queue"})
	events := d.admin.list("/v1/events?types=agent.routing_status_changed&agent_id=" + d.ids[0])
	last := events[len(events)-1]
	for path, want := range map[string]string{"data.before": "not_responding", "data.after": "off_queue", "actor.type": "client", "actor.id": made.get("client_id")} {
		if got := text(lookup(last, path)); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	d.holdTrue()
}
