package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestA18_A19_C23_C24_C28_C29_D06_Transfers walks the table of transfers (2.7) row by row, on both
// databases.
func TestA18_A19_C23_C24_C28_C29_D06_Transfers(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"C23 C28 to a queue", transferToQueue},
		part{"to a queue that is full or closed", transferAdmitted},
		part{"C23 C28 unattended to an agent", transferUnattended},
		part{"C23 attended to an agent", transferAttended},
		part{"C29 dropped where nobody takes it", transferDropped},
		part{"the other policies", transferPolicies},
		part{"C24 D06 only what one has", transferStates},
		part{"what cannot be asked for", transferRefusals},
		part{"the end comes first", transferEnds},
		part{"A18 A19 both wrap up", transferWrapUps},
		part{"agents who are lost", transferLost},
		part{"agents who log out", transferLogOuts},
	)
}

// passes transfers a conversation, and gives the transfer.
func (c *caller) passes(interaction, kind, id, mode string) answer {
	c.t.Helper()
	return c.do("POST", "/v1/interactions/"+interaction+"/transfers", map[string]any{"target": map[string]any{"type": kind, "id": id}, "mode": mode})
}

// handing gives a desk of two on queue, of whom the first talks with a customer.
func (p *program) handing(queue map[string]any) (d deskSetup, ana, ben *caller, interaction string) {
	p.t.Helper()
	d = p.desk(2, queue)
	ana, ben = d.agents[0], d.agents[1]
	_, interaction = d.talking("c1")
	ben.onQueue()
	return d, ana, ben, interaction
}

// again lets another customer write while the first agent is the only one on queue.
func (d deskSetup) again(from string) (interaction string) {
	d.admin.t.Helper()
	d.agents[1].presence("away")
	interaction, _, _ = d.comes(from)
	d.agents[0].do("POST", "/v1/interactions/"+interaction+"/accept", nil).want(200)
	d.agents[1].onQueue()
	return interaction
}

// shows checks an interaction and the state of its latest transfer.
func (c *caller) shows(interaction, state, transfer string) answer {
	c.t.Helper()
	return c.do("GET", "/v1/interactions/"+interaction, nil).want(200).holds(map[string]string{"state": state, "transfer.state": transfer})
}

// parts lists the agents' parts of an interaction: who, and how far.
func (c *caller) parts(interaction string) []string {
	c.t.Helper()
	got := c.do("GET", "/v1/interactions/"+interaction, nil).want(200)
	var parts []string
	for _, p := range items(got, "participants")[1:] {
		parts = append(parts, text(lookup(p, "display_name"))+" "+text(lookup(p, "state")))
	}
	return parts
}

// transferEvents lists what the log tells of an interaction's transfers.
func (c *caller) transferEvents(interaction string) []string {
	c.t.Helper()
	return c.happened(interaction, "transfer.requested", "transfer.completed", "transfer.failed", "transfer.cancelled", "transfer.dropped")
}

func transferToQueue(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	other := d.admin.do("POST", "/v1/queues", map[string]any{"name": "Returns", "priority": 3}).want(201).get("id")
	before := ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	skill := p.skill("Parcels")
	made := ana.do("POST", "/v1/interactions/"+i+"/transfers", map[string]any{"target": map[string]any{"type": "queue", "id": other}, "note": "It was wet.",
		"skills": []string{skill}}).want(201)
	made.holds(map[string]string{"state": "completed", "mode": "unattended", "target.name": "Returns", "agent_id": d.ids[0], "note": "It was wet.", "offer_id": ""})
	if at := made.header.Get("Location"); ana.do("GET", at, nil).want(200).get("id") != made.get("id") {
		t.Errorf("it is at %s", at)
	}
	got := ana.shows(i, "queued", "completed")
	got.holds(map[string]string{"queue.id": other, "enqueued_at": before.get("enqueued_at"), "participants.1.state": "wrapup", "transfer.note": "It was wet.", "offer": ""})
	if got := d.admin.do("GET", "/v1/interactions/"+i+"/routing", nil).want(200); !strings.Contains(string(got.body), skill) {
		t.Errorf("what it asks for: %s", got.body)
	}
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "still there?"}).code(409, "state.invalid_transition")
	d.admin.do("PUT", "/v1/queues/"+other+"/members/"+d.ids[1], map[string]any{}).want(200)
	d.admin.do("PATCH", "/v1/agents/"+d.ids[1], map[string]any{"skills": []any{map[string]any{"skill": skill, "proficiency": 3}}}).want(200)
	d.admin.advance(0)
	ben.shows(i, "alerting", "completed").holds(map[string]string{"offer.purpose": "queue", "offer.agent_id": d.ids[1]})
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ben.says(i, "I have it now")
	if got := ana.parts(i); !slices.Equal(got, []string{"Agent 1 wrapup", "Agent 2 connected"}) {
		t.Errorf("the parts are %q", got)
	}
	if got := ana.transferEvents(i); !slices.Equal(got, []string{"transfer.requested", "transfer.completed"}) {
		t.Errorf("the log tells %q", got)
	}
	listed := ben.list("/v1/interactions/" + i + "/transfers")
	if len(listed) != 1 || text(lookup(listed[0], "note")) != "It was wet." {
		t.Errorf("the transfers are %s", text(listed))
	}
	d.holdTrue()
}

