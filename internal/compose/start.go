package compose

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Openings is what writing first needs of the database.
type Openings interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	ChannelsOfAccounts(ctx context.Context, org domain.OrganizationID, kind domain.ChannelKind, accounts []string) (map[string]domain.Channel, error)
	LockThreads(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]domain.Thread, error)
	CreateThread(ctx context.Context, t domain.Thread, c domain.Contact) error
	SaveThread(ctx context.Context, t *domain.Thread) error
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	CreateInteraction(ctx context.Context, i domain.Interaction) error
	Writing
}

// Writing puts a message on its way.
type Writing interface {
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error
	Append(ctx context.Context, events ...domain.Event) error
}

// Starter writes to customers who have not written, where the channel allows it.
type Starter struct {
	Store        Openings
	Capabilities map[domain.ChannelKind]channel.Capability
	Deliver      func() // wakes delivery
	Now          func() time.Time
}

// Start sends a message that answers none. While the customer's conversation is
// open the message becomes part of it, so that its agent knows; else it has an
// interaction of its own, which is over at once.
func (s *Starter) Start(ctx context.Context, by domain.Principal, o domain.Opening) (m domain.Message, err error) {
	o.Text = domain.MaskCards(o.Text)
	if err := s.check(o); err != nil {
		return m, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.Store.ChannelsOfAccounts(ctx, by.Organization, o.Kind, []string{o.Account})
		if err != nil {
			return err
		}
		ch, known := found[o.Account]
		if !known {
			return &domain.Error{Kind: domain.ErrorMalformed, Code: "channel.integration_unknown", Detail: "There is no Open Messaging integration with this id."}
		}
		if o.Text, err = plain(ch, o.Text); err != nil {
			return err
		}
		m, err = s.write(ctx, by, ch, o)
		return err
	})
	return m, err
}

// plain is a text as the settings of its channel leave it.
func plain(ch domain.Channel, text string) (string, error) {
	text, ok := channel.Plain(ch.Settings, text)
	switch {
	case !ok:
		return text, domain.Invalid("/textBody", "content.emoji_not_supported", "This channel takes plain text only, without emoji.")
	case domain.Blank(text):
		return text, &domain.Error{Kind: domain.ErrorMalformed, Code: "content.empty", Detail: "The text must have a character that can be seen."}
	}
	return text, nil
}

// check holds the opening to what its kind of channel allows.
func (s *Starter) check(o domain.Opening) error {
	allowed := s.Capabilities[o.Kind]
	if !allowed.Starts {
		return domain.Invalid("/toAddressMessengerType", "outbound.not_allowed", "Customers of this kind of channel must write first.")
	}
	if domain.Blank(o.Text) {
		return &domain.Error{Kind: domain.ErrorMalformed, Code: "content.empty", Detail: "The text must have a character that can be seen."}
	}
	if l := allowed.Measure(o.Text); !l.Fits() {
		return domain.Invalid("/textBody", "content.too_long", "The text has %d characters; this channel takes %d.", l.Used, l.Limit)
	}
	return nil
}

func (s *Starter) write(ctx context.Context, by domain.Principal, ch domain.Channel, o domain.Opening) (m domain.Message, err error) {
	now := s.Now()
	t, fresh, err := s.thread(ctx, ch, o, now)
	if err != nil {
		return m, err
	}
	m = domain.Message{ID: domain.NewID[domain.MessageID](), Organization: ch.Organization, Thread: t.ID, Channel: ch.ID, Direction: domain.Outbound,
		Kind: domain.KindMessage, Visibility: domain.Private, Sender: domain.Sender{Type: domain.SenderSystem, Label: &ch.Name}, Text: &o.Text,
		Attachments: []domain.Attachment{}, CreatedAt: now, Status: domain.ReplyQueued, SendGroupID: domain.NewID[string](), Version: 1}
	if t.Open != nil {
		return m, s.join(ctx, by, *t.Open, &m)
	}
	i, m, events := domain.NewOutreach(t, ch, m, by.Actor(), now)
	t.Last, t.Position = &i.ID, i.Position
	if err := s.saveThread(ctx, ch, t, fresh); err != nil {
		return m, err
	}
	if err := s.Store.CreateInteraction(ctx, i); err != nil {
		return m, err
	}
	return m, s.send(ctx, m, events)
}

// join puts the message into the conversation that is open. An agent writes into
// nobody else's.
func (s *Starter) join(ctx context.Context, by domain.Principal, id domain.InteractionID, m *domain.Message) error {
	i, err := s.Store.LockInteraction(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	if by.Agent != "" {
		if err := i.CanReply(by.Agent); err != nil {
			return err
		}
	}
	i, posted, events := i.Post(*m, by.Actor(), m.CreatedAt)
	*m = posted
	if err := s.Store.SaveInteraction(ctx, &i); err != nil {
		return err
	}
	return s.send(ctx, *m, events)
}

func (s *Starter) send(ctx context.Context, m domain.Message, events []domain.Event) error {
	if err := s.Store.CreateMessages(ctx, m); err != nil {
		return err
	}
	if err := s.Store.CreateDeliveries(ctx, domain.NewDelivery(m, m.CreatedAt)); err != nil {
		return err
	}
	s.Store.After(ctx, s.Deliver)
	return s.Store.Append(ctx, events...)
}

// thread gives the customer's thread with the channel, a new one for a stranger.
func (s *Starter) thread(ctx context.Context, ch domain.Channel, o domain.Opening, now time.Time) (t domain.Thread, fresh bool, err error) {
	found, err := s.Store.LockThreads(ctx, ch.Organization, ch.ID, []string{o.Address})
	if err != nil {
		return t, false, err
	}
	if t, known := found[o.Address]; known {
		return t, false, nil
	}
	return domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: ch.Organization, Channel: ch.ID, Contact: domain.NewID[domain.ContactID](),
		Address: o.Address, AddressType: o.AddressType, Version: 1, CreatedAt: now}, true, nil
}

func (s *Starter) saveThread(ctx context.Context, ch domain.Channel, t domain.Thread, fresh bool) error {
	if !fresh {
		return s.Store.SaveThread(ctx, &t)
	}
	c := domain.NewContact(ch, t.Address, t.CreatedAt)
	c.ID = t.Contact
	return s.Store.CreateThread(ctx, t, c)
}
