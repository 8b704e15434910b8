package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"without a token", accessToken},
		part{"without one scope", accessScope},
		part{"before the body", accessBeforeBody},
		part{"scopes of a value", accessConditional},
		part{"tokens of agents", accessAgent},
	)
}

// needs lists the sets of scopes of which an operation needs one; secured tells
// whether it needs a token.
func (o operation) needs() (sets [][]string, secured bool) {
	for _, alternative := range *o.spec.Security {
		sets = append(sets, alternative["bearer"])
	}
	return sets, len(sets) > 0
}

// tokenFor asks for a token with a form; basic is an id and a secret, or nothing.
func (c *caller) tokenFor(form string, basic ...string) answer {
	c.t.Helper()
	r, err := http.NewRequest("POST", c.url+"/oauth/token", strings.NewReader(form))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		r.SetBasicAuth(basic[0], basic[1])
	}
	return c.send(r)
}

// with gives a caller with a narrower token of the bootstrap client.
func (c *caller) with(scopes ...string) *caller {
	c.t.Helper()
	other := *c
	other.token = c.tokenFor("grant_type=client_credentials&scope="+strings.Join(scopes, "+"), testClient, testSecret).want(200).get("access_token")
	return &other
}

// allScopes lists every scope of the contract.
func (p *program) allScopes() []string { return strings.Fields(domain.Join(p.scopes)) }

func accessToken(t *testing.T, p *program) {
	nobody, admin := newCaller(t, p.url), p.admin()
	for _, o := range operations(t) {
		_, secured := o.needs()
		if !secured {
			if got := nobody.do(o.method, o.filled, nil); got.status == 401 && !strings.HasPrefix(o.path, "/hooks") && o.path != "/oauth/token" || got.status == 403 && o.id != "verifyHook" {
				t.Errorf("%s is public and answers %d: %s", o.id, got.status, got.body)
			}
			continue
		}
		missing := nobody.do(o.method, o.filled, nil).code(401, "token.missing")
		if !strings.HasPrefix(missing.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s asks for %q", o.id, missing.header.Get("WWW-Authenticate"))
		}
		for _, header := range []string{"Bearer garbage", "Bearer " + admin.token + "x", "Bearer " + strings.Replace(admin.token, ".", "..", 1), "bearer a.b.c"} {
			nobody.do(o.method, o.filled, nil, "Authorization", header).code(401, "token.invalid")
		}
		for _, header := range []string{"Basic dGVzdDp0ZXN0", admin.token, "Bearer", "Bearer "} {
			nobody.do(o.method, o.filled, nil, "Authorization", header).code(401, "token.missing")
		}
	}
}

// accessScope calls every operation with all scopes but one of each set that would
// do, and with nothing but one set.
func accessScope(t *testing.T, p *program) {
	admin, all := p.admin(), p.allScopes()
	for _, o := range operations(t) {
		sets, secured := o.needs()
		if !secured || len(sets[0]) == 0 {
			continue
		}
		for n := range sets[0] {
			left := slices.Clone(all)
			for _, set := range sets {
				scope := set[min(n, len(set)-1)]
				if !slices.Contains(all, scope) {
					t.Errorf("%s needs %s, which is no scope", o.id, scope)
				}
				left = slices.DeleteFunc(left, func(s string) bool { return s == scope })
			}
			got := admin.with(left...).do(o.method, o.filled, "{not JSON", "If-Match", `"1"`).code(403, "permission.missing")
			if !slices.Contains(items(got, "required_scopes"), any(sets[0][n])) {
				t.Errorf("%s names %s, not %s", o.id, got.get("required_scopes"), sets[0][n])
			}
		}
		for _, set := range sets {
			if got := admin.with(set...).do(o.method, o.filled, nil, "If-Match", `"1"`); got.get("code") == "permission.missing" || got.status == 401 {
				t.Errorf("%s with %q answers %d: %s", o.id, set, got.status, got.body)
			}
		}
	}
}

func items(a answer, path string) []any {
	list, _ := lookup(a.value, path).([]any)
	return list
}

