package main

import (
	"fmt"
	"slices"
	"testing"
)

// TestA18_A19_C38_C39_C40_C41_WrapUps is about the end of a conversation and what follows.
func TestA18_A19_C38_C39_C40_C41_WrapUps(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A18 C38 the end", wrapUpsEnd},
		part{"C39 codes to choose from", wrapUpsChoice},
		part{"C40 C41 several codes", wrapUpsCodes},
		part{"A19 optional", wrapUpsOptional},
		part{"A19 mandatory", wrapUpsMandatory},
		part{"an end without an agent", wrapUpsAdmin},
	)
}

func wrapUpsEnd(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	address := "/v1/interactions/" + i
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"display_name": "Ana"}).want(200)
	early := ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).code(409, "state.invalid_transition")
	if early.get("current_state") != "connected" || early.get("allowed_actions") != `["reply","hold","record","transfer","conference","end"]` {
		t.Errorf("too early: %s", early.body)
	}
	ana.do("GET", address+"/wrap-up", nil).code(404, "wrap_up.not_found")
	d.agents[1].do("POST", address+"/end", nil).want(409)
	d.admin.do("POST", address+"/end", nil).code(409, "state.invalid_transition") // an agent has it
	ended := ana.do("POST", address+"/end", nil).want(200)
	ended.holds(map[string]string{"state": "disconnected", "disconnect_type": "agent", "closed_at": "", "allowed_actions": `["wrap_up"]`,
		"participants.0.state": "closed", "participants.1.state": "wrapup", "participants.1.agent_id": d.ids[0]})
	for _, path := range []string{"disconnected_at", "participants.0.left_at", "participants.1.left_at"} {
		if ended.get(path) == "" {
			t.Errorf("%s is empty: %s", path, ended.body)
		}
	}
	// The customer is told that the agent has left.
	ana.await("", "reply.delivered", "&interaction_id="+i)
	before := ana.do("GET", address, nil).want(200)
	if again := ana.do("POST", address+"/end", map[string]any{}).want(200); string(again.body) != string(before.body) {
		t.Errorf("ended again: %s", again.body)
	}
	if got := each(d.sent(), "message.text"); !slices.Equal(got, []string{"Ana has left the chat."}) {
		t.Errorf("the platform got %q", got)
	}
	messages := ana.list(address + "/messages")
	notice := messages[len(messages)-1]
	if text(lookup(notice, "kind")) != "system" || text(lookup(notice, "sender.type")) != "system" || len(ana.list(address+"/replies")) != 0 {
		t.Errorf("the notice is %s", text(notice))
	}
	pending := ana.do("GET", address+"/wrap-up", nil).want(200)
	pending.holds(map[string]string{"state": "pending", "required": "false", "codes": "[]", "notes": "", "submitted_at": "", "agent_id": d.ids[0], "participant_id": ended.get("participants.1.id")})
	var kinds []string
	for _, e := range ana.list("/v1/events?limit=200&interaction_id=" + i + "&types=interaction.disconnected,wrap_up.started,interaction.closed") {
		kinds = append(kinds, text(lookup(e, "type")))
	}
	if !slices.Equal(kinds, []string{"interaction.disconnected", "wrap_up.started"}) {
		t.Errorf("the events are %q", kinds)
	}
}

func wrapUpsChoice(t *testing.T, p *program) {
	d, ana, _ := p.talk(1)
	address := "/v1/queues/" + d.queue + "/wrap-up-codes"
	d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "Of another queue"}).want(201)
	for query, want := range map[string][]string{"": {"Complaint", "Returned", "Solved"}, "?q=OL": {"Solved"}, "?q=queue": nil, "?q=%25": nil, "?q=_": nil, "?q=!": nil, "?q=%5C": nil} {
		if got := each(ana.list(address+query), "name"); !slices.Equal(got, want) {
			t.Errorf("%q finds %q", query, got)
		}
	}
}

