package main

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/config"
)

// revoked is somebody who works at one node until something changes at another.
type revoked struct {
	what    string
	who     *caller
	change  func() answer
	stopped func(answer) bool // tells by a look at the queues
}

// TestRevocationReachesEveryNode takes rights away at one node and looks, at another,
// how long they last: five seconds at most. On SQLite there is one node.
func TestRevocationReachesEveryNode(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		folder := t.TempDir()
		node := func() *caller {
			p := start(t, database, func(c *config.Config) { c.DataDir, c.PublicURL = folder, "http://parley.test" })
			return newCaller(t, "http://"+p.listener.Addr().String()).login(testClient, testSecret)
		}
		one := node()
		two := one
		if strings.HasPrefix(database, "postgres") {
			two = node()
		}
		cases := append(revokedClients(one, two), revokedOutsiders(t, one, two)...)
		for _, c := range cases {
			if c.stopped(c.who.do("GET", "/v1/queues", nil, "Origin", deskPage)) {
				t.Fatalf("%s: it does not work before", c.what)
			}
		}
		for _, c := range cases {
			c.change()
			stops(t, c, two)
		}
	})
}

// stops waits until somebody is stopped, at most as long as was promised.
func stops(t *testing.T, c revoked, pace *caller) {
	t.Helper()
	for began := time.Now(); !c.stopped(c.who.do("GET", "/v1/queues", nil, "Origin", deskPage)); {
		if time.Since(began) > 6*time.Second { // five were promised; a look takes one
			t.Errorf("%s: it works on after %v", c.what, time.Since(began))
			return
		}
		pace.do("GET", "/v1/events?limit=1&wait=1&types=reply.read", nil) // waits a second, in vain
	}
}

func status(want int) func(answer) bool {
	return func(a answer) bool { return a.status == want }
}

// revokedClients are clients of the organization.
func revokedClients(one, two *caller) []revoked {
	client := func(more map[string]any) (*caller, string) {
		body := map[string]any{"name": "Revoked", "scopes": []string{"routing:queue:view"}}
		for name, value := range more {
			body[name] = value
		}
		made := one.do("POST", "/v1/oauth-clients", body).want(201)
		return two.login(made.get("client_id"), made.get("client_secret")), "/v1/oauth-clients/" + made.get("id")
	}
	agent := one.do("POST", "/v1/agents", map[string]any{"name": "A"}).want(201).get("id")
	other := one.do("POST", "/v1/agents", map[string]any{"name": "B"}).want(201).get("id")
	deleted, deletedAt := client(nil)
	narrowed, narrowedAt := client(nil)
	acting, actingAt := client(map[string]any{"agent_id": agent})
	page, pageAt := client(map[string]any{"allowed_origins": []string{deskPage}})
	patch := func(address string, body map[string]any) func() answer {
		return func() answer { return one.do("PATCH", address, body).want(200) }
	}
	return []revoked{
		{"a deleted client", deleted, func() answer { return one.do("DELETE", deletedAt, nil).want(204) }, status(401)},
		{"a client without the scope", narrowed, patch(narrowedAt, map[string]any{"scopes": []string{}}), status(403)},
		{"a client of another agent", acting, patch(actingAt, map[string]any{"agent_id": other}), status(401)},
		{"a page that is not allowed any more", page, patch(pageAt, map[string]any{"allowed_origins": []string{}}),
			func(a answer) bool { return a.header.Get("Access-Control-Allow-Origin") == "" }},
	}
}

// revokedOutsiders come with tokens of outside issuers.
func revokedOutsiders(t *testing.T, one, two *caller) []revoked {
	org := one.do("GET", "/v1/organization", nil).want(200).get("id")
	outsider := func(claims map[string]any) (*caller, string) {
		idp := newIdentityProvider(t)
		body := tokenIssuer(idp.URL)
		body["jwks_url"] = idp.URL
		claims["org"], claims["scope"] = org, "routing:queue:view"
		return idp.token(two, claims), "/v1/token-issuers/" + one.do("POST", "/v1/token-issuers", body).want(201).get("id")
	}
	named := one.do("POST", "/v1/agents", map[string]any{"name": "C", "external_subject": "c@id"}).want(201).get("id")
	deleted, deletedAt := outsider(map[string]any{})
	narrowed, narrowedAt := outsider(map[string]any{})
	unnamed, _ := outsider(map[string]any{"agent": "c@id"})
	return []revoked{
		{"a deleted issuer", deleted, func() answer { return one.do("DELETE", deletedAt, nil).want(204) }, status(401)},
		{"an issuer without the scope", narrowed, func() answer {
			return one.do("PATCH", narrowedAt, map[string]any{"scopes": []string{}}).want(200)
		}, status(403)},
		{"an agent whom the issuer does not name any more", unnamed, func() answer {
			return one.do("PATCH", "/v1/agents/"+named, map[string]any{"external_subject": nil}).want(200)
		}, status(401)},
	}
}

// A secret that was replaced is of no use at any node, from then on; tokens that
// it got live as long as they are valid.
func TestReplacedSecretIsOfNoUseAnywhere(t *testing.T) {
	t.Parallel()
	database, folder := template.Postgres(t), t.TempDir()
	node := func() *caller {
		p := start(t, database, func(c *config.Config) { c.DataDir, c.PublicURL = folder, "http://parley.test" })
		return newCaller(t, "http://"+p.listener.Addr().String()).login(testClient, testSecret)
	}
	one, two := node(), node()
	made := one.do("POST", "/v1/oauth-clients", map[string]any{"name": "Replaced", "scopes": []string{"routing:queue:view"}}).want(201)
	holder := two.login(made.get("client_id"), made.get("client_secret"))
	fresh := one.do("POST", "/v1/oauth-clients/"+made.get("id")+"/rotate-secret", nil).want(200).get("client_secret")
	two.tokenFor("grant_type=client_credentials", made.get("client_id"), made.get("client_secret")).want(401)
	two.login(made.get("client_id"), fresh).do("GET", "/v1/queues", nil).want(200)
	holder.do("GET", "/v1/queues", nil).want(200)
}
