package simulator

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// maxSenders is how many receipts are on their way at once.
const maxSenders = 16

// thread is one conversation: an account and the person at the other end.
type thread struct{ account, contact string }

// hook writes one webhook's body when its turn has come, so that its times are those of the sending.
type hook func() []byte

// batch is what follows one message, in order.
type batch struct {
	hooks  []hook
	copies int
	done   chan struct{} // closed when everything was answered or given up
}

// courier sends receipts in the background: in order within a conversation, where one that is not taken holds up those
// behind it, and side by side across conversations. Meta repeats a webhook that was not answered with 200 at once, and
// then with falling frequency (Meta, Graph API, Webhooks); the courier gives up within seconds.
type courier struct {
	ctx     context.Context
	sender  sender
	retries []time.Duration
	log     *slog.Logger
	slots   chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	waiting map[thread][]batch // an entry has a goroutine that works it off
}

func newCourier(ctx context.Context, sender sender, retries []time.Duration, log *slog.Logger) *courier {
	return &courier{
		ctx: ctx, sender: sender, retries: retries, log: log,
		slots:   make(chan struct{}, maxSenders),
		waiting: map[thread][]batch{},
	}
}

// follow puts a batch behind those of its conversation.
func (c *courier) follow(t thread, b batch) (done <-chan struct{}) {
	b.done = make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		close(b.done)
		return b.done
	}
	queue, busy := c.waiting[t]
	c.waiting[t] = append(queue, b)
	if !busy {
		c.running.Go(func() { c.workOff(t) })
	}
	return b.done
}

// seal returns when nothing more can be begun, which needs that ctx has ended.
func (c *courier) seal() {
	c.mu.Lock()
	defer c.mu.Unlock()
}

func (c *courier) workOff(t thread) {
	for b, ok := c.next(t); ok; b, ok = c.next(t) {
		c.deliver(t.account, b)
		close(b.done)
	}
}

func (c *courier) next(t thread) (b batch, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue := c.waiting[t]
	if len(queue) == 0 {
		delete(c.waiting, t)
		return batch{}, false
	}
	c.waiting[t] = queue[1:]
	return queue[0], true
}

func (c *courier) deliver(accountID string, b batch) {
	for _, write := range b.hooks {
		body := write()
		for range b.copies {
			c.insist(accountID, body)
		}
	}
}

// insist sends one webhook until it is taken or given up.
func (c *courier) insist(accountID string, body []byte) {
	for attempt := 0; c.ctx.Err() == nil; attempt++ {
		status, err := c.attempt(accountID, body)
		if status == http.StatusOK || status == http.StatusAccepted || errors.Is(err, errNoWebhook) || c.ctx.Err() != nil {
			return
		}
		if attempt == len(c.retries) {
			c.log.Warn("webhook given up", "account_id", accountID, "status", status, "error", err)
			return
		}
		pause(c.ctx, c.retries[attempt])
	}
}

func (c *courier) attempt(accountID string, body []byte) (status int, err error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	}
	defer func() { <-c.slots }()
	_, status, err = c.sender.send(c.ctx, accountID, body)
	return status, err
}
