package main

import (
	"slices"
	"strings"
	"testing"
)

// TestBrowsers is about pages of other origins: whose tokens they may use, and
// what their browser lets them see.
func TestBrowsers(t *testing.T) {
	t.Parallel()
	onEach(t, part{"preflight", corsPreflight}, part{"a client's own", corsClient}, part{"the whole organization", corsOrganization}, part{"what is no origin", corsForm},
		part{"life of a client", corsClientLife})
}

const (
	deskPage  = "https://desk.example.com"
	otherPage = "https://other.example.com:8443"
)

// page makes a client whose tokens a page may use.
func (p *program) page(admin *caller, origin string) (c *caller, id string) {
	p.t.Helper()
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Page", "scopes": []string{"routing:queue:view"}, "allowed_origins": []string{origin}}).want(201)
	return admin.login(made.get("client_id"), made.get("client_secret")), made.get("id")
}

// shown gives who may read the answer to a page's request.
func (c *caller) shown(origin string) string {
	c.t.Helper()
	got := c.do("GET", "/v1/queues", nil, "Origin", origin).want(200)
	if !slices.Contains(got.header.Values("Vary"), "Origin") {
		c.t.Errorf("the answer does not vary by origin: %v", got.header)
	}
	if got.header.Get("Access-Control-Allow-Credentials") != "" {
		c.t.Error("cookies are allowed")
	}
	exposed := got.header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"ETag", "Location", "Event-Cursor", "Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "Content-Range", "Content-Disposition"} {
		if shown := got.header.Get("Access-Control-Allow-Origin") != ""; slices.Contains(strings.Split(exposed, ", "), name) != shown {
			c.t.Errorf("shown: %v, but %q exposes %s or not", shown, exposed, name)
		}
	}
	return got.header.Get("Access-Control-Allow-Origin")
}

func corsPreflight(t *testing.T, p *program) {
	admin, anybody := p.admin(), newCaller(t, p.url)
	ask := func(path, origin string) answer {
		return anybody.do("OPTIONS", path, nil, "Origin", origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization,if-match")
	}
	ask("/v1/queues/"+unknownID, deskPage).code(405, "route.method_not_allowed")
	p.page(admin, deskPage)
	got := ask("/v1/queues/"+unknownID, deskPage).want(204)
	if got.header.Get("Access-Control-Allow-Origin") != deskPage || len(got.body) > 0 || got.header.Get("Access-Control-Max-Age") == "" ||
		!allows(got.header.Get("Access-Control-Allow-Methods"), []string{"GET", "PUT", "PATCH", "DELETE"}) {
		t.Errorf("the answer is %q %v", got.body, got.header)
	}
	for _, name := range []string{"Authorization", "Content-Type", "If-Match", "If-None-Match", "If-Range", "Idempotency-Key", "Prefer", "Range"} {
		if !slices.Contains(strings.Split(got.header.Get("Access-Control-Allow-Headers"), ", "), name) {
			t.Errorf("%s may not be sent", name)
		}
	}
	for _, vary := range []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"} {
		if !slices.Contains(got.header.Values("Vary"), vary) {
			t.Errorf("it does not vary by %s", vary)
		}
	}
	for _, refused := range []answer{ask("/v1/queues", otherPage), ask("/v1/queues", "null"), ask("/v1/queues", deskPage+".evil.example"),
		anybody.do("OPTIONS", "/v1/queues", nil, "Origin", deskPage), anybody.do("OPTIONS", "/v1/queues", nil)} {
		refused.code(405, "route.method_not_allowed")
	}
	ask("/v1/nothing", deskPage).code(404, "route.not_found")
}

func corsClient(t *testing.T, p *program) {
	admin := p.admin()
	page, id := p.page(admin, otherPage)
	if got := page.shown(otherPage); got != otherPage {
		t.Errorf("its own page is answered %q", got)
	}
	for _, origin := range []string{"null", "https://third.example.com", "http://other.example.com:8443"} {
		if got := page.shown(origin); got != "" {
			t.Errorf("%s is answered %q", origin, got)
		}
	}
	if got := admin.shown(otherPage); got != "" {
		t.Errorf("another client is answered %q", got)
	}
	// The page must be able to see that its token has expired.
	page.token += "x"
	expired := page.do("GET", "/v1/queues", nil, "Origin", otherPage).want(401)
	if expired.header.Get("Access-Control-Allow-Origin") != otherPage {
		t.Error("a page cannot see why it is refused")
	}
	admin.do("PATCH", "/v1/oauth-clients/"+id, map[string]any{"allowed_origins": []string{}}).want(200)
	if got := newCaller(t, p.url).do("GET", "/healthz", nil, "Origin", otherPage).want(200).header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("an origin that was taken away is answered %q", got)
	}
}