func transferUnattended(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	made := ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	made.holds(map[string]string{"state": "requested", "outcome": "", "ended_at": ""})
	ana.shows(i, "transferring", "requested").holds(map[string]string{"offer.id": made.get("offer_id"), "offer.agent_id": d.ids[1], "offer.purpose": "transfer", "participants.1.state": "wrapup"})
	if got := each(ben.list("/v1/interactions?state=alerting&agent_id=me"), "id"); !slices.Equal(got, []string{i}) {
		t.Errorf("offered to the target: %q", got)
	}
	ana.passes(i, "agent", d.ids[1], "unattended").code(409, "transfer.in_progress")
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "hello"}).code(409, "state.invalid_transition")
	ana.do("DELETE", "/v1/interactions/"+i+"/transfers/"+made.get("id"), nil).code(409, "transfer.unattended").holds(map[string]string{"allowed_actions": `["wrap_up"]`})
	ben.do("DELETE", "/v1/interactions/"+i+"/transfers/"+made.get("id"), nil).code(403, "transfer.not_initiator")
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"state": "connected", "transfer.state": "completed", "transfer.outcome": "accepted"})
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ana.do("DELETE", "/v1/interactions/"+i+"/transfers/"+made.get("id"), nil).code(409, "transfer.not_pending").holds(map[string]string{"outcome": "completed", "allowed_actions": `["wrap_up"]`})
	if got := ben.parts(i); !slices.Equal(got, []string{"Agent 1 wrapup", "Agent 2 connected"}) {
		t.Errorf("the parts are %q", got)
	}
	// And back: each is a segment of its own.
	ben.passes(i, "agent", d.ids[0], "unattended").want(201)
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	d.wrapsUpBoth(i, func() { ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200) })
	got := ana.do("GET", "/v1/interactions/"+i+"?expand=segments", nil).want(200)
	var line []string
	for _, s := range items(got, "segments") {
		line = append(line, text(lookup(s, "type")))
	}
	if want := []string{"queue", "alert", "interact", "wrapup", "alert", "interact", "wrapup", "alert", "interact", "wrapup"}; !slices.Equal(line, want) {
		t.Errorf("the time line is %q", line)
	}
	d.holdTrue()
}

