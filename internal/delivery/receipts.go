package delivery

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Apply joins what a platform reports of a channel's own messages to what is
// known. Reports come late, doubled, and in any order; late proof wins over a
// failure and over an unknown outcome. It runs inside intake's transaction.
func (d *Delivery) Apply(ctx context.Context, ch domain.Channel, events []channel.Event) error {
	r := &receipts{Delivery: d, book: d.newBook(ch.Organization), channel: ch, now: d.Now(), loaded: map[domain.ThreadID]bool{}, bounced: map[domain.MessageID]bool{}}
	if err := r.read(ctx, events); err != nil {
		return err
	}
	for _, e := range events {
		t, known, err := r.meet(ctx, e)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		if err := r.apply(ctx, t, e); err != nil {
			return err
		}
	}
	return r.write(ctx)
}

// receipts is one set of reports with all that it concerns.
type receipts struct {
	*Delivery
	*book
	channel   domain.Channel
	now       time.Time
	byAddress map[string]*domain.Thread
	byThread  map[domain.ThreadID]*domain.Thread // of events that no address leads to
	dirty     []*domain.Thread
	attempts  map[string]domain.Attempt
	byID      map[string]domain.MessageID // by the platform's id
	echoed    map[string]domain.MessageID // by the platform's id of a public echo: our reply that it must be of
	loaded    map[domain.ThreadID]bool
	bounced   map[domain.MessageID]bool // that the platform had taken, and could not deliver
	proven    []domain.MessageID
	foreign   []domain.Message
}

// read locks the threads, and finds the messages that the reports name.
func (r *receipts) read(ctx context.Context, events []channel.Event) error {
	var addresses, ids, tokens []string
	for _, e := range events {
		for _, address := range append(filled(e.Alias), e.Contact) {
			if !slices.Contains(addresses, address) {
				addresses = append(addresses, address)
			}
		}
		ids = slices.Concat(ids, e.MessageIDs, filled(e.MessageID), filled(e.Through))
		if e.Public {
			ids = append(ids, filled(e.ReplyTo)...)
		}
		tokens = append(tokens, filled(e.Token)...)
	}
	threads, err := r.Store.LockThreads(ctx, r.org, r.channel.ID, addresses)
	if err != nil {
		return err
	}
	r.byAddress = map[string]*domain.Thread{}
	byID := map[domain.ThreadID]*domain.Thread{}
	for address, t := range threads {
		if byID[t.ID] == nil {
			byID[t.ID] = &t
		}
		r.byAddress[address] = byID[t.ID]
	}
	if r.attempts, err = r.Store.AttemptsByToken(ctx, r.org, tokens); err != nil {
		return err
	}
	var sent []domain.MessageID
	for _, a := range r.attempts {
		sent = append(sent, a.Message)
	}
	found, err := r.Store.MessagesByID(ctx, r.org, sent)
	if err != nil {
		return err
	}
	named, err := r.Store.MessagesByPlatformID(ctx, r.org, r.channel.ID, ids)
	r.byID = map[string]domain.MessageID{}
	for id, m := range named {
		r.byID[id] = m.ID
		found[m.ID] = m
		// Whose id is known before was taken, unless the id is ours and always known.
		r.bounced[m.ID] = m.Status == domain.ReplyFailed && !r.Capabilities[r.channel.Kind].Retry.Repeats
	}
	if err != nil {
		return err
	}
	if err := r.readUnproven(ctx, events, found); err != nil {
		return err
	}
	if err := r.readNamed(ctx, events, found); err != nil {
		return err
	}
	if err := r.readAgain(ctx, found); err != nil {
		return err
	}
	return r.load(ctx, found)
}

