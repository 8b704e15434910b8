package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/domain"
)

// devCommand serves with everything simulated and something to look at.
type devCommand struct {
	config.Config `embed:""`
}

// The demo's names. They open a sandbox on loopback and nothing else.
const (
	demoSecret = "demo-secret"
	demoAdmin  = "demo-admin"
	demoPage   = "100200300400500"
	demoNumber = "400000000000001"

	demoAccount = "17840000000000001" // of Instagram

	demoIntegration = "0a1b2c3d-0000-4000-8000-000000000001"
)

// Run serves the demo. Its secrets are known to everybody, so it listens on
// loopback only.
func (c *devCommand) Run(ctx context.Context, out io.Writer) error {
	if !loopback(c.Addr) {
		return fmt.Errorf("parley dev has well-known secrets and listens on loopback only, not on %s; use parley serve", c.Addr)
	}
	c.Sandbox = true
	if c.BootstrapClientID == "" {
		c.BootstrapClientID, c.BootstrapClientSecret = demoAdmin, demoSecret
	}
	return serve(ctx, c.Config, func(a *app) error {
		if err := a.demo(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, demoText, version, a.url, a.url, fmt.Sprintf(demoTry, a.url))
		return err
	})
}

func loopback(addr string) bool {
	host, _, found := strings.Cut(addr, ":")
	if ip, err := netip.ParseAddrPort(addr); err == nil {
		return ip.Addr().IsLoopback()
	}
	return found && host == "localhost"
}

// demo makes a queue with wrap-up codes, two agents who are its members, and a
// channel of each kind, once.
func (a *app) demo(ctx context.Context) error {
	org, found, err := a.store.OrganizationNamed(ctx, "default")
	if err != nil || !found {
		return err
	}
	if _, err := a.store.ClientByID(ctx, "demo-ana"); err == nil || !domain.IsKind(err, domain.ErrorNotFound) {
		return err
	}
	return a.store.InTx(ctx, func(ctx context.Context) error {
		queue, err := a.demoQueue(ctx, org.ID)
		if err != nil {
			return err
		}
		for client, name := range map[string]string{"demo-ana": "Ana", "demo-ben": "Ben"} {
			if err := a.demoAgent(ctx, org.ID, queue, domain.ClientID(client), name); err != nil {
				return err
			}
		}
		return a.demoChannels(ctx, org.ID, queue)
	})
}

func (a *app) demoQueue(ctx context.Context, org domain.OrganizationID) (domain.QueueID, error) {
	now := a.clock.Now()
	q := domain.NewQueue(org, now)
	q.Name = "Customer care"
	for _, name := range []string{"Question answered", "Order changed", "Complaint"} {
		code := domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: org, Name: name, Version: 1, CreatedAt: now, UpdatedAt: now}
		if err := a.store.CreateWrapUpCode(ctx, code); err != nil {
			return "", err
		}
		q.WrapUpCodes = append(q.WrapUpCodes, code.ID)
	}
	return q.ID, a.store.CreateQueue(ctx, q)
}

func (a *app) demoAgent(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, client domain.ClientID, name string) error {
	agent := domain.NewAgent(org, name, a.clock.Now())
	if err := a.store.CreateAgent(ctx, agent); err != nil {
		return err
	}
	if err := a.store.PutMember(ctx, org, domain.Member{Queue: queue, Agent: agent.ID, Ring: 1, Joined: true}); err != nil {
		return err
	}
	return a.store.CreateClient(ctx, domain.Client{ID: client, Organization: org, Name: name + "'s desk", Scopes: domain.DeskScopes(),
		SecretHash: a.hash(demoSecret), Agent: &agent.ID, Version: 1, CreatedAt: a.clock.Now()})
}

// demoChannels makes one channel of each kind, all on one queue.
func (a *app) demoChannels(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) error {
	now := a.clock.Now()
	app := domain.PlatformApp{ID: domain.NewID[domain.AppID](), Organization: org, Platform: domain.PlatformMeta, Name: "Demo app",
		Secrets: []string{demoSecret}, VerifyToken: demoSecret, Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := a.store.CreateApp(ctx, app); err != nil {
		return err
	}
	token := map[string]string{"access_token": demoSecret}
	for _, c := range []domain.Channel{
		{Name: "Demo page", App: app.ID, Kind: domain.ChannelMessenger, AccountID: demoPage, Credentials: token},
		{Name: "Demo page in public", App: app.ID, Kind: domain.ChannelFacebookPage, AccountID: demoPage, Credentials: token},
		{Name: "Demo number", App: app.ID, Kind: domain.ChannelWhatsApp, AccountID: demoNumber, Credentials: token},
		{Name: "Demo account of Instagram", App: app.ID, Kind: domain.ChannelInstagram, AccountID: demoAccount, Credentials: token},
		{Name: "Demo connector", Kind: domain.ChannelOpen, AccountID: demoIntegration, Credentials: map[string]string{"webhook_secret": demoSecret + "-of-a-connector"}},
	} {
		c.ID, c.Organization, c.Queue, c.Status = domain.NewID[domain.ChannelID](), org, &queue, domain.ChannelActive
		c.Version, c.CreatedAt, c.UpdatedAt = 1, now, now
		if err := a.store.CreateChannel(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

const demoText = `Parley %s serves %s (sandbox; contract: %s/openapi.yaml)

Try this in another terminal. A customer writes, Ana answers:

%s

Ctrl-C ends it. What you did stays in the database file.
`
