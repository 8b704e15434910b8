package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/dispatch"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/internal/storage"
)

// The sizes of the contact centre in which BenchmarkDispatch looks for agents.
const (
	dispatchQueues  = 500
	dispatchAgents  = 1000
	dispatchWaiting = 10_000
	dispatchOffers  = 200
)

// BenchmarkDispatch measures one look of dispatch, from the wake-up to the commit
// of the offer, in a big contact centre on each database without statistics: when
// an agent becomes free who works for many queues in which much waits, and when
// somebody comes to a queue whose agents wait.
func BenchmarkDispatch(b *testing.B) {
	out := &table{}
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			out.begin(name)
			c := newCentre(b, benchDatabase(b, name))
			c.freed(b, out)
			c.arrived(b, out, dispatchOffers)
			c.arrived(b, out, dispatchAgents-1)
			c.queued(b, out)
			c.overloaded(b, out)
			b.ReportMetric(0, "ns/op")
		})
	}
	fmt.Print(out)
}

// centre is a contact centre: every agent is a member of ten queues, one of all.
type centre struct {
	*storage.Store
	router *dispatch.Dispatcher
	org    domain.OrganizationID
	queues []domain.Queue
	agents []domain.Agent
	thread int
	now    time.Time
}

func newCentre(b *testing.B, database string) *centre {
	b.Helper()
	key, err := secret.LoadOrCreateKeyFile(filepath.Join(b.TempDir(), "key"))
	if err != nil {
		b.Fatal(err)
	}
	store, err := storage.Open(b.Context(), database, secret.NewSealer(key), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	if _, err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	c := &centre{Store: store, org: domain.NewID[domain.OrganizationID](), now: time.Now().Truncate(time.Millisecond)}
	c.router = &dispatch.Dispatcher{Store: store, Wake: func() {}, Now: func() time.Time { return c.now }}
	c.each(b, dispatchQueues, func(ctx context.Context, n int) error {
		q := domain.NewQueue(c.org, c.now)
		q.Name = fmt.Sprint("Queue ", n)
		c.queues = append(c.queues, q)
		return c.CreateQueue(ctx, q)
	})
	c.each(b, dispatchAgents, func(ctx context.Context, n int) error {
		a := domain.NewAgent(c.org, fmt.Sprint("Agent ", n), c.now.Add(time.Duration(n)*time.Millisecond))
		c.agents = append(c.agents, a)
		return c.CreateAgent(ctx, a)
	})
	c.each(b, 10*dispatchAgents+dispatchQueues, func(ctx context.Context, n int) error {
		agent, queue := n/10, n/10+n%10
		if agent >= dispatchAgents { // the first is a member of all
			agent, queue = 0, n-10*dispatchAgents
		}
		return c.PutMember(ctx, c.org, domain.Member{Queue: c.queues[queue%dispatchQueues].ID, Agent: c.agents[agent].ID, Ring: 1, Joined: true})
	})
	c.each(b, dispatchWaiting, func(ctx context.Context, n int) error {
		_, err := c.wait(ctx, c.queues[n%dispatchQueues])
		return err
	})
	return c
}

// each does something n times, twenty to a transaction.
func (c *centre) each(b *testing.B, n int, do func(ctx context.Context, n int) error) {
	b.Helper()
	for first := 0; first < n; first += 20 {
		c.in(b, func(ctx context.Context) error {
			for k := first; k < min(n, first+20); k++ {
				if err := do(ctx, k); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (c *centre) in(b *testing.B, fn func(context.Context) error) {
	b.Helper()
	if err := c.InTx(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}

// wait puts one more interaction into a queue.
func (c *centre) wait(ctx context.Context, q domain.Queue) (domain.Interaction, error) {
	c.thread++
	t := domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: c.org, Channel: "01990a5c-7e10-7a31-9c02-6f4d1b2a0004",
		Contact: domain.NewID[domain.ContactID]()}
	i, _ := domain.NewInteraction(t, domain.Channel{ID: t.Channel, Kind: domain.ChannelMessenger, Queue: &q.ID}, domain.OriginMessage, c.now.Add(time.Duration(c.thread)*time.Millisecond))
	i = i.Enter(q, c.now)
	return i, c.CreateInteraction(ctx, i)
}

// look lets dispatch do what it was told of, and gives how long that took.
func (c *centre) look(b *testing.B, offers int) time.Duration {
	b.Helper()
	began := time.Now()
	ran, _, err := c.router.RunDue(b.Context(), c.now)
	took := time.Since(began)
	if err != nil || ran != offers {
		b.Fatalf("%d offers, not %d (%v)", ran, offers, err)
	}
	return took
}

// presence changes what an agent does.
func (c *centre) presence(b *testing.B, n int, p domain.Presence, change func(*domain.Agent)) {
	c.in(b, func(ctx context.Context) error {
		a, err := c.LockAgent(ctx, c.org, c.agents[n].ID)
		if err != nil {
			return err
		}
		a.Presence = p
		if change != nil {
			change(&a)
		}
		return c.SaveAgent(ctx, &a)
	})
}

// freed measures agents who become free while 10,000 wait.
func (c *centre) freed(b *testing.B, out *table) {
	var took []time.Duration
	for n := range dispatchOffers {
		c.presence(b, 1+n, domain.PresenceOnQueue, func(a *domain.Agent) { a.Load.Connected = domain.MessageCapacity - 1 })
		c.router.Freed(c.org, c.agents[1+n].ID)
		took = append(took, c.look(b, 1))
	}
	out.latency("an agent of 10 queues becomes free", took)
	b.ReportMetric(inMilliseconds(percentile(took, 50)), "freed-p50-ms")
	b.ReportMetric(inMilliseconds(percentile(took, 99)), "freed-p99-ms")
	c.presence(b, 0, domain.PresenceOnQueue, func(a *domain.Agent) { a.Load.Connected = domain.MessageCapacity - 1 })
	c.router.Freed(c.org, c.agents[0].ID)
	out.add("an agent of 500 queues becomes free, once", milliseconds(c.look(b, 1)))
}

// arrived measures agents who come on queue at once, and have room for three each.
func (c *centre) arrived(b *testing.B, out *table, agents int) {
	for n := range agents {
		c.presence(b, 1+n, domain.PresenceOnQueue, func(a *domain.Agent) { a.Load = domain.Load{} })
		c.router.Freed(c.org, c.agents[1+n].ID)
	}
	took := c.look(b, agents*domain.MessageCapacity)
	out.add(fmt.Sprintf("%d agents come on queue at once, %d offers", agents, agents*domain.MessageCapacity), milliseconds(took))
	b.ReportMetric(inMilliseconds(took), fmt.Sprintf("arrived-%d-ms", agents))
	for n := range agents {
		c.presence(b, 1+n, domain.PresenceAway, func(a *domain.Agent) { a.Load = domain.Load{} })
	}
}

// queued measures work that comes to a queue where nothing waits and agents do.
func (c *centre) queued(b *testing.B, out *table) {
	q := domain.NewQueue(c.org, c.now)
	q.Name = "Idle"
	c.in(b, func(ctx context.Context) error { return c.CreateQueue(ctx, q) })
	c.each(b, 500, func(ctx context.Context, n int) error {
		a := c.agents[500+n].ID
		if err := c.exchange(ctx, 500+n); err != nil {
			return err
		}
		return c.PutMember(ctx, c.org, domain.Member{Queue: q.ID, Agent: a, Ring: 1, Joined: true})
	})
	for n := 500; n < 1000; n++ {
		c.presence(b, n, domain.PresenceOnQueue, nil)
	}
	var took []time.Duration
	for range dispatchOffers {
		c.in(b, func(ctx context.Context) error { _, err := c.wait(ctx, q); return err })
		c.router.Queued(c.org, q.ID)
		took = append(took, c.look(b, 1))
	}
	out.latency("one comes to a queue of 500 idle agents", took)
	b.ReportMetric(inMilliseconds(percentile(took, 50)), "queued-p50-ms")
	b.ReportMetric(inMilliseconds(percentile(took, 99)), "queued-p99-ms")
}

// exchange takes an agent out of all queues.
func (c *centre) exchange(ctx context.Context, n int) error {
	for k := range 10 {
		if err := c.DeleteMember(ctx, c.org, c.queues[(n+k)%dispatchQueues].ID, c.agents[n].ID); err != nil {
			return err
		}
	}
	return nil
}

// overloaded measures a sweep while 10,000 wait and nobody is free, and, to compare,
// a look at every queue.
func (c *centre) overloaded(b *testing.B, out *table) {
	for n := range dispatchAgents {
		c.presence(b, n, domain.PresenceOnQueue, func(a *domain.Agent) { a.Load = domain.Load{Connected: domain.MessageCapacity} })
	}
	sweep := &dispatch.Sweep{Dispatcher: c.router, Waiting: c.WaitingQueues}
	out.add(fmt.Sprintf("a sweep of %d queues while nobody is free", dispatchQueues), milliseconds(c.median(b, func() {
		if _, _, err := sweep.RunDue(b.Context(), c.now); err != nil {
			b.Fatal(err)
		}
	})))
	out.add(fmt.Sprintf("a look at all %d queues while nobody is free", dispatchQueues), milliseconds(c.median(b, func() {
		for _, q := range c.queues {
			c.router.Queued(c.org, q.ID)
		}
	})))
}

// median measures a look that finds nothing to offer, with what goes before it.
func (c *centre) median(b *testing.B, before func()) time.Duration {
	var took []time.Duration
	for range 5 {
		began := time.Now()
		before()
		c.look(b, 0)
		took = append(took, time.Since(began))
	}
	return percentile(took, 50)
}
