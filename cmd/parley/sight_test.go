package main

import (
	"net/url"
	"slices"
	"testing"
)

// TestSight is about who may see what: one rule for lists, reads and the log.
func TestSight(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"an agent", sightAgent},
		part{"an offer that came to nothing", sightOffer},
		part{"a customer's history", sightHistory},
		part{"a supervisor", sightSupervisor},
		part{"a customer's file", sightFile},
		part{"a connector's conversation", sightConnector},
	)
}

// sees lists what a caller sees, newest first, everywhere that it can be looked for.
func (c *caller) sees(t *testing.T, what string, interactions ...string) {
	t.Helper()
	listed := each(c.list("/v1/interactions?limit=200"), "id")
	slices.Sort(listed)
	want := slices.Clone(interactions)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("%s lists %v, not %v", what, listed, want)
	}
	for _, i := range interactions {
		for _, path := range []string{"", "/messages", "/replies"} {
			c.do("GET", "/v1/interactions/"+i+path, nil).want(200)
		}
		if len(c.list("/v1/events?types=interaction.created&interaction_id="+i)) != 1 {
			t.Errorf("%s reads nothing of %s in the log", what, i)
		}
	}
}

// misses checks that an interaction does not exist for a caller.
func (c *caller) misses(t *testing.T, what, interaction string) {
	t.Helper()
	for _, path := range []string{"", "?expand=segments", "/messages", "/replies", "/wrap-up", "/replies/" + unknownID} {
		c.do("GET", "/v1/interactions/"+interaction+path, nil).code(404, "interaction.not_found")
	}
	for _, e := range c.list("/v1/events?limit=200&interaction_id=" + interaction) {
		if kind := text(lookup(e, "type")); kind != "offer.created" && kind != "offer.declined" && kind != "offer.timed_out" {
			t.Errorf("%s reads %s in the log", what, kind)
		}
	}
}

func sightAgent(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	mine, _ := ana.accepted("")
	d.admin.sees(t, "an integration", mine)
	ana.sees(t, "its agent", mine)
	ben.sees(t, "another agent")
	ben.misses(t, "another agent", mine)
	for _, e := range ben.list("/v1/events?limit=200") {
		if text(lookup(e, "agent_id")) != d.ids[1] {
			t.Errorf("another agent reads %s", text(e))
		}
	}
	if len(ana.list("/v1/events?limit=200&types=agent.presence_changed")) != 1 {
		t.Error("an agent does not read of their own presence alone")
	}
	ben.do("POST", "/v1/interactions/"+mine+"/replies", map[string]any{"text": "no"}).code(409, "interaction.not_owner")
	ana.do("POST", "/v1/interactions/"+mine+"/end", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+mine+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	ana.sees(t, "who once had it", mine)
	ben.misses(t, "another agent", mine)
}

// Who lets an offer pass can look what became of the interaction, and no more than look.
func sightOffer(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	ana.sees(t, "who is asked", i)
	if got := ana.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200).get("state"); got != "queued" {
		t.Errorf("declined, it is %s", got)
	}
	ana.sees(t, "who declined", i)
	if got := each(ana.list("/v1/events?interaction_id="+i), "type"); !slices.Contains(got, "interaction.requeued") {
		t.Errorf("who declined reads %v", got)
	}
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).code(409, "offer.not_pending")
}