func transferAttended(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	address := "/v1/interactions/" + i
	ana.do("POST", address+"/hold", nil).want(200)
	made := ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ana.shows(i, "transferring", "requested").holds(map[string]string{"participants.1.state": "connected", "participants.2.state": "alerting",
		"allowed_actions": `["reply","cancel_transfer","end"]`})
	ben.shows(i, "transferring", "requested").holds(map[string]string{"allowed_actions": `["accept","decline"]`})
	ana.says(i, "I am asking a colleague")
	ana.passes(i, "queue", d.queue, "unattended").code(409, "transfer.in_progress")
	ana.do("POST", address+"/hold", nil).code(409, "state.invalid_transition")
	for range 2 { // to cancel what is cancelled changes nothing
		ana.do("DELETE", address+"/transfers/"+made.get("id"), nil).want(204)
	}
	ana.shows(i, "connected", "cancelled").holds(map[string]string{"transfer.outcome": "rescinded", "offer": ""})
	if got := ben.me("routing_status") + ben.me("utilization.message.used"); got != "idle0" {
		t.Errorf("the target is %s", got)
	}
	ben.do("POST", address+"/accept", map[string]any{"offer_id": made.get("offer_id")}).code(409, "offer.not_pending").holds(map[string]string{"outcome": "rescinded"})

	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ben.do("POST", address+"/decline", map[string]any{"reason": "not_mine"}).want(200)
	ana.shows(i, "connected", "failed").holds(map[string]string{"transfer.outcome": "declined", "participants.1.state": "connected"})
	if got := ben.me("routing_status"); got != "not_responding" {
		t.Errorf("who declined is %s", got)
	}
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	d.admin.advance(31)
	ana.shows(i, "connected", "failed").holds(map[string]string{"transfer.outcome": "timed_out"})
	if got := ben.me("routing_status"); got != "not_responding" {
		t.Errorf("who did not answer is %s", got)
	}
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ben.do("POST", address+"/accept", nil).want(200).holds(map[string]string{"state": "connected", "transfer.state": "completed"})
	if got := ben.parts(i); !slices.Equal(got, []string{"Agent 1 wrapup", "Agent 2 connected"}) {
		t.Errorf("the parts are %q", got)
	}
	if got := ana.transferEvents(i); !slices.Equal(got, []string{"transfer.requested", "transfer.cancelled", "transfer.requested", "transfer.failed",
		"transfer.requested", "transfer.failed", "transfer.requested", "transfer.completed"}) {
		t.Errorf("the log tells %q", got)
	}
	d.holdTrue()
}

func transferDropped(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(map[string]any{"default_reply_language": "fr"})
	if got := d.admin.do("GET", "/v1/queues/"+d.queue, nil).want(200).get("transfer_policy.agent_no_answer"); got != "drop" {
		t.Errorf("the policy is %s", got)
	}
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	d.admin.advance(29)
	ana.shows(i, "transferring", "requested")
	d.admin.advance(1)
	ana.shows(i, "disconnected", "dropped").holds(map[string]string{"disconnect_type": "transfer_dropped", "transfer.outcome": "timed_out", "closed_at": "", "participants.1.state": "wrapup"})
	if got := ben.me("routing_status") + ben.me("utilization.message.used"); got != "not_responding0" {
		t.Errorf("the target is %s", got)
	}
	d.admin.advance(0)
	if sent := d.sends(); len(sent) != 1 || !strings.HasPrefix(sent[0].get("message.text"), "Personne n'a pu reprendre") {
		t.Errorf("the customer was told %v", sent)
	}
	if got := ana.happened(i, "transfer.dropped", "interaction.disconnected", "interaction.requeued"); !slices.Equal(got, []string{"transfer.dropped", "interaction.disconnected"}) {
		t.Errorf("the log tells %q", got)
	}
	ana.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	if ana.shows(i, "disconnected", "dropped").get("closed_at") == "" {
		t.Error("it is not closed when the wrap-up is over")
	}
	// What the customer writes next begins anew; who declines drops as well.
	next := d.again("c1")
	ana.do("GET", "/v1/interactions/"+next, nil).want(200).holds(map[string]string{"previous_interaction_id": i, "transfer": ""})
	ana.passes(next, "agent", d.ids[1], "unattended").want(201)
	ben.do("POST", "/v1/interactions/"+next+"/decline", nil).want(200).holds(map[string]string{"state": "disconnected", "transfer.outcome": "declined"})
	d.holdTrue()
}

func transferPolicies(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(map[string]any{"transfer_policy": map[string]any{"agent_no_answer": "return"}})
	before := ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("enqueued_at")
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	d.admin.advance(30)
	ana.shows(i, "alerting", "failed").holds(map[string]string{"offer.agent_id": d.ids[0], "offer.purpose": "queue", "enqueued_at": before})
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"state": "connected"})
	ana.presence("away") // and cannot take it back
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	ben.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	ana.shows(i, "queued", "failed").holds(map[string]string{"queue.id": d.queue, "enqueued_at": before})

	d.rules(map[string]any{"transfer_policy": map[string]any{"agent_no_answer": "requeue"}})
	ben.onQueue()
	d.admin.advance(0)
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ana.onQueue()
	ben.passes(i, "agent", d.ids[0], "unattended").want(201)
	ben.presence("away")
	ana.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200).holds(map[string]string{"state": "queued", "transfer.state": "failed", "enqueued_at": before})

	d.rules(map[string]any{"transfer_policy": map[string]any{"agent_no_answer": "return"}, "auto_answer": true})
	ben.onQueue() // B06: what a queue answers by itself is answered so when it comes back, too
	d.admin.advance(0)
	ana.onQueue()
	ben.passes(i, "agent", d.ids[0], "unattended").want(201)
	ana.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	ben.shows(i, "connected", "failed")
	d.holdTrue()
}

