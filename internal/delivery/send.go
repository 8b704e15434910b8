package delivery

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Sender is the loop that claims what is due and starts its calls.
type Sender struct{ *Delivery }

// Name names the loop.
func (s Sender) Name() string { return "delivery" }

// RunDue claims due deliveries, the first of each thread, and starts their
// calls. It does not wait for them: their results come to the Finisher.
func (s Sender) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	free := int(maxFlying - s.flying.Load())
	if free > 0 && !s.stopped.Load() {
		var calls []call
		err = s.Store.InTx(ctx, func(ctx context.Context) (err error) {
			calls, ran, err = s.claim(ctx, now, min(free, 16))
			return err
		})
		if err != nil {
			return 0, next, err
		}
		for _, c := range calls {
			s.start(ctx, c)
		}
	}
	next, err = s.Store.NextDelivery(ctx, now)
	return ran, next, err
}

// start makes one call in the background. A node that is told to end lets its
// calls finish.
func (s Sender) start(ctx context.Context, c call) {
	s.flying.Add(1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Limits.Call)
		defer cancel()
		s.results <- result{c, s.send(ctx, c)}
		s.Settle()
	}()
}

// send calls the adapter; a panic in it leaves the outcome unknown.
func (s Sender) send(ctx context.Context, c call) (r channel.Result) {
	defer func() {
		if cause := recover(); cause != nil {
			s.Log.ErrorContext(ctx, "an adapter panicked while sending", "message_id", c.message.ID)
			r = channel.Result{Outcome: channel.OutcomeUnknown}
		}
	}()
	return c.adapter.Send(ctx, c.account, c.outbound)
}

// claim leases due deliveries and writes down that their calls begin.
func (s Sender) claim(ctx context.Context, now time.Time, limit int) (calls []call, ran int, err error) {
	machine := s.Machine()
	due, err := s.Store.ClaimDeliveries(ctx, now, machine, machine.Add(s.Limits.Call+leaseMargin), limit)
	if err != nil || len(due) == 0 {
		return nil, 0, err
	}
	byOrg := map[domain.OrganizationID][]domain.Delivery{}
	for _, d := range due {
		byOrg[d.Organization] = append(byOrg[d.Organization], d)
	}
	for org, set := range byOrg {
		started, err := s.begin(ctx, org, set, now, machine)
		if err != nil {
			return nil, 0, fmt.Errorf("begin: %w", err)
		}
		calls = append(calls, started...)
	}
	return calls, len(due), nil
}

