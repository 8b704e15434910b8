// Package intake takes verified webhooks to disk and turns their events into
// messages of waiting interactions. A platform gets its 2xx when every event of
// its webhook is durable; everything after that may crash at any instruction.
package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Receiver takes the events of a verified webhook to disk.
type Receiver struct {
	Platforms map[domain.Platform]channel.Platform
	Adapters  map[domain.ChannelKind]channel.Adapter
	Inbox     *Batcher
	Now       func() time.Time
}

// Receive stores every event of a body whose signature was verified. It returns
// when they are on disk. An event that is already there is left out; one that
// nobody can read is kept and marked, and never keeps its neighbours from disk.
func (r *Receiver) Receive(ctx context.Context, app domain.PlatformApp, body []byte) error {
	_, err := r.Take(ctx, app, r.Platforms[app.Platform].Split(body)...)
	return err
}

// Take is Receive for events that somebody else has cut and verified, and gives
// what was filed. app is the one through which they came, empty but for its
// organization where none is.
func (r *Receiver) Take(ctx context.Context, app domain.PlatformApp, envelopes ...channel.Envelope) ([]domain.InboxEvent, error) {
	events := make([]domain.InboxEvent, len(envelopes))
	for i, e := range envelopes {
		events[i] = r.file(app, e)
	}
	return events, r.Inbox.Append(ctx, events)
}

// file makes the inbox entry of one event. Card data is covered before anything
// looks at the event: it is in no file, and in no key (C20).
func (r *Receiver) file(app domain.PlatformApp, e channel.Envelope) domain.InboxEvent {
	e.Payload = channel.MaskCards(e.Payload)
	event := domain.InboxEvent{Organization: app.Organization, ID: domain.NewID[domain.InboxID](), App: app.ID, Kind: e.Kind,
		AccountID: e.AccountID, Field: e.Field, Payload: e.Payload, State: domain.InboxPending, Fault: e.Fault, ReceivedAt: r.Now()}
	identity, err := r.identify(e)
	if err != nil {
		event.State, event.Fault = domain.InboxQuarantined, err.Error()
		identity.DedupeKey = "raw:" + digest(e.Payload)
	}
	event.Contact, event.Subject, event.DedupeKey = identity.Contact, identity.Subject, identity.DedupeKey
	if at := identity.ExpiresAt; !at.IsZero() {
		event.ExpiresAt = &at
	}
	event.Lane = lane(string(app.Organization), string(e.Kind), e.AccountID, cmp.Or(identity.Order, identity.Contact))
	return event
}

// fault is why an event is set aside; it says nothing of the event's content.
type fault string

func (f fault) Error() string { return string(f) }

func (r *Receiver) identify(e channel.Envelope) (channel.Identity, error) {
	if e.Fault != "" {
		return channel.Identity{}, fault(e.Fault)
	}
	adapter, ok := r.Adapters[e.Kind]
	if !ok {
		return channel.Identity{}, fault("no adapter for " + string(e.Kind))
	}
	return adapter.Identify(e)
}

func digest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// lane spreads contacts over lanes; one contact is always in the same.
func lane(parts ...string) int64 {
	h := fnv.New32a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum32() >> 1)
}
