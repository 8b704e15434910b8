package auth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-cx/parley/internal/domain"
)

// claims are what a token says: RFC 7519 section 4.1, RFC 9068 section 2.2, and our org and agent.
type claims struct {
	jwt.RegisteredClaims
	Client       string `json:"client_id"` // as RFC 9068 wants it; sub says the same, and is what we read
	Organization string `json:"org"`
	Scope        string `json:"scope"`
	Agent        string `json:"agent,omitempty"`
}

func newClaims(p domain.Principal, url string, now time.Time) claims {
	issued := now.Truncate(jwt.TimePrecision)
	return claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: url, Audience: jwt.ClaimStrings{Audience}, Subject: string(p.Client), ID: domain.NewID[string](),
			IssuedAt: jwt.NewNumericDate(issued), ExpiresAt: jwt.NewNumericDate(issued.Add(Lifetime)),
		},
		Client: string(p.Client), Organization: string(p.Organization), Scope: domain.Join(p.Scopes), Agent: string(p.Agent),
	}
}

func (c claims) principal() domain.Principal {
	return domain.Principal{Organization: domain.OrganizationID(c.Organization), Client: domain.ClientID(c.Subject),
		Agent: domain.AgentID(c.Agent), Scopes: domain.ParseScopes(c.Scope)}
}

// Issuer signs tokens.
type Issuer struct {
	Keys *Keys
	URL  string // the iss claim, which the verifier must be told too
}

// Issue signs a token for a principal at the machine time now, and says for how many seconds it is valid. It asks
// nothing: whether the principal may have those scopes is for the caller to know. It cannot fail, because Keys holds
// whole keys only and the claims are texts and times.
func (i Issuer) Issue(p domain.Principal, now time.Time) (token string, expiresIn int) {
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, newClaims(p, i.URL, now))
	unsigned.Header["typ"], unsigned.Header["kid"] = tokenType, i.Keys.signerID
	token, _ = unsigned.SignedString(i.Keys.signer)
	return token, int(Lifetime / time.Second)
}
