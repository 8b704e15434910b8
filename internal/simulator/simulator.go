// Package simulator plays the platforms: it takes the calls of their send APIs on a loopback listener, answers them
// with the documented shapes, ids and errors, sends signed webhooks, and misbehaves on demand. It is for the sandbox and
// for tests, where it stands in for the platform itself; it knows nothing of what the product does with either.
//
// Messenger is a platform that it plays, the public side of Facebook pages, and a connector for Open Messaging. Sources of the rules: Meta, Messenger
// Platform (Send API; Webhook events reference; User profile; Private replies) and Meta, Graph API (Webhooks; Handling errors; Rate limits).
package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const (
	anyPort   = "127.0.0.1:0"
	earlyWait = 2 * time.Second
)

// Account is what the simulator must know of an account to play its platform.
type Account struct {
	WebhookURL  string // where the account's developer app takes webhooks
	AppSecret   string // what signs them
	AccessToken string // what a call must carry; empty where any token will do
}

// Accounts knows the accounts. It is asked at every call and every webhook, so that what is changed counts at once, and
// by several goroutines. An account that is not known is played too, without webhooks and with any token.
type Accounts interface {
	Account(ctx context.Context, accountID string) (account Account, known bool, err error)
}

// Config says how to play. Accounts and Now are needed.
type Config struct {
	Kind      domain.ChannelKind // what is played
	Address   string             // where to listen, on loopback; empty for any free port
	Accounts  Accounts
	Now       func() time.Time // business time, which the platform's own times follow
	Machine   func() time.Time // real time, at which requests come in; nil for Now
	Log       *slog.Logger     // hears of webhooks that were given up; nil for silence
	Retries   []time.Duration  // the waits before a receipt is sent again; nil for a handful within seconds
	EarlyWait time.Duration    // how long an answer waits for early receipts; zero for two seconds
}

// Simulator is one platform, played. Its methods may be called from anywhere at any time.
type Simulator struct {
	ctx       context.Context // ends everything that was begun
	stop      context.CancelFunc
	machine   func() time.Time
	earlyWait time.Duration

	platform platform
	requests requests
	faults   faultState
	setting  sync.Mutex // one SetFaults at a time: the fault and the listener change together
	door     *door
	sender   sender
	courier  *courier
}

// platform is what tells one simulated platform from another.
type platform interface {
	// answer judges a call. taken is the message that it sent, nil where it sent none.
	answer(ctx context.Context, call Request) (said answer, taken *message)
	// failure is the answer of the modes in which a call is answered without being judged.
	failure(faults Faults) answer
	// tooLarge is the answer to a body that is larger than any message.
	tooLarge() answer
	// inbound writes the webhook for what a customer wrote.
	inbound(in InboundMessage) (body []byte, ids []string)
	// receipts lists what follows a message, in the order in which it is sent.
	receipts(taken message, wanted Receipts) []hook
}

// New makes a simulator that takes calls when it returns, without faults and with the default receipts. Close ends it.
func New(config Config) (*Simulator, error) {
	config = config.withDefaults()
	if address, err := netip.ParseAddrPort(config.Address); err != nil || !address.Addr().IsLoopback() {
		return nil, fmt.Errorf("simulator: %q is not an address and port on loopback", config.Address)
	}
	s := &Simulator{machine: config.Machine, earlyWait: config.EarlyWait}
	s.ctx, s.stop = context.WithCancel(context.Background())
	played, prove := platformOf(config)
	s.platform = played
	s.faults.set(Faults{Mode: ModeNone, Receipts: DefaultReceipts()})
	s.sender = newSender(config.Accounts, prove)
	s.courier = newCourier(s.ctx, s.sender, config.Retries, config.Log)
	var err error
	if s.door, err = newDoor(s.ctx, config.Address, http.HandlerFunc(s.serve)); err != nil {
		s.stop()
		return nil, err
	}
	if placed, ok := played.(interface{ at(address string) }); ok {
		placed.at(s.URL())
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Address == "" {
		c.Address = anyPort
	}
	if c.Machine == nil {
		c.Machine = c.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Retries == nil {
		c.Retries = []time.Duration{0, 200 * time.Millisecond, time.Second, 5 * time.Second}
	}
	if c.EarlyWait == 0 {
		c.EarlyWait = earlyWait
	}
	return c
}

// URL is what a channel's API base is set to; it stays the same also while connections are refused.
func (s *Simulator) URL() string { return "http://" + s.door.address }

// Requests gives the latest requests, newest first. A thousand are kept. What it gives must not be changed.
func (s *Simulator) Requests(limit int) []Request { return s.requests.latest(limit) }

// Faults tells what is in force: Times is how many requests the fault will still meet.
func (s *Simulator) Faults() Faults { return s.faults.get() }

// SetFaults replaces the faults and receipts. When it returns, connections are refused, or taken again at the old
// address; requests that were being answered are not disturbed. Receipts on their way stay as they were.
func (s *Simulator) SetFaults(ctx context.Context, faults Faults) error {
	if err := faults.check(); err != nil {
		return err
	}
	s.setting.Lock()
	defer s.setting.Unlock()
	if faults.Mode == ModeRefuse {
		s.door.shut()
		s.faults.set(faults)
		return nil
	}
	former := s.faults.get()
	s.faults.set(faults)
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if err := s.door.open(ctx); err != nil {
		s.faults.set(former)
		return err
	}
	return nil
}

// CloseIdle closes the connections to webhooks' receivers that are not in use. A receiver that ends waits seconds for those
// on which it never had a request.
func (s *Simulator) CloseIdle() { s.sender.closeIdle() }

// Close refuses new calls, ends those under way, with or without their answer, drops receipts that were not yet sent and
// waits until every goroutine has ended or ctx has. It may be called again.
func (s *Simulator) Close(ctx context.Context) error {
	s.stop()
	s.door.close()
	s.courier.seal()
	defer s.sender.closeIdle()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.door.guests.present.Wait()
		s.courier.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("simulator: not everything has ended"), ctx.Err())
	}
}

// bound is ctx, ended by the end of the simulator too.
func (s *Simulator) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	release := context.AfterFunc(s.ctx, cancel)
	return ctx, func() { release(); cancel() }
}
