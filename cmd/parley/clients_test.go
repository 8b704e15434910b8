package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClients(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"life", clientsLife},
		part{"scopes cannot be raised", clientsScopes},
		part{"errors of the token endpoint", clientsTokenErrors},
		part{"published keys", clientsKeys},
	)
}

func clientsLife(t *testing.T, p *program) {
	admin := p.admin()
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Life", "scopes": []string{"routing:queue:view", "routing:queue:view", "oauth:client:view"}}).want(201)
	id, secret := made.get("client_id"), made.get("client_secret")
	if made.get("id") != id || made.get("scopes") != `["routing:queue:view","oauth:client:view"]` || made.get("agent_id") != "" || made.get("version") != "1" ||
		made.header.Get("Location") != "/v1/oauth-clients/"+id || len(secret) < 32 {
		t.Errorf("made is %s", made.body)
	}
	read := admin.do("GET", "/v1/oauth-clients/"+id, nil).want(200)
	for _, a := range []answer{read, admin.do("GET", "/v1/oauth-clients?limit=200", nil).want(200)} {
		if strings.Contains(string(a.body), secret) || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s shows a secret: %s", a.what, a.body)
		}
	}
	life := admin.login(id, secret)
	life.do("GET", "/v1/queues", nil).want(200)
	rotated := admin.do("POST", "/v1/oauth-clients/"+id+"/rotate-secret", nil).want(200)
	if rotated.get("client_secret") == secret || rotated.get("client_id") != id || rotated.get("version") != "2" || rotated.header.Get("ETag") != `"2"` {
		t.Errorf("rotated is %s", rotated.body)
	}
	if got := admin.tokenFor("grant_type=client_credentials", id, secret).want(401); got.get("error") != "invalid_client" {
		t.Errorf("the old secret gives %s", got.body)
	}
	life.do("GET", "/v1/queues", nil).want(200) // tokens from before stay
	admin.login(id, rotated.get("client_secret")).do("GET", "/v1/queues", nil).want(200)
	admin.do("DELETE", "/v1/oauth-clients/"+id, nil).want(204)
	life.do("GET", "/v1/queues", nil).code(401, "token.invalid")
	admin.do("GET", "/v1/oauth-clients/"+id, nil).code(404, "oauth_client.not_found")
	admin.do("DELETE", "/v1/oauth-clients/"+id, nil).code(404, "oauth_client.not_found")
	admin.tokenFor("grant_type=client_credentials", id, rotated.get("client_secret")).want(401)
}

func clientsScopes(t *testing.T, p *program) {
	admin := p.admin()
	unknown := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Unknown", "scopes": []string{"routing:queue:view", "of:tomorrow:view"}}).code(422, "scope.unknown")
	if unknown.get("errors.0.pointer") != "/scopes/1" {
		t.Errorf("refused with %s", unknown.body)
	}
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Maker", "scopes": []string{"oauth:client:add", "oauth:client:edit", "oauth:client:view", "routing:queue:view"}}).want(201)
	maker := admin.login(made.get("client_id"), made.get("client_secret"))
	raised := maker.do("POST", "/v1/oauth-clients", map[string]any{"name": "Raised", "scopes": []string{"routing:queue:view", "routing:queue:edit"}}).code(403, "permission.missing")
	if raised.get("required_scopes") != `["routing:queue:edit"]` {
		t.Errorf("refused with %s", raised.body)
	}
	maker.do("POST", "/v1/oauth-clients", map[string]any{"name": "Equal", "scopes": []string{"routing:queue:view"}}).want(201)
	// A new secret of a stronger client would raise them, too.
	maker.do("POST", "/v1/oauth-clients/"+testClient+"/rotate-secret", nil).code(403, "permission.missing")
	strong := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Strong", "scopes": []string{"routing:queue:edit"}}).want(201)
	maker.do("POST", "/v1/oauth-clients/"+strong.get("id")+"/rotate-secret", nil).code(403, "permission.missing")
	// A narrower token cannot hand out what it left behind.
	narrow := admin.with("oauth:client:add", "routing:queue:view")
	narrow.do("POST", "/v1/oauth-clients", map[string]any{"name": "Wide", "scopes": []string{"oauth:client:view"}}).code(403, "permission.missing")
	if got := admin.tokenFor("grant_type=client_credentials&scope=routing:queue:edit", made.get("client_id"), made.get("client_secret")).want(400); got.get("error") != "invalid_scope" {
		t.Errorf("a scope that the client lacks gives %s", got.body)
	}
}

