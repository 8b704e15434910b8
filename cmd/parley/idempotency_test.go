package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"fifty at once", idempotencyAtOnce},
		part{"another request", idempotencyReused},
		part{"whose key it is", idempotencyScope},
		part{"refusals are not kept", idempotencyRefused},
		part{"every kind of write", idempotencyWrites},
		part{"after the end", idempotencyAfterEnd},
		part{"the form of a key", idempotencyForm},
		part{"seven days", idempotencyLife},
		part{"client_message_id", idempotencyClientMessage},
	)
}

// again sends a request a second time and holds the answer to the first one.
func (c *caller) again(first answer, key, method, path string, body any) answer {
	c.t.Helper()
	second := c.do(method, path, body, "Idempotency-Key", key).want(first.status)
	if !bytes.Equal(second.body, first.body) {
		c.t.Errorf("%s: first %s, then %s", second.what, first.body, second.body)
	}
	if second.header.Get("Idempotent-Replayed") != "true" || second.header.Get("Original-Request-Id") != first.header.Get("Request-Id") ||
		second.header.Get("Request-Id") == first.header.Get("Request-Id") || first.header.Get("Idempotent-Replayed") != "" {
		c.t.Errorf("%s: the headers are %v", second.what, second.header)
	}
	for _, name := range []string{"ETag", "Location", "Content-Type", "Event-Cursor"} {
		if second.header.Get(name) != first.header.Get(name) {
			c.t.Errorf("%s: %s was %q and is %q", second.what, name, first.header.Get(name), second.header.Get(name))
		}
	}
	return second
}

func idempotencyAtOnce(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	var answers [50]answer
	together(50, func(n int) {
		answers[n] = ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "once"}, "Idempotency-Key", "fifty").want(202)
	})
	first := slices.IndexFunc(answers[:], func(a answer) bool { return a.header.Get("Idempotent-Replayed") == "" })
	if first < 0 {
		t.Fatal("all of them are replays")
	}
	for n, a := range answers {
		if !bytes.Equal(a.body, answers[0].body) {
			t.Fatalf("the answers are %s and %s", answers[0].body, a.body)
		}
		if n != first && (a.header.Get("Idempotent-Replayed") != "true" || a.header.Get("Original-Request-Id") != answers[first].header.Get("Request-Id")) {
			t.Errorf("answer %d has the headers %v", n, a.header)
		}
	}
	if n := len(ana.list("/v1/interactions/" + i + "/replies")); n != 1 {
		t.Errorf("there are %d replies", n)
	}
	ana.until(i, answers[0].get("items.0.id"), "delivered")
	if n := len(d.sent()); n != 1 {
		t.Errorf("the platform got %d calls", n)
	}
	if n := len(ana.list("/v1/events?types=reply.queued&interaction_id=" + i)); n != 1 {
		t.Errorf("there are %d events", n)
	}
	// The first answer also comes when things have moved on.
	ana.again(answers[first], "fifty", "POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "once"})
}

func idempotencyReused(t *testing.T, p *program) {
	admin := p.admin()
	queue := map[string]any{"name": "Reused", "description": "a"}
	first := admin.do("POST", "/v1/queues", queue, "Idempotency-Key", "reused").want(201)
	admin.again(first, "reused", "POST", "/v1/queues", ` { "description":"\u0061", "name" : "Reused"}`) // the same, written differently
	for _, other := range []any{map[string]any{"name": "Other"}, map[string]any{"name": "Reused"}, map[string]any{"name": "Reused", "description": nil}} {
		refused := admin.do("POST", "/v1/queues", other, "Idempotency-Key", "reused").code(422, "idempotency.key_reused")
		if refused.get("retryable") != "false" || strings.Contains(string(refused.body), "Reused") {
			t.Errorf("refused with %s", refused.body)
		}
	}
	// The same body for another thing is another request.
	one, two := first.get("id"), admin.do("POST", "/v1/queues", map[string]any{"name": "Two"}).want(201).get("id")
	patched := admin.do("PATCH", "/v1/queues/"+one, map[string]any{"name": "Patched"}, "Idempotency-Key", "patch").want(200)
	admin.do("PATCH", "/v1/queues/"+two, map[string]any{"name": "Patched"}, "Idempotency-Key", "patch").code(422, "idempotency.key_reused")
	admin.again(patched, "patch", "PATCH", "/v1/queues/"+one, map[string]any{"name": "Patched"})
}

