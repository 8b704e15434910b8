package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestReplies(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"order", repliesOrder},
		part{"content", repliesContent},
		part{"who may write, and when", repliesOwner},
		part{"in reply to", repliesQuote},
		part{"resend", repliesResend},
		part{"delete", repliesDelete},
		part{"refused credentials", repliesReauthorize},
		part{"a channel that is deleted", repliesDeletedChannel},
	)
}

// talk gives a desk whose first agent has accepted a conversation.
func (p *program) talk(agents int) (d deskSetup, ana *caller, interaction string) {
	p.t.Helper()
	d = p.desk(agents, nil)
	ana = d.agents[0]
	ana.onQueue()
	d.writes("c1", "Where is my parcel?")
	interaction, _ = ana.accepted("")
	p.t.Cleanup(func() { d.faults(map[string]any{"mode": "none"}) })
	return d, ana, interaction
}

// faults makes the simulated platform misbehave.
func (d deskSetup) faults(f map[string]any) answer {
	d.admin.t.Helper()
	if f["times"] != nil {
		d.admin.advance(0) // or a notice that is still on its way would meet it
	}
	return d.admin.do("PUT", "/sandbox/platforms/messenger/faults", f).want(200)
}

// says sends a reply, and gives its id.
func (c *caller) says(interaction, what string) string {
	c.t.Helper()
	return c.do("POST", "/v1/interactions/"+interaction+"/replies", map[string]any{"text": what}).want(202).get("items.0.id")
}

// reply reads a reply.
func (c *caller) reply(interaction, id string) answer {
	c.t.Helper()
	return c.do("GET", "/v1/interactions/"+interaction+"/replies/"+id, nil).want(200)
}

// until waits for a reply to come to a status, and reads it.
func (c *caller) until(interaction, id, status string) answer {
	c.t.Helper()
	defer func() {
		if c.t.Failed() {
			c.t.Logf("the reply is %s", c.do("GET", "/v1/interactions/"+interaction+"/replies/"+id, nil).body)
		}
	}()
	for cursor := ""; ; {
		e, next := c.await(cursor, "reply."+status, "&interaction_id="+interaction)
		if e.get("data.reply_id") == id {
			return c.reply(interaction, id)
		}
		cursor = next
	}
}