func corsOrganization(t *testing.T, p *program) {
	const wide = "https://wide.example.com"
	admin, foreign := p.admin(), p.organization("browsers")
	before := admin.do("GET", "/v1/organization", nil).want(200)
	if before.get("name") != "default" || before.get("allowed_origins") != "[]" || before.header.Get("ETag") != `"`+before.get("version")+`"` {
		t.Errorf("the organization is %s", before.body)
	}
	changed := admin.do("PATCH", "/v1/organization", map[string]any{"allowed_origins": []string{wide}}, "If-Match", before.header.Get("ETag")).want(200)
	if changed.get("allowed_origins") != `["`+wide+`"]` || string(admin.do("GET", "/v1/organization", nil).want(200).body) != string(changed.body) {
		t.Errorf("changed is %s", changed.body)
	}
	stale := admin.do("PATCH", "/v1/organization", map[string]any{}, "If-Match", before.header.Get("ETag")).code(412, "precondition.failed")
	if stale.get("current") != text(changed.value) {
		t.Errorf("the current one is %s", stale.get("current"))
	}
	if got := admin.shown(wide); got != wide {
		t.Errorf("a page of the organization is answered %q", got)
	}
	if got := foreign.shown(wide); got != "" {
		t.Errorf("another organization is answered %q", got)
	}
	admin.do("PATCH", "/v1/organization", map[string]any{"allowed_origins": []string{}}).want(200)
	if got := admin.shown(wide); got != "" {
		t.Errorf("an origin that was taken away is answered %q", got)
	}
}

func corsForm(t *testing.T, p *program) {
	admin := p.admin()
	for _, odd := range []string{"*", "null", "https://x.example/", "https://X.example", "ftp://x.example", "x.example", "https://u@x.example", "https://*.example.com", "https://x.example:0"} {
		admin.do("PATCH", "/v1/organization", map[string]any{"allowed_origins": []string{odd}}).code(400, "request.invalid")
	}
	for _, odd := range []string{"https://x.example:443", "http://x.example:80", "https://x.example:99999999"} {
		if got := admin.do("PATCH", "/v1/organization", map[string]any{"allowed_origins": []string{deskPage, odd}}); got.status == 200 {
			t.Errorf("%s is taken", odd)
		}
	}
	admin.do("PATCH", "/v1/organization", map[string]any{"allowed_origins": nil}).code(400, "request.invalid")
	for _, good := range []string{"http://localhost:3000", "https://[::1]:8443", "http://10.0.0.1"} {
		admin.do("PATCH", "/v1/organization?validate_only=true", map[string]any{"allowed_origins": []string{good}}).want(200)
	}
}

func corsClientLife(t *testing.T, p *program) {
	d := p.desk(1, nil)
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Life", "scopes": []string{"routing:queue:view", "routing:queue:add"}}).want(201)
	one, secret := "/v1/oauth-clients/"+made.get("id"), made.get("client_secret")
	holder := d.admin.login(made.get("client_id"), secret)
	narrower := d.admin.do("PATCH", one, map[string]any{"scopes": []string{"routing:queue:view"}}, "If-Match", `"1"`).want(200)
	if narrower.get("name") != "Life" || narrower.get("scopes") != `["routing:queue:view"]` || narrower.header.Get("ETag") != `"2"` {
		t.Errorf("narrowed is %s", narrower.body)
	}
	holder.do("POST", "/v1/queues", map[string]any{"name": "Lost"}).code(403, "permission.missing")
	holder.do("GET", "/v1/queues", nil).want(200)
	replaced := d.admin.do("PUT", one, map[string]any{"name": "Other", "scopes": []string{"routing:queue:view"}, "agent_id": d.ids[0]}, "If-Match", `"2"`).want(200)
	if replaced.get("agent_id") != d.ids[0] || replaced.get("allowed_origins") != "[]" || replaced.get("version") != "3" {
		t.Errorf("replaced is %s", replaced.body)
	}
	holder.do("GET", "/v1/queues", nil).code(401, "token.invalid") // it acts for nobody, and the client acts for an agent now
	d.admin.login(made.get("client_id"), secret).do("GET", "/v1/agents/me", nil).want(200)
	d.admin.do("PATCH", one, map[string]any{"agent_id": unknownID}).code(422, "oauth_client.agent_unknown")
	// Nobody hands out what they lack: not by a scope, not by another agent; to take away is free.
	editor := d.admin.with("oauth:client:edit")
	editor.do("PATCH", one, map[string]any{"scopes": []string{"routing:queue:view", "routing:queue:edit"}}).code(403, "permission.missing")
	editor.do("PATCH", one, map[string]any{"agent_id": nil}).code(403, "permission.missing")
	editor.do("PATCH", one, map[string]any{"name": "Renamed", "scopes": []string{}}).want(200)
}