func transferStates(t *testing.T, p *program) {
	d := p.desk(3, nil)
	ana, ben, eve := d.agents[0], d.agents[1], d.agents[2]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	ben.onQueue()
	for _, mode := range []string{"unattended", "attended"} { // it takes an acceptance (C24)
		ana.passes(i, "agent", d.ids[1], mode).code(409, "state.invalid_transition").holds(map[string]string{"current_state": "alerting", "allowed_actions": `["accept","decline"]`})
	}
	ana.passes(i, "queue", d.queue, "").want(400)
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"allowed_actions": `["reply","hold","record","transfer","conference","end"]`})
	eve.passes(i, "queue", d.queue, "unattended").code(409, "interaction.not_owner").holds(map[string]string{"allowed_actions": "[]"})
	d.admin.passes(i, "queue", d.queue, "unattended").code(403, "permission.agent_required")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.passes(i, "queue", d.queue, "unattended").code(409, "state.invalid_transition").holds(map[string]string{"current_state": "disconnected"})
}

func transferRefusals(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	ana.passes(i, "agent", d.ids[0], "unattended").code(422, "transfer.to_oneself")
	ana.passes(i, "agent", unknownID, "unattended").code(422, "agent.unknown")
	ana.passes(i, "queue", unknownID, "unattended").code(422, "queue.unknown")
	ana.passes(i, "queue", d.queue, "attended").code(422, "transfer.attended_needs_agent")
	against := func(reason string) {
		t.Helper()
		for _, mode := range []string{"unattended", "attended"} {
			got := ana.passes(i, "agent", d.ids[1], mode).code(409, "transfer.target_unavailable")
			if codes := each(items(got, "errors"), "code"); !slices.Equal(codes, []string{reason}) {
				t.Errorf("refused for %q, not %s", codes, reason)
			}
		}
		ana.shows(i, "connected", "")
	}
	ben.presence("away")
	against("not_on_queue")
	ben.onQueue()
	d.admin.do("PATCH", "/v1/agents/"+d.ids[1], map[string]any{"scopes": []string{"conversation:message:view"}}).want(200)
	against("permission_missing")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[1], map[string]any{"scopes": deskScopes()}).want(200)
	ana.do("POST", "/v1/interactions/"+i+"/transfers?validate_only=true", map[string]any{"target": map[string]any{"type": "agent", "id": d.ids[1]}}).want(200)
	ana.shows(i, "connected", "")
	ana.presence("away")
	cursor := ""
	for _, n := range []string{"c7", "c8", "c9"} { // full; the cursor is not read after a message: its offer may be there before
		d.writes(n, "hello")
		_, cursor = ben.accepted(cursor)
	}
	against("no_capacity")
	// Each target and each mode has a scope of its own (2.11).
	for _, s := range []struct{ scope, kind, mode, lacks string }{
		{"blindTransferQueue", "agent", "unattended", "blindTransferAgent"}, {"blindTransferAgent", "queue", "unattended", "blindTransferQueue"},
		{"blindTransfer", "agent", "attended", "consultTransferAgent"}, {"consultTransferAgent", "queue", "attended", "consultTransferQueue"},
		{"consultTransfer", "queue", "unattended", "blindTransferQueue"}} {
		weak := d.client(d.ids[0], "conversation:communication:"+s.scope, "conversation:message:view")
		got := weak.passes(i, s.kind, unknownID, s.mode).code(403, "permission.missing")
		if got.get("required_scopes") != `["conversation:communication:`+s.lacks+`"]` {
			t.Errorf("%s to %s %s: %s", s.scope, s.kind, s.mode, got.get("required_scopes"))
		}
	}
	for _, s := range [][3]string{{"blindTransferAgent", "agent", "unattended"}, {"blindTransfer", "queue", "unattended"}, {"consultTransferAgent", "agent", "attended"}} {
		d.client(d.ids[0], "conversation:communication:"+s[0], "conversation:message:view").passes(i, s[1], unknownID, s[2]).want(422)
	}
}