// sent lists the bodies of the calls that the platform got for the desk's page,
// the oldest first.
func (d deskSetup) sent() []any {
	d.admin.t.Helper()
	var bodies []any
	for _, call := range d.admin.list("/sandbox/platforms/messenger/requests?limit=1000") {
		if !strings.HasSuffix(text(lookup(call, "path")), "/"+d.page+"/messages") {
			continue
		}
		var body any
		if err := json.Unmarshal([]byte(text(lookup(call, "body"))), &body); err != nil {
			d.admin.t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	slices.Reverse(bodies)
	return bodies
}

func repliesOrder(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	var want []string
	var last string
	for n := range 20 {
		want = append(want, fmt.Sprint("reply ", n))
		last = ana.says(i, want[n])
	}
	ana.until(i, last, "delivered")
	if got := each(d.sent(), "message.text"); !slices.Equal(got, want) {
		t.Errorf("the platform got %q", got)
	}
	// What is written at once has an order too: that of the transcript.
	together(10, func(n int) { ana.says(i, fmt.Sprint("at once ", n)) })
	d.admin.advance(0)
	transcript := ana.transcript(map[string]any{"id": i})
	if got := each(d.sent(), "message.text"); !slices.Equal(got, transcript[1:]) {
		t.Errorf("the platform got %q, the transcript has %q", got, transcript)
	}
	for _, r := range ana.list("/v1/interactions/" + i + "/replies") {
		if text(lookup(r, "attempts")) != "1" || text(lookup(r, "platform_message_id")) == "" {
			t.Errorf("a reply is %s", text(r))
		}
	}
	for _, call := range d.sent() {
		if text(lookup(call, "recipient.id")) != "c1" || text(lookup(call, "messaging_type")) != "RESPONSE" || text(lookup(call, "message.metadata")) == "" {
			t.Errorf("the call is %s", text(call))
		}
	}
}

func repliesContent(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	for _, c := range []struct {
		text, code string
		status     int
	}{
		{strings.Repeat("\U0001F600", 2001), "content.too_long", 422},
		{" \n\t\u00a0", "content.empty", 422}, {"\u200b\ufeff\u202e", "content.empty", 422},
		{"", "request.invalid", 400},
		{strings.Repeat("z", 20001), "request.invalid", 400},
	} {
		got := ana.do("POST", address, map[string]any{"text": c.text}).code(c.status, c.code)
		if got.get("errors.0.pointer") != "/text" || strings.Contains(string(got.body), "zzz") {
			t.Errorf("refused with %s", got.body)
		}
	}
	longest := strings.Repeat("\U0001F600", 1998) + "<>"
	ana.until(i, ana.says(i, longest), "delivered")
	if got := each(d.sent(), "message.text"); len(got) != 1 || got[0] != longest {
		t.Errorf("%d calls were made", len(got))
	}
	if n := len(ana.list(address)); n != 1 {
		t.Errorf("there are %d replies", n)
	}
}

// client gives a caller for an agent of the desk, with these scopes.
func (d deskSetup) client(agent string, scopes ...string) *caller {
	d.admin.t.Helper()
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Client", "agent_id": agent, "scopes": scopes}).want(201)
	return d.admin.login(made.get("client_id"), made.get("client_secret"))
}

func repliesOwner(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	ben, address := d.agents[1], "/v1/interactions/"+i+"/replies"
	hello := map[string]any{"text": "hello"}
	refused := ben.do("POST", address, hello).code(409, "interaction.not_owner")
	if refused.get("current_state") != "connected" || refused.get("allowed_actions") != "[]" {
		t.Errorf("somebody else is told %s", refused.body)
	}
	d.admin.do("POST", address, hello).code(403, "permission.agent_required")
	ana.do("POST", "/v1/interactions/"+unknownID+"/replies", hello).code(404, "interaction.not_found")
	public := map[string]any{"text": "hello", "visibility": "public"}
	ana.do("POST", address, public).code(422, "content.visibility_not_supported")
	without := slices.DeleteFunc(deskScopes(), func(s string) bool { return s == "conversation:socialmedia:create" })
	private := d.client(d.ids[0], without...)
	missing := private.do("POST", address, public).code(403, "permission.missing")
	if missing.get("required_scopes") != `["conversation:socialmedia:create"]` {
		t.Errorf("what is missing is %s", missing.get("required_scopes"))
	}
	private.do("POST", address, map[string]any{"text": "hello", "visibility": "private"}).want(202)
	stranger := d.client(d.ids[1], without...)
	stranger.do("POST", address, public).code(403, "permission.missing") // before ownership
	ended := ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	private.do("POST", address, public).code(403, "permission.missing") // and before the state
	over := ana.do("POST", address, hello).code(409, "state.invalid_transition")
	if over.get("current_state") != "disconnected" {
		t.Errorf("after the end: %s", over.body)
	}
	d.writes("c2", "hello")
	queued, _, _ := ana.offered(ended.header.Get("Event-Cursor"))
	if early := ana.do("POST", "/v1/interactions/"+queued+"/replies", hello).code(409, "state.invalid_transition"); early.get("current_state") != "alerting" {
		t.Errorf("before the acceptance: %s", early.body)
	}
}

func repliesQuote(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	d.hook(batch(entry(d.page, said("c1", d.page, "m_quoted", "And my refund?")))).want(200)
	d.admin.advance(0)
	messages := ana.list("/v1/interactions/" + i + "/messages")
	quoted := text(lookup(messages[1], "id"))
	sent := ana.do("POST", address, map[string]any{"text": "Tomorrow.", "in_reply_to": quoted}).want(202)
	if sent.get("items.0.in_reply_to") != quoted {
		t.Errorf("it answers %s", sent.get("items.0.in_reply_to"))
	}
	ana.until(i, sent.get("items.0.id"), "sent")
	if got := each(d.sent(), "reply_to.mid"); !slices.Equal(got, []string{"m_quoted"}) {
		t.Errorf("the platform was told %q", got)
	}
	d.writes("c2", "Somebody else")
	other, _ := ana.accepted(sent.header.Get("Event-Cursor"))
	foreign := text(lookup(ana.list("/v1/interactions/" + other + "/messages")[0], "id"))
	for _, id := range []string{unknownID, foreign, i} {
		refused := ana.do("POST", address, map[string]any{"text": "hello", "in_reply_to": id}).code(422, "reply.in_reply_to_unknown")
		if refused.get("errors.0.pointer") != "/in_reply_to" {
			t.Errorf("refused with %s", refused.body)
		}
	}
	// The customer answers our reply.
	mine := ana.reply(i, sent.get("items.0.id")).get("platform_message_id")
	d.hook(batch(entry(d.page, event("c1", d.page, "message", map[string]any{"mid": "m_answer", "text": "Fine", "reply_to": map[string]string{"mid": mine}})))).want(200)
	d.admin.advance(0)
	messages = ana.list("/v1/interactions/" + i + "/messages")
	if got := text(lookup(messages[len(messages)-1], "in_reply_to")); got != sent.get("items.0.id") {
		t.Errorf("the customer's answer is to %q", got)
	}
}

func repliesResend(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	d.faults(map[string]any{"mode": "server_error", "times": 1})
	first := ana.says(i, "It is on its way.")
	failed := ana.until(i, first, "failed")
	if failed.get("allowed_actions") != `["resend","delete"]` {
		t.Errorf("a failed reply allows %s", failed.get("allowed_actions"))
	}
	if seen := d.admin.reply(i, first).get("allowed_actions"); seen != "[]" {
		t.Errorf("to others it allows %s", seen)
	}
	after := ana.says(i, "Anything else?")
	address := "/v1/interactions/" + i + "/replies/"
	d.agents[1].do("POST", address+first+"/resend", nil).code(409, "interaction.not_owner")
	var mu sync.Mutex
	var second string
	statuses := map[int]int{}
	together(2, func(int) {
		got := ana.do("POST", address+first+"/resend", nil)
		mu.Lock()
		defer mu.Unlock()
		if statuses[got.status]++; got.status == 202 {
			second = got.get("id")
			if got.header.Get("Location") != address+second || got.get("resend_of") != first || got.get("text") != "It is on its way." {
				t.Errorf("resent as %s", got.body)
			}
			return
		}
		got.code(409, "reply.not_resendable")
	})
	if statuses[202] != 1 || statuses[409] != 1 {
		t.Fatalf("the answers are %v", statuses)
	}
	ana.until(i, second, "delivered")
	if old := ana.reply(i, first); old.get("status") != "failed" || old.get("resent_as") != second || old.get("allowed_actions") != `["delete"]` {
		t.Errorf("the first one is %s", old.body)
	}
	if got := each(ana.list("/v1/interactions/"+i+"/replies"), "id"); !slices.Equal(got, []string{first, after, second}) {
		t.Errorf("the replies are %q", got)
	}
	resent, _ := ana.await("", "reply.resent", "&interaction_id="+i)
	if resent.get("subject") != first || resent.get("data.resent_as") != second {
		t.Errorf("the event is %s", text(resent.value))
	}
	ana.do("POST", address+second+"/resend", nil).code(409, "reply.not_resendable")
	ana.do("POST", address+unknownID+"/resend", nil).code(404, "reply.not_found")
	if got := each(d.sent(), "message.text"); !slices.Equal(got, []string{"It is on its way.", "Anything else?", "It is on its way."}) {
		t.Errorf("the platform got %q", got)
	}
}

func repliesDelete(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies/"
	d.faults(map[string]any{"mode": "reject", "times": 1})
	failed, sent := ana.says(i, "No good."), ana.says(i, "Good.")
	ana.until(i, sent, "delivered")
	refused := ana.do("DELETE", address+sent, nil).code(409, "message.not_deletable")
	if refused.get("current_state") != "delivered" || refused.get("allowed_actions") != "[]" {
		t.Errorf("a delivered one: %s", refused.body)
	}
	ana.do("DELETE", address+failed, nil).want(204)
	ana.do("DELETE", address+failed, nil).want(204)
	if got := ana.reply(i, failed); got.get("status") != "deleted" || got.get("tombstone") != "deleted" || got.get("text") != "" || got.get("allowed_actions") != "[]" {
		t.Errorf("what is left is %s", got.body)
	}
	if n := len(ana.list("/v1/events?types=reply.deleted&interaction_id=" + i)); n != 1 {
		t.Errorf("there are %d events", n)
	}
	ana.do("POST", address+failed+"/resend", nil).code(409, "reply.not_resendable")
	ana.do("DELETE", address+unknownID, nil).code(404, "reply.not_found")
	inbound := text(lookup(ana.list("/v1/interactions/" + i + "/messages")[0], "id"))
	ana.do("DELETE", address+inbound, nil).code(404, "reply.not_found")
}

func repliesReauthorize(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	channel := "/v1/channels/" + d.channel
	d.faults(map[string]any{"mode": "reject", "code": 190})
	first := ana.says(i, "first")
	e, _ := d.admin.await("", "channel.needs_reauthorization", "")
	for e.get("subject") != d.channel {
		e, _ = d.admin.await(e.get("cursor"), "channel.needs_reauthorization", "")
	}
	second := ana.says(i, "second")
	d.admin.advance(1800)
	for _, id := range []string{first, second} {
		if got := ana.reply(i, id); got.get("status") != "queued" || got.get("error") != "" {
			t.Errorf("a reply is %s", got.body)
		}
	}
	if got := d.admin.do("GET", channel, nil).want(200); got.get("status") != "needs_reauthorization" {
		t.Errorf("the channel is %s", got.get("status"))
	}
	d.faults(map[string]any{"mode": "none"})
	patched := d.admin.do("PATCH", channel, map[string]any{"credentials": map[string]string{"access_token": "renewed-token"}}).want(200)
	if patched.get("status") != "active" || strings.Contains(string(patched.body), "token") {
		t.Errorf("after the change the channel is %s", patched.body)
	}
	ana.until(i, second, "delivered")
	if got := each(d.sent(), "message.text"); !slices.Equal(got, []string{"first", "first", "second"}) {
		t.Errorf("the platform got %q", got)
	}
	call := d.admin.do("GET", "/sandbox/platforms/messenger/requests?limit=1", nil).want(200)
	if call.get("items.0.headers.Authorization") != "Bearer renewed-token" {
		t.Errorf("the last call carries %s", call.get("items.0.headers.Authorization"))
	}
}

func repliesDeletedChannel(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "refuse"})
	waiting := ana.says(i, "too late")
	d.admin.advance(0)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	d.admin.do("DELETE", "/v1/channels/"+d.channel, nil).want(204)
	d.faults(map[string]any{"mode": "none"})
	d.admin.advance(0)
	if got := ana.until(i, waiting, "failed"); got.get("error.code") != "platform_rejected" {
		t.Errorf("what waited is %s", got.body)
	}
	if n := len(d.sent()); n != 0 {
		t.Errorf("the platform got %d calls", n)
	}
}
