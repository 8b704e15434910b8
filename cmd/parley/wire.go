package main

import (
	_ "time/tzdata" // queues have time zones, and not every machine knows them

	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-cx/parley/internal/attach"
	"github.com/parley-cx/parley/internal/auth"
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/facebookpage"
	"github.com/parley-cx/parley/internal/channel/instagram"
	"github.com/parley-cx/parley/internal/channel/messenger"
	"github.com/parley-cx/parley/internal/channel/meta"
	"github.com/parley-cx/parley/internal/channel/open"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
	"github.com/parley-cx/parley/internal/closing"
	"github.com/parley-cx/parley/internal/compose"
	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/delivery"
	"github.com/parley-cx/parley/internal/desk"
	"github.com/parley-cx/parley/internal/dispatch"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/egress"
	"github.com/parley-cx/parley/internal/handover"
	"github.com/parley-cx/parley/internal/httpapi"
	"github.com/parley-cx/parley/internal/intake"
	"github.com/parley-cx/parley/internal/jobs"
	"github.com/parley-cx/parley/internal/listening"
	"github.com/parley-cx/parley/internal/locale"
	"github.com/parley-cx/parley/internal/retention"
	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/internal/simulator"
	"github.com/parley-cx/parley/internal/storage"
	"github.com/parley-cx/parley/internal/stream"
)

// app is the whole program, put together. This file is the only place that
// knows all the parts.
type app struct {
	config    config.Config
	log       *slog.Logger
	url       string
	listener  net.Listener
	server    *http.Server
	store     *storage.Store
	sealer    *secret.Sealer
	clock     *jobs.Clock
	runner    *jobs.Runner
	batcher   *intake.Batcher
	delivery  *delivery.Delivery
	simulated map[domain.ChannelKind]*simulator.Simulator // the platforms, played; empty without the sandbox
	issue     func(p domain.Principal, now time.Time) (token string, expiresIn int)
	scopes    []domain.Scope
	links     attach.Links
	ending    atomic.Bool
}

// openStore opens the database with the installation's sealing key.
func openStore(ctx context.Context, c config.Config, log *slog.Logger) (*storage.Store, error) {
	sealer, err := newSealer(c)
	if err != nil {
		return nil, err
	}
	return storage.Open(ctx, string(c.DatabaseURL), sealer, log)
}

func newSealer(c config.Config) (*secret.Sealer, error) {
	if c.SealingKey != "" {
		key, err := secret.ParseKey(string(c.SealingKey))
		return secret.NewSealer(key), err
	}
	key, err := secret.LoadOrCreateKeyFile(filepath.Join(c.DataDir, "sealing.key"))
	return secret.NewSealer(key), err
}

// poll is how often a loop looks for work of which no wake-up told it: that of
// other nodes.
const poll = time.Second

// pollAlone is poll for a node that has no others, as one with a stopped clock.
const pollAlone = 5 * time.Second

func (a *app) poll() time.Duration {
	if a.config.Sandbox && a.config.SandboxClock == config.ClockStopped {
		return pollAlone
	}
	return poll
}

