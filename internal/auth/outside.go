package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	outsideLife = 2 * time.Second // how old may be what is known of issuers and of their agents
	maxSubject  = 255
)

// Issuers finds the outside issuers that any organization trusts, and the agents whom they name.
type Issuers interface {
	EveryTokenIssuer(ctx context.Context) ([]domain.TokenIssuer, error)
	AgentBySubject(ctx context.Context, org domain.OrganizationID, subject string) (domain.Agent, error)
}

// Outside tells who makes a request by a token of an issuer that an organization trusts. An issuer speaks for that
// organization alone, with the scopes that were set for it at most. It is safe for concurrent use.
//
// What was set is asked for anew after two seconds: a token of an issuer that is deleted or changed stops within five
// on every node, and at once where Forget is called.
type Outside struct {
	source  Issuers
	http    *http.Client
	machine func() time.Time

	mu      sync.Mutex
	issuers []domain.TokenIssuer
	until   time.Time
	asked   time.Time // when the issuers were heard of last
	sets    map[string]*keySet
	grants  *recent[[sha256.Size]byte, outsideGrant]
	agents  *recent[outsideAgent, heard]
}

// outsideGrant is what a verified token of an issuer says, as long as the issuer stays as it is.
type outsideGrant struct {
	issuer      domain.TokenIssuerID
	version     int64
	subject     string
	agent       string
	scopes      []domain.Scope
	from, until time.Time
}

// outsideAgent is what an issuer calls an agent; heard is who that is.
type outsideAgent struct {
	org     domain.OrganizationID
	subject string
}

type heard struct {
	agent  domain.AgentID // empty for nobody
	heard  time.Time
	exists bool
}

// NewOutside makes a verifier of outside issuers' tokens. client fetches their keys: it must not connect to where an
// administrator of one organization has no business.
func NewOutside(source Issuers, client *http.Client, machine func() time.Time) *Outside {
	return &Outside{source: source, http: client, machine: machine, sets: map[string]*keySet{},
		grants: newRecent[[sha256.Size]byte, outsideGrant](maxGrants), agents: newRecent[outsideAgent, heard](maxGrants)}
}

// Forget makes the next Verify ask which issuers there are. Call it after one was changed or deleted.
func (o *Outside) Forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Time{}
}

// Verify gives the principal of a token; its errors are like those of Verifier.Verify.
func (o *Outside) Verify(ctx context.Context, token string) (domain.Principal, error) {
	if !isShaped(token) {
		return domain.Principal{}, invalid("shape")
	}
	issuer, err := o.issuer(ctx, token)
	if err != nil {
		return domain.Principal{}, err
	}
	g, err := o.grant(ctx, token, issuer)
	if err != nil {
		return domain.Principal{}, err
	}
	return o.principal(ctx, issuer, g)
}

// issuer finds the issuer that a token claims, by what it says unproven: the issuer, the audience and the organization
// must be those that were set.
func (o *Outside) issuer(ctx context.Context, token string) (domain.TokenIssuer, error) {
	known, err := o.trusted(ctx)
	if err != nil {
		return domain.TokenIssuer{}, unavailable(err)
	}
	said := unproven(token)
	for _, i := range known {
		audience, _ := said.GetAudience()
		if said["iss"] == i.Issuer && slices.Contains(audience, i.Audience) && said[i.OrganizationClaim] == string(i.Organization) {
			return i, nil
		}
	}
	return domain.TokenIssuer{}, invalid("issuer")
}

// unproven reads the claims of a token that nobody has verified.
func unproven(token string) jwt.MapClaims {
	said := jwt.MapClaims{}
	parts := strings.Split(token, ".")
	if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(raw, &said) != nil {
		return jwt.MapClaims{}
	}
	return said
}

// trusted lists the issuers, asked for anew when that is too long ago. While the database is away, what is known holds
// for half a minute.
func (o *Outside) trusted(ctx context.Context) ([]domain.TokenIssuer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.machine()
	if now.Before(o.until) {
		return o.issuers, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clientWait)
	defer cancel()
	issuers, err := o.source.EveryTokenIssuer(ctx)
	if err != nil {
		if o.asked.IsZero() || now.Sub(o.asked) > clientAway {
			return nil, err
		}
		o.until = now.Add(clientRetry)
		return o.issuers, nil
	}
	o.issuers, o.asked, o.until = issuers, now, now.Add(outsideLife)
	o.dropSets()
	return o.issuers, nil
}

// dropSets forgets the keys of issuers that are gone.
func (o *Outside) dropSets() {
	for url := range o.sets {
		if !slices.ContainsFunc(o.issuers, func(i domain.TokenIssuer) bool { return i.JWKSURL == url }) {
			delete(o.sets, url)
		}
	}
}

// keySet gives the keys behind an issuer's address.
func (o *Outside) keySet(url string) *keySet {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sets[url] == nil {
		o.sets[url] = &keySet{url: url, http: o.http, machine: o.machine, asks: maxAsks}
	}
	return o.sets[url]
}

