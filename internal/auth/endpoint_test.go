package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// good is a request that the desk's client may make.
func good(changes ...func(*Request)) Request {
	r := Request{GrantType: grantType, ClientID: "desk", ClientSecret: "secret"}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// staffed adds the clients of the token tests: one of an agent, and one that may act for any.
func staffed(t testing.TB) *world {
	w := newWorld(t)
	benID, goneID := ben, stranger
	act := domain.ScopeActAs
	w.save(domain.Client{ID: "ben", Organization: org, SecretHash: hash("secret"), Scopes: scopes(view, act), Agent: &benID})
	w.save(domain.Client{ID: "backend", Organization: org, SecretHash: hash("secret"), Scopes: scopes(view, accept, act)})
	w.save(domain.Client{ID: "late", Organization: org, SecretHash: hash("secret"), Scopes: scopes(view), Agent: &goneID})
	w.save(domain.Client{ID: "elsewhere", Organization: "another", SecretHash: hash("secret"), Scopes: scopes(view, act)})
	w.save(domain.Client{ID: "powerless", Organization: org, SecretHash: hash("secret")})
	w.save(domain.Client{ID: "hashless", Organization: org, Scopes: scopes(view)})
	return w
}

// TestEndpointRefuses is the table of RFC 6749 section 5.2.
func TestEndpointRefuses(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	as := func(client, agent, scope string) Request {
		return Request{GrantType: grantType, ClientID: client, ClientSecret: "secret", AgentID: agent, Scope: scope}
	}
	for name, c := range map[string]struct {
		request Request
		status  int
		code    string
	}{
		"no grant type":         {good(func(r *Request) { r.GrantType = "" }), 400, "invalid_request"},
		"another grant type":    {good(func(r *Request) { r.GrantType = "password" }), 400, "unsupported_grant_type"},
		"grant type in capital": {good(func(r *Request) { r.GrantType = "Client_Credentials" }), 400, "unsupported_grant_type"},
		"no client":             {good(func(r *Request) { r.ClientID = "" }), 401, "invalid_client"},
		"no secret":             {good(func(r *Request) { r.ClientSecret = "" }), 401, "invalid_client"},
		"unknown client":        {good(func(r *Request) { r.ClientID = "nobody" }), 401, "invalid_client"},
		"wrong secret":          {good(func(r *Request) { r.ClientSecret = "Secret" }), 401, "invalid_client"},
		"secret of nothing":     {good(func(r *Request) { r.ClientID = "hashless" }), 401, "invalid_client"},
		"client with NUL":       {good(func(r *Request) { r.ClientID = "desk\x00" }), 400, "invalid_request"},
		"client not UTF-8":      {good(func(r *Request) { r.ClientID = "desk\xff" }), 400, "invalid_request"},
		"long client":           {good(func(r *Request) { r.ClientID = strings.Repeat("c", 256) }), 400, "invalid_request"},
		"long secret":           {good(func(r *Request) { r.ClientSecret = strings.Repeat("c", 256) }), 400, "invalid_request"},
		"long scope":            {good(func(r *Request) { r.Scope = strings.Repeat("s ", 4001) }), 400, "invalid_request"},
		"unknown scope":         {good(func(r *Request) { r.Scope = "conversation:message:invent" }), 400, "invalid_scope"},
		"scope of others":       {good(func(r *Request) { r.Scope = string(view) + " oauth:client:add" }), 400, "invalid_scope"},
		"scope in capitals":     {good(func(r *Request) { r.Scope = strings.ToUpper(string(view)) }), 400, "invalid_scope"},
		"scope of quotes":       {good(func(r *Request) { r.Scope = `"\é` }), 400, "invalid_scope"},
		"scope with commas":     {good(func(r *Request) { r.Scope = string(view + "," + accept) }), 400, "invalid_scope"},
		"agent without act_as":  {as("desk", string(ana), ""), 400, "unauthorized_client"},
		"another agent":         {as("ben", string(ana), ""), 400, "invalid_request"},
		"unknown agent":         {as("backend", "01990a5c-7e10-7a31-9c02-6f4d1b2affff", ""), 400, "invalid_request"},
		"agent elsewhere":       {as("elsewhere", string(ana), ""), 400, "invalid_request"},
		"malformed agent":       {as("backend", "ana", ""), 400, "invalid_request"},
		"agent me":              {as("backend", "me", ""), 400, "invalid_request"},
		"agent without dashes":  {as("backend", strings.ReplaceAll(string(ana), "-", ""), ""), 400, "invalid_request"},
		"agent as URN":          {as("backend", "urn:uuid:"+string(ana), ""), 400, "invalid_request"},
		"deleted agent":         {as("late", "", ""), 400, "unauthorized_client"},
		"only act_as, acting":   {as("backend", string(ana), "agent:act_as"), 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, fault := w.endpoint().Issue(t.Context(), c.request)
			wantOAuth(t, fault, c.status, c.code)
			if answer != (Answer{}) || fault.Challenge != "" {
				t.Errorf("got %+v with challenge %q", answer, fault.Challenge)
			}
		})
	}
}