// A customer's earlier conversations are there while the agent has the customer.
func sightHistory(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "first")
	first, _ := ana.accepted("")
	ana.do("POST", "/v1/interactions/"+first+"/end", nil).want(200)
	ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away"}).want(200)
	ben.onQueue()
	d.writes("c1", "second")
	second, _, _ := ben.offered("")
	ben.sees(t, "who is offered the customer", first, second)
	ana.sees(t, "who wraps up the first", first, second)
	ana.do("PUT", "/v1/interactions/"+first+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	ana.sees(t, "who had the first", first)
	ben.do("POST", "/v1/interactions/"+second+"/accept", nil).want(200)
	ben.do("POST", "/v1/interactions/"+second+"/end", nil).want(200)
	ben.sees(t, "who wraps up", first, second)
	ben.do("PUT", "/v1/interactions/"+second+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	ben.sees(t, "who is done", second)
	ben.misses(t, "who is done", first)
}

// A supervisor sees the queues of which they are a member, and can end what no agent has.
func sightSupervisor(t *testing.T, p *program) {
	d, other := p.desk(1, nil), p.desk(1, nil)
	made := d.admin.do("POST", "/v1/agents", map[string]any{"name": "Sue"}).want(201).get("id")
	d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+made, map[string]any{"joined": false}).want(200)
	client := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Sue", "agent_id": made, "scopes": append(deskScopes(), "conversation:message:monitor", "conversation:message:assign")}).want(201)
	sue := d.admin.login(client.get("client_id"), client.get("client_secret"))
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	other.writes("c2", "elsewhere")
	d.admin.advance(0)
	elsewhere := text(lookup(other.interactions()[0], "id"))
	sue.sees(t, "a supervisor", i)
	sue.misses(t, "a supervisor", elsewhere)
	if len(sue.list("/v1/events?types=agent.presence_changed&agent_id="+d.ids[0])) != 1 || len(sue.list("/v1/events?agent_id="+other.ids[0])) != 0 {
		t.Error("a supervisor does not read of the agents of their queues alone")
	}
	sue.do("POST", "/v1/interactions/"+elsewhere+"/end", nil).want(409)
	sue.do("POST", "/v1/interactions/"+elsewhere+"/assign", map[string]any{"agent_id": d.ids[0]}).code(404, "interaction.not_found")
	sue.do("POST", "/v1/interactions/"+i+"/assign", map[string]any{"agent_id": d.ids[0]}).code(409, "state.invalid_transition")
	if got := text(lookup(sue.list("/v1/interactions")[0], "allowed_actions")); got != `["end"]` {
		t.Errorf("a supervisor may %s", got)
	}
	for command, body := range map[string]any{"/accept": nil, "/hold": nil, "/replies": map[string]any{"text": "hello"}, "/assign": map[string]any{"agent_id": d.ids[0]}} {
		if got := sue.do("POST", "/v1/interactions/"+i+command, body).want(409); got.get("current_state") != "alerting" || got.get("allowed_actions") != `["end"]` {
			t.Errorf("a supervisor who is refused %s is told %s", command, got.body)
		}
		if got := sue.do("POST", "/v1/interactions/"+elsewhere+command, body); got.status == 409 && got.get("allowed_actions") != "[]" {
			t.Errorf("a supervisor who may not see it is told %s", got.body)
		}
	}
	sue.do("POST", "/v1/interactions/"+i+"/end", nil).holds(map[string]string{"state": "disconnected", "disconnect_type": "admin", "offer": ""})
	sue.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	rescinded := d.admin.list("/v1/events?types=offer.rescinded&interaction_id=" + i)
	if len(rescinded) != 1 || text(lookup(rescinded[0], "actor.id")) != made {
		t.Errorf("the offer: %s", text(rescinded))
	}
	ana.do("GET", "/v1/agents/me", nil).holds(map[string]string{"routing_status": "idle", "utilization.message.used": "0"})
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).code(409, "offer.not_pending").holds(map[string]string{"outcome": "rescinded"})
	cursor := d.admin.do("GET", "/v1/events?limit=200", nil).get("next_cursor")
	d.writes("c1", "again")
	again, _ := ana.accepted(url.QueryEscape(cursor))
	if got := sue.do("GET", "/v1/interactions/"+again, nil).want(200).get("allowed_actions"); got != "[]" {
		t.Errorf("of what an agent has, a supervisor may %s", got)
	}
	sue.do("POST", "/v1/interactions/"+again+"/end", nil).want(409)
}

// A file belongs to the conversation that it came with.
func sightFile(t *testing.T, p *program) {
	d, c := p.desk(2, nil), newCDN(t)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	shown, i := d.sendsFile("8001", c.URL+"/picture.png")
	ana.accepted("")
	d.admin.await("", "attachment.ready", "&interaction_id="+i)
	for _, path := range []string{"", "/content"} {
		ana.do("GET", "/v1/attachments/"+shown.get("id")+path, nil).want(200)
		ben.do("GET", "/v1/attachments/"+shown.get("id")+path, nil).code(404, "attachment.not_found")
	}
}

// What connectors read and write, agents do in their own conversations alone.
func sightConnector(t *testing.T, p *program) {
	d := p.openDesk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	kept := p.connector().do("POST", inboundOpen+"?prefetchConversationId=true", unified(d.page, "om-1", "kim", "hello")).want(202)
	ana.accepted("")
	for _, path := range []string{kept.get("conversationId"), kept.get("id") + "/details"} {
		p.connector().do("GET", "/api/v2/conversations/messages/"+path, nil).want(200)
		ana.do("GET", "/api/v2/conversations/messages/"+path, nil).want(200)
		ben.do("GET", "/api/v2/conversations/messages/"+path, nil).refusedOpen(404, "not.found")
	}
	first := map[string]any{"fromAddress": d.page, "toAddress": "kim", "toAddressMessengerType": "open", "textBody": "One more thing"}
	ben.do("POST", "/api/v2/conversations/messages/agentless", first).refusedOpen(409, "conflict")
	for _, who := range []*caller{ana, p.connector()} {
		who.do("POST", "/api/v2/conversations/messages/agentless", first).want(202).holds(map[string]string{"conversationId": kept.get("conversationId")})
	}
}
