// Package stream reads the event log for those who listen: a cursor never skips
// an event, and a listener who waits is woken by the next one.
package stream

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Log is where events are.
type Log interface {
	// Sequence gives committed events their place; with wait, every one that was
	// committed before the call has its place afterwards.
	SequenceEvents(ctx context.Context, wait bool) (moved int, err error)
	// Events gives events after a position, and where to go on.
	Events(ctx context.Context, org domain.OrganizationID, f domain.EventFilter, after int64, limit int) ([]domain.LoggedEvent, int64, error)
}

// Hub lets listeners wait for events.
type Hub struct {
	Log Log

	mu      sync.Mutex
	changed chan struct{}
	closed  bool
}

// pollOthers is how often a waiting listener looks for events of other nodes.
const pollOthers = 250 * time.Millisecond

// Changed wakes every listener of this node.
func (h *Hub) Changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake()
}

// Close answers every listener who waits, now and later, without waiting: a
// program that ends must not be held up by those who listen to it.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

func (h *Hub) wake() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// ended tells whether nobody may wait any more.
func (h *Hub) ended() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// signal gives a channel that closes at the next change.
func (h *Hub) signal() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

// Read gives the events after a position. With nothing there it waits, at most
// for wait; then it gives none, and next all the same.
func (h *Hub) Read(ctx context.Context, org domain.OrganizationID, f domain.EventFilter, after int64, limit int, wait time.Duration) (events []domain.LoggedEvent, next int64, err error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		signal := h.signal()
		moved, err := h.Log.SequenceEvents(ctx, true)
		if err != nil {
			return nil, after, err
		}
		if moved > 0 {
			h.Changed() // the others who listen
		}
		events, after, err = h.Log.Events(ctx, org, f, after, limit)
		if err != nil || len(events) > 0 || wait <= 0 || h.ended() {
			return events, after, err
		}
		select {
		case <-signal:
		case <-time.After(pollOthers):
		case <-over.C:
			return events, after, nil
		case <-ctx.Done():
			return events, after, nil
		}
	}
}

// Until waits until something is so, looking again whenever an event is committed
// anywhere, and no longer than wait.
func (h *Hub) Until(ctx context.Context, wait time.Duration, met func() (bool, error)) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		signal := h.signal()
		if so, err := met(); so || err != nil || h.ended() {
			return err
		}
		select {
		case <-signal:
		case <-time.After(pollOthers):
		case <-over.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// Sequencer is the loop that gives events their place in the log.
type Sequencer struct{ Hub *Hub }

// Name names the loop.
func (s Sequencer) Name() string { return "events" }

// RunDue numbers what was committed, unless another node is at it.
func (s Sequencer) RunDue(ctx context.Context, _ time.Time) (int, time.Time, error) {
	moved, err := s.Hub.Log.SequenceEvents(ctx, false)
	if moved > 0 {
		s.Hub.Changed()
	}
	return moved, time.Time{}, err
}

// Cursor writes a position of the log as clients see it.
func Cursor(position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("e1:" + strconv.FormatInt(position, 10)))
}

// Position reads a cursor; an empty one is the beginning of what is kept, a
// negative position.
func Position(cursor string) (int64, error) {
	if cursor == "" {
		return -1, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	number, found := strings.CutPrefix(string(raw), "e1:")
	position, parseErr := strconv.ParseInt(number, 10, 64)
	if err != nil || !found || parseErr != nil || position < 0 {
		return 0, &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid_cursor", Detail: "The cursor is not one of the event log's.",
			Fields: []domain.FieldError{{Parameter: "cursor", Code: "invalid", Detail: "Use next_cursor of an earlier answer, or Event-Cursor of a command's."}}}
	}
	return position, nil
}