func filled(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (r *receipts) apply(ctx context.Context, t *domain.Thread, e channel.Event) error {
	if e.Kind == channel.EventEcho {
		return r.echo(ctx, t, e)
	}
	r.claim(t, e)
	switch e.Kind {
	case channel.EventDelivered:
		return r.upTo(ctx, t, e, domain.ReplyDelivered, &t.DeliveredUpTo)
	case channel.EventRead:
		if err := r.through(ctx, t, e); err != nil {
			return err
		}
		return r.upTo(ctx, t, e, domain.ReplyRead, &t.ReadUpTo)
	case channel.EventSent:
		r.each(t, e, domain.ReplySent)
	case channel.EventPending:
		r.each(t, e, domain.ReplyPendingRecipient)
	case channel.EventFailed:
		r.failed(t, e)
	}
	return nil
}

// echo proves that the platform has a message of the account's: one of our
// calls, known by its token or id, or one that somebody wrote elsewhere.
func (r *receipts) echo(ctx context.Context, t *domain.Thread, e channel.Event) error {
	id, known := r.byID[e.MessageID]
	attempt, ours := r.attempts[e.Token]
	if ours {
		id, known = attempt.Message, true
	}
	if !known {
		id, known = r.echoed[e.MessageID]
	}
	if !known && !e.Public && r.Capabilities[r.channel.Kind].Untokened {
		var err error
		if id, known, err = r.unproven(ctx, t, e); err != nil {
			return err
		}
	}
	m, found := r.messages[id]
	if !known || !found || m.Thread != t.ID && !ours { // the first private word to a comment comes back in another thread
		return r.elsewhere(ctx, t, e)
	}
	if _, taken := r.byID[e.MessageID]; m.PlatformMessageID == nil && !taken {
		m.PlatformMessageID = &e.MessageID
		r.byID[e.MessageID] = m.ID
		r.put(m)
	}
	if !e.At.IsZero() && m.PlatformTime == nil && m.Status != "" {
		m = r.messages[id]
		m.PlatformTime = &e.At
		r.put(m)
	}
	if m.Doubtful() {
		r.proven = append(r.proven, id)
	}
	r.move(id, domain.ReplySent, r.now)
	if status, early := t.Recall(e.MessageID); early {
		r.move(id, status, r.now)
		r.dirty = append(r.dirty, t)
	}
	return nil
}

// unproven finds the private reply of ours that an echo must be of where no echo of an
// account's carries a token: the first that says the same, and that may be it.
func (r *receipts) unproven(ctx context.Context, t *domain.Thread, e channel.Event) (id domain.MessageID, found bool, err error) {
	if err := r.waiting(ctx, t); err != nil {
		return "", false, err
	}
	for _, m := range r.inOrder(t.ID) {
		if m.Unproven() && m.Visibility == domain.Private && r.says(m, e) {
			return m.ID, true, nil
		}
	}
	return "", false, nil
}

// says tells whether a reply may be what an echo brings: the same text, or a file for
// a file, whose address the platform has changed.
func (r *receipts) says(m domain.Message, e channel.Event) bool {
	if m.Text == nil {
		return e.Text == "" && len(m.Attachments) > 0 && len(e.Attachment) > 0
	}
	return strings.TrimSpace(r.channel.Settings.Spoken(m.Sender, *m.Text)) == strings.TrimSpace(e.Text)
}

// elsewhere adds a message that the account sent without us to the open
// interaction, so that the agent sees the whole conversation.
func (r *receipts) elsewhere(ctx context.Context, t *domain.Thread, e channel.Event) error {
	if _, repeated := r.byID[e.MessageID]; repeated || t.Open == nil {
		return nil
	}
	if _, have := r.interactions[*t.Open]; !have {
		found, err := r.Store.LockInteractions(ctx, r.org, []domain.InteractionID{*t.Open})
		if err != nil || len(found) == 0 {
			return err
		}
		r.interactions[*t.Open] = found[*t.Open]
	}
	i := r.interactions[*t.Open]
	if ours, err := r.tied(ctx, i, e); err != nil || ours || !i.Open() {
		return err
	}
	label, text := r.channel.Name, e.Text
	m := domain.Message{ID: domain.NewID[domain.MessageID](), Organization: r.org, Thread: t.ID, Channel: r.channel.ID,
		Direction: domain.Outbound, Kind: domain.KindMessage, Visibility: domain.Private, Sender: domain.Sender{Type: domain.SenderSystem, Label: &label},
		Text: &text, Attachments: e.Attachment, PlatformMessageID: &e.MessageID, CreatedAt: r.now, Version: 1}
	if !e.At.IsZero() {
		m.PlatformTime = &e.At
	}
	if e.Public {
		m.Visibility, m.Post = domain.Public, &e.Post
		m.Details.Under = e.ReplyTo
		if parent, known := r.byID[e.ReplyTo]; known {
			m.InReplyTo = &parent
		}
	}
	i, m = i.Note(m)
	r.interactions[i.ID], r.touched[i.ID] = i, true
	r.byID[e.MessageID] = m.ID
	r.foreign = append(r.foreign, m)
	return nil
}

// each applies a receipt to the messages that it names.
func (r *receipts) each(t *domain.Thread, e channel.Event, status domain.ReplyStatus) {
	for _, id := range e.MessageIDs {
		r.named(t, id, status)
	}
}

// failed ends the messages that the platform took and could not deliver. What is
// proven to have arrived stays so, and what failed keeps its first reason.
func (r *receipts) failed(t *domain.Thread, e channel.Event) {
	for _, platformID := range e.MessageIDs {
		id, known := r.byID[platformID]
		if !known || r.messages[id].Thread != t.ID {
			continue
		}
		if r.messages[id].Doubtful() {
			r.proven = append(r.proven, id)
		}
		if after, moved := r.messages[id].Bounce(e.Failure); moved {
			r.tell(r.messages[id], after, r.now)
			r.bounced[id] = true
		}
	}
}

// upTo applies a receipt to the messages that it names, and to every message
// that the platform had taken by its watermark.
func (r *receipts) upTo(ctx context.Context, t *domain.Thread, e channel.Event, status domain.ReplyStatus, mark **time.Time) error {
	r.each(t, e, status)
	if e.Watermark.IsZero() || *mark != nil && !e.Watermark.After(**mark) {
		return nil
	}
	*mark = &e.Watermark
	r.dirty = append(r.dirty, t)
	if err := r.waiting(ctx, t); err != nil {
		return err
	}
	for _, m := range r.inOrder(t.ID) {
		if m.Proven() && m.Before(&e.Watermark) {
			r.move(m.ID, status, r.now)
		}
	}
	return nil
}

// through applies a read that names the last message that was seen: the private ones
// before it were seen, too.
func (r *receipts) through(ctx context.Context, t *domain.Thread, e channel.Event) error {
	if e.Through == "" {
		return nil
	}
	r.named(t, e.Through, domain.ReplyRead)
	last, known := r.messages[r.byID[e.Through]]
	if !known || last.Thread != t.ID {
		return nil
	}
	if err := r.waiting(ctx, t); err != nil {
		return err
	}
	for _, m := range r.inOrder(t.ID) {
		if m.Proven() && m.Visibility == domain.Private && m.Position < last.Position {
			r.move(m.ID, domain.ReplyRead, r.now)
		}
	}
	return nil
}

// inOrder gives the messages of a thread that are at hand, the oldest first.
func (r *receipts) inOrder(thread domain.ThreadID) []domain.Message {
	var mine []domain.Message
	for _, m := range r.messages {
		if m.Thread == thread {
			mine = append(mine, m)
		}
	}
	slices.SortFunc(mine, func(a, b domain.Message) int { return cmp.Compare(a.Position, b.Position) })
	return mine
}

// named applies a receipt to one message; a message whose id was not learned yet
// gets it when the platform's answer comes.
func (r *receipts) named(t *domain.Thread, platformID string, status domain.ReplyStatus) {
	id, known := r.byID[platformID]
	if !known {
		if t.Remember(platformID, status) {
			r.dirty = append(r.dirty, t)
		}
		return
	}
	m := r.messages[id]
	if m.Thread != t.ID || m.Status == "" || status == domain.ReplySent && r.bounced[id] {
		return
	}
	if m.Doubtful() {
		r.proven = append(r.proven, id)
	}
	r.move(id, status, r.now)
}

// waiting loads the messages of a thread that a watermark could move.
func (r *receipts) waiting(ctx context.Context, t *domain.Thread) error {
	if r.loaded[t.ID] {
		return nil
	}
	r.loaded[t.ID] = true
	rows, err := r.Store.AwaitingReceipt(ctx, r.org, t.ID)
	fresh := map[domain.MessageID]domain.Message{}
	for _, m := range rows {
		if _, have := r.messages[m.ID]; !have {
			fresh[m.ID] = m
		}
	}
	if err != nil {
		return err
	}
	return r.load(ctx, fresh)
}

func (r *receipts) write(ctx context.Context) error {
	if err := r.Store.DeleteDeliveriesOf(ctx, r.org, r.proven); err != nil {
		return err
	}
	if len(r.proven) > 0 {
		r.Store.After(ctx, r.Wake)
	}
	for i, t := range r.dirty {
		if slices.Contains(r.dirty[:i], t) {
			continue
		}
		if err := r.Store.SaveThread(ctx, t); err != nil {
			return err
		}
	}
	if len(r.foreign) > 0 {
		if err := r.Store.CreateMessages(ctx, r.foreign...); err != nil {
			return err
		}
	}
	return r.save(ctx)
}
