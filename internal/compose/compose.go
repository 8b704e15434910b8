// Package compose takes a reply before it is sent: who may write, what the
// channel allows, and the order in which replies go out.
package compose

import (
	"context"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Store is what composing needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	Agent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error)
	Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error)
	Append(ctx context.Context, events ...domain.Event) error
	Replies
}

// Replies is where replies are kept.
type Replies interface {
	Message(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error)
	Reply(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error)
	ReplyByClientID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, client string) (domain.Message, bool, error)
	CreateMessages(ctx context.Context, messages ...domain.Message) error
	SaveMessage(ctx context.Context, m *domain.Message) error
	CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error
	ReplyTerms(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) (domain.ReplyTerms, error)
	DeleteDeliveriesOf(ctx context.Context, org domain.OrganizationID, messages []domain.MessageID) error
}

// Composer turns what an agent wrote into replies.
type Composer struct {
	Store        Store
	Capabilities map[domain.ChannelKind]channel.Capability
	Deliver      func() // wakes delivery
	Now          func() time.Time
}

// Draft is what an agent wants to send.
type Draft struct {
	Text            string
	Visibility      domain.Visibility // empty for the interaction's default
	InReplyTo       domain.MessageID
	ClientMessageID string
	Strict          bool // what the platform's rules forbid is refused, and not kept as a failed reply
}

// Reply queues what an agent wrote. The same text with a client_message_id that
// the channel has seen before gives the reply that it made then, and sends
// nothing; another text is refused.
func (c *Composer) Reply(ctx context.Context, by domain.Principal, id domain.InteractionID, d Draft) (replies []domain.Message, err error) {
	if by.Agent == "" {
		return nil, domain.NoAgent()
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := c.Store.LockInteraction(ctx, by.Organization, id)
		if err != nil {
			return err
		}
		if earlier, found, err := c.earlier(ctx, i, d); found || err != nil {
			replies = []domain.Message{earlier}
			return err
		}
		if err := c.mayReply(ctx, i, by.Agent); err != nil {
			return err
		}
		m, err := c.message(ctx, i, by.Agent, d)
		if err != nil {
			return err
		}
		m, err = c.post(ctx, i, m, by.Actor(), d.Strict)
		replies = []domain.Message{m}
		return err
	})
	return replies, err
}

// earlier finds the reply that this client_message_id made before.
func (c *Composer) earlier(ctx context.Context, i domain.Interaction, d Draft) (domain.Message, bool, error) {
	if d.ClientMessageID == "" {
		return domain.Message{}, false, nil
	}
	m, found, err := c.Store.ReplyByClientID(ctx, i.Organization, i.Channel, d.ClientMessageID)
	if found && (m.Interaction != i.ID || m.Text == nil || *m.Text != d.Text) {
		return m, true, domain.Conflict("reply.client_message_id_used", "This client_message_id was used for another reply of the channel. Use a new one for a new reply.")
	}
	return m, found, err
}

// message checks the draft against the channel and makes the reply of it.
func (c *Composer) message(ctx context.Context, i domain.Interaction, agent domain.AgentID, d Draft) (m domain.Message, err error) {
	if err := c.check(i, d); err != nil {
		return m, err
	}
	a, err := c.Store.Agent(ctx, i.Organization, agent)
	if err != nil {
		return m, err
	}
	name := a.PublicName()
	m = domain.Message{ID: domain.NewID[domain.MessageID](), Organization: i.Organization, Interaction: i.ID, Thread: i.Thread, Channel: i.Channel,
		Direction: domain.Outbound, Kind: domain.KindMessage, Visibility: domain.Private, Text: &d.Text, Attachments: []domain.Attachment{},
		Sender:    domain.Sender{Type: domain.SenderAgent, ID: string(agent), DisplayName: &name},
		CreatedAt: c.Now(), Status: domain.ReplyQueued, SendGroupID: domain.NewID[string](), Version: 1}
	if d.ClientMessageID != "" {
		m.ClientMessageID = &d.ClientMessageID
	}
	return m, c.quote(ctx, i, d, &m)
}

func (c *Composer) quote(ctx context.Context, i domain.Interaction, d Draft, m *domain.Message) error {
	if d.InReplyTo == "" {
		return nil
	}
	quoted, err := c.Store.Message(ctx, i.Organization, i.ID, d.InReplyTo)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/in_reply_to", "reply.in_reply_to_unknown", "in_reply_to names no message of this interaction.")
	}
	m.InReplyTo = &quoted.ID
	return err
}

// check holds the draft to what the channel allows.
func (c *Composer) check(i domain.Interaction, d Draft) error {
	allowed := c.Capabilities[i.ChannelKind]
	if strings.TrimSpace(d.Text) == "" {
		return domain.Invalid("/text", "content.empty", "The text must have a character that can be seen.")
	}
	if used := allowed.Length(d.Text); used > allowed.TextLimit {
		return domain.Invalid("/text", "content.too_long",
			"The text has %d characters; this channel takes %d.", used, allowed.TextLimit)
	}
	if d.Visibility == domain.Public {
		return domain.Invalid("/visibility", "content.visibility_not_supported", "This channel has private messages only.")
	}
	return nil
}