func idempotencyScope(t *testing.T, p *program) {
	d := p.desk(2, nil)
	admin := d.admin
	// One client that acts for two agents: "me" is another for each.
	for n, agent := range d.ids {
		as := *admin
		as.token = admin.tokenFor("grant_type=client_credentials&agent_id="+agent, testClient, testSecret).want(200).get("access_token")
		got := as.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away"}, "Idempotency-Key", "me").want(200)
		if got.get("id") != agent || got.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("agent %d got the answer of another: %s", n+1, got.body)
		}
	}
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Other", "scopes": []string{"routing:queue:add", "routing:wrapupCode:add"}}).want(201)
	id, secret := made.get("client_id"), made.get("client_secret")
	other := admin.login(id, secret)
	body := map[string]any{"name": "Scope"}
	mine := admin.do("POST", "/v1/queues", body, "Idempotency-Key", "scope").want(201)
	theirs := other.do("POST", "/v1/queues", body, "Idempotency-Key", "scope").want(201)
	code := admin.do("POST", "/v1/wrap-up-codes", body, "Idempotency-Key", "scope").want(201)
	if mine.get("id") == theirs.get("id") || code.header.Get("Idempotent-Replayed") != "" {
		t.Error("another client or operation got the same answer")
	}
	// The token is no part of it: a new one, or one of a new secret, gets the first answer.
	other.login(id, secret).again(theirs, "scope", "POST", "/v1/queues", body)
	secret = admin.do("POST", "/v1/oauth-clients/"+id+"/rotate-secret", nil).want(200).get("client_secret")
	other.login(id, secret).again(theirs, "scope", "POST", "/v1/queues", body)
}

func idempotencyRefused(t *testing.T, p *program) {
	d := p.desk(1, nil)
	code := map[string]any{"name": "Later", "wrap_up_code_ids": []string{unknownID}}
	d.admin.do("POST", "/v1/queues", code, "Idempotency-Key", "refused").code(422, "wrap_up_code.unknown")
	d.admin.do("POST", "/v1/queues", map[string]any{"name": 7}, "Idempotency-Key", "refused").want(400)
	fresh := d.admin.do("POST", "/v1/queues", map[string]any{"name": "Later"}, "Idempotency-Key", "refused").want(201)
	if fresh.header.Get("Idempotent-Replayed") != "" {
		t.Error("a refusal took the key")
	}
	// A conflict that goes away: the same request, the same key, and now it works.
	address := "/v1/queues/" + d.queue
	d.admin.do("DELETE", address, nil, "Idempotency-Key", "in use").code(409, "queue.in_use")
	d.admin.do("DELETE", "/v1/channels/"+d.channel, nil).want(204)
	gone := d.admin.do("DELETE", address, nil, "Idempotency-Key", "in use").want(204)
	d.admin.again(gone, "in use", "DELETE", address, nil)
	d.admin.do("DELETE", address, nil).code(404, "queue.not_found")
}

func idempotencyWrites(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, admin := d.agents[0], d.admin
	write := func(c *caller, method, path string, body any, headers ...string) answer {
		t.Helper()
		key := method + " " + path
		first := c.do(method, path, body, append(headers, "Idempotency-Key", key)...)
		if first.status/100 != 2 {
			t.Fatalf("%s answered %d: %s", first.what, first.status, first.body)
		}
		if method == "PUT" && len(headers) > 0 { // If-Match is asked for again, and not compared
			second := c.do(method, path, body, append(headers, "Idempotency-Key", key)...).want(first.status)
			if !bytes.Equal(first.body, second.body) {
				t.Errorf("%s: first %s, then %s", first.what, first.body, second.body)
			}
			return first
		}
		c.again(first, key, method, path, body)
		return first
	}
	queue := write(admin, "POST", "/v1/queues", map[string]any{"name": "New"})
	write(admin, "PUT", "/v1/queues/"+queue.get("id"), map[string]any{"name": "Newer"}, "If-Match", queue.header.Get("ETag"))
	write(admin, "PATCH", "/v1/queues/"+queue.get("id"), map[string]any{"name": "Newest"})
	write(admin, "PUT", "/v1/queues/"+queue.get("id")+"/members/"+d.ids[0], map[string]any{"ring": 3})
	write(admin, "DELETE", "/v1/queues/"+queue.get("id")+"/members/"+d.ids[0], nil)
	write(admin, "DELETE", "/v1/queues/"+queue.get("id"), nil)
	client := write(admin, "POST", "/v1/oauth-clients", map[string]any{"name": "Once", "scopes": []string{}})
	write(admin, "POST", "/v1/oauth-clients/"+client.get("id")+"/rotate-secret", nil)
	write(ana, "PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"})
	d.writes("c1", "hello")
	i, offer, cursor := ana.offered("")
	address := "/v1/interactions/" + i
	write(ana, "POST", address+"/decline", map[string]any{"offer_id": offer})
	ana.onQueue()
	_, offer, _ = ana.offered(cursor)
	write(ana, "POST", address+"/accept", map[string]any{"offer_id": offer})
	write(ana, "POST", address+"/end", nil)
	wrapped := write(ana, "PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]})
	if wrapped.get("state") != "submitted" {
		t.Errorf("the wrap-up is %s", wrapped.body)
	}
	for _, kind := range []string{"offer.declined", "offer.accepted", "interaction.disconnected", "wrap_up.submitted"} {
		if n := len(admin.list("/v1/events?types=" + kind + "&interaction_id=" + i)); n != 1 {
			t.Errorf("there are %d events %s", n, kind)
		}
	}
}

