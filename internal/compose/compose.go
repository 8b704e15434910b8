// Package compose takes a reply before it is sent: who may write, what the
// channel allows, and the order in which replies go out.
package compose

import (
	"context"
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
	InteractionHead(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.InteractionDetail, error)
	Organization(ctx context.Context, org domain.OrganizationID) (domain.Organization, error)
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
	SentSince(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID, above int64, from time.Time) ([]domain.Message, error)
	AnswersTo(ctx context.Context, org domain.OrganizationID, m domain.MessageID) ([]domain.Message, error)
	LatestPublic(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, from domain.Direction) (domain.Message, bool, error)
	Unanswered(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID, most int) (int, error)
	CannedResponse(ctx context.Context, org domain.OrganizationID, r domain.CannedResponseID) (domain.CannedResponse, error)
	Queue(ctx context.Context, org domain.OrganizationID, q domain.QueueID) (domain.Queue, error)
	SendGroup(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, group string) ([]domain.Message, error)
	FilesByID(ctx context.Context, org domain.OrganizationID, ids []domain.AttachmentID) (map[domain.AttachmentID]domain.File, error)
	SaveFile(ctx context.Context, f *domain.File) error
	DeleteDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) error
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
	Text            string // empty where there are files alone
	Files           []domain.AttachmentID
	Visibility      domain.Visibility // empty for the interaction's default
	InReplyTo       domain.MessageID
	ClientMessageID string
	CannedResponse  domain.CannedResponseID // what is said, or what the text was made of
	Substitutions   map[string]string
	Template        *domain.Template // goes alone
	Strict          bool             // what the platform's rules forbid is refused, and not kept as a failed reply

	assumed bool // the visibility is the interaction's default
}

// Reply queues what an agent wrote: the text, and each file as a reply of its
// own (A14). The same with a client_message_id that the channel has seen before
// gives the replies that it made then, and sends nothing; anything else is refused.
func (c *Composer) Reply(ctx context.Context, by domain.Principal, id domain.InteractionID, d Draft) (replies []domain.Message, err error) {
	if by.Agent == "" {
		return nil, domain.NoAgent()
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := c.Store.LockInteraction(ctx, by.Organization, id)
		if err != nil {
			return err
		}
		at, err := c.place(ctx, i, by)
		if err != nil {
			return err
		}
		if d, err = c.cleaned(ctx, at, d); err != nil {
			return err
		}
		if earlier, err := c.earlier(ctx, i, by.Agent, d); len(earlier) > 0 || err != nil {
			replies = earlier
			return err
		}
		if err := c.mayReply(ctx, i, by.Agent); err != nil {
			return err
		}
		l, refused, err := c.letter(ctx, at, d)
		if err == nil && len(refused) > 0 {
			err = refused[0]
		}
		if err != nil {
			return err
		}
		parts, codes, err := c.judged(ctx, l)
		if err != nil {
			return err
		}
		if err := c.use(ctx, l.files); err != nil {
			return err
		}
		if replies, err = c.post(ctx, i, by.Actor(), d.Strict, codes, parts...); err != nil || d.Text == "" {
			return err
		}
		return c.Store.DeleteDraft(ctx, by.Organization, id, by.Agent) // it is sent now
	})
	return replies, err
}

// post appends replies to their interaction, in order, with the work that follows
// from them. What has a code has failed at once (B09, B11, D13); strict refuses it instead.
func (c *Composer) post(ctx context.Context, i domain.Interaction, actor domain.Actor, strict bool, codes []domain.FailureCode, parts ...domain.Message) ([]domain.Message, error) {
	var events []domain.Event
	var work []domain.Delivery
	for n, m := range parts {
		code := codes[n]
		if code != "" && strict {
			return nil, domain.Forbidden(code)
		}
		var told []domain.Event
		i, m, told = i.Post(m, actor, m.CreatedAt)
		if code != "" {
			var refused domain.Event
			i, m, refused = i.Refuse(m, code, m.CreatedAt)
			told = append(told, refused)
		}
		if m.Open() {
			work = append(work, domain.NewDelivery(m, m.CreatedAt))
		}
		parts[n], events = m, append(events, told...)
	}
	if err := c.Store.SaveInteraction(ctx, &i); err != nil {
		return nil, err
	}
	if err := c.Store.CreateMessages(ctx, parts...); err != nil {
		return nil, err
	}
	if len(work) > 0 {
		if err := c.Store.CreateDeliveries(ctx, work...); err != nil {
			return nil, err
		}
		c.Store.After(ctx, c.Deliver)
	}
	return parts, c.Store.Append(ctx, events...)
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
		if err := c.mayAttach(ctx, i.Organization, len(original.Attachments)); err != nil {
			return err
		}
		if !original.Resendable() {
			return replyConflict("reply.not_resendable", "Only a reply that failed or is unconfirmed can be sent again, and only once.", original)
		}
		at, err := c.place(ctx, i, by)
		if err != nil {
			return err
		}
		if original.Visibility == domain.Public && !at.publisher {
			return domain.Missing(domain.ScopePublicCreate)
		}
		again = original.Again(c.Now())
		if err := c.pointAgain(ctx, &at, original, &again); err != nil {
			return err
		}
		codes := at.judge(again)
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
		posted, err := c.post(ctx, i, by.Actor(), strict, codes, again)
		if err == nil {
			again = posted[0]
		}
		return err
	})
	return again, err
}

// pointAgain aims a reply that is sent again: it may go where the first one could not.
func (c *Composer) pointAgain(ctx context.Context, at *place, original domain.Message, again *domain.Message) error {
	var answers domain.MessageID
	if original.InReplyTo != nil {
		answers = *original.InReplyTo
	}
	err := c.point(ctx, at, original.Visibility, answers)
	again.Thread, again.Channel, again.InReplyTo, again.Post = at.thread, at.channel, at.quoted, at.post
	return err
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
		after.Text, after.Attachments, after.Details = nil, []domain.Attachment{}, domain.MessageDetails{}
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
