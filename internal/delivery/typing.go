package delivery

import (
	"context"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Parts is what tells whether an agent may act in an interaction.
type Parts interface {
	Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	Thread(ctx context.Context, org domain.OrganizationID, t domain.ThreadID) (domain.Thread, error)
	LastReceived(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) (string, error)
	Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error)
}

// maxTyping bounds the courtesies on their way. What comes on top is left out.
const maxTyping = 16

// Typing shows the customer that an agent who may reply is typing, or no longer
// is. Nothing is kept of it, and what becomes of the call is not told: a channel
// that has no such sign, or may not be written to now, is left alone.
func (d *Delivery) Typing(ctx context.Context, by domain.Principal, id domain.InteractionID, on bool) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	i, err := d.Store.Interaction(ctx, by.Organization, id)
	if err != nil {
		return err
	}
	if i.CanReply(by.Agent) != nil {
		return d.notHeld(ctx, i, by.Agent)
	}
	private := i.Thread
	if i.Direct != nil {
		private = *i.Direct
	}
	t, err := d.Store.Thread(ctx, by.Organization, private)
	if err != nil {
		return err
	}
	ch, err := d.Store.Channel(ctx, by.Organization, t.Channel)
	if err != nil {
		return err
	}
	typist, can := d.Adapters[ch.Kind].(channel.Typist)
	terms := domain.ReplyTerms{LastInboundAt: t.LastInboundAt, HeldElsewhere: t.HeldElsewhere, Settings: ch.Settings}
	verdict := d.Capabilities[ch.Kind].Judge(terms, domain.Message{Sender: domain.Sender{Type: domain.SenderAgent}}, d.Now())
	if can && verdict.Code == "" && (i.Origin == domain.OriginMessage || t.LastInboundAt != nil) { // nobody types in public
		latest, err := d.Store.LastReceived(ctx, by.Organization, t.ID)
		if err != nil {
			return err
		}
		to := channel.Outbound{ID: domain.NewID[domain.MessageID](), Conversation: i.ID, To: t.Address, AddressType: t.AddressType, ReplyTo: latest,
			Sender: domain.Sender{Type: domain.SenderAgent}, At: d.Now()}
		d.Store.After(ctx, func() { d.courtesy(ctx, func(ctx context.Context) { typist.Typing(ctx, d.account(ch), to, on) }) })
	}
	return nil
}

// notHeld says why this agent may not write, and what they can do instead.
func (d *Delivery) notHeld(ctx context.Context, i domain.Interaction, agent domain.AgentID) error {
	part, err := d.Store.Participant(ctx, i.Organization, i.ID, agent, "")
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return err
	}
	return i.CanReply(agent, part)
}

// Acknowledge tells the platform, where it likes to hear it, that messages of
// customers have arrived. Nothing is kept of it, and what becomes of it is not told.
func (d *Delivery) Acknowledge(ctx context.Context, ch domain.Channel, t domain.Thread, messages []domain.Message) {
	acknowledger, can := d.Adapters[ch.Kind].(channel.Acknowledger)
	if !can {
		return
	}
	for _, m := range messages {
		if m.PlatformMessageID == nil {
			continue
		}
		to := channel.Outbound{ID: m.ID, Conversation: m.Interaction, To: t.Address, AddressType: t.AddressType, At: d.Now()}
		d.courtesy(ctx, func(ctx context.Context) { acknowledger.Acknowledge(ctx, d.account(ch), to, *m.PlatformMessageID) })
	}
}

// courtesy makes a call in the background on which nothing depends, unless too
// many are on their way.
func (d *Delivery) courtesy(ctx context.Context, call func(context.Context)) {
	select {
	case d.typists <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				d.Log.ErrorContext(ctx, "an adapter panicked in a call on which nothing depends")
			}
			<-d.typists
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Limits.Call)
		defer cancel()
		call(ctx)
	}()
}