func idempotencyAfterEnd(t *testing.T, p *program) {
	_, ana, i := p.talk(1)
	body := map[string]any{"text": "before the end"}
	first := ana.do("POST", "/v1/interactions/"+i+"/replies", body, "Idempotency-Key", "end").want(202)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	if got := ana.again(first, "end", "POST", "/v1/interactions/"+i+"/replies", body); got.get("items.0.status") != "queued" {
		t.Errorf("the answer is %s", got.body)
	}
	ana.do("POST", "/v1/interactions/"+i+"/replies", body, "Idempotency-Key", "end 2").want(409)
}

func idempotencyForm(t *testing.T, p *program) {
	admin := p.admin()
	for _, key := range []string{strings.Repeat("k", 256), "sch\u00f6n", "tab\there", "\U0001F600"} {
		refused := admin.do("POST", "/v1/queues", map[string]any{"name": "Form"}, "Idempotency-Key", key).code(400, "request.invalid")
		if refused.get("errors.0.parameter") != "Idempotency-Key" {
			t.Errorf("%q is refused with %s", key, refused.body)
		}
	}
	for n, key := range []string{strings.Repeat("k", 255), "k", " ~!\"#$%&'()*+,-./:;<=>?@[]^_`{|}"} {
		first := admin.do("POST", "/v1/queues", map[string]any{"name": fmt.Sprint("Form ", n)}, "Idempotency-Key", key).want(201)
		admin.again(first, key, "POST", "/v1/queues", map[string]any{"name": fmt.Sprint("Form ", n)})
	}
	admin.do("GET", "/v1/queues", nil, "Idempotency-Key", "k").want(200) // of no use, and no harm
}

func idempotencyLife(t *testing.T, p *program) {
	admin := p.admin()
	body := map[string]any{"name": "Life"}
	first := admin.do("POST", "/v1/queues", body, "Idempotency-Key", "life").want(201)
	admin.advance(7*86400 - 600)
	admin.again(first, "life", "POST", "/v1/queues", body)
	admin.advance(700)
	second := admin.do("POST", "/v1/queues", body, "Idempotency-Key", "life").want(201)
	if second.get("id") == first.get("id") || second.header.Get("Idempotent-Replayed") != "" {
		t.Error("the key lives longer than seven days")
	}
	admin.again(second, "life", "POST", "/v1/queues", body)
}

func idempotencyClientMessage(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	body := map[string]any{"text": "mine", "client_message_id": "desk-1"}
	var ids [20]string
	together(20, func(n int) { ids[n] = ana.do("POST", address, body).want(202).get("items.0.id") })
	if got := slices.Compact(ids[:]); len(got) != 1 {
		t.Errorf("the replies are %q", got)
	}
	ana.until(i, ids[0], "delivered")
	ana.do("POST", address, map[string]any{"text": "another text", "client_message_id": "desk-1"}).code(409, "reply.client_message_id_used")
	got := ana.do("POST", address, body).want(202)
	if got.get("items.0.id") != ids[0] || got.get("items.0.text") != "mine" || got.get("items.0.status") != "delivered" || got.get("items.0.client_message_id") != "desk-1" {
		t.Errorf("the duplicate gives %s", got.body)
	}
	if n := len(d.sent()); n != 1 {
		t.Errorf("the platform got %d calls", n)
	}
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.do("POST", address, body).want(202) // it is the same reply, also now
	d.writes("c1", "again")
	next, _ := ana.accepted(got.header.Get("Event-Cursor"))
	ana.do("POST", "/v1/interactions/"+next+"/replies", body).code(409, "reply.client_message_id_used")
}
