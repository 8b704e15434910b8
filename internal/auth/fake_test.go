package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	issuerURL = "https://parley.example"
	org       = domain.OrganizationID("01990a5c-7e10-7a31-9c02-6f4d1b2a0001")
	ana       = domain.AgentID("01990a5c-7e10-7a31-9c02-6f4d1b2a0002")
	ben       = domain.AgentID("01990a5c-7e10-7a31-9c02-6f4d1b2a0003")
	stranger  = domain.AgentID("01990a5c-7e10-7a31-9c02-6f4d1b2a0004") // of another organization
	desk      = domain.ClientID("desk")
	view      = domain.Scope("conversation:message:view")
	accept    = domain.ScopeAccept
)

// hash stands in for the keyed hash of the product.
func hash(secret string) []byte {
	mac := hmac.New(sha256.New, []byte("a key"))
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// world is what the package meets: a machine clock, clients and agents. It is safe for concurrent use.
type world struct {
	mu      sync.Mutex
	now     time.Time
	clients map[domain.ClientID]domain.Client
	away    error                       // what every question is answered with
	asked   int                         // how often a client was asked for
	during  func(id domain.ClientID)    // what happens while a client is asked for, after it was read
	hangs   func(ctx context.Context)   // what a question waits for
	living  map[domain.AgentID]struct{} // of org
	keys    *Keys
	key     SigningKey
}

func newWorld(t testing.TB) *world {
	t.Helper()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	w := &world{now: now, key: NewKey(now), living: map[domain.AgentID]struct{}{ana: {}, ben: {}},
		clients: map[domain.ClientID]domain.Client{}}
	keys, err := NewKeys([]SigningKey{w.key})
	if err != nil {
		t.Fatal(err)
	}
	w.keys = keys
	w.save(domain.Client{ID: desk, Organization: org, SecretHash: hash("secret"), Scopes: []domain.Scope{view, accept}})
	return w
}

func (w *world) save(c domain.Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clients[c.ID] = c
}

func (w *world) remove(id domain.ClientID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.clients, id)
}

func (w *world) goAway(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = err
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) machine() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) questions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

func (w *world) ClientByID(ctx context.Context, id domain.ClientID) (domain.Client, error) {
	c, err := w.read(id)
	if w.during != nil {
		w.during(id)
	}
	if w.hangs != nil {
		w.hangs(ctx)
	}
	if gone := ctx.Err(); gone != nil {
		return domain.Client{}, gone
	}
	return c, err
}

func (w *world) read(id domain.ClientID) (domain.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	c, ok := w.clients[id]
	if w.away == nil && !ok {
		return c, domain.NotFound("client")
	}
	return c, w.away
}

func (w *world) Agent(_ context.Context, of domain.OrganizationID, id domain.AgentID) (domain.Agent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.living[id]; w.away == nil && (!ok || of != org) {
		return domain.Agent{}, domain.NotFound("agent")
	}
	return domain.Agent{ID: id, Organization: of}, w.away
}

func (w *world) issuer() Issuer { return Issuer{Keys: w.keys, URL: issuerURL} }

func (w *world) verifier() *Verifier { return NewVerifier(w.keys, issuerURL, w, w.machine) }

func (w *world) endpoint() Endpoint {
	return Endpoint{Clients: w, Agents: w, Issuer: w.issuer(), Hash: hash, Machine: w.machine}
}

// token issues a token of the desk as it is.
func (w *world) token(scopes ...domain.Scope) string {
	token, _ := w.issuer().Issue(domain.Principal{Organization: org, Client: desk, Scopes: scopes}, w.machine())
	return token
}

// members are those of a header or of claims.
type members map[string]any

// header is that of a good token, with some members changed; nil takes one away.
func (w *world) header(changes members) string {
	return object(members{"alg": "EdDSA", "typ": "at+jwt", "kid": w.key.ID}, changes)
}

// claims are those of a good token, with some changed; nil takes one away.
func (w *world) claims(changes members) string {
	now := w.machine().Unix()
	return object(members{"iss": issuerURL, "aud": "parley", "sub": desk, "iat": now, "exp": now + 3600, "jti": "1",
		"org": org, "scope": string(view)}, changes)
}

func object(good, changes members) string {
	for name, value := range changes {
		good[name] = value
		if value == nil {
			delete(good, name)
		}
	}
	text, _ := json.Marshal(good)
	return string(text)
}

// sign makes a token of any header and claims, signed with the real key whatever they say.
func (w *world) sign(header, claims string) string {
	text := base64url(header) + "." + base64url(claims)
	return text + "." + base64url(string(ed25519.Sign(w.key.Private, []byte(text))))
}

func base64url(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// wantError checks that an error is a domain error with a code, and tells no more than it should.
func wantError(t *testing.T, err error, kind domain.ErrorKind, code string) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// wantOAuth checks a refusal, and that its words are those that RFC 6749 section 5.2 allows.
func wantOAuth(t *testing.T, fault *OAuthError, status int, code string) {
	t.Helper()
	if fault == nil || fault.Status != status || fault.Code != code {
		t.Fatalf("got %v, want %d %s", fault, status, code)
	}
	for _, c := range fault.Description {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			t.Errorf("%q must not stand in an error_description: %s", c, fault.Description)
		}
	}
}
