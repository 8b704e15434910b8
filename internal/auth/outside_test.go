package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	outsideURL = "https://id.example"
	otherOrg   = domain.OrganizationID("01990a5c-7e10-7a31-9c02-6f4d1b2a0099")
	rsaKey     = "rsa"
	ecKey      = "ec"
	edKey      = "ed"
)

// provider is an outside issuer with its address of keys, and the organization that trusts it.
type provider struct {
	*world
	server  *httptest.Server
	signers map[string]crypto.Signer // by key id

	mu      sync.Mutex
	serve   http.HandlerFunc // in place of the keys
	served  int
	trusted []domain.TokenIssuer
	people  map[outsideAgent]domain.AgentID
	gone    error
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{world: newWorld(t), signers: map[string]crypto.Signer{rsaKey: r, ecKey: e, edKey: d},
		people: map[outsideAgent]domain.AgentID{{org, "ana@id"}: ana, {otherOrg, "ben@id"}: stranger}}
	p.server = httptest.NewServer(http.HandlerFunc(p.keys))
	t.Cleanup(p.server.Close)
	scope, agent := "scope", "agent"
	p.trusted = []domain.TokenIssuer{{ID: "issuer", Organization: org, Issuer: outsideURL, Audience: "parley", JWKSURL: p.server.URL,
		Algorithms: []string{"RS256", "ES256", "EdDSA"}, Scopes: []domain.Scope{view, accept, domain.ScopeActAs}, OrganizationClaim: "org",
		ScopeClaim: &scope, AgentClaim: &agent, Version: 1}}
	return p
}

func (p *provider) keys(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.served++
	other := p.serve
	p.mu.Unlock()
	if other != nil {
		other(w, r)
		return
	}
	_, _ = w.Write([]byte(p.document()))
}

// answers makes the address answer otherwise; nil, and it gives the keys.
func (p *provider) answers(f http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve = f
}

func (p *provider) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

func (p *provider) document() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var keys []members
	for id, signer := range p.signers {
		keys = append(keys, publicJWK(id, signer.Public()))
	}
	raw, _ := json.Marshal(members{"keys": keys})
	return string(raw)
}

func publicJWK(id string, key crypto.PublicKey) members {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return members{"kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "n": base64url(string(k.N.Bytes())), "e": base64url(string(big.NewInt(int64(k.E)).Bytes()))}
	case *ecdsa.PublicKey:
		raw, _ := k.Bytes()
		return members{"kty": "EC", "kid": id, "crv": "P-256", "x": base64url(string(raw[1:33])), "y": base64url(string(raw[33:]))}
	}
	return members{"kty": "OKP", "kid": id, "crv": "Ed25519", "x": base64url(string(key.(ed25519.PublicKey)))}
}

// said are the claims of a good token, with some changed.
func (p *provider) said(changes members) string {
	now := p.machine().Unix()
	return object(members{"iss": outsideURL, "aud": []string{"other", "parley"}, "sub": "u-1", "iat": now, "exp": now + 600, "org": org, "scope": string(view) + " openid"}, changes)
}

// token signs claims with one of the keys, under a header with some changes.
func (p *provider) token(t *testing.T, key string, header members, claims string) string {
	t.Helper()
	algorithm := map[string]string{rsaKey: "RS256", ecKey: "ES256", edKey: "EdDSA"}[key]
	text := base64url(object(members{"alg": algorithm, "typ": "JWT", "kid": key}, header)) + "." + base64url(claims)
	return text + "." + base64url(string(signature(t, p.signers[key], text)))
}

func signature(t *testing.T, signer crypto.Signer, text string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	switch k := signer.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(k, []byte(text))
	}
	signed, err := signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (p *provider) EveryTokenIssuer(context.Context) ([]domain.TokenIssuer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.trusted), p.gone
}

func (p *provider) AgentBySubject(_ context.Context, of domain.OrganizationID, subject string) (domain.Agent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, known := p.people[outsideAgent{of, subject}]
	if p.gone == nil && !known {
		return domain.Agent{}, domain.NotFound("agent")
	}
	return domain.Agent{ID: id, Organization: of}, p.gone
}

