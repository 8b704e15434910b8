package domain

import (
	"slices"
	"strings"
)

// Scope is a permission as it stands in a token. "conversation:message:accept"
// is Genesys Cloud's permission Conversation > Message > Accept.
type Scope string

// The scopes that rules in this package ask for by name. The whole list is in
// the contract.
const (
	ScopeAccept       Scope = "conversation:message:accept"
	ScopeMonitor      Scope = "conversation:message:monitor"
	ScopeOnQueue      Scope = "routing:agent:onqueue"
	ScopePublicCreate Scope = "conversation:socialmedia:create"
	ScopeActAs        Scope = "agent:act_as"
)

// DeskScopes are what a desk needs for everything that an agent does; they are
// an agent's scopes unless its maker says otherwise.
func DeskScopes() []Scope {
	return []Scope{
		"conversation:message:view", ScopeAccept, "conversation:message:create", ScopePublicCreate,
		"conversation:message:disconnect", "conversation:message:hold", "conversation:message:record", "conversation:participant:wrapup", ScopeOnQueue,
		"conversation:conference:add", "conversation:conference:exit", "conversation:conference:end", "routing:queue:search",
		"conversation:communication:blindTransfer", "conversation:communication:consultTransfer",
		"routing:queue:view", "routing:wrapupCode:view", "notifications:event:view", "externalContacts:contact:view", "externalContacts:conversation:view",
	}
}

// Join lists scopes as they stand in a token, separated by spaces.
func Join(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// ParseScopes reads a space separated list, each scope once, in order.
func ParseScopes(list string) []Scope {
	var scopes []Scope
	for word := range strings.FieldsSeq(list) {
		if !slices.Contains(scopes, Scope(word)) {
			scopes = append(scopes, Scope(word))
		}
	}
	return scopes
}

// Principal is who makes a request: a client of one organization, which may act
// for one of its agents.
type Principal struct {
	Organization OrganizationID
	Client       ClientID
	Agent        AgentID // empty where the token does not act for an agent
	Scopes       []Scope
}

// Has tells whether the token holds every one of these scopes.
func (p Principal) Has(scopes ...Scope) bool {
	for _, s := range scopes {
		if !slices.Contains(p.Scopes, s) {
			return false
		}
	}
	return true
}

// Actor is the principal as it stands in events.
func (p Principal) Actor() Actor {
	if p.Agent != "" {
		return Actor{Type: ActorAgent, ID: string(p.Agent)}
	}
	return Actor{Type: ActorClient, ID: string(p.Client)}
}
