package auth

import (
	"context"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// How old, at most, may be what is known of a client. While one request asks anew, others go on with what is known, so
// that a busy client is asked for once at a time; that too ends before the promised five seconds.
const (
	clientLife    = 2 * time.Second  // after this, it is asked for again
	clientRenewal = 4 * time.Second  // while another request asks
	clientAway    = 30 * time.Second // while the database does not answer
	clientRetry   = time.Second      // between two questions to a database that does not answer
	clientWait    = 2 * time.Second  // for an answer
	maxClients    = 10_000
)

// knownClients remembers for a moment which clients exist and what they may do.
type knownClients struct {
	source  Clients
	machine func() time.Time

	mu      sync.Mutex
	entries *recent[domain.ClientID, known]
	forgets uint64 // so that an answer from before a forget is not kept after it
}

// known is what was heard of a client.
type known struct {
	client domain.Client
	exists bool
	asked  time.Time // when the question was put
	again  time.Time // when to put it again
	away   bool      // the last question was not answered
}

func newKnownClients(source Clients, machine func() time.Time) *knownClients {
	return &knownClients{source: source, machine: machine, entries: newRecent[domain.ClientID, known](maxClients)}
}

// client gives a client that exists; its error is that of Verifier.Verify.
func (c *knownClients) client(ctx context.Context, id domain.ClientID) (domain.Client, error) {
	k, forgets, enough := c.recall(id)
	if !enough {
		var err error
		if k, err = c.ask(ctx, id, forgets); err != nil {
			return domain.Client{}, err
		}
	}
	if !k.exists {
		return domain.Client{}, invalid("client")
	}
	return k.client, nil
}

// recall gives what is known of a client. If that is not enough, the caller has to ask, and for as long as that may
// take nobody else does.
func (c *knownClients) recall(id domain.ClientID) (k known, forgets uint64, enough bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, heard := c.entries.get(id)
	now := c.machine()
	if heard && k.serves(now) {
		return k, c.forgets, true
	}
	if heard {
		k.again = now.Add(clientWait)
		c.entries.put(id, k)
	}
	return k, c.forgets, false
}

func (k known) serves(now time.Time) bool {
	limit := clientRenewal
	if k.away {
		limit = clientAway
	}
	return now.Before(k.again) && now.Sub(k.asked) <= limit
}

// ask asks the source. It does not stop when the request goes away, because the answer serves others too.
func (c *knownClients) ask(ctx context.Context, id domain.ClientID, forgets uint64) (known, error) {
	now := c.machine()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clientWait)
	defer cancel()
	client, err := c.source.ClientByID(ctx, id)
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return c.makeDo(id, err)
	}
	k := known{client: client, exists: err == nil, asked: now, again: now.Add(clientLife)}
	c.learn(id, k, forgets)
	return k, nil
}

// learn keeps an answer, unless it may be older than a forget or is older than what is known.
func (c *knownClients) learn(id domain.ClientID, k known, forgets uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, heard := c.entries.get(id); c.forgets != forgets || heard && before.asked.After(k.asked) {
		return
	}
	c.entries.put(id, k)
}

// makeDo gives what was known before the source went away, if that is not too long ago.
func (c *knownClients) makeDo(id domain.ClientID, cause error) (known, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.machine()
	k, heard := c.entries.get(id)
	if !heard || now.Sub(k.asked) > clientAway {
		return known{}, unavailable(cause)
	}
	k.away, k.again = true, now.Add(clientRetry)
	c.entries.put(id, k)
	return k, nil
}

func (c *knownClients) forget(id domain.ClientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgets++
	c.entries.drop(id)
}
