package main

import (
	"strings"
	"testing"
)

// TestC21_Drafts is about what an agent has begun to write and not sent.
func TestC21_Drafts(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"C21 an author's own", draftsOwn},
		part{"C21 the end over a draft", draftsEnd},
		part{"C21 the log-out over a draft", draftsLogOut},
		part{"C21 a transfer over a draft", draftsTransfer},
		part{"C21 a conference over a draft", draftsConference},
	)
}

// drafts keeps what an agent has begun to write.
func (c *caller) drafts(interaction, what string) answer {
	c.t.Helper()
	return c.do("PUT", "/v1/interactions/"+interaction+"/draft", map[string]any{"text": what})
}

func draftsOwn(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	ben, address := d.agents[1], "/v1/interactions/"+i
	unsent := func(who *caller, want string) {
		t.Helper()
		who.do("GET", address, nil).want(200).holds(map[string]string{"has_unsent_draft": want})
	}
	ana.do("GET", address+"/draft", nil).code(404, "draft.not_found")
	ana.do("DELETE", address+"/draft", nil).want(204)
	before := ana.do("GET", address, nil).want(200)
	ana.drafts(i, "It left our hou").want(200).holds(map[string]string{"text": "It left our hou", "interaction_id": i, "agent_id": d.ids[0], "participant_id": before.get("participants.1.id")})
	ana.drafts(i, "It left our house this mor").want(200)
	ana.do("GET", address+"/draft", nil).want(200).holds(map[string]string{"text": "It left our house this mor"})
	unsent(ana, "true")
	if got := each(ana.list("/v1/interactions?agent_id=me"), "has_unsent_draft"); strings.Join(got, " ") != "true" {
		t.Errorf("the list says %v", got)
	}
	// Nobody else sees it, and nobody is told.
	unsent(d.admin, "false")
	d.admin.do("GET", address+"/draft", nil).code(403, "permission.agent_required")
	ben.drafts(i, "mine").code(409, "interaction.not_owner")
	ben.do("GET", address+"/draft", nil).want(404)
	if after := ana.do("GET", address, nil).want(200); after.get("version") != before.get("version") {
		t.Error("a draft changes the interaction")
	}
	// What is blank is no draft; what is sent is none any longer.
	ana.drafts(i, " \u200b").want(200)
	unsent(ana, "false")
	ana.drafts(i, "It left our house this morning.").want(200)
	ana.says(i, "It left our house this morning.")
	unsent(ana, "false")
	ana.do("GET", address+"/draft", nil).code(404, "draft.not_found")
	ana.drafts(i, "And").want(200)
	ana.do("DELETE", address+"/draft", nil).want(204)
	unsent(ana, "false")
	ana.drafts(i, strings.Repeat("x", 20001)).want(400)
}

func draftsEnd(t *testing.T, p *program) {
	_, ana, i := p.talk(1)
	address := "/v1/interactions/" + i
	ana.drafts(i, "One more thing").want(200)
	ana.do("POST", address+"/end", map[string]any{"reject_if_draft": true}).code(409, "draft.unsent")
	ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "connected"})
	ended := ana.do("POST", address+"/end", nil).want(200)
	ended.holds(map[string]string{"state": "disconnected", "has_unsent_draft": "true", "warnings.#": "1", "warnings.0.code": "draft.unsent"})
	// It stays with its author, who can no longer go on with it.
	ana.do("GET", address+"/draft", nil).want(200).holds(map[string]string{"text": "One more thing"})
	ana.drafts(i, "One more").code(409, "state.invalid_transition")
	ana.do("POST", address+"/end", map[string]any{"reject_if_draft": true}).want(200) // it is over already
	ana.do("DELETE", address+"/draft", nil).want(204)
	if again := ana.do("POST", address+"/end", nil).want(200); again.get("warnings") != "" {
		t.Errorf("warned of nothing: %s", again.body)
	}
}

func draftsLogOut(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	presence := func(who *caller, path, p string, reject bool) answer {
		return who.do("PUT", path, map[string]any{"presence": p, "reject_if_draft": reject})
	}
	own := "/v1/agents/me/presence"
	ana.drafts(i, "Be right b").want(200)
	presence(ana, own, "meal", true).want(200) // only a log-out asks
	presence(ana, own, "offline", true).code(409, "draft.unsent")
	ana.do("GET", "/v1/agents/me", nil).want(200).holds(map[string]string{"presence": "meal"})
	presence(d.admin, "/v1/agents/"+d.ids[0]+"/presence", "offline", true).code(409, "draft.unsent")
	presence(ana, own, "offline", false).want(200).holds(map[string]string{"presence": "offline", "warnings.0.code": "draft.unsent"})
	ana.do("DELETE", "/v1/interactions/"+i+"/draft", nil).want(204)
	if got := presence(ana, own, "offline", true).want(200); got.get("warnings") != "" {
		t.Errorf("warned of nothing: %s", got.body)
	}
}

