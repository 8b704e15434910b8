package intake

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Batcher lets concurrent webhooks share one statement and one commit. A
// committer takes whatever is waiting, without a timer: an idle system commits
// at once, a busy one in groups.
type Batcher struct {
	write   func(context.Context, []domain.InboxEvent) error
	wake    func()
	queue   chan *delivery
	waiting atomic.Int64 // bytes
	done    chan struct{}
	stop    sync.Once
}

// delivery is one webhook's events and who waits for them.
type delivery struct {
	events []domain.InboxEvent
	size   int64
	result chan error
}

const (
	committers   = 2
	maxBatchRows = 256
	maxBatchSize = 1 << 20
	maxQueued    = 64 << 20 // bytes of webhooks that may wait for the disk
)

// writeTimeout bounds how long a batch waits for a database that does not answer.
const writeTimeout = 5 * time.Second

// errBusy is the answer when more is waiting than can be taken to disk soon.
var errBusy = &domain.Error{Kind: domain.ErrorUnavailable, Code: "service.busy", Detail: "Too much is waiting for the disk. Send the webhook again."}

// NewBatcher starts the committers. write puts events on disk in one
// transaction; wake is called after each commit.
func NewBatcher(write func(context.Context, []domain.InboxEvent) error, wake func()) *Batcher {
	b := &Batcher{write: write, wake: wake, queue: make(chan *delivery, 4096), done: make(chan struct{})}
	for range committers {
		go b.commit()
	}
	return b
}

// Close ends the committers; events that were not acknowledged are refused.
func (b *Batcher) Close() { b.stop.Do(func() { close(b.done) }) }

// Append returns when the events are on disk, or with the reason why not. When
// ctx ends first the outcome is unknown, and the platform will send them again.
func (b *Batcher) Append(ctx context.Context, events []domain.InboxEvent) error {
	if len(events) == 0 {
		return nil
	}
	d := &delivery{events: events, result: make(chan error, 1)}
	for _, e := range events {
		d.size += int64(len(e.Payload)) + 256
	}
	if b.waiting.Add(d.size) > maxQueued {
		b.waiting.Add(-d.size)
		return errBusy
	}
	defer b.waiting.Add(-d.size)
	select {
	case b.queue <- d:
	case <-b.done:
		return errBusy
	default:
		return errBusy
	}
	select {
	case err := <-d.result:
		return err
	case <-b.done:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Batcher) commit() {
	for {
		select {
		case <-b.done:
			return
		case first := <-b.queue:
			b.flush(b.gather(first))
			b.wake()
		}
	}
}

// gather adds what is waiting to the first webhook, up to the size of a batch.
func (b *Batcher) gather(first *delivery) []*delivery {
	batch, rows, size := []*delivery{first}, len(first.events), first.size
	for rows < maxBatchRows && size < maxBatchSize {
		select {
		case next := <-b.queue:
			batch, rows, size = append(batch, next), rows+len(next.events), size+next.size
		default:
			return batch
		}
	}
	return batch
}

// flush writes a batch; a batch that fails is cut in two, so that one webhook
// which the database refuses does not refuse its neighbours.
func (b *Batcher) flush(batch []*delivery) {
	var events []domain.InboxEvent
	for _, d := range batch {
		events = append(events, d.events...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := b.write(ctx, events)
	if err != nil && len(batch) > 1 && !domain.IsKind(err, domain.ErrorUnavailable) {
		b.flush(batch[:len(batch)/2])
		b.flush(batch[len(batch)/2:])
		return
	}
	for _, d := range batch {
		d.result <- err
	}
}
