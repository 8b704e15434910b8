package intake

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// gathering is what a set of events changes, so that it is written together.
type gathering struct {
	now          time.Time
	received     time.Time // when the event at hand came in
	inbox        domain.InboxID
	names        map[string]string // what the platform calls a contact by now, by address
	channel      domain.Channel
	threads      map[string]*held[domain.Thread]
	interactions map[domain.InteractionID]*held[domain.Interaction]
	known        map[string]*held[domain.Message] // by the platform's id
	early        map[string]*held[domain.Early]   // by the platform's id of the message that has not come
	contacts     map[string]domain.Contact
	waiting      map[string][]parsed // by address: what another app's conversation left for ours
	messages     []*held[domain.Message]
	files        []domain.File      // that the messages came with
	unfiled      []domain.MessageID // whose files are to go
	keeps        bool               // the platform's terms let us keep files
	newKey       func() string
	touched      []*held[domain.Interaction] // in the order of the first change
	events       []domain.Event
	order        []string                         // addresses, as they came
	people       map[string]*person               // by every address that the events name
	met          []*person                        // as they came
	erased       []string                         // platform's ids of messages of which nothing may stay
	kept         []domain.InboxEvent              // that wait for the conversation to be handed to us
	applied      []domain.InboxEvent              // that waited so far
	queues       map[domain.QueueID]*domain.Queue // that were looked at; nil for one that was deleted
	admitted     map[domain.QueueID]int
	deliveries   []domain.Delivery
	posts        map[string]*held[domain.Post] // by the platform's id
}

// held is a value with what has become of it in this transaction.
type held[T any] struct {
	value   T
	fresh   bool // not in the database yet
	changed bool
	waits   bool // it is new in its queue
}

// receive gives a set of events their effects on threads and transcripts, in
// order. A message that is there already changes nothing; the first one of a
// thread, and the first after a disconnect, makes an interaction (D03).
// Their times are those at which they came in: who came first has waited longest.
// kept are the events that have to wait for the conversation to be ours.
func (a *Applier) receive(ctx context.Context, ch domain.Channel, items []parsed) (kept []domain.InboxEvent, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	g, items, err := a.gather(ctx, ch, items)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	for _, item := range items {
		g.apply(item)
	}
	if err := a.admit(ctx, g); err != nil {
		return nil, err
	}
	return g.kept, a.write(ctx, g)
}

// gather reads, and locks, everything that the events could touch: first
// threads, then interactions. It gives the events that are left when those of people
// who were erased are not taken, which is known for certain once the threads are held.
func (a *Applier) gather(ctx context.Context, ch domain.Channel, items []parsed) (*gathering, []parsed, error) {
	g := &gathering{now: a.Now(), channel: ch, threads: map[string]*held[domain.Thread]{}, contacts: map[string]domain.Contact{}, names: map[string]string{},
		interactions: map[domain.InteractionID]*held[domain.Interaction]{}, known: map[string]*held[domain.Message]{},
		early: map[string]*held[domain.Early]{}, posts: map[string]*held[domain.Post]{}, waiting: map[string][]parsed{}, keeps: a.Capabilities[ch.Kind].StoreMedia, newKey: a.NewKey, queues: map[domain.QueueID]*domain.Queue{}, admitted: map[domain.QueueID]int{}}
	threads, err := a.Store.LockThreads(ctx, ch.Organization, ch.ID, addressesOf(items))
	if err != nil {
		return nil, nil, err
	}
	byID := map[domain.ThreadID]*held[domain.Thread]{}
	for address, t := range threads {
		if byID[t.ID] == nil {
			byID[t.ID] = &held[domain.Thread]{value: t}
		}
		g.threads[address] = byID[t.ID]
	}
	if items, err = a.current(ctx, ch, items); err != nil || len(items) == 0 {
		return g, items, err
	}
	g.recognise(items)
	looked, err := a.recall(ctx, g, items)
	if err != nil {
		return nil, nil, err
	}
	return g, items, a.load(ctx, g, looked)
}

// recall finds what conversations that another app had left for us to show, and
// adds it to the events whose effects are looked up.
func (a *Applier) recall(ctx context.Context, g *gathering, items []parsed) ([]parsed, error) {
	var contacts []string
	for address, t := range g.threads {
		if t.value.HeldElsewhere {
			contacts = append(contacts, address)
		}
	}
	if len(contacts) == 0 {
		return items, nil
	}
	left, err := a.Store.StandbyEvents(ctx, g.channel, contacts)
	for _, e := range left {
		if meaning, fault := a.parse(e); fault == nil {
			g.waiting[e.Contact] = append(g.waiting[e.Contact], parsed{e, meaning})
			items = append(items, parsed{e, meaning})
		}
	}
	return items, err
}

// load finds the messages that the events are about, what was told of them
// before, and the interactions that could change.
func (a *Applier) load(ctx context.Context, g *gathering, items []parsed) error {
	org, ch := g.channel.Organization, g.channel.ID
	var ids []string
	for _, item := range items {
		for _, id := range []string{item.event.MessageID, item.event.ReplyTo} {
			if id != "" {
				ids = append(ids, id)
			}
		}
	}
	known, err := a.Store.MessagesByPlatformID(ctx, org, ch, ids)
	if err != nil {
		return err
	}
	early, err := a.Store.EarlyEvents(ctx, org, ch, ids)
	if err != nil {
		return err
	}
	if err := a.loadPosts(ctx, g, items); err != nil {
		return err
	}
	for id, e := range early {
		g.early[id] = &held[domain.Early]{value: e}
	}
	wanted := map[domain.InteractionID]bool{}
	for id, m := range known {
		g.known[id] = &held[domain.Message]{value: m}
		wanted[m.Interaction] = wanted[m.Interaction] || changes(items, id)
	}
	for _, t := range g.threads {
		if t.value.Open != nil {
			wanted[*t.value.Open] = true
		}
	}
	return a.lock(ctx, g, wanted)
}