func draftsTransfer(t *testing.T, p *program) {
	d, ana, ben, i := p.handing(nil)
	transfers := "/v1/interactions/" + i + "/transfers"
	passes := func(kind, id, mode string, reject bool) answer {
		return ana.do("POST", transfers, map[string]any{"target": map[string]any{"type": kind, "id": id}, "mode": mode, "reject_if_draft": reject})
	}
	ana.drafts(i, "I will ask a col").want(200)
	passes("queue", d.queue, "unattended", true).code(409, "draft.unsent")
	for _, mode := range []string{"unattended", "attended"} {
		passes("agent", d.ids[1], mode, true).code(409, "draft.unsent")
	}
	ana.shows(i, "connected", "")
	made := passes("agent", d.ids[1], "attended", false).want(201).holds(map[string]string{"warnings.#": "1", "warnings.0.code": "draft.unsent"})
	ana.do("GET", transfers+"/"+made.get("id"), nil).want(200).holds(map[string]string{"warnings": ""})
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200).holds(map[string]string{"has_unsent_draft": "false"})
	// It stays with its author; who has the conversation now has nothing to lose.
	ana.do("GET", "/v1/interactions/"+i+"/draft", nil).want(200).holds(map[string]string{"text": "I will ask a col"})
	body := map[string]any{"target": map[string]any{"type": "queue", "id": d.queue}, "reject_if_draft": true}
	if got := ben.do("POST", transfers, body).want(201); got.get("warnings") != "" {
		t.Errorf("warned of nothing: %s", got.body)
	}
}

func draftsConference(t *testing.T, p *program) {
	d, ana, ben, address := p.confer(nil)
	i := strings.TrimPrefix(address, "/v1/interactions/")
	ana.drafts(i, "My col").want(200)
	ben.drafts(i, "As my col").want(200)
	ben.do("POST", address+"/conference/exit", map[string]any{"reject_if_draft": true}).code(409, "draft.unsent")
	ben.do("POST", address+"/conference/exit", nil).want(200).holds(map[string]string{"state": "connected", "has_unsent_draft": "true", "warnings.0.code": "draft.unsent"})
	ben.do("GET", address+"/draft", nil).want(200).holds(map[string]string{"text": "As my col"})
	ben.do("DELETE", address+"/draft", nil).want(204)
	for range 2 {
		ana.ask(address, d.ids[1]).want(201)
		ben.do("POST", address+"/accept", nil).want(200)
		if got := ben.do("POST", address+"/conference/exit", map[string]any{"reject_if_draft": true}).want(200); got.get("warnings") != "" {
			t.Errorf("warned of nothing: %s", got.body)
		}
	}
	// Whoever goes on leaves nothing behind.
	d.rules(map[string]any{"conference_end": "back_to_one_to_one"})
	ana.ask(address, d.ids[1]).want(201)
	ben.do("POST", address+"/accept", nil).want(200)
	ana.do("DELETE", address+"/conference?reject_if_draft=true", nil).want(204)
	ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "connected", "has_unsent_draft": "true"})
}

// TestC37_Consent ends conversations of a queue that asks for the customer's consent.
func TestC37_Consent(t *testing.T) {
	t.Parallel()
	onEach(t, part{"C37 consent", endConsent})
}

func endConsent(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	address := "/v1/interactions/" + i
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"require_end_consent": true}).want(200).holds(map[string]string{"require_end_consent": "true"})
	for _, body := range []any{nil, map[string]any{}, map[string]any{"customer_consent": false}} {
		ana.do("POST", address+"/end", body).code(422, "consent.required").holds(map[string]string{"errors.0.pointer": "/customer_consent"})
	}
	d.agents[1].do("POST", address+"/end", nil).code(409, "interaction.not_owner") // whose it is comes first
	ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "connected", "customer_consent": ""})
	ana.do("POST", address+"/end", map[string]any{"customer_consent": true}).want(200).holds(map[string]string{"state": "disconnected", "customer_consent": "true"})
	ana.do("POST", address+"/end", nil).want(200).holds(map[string]string{"customer_consent": "true"}) // it is over already
	if got := ana.list("/v1/events?types=interaction.disconnected&interaction_id=" + i); text(lookup(got, "0.data.customer_consent")) != "true" {
		t.Errorf("the event says %s", text(got))
	}
	// What no agent has needs nobody's consent.
	d.writes("c2", "hello")
	ana.presence("away")
	d.admin.advance(40)
	waiting := text(lookup(d.interactions()[1], "id"))
	d.admin.do("POST", "/v1/interactions/"+waiting+"/end", nil).want(200).holds(map[string]string{"disconnect_type": "admin", "customer_consent": ""})
}

// TestA18_C24_D06_WhatIsAllowedWhen compares what a conversation allows with what is
// done when it is asked for: to an agent who has it, and to one who does not.
func TestA18_C24_D06_WhatIsAllowedWhen(t *testing.T) {
	t.Parallel()
	onEach(t, part{"of another's", notYours})
}

func notYours(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	ben, address := d.agents[1], "/v1/interactions/"+i
	ana.do("GET", address, nil).want(200)
	for _, command := range [][2]string{{"POST", "/hold"}, {"POST", "/resume"}, {"POST", "/end"}, {"POST", "/replies"}, {"PUT", "/recording"}, {"PUT", "/draft"}, {"PUT", "/wrap-up"}, {"PUT", "/after-contact-work"}} {
		body := map[string]any{"/replies": map[string]any{"text": "x"}, "/recording": map[string]any{"recording": true}, "/draft": map[string]any{"text": "x"},
			"/wrap-up": map[string]any{"code_ids": []string{}}, "/after-contact-work": map[string]any{"after_call_work_required": true}}[command[1]]
		ben.do(command[0], address+command[1], body).code(409, "interaction.not_owner").holds(map[string]string{"current_state": "connected", "allowed_actions": "[]"})
	}
}
