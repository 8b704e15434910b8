package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestD05_D06_D07_D08_D09_Holds is about a conversation that its agent puts aside, and about what a
// desk can do in each state (D05 to D09).
func TestD05_D06_D07_D08_D09_Holds(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"D05 states", holdStates},
		part{"D06 actions", holdActions},
		part{"D07 picked up", holdPickedUp},
		part{"D08 not for messages", holdUnsupported},
		part{"D09 who and where", holdShown},
		part{"recording", holdRecording},
		part{"what is written meanwhile", holdMessages},
		part{"segments", holdSegments},
	)
}

// The four states that every desk shows, as a list and as one.
func holdStates(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	address := "/v1/interactions/" + i
	for _, step := range []struct{ verb, state, part string }{
		{"", "alerting", "alerting"}, {"/accept", "connected", "connected"}, {"/hold", "held", "held"}, {"/resume", "connected", "connected"},
		{"/hold", "held", "held"}, {"/end", "disconnected", "wrapup"}} {
		if step.verb != "" {
			ana.do("POST", address+step.verb, nil).want(200)
		}
		got := ana.do("GET", address, nil).want(200)
		got.holds(map[string]string{"state": step.state, "participants.1.state": step.part})
		for who, c := range map[string]*caller{"&agent_id=me": ana, "&queue_id=" + d.queue: d.admin} {
			if listed := each(c.list("/v1/interactions?state="+step.state+who), "id"); !slices.Equal(listed, []string{i}) {
				t.Errorf("%s%s lists %v", step.state, who, listed)
			}
		}
	}
	var kinds []string
	for _, e := range ana.list("/v1/events?types=interaction.held,interaction.resumed&interaction_id=" + i) {
		kinds = append(kinds, text(lookup(e, "type"))+" "+text(lookup(e, "data.before"))+" "+text(lookup(e, "data.after"))+" "+text(lookup(e, "actor.id")))
	}
	want := []string{"interaction.held connected held " + d.ids[0], "interaction.resumed held connected " + d.ids[0], "interaction.held connected held " + d.ids[0]}
	if !slices.Equal(kinds, want) {
		t.Errorf("the events are %q", kinds)
	}
}

// What a desk may do stands in every answer, and all else is a conflict that says so.
func holdActions(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	address := "/v1/interactions/" + i
	tries := map[string]func() answer{
		"hold":       func() answer { return ana.do("POST", address+"/hold", nil) },
		"resume":     func() answer { return ana.do("POST", address+"/resume", nil) },
		"record":     func() answer { return ana.do("PUT", address+"/recording", map[string]any{"recording": true}) },
		"conference": func() answer { return ana.ask(address, d.ids[0]) },
		"reply":      func() answer { return ana.do("POST", address+"/replies", map[string]any{"text": "hello"}) },
		"end":        func() answer { return ana.do("POST", address+"/end", nil) },
		"wrap_up":    func() answer { return ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}) },
	}
	for _, step := range []struct {
		state, verb string
		actions     []string
	}{
		{"alerting", "", []string{"accept", "decline"}},
		{"connected", "/accept", []string{"reply", "hold", "record", "transfer", "conference", "end"}},
		{"held", "/hold", []string{"reply", "accept", "resume", "record", "transfer", "end"}},
	} {
		if step.verb != "" {
			ana.do("POST", address+step.verb, nil).want(200)
		}
		want := `["` + strings.Join(step.actions, `","`) + `"]`
		ana.do("GET", address, nil).holds(map[string]string{"state": step.state, "allowed_actions": want})
		if got := text(lookup(ana.list("/v1/interactions?agent_id=me")[0], "allowed_actions")); got != want {
			t.Errorf("%s in a list: %s", step.state, got)
		}
		for action, try := range tries {
			if slices.Contains(step.actions, action) || action == "end" && step.state == "disconnected" {
				continue
			}
			refused := try().code(409, "state.invalid_transition")
			if refused.get("current_state") != step.state || refused.get("allowed_actions") != want {
				t.Errorf("%s while %s: %s", action, step.state, refused.body)
			}
		}
	}
	ana.do("POST", address+"/end", nil).holds(map[string]string{"state": "disconnected", "allowed_actions": `["wrap_up"]`})
	for _, action := range []string{"hold", "resume", "record", "reply"} {
		refused := tries[action]().code(409, "state.invalid_transition")
		if refused.get("current_state") != "disconnected" || refused.get("allowed_actions") != `["wrap_up"]` {
			t.Errorf("%s after the end: %s", action, refused.body)
		}
	}
}

// To pick up is to accept what alerts, and to resume what is held.
func holdPickedUp(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	address := "/v1/interactions/" + i
	part := ana.do("GET", address, nil).get("participants.1.id")
	ana.do("POST", address+"/hold", map[string]any{"participant_id": part}).holds(map[string]string{"state": "held"})
	ana.do("POST", address+"/hold", map[string]any{"participant_id": unknownID}).want(409)
	d.agents[1].do("POST", address+"/resume", nil).code(409, "interaction.not_owner")
	d.admin.do("POST", address+"/resume", nil).code(403, "permission.agent_required")
	ana.do("POST", address+"/accept", nil).holds(map[string]string{"state": "connected", "participants.1.state": "connected"})
	ana.do("POST", address+"/accept", nil).want(200) // as it is
	if n := len(ana.list("/v1/events?types=interaction.resumed&interaction_id=" + i)); n != 1 {
		t.Errorf("it was resumed %d times", n)
	}
}

