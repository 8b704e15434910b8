// Package delivery hands replies to platforms and learns what became of them.
// An attempt is on disk before its call; what happened to the bytes decides what
// is known afterwards; nothing that may have left is sent again by itself.
package delivery

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Store is what delivery needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Append(ctx context.Context, events ...domain.Event) error
	Jobs
	Transcript
	Channels
	Parts
}

// Jobs is the work of delivery.
type Jobs interface {
	ClaimDeliveries(ctx context.Context, now, machine, lease time.Time, limit int) ([]domain.Delivery, error)
	ReleaseDeliveries(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, now time.Time) error
	NextDelivery(ctx context.Context, now time.Time) (time.Time, error)
	SaveDelivery(ctx context.Context, d domain.Delivery) error
	DeleteDelivery(ctx context.Context, d domain.Delivery) error
	DeleteDeliveriesOf(ctx context.Context, org domain.OrganizationID, messages []domain.MessageID) error
	CreateAttempts(ctx context.Context, attempts ...domain.Attempt) error
	SaveAttempt(ctx context.Context, a domain.Attempt) error
	InFlight(ctx context.Context, org domain.OrganizationID, messages []domain.MessageID) (map[domain.MessageID]domain.Attempt, error)
	LeftUnknown(ctx context.Context, org domain.OrganizationID, message domain.MessageID) (bool, error)
	AttemptsByToken(ctx context.Context, org domain.OrganizationID, tokens []string) (map[string]domain.Attempt, error)
}

// Transcript is the messages that delivery moves.
type Transcript interface {
	MessagesByID(ctx context.Context, org domain.OrganizationID, ids []domain.MessageID) (map[domain.MessageID]domain.Message, error)
	MessagesByPlatformID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Message, error)
	UnprovenPublic(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, posts []string) ([]domain.Message, error)
	AwaitingReceipt(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) ([]domain.Message, error)
	SaveMessage(ctx context.Context, m *domain.Message) error
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	FilesByID(ctx context.Context, org domain.OrganizationID, ids []domain.AttachmentID) (map[domain.AttachmentID]domain.File, error)
	DropEcho(ctx context.Context, m domain.Message) error
	LockInteractions(ctx context.Context, org domain.OrganizationID, ids []domain.InteractionID) (map[domain.InteractionID]domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
}

// Channels is the accounts that send, and the threads that they send in.
type Channels interface {
	Channel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	LockChannel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	SaveChannel(ctx context.Context, c *domain.Channel) error
	LockThreads(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]domain.Thread, error)
	LockThreadsByID(ctx context.Context, org domain.OrganizationID, ids []domain.ThreadID) (map[domain.ThreadID]domain.Thread, error)
	SaveThread(ctx context.Context, t *domain.Thread) error
	TieThread(ctx context.Context, t domain.Thread) error
	ChannelsOfAccounts(ctx context.Context, org domain.OrganizationID, kind domain.ChannelKind, accounts []string) (map[string]domain.Channel, error)
}

// Limits are the times of delivery.
type Limits struct {
	Call      time.Duration // machine time for one call to a platform
	Give      time.Duration // business time after which a reply that could not be handed over fails
	Throttle  time.Duration // business time that a rate limit is waited for
	Reconcile time.Duration // business time that later replies wait for an unknown outcome
}

// Delivery sends replies and applies what is learned of them.
type Delivery struct {
	Store    Store
	Adapters map[domain.ChannelKind]channel.Adapter
	// Capabilities is the matrix: whether a message may be sent is asked once more before its call.
	Capabilities map[domain.ChannelKind]channel.Capability
	// BaseURL gives where a channel without api_base_url sends to; empty for the platform.
	BaseURL func(domain.ChannelKind) string
	// Link gives the address at which a platform gets a message's file, the same at each try.
	Link func(domain.File, domain.Message) string
	// Open gives the bytes of a message's file, for a platform that takes no links.
	Open    func(context.Context, domain.File) (io.ReadCloser, error)
	Limits  Limits
	Now     func() time.Time // business time
	Machine func() time.Time
	Random  func() float64 // in [0,1): spreads retries
	Wake    func()         // deliveries are due
	Settle  func()         // a call has its result
	Log     *slog.Logger

	results chan result
	typists chan struct{} // bounds the calls that only show that somebody types
	flying  atomic.Int64
	stopped atomic.Bool
}

// maxFlying bounds the calls under way on one node.
const maxFlying = 64

// Start prepares the delivery for use.
func (d *Delivery) Start() {
	d.results = make(chan result, maxFlying*2)
	d.typists = make(chan struct{}, maxTyping)
}

// leaseMargin is how long a lease outlives the call, so that the node which
// called can still write down the result.
const leaseMargin = 5 * time.Second

// call is one send that is about to happen, or has happened.
type call struct {
	delivery domain.Delivery
	message  domain.Message
	attempt  domain.Attempt
	account  channel.Account
	adapter  channel.Adapter
	outbound channel.Outbound
	retry    channel.Retry
	doubted  bool // the channel's credentials were refused before
}

// result is what a call gave.
type result struct {
	call
	channel.Result
}