func (p *provider) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *provider) outside() *Outside {
	client := *p.server.Client() // parts of a test run side by side: each has a client of its own
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return NewOutside(p, &client, p.machine)
}

func (p *provider) anyone() Anyone {
	return Anyone{Own: p.verifier(), URL: issuerURL, Outside: p.outside()}
}

func TestOutsideGivesThePrincipal(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.anyone()
	for _, c := range []struct {
		key    string
		claims members
		agent  domain.AgentID
		scopes []domain.Scope
	}{
		{rsaKey, nil, "", []domain.Scope{view}},
		{ecKey, members{"agent": "ana@id"}, ana, []domain.Scope{view}},
		{edKey, members{"scope": []string{string(accept), "x", "oauth:client:add"}, "aud": "parley"}, "", []domain.Scope{accept}},
		{edKey, members{"scope": nil}, "", nil},
		{edKey, members{"scope": 7}, "", nil},
		{edKey, members{"scope": string(domain.ScopeActAs) + " " + string(view)}, "", []domain.Scope{view, domain.ScopeActAs}},
		{edKey, members{"scope": string(domain.ScopeActAs) + " " + string(view), "agent": "ana@id"}, ana, []domain.Scope{view}},
	} {
		token := p.token(t, c.key, nil, p.said(c.claims))
		for range 2 { // the second comes of the cache
			got, err := v.Verify(t.Context(), token)
			if err != nil || got.Organization != org || got.Client != "issuer:u-1" || got.Agent != c.agent || !slices.Equal(got.Scopes, c.scopes) {
				t.Errorf("%s %v: got %+v, %v", c.key, c.claims, got, err)
			}
		}
	}
	if own, err := v.Verify(t.Context(), p.world.token(view)); err != nil || own.Client != desk {
		t.Errorf("our own token gives %+v, %v", own, err)
	}
	if n := p.asked(); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestOutsideAttacks(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	signed := func(header, claims members) string { return p.token(t, edKey, header, p.said(claims)) }
	good := signed(nil, nil)
	parts := strings.Split(good, ".")
	pem, err := x509.MarshalPKIXPublicKey(p.signers[rsaKey].Public())
	if err != nil {
		t.Fatal(err)
	}
	mac := func(secret []byte) string {
		text := base64url(object(members{"alg": "HS256", "typ": "JWT", "kid": rsaKey}, nil)) + "." + parts[1]
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return text + "." + base64url(string(m.Sum(nil)))
	}
	header := object(members{"alg": "EdDSA", "typ": "JWT", "kid": edKey}, nil)
	twice := func(more string) string {
		text := base64url(header) + "." + base64url(`{`+more+p.said(nil)[1:])
		return text + "." + base64url(string(signature(t, p.signers[edKey], text)))
	}
	for name, token := range map[string]string{
		"none":                   base64url(`{"alg":"none","kid":"ed"}`) + "." + parts[1] + ".",
		"none, signed":           signed(members{"alg": "none"}, nil),
		"nOnE, signed":           signed(members{"alg": "nOnE"}, nil),
		"HS256, RSA public DER":  mac(pem),
		"HS256, JWKS":            mac([]byte(p.document())),
		"HS256, empty":           mac(nil),
		"RS256 with an EC key":   p.token(t, rsaKey, members{"kid": ecKey}, p.said(nil)),
		"ES256 with an RSA key":  p.token(t, ecKey, members{"kid": rsaKey}, p.said(nil)),
		"RS384":                  p.token(t, rsaKey, members{"alg": "RS384"}, p.said(nil)),
		"PS256":                  p.token(t, rsaKey, members{"alg": "PS256"}, p.said(nil)),
		"no kid":                 signed(members{"kid": nil}, nil),
		"unknown kid":            signed(members{"kid": "of nobody"}, nil),
		"kid traversal":          signed(members{"kid": "../../../../dev/null"}, nil),
		"kid SQL":                signed(members{"kid": "x' UNION SELECT 'key"}, nil),
		"kid long":               signed(members{"kid": strings.Repeat("k", 256)}, nil),
		"kid of another type":    signed(members{"kid": 1}, nil),
		"typ of another thing":   signed(members{"typ": "logout+jwt"}, nil),
		"typ of another type":    signed(members{"typ": 1}, nil),
		"crit":                   signed(members{"crit": []string{"exp"}}, nil),
		"embedded jku":           signed(members{"kid": "x", "jku": p.server.URL}, nil),
		"embedded jwk":           signed(members{"kid": "x", "jwk": publicJWK("x", p.signers[edKey].Public())}, nil),
		"wrong iss":              signed(nil, members{"iss": outsideURL + "/"}),
		"our iss, their key":     signed(nil, members{"iss": issuerURL}),
		"no iss":                 signed(nil, members{"iss": nil}),
		"wrong aud":              signed(nil, members{"aud": "media"}),
		"no aud":                 signed(nil, members{"aud": nil}),
		"no exp":                 signed(nil, members{"exp": nil}),
		"exp text":               signed(nil, members{"exp": "tomorrow"}),
		"iat beyond leeway":      signed(nil, members{"iat": p.now.Unix() + 61}),
		"nbf beyond leeway":      signed(nil, members{"nbf": p.now.Unix() + 61}),
		"no sub":                 signed(nil, members{"sub": nil}),
		"sub long":               signed(nil, members{"sub": strings.Repeat("s", 256)}),
		"sub with a line":        signed(nil, members{"sub": "a\nb"}),
		"no org":                 signed(nil, members{"org": nil}),
		"another org":            signed(nil, members{"org": otherOrg}),
		"org of another type":    signed(nil, members{"org": []any{org}}),
		"an agent of nobody":     signed(nil, members{"agent": "nobody@id"}),
		"an agent elsewhere":     signed(nil, members{"agent": "ben@id"}),
		"agent of another type":  signed(nil, members{"agent": []string{"ana@id"}}),
		"agent empty":            signed(nil, members{"agent": ""}),
		"duplicate org":          twice(`"org":"` + string(otherOrg) + `",`),
		"duplicate, other case":  twice(`"SUB":"nobody",`),
		"changed payload":        parts[0] + "." + base64url(p.said(members{"scope": string(accept)})) + "." + parts[2],
		"another provider's key": newProvider(t).token(t, edKey, nil, p.said(nil)),
		"no signature":           parts[0] + "." + parts[1] + ".",
		"nested JWE":             strings.Join([]string{base64url(`{"alg":"dir","enc":"A256GCM"}`), "", "iv", base64url(good), "tag"}, "."),
		"1 MB":                   parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := p.anyone().Verify(t.Context(), token)
			wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
		})
	}
	_, err = p.anyone().Verify(t.Context(), signed(nil, members{"exp": p.now.Unix() - 1}))
	wantError(t, err, domain.ErrorUnauthorized, "token.expired")
	p.change(func() { p.trusted[0].Algorithms = []string{"ES256"} })
	_, err = p.anyone().Verify(t.Context(), good)
	wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
}