// changes tells whether one of the events may change a message that is there.
func changes(items []parsed, id string) bool {
	for _, item := range items {
		if item.event.MessageID == id && item.event.Kind != channel.EventMessage && item.event.Kind != channel.EventEcho {
			return true
		}
	}
	return false
}

func (a *Applier) lock(ctx context.Context, g *gathering, wanted map[domain.InteractionID]bool) error {
	var ids []domain.InteractionID
	for id, needed := range wanted {
		if needed {
			ids = append(ids, id)
		}
	}
	interactions, err := a.Store.LockInteractions(ctx, g.channel.Organization, ids)
	for id, i := range interactions {
		g.interactions[id] = &held[domain.Interaction]{value: i}
	}
	return err
}

// write puts everything that was gathered into the transaction.
func (a *Applier) write(ctx context.Context, g *gathering) error {
	for _, address := range g.order {
		if err := a.writeThread(ctx, g, address); err != nil {
			return err
		}
	}
	if err := a.writePeople(ctx, g); err != nil {
		return err
	}
	for _, i := range g.touched {
		if err := a.writeInteraction(ctx, i); err != nil {
			return err
		}
	}
	for address, name := range g.names {
		if err := a.Store.NameContact(ctx, g.channel.Organization, g.threads[address].value.Contact, name); err != nil {
			return err
		}
	}
	if err := a.writeMessages(ctx, g); err != nil {
		return err
	}
	if err := a.writePosts(ctx, g); err != nil {
		return err
	}
	if err := a.deliver(ctx, g); err != nil {
		return err
	}
	if err := a.writeFiles(ctx, g); err != nil {
		return err
	}
	if err := a.erase(ctx, g); err != nil {
		return err
	}
	if err := a.Store.MarkInbox(ctx, g.applied, domain.InboxApplied, "", g.now); err != nil {
		return err
	}
	if err := a.Store.MarkInbox(ctx, g.kept, domain.InboxStandby, "", g.now); err != nil {
		return err
	}
	return a.Store.Append(ctx, g.events...)
}

func (a *Applier) writeThread(ctx context.Context, g *gathering, address string) error {
	t, ok := g.threads[address]
	switch {
	case !ok || !t.changed:
		return nil
	case t.fresh:
		return a.Store.CreateThread(ctx, t.value, g.contacts[address])
	}
	return a.Store.SaveThread(ctx, &t.value)
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

func (a *Applier) writeMessages(ctx context.Context, g *gathering) error {
	var fresh []domain.Message
	for _, m := range g.messages {
		if m.fresh {
			fresh = append(fresh, m.value)
			continue
		}
		if err := a.Store.SaveMessage(ctx, &m.value); err != nil {
			return err
		}
	}
	for _, e := range g.early {
		if !e.changed {
			continue
		}
		if err := a.Store.SaveEarly(ctx, e.value); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := a.Store.CreateMessages(ctx, fresh...); err != nil {
		return err
	}
	a.acknowledge(ctx, g, fresh)
	return nil
}

// acknowledge tells the platform, once all is on disk, what arrived.
func (a *Applier) acknowledge(ctx context.Context, g *gathering, fresh []domain.Message) {
	byThread := map[domain.ThreadID][]domain.Message{}
	for _, m := range fresh {
		if m.Direction == domain.Inbound {
			byThread[m.Thread] = append(byThread[m.Thread], m)
		}
	}
	for _, t := range g.threads {
		if arrived := byThread[t.value.ID]; len(arrived) > 0 {
			ch, thread := g.channel, t.value
			a.Store.After(ctx, func() { a.Acknowledge(ctx, ch, thread, arrived) })
		}
	}
}

// writeFiles leaves work for the loop that looks after files: those that came are
// to be fetched, and those of messages that were taken back are to go.
func (a *Applier) writeFiles(ctx context.Context, g *gathering) error {
	if len(g.files)+len(g.unfiled) == 0 {
		return nil
	}
	a.Store.After(ctx, a.Files)
	if len(g.files) > 0 {
		if err := a.Store.CreateFiles(ctx, g.files...); err != nil {
			return err
		}
	}
	for _, m := range g.unfiled {
		if err := a.Store.EraseFilesOf(ctx, g.channel.Organization, m, g.now); err != nil {
			return err
		}
	}
	return nil
}

// erase takes away what the inbox still holds of messages that were taken back,
// and has the traces outside of the rows removed.
func (a *Applier) erase(ctx context.Context, g *gathering) error {
	if len(g.erased) == 0 {
		return nil
	}
	if err := a.Store.EraseInbox(ctx, g.channel, g.erased); err != nil {
		return err
	}
	a.Store.After(ctx, a.Erased)
	return a.Store.CreateErasure(ctx, g.channel.Organization, g.now)
}