// begin moves the messages of one organization's deliveries on: to sending, or,
// where a call of an earlier life was under way, to unconfirmed.
func (s Sender) begin(ctx context.Context, org domain.OrganizationID, due []domain.Delivery, now, machine time.Time) (calls []call, err error) {
	b, err := s.open(ctx, org, due)
	if err != nil {
		return nil, err
	}
	flying, err := s.Store.InFlight(ctx, org, ids(due))
	if err != nil {
		return nil, err
	}
	for _, d := range due {
		m, known := b.messages[d.Message]
		before, interrupted := flying[d.Message]
		switch {
		case !known || d.Stage == domain.StageProof || !m.Open():
			err = s.Store.DeleteDelivery(ctx, d)
		default:
			var c call
			if c, err = s.next(ctx, b, d, before, interrupted, now, machine); c.adapter != nil {
				calls = append(calls, c)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return calls, b.save(ctx)
}

// next makes a delivery's call ready. One whose node ended before its result was
// written settles first: bytes may have left, so its outcome is unknown, and only
// a receiver that knows a repeated message is called again.
func (s Sender) next(ctx context.Context, b *book, d domain.Delivery, before domain.Attempt, interrupted bool, now, machine time.Time) (call, error) {
	if !interrupted {
		return s.prepare(ctx, b, d, now, machine)
	}
	before.State = domain.AttemptUnknown
	if err := s.Store.SaveAttempt(ctx, before); err != nil {
		return call{}, err
	}
	ch, err := b.channel(ctx, d.Channel)
	if err == nil && s.Capabilities[ch.Kind].Retry.Repeats {
		return s.prepare(ctx, b, d, now, machine)
	}
	return call{}, s.unknown(ctx, b, d, now)
}

// prepare writes down one call that is about to be made.
func (s Sender) prepare(ctx context.Context, b *book, d domain.Delivery, now, machine time.Time) (c call, err error) {
	ch, err := b.channel(ctx, d.Channel)
	adapter := s.Adapters[ch.Kind]
	if domain.IsKind(err, domain.ErrorNotFound) || err == nil && adapter == nil {
		b.fail(d.Message, domain.FailurePlatformRejected, now)
		return c, s.Store.DeleteDelivery(ctx, d)
	}
	if err != nil {
		return c, err
	}
	verdict := s.Capabilities[ch.Kind].Judge(b.terms(d.Message, ch), b.messages[d.Message], now)
	if verdict.Code != "" { // the window closed while it waited
		b.fail(d.Message, verdict.Code, now)
		return c, s.Store.DeleteDelivery(ctx, d)
	}
	file, gone := b.file(b.messages[d.Message])
	if gone {
		b.fail(d.Message, domain.FailureContentRejected, now)
		return c, s.Store.DeleteDelivery(ctx, d)
	}
	b.move(d.Message, domain.ReplySending, now)
	m := b.messages[d.Message]
	m.Attempts++
	m.SentAt = &machine
	if s.Capabilities[ch.Kind].Retry.Repeats && m.PlatformMessageID == nil {
		ours := string(m.ID) // by which the receiver knows it again, and a receipt may name it before the answer
		m.PlatformMessageID = &ours
	}
	if s.Capabilities[ch.Kind].Posts.Flat {
		m.Details.Under = b.under(m)
	}
	b.put(m)
	a := domain.Attempt{ID: domain.NewID[domain.AttemptID](), Organization: d.Organization, Message: m.ID, Number: m.Attempts,
		State: domain.AttemptInFlight, StartedAt: machine}
	if err := s.Store.CreateAttempts(ctx, a); err != nil {
		return c, err
	}
	out := b.outbound(m, a, verdict, now)
	out.Text = ch.Settings.Spoken(m.Sender, out.Text)
	if file != nil {
		out.File = &channel.File{ID: file.ID, Kind: m.Attachments[0].Type, URL: s.Link(*file, m), Name: file.Name, ContentType: file.ContentType, Size: file.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, *file) }}
	}
	return call{delivery: d, message: m, attempt: a, account: s.account(ch), adapter: adapter, outbound: out,
		retry: s.Capabilities[ch.Kind].Retry, doubted: ch.Status == domain.ChannelNeedsReauthorization}, s.Store.SaveDelivery(ctx, d)
}

// aliasLife is how long an address is used that the customer's last message told beside
// their own. Numbers are given to other people in time; WhatsApp itself shows a number
// for thirty days after the last contact (Business-scoped user ids).
const aliasLife = 30 * 24 * time.Hour

// outbound is what an adapter is given of a message.
func (b *book) outbound(m domain.Message, a domain.Attempt, v channel.Verdict, now time.Time) channel.Outbound {
	t, public := b.threads[m.Thread], m.Visibility == domain.Public
	out := channel.Outbound{Token: string(a.ID), ID: m.ID, Conversation: m.Interaction, To: t.Address, AddressType: t.AddressType,
		Sender: m.Sender, At: m.CreatedAt, Human: v.Human, Public: public, FirstWord: v.First, Template: m.Details.Template}
	if quoted := b.quoted[m.ID]; quoted.PlatformMessageID != nil && (quoted.Visibility == domain.Public) == (public || v.First) {
		out.ReplyTo = *quoted.PlatformMessageID // in private nothing public can be quoted, nor the other way round
	}
	if t.LastInboundAt != nil && now.Sub(*t.LastInboundAt) <= aliasLife {
		out.Alias = t.Alias
	}
	if m.Post != nil {
		out.Post = *m.Post
	}
	if public {
		out.Under, out.Mention = m.Details.Under, b.quoted[m.ID].Details.Mention
	}
	if m.Text != nil {
		out.Text = *m.Text
	}
	return out
}

// under gives the platform's id of the comment under which a public reply stands, where
// there are two levels only: the one that is answered, or that under which it stands.
func (b *book) under(m domain.Message) string {
	quoted := b.quoted[m.ID]
	if m.Visibility != domain.Public || quoted.Visibility != domain.Public || quoted.PlatformMessageID == nil {
		return ""
	}
	return cmp.Or(quoted.Details.Under, *quoted.PlatformMessageID)
}

func (d *Delivery) account(ch domain.Channel) channel.Account {
	return channel.AccountOf(ch, d.BaseURL(ch.Kind))
}

func ids(due []domain.Delivery) []domain.MessageID {
	out := make([]domain.MessageID, len(due))
	for i, d := range due {
		out[i] = d.Message
	}
	return out
}
