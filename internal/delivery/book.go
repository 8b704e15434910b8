package delivery

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// book is what one transaction of delivery reads and changes: messages, and the
// interactions whose events tell of them. Everything is written once, at the end.
type book struct {
	store        Store
	org          domain.OrganizationID
	messages     map[domain.MessageID]domain.Message
	interactions map[domain.InteractionID]domain.Interaction
	threads      map[domain.ThreadID]domain.Thread
	stirred      map[domain.ThreadID]bool // threads that changed
	channels     map[domain.ChannelID]domain.Channel
	quoted       map[domain.MessageID]domain.Message // the message that each one answers
	files        map[domain.AttachmentID]domain.File
	changed      map[domain.MessageID]bool
	touched      map[domain.InteractionID]bool
	order        []domain.MessageID
	events       []domain.Event
}

// open reads the messages of deliveries and locks, in this order, their threads
// and their interactions.
func (d *Delivery) open(ctx context.Context, org domain.OrganizationID, due []domain.Delivery) (*book, error) {
	threads := make([]domain.ThreadID, len(due))
	for i, item := range due {
		threads[i] = item.Thread
	}
	locked, err := d.Store.LockThreadsByID(ctx, org, threads)
	if err != nil {
		return nil, err
	}
	messages, err := d.Store.MessagesByID(ctx, org, ids(due))
	if err != nil {
		return nil, err
	}
	b := d.newBook(org)
	b.threads = locked
	if err := b.quote(ctx, messages); err != nil {
		return nil, err
	}
	if err := b.attach(ctx, messages); err != nil {
		return nil, err
	}
	return b, b.load(ctx, messages)
}

func (d *Delivery) newBook(org domain.OrganizationID) *book {
	return &book{store: d.Store, org: org, messages: map[domain.MessageID]domain.Message{}, channels: map[domain.ChannelID]domain.Channel{},
		interactions: map[domain.InteractionID]domain.Interaction{}, quoted: map[domain.MessageID]domain.Message{},
		changed: map[domain.MessageID]bool{}, stirred: map[domain.ThreadID]bool{}, touched: map[domain.InteractionID]bool{}}
}

// load takes messages in, and locks their interactions.
func (b *book) load(ctx context.Context, messages map[domain.MessageID]domain.Message) error {
	var missing []domain.InteractionID
	for id, m := range messages {
		b.messages[id] = m
		if _, have := b.interactions[m.Interaction]; !have {
			missing = append(missing, m.Interaction)
		}
	}
	found, err := b.store.LockInteractions(ctx, b.org, missing)
	for id, i := range found {
		b.interactions[id] = i
	}
	return err
}

// attach reads the files that messages carry.
func (b *book) attach(ctx context.Context, messages map[domain.MessageID]domain.Message) (err error) {
	var wanted []domain.AttachmentID
	for _, m := range messages {
		wanted = append(wanted, m.Files()...)
	}
	b.files, err = b.store.FilesByID(ctx, b.org, wanted)
	return err
}

// file gives the file that a message carries; gone is true where it should have
// one and nobody has it any more.
func (b *book) file(m domain.Message) (f *domain.File, gone bool) {
	for _, id := range m.Files() {
		found, there := b.files[id]
		return &found, !there || found.State != domain.FileReady
	}
	return nil, false
}

// quote looks up the messages that are answered.
func (b *book) quote(ctx context.Context, messages map[domain.MessageID]domain.Message) error {
	var wanted []domain.MessageID
	for _, m := range messages {
		if m.InReplyTo != nil {
			wanted = append(wanted, *m.InReplyTo)
		}
	}
	originals, err := b.store.MessagesByID(ctx, b.org, wanted)
	for _, m := range messages {
		if m.InReplyTo == nil {
			continue
		}
		if original, ok := originals[*m.InReplyTo]; ok {
			b.quoted[m.ID] = original
		}
	}
	return err
}

func (b *book) channel(ctx context.Context, id domain.ChannelID) (domain.Channel, error) {
	if ch, ok := b.channels[id]; ok {
		return ch, nil
	}
	ch, err := b.store.Channel(ctx, b.org, id)
	if err == nil {
		b.channels[id] = ch
	}
	return ch, err
}

// terms gives what the platform's rules for answering depend on.
func (b *book) terms(id domain.MessageID, ch domain.Channel) domain.ReplyTerms {
	t := b.threads[b.messages[id].Thread]
	terms := domain.ReplyTerms{LastInboundAt: t.LastInboundAt, HeldElsewhere: t.HeldElsewhere, Settings: ch.Settings}
	if post, answers := b.quoted[id]; answers && post.Visibility == domain.Public && post.Direction == domain.Inbound {
		terms.PostedAt = post.WrittenAt()
	}
	return terms
}

// put takes back a changed message.
func (b *book) put(m domain.Message) {
	b.messages[m.ID] = m
	if !b.changed[m.ID] {
		b.changed[m.ID] = true
		b.order = append(b.order, m.ID)
	}
}

// move brings a message to a status, where its table allows it, and tells of it.
func (b *book) move(id domain.MessageID, next domain.ReplyStatus, now time.Time) bool {
	before := b.messages[id]
	after, moved := before.Become(next)
	if moved {
		b.tell(before, after, now)
	}
	return moved
}

// fail ends a message with a reason, where its table allows it.
func (b *book) fail(id domain.MessageID, code domain.FailureCode, now time.Time) {
	before := b.messages[id]
	if after, moved := before.Fail(code); moved {
		b.tell(before, after, now)
	}
}

// lose notes that another app has the conversation, where a message failed for that.
func (b *book) lose(id domain.MessageID, now time.Time) {
	m := b.messages[id]
	t, known := b.threads[m.Thread]
	if !known || t.HeldElsewhere || m.Failure == nil || m.Failure.Code != domain.FailureHeldElsewhere {
		return
	}
	t.HeldElsewhere = true
	b.threads[t.ID], b.stirred[t.ID] = t, true
	i, event := b.interactions[m.Interaction].Control(true, now)
	b.interactions[i.ID], b.touched[i.ID] = i, true
	b.events = append(b.events, event)
}

func (b *book) tell(before, after domain.Message, now time.Time) {
	i, event := b.interactions[after.Interaction].Tell(before, after, domain.Actor{Type: domain.ActorPlatform}, now)
	b.interactions[i.ID] = i
	b.touched[i.ID] = true
	b.events = append(b.events, event)
	b.put(after)
}

// save writes everything that changed.
func (b *book) save(ctx context.Context) error {
	for _, id := range b.order {
		m := b.messages[id]
		if err := b.store.SaveMessage(ctx, &m); err != nil {
			return err
		}
	}
	for id := range b.stirred {
		t := b.threads[id]
		if err := b.store.SaveThread(ctx, &t); err != nil {
			return err
		}
	}
	for id := range b.touched {
		i := b.interactions[id]
		if err := b.store.SaveInteraction(ctx, &i); err != nil {
			return err
		}
	}
	return b.store.Append(ctx, b.events...)
}
