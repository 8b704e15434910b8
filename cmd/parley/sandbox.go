package main

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/httpapi"
	"github.com/parley-cx/parley/internal/simulator"
)

// simulate starts the simulated platforms, where the sandbox is on.
func (a *app) simulate() error {
	if !a.config.Sandbox {
		return nil
	}
	a.simulated = map[domain.ChannelKind]*simulator.Simulator{}
	for kind, known := range map[domain.ChannelKind]simulator.Accounts{
		domain.ChannelFacebookPage: accounts{a, domain.ChannelFacebookPage},
		domain.ChannelInstagram:    accounts{a, domain.ChannelInstagram},
		domain.ChannelMessenger:    accounts{a, domain.ChannelMessenger},
		domain.ChannelOpen:         connectors{a},
		domain.ChannelWhatsApp:     accounts{a, domain.ChannelWhatsApp},
	} {
		played, err := simulator.New(simulator.Config{Kind: kind, Accounts: known, Now: a.clock.Now, Machine: a.clock.Machine, Log: a.log})
		if err != nil {
			return err
		}
		a.simulated[kind] = played
	}
	return nil
}

// platformURL is where a channel without api_base_url sends to: the platform
// itself, or its simulation.
func (a *app) platformURL(kind domain.ChannelKind) string {
	played, ok := a.simulated[kind]
	if !ok {
		return ""
	}
	return played.URL()
}

// accounts tells the simulator what a platform would know of its accounts of one kind.
type accounts struct {
	*app
	kind domain.ChannelKind
}

// Account finds an account of any organization.
func (a accounts) Account(ctx context.Context, id string) (simulator.Account, bool, error) {
	ch, app, found, err := a.store.FindAccount(ctx, a.kind, id)
	if err != nil || !found {
		return simulator.Account{}, false, err
	}
	known := simulator.Account{WebhookURL: "http://" + a.listener.Addr().String() + "/hooks/" + string(app.ID), AccessToken: ch.Credentials["access_token"]}
	if len(app.Secrets) > 0 {
		known.AppSecret = app.Secrets[0]
	}
	return known, true, nil
}

// connectors tells the simulated connector what a real one is set up with.
type connectors struct{ *app }

// Account finds an integration of any organization. Its connector carries a token
// of a client that is made for it.
func (a connectors) Account(ctx context.Context, id string) (simulator.Account, bool, error) {
	ch, _, found, err := a.store.FindAccount(ctx, domain.ChannelOpen, id)
	if err != nil || !found {
		return simulator.Account{}, false, err
	}
	client, err := a.connectorClient(ctx, ch.Organization)
	if err != nil {
		return simulator.Account{}, false, err
	}
	token, _ := a.issue(domain.Principal{Organization: ch.Organization, Client: client, Scopes: connectorScopes()}, a.clock.Machine())
	return simulator.Account{WebhookURL: "http://" + a.listener.Addr().String() + "/api/v2/conversations/messages/inbound/open",
		AppSecret: token, AccessToken: ch.Credentials["webhook_secret"]}, true, nil
}

func connectorScopes() []domain.Scope { return []domain.Scope{"conversation:message:receive"} }

// connectorClient gives the client of an organization's simulated connector, whose
// secret nobody knows.
func (a *app) connectorClient(ctx context.Context, org domain.OrganizationID) (domain.ClientID, error) {
	id := domain.ClientID("sandbox-connector-" + string(org))
	if _, err := a.store.ClientByID(ctx, id); err == nil || !domain.IsKind(err, domain.ErrorNotFound) {
		return id, err
	}
	_, hash := a.newSecret()
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		return a.store.CreateClient(ctx, domain.Client{ID: id, Organization: org, Name: "Simulated connector", Scopes: connectorScopes(),
			SecretHash: hash, Version: 1, CreatedAt: a.clock.Now()})
	})
	if domain.IsKind(err, domain.ErrorConflict) {
		err = nil // somebody else has just made it
	}
	return id, err
}

// sandbox is what /sandbox serves; nil while it is off.
func (a *app) sandbox() *httpapi.Sandbox {
	if !a.config.Sandbox {
		return nil
	}
	return &httpapi.Sandbox{
		Platforms: a.simulated,
		Offset:    a.clock.Offset,
		Advance: func(ctx context.Context, d time.Duration) error {
			return a.runner.Advance(ctx, d, a.store.SaveClockOffset)
		},
	}
}
