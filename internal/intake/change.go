package intake

import (
	"slices"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// amend does to a message what the customer did to it, or the account. What is told
// of a message that has not come is kept for it.
func (g *gathering) amend(e channel.Event) {
	if e.Kind == channel.EventUnsent {
		g.erased = append(g.erased, e.MessageID)
	}
	g.follow(e)
	m := g.known[e.MessageID]
	if e.Public && g.idle(m, e) {
		return
	}
	if m == nil || e.Kind == channel.EventUnsent && g.early[e.MessageID] != nil {
		g.remember(e)
	}
	if m == nil {
		return
	}
	i := g.interactions[m.value.Interaction]
	if e.Kind == channel.EventUnsent {
		g.unfiled = append(g.unfiled, m.value.ID)
	}
	after, what, changed := g.change(m.value, e)
	if !changed || i == nil {
		return
	}
	if m.value = after; !m.fresh && !slices.Contains(g.messages, m) {
		g.messages = append(g.messages, m)
	}
	m.changed = true
	var event domain.Event
	i.value, event = g.touch(i).value.Amend(what, after, g.now)
	g.events = append(g.events, event)
}

// idle tells what is done in public that concerns no conversation: signs of people
// other than the customer, and what the account does to its own posts.
func (g *gathering) idle(m *held[domain.Message], e channel.Event) bool {
	switch t := g.threads[e.Contact]; {
	case e.Kind == channel.EventUnsent:
		return false
	case m == nil:
		return e.Kind == channel.EventReaction || e.Contact == ""
	default:
		return e.Kind == channel.EventReaction && (t == nil || t.value.ID != m.value.Thread)
	}
}

// change gives the message after the event, and the event that tells of it.
func (g *gathering) change(m domain.Message, e channel.Event) (after domain.Message, what domain.EventType, changed bool) {
	switch {
	case e.Kind == channel.EventUnsent:
		after, changed = m.Erase(domain.TombstoneUnsent)
		return after, domain.EventMessageUnsent, changed
	case e.Kind == channel.EventEdited:
		after, changed = m.Edit(e.Text, e.Edit, g.received)
		return after, domain.EventMessageEdited, changed
	case e.Kind == channel.EventHidden && e.Removed:
		after, changed = m.Hide(false)
		return after, domain.EventMessageShown, changed
	case e.Kind == channel.EventHidden:
		after, changed = m.Hide(true)
		return after, domain.EventMessageHidden, changed
	case e.Removed:
		after, changed = m.Unreact(domain.SenderCustomer)
		return after, domain.EventReactionRemoved, changed
	}
	after, changed = m.React(g.reaction(e))
	return after, domain.EventReactionAdded, changed
}

func (g *gathering) reaction(e channel.Event) domain.Reaction {
	return domain.Reaction{By: domain.SenderCustomer, Reaction: e.Reaction, Emoji: e.Emoji, At: g.received}
}

// remember keeps what is told of a message until it comes. Of one that was taken
// back nothing else is kept.
func (g *gathering) remember(e channel.Event) {
	early := g.early[e.MessageID]
	if early == nil {
		early = &held[domain.Early]{value: domain.Early{Organization: g.channel.Organization, Channel: g.channel.ID, MessageID: e.MessageID, CreatedAt: g.received}}
		g.early[e.MessageID] = early
	}
	v := &early.value
	early.changed = !v.Unsent
	switch {
	case v.Unsent:
	case e.Kind == channel.EventUnsent:
		v.Unsent, v.EditText, v.EditNumber, v.Reactions, v.Hidden = true, nil, 0, nil, false
	case e.Kind == channel.EventHidden:
		v.Hidden = !e.Removed
	case e.Kind == channel.EventReaction && e.Removed:
		v.Reactions = domain.Unreact(v.Reactions, domain.SenderCustomer)
	case e.Kind == channel.EventReaction:
		v.Reactions = domain.React(v.Reactions, g.reaction(e))
	case e.Edit == 0 || e.Edit > v.EditNumber:
		text := e.Text
		v.EditText, v.EditNumber = &text, max(e.Edit, v.EditNumber+1)
	}
}

// refer notes where the customer came from: at the open interaction, or for the
// next one. To come is not to write: nobody is asked to answer.
func (g *gathering) refer(t *held[domain.Thread], r domain.Referral) {
	i := g.open(t)
	if i == nil {
		t.value.Referral, t.changed = &r, true
		return
	}
	var event domain.Event
	i.value, event = i.value.Refer(r, g.now)
	g.events = append(g.events, event)
}

// control notes which app has the conversation. When it is handed to us and the
// customer wrote to the other app, somebody waits for an answer.
func (g *gathering) control(t *held[domain.Thread], e channel.Event) {
	g.hand(t, e.Elsewhere, e.Owner)
	if !e.Elsewhere {
		g.release(t)
	}
}

// hand notes on a thread who has it.
func (g *gathering) hand(t *held[domain.Thread], elsewhere bool, owner string) {
	if t.value.HeldElsewhere == elsewhere && (owner == "" || t.value.HeldBy == owner) {
		return
	}
	turned := t.value.HeldElsewhere != elsewhere
	t.value.HeldElsewhere, t.value.HeldBy, t.changed = elsewhere, owner, true
	if i := g.open(t); i != nil && turned {
		var event domain.Event
		i.value, event = i.value.Control(elsewhere, g.now)
		g.events = append(g.events, event)
	}
}

// keep lets an event wait until the conversation is handed to us.
func (g *gathering) keep(item parsed) {
	g.kept = append(g.kept, item.InboxEvent)
	g.waiting[item.event.Contact] = append(g.waiting[item.event.Contact], item)
}

// release puts what another app's conversation left into the transcript. The
// customer has waited for us since now; the messages keep their own times.
func (g *gathering) release(t *held[domain.Thread]) {
	left := g.waiting[t.value.Address]
	wrote := slices.ContainsFunc(left, func(p parsed) bool { return p.event.Kind == channel.EventMessage })
	if len(left) == 0 || !wrote && t.value.Open == nil {
		return
	}
	delete(g.waiting, t.value.Address)
	if i := g.interaction(t, domain.OriginMessage); i.fresh {
		g.handOver(i, "", domain.HandoverElsewhere) // who was with another app's bot is not for ours
	}
	now, at := g.received, g.inbox
	for _, item := range left {
		g.kept = slices.DeleteFunc(g.kept, func(e domain.InboxEvent) bool { return e.ID == item.ID })
		g.applied = append(g.applied, item.InboxEvent)
		if g.received, g.inbox = item.ReceivedAt, item.ID; item.event.MessageID == "" || g.known[item.event.MessageID] == nil {
			g.enter(t, item.event)
		}
	}
	g.received, g.inbox = now, at
}