// What is taken away from an issuer, or from an agent, is gone within five seconds.
func TestOutsideStops(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *provider){
		"deleted":          func(p *provider) { p.trusted = nil },
		"another audience": func(p *provider) { p.trusted[0].Audience, p.trusted[0].Version = "x", 2 },
		"fewer algorithms": func(p *provider) { p.trusted[0].Algorithms, p.trusted[0].Version = []string{"ES256"}, 2 },
		"the agent":        func(p *provider) { delete(p.people, outsideAgent{org, "ana@id"}) },
	} {
		p := newProvider(t)
		v, token := p.outside(), p.token(t, edKey, nil, p.said(members{"agent": "ana@id"}))
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		p.change(func() { change(p) })
		p.pass(4 * time.Second)
		_, err := v.Verify(t.Context(), token)
		if wantError(t, err, domain.ErrorUnauthorized, "token.invalid"); t.Failed() {
			t.Error(name)
		}
	}
	p := newProvider(t)
	v, token := p.outside(), p.token(t, edKey, nil, p.said(nil))
	first, err := v.Verify(t.Context(), token)
	if err != nil || len(first.Scopes) != 1 {
		t.Fatal(first, err)
	}
	p.change(func() { p.trusted[0].Scopes, p.trusted[0].Version = nil, 2 })
	v.Forget()
	if now, err := v.Verify(t.Context(), token); err != nil || len(now.Scopes) != 0 {
		t.Errorf("after the scopes were taken away: %+v, %v", now, err)
	}
}

