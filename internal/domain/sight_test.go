package domain_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// Who acts for no agent sees everything; the scope alone makes nobody an integration.
func TestSight(t *testing.T) {
	t.Parallel()
	monitor := []domain.Scope{domain.ScopeMonitor}
	for name, c := range map[string]struct {
		who  domain.Principal
		want domain.Sight
		all  bool
	}{
		"an integration":    {domain.Principal{Client: "c"}, domain.Sight{}, true},
		"one that monitors": {domain.Principal{Client: "c", Scopes: monitor}, domain.Sight{}, true},
		"an agent":          {domain.Principal{Agent: "ada"}, domain.Sight{Agent: "ada"}, false},
		"a supervisor":      {domain.Principal{Agent: "ada", Scopes: monitor}, domain.Sight{Agent: "ada", Supervises: true}, false},
		"with other scopes": {domain.Principal{Agent: "ada", Scopes: domain.DeskScopes()}, domain.Sight{Agent: "ada"}, false},
	} {
		same(t, name, c.who.Sight(), c.want)
		same(t, name+" sees everything", c.who.Sight().Everything(), c.all)
		same(t, name+" may close", c.who.MayClose(), c.all || c.want.Supervises)
	}
}

// A supervisor can end what no agent has, and nothing else of others.
func TestSight_WhatASupervisorMayEnd(t *testing.T) {
	t.Parallel()
	supervisor := domain.Principal{Agent: "supervisor", Scopes: []domain.Scope{domain.ScopeMonitor}}
	waiting, _ := newQueued()
	for name, c := range map[string]struct {
		i   domain.Interaction
		may bool
	}{"waiting": {waiting, true}, "offered": {offered(t).Interaction, true}, "connected": {connected(t).Interaction, false}, "ended": {ended(t, domain.ACWOptional).Interaction, false}} {
		d := domain.InteractionDetail{Interaction: c.i}
		same(t, name, len(d.ActionsOf(supervisor, at)) == 1, c.may)
		same(t, name+", by an agent", len(d.ActionsOf(domain.Principal{Agent: "ben"}, at)), 0)
		same(t, name+", by a program", len(d.ActionsOf(domain.Principal{}, at)) == 1, c.may)
	}
}