func transferEnds(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	made := ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200).holds(map[string]string{"state": "disconnected", "transfer.state": "cancelled", "disconnect_type": "agent"})
	ben.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": made.get("offer_id")}).code(409, "offer.not_pending").holds(map[string]string{"outcome": "rescinded"})
	if got := ben.me("routing_status") + ben.me("utilization.message.used"); got != "idle0" {
		t.Errorf("the target is %s", got)
	}
	// A program ends what nobody has.
	i = d.again("c2")
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	d.admin.do("POST", "/v1/interactions/"+i+"/end", nil).code(409, "state.invalid_transition")
	ana.do("DELETE", "/v1/interactions/"+i+"/transfers/"+ana.shows(i, "transferring", "requested").get("transfer.id"), nil).want(204)
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).code(409, "state.invalid_transition")
	d.admin.do("POST", "/v1/interactions/"+i+"/end", nil).want(200).holds(map[string]string{"state": "disconnected", "transfer.state": "abandoned", "closed_at": ""})
	if got := ben.me("routing_status"); got != "idle" {
		t.Errorf("the target is %s", got)
	}
	d.holdTrue()
}

func transferWrapUps(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(map[string]any{"acw": map[string]any{"mode": "mandatory"}})
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	if got := ana.me("routing_status") + ana.me("utilization.message.used"); got != "interacting1" {
		t.Errorf("who keeps it is %s", got)
	}
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	if got := ana.me("routing_status") + ana.me("utilization.message.used"); got != "interacting1" {
		t.Errorf("who wraps up is %s", got)
	}
	ana.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	if got := ana.me("routing_status") + ana.me("utilization.message.used"); got != "idle0" {
		t.Errorf("who has wrapped up is %s", got)
	}
	ben.do("POST", "/v1/interactions/"+i+"/end", nil).want(200).holds(map[string]string{"closed_at": ""})
	ben.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": d.codes[1:2]}).want(200)
	if ana.shows(i, "disconnected", "completed").get("closed_at") == "" {
		t.Error("it is not closed when both have wrapped up")
	}
	d.holdTrue()

	// With nothing to wrap up the part is over at once.
	d.rules(map[string]any{"acw": map[string]any{"mode": "agent_requested"}})
	for n, mode := range []string{"unattended", "attended"} {
		i = d.again(fmt.Sprint("c", n+2))
		ana.passes(i, "agent", d.ids[1], mode).want(201)
		ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"participants.1.state": "closed"})
		ben.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	}
	d.holdTrue()
}

func transferLost(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	d.admin.do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": 10, "on_agent_lost": "requeue"}).want(200)
	t.Cleanup(func() {
		p.admin().do("PATCH", "/v1/organization", map[string]any{"agent_grace_seconds": nil}).want(200)
	})
	there := func(who ...*caller) {
		for range 4 {
			for _, c := range who {
				c.do("GET", "/v1/agents/me", nil).want(200)
			}
			d.admin.advance(4)
		}
	}
	// The target is lost: that is nobody's answer, so that nothing is dropped.
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	there(ana)
	d.admin.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"state": "alerting", "transfer.state": "failed", "transfer.outcome": "rescinded", "offer.agent_id": d.ids[0]})
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	there(ana)
	ana.shows(i, "connected", "failed")
	// Who asked is lost: the offer is taken back, and the conversation waits again.
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	there(ben)
	d.admin.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"state": "alerting", "transfer.state": "cancelled", "offer.agent_id": d.ids[1], "offer.purpose": "queue"})
	d.holdTrue()
}