// accessBeforeBody sends bodies that never end: who may not call is told so all the same.
func accessBeforeBody(t *testing.T, p *program) {
	admin := p.admin()
	nobody, weak := newCaller(t, p.url), admin.with("oauth:client:view")
	for _, o := range operations(t) {
		sets, secured := o.needs()
		if o.body == nil || !secured || len(sets[0]) == 0 {
			continue
		}
		for _, c := range []struct {
			*caller
			status int
		}{{nobody, 401}, {weak, 403}} {
			endless, write := io.Pipe()
			r, err := http.NewRequest(o.method, p.url+o.filled, endless)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", strings.TrimSuffix("Bearer "+c.token, "Bearer "))
			go func() { _, _ = write.Write([]byte(`{"name":`)) }()
			began := time.Now()
			c.send(r).want(c.status)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s answered after %v", o.id, took)
			}
			_ = write.Close()
		}
	}
}

// accessConditional is about scopes that only some values of a body need.
func accessConditional(t *testing.T, p *program) {
	d := p.desk(1, nil)
	var found []string
	for _, o := range operations(t) {
		for _, when := range items(answer{value: o.spec.Extensions}, "x-scopes-when") {
			found = append(found, fmt.Sprint(o.id, " ", text(lookup(when, "property")), "=", text(lookup(when, "equals")), " ", cmp.Or(text(lookup(when, "scopes")), text(lookup(when, "with.mode.0"))+" "+text(lookup(when, "any.0")))))
		}
	}
	want := []string{`composeReply visibility=public ["conversation:socialmedia:create"]`, `createReplies visibility=public ["conversation:socialmedia:create"]`,
		// transfers_test.go tries each of these.
		`createTransfer target.type=agent unattended conversation:communication:blindTransferAgent`, `createTransfer target.type=queue unattended conversation:communication:blindTransferQueue`,
		`createTransfer target.type=agent attended conversation:communication:consultTransferAgent`, `createTransfer target.type=queue attended conversation:communication:consultTransferQueue`,
		`putOwnPresence presence=on_queue ["routing:agent:onqueue"]`}
	if !slices.Equal(found, want) {
		t.Fatalf("the contract has %q: each needs a test here", found)
	}
	without := func(scope string) *caller {
		return d.client(d.ids[0], slices.DeleteFunc(deskScopes(), func(s string) bool { return s == scope })...)
	}
	weak := without("routing:agent:onqueue")
	got := weak.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).code(403, "permission.missing")
	if got.get("required_scopes") != `["routing:agent:onqueue"]` {
		t.Errorf("what is missing is %s", got.get("required_scopes"))
	}
	weak.presence("available")
	d.agents[0].presence("on_queue")
	silent := without("conversation:socialmedia:create")
	address := "/v1/interactions/" + unknownID + "/replies"
	silent.do("POST", address, map[string]any{"text": "a", "visibility": "public"}).code(403, "permission.missing")
	silent.do("POST", address, map[string]any{"text": "a", "visibility": "private"}).code(404, "interaction.not_found")
	silent.do("POST", address, map[string]any{"text": "a"}).code(404, "interaction.not_found")
	d.agents[0].do("POST", address, map[string]any{"text": "a", "visibility": "public"}).code(404, "interaction.not_found")
}

// accessAgent is about operations that need a token of an agent.
func accessAgent(t *testing.T, p *program) {
	d := p.desk(1, nil)
	for _, call := range [][2]string{{"GET", "/v1/agents/me"}, {"PUT", "/v1/agents/me/presence"}, {"GET", "/v1/interactions?agent_id=me"},
		{"POST", "/v1/interactions/" + unknownID + "/accept"}} {
		var body any
		if call[0] == "PUT" {
			body = map[string]any{"presence": "available"}
		}
		d.admin.do(call[0], call[1], body).code(403, "permission.agent_required")
	}
	// One backend, many agents.
	granted := d.admin.tokenFor("grant_type=client_credentials&agent_id="+d.ids[0], testClient, testSecret).want(200)
	if strings.Contains(granted.get("scope"), "agent:act_as") {
		t.Error("a token that acts for an agent can act for others")
	}
	acting := *d.admin
	acting.token = granted.get("access_token")
	if acting.me("id") != d.ids[0] {
		t.Error("the token acts for somebody else")
	}
	// With the agent goes the right to act for them.
	if got := d.admin.do("DELETE", "/v1/agents/"+d.ids[0], nil); got.status != 204 {
		t.Fatalf("the agent cannot be deleted: %s", got.body)
	}
	if got := acting.do("GET", "/v1/agents/me", nil); got.status != 404 && got.status != 401 {
		t.Errorf("a deleted agent is answered %d: %s", got.status, got.body)
	}
	if got := d.agents[0].do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}); got.status != 404 && got.status != 401 {
		t.Errorf("a deleted agent goes on queue: %d %s", got.status, got.body)
	}
}
