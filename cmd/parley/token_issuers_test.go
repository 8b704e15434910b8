package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestTokenIssuers runs an identity provider beside the program, whose tokens it takes.
func TestTokenIssuers(t *testing.T) {
	t.Parallel()
	onEach(t, part{"tokens", issuerTokens}, part{"life", issuerLife}, part{"addresses", issuerAddresses})
}

// tokenIssuer is an issuer as an administrator sets it.
func tokenIssuer(url string) map[string]any {
	return map[string]any{"issuer": url, "audience": "parley", "jwks_url": "https://id.example/keys", "scopes": []string{"routing:queue:view"}}
}

// identityProvider signs tokens with a key that it publishes.
type identityProvider struct {
	*httptest.Server
	key ed25519.PrivateKey
}

func newIdentityProvider(t *testing.T) identityProvider {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"OKP","kid":"k","crv":"Ed25519","x":"%s"}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	t.Cleanup(server.Close)
	return identityProvider{server, private}
}

// token gives a caller with a token that says this.
func (i identityProvider) token(c *caller, claims map[string]any) *caller {
	c.t.Helper()
	said := map[string]any{"iss": i.URL, "aud": "parley", "sub": "u-1", "exp": time.Now().Add(time.Minute).Unix()}
	maps.Copy(said, claims)
	raw, err := json.Marshal(said)
	if err != nil {
		c.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"k"}`)) + "." + base64.RawURLEncoding.EncodeToString(raw)
	other := *c
	other.token = text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(text)))
	return &other
}

func issuerTokens(t *testing.T, p *program) {
	d, idp := p.desk(1, nil), newIdentityProvider(t)
	org := d.admin.do("GET", "/v1/organization", nil).want(200).get("id")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"external_subject": "ana@id"}).want(200)
	body := tokenIssuer(idp.URL)
	body["jwks_url"], body["scopes"], body["claim_mapping"] = idp.URL, deskScopes(), map[string]any{"org": "tenant", "agent": "email"}
	made := d.admin.do("POST", "/v1/token-issuers", body).want(201)
	claims := map[string]any{"tenant": org, "email": "ana@id", "scope": "routing:agent:onqueue conversation:message:view conversation:message:accept notifications:event:view oauth:client:add"}
	ana := idp.token(d.admin, claims)
	if got := ana.do("GET", "/v1/agents/me", nil).want(200).get("id"); got != d.ids[0] {
		t.Errorf("the token acts for %s", got)
	}
	// She works with it like with any other.
	ana.onQueue()
	d.writes("c1", "hello")
	i, _ := ana.accepted("")
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("state"); got != "connected" {
		t.Errorf("the interaction is %s", got)
	}
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).code(403, "permission.missing") // which her token does not say
	ana.do("POST", "/v1/oauth-clients", map[string]any{"name": "x", "scopes": []string{}}).code(403, "permission.missing")
	nobody := idp.token(d.admin, map[string]any{"tenant": org, "scope": "routing:queue:view"})
	nobody.do("GET", "/v1/queues", nil).want(200)
	nobody.do("GET", "/v1/agents/me", nil).code(403, "permission.agent_required")
	idp.token(d.admin, map[string]any{"tenant": org, "email": "stranger@id"}).do("GET", "/v1/queues", nil).code(401, "token.invalid")
	// It speaks for no other organization, unless that one trusts it, too.
	other := p.organization("issuers")
	foreign := other.do("GET", "/v1/organization", nil).want(200).get("id")
	claims["tenant"], claims["email"] = foreign, nil
	idp.token(d.admin, claims).do("GET", "/v1/agents/me", nil).code(401, "token.invalid")
	other.do("POST", "/v1/token-issuers", body).want(201)
	idp.token(d.admin, claims).do("GET", "/v1/agents/me", nil).code(403, "permission.agent_required")
	claims["email"] = "ana@id"
	idp.token(d.admin, claims).do("GET", "/v1/agents/me", nil).code(401, "token.invalid") // of the first one
	// What is changed holds at once on this node.
	one := "/v1/token-issuers/" + made.get("id")
	d.admin.do("PATCH", one, map[string]any{"scopes": []string{}}).want(200)
	ana.do("GET", "/v1/interactions/"+i, nil).code(403, "permission.missing")
	d.admin.do("DELETE", one, nil).want(204)
	ana.do("GET", "/v1/interactions/"+i, nil).code(401, "token.invalid")
}

func issuerLife(t *testing.T, p *program) {
	admin := p.admin()
	made := admin.do("POST", "/v1/token-issuers", tokenIssuer("https://life.example")).want(201).holds(map[string]string{"name": "", "version": "1",
		"algorithms": `["RS256","ES256","EdDSA"]`, "claim_mapping": `{"agent":"agent","org":"org","scope":"scope"}`})
	one := "/v1/token-issuers/" + made.get("id")
	if string(admin.do("GET", one, nil).want(200).body) != string(made.body) || made.header.Get("Location") != one {
		t.Errorf("made was %s", made.body)
	}
	admin.do("POST", "/v1/token-issuers", tokenIssuer("https://life.example")).code(409, "token_issuer.exists")
	admin.do("POST", "/v1/token-issuers", tokenIssuer("urn:parley")).code(422, "token_issuer.own")
	admin.do("PATCH", one, map[string]any{"scopes": []string{"of:tomorrow"}}).code(422, "scope.unknown")
	admin.do("PATCH", one, map[string]any{"algorithms": []string{"HS256"}}).code(400, "request.invalid")
	admin.do("PATCH", one, map[string]any{"claim_mapping": map[string]any{"org": nil}}).code(400, "request.invalid")
	admin.do("PATCH", one, map[string]any{"claim_mapping": map[string]any{"scope": nil}}).want(200).
		holds(map[string]string{"claim_mapping": `{"agent":"agent","org":"org","scope":null}`})
	// Nobody lets it grant what they lack, nor lets other keys grant what it has.
	editor := admin.with("oauth:tokenIssuer:add", "oauth:tokenIssuer:edit")
	editor.do("POST", "/v1/token-issuers", tokenIssuer("https://raised.example")).code(403, "permission.missing")
	editor.do("PATCH", one, map[string]any{"jwks_url": "https://mine.example/keys"}).code(403, "permission.missing")
	editor.do("PATCH", one, map[string]any{"audience": "mine"}).code(403, "permission.missing")
	editor.do("PATCH", one, map[string]any{"name": "Renamed"}).want(200)
	replaced := admin.do("PUT", one, tokenIssuer("https://life.example"), "If-Match", "*").want(200)
	if replaced.get("name") != "" || replaced.get("claim_mapping.scope") != "scope" {
		t.Errorf("replaced is %s", replaced.body)
	}
	admin.do("DELETE", one, nil, "If-Match", `"1"`).code(412, "precondition.failed")
	admin.do("DELETE", one, nil).want(204)
	admin.do("GET", one, nil).code(404, "token_issuer.not_found")
	// What an agent is called is so of one agent.
	first := admin.do("POST", "/v1/agents", map[string]any{"name": "A", "external_subject": "same@id"}).want(201)
	taken := admin.do("POST", "/v1/agents", map[string]any{"name": "B", "external_subject": "same@id"}).code(409, "agent.external_subject_taken")
	if taken.get("errors.0.pointer") != "/external_subject" {
		t.Errorf("refused with %s", taken.body)
	}
	admin.do("DELETE", "/v1/agents/"+first.get("id"), nil).want(204)
	admin.do("POST", "/v1/agents", map[string]any{"name": "B", "external_subject": "same@id"}).want(201)
}

func issuerAddresses(t *testing.T, p *program) {
	admin, idp := p.admin(), newIdentityProvider(t)
	org := admin.do("GET", "/v1/organization", nil).want(200).get("id")
	body := tokenIssuer(idp.URL)
	for _, address := range []string{"http://169.254.169.254/latest/meta-data", "ftp://id.example/keys", "https://u:p@id.example/keys", "http://[fe80::1]/", "http://2130706433/", "keys"} {
		body["jwks_url"] = address
		if got := admin.do("POST", "/v1/token-issuers", body).code(422, "token_issuer.jwks_url_refused"); got.get("errors.0.pointer") != "/jwks_url" {
			t.Errorf("%s is refused with %s", address, got.body)
		}
	}
	// A redirect to where no address may lead is not followed.
	redirect := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/keys", http.StatusFound))
	t.Cleanup(redirect.Close)
	body["jwks_url"] = redirect.URL
	admin.do("POST", "/v1/token-issuers", body).want(201)
	idp.token(admin, map[string]any{"org": org}).do("GET", "/v1/queues", nil).code(503, "service.unavailable")
}
