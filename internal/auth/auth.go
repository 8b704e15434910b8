// Package auth turns access tokens into principals and back. It holds the token endpoint (RFC 6749), the signing keys
// and their public document (RFC 7517, RFC 8037), and the verifier of the signed tokens (RFC 7519, RFC 9068), built as
// RFC 8725 advises: one algorithm, fixed here, and a header that decides nothing but which of our keys to try.
//
// All times here are machine time: tokens are issued and expire by the real clock, which a sandbox does not move.
package auth

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	// Audience is the aud claim of every token: what is meant for something else is of no use here.
	Audience = "parley"
	// Lifetime is how long a token is valid after it was issued.
	Lifetime = time.Hour

	algorithm = "EdDSA"
	tokenType = "at+jwt" // RFC 9068 section 2.1; keeps other signed things from passing as access tokens
)

// Clients finds a client before its organization is known. An unknown one is a domain error of kind not_found; every
// other error means that the answer could not be had.
type Clients interface {
	ClientByID(ctx context.Context, id domain.ClientID) (domain.Client, error)
}

// Agents finds an agent of an organization, with errors like those of Clients.
type Agents interface {
	Agent(ctx context.Context, org domain.OrganizationID, id domain.AgentID) (domain.Agent, error)
}
