package intake

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Store is what the applier needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	PendingLanes(ctx context.Context) ([]int64, error)
	LockLane(ctx context.Context, lane int64) (bool, error)
	PendingEvents(ctx context.Context, lane int64, limit int) ([]domain.InboxEvent, error)
	MarkInbox(ctx context.Context, events []domain.InboxEvent, state domain.InboxState, fault string, now time.Time) error
	ChannelsOfAccounts(ctx context.Context, org domain.OrganizationID, kind domain.ChannelKind, accounts []string) (map[string]domain.Channel, error)
	Channel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	LockChannel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	SaveChannel(ctx context.Context, c *domain.Channel) error
	StandbyEvents(ctx context.Context, ch domain.Channel, contacts []string) ([]domain.InboxEvent, error)
	EraseInbox(ctx context.Context, ch domain.Channel, subjects []string) error
	Suppress(ctx context.Context, ch domain.Channel, n int) error
	CreateErasure(ctx context.Context, org domain.OrganizationID, now time.Time) error
	Erasures
	Threads
	Queues
	Posts
}

// Erasures is what is remembered of those who were erased.
type Erasures interface {
	GoneAddresses(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]time.Time, error)
	GoneMessages(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]time.Time, error)
	DropInbox(ctx context.Context, org domain.OrganizationID, events []domain.InboxID) error
}

// Queues is what new work has to be held to.
type Queues interface {
	QueuesByID(ctx context.Context, org domain.OrganizationID, ids []domain.QueueID) (map[domain.QueueID]domain.Queue, error)
	Waits(ctx context.Context, q domain.Queue, n int) (bool, error)
	CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error
}

// Threads is where messages end up.
type Threads interface {
	LockThreads(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]domain.Thread, error)
	LockThreadsByID(ctx context.Context, org domain.OrganizationID, ids []domain.ThreadID) (map[domain.ThreadID]domain.Thread, error)
	LockInteractions(ctx context.Context, org domain.OrganizationID, ids []domain.InteractionID) (map[domain.InteractionID]domain.Interaction, error)
	MessagesByPlatformID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Message, error)
	CreateThread(ctx context.Context, t domain.Thread, c domain.Contact) error
	SaveThread(ctx context.Context, t *domain.Thread) error
	AliasThread(ctx context.Context, t domain.Thread, addresses ...string) error
	ReaddressContact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID, address string) error
	NameContact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID, name string) error
	CreateInteraction(ctx context.Context, i domain.Interaction) error
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	SaveMessage(ctx context.Context, m *domain.Message) error
	CreateFiles(ctx context.Context, files ...domain.File) error
	EraseFilesOf(ctx context.Context, org domain.OrganizationID, message domain.MessageID, now time.Time) error
	EarlyEvents(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Early, error)
	SaveEarly(ctx context.Context, e domain.Early) error
	Append(ctx context.Context, events ...domain.Event) error
}

// Receipts applies what a platform reports of our own messages, inside the
// transaction of ctx.
type Receipts interface {
	Apply(ctx context.Context, ch domain.Channel, events []channel.Event) error
}

// Applier works off the inbox, lane by lane. Many events of a lane share one
// transaction; one that cannot be applied is set aside and its neighbours go on.
type Applier struct {
	Store        Store
	Adapters     map[domain.ChannelKind]channel.Adapter
	Receipts     Receipts
	Acknowledge  func(context.Context, domain.Channel, domain.Thread, []domain.Message) // tells the platform what arrived, once it is on disk
	Queued       func(domain.OrganizationID, domain.QueueID)                            // something waits in a queue
	Capabilities map[domain.ChannelKind]channel.Capability
	NewKey       func() string // a name for a file's bytes that nobody can guess
	Files        func()        // files came, or are to go
	Reads        func()        // platforms are to be asked for posts
	Erased       func()        // something was erased, and its traces are to go
	Deliver      func()        // wakes delivery
	Now          func() time.Time
	Log          *slog.Logger
}

// maxApplied bounds how many events one transaction applies.
const maxApplied = 64

// workers is how many lanes one node works on at once.
const workers = 4

// Name names the loop.
func (a *Applier) Name() string { return "intake" }