func wrapUpsCodes(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	address := "/v1/interactions/" + i + "/wrap-up"
	foreign := d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "Of another queue"}).want(201).get("id")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	for _, code := range []string{foreign, unknownID} {
		refused := ana.do("PUT", address, map[string]any{"code_ids": []string{d.codes[0], code}}).code(422, "wrap_up.code_not_on_queue")
		if refused.get("errors.0.pointer") == "" {
			t.Errorf("refused with %s", refused.body)
		}
	}
	d.agents[1].do("PUT", address, map[string]any{"code_ids": d.codes[:1]}).want(409)
	body := map[string]any{"code_ids": []string{d.codes[2], d.codes[0], d.codes[2]}, "notes": "Refund offered."}
	done := ana.do("PUT", address, body).want(200)
	want := fmt.Sprintf(`[{"id":"%s","name":"Complaint"},{"id":"%s","name":"Solved"}]`, d.codes[2], d.codes[0])
	done.holds(map[string]string{"state": "submitted", "codes": want, "notes": "Refund offered."})
	if again := ana.do("PUT", address, body).want(200); string(again.body) != string(done.body) {
		t.Errorf("submitted again: %s", again.body)
	}
	for _, other := range []map[string]any{{"code_ids": d.codes[:1]}, {"code_ids": body["code_ids"]}, {"code_ids": body["code_ids"], "notes": "Other."}, {"code_ids": []string{}}} {
		ana.do("PUT", address, other).code(409, "wrap_up.already_submitted")
	}
	closed := ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	if closed.get("closed_at") == "" || closed.get("participants.1.state") != "closed" || closed.get("allowed_actions") != "[]" {
		t.Errorf("afterwards it is %s", closed.body)
	}
	submitted := ana.list("/v1/events?types=wrap_up.submitted,interaction.closed&interaction_id=" + i)
	if len(submitted) != 2 || text(lookup(submitted[0], "data.code_ids")) != `["`+d.codes[2]+`","`+d.codes[0]+`"]` {
		t.Errorf("the events are %s", text(submitted))
	}
	// A code that is deleted later keeps its name where it was chosen.
	d.admin.do("DELETE", "/v1/wrap-up-codes/"+d.codes[2], nil).want(204)
	d.admin.do("GET", address, nil).want(200).holds(map[string]string{"codes": want})
}

func wrapUpsOptional(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	if got := ana.me("utilization.message.used"); got != "0" || ana.me("routing_status") != "idle" {
		t.Errorf("an optional wrap-up occupies %s", got)
	}
	address := "/v1/interactions/" + i + "/wrap-up"
	skipped := ana.do("PUT", address, map[string]any{"code_ids": []string{}}).want(200)
	skipped.holds(map[string]string{"state": "skipped", "codes": "[]", "required": "false"})
	if skipped.get("submitted_at") == "" || len(ana.list("/v1/events?types=wrap_up.skipped&interaction_id="+i)) != 1 {
		t.Errorf("skipped is %s", skipped.body)
	}
	ana.do("PUT", address, map[string]any{"code_ids": []string{}}).want(200)
	ana.do("PUT", address, map[string]any{"code_ids": d.codes[:1]}).code(409, "wrap_up.already_submitted")
	// A note alone is no skipping.
	d.writes("c2", "hello")
	second, _ := ana.accepted(skipped.header.Get("Event-Cursor"))
	ana.do("POST", "/v1/interactions/"+second+"/end", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+second+"/wrap-up", map[string]any{"code_ids": []string{}, "notes": "Wrong number."}).want(200).holds(map[string]string{"state": "submitted"})
}

