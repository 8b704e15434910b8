package main

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/httpapi"
	"github.com/parley-cx/parley/internal/simulator"
)

// simulate starts the simulated platforms, where the sandbox is on.
func (a *app) simulate() (err error) {
	if !a.config.Sandbox {
		return nil
	}
	a.platform, err = simulator.New(simulator.Config{Accounts: accounts{a}, Now: a.clock.Now, Machine: a.clock.Machine, Log: a.log})
	return err
}

// platformURL is where a channel without api_base_url sends to: the platform
// itself, or its simulation.
func (a *app) platformURL(domain.ChannelKind) string {
	if a.platform == nil {
		return ""
	}
	return a.platform.URL()
}

// accounts tells the simulator what a platform would know of its accounts.
type accounts struct{ *app }

// Account finds an account of any organization.
func (a accounts) Account(ctx context.Context, id string) (simulator.Account, bool, error) {
	ch, app, found, err := a.store.FindAccount(ctx, domain.ChannelMessenger, id)
	if err != nil || !found {
		return simulator.Account{}, false, err
	}
	known := simulator.Account{WebhookURL: "http://" + a.listener.Addr().String() + "/hooks/" + string(app.ID), AccessToken: ch.Credentials["access_token"]}
	if len(app.Secrets) > 0 {
		known.AppSecret = app.Secrets[0]
	}
	return known, true, nil
}

// sandbox is what /sandbox serves; nil while it is off.
func (a *app) sandbox() *httpapi.Sandbox {
	if !a.config.Sandbox {
		return nil
	}
	return &httpapi.Sandbox{
		Platforms: map[domain.ChannelKind]*simulator.Simulator{domain.ChannelMessenger: a.platform},
		Offset:    a.clock.Offset,
		Advance: func(ctx context.Context, d time.Duration) error {
			return a.runner.Advance(ctx, d, a.store.SaveClockOffset)
		},
	}
}
