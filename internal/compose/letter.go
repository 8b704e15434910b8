package compose

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// place is a conversation as a writer meets it: what the platform's rules depend
// on, what its kind of channel allows, and who writes.
type place struct {
	domain.Interaction
	aim
	terms     domain.ReplyTerms
	allowed   channel.Capability
	sender    domain.Sender
	publisher bool // whether the writer may write in public
	now       time.Time
}

// place reads what the rules for a conversation depend on.
func (c *Composer) place(ctx context.Context, i domain.Interaction, by domain.Principal) (at place, err error) {
	at = place{Interaction: i, allowed: c.Capabilities[i.ChannelKind], publisher: by.Has(domain.ScopePublicCreate), now: c.Now()}
	if at.terms, err = c.Store.ReplyTerms(ctx, i.Organization, i.Thread); err != nil {
		return at, err
	}
	a, err := c.Store.Agent(ctx, i.Organization, by.Agent)
	if err != nil {
		return at, err
	}
	name := a.PublicName()
	at.sender = domain.Sender{Type: domain.SenderAgent, ID: string(by.Agent), DisplayName: &name}
	return at, nil
}

// cleaned is a draft as it is kept: without emoji where the channel's settings take
// them out, without card data where its queue does not have it refused, and with its
// visibility (A16).
func (c *Composer) cleaned(ctx context.Context, at place, d Draft) (_ Draft, err error) {
	d.assumed = d.Visibility == ""
	if d.assumed {
		d.Visibility = at.DefaultVisibility()
	}
	if d.Text, err = c.covered(ctx, at.Interaction, at.plain(d.Text)); err == nil && d.Template != nil {
		d.Template, err = c.prepared(ctx, at.Interaction, *d.Template)
	}
	return d, err
}

// plain is a text as the channel's settings leave it.
func (at place) plain(text string) string {
	text, _ = channel.Plain(at.terms.Settings, text)
	return text
}

// judge gives for each of some replies the code with which the platform's rules let
// it fail at once. Each that goes out counts for those behind it.
func (at place) judge(parts ...domain.Message) []domain.FailureCode {
	codes, terms := make([]domain.FailureCode, len(parts)), at.terms
	for n, m := range parts {
		if codes[n] = at.allowed.Judge(terms, m, m.CreatedAt).Code; codes[n] == "" {
			terms.Replies++
		}
	}
	return codes
}

// letter is a draft that was held to its channel, with what it names.
type letter struct {
	place
	Draft
	files  []domain.File
	canned *domain.CannedResponseID
}

// letter checks a draft in every way, and gives every reason to refuse it.
func (c *Composer) letter(ctx context.Context, at place, d Draft) (l letter, refused []*domain.Error, err error) {
	l = letter{place: at, Draft: d}
	checks := []func() error{func() error { return c.point(ctx, &l.place, d.Visibility, d.InReplyTo) }, func() error { return c.say(ctx, &l) },
		l.reach, l.template, l.empty, l.cards, l.long, l.pictures, func() error { return c.file(ctx, &l) }}
	for _, check := range checks {
		var reason *domain.Error
		if err := check(); errors.As(err, &reason) && reason.Kind == domain.ErrorInvalid {
			refused = append(refused, reason)
		} else if err != nil {
			return l, nil, err
		}
	}
	return l, refused, nil
}

// say finds the canned response of a letter, which its queue must offer, and fills it
// where the agent has no text of their own (A10, D14).
func (c *Composer) say(ctx context.Context, l *letter) error {
	switch {
	case l.Substitutions != nil && (l.CannedResponse == "" || l.Text != ""):
		return domain.Invalid("/substitutions", "canned_response.not_said", "substitutions fill a canned response; give its id, and no text.")
	case l.CannedResponse == "":
		return nil
	}
	r, err := c.Store.CannedResponse(ctx, l.Organization, l.CannedResponse)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/canned_response_id", "canned_response.unknown", "There is no such canned response.")
	}
	if err != nil {
		return err
	}
	if err := c.offered(ctx, *l, r); err != nil {
		return err
	}
	if l.Text == "" {
		text, err := r.Fill(l.Substitutions)
		if err != nil {
			return err
		}
		if l.Text, err = c.covered(ctx, l.Interaction, l.plain(text)); err != nil {
			return err
		}
	}
	l.canned = &r.ID
	return nil
}