// grant gives what a token says, of a cache if it was verified before and its issuer is the same.
func (o *Outside) grant(ctx context.Context, token string, issuer domain.TokenIssuer) (outsideGrant, error) {
	sum := sha256.Sum256([]byte(token))
	o.mu.Lock()
	g, found := o.grants.get(sum)
	o.mu.Unlock()
	if now := o.machine(); found && g.issuer == issuer.ID && g.version == issuer.Version && !now.Before(g.from) && now.Before(g.until) {
		return g, nil
	}
	g, err := o.check(ctx, token, issuer)
	if err != nil {
		return g, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.grants.put(sum, g)
	return g, nil
}

// check verifies signature and claims.
func (o *Outside) check(ctx context.Context, token string, issuer domain.TokenIssuer) (outsideGrant, error) {
	parser := jwt.NewParser(jwt.WithValidMethods(issuer.Algorithms), jwt.WithStrictDecoding(), jwt.WithIssuer(issuer.Issuer),
		jwt.WithAudience(issuer.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.machine))
	said := jwt.MapClaims{}
	set := o.keySet(issuer.JWKSURL)
	parsed, err := parser.ParseWithClaims(token, said, func(t *jwt.Token) (any, error) { return outsideKey(ctx, set, t) })
	var away *domain.Error
	switch {
	case errors.As(err, &away):
		return outsideGrant{}, away
	case errors.Is(err, jwt.ErrTokenExpired):
		return outsideGrant{}, expired()
	case err != nil:
		return outsideGrant{}, invalid(reason(err))
	case repeats(parsed):
		return outsideGrant{}, invalid("claims")
	}
	return o.said(issuer, said)
}

// said reads the claims of a token that was verified.
func (o *Outside) said(issuer domain.TokenIssuer, claims jwt.MapClaims) (g outsideGrant, err error) {
	until, _ := claims.GetExpirationTime() // which the parser asked for
	subject, _ := claims["sub"].(string)
	if !o.machine().Before(until.Time) {
		return g, expired()
	}
	if subject == "" || len(subject) > maxSubject || strings.ContainsFunc(subject, func(c rune) bool { return c < ' ' }) || claims[issuer.OrganizationClaim] != string(issuer.Organization) {
		return g, invalid("claims")
	}
	g = outsideGrant{issuer: issuer.ID, version: issuer.Version, subject: subject, scopes: issuer.Scopes, until: until.Time}
	if issuer.ScopeClaim != nil {
		granted := scopesOf(claims[*issuer.ScopeClaim])
		g.scopes = slices.DeleteFunc(slices.Clone(issuer.Scopes), func(s domain.Scope) bool { return !slices.Contains(granted, s) })
	}
	if issuer.AgentClaim != nil && claims[*issuer.AgentClaim] != nil {
		if g.agent, _ = claims[*issuer.AgentClaim].(string); g.agent == "" || len(g.agent) > maxSubject {
			return g, invalid("agent")
		}
	}
	if since, _ := claims.GetNotBefore(); since != nil {
		g.from = since.Add(-leeway)
	}
	return g, nil
}

// scopesOf reads scopes as issuers write them: a text with spaces, or a list.
func scopesOf(claim any) []domain.Scope {
	switch v := claim.(type) {
	case string:
		return domain.ParseScopes(v)
	case []any:
		var scopes []domain.Scope
		for _, one := range v {
			word, _ := one.(string)
			scopes = append(scopes, domain.Scope(word))
		}
		return scopes
	}
	return nil
}

// principal tells who it is now: the agent must still be there. Each subject of an issuer counts as a client of its own.
func (o *Outside) principal(ctx context.Context, issuer domain.TokenIssuer, g outsideGrant) (domain.Principal, error) {
	p := domain.Principal{Organization: issuer.Organization, Client: domain.ClientID(string(issuer.ID) + ":" + g.subject), Scopes: g.scopes}
	if g.agent == "" {
		return p, nil
	}
	agent, err := o.agent(ctx, outsideAgent{issuer.Organization, g.agent})
	if err != nil {
		return domain.Principal{}, err
	}
	p.Agent = agent
	p.Scopes = slices.DeleteFunc(slices.Clone(p.Scopes), func(s domain.Scope) bool { return s == domain.ScopeActAs })
	return p, nil
}

// agent gives the agent whom an issuer names.
func (o *Outside) agent(ctx context.Context, who outsideAgent) (domain.AgentID, error) {
	now := o.machine()
	o.mu.Lock()
	h, known := o.agents.get(who)
	o.mu.Unlock()
	if !known || now.Sub(h.heard) >= outsideLife {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clientWait)
		defer cancel()
		found, err := o.source.AgentBySubject(ctx, who.org, who.subject)
		if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
			return "", unavailable(err)
		}
		h = heard{agent: found.ID, heard: now, exists: err == nil}
		o.mu.Lock()
		o.agents.put(who, h)
		o.mu.Unlock()
	}
	if !h.exists {
		return "", invalid("agent")
	}
	return h.agent, nil
}

// Anyone verifies every token: our own, and those of outside issuers.
type Anyone struct {
	Own     *Verifier
	URL     string // the issuer of our own
	Outside *Outside
}

// Verify gives the principal of a token, by the issuer that it names. Nothing is read again of one of our own that was
// verified before.
func (a Anyone) Verify(ctx context.Context, token string) (domain.Principal, error) {
	if said, ok := a.Own.known(token); ok {
		return a.Own.principal(ctx, said)
	}
	if isShaped(token) {
		if issuer, named := unproven(token)["iss"].(string); named && issuer != a.URL {
			return a.Outside.Verify(ctx, token)
		}
	}
	return a.Own.Verify(ctx, token)
}