// RunDue applies what waits in every lane that no other node holds.
func (a *Applier) RunDue(ctx context.Context, _ time.Time) (ran int, next time.Time, err error) {
	lanes, err := a.Store.PendingLanes(ctx)
	if err != nil || len(lanes) == 0 {
		return 0, next, err
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	work := make(chan int64, len(lanes))
	for _, l := range lanes {
		work <- l
	}
	close(work)
	for range min(workers, len(lanes)) {
		group.Go(func() {
			for l := range work {
				n, laneErr := a.lane(ctx, l)
				mu.Lock()
				ran += n
				if laneErr != nil {
					err = laneErr
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return ran, next, err
}

// lane applies the oldest events of a lane. When they cannot be applied
// together, each goes alone, and the one at fault is set aside.
func (a *Applier) lane(ctx context.Context, lane int64) (int, error) {
	n, err := a.batch(ctx, lane, maxApplied)
	if err == nil || domain.IsKind(err, domain.ErrorUnavailable) || ctx.Err() != nil {
		return n, err
	}
	a.Log.WarnContext(ctx, "a batch of events could not be applied together", "lane", lane, "error", err)
	for range maxApplied {
		n, err := a.batch(ctx, lane, 1)
		if err != nil && !domain.IsKind(err, domain.ErrorUnavailable) && ctx.Err() == nil {
			n, err = a.setAside(ctx, lane, err)
		}
		if err != nil || n == 0 {
			return 1, err
		}
	}
	return maxApplied, nil
}

func (a *Applier) batch(ctx context.Context, lane int64, limit int) (n int, err error) {
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		taken, err := a.Store.LockLane(ctx, lane)
		if err != nil || !taken {
			n = 0
			return err
		}
		events, err := a.Store.PendingEvents(ctx, lane, limit)
		n = len(events)
		if err != nil || n == 0 {
			return err
		}
		return a.apply(ctx, events)
	})
	return n, err
}

// setAside marks the first event of a lane as one that cannot be applied.
func (a *Applier) setAside(ctx context.Context, lane int64, cause error) (n int, err error) {
	a.Log.ErrorContext(ctx, "an event could not be applied and is set aside", "lane", lane, "error", cause)
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		taken, err := a.Store.LockLane(ctx, lane)
		if err != nil || !taken {
			return err
		}
		events, err := a.Store.PendingEvents(ctx, lane, 1)
		n = len(events)
		if err != nil || n == 0 {
			return err
		}
		return a.Store.MarkInbox(ctx, events, domain.InboxQuarantined, "could not be applied", a.Now())
	})
	return n, err
}

// account names a channel as a platform does.
type account struct {
	organization domain.OrganizationID
	app          domain.AppID
	kind         domain.ChannelKind
	id           string
}

// parsed is an event with its meaning.
type parsed struct {
	domain.InboxEvent
	event channel.Event
}

// apply gives a lane's events their effects, channel by channel.
func (a *Applier) apply(ctx context.Context, events []domain.InboxEvent) error {
	var order []account
	byAccount := map[account][]parsed{}
	faulty := map[string][]domain.InboxEvent{}
	for _, e := range events {
		meaning, err := a.parse(e)
		if err != nil {
			faulty[err.Error()] = append(faulty[err.Error()], e)
			continue
		}
		key := account{e.Organization, e.App, e.Kind, e.AccountID}
		if _, known := byAccount[key]; !known {
			order = append(order, key)
		}
		byAccount[key] = append(byAccount[key], parsed{e, meaning})
	}
	for _, key := range order {
		if err := a.applyAccount(ctx, key, byAccount[key]); err != nil {
			return err
		}
	}
	for reason, set := range faulty {
		if err := a.Store.MarkInbox(ctx, set, domain.InboxQuarantined, reason, a.Now()); err != nil {
			return err
		}
	}
	return nil
}

// parse reads one event; what makes an adapter panic is a fault of that event.
func (a *Applier) parse(e domain.InboxEvent) (event channel.Event, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			a.Log.Error("an adapter panicked", "kind", e.Kind, "inbox_id", e.ID)
			err = fault("the adapter panicked")
		}
	}()
	adapter, ok := a.Adapters[e.Kind]
	if !ok {
		return event, fault("no adapter for " + string(e.Kind))
	}
	event, err = adapter.Parse(channel.Envelope{Kind: e.Kind, AccountID: e.AccountID, Field: e.Field, Payload: e.Payload, Contact: e.Contact})
	if err != nil {
		return event, fault(err.Error())
	}
	return event.Masked(), nil
}

func (a *Applier) applyAccount(ctx context.Context, key account, items []parsed) error {
	channels, err := a.Store.ChannelsOfAccounts(ctx, key.organization, key.kind, []string{key.id})
	if err != nil {
		return err
	}
	inbox := plain(items)
	ch, known := channels[key.id]
	if !known || ch.App != key.app {
		return a.strange(ctx, items)
	}
	if items, err = a.wanted(ctx, ch, items); err != nil {
		return err
	}
	waiting := map[domain.InboxID]bool{}
	for len(items) > 0 {
		n := set(items)
		kept, err := a.applySet(ctx, ch, items[:n])
		if err != nil {
			return err
		}
		for _, e := range kept {
			waiting[e.ID] = true
		}
		items = items[n:]
	}
	return a.settle(ctx, inbox, waiting)
}