func TestEndpointIssues(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	for name, c := range map[string]struct {
		client, agent, scope string
		acts                 domain.AgentID
		want                 string
	}{
		"all":                     {"desk", "", "", "", "view accept"},
		"less":                    {"desk", "", "conversation:message:accept", "", "accept"},
		"doubled":                 {"desk", "", "conversation:message:accept  conversation:message:accept", "", "accept"},
		"no scopes at all":        {"powerless", "", "", "", ""},
		"of an agent":             {"ben", "", "", ben, "view"},
		"of an agent, named":      {"ben", string(ben), "", ben, "view"},
		"of an agent, in capital": {"ben", strings.ToUpper(string(ben)), "", ben, "view"},
		"for nobody":              {"backend", "", "", "", "view accept agent:act_as"},
		"for an agent":            {"backend", string(ana), "", ana, "view accept"},
		"for one in capitals":     {"backend", strings.ToUpper(string(ana)), "", ana, "view accept"},
		"for an agent, less":      {"backend", string(ana), "conversation:message:view agent:act_as", ana, "view"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Request{GrantType: grantType, ClientID: c.client, ClientSecret: "secret", AgentID: c.agent, Scope: c.scope}
			answer, fault := w.endpoint().Issue(t.Context(), r)
			if fault != nil {
				t.Fatal(fault)
			}
			if got := strings.ReplaceAll(answer.Scope, "conversation:message:", ""); got != c.want || answer.TokenType != "Bearer" || answer.ExpiresIn != 3600 {
				t.Errorf("got %+v", answer)
			}
			p := wantPrincipal(t, w.verifier(), answer.AccessToken)
			if p.Organization != org || string(p.Client) != c.client || p.Agent != c.acts || domain.Join(p.Scopes) != answer.Scope {
				t.Errorf("the token is of %+v", p)
			}
		})
	}
}

func TestEndpointChallengesWhoUsedTheHeader(t *testing.T) {
	t.Parallel()
	_, fault := newWorld(t).endpoint().Issue(t.Context(), good(func(r *Request) { r.ClientSecret, r.Basic = "wrong", true }))
	wantOAuth(t, fault, 401, "invalid_client")
	if !strings.HasPrefix(fault.Challenge, "Basic ") {
		t.Errorf("challenge %q", fault.Challenge)
	}
}

func TestUnknownClientAndWrongSecretLookAlike(t *testing.T) {
	t.Parallel()
	var hashed []int
	var bodies []string
	for _, id := range []string{"desk", "nobody"} {
		calls := 0
		e := newWorld(t).endpoint()
		e.Hash = func(secret string) []byte { calls++; return hash(secret) }
		_, fault := e.Issue(t.Context(), good(func(r *Request) { r.ClientID, r.ClientSecret = id, "wrong" }))
		body, _ := json.Marshal(fault)
		hashed, bodies = append(hashed, calls), append(bodies, string(body))
	}
	if bodies[0] != bodies[1] || hashed[0] != hashed[1] || hashed[0] == 0 {
		t.Errorf("%v, %v", bodies, hashed)
	}
	if want := `{"error":"invalid_client","error_description":"The client is unknown or its secret is wrong."}`; bodies[0] != want {
		t.Errorf("got %s", bodies[0])
	}
}

func TestHashThatCannotHashLetsNobodyIn(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	e := w.endpoint()
	e.Hash = func(string) []byte { return nil }
	for _, id := range []string{"desk", "hashless", "nobody"} {
		_, fault := e.Issue(t.Context(), good(func(r *Request) { r.ClientID = id }))
		wantOAuth(t, fault, 401, "invalid_client")
	}
}

func TestEndpointWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.goAway(errAway)
	_, fault := w.endpoint().Issue(t.Context(), good())
	wantOAuth(t, fault, 503, "temporarily_unavailable")
	if !errors.Is(fault, errAway) || strings.Contains(fault.Description, "refused") {
		t.Errorf("got %v", fault)
	}
}

func TestEndpointWhileAgentsAreAway(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.during = func(domain.ClientID) { w.goAway(errAway) }
	_, fault := w.endpoint().Issue(t.Context(), good(func(r *Request) { r.ClientID, r.AgentID = "backend", string(ana) }))
	wantOAuth(t, fault, 503, "temporarily_unavailable")
}

func TestAnswerBody(t *testing.T) {
	t.Parallel()
	got, _ := json.Marshal(Answer{AccessToken: "t", TokenType: "Bearer", ExpiresIn: 3600, Scope: "s"})
	if want := `{"access_token":"t","token_type":"Bearer","expires_in":3600,"scope":"s"}`; string(got) != want {
		t.Errorf("got %s", got)
	}
}
