package intake

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// gathering is what a set of messages changes, so that it is written together.
type gathering struct {
	now          time.Time
	received     time.Time // when the event at hand came in
	inbox        domain.InboxID
	names        map[string]string // what the platform calls a contact by now, by address
	channel      domain.Channel
	threads      map[string]*held[domain.Thread]
	interactions map[domain.InteractionID]*held[domain.Interaction]
	known        map[string]domain.Message // by the platform's id
	contacts     map[string]domain.Contact
	messages     []domain.Message
	events       []domain.Event
	order        []string // addresses, as they came
}

// held is a value with what has become of it in this transaction.
type held[T any] struct {
	value   T
	fresh   bool // not in the database yet
	changed bool
	waits   bool // it is new in its queue
}

// receive appends customers' messages to their threads, in order. A message
// that is there already changes nothing; the first one of a thread, and the
// first after a disconnect, makes an interaction (D03).
// Their times are those at which they came in: who came first has waited longest.
func (a *Applier) receive(ctx context.Context, ch domain.Channel, items []parsed) error {
	if len(items) == 0 {
		return nil
	}
	events := make([]channel.Event, len(items))
	for n, item := range items {
		events[n] = item.event
	}
	g, err := a.gather(ctx, ch, events)
	if err != nil {
		return err
	}
	for _, item := range items {
		g.received, g.inbox = item.ReceivedAt, item.ID
		g.receive(item.event)
	}
	return a.write(ctx, g)
}

// gather reads, and locks, everything that the messages could touch.
func (a *Applier) gather(ctx context.Context, ch domain.Channel, events []channel.Event) (*gathering, error) {
	g := &gathering{now: a.Now(), channel: ch, threads: map[string]*held[domain.Thread]{}, contacts: map[string]domain.Contact{}, names: map[string]string{},
		interactions: map[domain.InteractionID]*held[domain.Interaction]{}}
	var ids []string
	seen := map[string]bool{}
	for _, e := range events {
		if !seen[e.Contact] {
			seen[e.Contact] = true
			g.order = append(g.order, e.Contact)
		}
		ids = append(ids, e.MessageID)
		if e.ReplyTo != "" {
			ids = append(ids, e.ReplyTo)
		}
	}
	threads, err := a.Store.LockThreads(ctx, ch.Organization, ch.ID, g.order)
	if err != nil {
		return nil, err
	}
	if g.known, err = a.Store.MessagesByPlatformID(ctx, ch.Organization, ch.ID, ids); err != nil {
		return nil, err
	}
	var open []domain.InteractionID
	for address, t := range threads {
		g.threads[address] = &held[domain.Thread]{value: t}
		if t.Open != nil {
			open = append(open, *t.Open)
		}
	}
	interactions, err := a.Store.LockInteractions(ctx, ch.Organization, open)
	for id, i := range interactions {
		g.interactions[id] = &held[domain.Interaction]{value: i}
	}
	return g, err
}

func (g *gathering) receive(e channel.Event) {
	if _, repeated := g.known[e.MessageID]; repeated {
		return
	}
	t := g.thread(e.Contact)
	i := g.interaction(t)
	text := e.Text
	g.learn(t, e)
	// A message has the id of the event that brought it, which its sender may have been told.
	m := domain.Message{ID: domain.MessageID(g.inbox), Organization: g.channel.Organization, Thread: t.value.ID, Channel: g.channel.ID,
		Direction: domain.Inbound, Kind: domain.KindMessage, Visibility: domain.Private, Attachments: e.Attachment,
		Sender:            domain.Sender{Type: domain.SenderCustomer, ID: string(t.value.Contact)},
		PlatformMessageID: &e.MessageID, CreatedAt: g.received, Version: 1}
	if text != "" {
		m.Text = &text
	}
	if !e.At.IsZero() {
		m.PlatformTime = &e.At
	}
	if quoted, ok := g.known[e.ReplyTo]; ok && e.ReplyTo != "" {
		m.InReplyTo = &quoted.ID
	}
	var event domain.Event
	i.value, m, event = i.value.Receive(m, g.now)
	i.changed, t.changed = true, true
	inbound := g.received
	t.value.LastInboundAt = &inbound
	g.known[e.MessageID] = m
	g.messages, g.events = append(g.messages, m), append(g.events, event)
}

