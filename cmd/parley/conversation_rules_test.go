package main

import (
	"slices"
	"strings"
	"testing"
)

// TestA01_A02_Permissions asks for what a token lacks the scope of.
func TestA01_A02_Permissions(t *testing.T) {
	t.Parallel()
	onEach(t, part{"A01 accepting", ruleAccept}, part{"A02 writing in public", rulePublic})
}

func ruleAccept(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	scopes := slices.DeleteFunc(deskScopes(), func(s string) bool { return s == "conversation:message:accept" })
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Weak", "agent_id": d.ids[0], "scopes": scopes}).want(201)
	weak := d.admin.login(made.get("client_id"), made.get("client_secret"))
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	refused := weak.do("POST", "/v1/interactions/"+i+"/accept", nil).code(403, "permission.missing")
	if refused.get("required_scopes") != `["conversation:message:accept"]` {
		t.Errorf("refused with %s", refused.body)
	}
	weak.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"state": "alerting"})
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"state": "connected"})
}

func rulePublic(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	scopes := slices.DeleteFunc(deskScopes(), func(s string) bool { return s == "conversation:socialmedia:create" })
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Weak", "agent_id": d.ids[0], "scopes": scopes}).want(201)
	weak := d.admin.login(made.get("client_id"), made.get("client_secret"))
	say := func(who *caller, visibility string) answer {
		return who.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "hello", "visibility": visibility})
	}
	if refused := say(weak, "public").code(403, "permission.missing"); refused.get("required_scopes") != `["conversation:socialmedia:create"]` {
		t.Errorf("refused with %s", refused.body)
	}
	say(weak, "private").want(202)
	say(ana, "public").code(422, "content.visibility_not_supported") // its channel has none
}

// TestA04_A05_B04_C03_C04_C05_D01_D09_Request looks at what an agent is shown of a
// conversation before it is theirs, and when it is.
func TestA04_A05_B04_B15_C03_C04_C05_D01_D09_Request(t *testing.T) {
	t.Parallel()
	onEach(t, part{"a request", ruleRequest})
}

func ruleRequest(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("7001", "Where is my parcel?")
	i, offer, _ := ana.offered("")
	shown := map[string]string{"id": i, "state": "alerting", "offer.id": offer, "offer.agent_id": d.ids[0], "channel.kind": "messenger", "channel.id": d.channel, "channel.account_id": d.page,
		"contact.address": "7001", "contact.display_name": "7001", // a profile that is not public shows no name, and none is guessed
		"queue.id": d.queue, "queue.name": "Care", "origin": "message"}
	for _, where := range []string{"", "?expand=messages,contact"} {
		got := ana.do("GET", "/v1/interactions/"+i+where, nil).want(200).holds(shown)
		if received := at(t, got.get("enqueued_at")); at(t, got.get("offer.created_at")).Before(received) || !at(t, got.get("offer.expires_at")).After(received) {
			t.Errorf("a timer cannot be shown: %s", got.body)
		}
	}
	tasks := ana.list("/v1/interactions?state=alerting,connected&agent_id=me")
	if len(tasks) != 1 {
		t.Fatalf("the list of tasks has %d", len(tasks))
	}
	answer{t: t, what: "the list", value: tasks[0]}.holds(shown)

	accepted := ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	accepted.holds(map[string]string{"id": i, "state": "connected", "queue.id": d.queue})
	whole := ana.do("GET", "/v1/interactions/"+i+"?expand=messages", nil).want(200)
	whole.holds(map[string]string{"messages.#": "1", "messages.0.text": "Where is my parcel?", "messages.0.direction": "inbound", "messages.0.sender.type": "customer",
		"messages.0.channel.id": d.channel, "messages.0.channel.kind": "messenger", "messages.0.channel.label": "Page"})
}

// TestA15_A17_A18_C18_D10_D11_Replies writes some replies, and ends the conversation.
func TestA15_A17_A18_C18_D10_D11_Replies(t *testing.T) {
	t.Parallel()
	onEach(t, part{"replies and the end", ruleReplies})
}

func ruleReplies(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	var ids []string
	for _, what := range []string{"one", "two", "three"} {
		ids = append(ids, ana.says(i, what))
	}
	for _, id := range ids {
		ana.until(i, id, "delivered")
		if steps := ana.steps(i, id); !strings.HasPrefix(steps, "queued sending ") || !strings.Contains(steps, "sent") {
			t.Errorf("a spinner would show %s", steps)
		}
	}
	transcript := ana.list("/v1/interactions/" + i + "/messages")
	if got := strings.Join(each(transcript, "direction"), " "); got != "inbound outbound outbound outbound" {
		t.Errorf("the directions are %s", got)
	}
	if got := each(transcript, "text"); !slices.Equal(got[1:], []string{"one", "two", "three"}) || !slices.Equal(each(d.sent(), "message.text"), got[1:]) {
		t.Errorf("the transcript has %q", got)
	}
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200).holds(map[string]string{"state": "disconnected", "disconnect_type": "agent", "participants.1.state": "wrapup"})
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "too late"}).want(409)
}