func clientsTokenErrors(t *testing.T, p *program) {
	d := p.desk(1, nil)
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Agent's", "agent_id": d.ids[0], "scopes": []string{"routing:queue:view"}}).want(201)
	agents := []string{made.get("client_id"), made.get("client_secret")}
	plain := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Plain", "scopes": []string{"routing:queue:view"}}).want(201)
	boot := []string{testClient, testSecret}
	for _, c := range []struct {
		what, form string
		basic      []string
		status     int
		err        string
	}{
		{"all right", "grant_type=client_credentials", boot, 200, ""},
		{"in the form", "grant_type=client_credentials&client_id=" + testClient + "&client_secret=" + testSecret, nil, 200, ""},
		{"unknown parameters", "grant_type=client_credentials&audience=x&audience=y", boot, 200, ""},
		{"an empty parameter", "grant_type=client_credentials&scope=&agent_id=", boot, 200, ""},
		{"no grant type", "", boot, 400, "invalid_request"},
		{"another grant type", "grant_type=password", boot, 400, "unsupported_grant_type"},
		{"a doubled parameter", "grant_type=client_credentials&grant_type=client_credentials", boot, 400, "invalid_request"},
		{"no client", "grant_type=client_credentials", nil, 401, "invalid_client"},
		{"an unknown client", "grant_type=client_credentials", []string{"nobody", testSecret}, 401, "invalid_client"},
		{"a wrong secret", "grant_type=client_credentials", []string{testClient, "wrong"}, 401, "invalid_client"},
		{"a wrong secret in the form", "grant_type=client_credentials&client_id=" + testClient + "&client_secret=wrong", nil, 401, "invalid_client"},
		{"two clients", "grant_type=client_credentials&client_id=other", boot, 400, "invalid_request"},
		{"an unknown scope", "grant_type=client_credentials&scope=of:tomorrow", boot, 400, "invalid_scope"},
		{"an agent without act_as", "grant_type=client_credentials&agent_id=" + d.ids[0], []string{plain.get("client_id"), plain.get("client_secret")}, 400, "unauthorized_client"},
		{"another agent", "grant_type=client_credentials&agent_id=" + unknownID, agents, 400, "invalid_request"},
		{"no such agent", "grant_type=client_credentials&agent_id=" + unknownID, boot, 400, "invalid_request"},
		{"no agent's id", "grant_type=client_credentials&agent_id=me", boot, 400, "invalid_request"},
		{"a malformed form", "grant_type=%zz", boot, 400, "invalid_request"},
		{"U+0000", "grant_type=client_credentials&scope=a%00", boot, 400, "invalid_request"},
		{"too long", "grant_type=client_credentials&scope=" + strings.Repeat("a", 8001), boot, 400, "invalid_request"},
		{"too large", "grant_type=client_credentials&x=" + strings.Repeat("a", 64<<10), boot, 400, "invalid_request"},
	} {
		got := d.admin.tokenFor(c.form, c.basic...)
		if got.status != c.status || got.get("error") != c.err || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", c.what, got.status, got.body)
		}
		if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (c.status == 401 && c.basic != nil) {
			t.Errorf("%s: the challenge is %q", c.what, got.header.Get("WWW-Authenticate"))
		}
		if strings.Contains(string(got.body), testSecret) {
			t.Errorf("%s: the answer repeats what was sent: %s", c.what, got.body)
		}
	}
	for _, kind := range []string{"application/json", "text/plain", ""} {
		got := d.admin.do("POST", "/oauth/token", `{"grant_type":"client_credentials"}`, "Content-Type", kind, "Authorization", "").want(400)
		if got.get("error") != "invalid_request" {
			t.Errorf("%s: %s", kind, got.body)
		}
	}
	granted := d.admin.tokenFor("grant_type=client_credentials&scope=routing:queue:view+routing:queue:add", boot...).want(200)
	if granted.get("token_type") != "Bearer" || granted.get("scope") != "routing:queue:view routing:queue:add" || granted.get("expires_in") != "3600" {
		t.Errorf("the token is %s", granted.body)
	}
	// The agent of another organization is nobody.
	other := newDesk(p.organization("tokens"), 1, nil)
	foreign := d.admin.tokenFor("grant_type=client_credentials&agent_id="+other.ids[0], boot...).want(400)
	nobody := d.admin.tokenFor("grant_type=client_credentials&agent_id="+unknownID, boot...).want(400)
	if string(foreign.body) != string(nobody.body) {
		t.Errorf("answered are %s and %s", foreign.body, nobody.body)
	}
}

// clientsKeys checks a token with nothing but what is published.
func clientsKeys(t *testing.T, p *program) {
	d := p.desk(1, nil)
	parts := strings.Split(d.agents[0].token, ".")
	decode := func(part string) (value any) {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || json.Unmarshal(raw, &value) != nil {
			t.Fatalf("%q is no part of a token", part)
		}
		return value
	}
	header, claims := decode(parts[0]), decode(parts[1])
	published := d.admin.do("GET", "/.well-known/jwks.json", nil, "Authorization", "").want(200)
	at := slices.Index(each(items(published, "keys"), "kid"), text(lookup(header, "kid")))
	if at < 0 || strings.Contains(string(published.body), `"d"`) {
		t.Fatalf("published are %s", published.body)
	}
	key := items(published, "keys")[at]
	if text(lookup(header, "alg")) != "EdDSA" || text(lookup(key, "alg")) != "EdDSA" || text(lookup(key, "crv")) != "Ed25519" || text(lookup(key, "use")) != "sig" {
		t.Errorf("the header is %s, the key %s", text(header), text(key))
	}
	public, _ := base64.RawURLEncoding.DecodeString(text(lookup(key, "x")))
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	if len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature) {
		t.Error("the published key does not verify the token")
	}
	exp, _ := lookup(claims, "exp").(float64)
	if text(lookup(claims, "iss")) != "urn:parley" || text(lookup(claims, "agent")) != d.ids[0] || text(lookup(claims, "scope")) != strings.Join(deskScopes(), " ") ||
		text(lookup(claims, "org")) == "" || text(lookup(claims, "sub")) == "" || text(lookup(claims, "jti")) == "" || text(lookup(claims, "aud")) == "" ||
		time.Until(time.Unix(int64(exp), 0)) > time.Hour {
		t.Errorf("the claims are %s", text(claims))
	}
}