// post appends a reply to its interaction, with the work that follows from it.
// What the platform's rules for answering forbid has failed at once (B09, B11).
func (c *Composer) post(ctx context.Context, i domain.Interaction, m domain.Message, actor domain.Actor, strict bool) (domain.Message, error) {
	code, err := c.judge(ctx, i, m, strict)
	if err != nil {
		return m, err
	}
	i, m, events := i.Post(m, actor, m.CreatedAt)
	if code != "" {
		var refused domain.Event
		i, m, refused = i.Refuse(m, code, m.CreatedAt)
		events = append(events, refused)
	}
	if err := c.Store.SaveInteraction(ctx, &i); err != nil {
		return m, err
	}
	if err := c.Store.CreateMessages(ctx, m); err != nil {
		return m, err
	}
	if m.Open() {
		if err := c.Store.CreateDeliveries(ctx, domain.NewDelivery(m, m.CreatedAt)); err != nil {
			return m, err
		}
		c.Store.After(ctx, c.Deliver)
	}
	return m, c.Store.Append(ctx, events...)
}

// judge tells why the platform's rules forbid a reply now; a caller who wants
// that refused gets an error instead.
func (c *Composer) judge(ctx context.Context, i domain.Interaction, m domain.Message, strict bool) (domain.FailureCode, error) {
	terms, err := c.Store.ReplyTerms(ctx, i.Organization, i.Thread)
	if err != nil {
		return "", err
	}
	_, code := c.Capabilities[i.ChannelKind].Judge(terms, m, m.CreatedAt)
	if code != "" && strict {
		return code, domain.Forbidden(code)
	}
	return code, nil
}

// Resend sends a failed or unconfirmed reply once more, as a new reply at the
// end of the transcript. Of concurrent resends one wins. strict is as Draft's.
func (c *Composer) Resend(ctx context.Context, by domain.Principal, id domain.InteractionID, reply domain.MessageID, strict bool) (again domain.Message, err error) {
	if by.Agent == "" {
		return again, domain.NoAgent()
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		i, original, err := c.held(ctx, by, id, reply)
		if err != nil {
			return err
		}
		if !original.Resendable() {
			return replyConflict("reply.not_resendable", "Only a reply that failed or is unconfirmed can be sent again, and only once.", original)
		}
		again = domain.Message{ID: domain.NewID[domain.MessageID](), Organization: i.Organization, Interaction: i.ID, Thread: i.Thread,
			Channel: i.Channel, Direction: domain.Outbound, Kind: domain.KindMessage, Visibility: original.Visibility, Sender: original.Sender,
			Text: original.Text, Attachments: original.Attachments, InReplyTo: original.InReplyTo, CreatedAt: c.Now(),
			Status: domain.ReplyQueued, SendGroupID: domain.NewID[string](), ResendOf: &original.ID, Version: 1}
		original.ResentAs = &again.ID
		// The agent has decided: nothing waits for proof of the original any longer.
		if err := c.Store.DeleteDeliveriesOf(ctx, by.Organization, []domain.MessageID{original.ID}); err != nil {
			return err
		}
		if err := c.Store.SaveMessage(ctx, &original); err != nil {
			return err
		}
		i, resent := i.Resent(original, again, by.Actor(), c.Now())
		if err := c.Store.Append(ctx, resent); err != nil {
			return err
		}
		again, err = c.post(ctx, i, again, by.Actor(), strict)
		return err
	})
	return again, err
}

// Delete takes a failed reply out of the transcript. Deleting it again changes
// nothing; what reached the platform cannot be deleted.
func (c *Composer) Delete(ctx context.Context, by domain.Principal, id domain.InteractionID, reply domain.MessageID) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		i, before, err := c.held(ctx, by, id, reply)
		if err != nil || before.Status == domain.ReplyDeleted {
			return err
		}
		after, moved := before.Become(domain.ReplyDeleted)
		if !moved {
			return replyConflict("message.not_deletable", "Only a failed reply can be deleted.", before)
		}
		after.Text = nil
		i, event := i.Tell(before, after, by.Actor(), c.Now())
		if err := c.Store.SaveMessage(ctx, &after); err != nil {
			return err
		}
		if err := c.Store.SaveInteraction(ctx, &i); err != nil {
			return err
		}
		return c.Store.Append(ctx, event)
	})
}

// held gives a reply of an interaction that the caller holds, under its lock.
func (c *Composer) held(ctx context.Context, by domain.Principal, id domain.InteractionID, reply domain.MessageID) (i domain.Interaction, m domain.Message, err error) {
	if i, err = c.Store.LockInteraction(ctx, by.Organization, id); err != nil {
		return i, m, err
	}
	if m, err = c.Store.Reply(ctx, by.Organization, id, reply); err != nil {
		return i, m, err
	}
	return i, m, c.mayReply(ctx, i, by.Agent)
}

// mayReply refuses an agent who does not hold the interaction, and says what
// they can do instead.
func (c *Composer) mayReply(ctx context.Context, i domain.Interaction, agent domain.AgentID) error {
	if i.CanReply(agent) == nil {
		return nil
	}
	part, err := c.Store.Participant(ctx, i.Organization, i.ID, agent, "")
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return err
	}
	return i.CanReply(agent, part)
}

func replyConflict(code string, detail domain.Sentence, m domain.Message) error {
	return &domain.Error{Kind: domain.ErrorConflict, Code: code, Detail: detail, CurrentState: string(m.Status), AllowedActions: m.Actions()}
}
