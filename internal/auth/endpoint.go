package auth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parley-cx/parley/internal/domain"
)

// maxScope is the longest scope in bytes whose name an error repeats.
const maxScope = 100

// Endpoint issues tokens to clients that prove who they are: RFC 6749 section 4.4.
type Endpoint struct {
	Clients Clients
	Agents  Agents
	Issuer  Issuer
	Hash    func(secret string) []byte // that under which clients' secrets are stored
	Machine func() time.Time           // machine time
}

// Answer is an issued token: RFC 6749 section 5.1. It marshals to the body, which nobody may keep (Cache-Control:
// no-store).
type Answer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"` // always Bearer
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`      // what was granted, separated by spaces
}

// Issue answers a token request. The client and its secret are read anew each time, so that a replaced secret is of no
// use from then on.
//
// The token gets the scopes that were asked for, all of which must be the client's, or all of the client's. One that
// acts for an agent never has agent:act_as: if that was asked for it is left out, as Answer.Scope shows.
func (e Endpoint) Issue(ctx context.Context, r Request) (Answer, *OAuthError) {
	if fault := r.fault(); fault != nil {
		return Answer{}, fault
	}
	client, fault := e.authenticate(ctx, r)
	if fault != nil {
		return Answer{}, fault
	}
	agent, fault := e.agent(ctx, client, r.AgentID)
	if fault != nil {
		return Answer{}, fault
	}
	scopes, fault := grantedScopes(client, agent, domain.ParseScopes(r.Scope))
	if fault != nil {
		return Answer{}, fault
	}
	return e.answer(domain.Principal{Organization: client.Organization, Client: client.ID, Agent: agent, Scopes: scopes}), nil
}

func (e Endpoint) answer(p domain.Principal) Answer {
	token, seconds := e.Issuer.Issue(p, e.Machine())
	return Answer{AccessToken: token, TokenType: "Bearer", ExpiresIn: seconds, Scope: domain.Join(p.Scopes)}
}

// authenticate gives the client if the secret is its own. For an unknown client it does the same work, and says the same.
func (e Endpoint) authenticate(ctx context.Context, r Request) (domain.Client, *OAuthError) {
	client, err := e.Clients.ClientByID(ctx, domain.ClientID(r.ClientID))
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Client{}, temporarilyUnavailable(err)
	}
	if proven := e.proves(r, client.SecretHash); err != nil || !proven {
		return domain.Client{}, invalidClient(r.Basic, "The client is unknown or its secret is wrong.")
	}
	return client, nil
}

// proves compares the secret, decoded or as it stood in the header, with a stored hash. A hash that is missing equals
// nothing, in the same time.
func (e Endpoint) proves(r Request, stored []byte) bool {
	decoded, literal := e.Hash(r.ClientSecret), e.Hash(cmp.Or(r.literal, r.ClientSecret))
	usable := len(stored) > 0 && len(stored) == len(decoded)
	if !usable {
		stored = make([]byte, len(decoded))
	}
	equal := subtle.ConstantTimeCompare(decoded, stored) | subtle.ConstantTimeCompare(literal, stored)
	return usable && equal == 1
}

// agent tells for whom the token shall act, empty for nobody: for the client's own agent, or for the wanted one if the
// client may act for any.
func (e Endpoint) agent(ctx context.Context, client domain.Client, wanted string) (domain.AgentID, *OAuthError) {
	switch {
	case client.Agent != nil && wanted != "" && !strings.EqualFold(wanted, string(*client.Agent)):
		return "", refuse(codeInvalidRequest, "The agent_id is not that of the client's agent.")
	case client.Agent != nil:
		return e.living(ctx, client.Organization, *client.Agent,
			refuse(codeUnauthorized, "The agent for whom the client acts does not exist any more."))
	case wanted == "":
		return "", nil
	case !slices.Contains(client.Scopes, domain.ScopeActAs):
		return "", refuse(codeUnauthorized, "Only a client with the scope "+string(domain.ScopeActAs)+" may name an agent_id.")
	}
	nobody := refuse(codeInvalidRequest, "There is no agent with this agent_id.")
	id, err := uuid.Parse(wanted)
	if err != nil || len(wanted) != len(id.String()) {
		return "", nobody
	}
	return e.living(ctx, client.Organization, domain.AgentID(id.String()), nobody)
}

// living gives the id of an agent that exists, or the fault that is named for one that does not.
func (e Endpoint) living(
	ctx context.Context, org domain.OrganizationID, id domain.AgentID, otherwise *OAuthError,
) (domain.AgentID, *OAuthError) {
	agent, err := e.Agents.Agent(ctx, org, id)
	switch {
	case domain.IsKind(err, domain.ErrorNotFound):
		return "", otherwise
	case err != nil:
		return "", temporarilyUnavailable(err)
	}
	return agent.ID, nil
}

// grantedScopes gives what a token may do of what was wanted, everything if nothing was.
func grantedScopes(client domain.Client, agent domain.AgentID, wanted []domain.Scope) ([]domain.Scope, *OAuthError) {
	most := grantable(client, agent)
	if len(wanted) == 0 {
		return most, nil
	}
	var granted []domain.Scope
	for _, scope := range wanted {
		switch {
		case !slices.Contains(client.Scopes, scope):
			return nil, refuse(codeInvalidScope, "The client does not have the scope"+named(scope)+".")
		case slices.Contains(most, scope):
			granted = append(granted, scope)
		}
	}
	if len(granted) == 0 {
		return nil, refuse(codeInvalidScope, "A token that acts for an agent cannot have the scope "+string(domain.ScopeActAs)+".")
	}
	return granted, nil
}

// named repeats a scope for an error, if it is one by RFC 6749 section 3.3: a description may hold no other characters.
func named(scope domain.Scope) string {
	odd := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
	if len(scope) > maxScope || strings.ContainsFunc(string(scope), odd) {
		return ""
	}
	return " " + string(scope)
}