// learn takes over what the platform tells of a contact.
func (g *gathering) learn(t *held[domain.Thread], e channel.Event) {
	if e.AddressType != "" {
		t.value.AddressType = e.AddressType
	}
	if e.Name == "" {
		return
	}
	if !t.fresh {
		g.names[e.Contact] = e.Name
		return
	}
	c := g.contacts[e.Contact]
	c.DisplayName = &e.Name
	g.contacts[e.Contact] = c
}

// thread gives the contact's thread with this channel, a new one for a stranger.
func (g *gathering) thread(address string) *held[domain.Thread] {
	if t, ok := g.threads[address]; ok {
		return t
	}
	c := domain.Contact{ID: domain.NewID[domain.ContactID](), Organization: g.channel.Organization, Channel: g.channel.ID, Address: address, CreatedAt: g.now}
	t := &held[domain.Thread]{fresh: true, value: domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: c.Organization, Channel: c.Channel,
		Contact: c.ID, Address: address, Version: 1, CreatedAt: g.now}}
	g.contacts[address], g.threads[address] = c, t
	return t
}

// interaction gives the thread's open interaction, a new one where there is none.
func (g *gathering) interaction(t *held[domain.Thread]) *held[domain.Interaction] {
	if t.value.Open != nil {
		if i, ok := g.interactions[*t.value.Open]; ok && i.value.Open() {
			g.enqueue(i)
			return i
		}
	}
	value, events := domain.NewInteraction(t.value, g.channel, g.received)
	i := &held[domain.Interaction]{value: value, fresh: true, waits: true}
	g.interactions[value.ID] = i
	t.value.Open, t.value.Last, t.changed = &value.ID, &value.ID, true
	g.events = append(g.events, events...)
	return i
}

// enqueue gives an interaction that began while its channel had no queue the one
// that it has by now.
func (g *gathering) enqueue(i *held[domain.Interaction]) {
	if i.value.Queue != nil || g.channel.Queue == nil || i.value.State != domain.InteractionQueued {
		return
	}
	var event domain.Event
	i.value, event = i.value.Enqueue(*g.channel.Queue, g.now)
	i.waits = true
	g.events = append(g.events, event)
}

// write puts everything that was gathered into the transaction.
func (a *Applier) write(ctx context.Context, g *gathering) error {
	for _, address := range g.order {
		t, ok := g.threads[address]
		switch {
		case !ok || !t.changed:
			continue
		case t.fresh:
			if err := a.Store.CreateThread(ctx, t.value, g.contacts[address]); err != nil {
				return err
			}
		default:
			if err := a.Store.SaveThread(ctx, &t.value); err != nil {
				return err
			}
		}
		if err := a.writeInteraction(ctx, g.interactions[*t.value.Open]); err != nil {
			return err
		}
	}
	for address, name := range g.names {
		if err := a.Store.NameContact(ctx, g.channel.Organization, g.threads[address].value.Contact, name); err != nil {
			return err
		}
	}
	if len(g.messages) > 0 {
		if err := a.Store.CreateMessages(ctx, g.messages...); err != nil {
			return err
		}
	}
	return a.Store.Append(ctx, g.events...)
}

func (a *Applier) writeInteraction(ctx context.Context, i *held[domain.Interaction]) error {
	if queue := i.value.Queue; queue != nil && i.waits {
		org := i.value.Organization
		a.Store.After(ctx, func() { a.Queued(org, *queue) })
	}
	if !i.fresh {
		return a.Store.SaveInteraction(ctx, &i.value)
	}
	return a.Store.CreateInteraction(ctx, i.value)
}