// transferLogOuts lets each of the two log out in the middle: offers to and from them
// are taken back, and the conversation waits for whoever is there.
func transferLogOuts(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	address := "/v1/interactions/" + i
	ana.do("POST", address+"/hold", nil).want(200) // also what is aside can be passed on
	ana.passes(i, "agent", d.ids[1], "unattended").want(201)
	ana.presence("offline")
	d.admin.do("GET", address, nil).want(200).holds(map[string]string{"state": "transferring", "offer.agent_id": d.ids[1]})
	ben.presence("offline")
	d.admin.do("GET", address, nil).want(200).holds(map[string]string{"state": "queued", "transfer.state": "failed", "transfer.outcome": "rescinded"})
	d.stand(1, "offline", "off_queue").holds(map[string]string{"utilization.message.used": "0"})
	ana.onQueue()
	d.admin.advance(0)
	ana.do("POST", address+"/accept", nil).want(200)
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ben.presence("offline") // who is asked
	ana.shows(i, "connected", "failed")
	ben.onQueue()
	ana.passes(i, "agent", d.ids[1], "attended").want(201)
	ana.presence("offline") // who asked
	d.admin.advance(0)
	d.admin.do("GET", address, nil).want(200).holds(map[string]string{"state": "alerting", "transfer.state": "cancelled", "offer.agent_id": d.ids[1], "offer.purpose": "queue"})
	d.holdTrue()
}

// TestC25_C26_C27_TransferTargets is about the lists from which a desk chooses.
func TestC25_C26_C27_TransferTargets(t *testing.T) {
	t.Parallel()
	onEach(t, part{"C25 C26 C27 targets", transferTargets})
}

func transferTargets(t *testing.T, p *program) {
	d := p.desk(3, nil)
	ana, ben, eve := d.agents[0], d.agents[1], d.agents[2]
	d.admin.do("POST", "/v1/queues", map[string]any{"name": "Returned goods"}).want(201)
	names := func(query string) []string {
		t.Helper()
		got := ana.do("GET", "/v1/transfer-targets?"+query, nil).want(200)
		if cache := got.header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("it may be kept: %q", cache)
		}
		return each(items(got, "items"), "name")
	}
	if got := names("type=queue&q=RETURNED"); !slices.Equal(got, []string{"Returned goods"}) {
		t.Errorf("the queues are %q", got)
	}
	if got := names("type=queue&order=asc"); !slices.Contains(got, "Care") || !slices.Contains(got, "Returned goods") {
		t.Errorf("the queues are %q", got)
	}
	ana.onQueue()
	ben.onQueue()
	eve.presence("busy")
	mine := func(query string) string {
		t.Helper()
		got := ana.do("GET", "/v1/transfer-targets?type=agent"+query, nil).want(200)
		var found []string
		for _, item := range items(got, "items") {
			if slices.Contains(d.ids, text(lookup(item, "id"))) {
				found = append(found, text(lookup(item, "name"))+" "+text(lookup(item, "presence"))+" "+text(lookup(item, "routing_status")))
			}
		}
		return strings.Join(found, ", ")
	}
	for _, step := range []struct {
		do    func()
		query string
		want  string
	}{
		{func() {}, "", "Agent 2 on_queue idle"}, // those who could be offered something, without oneself
		{func() { eve.onQueue() }, "&order=asc", "Agent 2 on_queue idle, Agent 3 on_queue idle"},
		{func() {}, "&q=gent+3", "Agent 3 on_queue idle"},
		{func() { ben.presence("meal") }, "", "Agent 3 on_queue idle"}, // as of now
		{func() { eve.presence("away") }, "", ""},
	} {
		step.do()
		if got := mine(step.query); got != step.want {
			t.Errorf("%s: the agents are %q, not %q", step.query, got, step.want)
		}
	}
	ben.onQueue()
	if got := names("order=asc"); !slices.Contains(got, "Care") || !slices.Contains(got, "Agent 2") {
		t.Errorf("queues and agents are %q", got)
	}
	first := ana.do("GET", "/v1/transfer-targets?limit=1&order=asc", nil).want(200)
	if second := ana.do("GET", "/v1/transfer-targets?limit=1&order=asc&cursor="+first.get("next_cursor"), nil).want(200); second.get("items.0.id") <= first.get("items.0.id") {
		t.Errorf("the next page is %s", second.body)
	}
	d.client(d.ids[0], "conversation:message:view").do("GET", "/v1/transfer-targets?type=queue", nil).code(403, "permission.missing")
}
