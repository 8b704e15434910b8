package intake

import (
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// apply gives one event its effects.
func (g *gathering) apply(item parsed) {
	g.received, g.inbox = item.ReceivedAt, item.ID
	e := item.event
	switch e.Kind {
	case channel.EventMessage, channel.EventEcho:
		g.arrive(item)
	case channel.EventEdited, channel.EventReaction, channel.EventUnsent, channel.EventHidden:
		g.amend(e)
	case channel.EventReferral:
		g.refer(g.thread(e.Contact), *e.Referral)
	case channel.EventMoved:
		if t := g.threads[e.Contact]; t != nil && t.value.Alias != e.Alias {
			t.value.Alias, t.changed = e.Alias, true
		}
	case channel.EventControl:
		g.control(g.thread(e.Contact), e)
	}
}

// arrive takes a message. One of a conversation that another app has goes into
// the open interaction, if there is one, and waits for one otherwise: it routes
// nothing. One of ours says that the conversation is ours.
func (g *gathering) arrive(item parsed) {
	e := item.event
	if known := g.known[e.MessageID]; known != nil && e.MessageID != "" {
		if known.value.Erased != "" { // repeated, long after
			g.erased = append(g.erased, e.MessageID)
		}
		return
	}
	if early := g.early[e.MessageID]; early != nil && early.value.Unsent {
		g.erased = append(g.erased, e.MessageID)
		return
	}
	if e.Kind == channel.EventEcho && g.threads[e.Contact] == nil {
		return // to somebody who never wrote
	}
	t := g.thread(e.Contact)
	g.learn(t, e)
	if e.Standby {
		g.hand(t, true, "")
		if t.value.Open == nil {
			g.keep(item)
			return
		}
	} else {
		g.hand(t, false, "")
		g.release(t)
	}
	g.enter(t, e)
}

// enter puts a message into the thread's open interaction, a new one where there is none.
func (g *gathering) enter(t *held[domain.Thread], e channel.Event) {
	i := g.interaction(t, origin(e))
	if i.value.Thread != t.value.ID { // it goes on here in private, where there may be more already
		i.value.Position = max(i.value.Position, t.value.Position)
	}
	m := g.message(t.value, e)
	if early := g.early[e.MessageID]; early != nil && e.MessageID != "" {
		m = m.Recall(early.value)
	}
	if e.Kind == channel.EventEcho {
		i.value, m = i.value.Note(m)
		g.add(e, g.file(m))
		return
	}
	var event domain.Event
	i.value, m, event = i.value.Receive(m, g.now)
	t.changed = true
	if inbound := g.received; !e.Public {
		t.value.LastInboundAt = &inbound
	}
	g.events = append(g.events, event)
	m = g.file(m)
	if g.add(e, m); m.ExpiresAt != nil || !g.keeps && len(m.Files()) > 0 {
		after, stopped := i.value.Shield(g.now)
		i.value, g.events = after, append(g.events, stopped...)
	}
	if e.Referral != nil {
		i.value.Referral = e.Referral
	}
	if e.Public {
		g.stands(t.value, i, m, e)
	} else {
		g.consult(i, e)
	}
}

// origin says what a conversation begins with that an event begins.
func origin(e channel.Event) domain.Origin {
	if e.Public {
		return domain.OriginPost
	}
	return domain.OriginMessage
}

func (g *gathering) add(e channel.Event, m domain.Message) {
	added := &held[domain.Message]{value: m, fresh: true, changed: true}
	g.messages = append(g.messages, added)
	if e.MessageID != "" {
		g.known[e.MessageID] = added
	}
}

// file makes files of what a message came with.
func (g *gathering) file(m domain.Message) domain.Message {
	m, files := m.Filed(g.newKey, g.keeps, g.now)
	g.files = append(g.files, files...)
	return m
}

// message makes the transcript's entry of a message. It has the id of the event
// that brought it, which its sender may have been told.
func (g *gathering) message(t domain.Thread, e channel.Event) domain.Message {
	m := domain.Message{ID: domain.MessageID(g.inbox), Organization: g.channel.Organization, Thread: t.ID, Channel: g.channel.ID,
		Direction: domain.Inbound, Kind: domain.KindMessage, Visibility: domain.Private, Attachments: e.Attachment,
		Sender:    domain.Sender{Type: domain.SenderCustomer, ID: string(t.Contact)},
		Details:   domain.MessageDetails{Postback: e.Postback, QuickReply: e.QuickReply, Referral: e.Referral, Omitted: e.Omitted, Mention: e.Mention},
		CreatedAt: g.received, Version: 1}
	if e.Kind == channel.EventEcho {
		label := g.channel.Name
		m.Direction, m.Sender = domain.Outbound, domain.Sender{Type: domain.SenderSystem, Label: &label}
	}
	if id := e.MessageID; id != "" {
		m.PlatformMessageID = &id
	}
	if e.Public {
		m.Visibility, m.Details.Under = domain.Public, e.ReplyTo
	}
	if post := e.Post; post != "" {
		m.Post = &post
	}
	if text := e.Text; text != "" {
		m.Text = &text
	}
	if at := e.At; !at.IsZero() {
		m.PlatformTime = &at
	}
	if at := e.ExpiresAt; !at.IsZero() {
		m = m.Expires(at)
	}
	if quoted := g.known[e.ReplyTo]; quoted != nil && e.ReplyTo != "" && quoted.value.Thread == t.ID { // in public it may be somebody else's
		id := quoted.value.ID
		m.InReplyTo = &id
	}
	return m
}

// learn takes over what the platform tells of a contact.
func (g *gathering) learn(t *held[domain.Thread], e channel.Event) {
	if e.AddressType != "" {
		t.value.AddressType = e.AddressType
	}
	if t.value.Alias != e.Alias && e.Kind == channel.EventMessage {
		t.value.Alias, t.changed = e.Alias, true
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
	c := domain.NewContact(g.channel, address, g.now)
	t := &held[domain.Thread]{fresh: true, changed: true, value: domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: c.Organization, Channel: c.Channel,
		Contact: c.ID, Address: address, Version: 1, CreatedAt: g.now}}
	g.contacts[address], g.threads[address] = c, t
	return t
}

// touch notes that an interaction changes.
func (g *gathering) touch(i *held[domain.Interaction]) *held[domain.Interaction] {
	if !i.changed {
		i.changed = true
		g.touched = append(g.touched, i)
	}
	return i
}

// open gives the thread's open interaction; nil where there is none.
func (g *gathering) open(t *held[domain.Thread]) *held[domain.Interaction] {
	if t.value.Open == nil {
		return nil
	}
	if i, ok := g.interactions[*t.value.Open]; ok && i.value.Open() {
		return g.touch(i)
	}
	return nil
}

// interaction gives the thread's open interaction, a new one where there is none.
func (g *gathering) interaction(t *held[domain.Thread], origin domain.Origin) *held[domain.Interaction] {
	if i := g.open(t); i != nil {
		g.enqueue(i)
		return i
	}
	if t.value.Open != nil {
		if former := g.interactions[*t.value.Open]; former != nil { // it began elsewhere, and ended since
			t.value.Position = max(t.value.Position, former.value.Position)
		}
	}
	value, events := domain.NewInteraction(t.value, g.channel, origin, g.received)
	i := g.touch(&held[domain.Interaction]{value: value, fresh: true, waits: value.State == domain.InteractionQueued})
	g.interactions[value.ID] = i
	t.value.Open, t.value.Last, t.value.Referral, t.changed = &value.ID, &value.ID, nil, true
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