// build puts the program together, migrates the database and listens. Nothing
// runs yet. Several programs of one process can share the contract, which nobody changes.
func build(ctx context.Context, c config.Config, contract *httpapi.Contract, log *slog.Logger) (_ *app, err error) {
	a := &app{config: c, log: log, clock: jobs.NewClock(time.Now), scopes: contract.Scopes()}
	if a.sealer, err = newSealer(c); err != nil {
		return nil, err
	}
	if a.store, err = storage.Open(ctx, string(c.DatabaseURL), a.sealer, log); err != nil {
		return nil, err
	}
	if err := a.prepare(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if err := a.assemble(ctx, contract); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// prepare brings the database up to date and opens the door.
func (a *app) prepare(ctx context.Context) (err error) {
	if _, err := a.store.Migrate(ctx); err != nil {
		return err
	}
	if a.config.Sandbox {
		offset, err := a.store.ClockOffset(ctx)
		if err != nil {
			return err
		}
		a.clock.SetOffset(offset)
		if a.config.SandboxClock == config.ClockStopped {
			a.clock.Stop()
		}
	}
	if a.listener, err = net.Listen("tcp", a.config.Addr); err != nil {
		return err
	}
	a.url = a.config.PublicURL
	if a.url == "" {
		a.url = "http://" + a.listener.Addr().String()
	}
	return nil
}

// assemble makes the flows, the edges and the loops.
func (a *app) assemble(ctx context.Context, contract *httpapi.Contract) error {
	keys, err := a.bootstrap(ctx)
	if err != nil {
		return err
	}
	words, err := locale.Load()
	if err != nil {
		return err
	}
	a.issue = auth.Issuer{Keys: keys, URL: a.issuer()}.Issue
	network := egress.Policy{AllowPrivate: a.config.Sandbox || a.config.AllowPrivateNetworks}
	platforms := map[domain.Platform]channel.Platform{domain.PlatformMeta: meta.Platform{}, domain.PlatformOpen: open.Platform{}}
	adapters := map[domain.ChannelKind]channel.Adapter{
		domain.ChannelFacebookPage: facebookpage.Adapter{Client: network.Client(a.config.PlatformTimeout)},
		domain.ChannelInstagram:    instagram.Adapter{Client: network.Client(a.config.PlatformTimeout)},
		domain.ChannelMessenger:    messenger.Adapter{Client: network.Client(a.config.PlatformTimeout)},
		domain.ChannelOpen:         open.Adapter{Client: network.Client(a.config.PlatformTimeout)},
		domain.ChannelWhatsApp:     whatsapp.Adapter{Client: network.Client(a.config.PlatformTimeout), Files: network.Client(fetchTimeout)},
	}
	if err := a.simulate(); err != nil {
		return err
	}
	wake := func(loops ...string) func() {
		return func() {
			for _, loop := range loops {
				a.runner.Wake(loop)
			}
		}
	}
	hub := &stream.Hub{Log: a.store}
	a.store.OnEvents(func() {
		a.runner.Wake("events")
		hub.Changed()
	})
	router := &dispatch.Dispatcher{Store: a.store, Wake: wake("dispatch"), Now: a.clock.Now}
	files, err := a.files(ctx, network, wake("attachments"))
	if err != nil {
		return err
	}
	a.delivery = &delivery.Delivery{Store: a.store, Open: func(ctx context.Context, f domain.File) (io.ReadCloser, error) { return files.Open(ctx, f, 0, f.Size) }, Adapters: adapters, Capabilities: channel.Capabilities(), BaseURL: a.platformURL, Link: a.links.Download, Now: a.clock.Now, Machine: a.clock.Machine,
		Limits: delivery.Limits{Call: a.config.PlatformTimeout, Give: a.config.SendTimeout, Throttle: 2 * a.config.SendTimeout, Reconcile: a.config.ReconcileWindow},
		Random: rand.Float64, Wake: wake("delivery"), Settle: wake("results"), Log: a.log}
	a.delivery.Start()
	files.Media = a.delivery.Media
	a.batcher = intake.NewBatcher(a.store.AppendInbox, wake("intake"))
	receiver := &intake.Receiver{Platforms: platforms, Adapters: adapters, Inbox: a.batcher, Now: a.clock.Now}
	ending := &closing.Closing{Store: a.store, Router: router, Deliver: wake("delivery"), Say: words.Notice, Now: a.clock.Now}
	transfers := &handover.Transfers{Store: a.store, Router: router, Deliver: wake("delivery"), Say: words.Notice, Now: a.clock.Now}
	conferences := &handover.Conferences{Store: a.store, Router: router, Deliver: wake("delivery"), Disconnect: ending.Disconnect, Say: words.Notice, Now: a.clock.Now}
	invitations := map[domain.Purpose]desk.Invitation{domain.PurposeConference: conferences, domain.PurposeTransfer: transfers}
	overdue := &dispatch.Overdue{Dispatcher: router, After: a.store.After,
		Invitations: map[domain.Purpose]dispatch.Expiry{domain.PurposeConference: conferences.TimeOut, domain.PurposeTransfer: transfers.TimeOut}}
	inactivity := &closing.Inactivity{Closing: ending, Queued: router.Queued}
	expiry := &closing.Expiry{Store: a.store, Erased: wake("erasure")}
	sweeper := &retention.Sweeper{Store: a.store, Events: a.config.EventRetention}
	ending.Withdraw = map[domain.InteractionState]closing.Withdrawal{domain.InteractionTransferring: transfers.Withdraw}
	loss := &desk.Loss{Store: a.store, Router: router, Invitations: invitations,
		Withdraw: map[domain.InteractionState]desk.Withdrawal{domain.InteractionTransferring: transfers.Withdraw}}
	watch := &desk.Watch{Store: a.store, Loss: loss, Now: a.clock.Now}
	applier := &intake.Applier{Store: a.store, Adapters: adapters, Receipts: a.delivery, Acknowledge: a.delivery.Acknowledge, Queued: router.Queued, Erased: wake("erasure"),
		Capabilities: channel.Capabilities(), NewKey: newBlobKey, Files: wake("attachments"), Reads: wake("posts"), Deliver: wake("delivery"), Now: a.clock.Now, Log: a.log}
	reading := &listening.Reading{Store: a.store, Adapters: adapters, Capabilities: channel.Capabilities(), BaseURL: a.platformURL, Call: a.config.PlatformTimeout,
		NewKey: newBlobKey, Files: wake("attachments"), Erased: wake("erasure"), Machine: a.clock.Machine, Log: a.log}
	erasing := &closing.Erasing{Store: a.store, End: ending, Wake: wake("contact_erasure"), Files: wake("attachments"), Erased: wake("erasure")}
	a.runner = jobs.NewRunner(a.clock, a.log, a.poll(),
		applier,
		&jobs.Timer[domain.DueBot]{Named: "bots", Due: a.store.DueBots, Act: applier.BotOver, Machine: a.clock.Machine},
		watch,
		&jobs.Timer[domain.DueOffer]{Named: "offers", Due: a.store.DueOffers, Act: overdue.End, Machine: a.clock.Machine},
		&jobs.Timer[domain.DueWrapUp]{Named: "wrap_ups", Due: a.store.DueWrapUps, Act: ending.RunOut, Machine: a.clock.Machine},
		&jobs.Timer[domain.DueInactivity]{Named: "inactivity", Due: a.store.DueInactivity, Act: inactivity.Act, Machine: a.clock.Machine},
		&jobs.Timer[domain.ExpiringMessage]{Named: "expiry", Due: a.store.DueExpiries, Act: expiry.Expire, Machine: a.clock.Machine},
		expiry,
		erasing,
		&jobs.Timer[domain.DueRing]{Named: "rings", Due: a.store.DueRings, Act: router.Widen, Machine: a.clock.Machine},
		&dispatch.Sweep{Dispatcher: router, Waiting: a.store.WaitingQueues},
		router,
		delivery.Sender{Delivery: a.delivery},
		delivery.Finisher{Delivery: a.delivery},
		attach.Keeper{Files: files},
		reading,
		stream.Sequencer{Hub: hub},
		retention.Eraser{Store: a.store},
		sweeper,
	)
	starter := &compose.Starter{Store: a.store, Capabilities: channel.Capabilities(), Deliver: wake("delivery"), Now: a.clock.Now}
	verifier := auth.NewVerifier(keys, a.issuer(), a.store, a.clock.Machine)
	outside := auth.NewOutside(a.store, network.Client(a.config.PlatformTimeout), a.clock.Machine)
	hooks := &httpapi.Hooks{Apps: a.store.AppByID, Platforms: platforms, Receive: receiver.Receive, Machine: a.clock.Machine}
	connectors := &httpapi.Connectors{Wire: open.Platform{}, Take: receiver.Take, Start: starter.Start}
	api := &httpapi.Server{
		Contract: contract, Store: a.store, Words: words, Verifier: auth.Anyone{Own: verifier, URL: a.issuer(), Outside: outside}, Keys: keys, Hub: hub, Hooks: hooks, Connectors: connectors, Sandbox: a.sandbox(), Files: files,
		Tokens:     auth.Endpoint{Clients: a.store, Agents: a.store, Issuer: auth.Issuer{Keys: keys, URL: a.issuer()}, Hash: a.hash, Machine: a.clock.Machine},
		Dispatch:   router,
		Desk:       &desk.Desk{Store: a.store, Router: router, Invitations: invitations, Loss: loss, Now: a.clock.Now},
		Watch:      watch,
		Watches:    wake("presence"),
		Composer:   &compose.Composer{Store: a.store, Capabilities: channel.Capabilities(), Deliver: wake("delivery"), Now: a.clock.Now},
		Typing:     a.delivery.Typing,
		Quarantine: &intake.Quarantine{Store: a.store, Adapters: adapters, Apply: wake("intake")},
		Applies:    wake("intake"), Reads: wake("posts"), Removed: removed(sweeper),
		Conferences:  conferences,
		Closing:      ending,
		Erasing:      erasing,
		Transfers:    transfers,
		Capabilities: channel.Capabilities(), CheckURL: network.CheckURL, Freed: router.Freed, Deliver: wake("delivery"), Forget: verifier.Forget,
		Distrust:  outside.Forget,
		NewSecret: a.newSecret, RateLimit: a.config.RateLimit, PublicURL: a.url, Ready: a.ready, Now: a.clock.Now, Machine: a.clock.Machine, Log: a.log,
	}
	a.server = &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	a.server.RegisterOnShutdown(hub.Close)
	return nil
}

// removed names the figures of what retention has removed.
func removed(s *retention.Sweeper) map[string]func() int64 {
	figures := map[string]func() int64{}
	for n, kind := range retention.Kinds() {
		figures[kind] = func() int64 { return s.Removed(n) }
	}
	return figures
}

// issuer is the iss claim of tokens: the same on every node, also where no public
// URL is set and each has its own address.
func (a *app) issuer() string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	return "urn:parley"
}

func (a *app) hash(clientSecret string) []byte { return a.sealer.Hash("oauth client", clientSecret) }

func (a *app) newSecret() (string, []byte) {
	s := secret.Random(32)
	return s, a.hash(s)
}

// ready tells whether requests can be served: no longer, once the program ends.
func (a *app) ready(ctx context.Context) error {
	if a.ending.Load() {
		return errors.New("the program is ending")
	}
	return a.store.Ping(ctx)
}

// run serves until ctx ends, and then lets what is under way finish.
func (a *app) run(ctx context.Context) error {
	var group sync.WaitGroup
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() { a.runner.Run(loops) })
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve(a.listener) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, played := range a.simulated {
		played.CloseIdle()
	}
	a.ending.Store(true)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	err = errors.Join(err, a.server.Shutdown(last))
	a.delivery.Drain(last)
	stop()
	group.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.close())
}

// close gives everything back.
func (a *app) close() error {
	var errs []error
	if len(a.simulated) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, played := range a.simulated {
			errs = append(errs, played.Close(ctx))
		}
	}
	if a.batcher != nil {
		a.batcher.Close()
	}
	if a.listener != nil {
		_ = a.listener.Close() // closed already where it served
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