// TestB03_C15_D03_D04_Return lets a customer come back to another agent.
func TestB03_C15_D03_D04_Return(t *testing.T) {
	t.Parallel()
	onEach(t, part{"a customer who returns", ruleReturn})
}

func ruleReturn(t *testing.T, p *program) {
	d, ana, first := p.talk(2)
	ana.do("POST", "/v1/interactions/"+first+"/end", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+first+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	ana.presence("away")
	before := d.admin.do("GET", "/v1/interactions/"+first, nil).want(200)
	ana.do("POST", "/v1/interactions/"+first+"/replies", map[string]any{"text": "by the way"}).want(409) // nobody but the customer begins
	ben := d.agents[1]
	ben.onQueue()
	d.writes("c1", "It has come.")
	second, _ := ben.accepted("")
	ben.do("GET", "/v1/interactions/"+second, nil).want(200).holds(map[string]string{"thread_id": before.get("thread_id"), "previous_interaction_id": first, "state": "connected"})
	if second == first {
		t.Error("the ended conversation goes on")
	}
	if got := ben.list("/v1/interactions/" + first + "/messages"); text(lookup(got, "0.text")) != "Where is my parcel?" {
		t.Errorf("of the conversation with another agent there is %s", text(got))
	}
	after := d.admin.do("GET", "/v1/interactions/"+first, nil).want(200)
	for _, name := range []string{"state", "closed_at", "disconnected_at", "participants", "thread_id"} {
		if after.get(name) != before.get(name) {
			t.Errorf("of the old one %s was %s and is %s", name, before.get(name), after.get(name))
		}
	}
	// Of a channel of this kind nobody writes first.
	d.admin.do("POST", "/api/v2/conversations/messages/agentless", map[string]any{"fromAddress": d.page, "toAddress": "c9",
		"toAddressMessengerType": "messenger", "textBody": "Hello"}).refusedOpen(422, "outbound.not_allowed")
}

// TestD12_NotSentInTime shows what can be done with a reply that could not be sent in time.
func TestD12_NotSentInTime(t *testing.T) {
	t.Parallel()
	onEach(t, part{"nobody there", ruleNotSent})
}

func ruleNotSent(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "refuse"})
	id := ana.says(i, "to nobody")
	d.admin.advance(40)
	ana.until(i, id, "failed").holds(map[string]string{"allowed_actions": `["resend","delete"]`, "error.lost": "true"})
	d.faults(map[string]any{"mode": "none"})
	again := ana.do("POST", "/v1/interactions/"+i+"/replies/"+id+"/resend", nil).want(202)
	ana.until(i, again.get("id"), "delivered").holds(map[string]string{"resend_of": id, "text": "to nobody"})
}

// TestB01_OneAPI holds the same conversation over channels of two kinds.
func TestB01_OneAPI(t *testing.T) {
	t.Parallel()
	onEach(t, part{"two kinds", ruleOneAPI})
}

func ruleOneAPI(t *testing.T, p *program) {
	d := p.openDesk(1, nil)
	ana := d.agents[0]
	messenger := p.desk(0, nil)
	messenger.admin.do("PUT", "/v1/queues/"+messenger.queue+"/members/"+d.ids[0], map[string]any{}).want(200)
	ana.onQueue()
	p.connector().do("POST", inboundOpen, unified(d.page, "b01", "kim", "hello")).want(202)
	first, cursor := ana.accepted("")
	messenger.writes("c1", "hello")
	second, _ := ana.accepted(cursor)
	names := func(a answer) (all []string) {
		for name := range sorted(a.value.(map[string]any)) {
			all = append(all, name)
		}
		return all
	}
	one, two := ana.do("GET", "/v1/interactions/"+first, nil).want(200), ana.do("GET", "/v1/interactions/"+second, nil).want(200)
	if one.get("channel.kind") != "open" || two.get("channel.kind") != "messenger" || !slices.Equal(names(one), names(two)) || one.get("allowed_actions") != two.get("allowed_actions") {
		t.Errorf("one is %s\nthe other %s", one.body, two.body)
	}
	for _, i := range []string{first, second} {
		ana.do("POST", "/v1/interactions/"+i+"/hold", nil).want(200)
		ana.do("POST", "/v1/interactions/"+i+"/resume", nil).want(200)
		ana.says(i, "good day")
		ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200).holds(map[string]string{"state": "disconnected"})
	}
}