// offered refuses what the conversation's queue does not offer.
func (c *Composer) offered(ctx context.Context, l letter, r domain.CannedResponse) error {
	if l.Queue == nil {
		return nil
	}
	q, err := c.Store.Queue(ctx, l.Organization, *l.Queue)
	if err == nil && !q.Rules.Libraries.Offers(r.Library) {
		err = domain.Invalid("/canned_response_id", "canned_response.not_offered", "The queue of this conversation does not offer this canned response.")
	}
	return err
}

// reach refuses what the kind of channel does not have: to write first (D04), or to
// write in public (A12).
func (l *letter) reach() error {
	switch {
	case l.Draft.Visibility == domain.Private && !l.allowed.MayWrite(l.terms):
		return domain.Invalid("", "outbound.not_allowed", "Customers of this kind of channel must write first.")
	case l.Draft.Visibility == domain.Public && !l.allowed.Public():
		return domain.Invalid("/visibility", "content.visibility_not_supported", "This channel has private messages only.")
	case l.Draft.Visibility == domain.Public && l.post == nil && l.InReplyTo == "":
		return domain.Invalid("/visibility", "content.visibility_not_supported", "Nothing was said in public here that could be answered in public.")
	case l.Draft.Visibility == domain.Public && l.assumed && !l.publisher:
		return domain.Missing(domain.ScopePublicCreate)
	}
	return nil
}

// empty refuses a reply without a word, unless a file goes; of a canned response that
// cannot be said the reason is given already.
func (l *letter) empty() error {
	if l.CannedResponse != "" && l.canned == nil || l.Template != nil {
		return nil
	}
	if domain.Blank(l.Text) && (l.Text != "" || len(l.Files) == 0) {
		return domain.Invalid("/text", "content.empty", "The text must have a character that can be seen.")
	}
	return nil
}

// long refuses a text that the channel does not take in one message (A09).
func (l *letter) long() error {
	length := l.length()
	if length.Fits() {
		return nil
	}
	refused := domain.Invalid("/text", "content.too_long", "The text has %d characters; this channel takes %d.", length.Used, length.Limit)
	if l.allowed.Counting == channel.CountBytes {
		refused = domain.Invalid("/text", "content.too_long", "The text has %d bytes; this channel takes %d.", length.Used, length.Limit)
	}
	refused.Length = &length
	return refused
}

// length counts the text as the customer reads it.
func (l letter) length() domain.TextLength {
	return l.allowed.Measure(l.terms.Settings.Spoken(l.sender, l.Text))
}

// pictures refuses emoji where the channel's settings do (C16).
func (l *letter) pictures() error {
	if _, ok := channel.Plain(l.terms.Settings, l.Text); !ok {
		return domain.Invalid("/text", "content.emoji_not_supported", "This channel takes plain text only, without emoji.")
	}
	return nil
}

// file finds the files of a letter, in its order, each of which the channel takes.
func (c *Composer) file(ctx context.Context, l *letter) error {
	if len(l.Files) == 0 {
		return nil
	}
	if err := c.mayAttach(ctx, l.Organization, len(l.Files)); err != nil {
		return err
	}
	rule := l.allowed.Files
	if rule.None() || !l.terms.Settings.TakesFiles() {
		return domain.Invalid("/attachment_ids", "content.attachments_not_supported", "This channel takes no attachments.")
	}
	known, err := c.Store.FilesByID(ctx, l.Organization, l.Files)
	if err != nil {
		return err
	}
	l.files = make([]domain.File, len(l.Files))
	for n, id := range l.Files {
		l.files[n] = known[id]
		if err := c.fileFits(l.files[n], rule, "/attachment_ids/"+strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// mayAttach refuses files where the organization has switched them off, also those
// that were uploaded before.
func (c *Composer) mayAttach(ctx context.Context, org domain.OrganizationID, files int) error {
	if files == 0 {
		return nil
	}
	o, err := c.Store.Organization(ctx, org)
	if err == nil && o.Lacks(domain.FeatureAttachments) {
		err = domain.NotEnabled(domain.FeatureAttachments)
	}
	return err
}