func TestOutsideKeysTurn(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.outside()
	gone := p.signers[edKey]
	if _, err := v.Verify(t.Context(), p.token(t, edKey, nil, p.said(nil))); err != nil {
		t.Fatal(err)
	}
	_, fresh, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.change(func() { p.signers = map[string]crypto.Signer{"new": fresh} })
	if _, err := v.Verify(t.Context(), signedBy(t, "new", fresh, p.said(nil))); err != nil {
		t.Errorf("a token of the new key gives %v", err)
	}
	// Tokens of a key that nobody knows make it ask only now and then.
	for n := range 200 {
		_, err := v.Verify(t.Context(), p.world.sign(object(members{"alg": "EdDSA", "kid": "k"}, nil), p.said(members{"n": n})))
		wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
	}
	if n := p.asked(); n > 1+maxAsks {
		t.Errorf("200 tokens of an unknown key made it ask %d times", n)
	}
	p.pass(time.Minute) // so that it is not the text that was verified before
	_, err = v.Verify(t.Context(), signedBy(t, edKey, gone, p.said(nil)))
	wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
}

// signedBy makes a token with a key that need not be the provider's.
func signedBy(t *testing.T, id string, key crypto.Signer, claims string) string {
	t.Helper()
	text := base64url(object(members{"alg": "EdDSA", "kid": id}, nil)) + "." + base64url(claims)
	return text + "." + base64url(string(signature(t, key, text)))
}

func TestOutsideKeysCannotBeHad(t *testing.T) {
	t.Parallel()
	private := func(p *provider) string {
		key := publicJWK(edKey, p.signers[edKey].Public())
		key["d"] = "AAAA"
		raw, _ := json.Marshal(members{"keys": []members{key}})
		return string(raw)
	}
	for name, serve := range map[string]func(p *provider) http.HandlerFunc{
		"error": func(*provider) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
		},
		"redirect": func(p *provider) http.HandlerFunc {
			return http.RedirectHandler("http://169.254.169.254/keys", 302).ServeHTTP
		},
		"no JSON": func(*provider) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
		},
		"no keys": func(*provider) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) }
		},
		"private keys": func(p *provider) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(private(p))) }
		},
		"huge": func(p *provider) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(p.document() + strings.Repeat(" ", maxDoc)))
			}
		},
		"slow": func(*provider) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			v, token := p.outside(), p.token(t, edKey, nil, p.said(nil))
			p.answers(serve(p))
			_, err := v.Verify(t.Context(), token)
			wantError(t, err, domain.ErrorUnavailable, "service.unavailable")
			// Once it works, it works; and then for an hour without it.
			p.answers(nil)
			p.pass(askEvery)
			if _, err := v.Verify(t.Context(), p.token(t, edKey, nil, p.said(nil))); err != nil {
				t.Fatal(err)
			}
			p.answers(serve(p))
			p.pass(keysAway - time.Second)
			if _, err := v.Verify(t.Context(), p.token(t, edKey, nil, p.said(nil))); err != nil {
				t.Errorf("within the hour: %v", err)
			}
			p.pass(time.Minute)
			_, err = v.Verify(t.Context(), p.token(t, edKey, nil, p.said(nil)))
			wantError(t, err, domain.ErrorUnavailable, "service.unavailable")
		})
	}
}

// A database that is away stops no issuer at once, and all of them in the end.
func TestOutsideWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v, token := p.outside(), p.token(t, edKey, nil, p.said(nil))
	p.change(func() { p.gone = errors.New("away") })
	_, err := v.Verify(t.Context(), token)
	wantError(t, err, domain.ErrorUnavailable, "service.unavailable")
	p.change(func() { p.gone = nil })
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.change(func() { p.gone = errors.New("away") })
	p.pass(20 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("after 20 seconds: %v", err)
	}
	p.pass(20 * time.Second)
	_, err = v.Verify(t.Context(), token)
	wantError(t, err, domain.ErrorUnavailable, "service.unavailable")
}
