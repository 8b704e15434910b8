package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	leeway    = time.Minute // how far the clocks of two nodes may be apart
	maxGrants = 10_000
)

// Verifier tells who makes a request by its token. It is safe for concurrent use.
//
// A signature is checked once per token, and whether the client still exists about every two seconds: a client that is
// deleted, or loses a scope, stops within five seconds on every node, and at once where Forget is called.
type Verifier struct {
	keys    *Keys
	machine func() time.Time
	parser  *jwt.Parser
	clients *knownClients

	mu     sync.Mutex
	grants *recent[[sha256.Size]byte, grant]
}

// grant is what a verified token says, and from when until when it says so.
type grant struct {
	principal   domain.Principal
	from, until time.Time
}

func (g grant) holds(now time.Time) bool { return !now.Before(g.from) && now.Before(g.until) }

// NewVerifier makes a verifier of tokens that were signed with one of the keys and issued under the URL. machine tells
// machine time.
func NewVerifier(keys *Keys, url string, clients Clients, machine func() time.Time) *Verifier {
	return &Verifier{
		keys: keys, machine: machine, clients: newKnownClients(clients, machine),
		grants: newRecent[[sha256.Size]byte, grant](maxGrants),
		parser: jwt.NewParser(jwt.WithValidMethods([]string{algorithm}), jwt.WithStrictDecoding(),
			jwt.WithIssuer(url), jwt.WithAudience(Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(leeway), jwt.WithTimeFunc(machine)),
	}
}

// Verify gives the principal of a token, whose scopes are those of the token that its client still has. The error is
// always a *domain.Error: unauthorized with token.missing, token.invalid or token.expired, or unavailable while it
// cannot be known whether the client exists. Its text is the same for all ways to forge; its cause, for the log, is not.
func (v *Verifier) Verify(ctx context.Context, token string) (domain.Principal, error) {
	if token == "" {
		return domain.Principal{}, missing()
	}
	said, err := v.grant(token)
	if err != nil {
		return domain.Principal{}, err
	}
	return v.principal(ctx, said)
}

// principal gives what is left of what a verified token says.
func (v *Verifier) principal(ctx context.Context, said domain.Principal) (domain.Principal, error) {
	client, err := v.clients.client(ctx, said.Client)
	if err != nil {
		return domain.Principal{}, err
	}
	return narrow(said, client)
}

// Forget makes the next Verify of the client's tokens ask whether it exists and what it may do. Call it after the
// client was changed or deleted.
func (v *Verifier) Forget(client domain.ClientID) { v.clients.forget(client) }

// grant gives what a token says, of a cache if it was verified before.
func (v *Verifier) grant(token string) (domain.Principal, error) {
	if said, ok := v.known(token); ok {
		return said, nil
	}
	if !isShaped(token) {
		return domain.Principal{}, invalid("shape")
	}
	g, err := v.check(token)
	if err != nil {
		return domain.Principal{}, err
	}
	v.keep(token, g)
	return g.principal, nil
}

// known gives what a token says that was verified before, and still holds.
func (v *Verifier) known(token string) (said domain.Principal, ok bool) {
	if len(token) > maxToken {
		return domain.Principal{}, false
	}
	sum := sha256.Sum256([]byte(token))
	v.mu.Lock()
	defer v.mu.Unlock()
	g, ok := v.grants.get(sum)
	return g.principal, ok && g.holds(v.machine())
}

func (v *Verifier) keep(token string, g grant) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.grants.put(sha256.Sum256([]byte(token)), g)
}

// check verifies signature and claims.
func (v *Verifier) check(token string) (grant, error) {
	var c claims
	parsed, err := v.parser.ParseWithClaims(token, &c, v.key)
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return grant{}, expired()
	case err != nil:
		return grant{}, invalid(reason(err))
	case repeats(parsed) || c.Subject == "" || c.Organization == "" || c.IssuedAt == nil:
		return grant{}, invalid("claims")
	case !v.machine().Before(c.ExpiresAt.Time): // the leeway is for times that begin, not for this one
		return grant{}, expired()
	}
	return grant{principal: c.principal(), from: c.IssuedAt.Add(-leeway), until: c.ExpiresAt.Time}, nil
}

// key finds the public key for a token by the id in its header.
func (v *Verifier) key(token *jwt.Token) (any, error) {
	id, ok := keyID(token.Header)
	if !ok {
		return nil, jwt.ErrTokenUnverifiable
	}
	public, ok := v.keys.public[id]
	if !ok {
		return nil, jwt.ErrTokenUnverifiable
	}
	return public, nil
}

// narrow gives what the client may do now of what its token says. A token that acts for an agent for whom the client
// cannot act any more is worth nothing.
func narrow(said domain.Principal, client domain.Client) (domain.Principal, error) {
	if client.Organization != said.Organization || !mayAct(client, said.Agent) {
		return domain.Principal{}, invalid("client")
	}
	has := grantable(client, said.Agent)
	lost := func(s domain.Scope) bool { return !slices.Contains(has, s) }
	said.Scopes = slices.DeleteFunc(slices.Clone(said.Scopes), lost)
	return said, nil
}

// mayAct tells whether tokens of a client may act for an agent, or for nobody if it is empty.
func mayAct(client domain.Client, agent domain.AgentID) bool {
	if client.Agent != nil {
		return agent == *client.Agent
	}
	return agent == "" || slices.Contains(client.Scopes, domain.ScopeActAs)
}

// grantable lists what a token of a client may do at most: a token that acts for an agent cannot act for others.
func grantable(client domain.Client, agent domain.AgentID) []domain.Scope {
	if agent == "" {
		return client.Scopes
	}
	isActAs := func(s domain.Scope) bool { return s == domain.ScopeActAs }
	return slices.DeleteFunc(slices.Clone(client.Scopes), isActAs)
}