func wrapUpsMandatory(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"acw": map[string]string{"mode": "mandatory"}})
	ana := d.agents[0]
	ana.onQueue()
	var all []string
	for n := range 4 {
		d.writes(fmt.Sprint("c", n), "hello")
		d.admin.advance(0)
		list := d.interactions()
		all = append(all, text(lookup(list[n], "id")))
		if n < 3 {
			ana.do("POST", "/v1/interactions/"+all[n]+"/accept", nil).want(200)
		}
	}
	ana.do("POST", "/v1/interactions/"+all[0]+"/end", nil).want(200)
	d.admin.advance(0)
	if got := ana.me("utilization.message.used"); got != "3" || ana.me("routing_status") != "interacting" || len(ana.offers()) != 0 {
		t.Errorf("with a wrap-up to do %s are occupied", got)
	}
	address := "/v1/interactions/" + all[0] + "/wrap-up"
	ana.do("PUT", address, map[string]any{"code_ids": []string{}}).code(422, "wrap_up.code_required")
	ana.do("PUT", address, map[string]any{"code_ids": []string{}, "notes": "Only a note."}).code(422, "wrap_up.code_required")
	d.admin.advance(86400)
	if ana.me("utilization.message.used") != "3" {
		t.Error("a mandatory wrap-up ended by itself")
	}
	done := ana.do("PUT", address, map[string]any{"code_ids": d.codes[:2]}).want(200).holds(map[string]string{"state": "submitted", "required": "true"})
	if next, _, _ := ana.offered(done.header.Get("Event-Cursor")); next != all[3] {
		t.Errorf("after the wrap-up comes %s", next)
	}
	// A queue without codes can ask for none.
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"wrap_up_code_ids": []string{}}).want(200)
	ana.do("POST", "/v1/interactions/"+all[1]+"/end", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+all[1]+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	if got := ana.me("utilization.message.used"); got != "2" {
		t.Errorf("%s are occupied", got)
	}
}

// wrapUpsAdmin ends what no agent has, by a program that acts for none.
func wrapUpsAdmin(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	d.writes("c1", "hello")
	d.admin.advance(0)
	waiting := d.interactions()[0]
	address := "/v1/interactions/" + text(lookup(waiting, "id"))
	if text(lookup(waiting, "allowed_actions")) != `["end"]` {
		t.Errorf("a program may %s", text(lookup(waiting, "allowed_actions")))
	}
	ana.do("POST", address+"/end", nil).want(409) // it is not the agent's
	ended := d.admin.do("POST", address+"/end", nil).want(200).holds(map[string]string{"state": "disconnected", "disconnect_type": "admin", "allowed_actions": "[]"})
	if ended.get("closed_at") == "" || string(d.admin.do("POST", address+"/end", nil).want(200).body) != string(ended.body) {
		t.Errorf("ended is %s", ended.body)
	}
	ana.onQueue()
	d.admin.advance(0)
	if len(ana.offers()) != 0 || len(d.sent()) != 0 {
		t.Error("it was offered, or the customer was told something")
	}
	d.writes("c1", "again")
	next, _ := ana.accepted("")
	d.admin.do("GET", "/v1/interactions/"+next, nil).want(200).holds(map[string]string{"previous_interaction_id": text(lookup(waiting, "id"))})
}

// wrapsUpBoth has the first agent wrap up the two parts that they had in a conversation,
// one while they have it again: without a name the open one is meant, and of what is
// submitted again the last. Colleagues read both.
func (d deskSetup) wrapsUpBoth(i string, end func()) {
	d.admin.t.Helper()
	ana, ben, address := d.agents[0], d.agents[1], "/v1/interactions/"+i
	parts := each(items(ana.do("GET", address, nil).want(200), "participants"), "id")
	first, second := parts[1], parts[3]
	ana.do("GET", address+"/wrap-up", nil).want(200).holds(map[string]string{"participant_id": first, "state": "pending"})
	older, newer := map[string]any{"code_ids": d.codes[:1], "notes": "Passed on."}, map[string]any{"code_ids": d.codes[1:2], "notes": "Solved."}
	ana.do("PUT", address+"/wrap-up", older).want(200).holds(map[string]string{"participant_id": first, "state": "submitted"})
	ana.do("PUT", address+"/wrap-up", older).want(200).holds(map[string]string{"participant_id": first})
	end()
	ana.do("PUT", address+"/wrap-up", newer).want(200).holds(map[string]string{"participant_id": second, "state": "submitted"})
	ana.do("PUT", address+"/wrap-up", newer).want(200).holds(map[string]string{"participant_id": second})
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[2:3]}).code(409, "wrap_up.already_submitted").holds(map[string]string{"allowed_actions": "[]"})
	for part, notes := range map[string]string{first: "Passed on.", second: "Solved."} {
		ben.do("GET", address+"/wrap-up?participant_id="+part, nil).want(200).holds(map[string]string{"notes": notes, "agent_id": d.ids[0]})
		ben.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "participant_id": part}).want(409)
	}
	ben.do("GET", address+"/wrap-up", nil).want(200).holds(map[string]string{"agent_id": d.ids[1]})
}