// strange sets aside what is of an account that no channel has. What has no effect
// anyway is done with: some of it is told of accounts of another kind.
func (a *Applier) strange(ctx context.Context, items []parsed) error {
	var kept, ignored []parsed
	for _, item := range items {
		if item.event.Kind == channel.EventIgnored {
			ignored = append(ignored, item)
		} else {
			kept = append(kept, item)
		}
	}
	if err := a.Store.MarkInbox(ctx, plain(ignored), domain.InboxApplied, "", a.Now()); err != nil {
		return err
	}
	return a.Store.MarkInbox(ctx, plain(kept), domain.InboxQuarantined, domain.FaultNoChannel, a.Now())
}

// wanted leaves out messages that the channel's settings do not let in. They are
// counted, and nothing of them is kept (B21).
func (a *Applier) wanted(ctx context.Context, ch domain.Channel, items []parsed) ([]parsed, error) {
	var left []parsed
	var dropped []string
	for _, item := range items {
		if item.event.Kind == channel.EventMessage && !ch.Settings.Takes(item.event.Story) {
			dropped = append(dropped, item.Subject)
			continue
		}
		left = append(left, item)
	}
	if len(dropped) == 0 {
		return items, nil
	}
	if err := a.Store.EraseInbox(ctx, ch, dropped); err != nil {
		return nil, err
	}
	a.Store.After(ctx, a.Erased)
	if err := a.Store.CreateErasure(ctx, ch.Organization, a.Now()); err != nil {
		return nil, err
	}
	return left, a.Store.Suppress(ctx, ch, len(dropped))
}

// plain gives the events without their meaning.
func plain(items []parsed) []domain.InboxEvent {
	events := make([]domain.InboxEvent, len(items))
	for i, item := range items {
		events[i] = item.InboxEvent
	}
	return events
}

// settle marks what was applied; what waits for its conversation to be ours was marked before.
func (a *Applier) settle(ctx context.Context, events []domain.InboxEvent, waiting map[domain.InboxID]bool) error {
	done := slices.DeleteFunc(events, func(e domain.InboxEvent) bool { return waiting[e.ID] })
	return a.Store.MarkInbox(ctx, done, domain.InboxApplied, "", a.Now())
}

// set tells how many events can be applied together, messages before receipts.
// An echo may be a message that was written elsewhere, so what the same contact
// did after it waits for the next set.
func set(items []parsed) int {
	echoed := map[string]bool{}
	for n, item := range items {
		switch {
		case receipt(item.event):
			echoed[item.event.Contact] = echoed[item.event.Contact] || item.event.Kind == channel.EventEcho
		case echoed[item.event.Contact]:
			return n
		}
	}
	return len(items)
}

// receipt tells what is about messages of our own. An echo of a conversation that
// another app has is that app's message, unless it carries a token, which may be ours.
func receipt(e channel.Event) bool {
	switch e.Kind {
	case channel.EventEcho:
		return !e.Standby || e.Token != ""
	case channel.EventDelivered, channel.EventRead, channel.EventSent, channel.EventPending, channel.EventFailed:
		return true
	}
	return false
}

func (a *Applier) applySet(ctx context.Context, ch domain.Channel, items []parsed) (kept []domain.InboxEvent, err error) {
	var written, reports []parsed
	for _, item := range items {
		switch {
		case item.event.Kind == channel.EventIgnored:
		case item.event.Kind == channel.EventPolicy:
			err = a.enforce(ctx, ch, item.event)
		case receipt(item.event):
			reports = append(reports, item)
		default:
			written = append(written, item)
		}
		if err != nil {
			return nil, err
		}
	}
	if kept, err = a.receive(ctx, ch, written); err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	if reports, err = a.current(ctx, ch, reports); err != nil || len(reports) == 0 {
		return kept, err
	}
	receipts := make([]channel.Event, len(reports))
	for n, item := range reports {
		receipts[n] = item.event
	}
	if err := a.Receipts.Apply(ctx, ch, receipts); err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	return kept, nil
}

// enforce notes what the platform did to the account for breaking its rules.
func (a *Applier) enforce(ctx context.Context, ch domain.Channel, e channel.Event) error {
	locked, err := a.Store.LockChannel(ctx, ch.Organization, ch.ID)
	if err != nil {
		return err
	}
	after, event, told := locked.Enforce(e.Action, a.Now())
	if !told {
		return nil
	}
	if err := a.Store.SaveChannel(ctx, &after); err != nil {
		return err
	}
	return a.Store.Append(ctx, event)
}
