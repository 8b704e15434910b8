package main

import (
	"slices"
	"strings"
	"testing"
)

// TestD02_Inactivity is about conversations in which nobody writes.
func TestD02_Inactivity(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"D02 nothing ends by itself", inactivityOff},
		part{"disconnect", inactivityDisconnect},
		part{"requeue", inactivityRequeue},
		part{"the rule", inactivityRule},
	)
}

func inactivityOff(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.admin.do("GET", "/v1/queues/"+d.queue, nil).holds(map[string]string{"inactivity": ""})
	d.admin.advance(300 * 86400)
	ana.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "connected"})
	ana.do("POST", "/v1/interactions/"+i+"/hold", nil).want(200)
	d.admin.advance(300 * 86400)
	ana.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "held"})
	if n := len(d.admin.list("/v1/events?types=interaction.disconnected,interaction.requeued,interaction.inactivity_warned&interaction_id=" + i)); n != 0 {
		t.Errorf("%d events tell of an end", n)
	}
}

func inactivityDisconnect(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"inactivity": map[string]any{"after_seconds": 600, "action": "disconnect"}, "acw": map[string]any{"mode": "mandatory"}})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _ := ana.accepted("")
	address := "/v1/interactions/" + i
	warned := func() int { return len(ana.list("/v1/events?types=interaction.inactivity_warned&interaction_id=" + i)) }
	d.admin.advance(539)
	if n := warned(); n != 0 {
		t.Errorf("warned %d times too early", n)
	}
	d.writes("c1", "still here") // either side's message begins the time anew
	d.admin.advance(539)
	reply := ana.says(i, "so am I")
	d.admin.advance(0)
	ana.until(i, reply, "delivered")
	ana.do("POST", address+"/hold", nil).want(200) // no message: the time goes on
	d.admin.advance(540)
	if n := warned(); n != 1 {
		t.Errorf("warned %d times", n)
	}
	d.admin.advance(59)
	ana.do("GET", address, nil).holds(map[string]string{"state": "held"})
	d.admin.advance(1)
	ana.do("GET", address, nil).holds(map[string]string{"state": "disconnected", "disconnect_type": "inactivity", "participants.1.state": "wrapup",
		"allowed_actions": `["wrap_up"]`})
	ana.do("GET", "/v1/agents/me", nil).holds(map[string]string{"routing_status": "interacting"}) // a mandatory wrap-up
	ended := ana.list("/v1/events?types=interaction.disconnected&interaction_id=" + i)
	if len(ended) != 1 || text(lookup(ended[0], "actor.type")) != "system" || text(lookup(ended[0], "data.reason")) != "inactivity" {
		t.Errorf("the end is told by %s", text(ended))
	}
	segments := ana.do("GET", address+"?expand=segments", nil)
	if segments.get("segments.3.type") != "hold" || segments.get("segments.3.disconnect_type") != "inactivity" {
		t.Errorf("the segments: %s", segments.get("segments"))
	}
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	d.writes("c1", "and now?")
	d.admin.advance(0)
	if n := len(d.interactions()); n != 2 {
		t.Errorf("there are %d interactions", n)
	}
}

func inactivityRequeue(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"inactivity": map[string]any{"after_seconds": 100, "warn_seconds": 0, "action": "requeue"}})
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _ := ana.accepted("")
	since := ana.do("GET", "/v1/interactions/"+i, nil).get("enqueued_at")
	ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away"}).want(200)
	d.admin.advance(100)
	got := d.admin.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "queued", "enqueued_at": since, "participants.1.state": "wrapup"})
	if n := len(d.admin.list("/v1/events?types=interaction.inactivity_warned&interaction_id=" + i)); n != 0 || got.get("disconnected_at") != "" {
		t.Errorf("%d warnings: %s", n, got.body)
	}
	d.admin.advance(1000) // while it waits no clock runs
	ben.onQueue()
	ben.offered("")
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	kinds := each(d.admin.list("/v1/events?limit=200&types=interaction.connected,wrap_up.started,interaction.requeued&interaction_id="+i), "type")
	if want := []string{"interaction.connected", "wrap_up.started", "interaction.requeued", "interaction.connected"}; !slices.Equal(kinds, want) {
		t.Errorf("the events are %q", kinds)
	}
	ben.do("GET", "/v1/interactions/"+i, nil).holds(map[string]string{"state": "connected", "closed_at": ""})
}

func inactivityRule(t *testing.T, p *program) {
	d := p.desk(0, nil)
	address := "/v1/queues/" + d.queue
	rule := func(r any) answer { return d.admin.do("PATCH", address, map[string]any{"inactivity": r}) }
	rule(map[string]any{"after_seconds": 600, "action": "disconnect"}).holds(map[string]string{"inactivity.after_seconds": "600", "inactivity.warn_seconds": "60"})
	rule(map[string]any{"warn_seconds": 0}).want(400)
	rule(map[string]any{"after_seconds": 600, "warn_seconds": 0, "action": "requeue"}).holds(map[string]string{"inactivity.warn_seconds": "0", "inactivity.action": "requeue"})
	rule(nil).want(200)
	rule(map[string]any{"after_seconds": 30, "action": "requeue"}).want(200).holds(map[string]string{"inactivity.warn_seconds": "15"}) // half of what is hardly longer
	rule(nil).want(200)
	refused := rule(map[string]any{"after_seconds": 30, "warn_seconds": 30, "action": "requeue"}).code(422, "inactivity.warning_too_early")
	if refused.get("errors.0.pointer") != "/inactivity/warn_seconds" || !strings.Contains(refused.get("detail"), "warn_seconds (30) must") {
		t.Errorf("refused with %s", refused.body)
	}
	rule(nil).holds(map[string]string{"inactivity": ""})
}