func holdUnsupported(t *testing.T, p *program) {
	_, ana, i := p.talk(1)
	for _, action := range []string{"forward", "listen"} {
		refused := ana.do("POST", "/v1/interactions/"+i+"/"+action, nil).code(409, "action.not_supported_for_media")
		if refused.get("current_state") != "connected" || strings.Contains(refused.get("allowed_actions"), action) {
			t.Errorf("%s: %s", action, refused.body)
		}
		ana.do("POST", "/v1/interactions/"+unknownID+"/"+action, nil).code(404, "interaction.not_found")
	}
}

// The exchange, the initiator's name and the kind of channel.
func holdShown(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "and hello to you"}).want(202)
	got := ana.do("GET", "/v1/interactions/"+i+"?expand=messages", nil).want(200)
	got.holds(map[string]string{"channel.kind": "messenger", "channel.account_id": d.page, "contact.display_name": got.get("contact.address"),
		"participants.0.purpose": "customer", "participants.0.display_name": got.get("contact.display_name"),
		"messages.0.direction": "inbound", "messages.1.direction": "outbound"})
	if got.get("contact.address") == "" {
		t.Errorf("who it is: %s", got.body)
	}
}

func holdRecording(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	address := "/v1/interactions/" + i + "/recording"
	version := ana.do("PUT", address, map[string]any{"recording": false}).holds(map[string]string{"recording": "false"}).get("version")
	ana.do("PUT", address, map[string]any{"recording": true}).holds(map[string]string{"recording": "true"})
	ana.do("POST", "/v1/interactions/"+i+"/hold", nil).holds(map[string]string{"recording": "true"})
	ana.do("PUT", address, map[string]any{"recording": true}).holds(map[string]string{"state": "held", "recording": "true"})
	ana.do("PUT", address, map[string]any{"recording": false}).holds(map[string]string{"state": "held", "recording": "false"})
	d.agents[1].do("PUT", address, map[string]any{"recording": true}).want(409)
	ana.do("PUT", address, map[string]any{}).want(400)
	if got := each(ana.list("/v1/events?types=recording.started,recording.stopped&interaction_id="+i), "type"); !slices.Equal(got, []string{"recording.started", "recording.stopped"}) {
		t.Errorf("the events after version %s are %q", version, got)
	}
}

// Neither what the customer writes nor a reply ends a hold.
func holdMessages(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i
	ana.do("POST", address+"/hold", nil).want(200)
	d.writes("c1", "are you there?")
	d.admin.advance(0)
	reply := ana.do("POST", address+"/replies", map[string]any{"text": "one moment"}).want(202).get("items.0.id")
	ana.until(i, reply, "delivered")
	ana.do("GET", address, nil).holds(map[string]string{"state": "held", "participants.1.state": "held"})
	if got := each(ana.list(address+"/messages"), "text"); !slices.Equal(got, []string{"Where is my parcel?", "are you there?", "one moment"}) {
		t.Errorf("the transcript is %q", got)
	}
	ana.do("GET", "/v1/agents/me", nil).holds(map[string]string{"routing_status": "interacting", "utilization.message.used": "1"})
}

// The time line of a whole way, without a hole.
func holdSegments(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"decline_sets_not_responding": false})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, cursor := ana.offered("")
	address := "/v1/interactions/" + i
	d.admin.advance(3)
	ana.do("POST", address+"/decline", nil).want(200)
	ana.offered(cursor)
	for _, verb := range []string{"accept", "hold", "resume", "end"} {
		d.admin.advance(2)
		ana.do("POST", address+"/"+verb, nil).want(200)
	}
	d.admin.advance(5)
	open := ana.do("GET", address+"?expand=segments", nil).want(200)
	if open.get("segments.7.type") != "wrapup" || open.get("segments.7.end") != "" {
		t.Errorf("the wrap-up is %s", open.get("segments.7"))
	}
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	got := ana.do("GET", address+"?expand=segments,messages", nil).want(200)
	var kinds []string
	for n := range 8 {
		at := fmt.Sprintf("segments.%d.", n)
		kinds = append(kinds, got.get(at+"type"))
		if got.get(at+"end") == "" || n > 0 && got.get(at+"start") != got.get(fmt.Sprintf("segments.%d.end", n-1)) {
			t.Errorf("segment %d is %s", n, got.get(strings.TrimSuffix(at, ".")))
		}
		if agents := got.get(at + "agent_id"); (agents == "") != (got.get(at+"type") == "queue") || got.get(at+"queue_id") != d.queue {
			t.Errorf("segment %d is of %q in %q", n, agents, got.get(at+"queue_id"))
		}
	}
	if want := []string{"queue", "alert", "queue", "alert", "interact", "hold", "interact", "wrapup"}; !slices.Equal(kinds, want) {
		t.Errorf("the segments are %q", kinds)
	}
	got.holds(map[string]string{"segments.6.disconnect_type": "agent", "segments.5.disconnect_type": "", "segments.#": "8", "messages.#": "2"})
	if ana.do("GET", address, nil).get("segments") != "" {
		t.Error("the segments are there unasked")
	}
}
