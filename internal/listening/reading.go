// Package listening learns what is public at a platform and what no webhook tells:
// the posts under which customers write, and comments of which only the id came. What
// comes in never waits for it: intake leaves the question behind, and the answer
// completes what is there.
package listening

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Store is what reading needs of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Append(ctx context.Context, events ...domain.Event) error
	Channel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	LockChannel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error)
	SaveChannel(ctx context.Context, c *domain.Channel) error
	GoneAddresses(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, addresses []string) (map[string]time.Time, error)
	Posts
	Transcript
}

// Posts is where it is written down what is to be asked, and what was told.
type Posts interface {
	ClaimPosts(ctx context.Context, now, machine time.Time, limit int) ([]domain.Post, error)
	NextPost(ctx context.Context, now time.Time) (time.Time, error)
	Post(ctx context.Context, org domain.OrganizationID, post domain.PostID) (domain.Post, error)
	SavePost(ctx context.Context, p *domain.Post) error
	DeletePost(ctx context.Context, p domain.Post) error
	CreateErasure(ctx context.Context, org domain.OrganizationID, now time.Time) error
}

// Transcript is where a message stands of which the webhook did not tell all.
type Transcript interface {
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	Message(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error)
	SaveMessage(ctx context.Context, m *domain.Message) error
	CreateFiles(ctx context.Context, files ...domain.File) error
	NameContact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID, name string) error
}

// Reading is the loop that asks platforms for posts.
type Reading struct {
	Store        Store
	Adapters     map[domain.ChannelKind]channel.Adapter
	Capabilities map[domain.ChannelKind]channel.Capability
	BaseURL      func(domain.ChannelKind) string // where a channel without api_base_url asks; empty for the platform
	Call         time.Duration                   // machine time for one question
	NewKey       func() string                   // a name for a file's bytes that nobody can guess
	Files        func()                          // files came
	Erased       func()                          // something was erased, and its traces are to go
	Machine      func() time.Time
	Log          *slog.Logger
}

const (
	// batch is how many questions one run asks, all at once.
	batch = 16
	// leaseMargin is how long a lease outlives the question, so that the answer can be
	// written down.
	leaseMargin = 15 * time.Second
	// recheck is how long a channel without valid credentials is left alone, unless they
	// are renewed before.
	recheck = time.Hour
)

// Name names the loop.
func (l *Reading) Name() string { return "posts" }

// RunDue asks for what is due, and waits for the answers. No transaction is open
// while a platform thinks.
func (l *Reading) RunDue(ctx context.Context, now time.Time) (ran int, next time.Time, err error) {
	var due []domain.Post
	err = l.Store.InTx(ctx, func(ctx context.Context) (err error) {
		due, err = l.claim(ctx, now)
		return err
	})
	if err != nil {
		return 0, next, err
	}
	var group sync.WaitGroup
	failures := make([]error, len(due))
	for n, p := range due {
		group.Go(func() { failures[n] = l.read(ctx, p, now) })
	}
	group.Wait()
	for _, failure := range failures {
		if failure != nil {
			return len(due), next, failure
		}
	}
	next, err = l.Store.NextPost(ctx, now)
	return len(due), next, err
}

// claim takes posts for this node. Should the node end, the lease does too.
func (l *Reading) claim(ctx context.Context, now time.Time) ([]domain.Post, error) {
	machine := l.Machine()
	due, err := l.Store.ClaimPosts(ctx, now, machine, batch)
	if err != nil {
		return nil, err
	}
	for n := range due {
		due[n].LeaseUntil = machine.Add(l.Call + leaseMargin)
		if err := l.Store.SavePost(ctx, &due[n]); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// read asks for one post and writes down what came of it.
func (l *Reading) read(ctx context.Context, p domain.Post, now time.Time) error {
	content, result, err := l.ask(ctx, p)
	if err != nil {
		return err
	}
	record := context.WithoutCancel(ctx)
	return l.Store.InTx(record, func(ctx context.Context) error { return l.write(ctx, p, content, result, now) })
}

// ask puts the question to the platform. A channel that is no more has nobody to ask;
// where a platform answers no such questions, what its webhook told is all.
func (l *Reading) ask(ctx context.Context, p domain.Post) (domain.PostContent, channel.Result, error) {
	ch, err := l.Store.Channel(ctx, p.Organization, p.Channel)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.PostContent{}, channel.Result{Outcome: channel.OutcomeRejected}, nil
	}
	if err != nil {
		return domain.PostContent{}, channel.Result{}, err
	}
	reader, reads := l.Adapters[ch.Kind].(channel.Reader)
	switch {
	case !reads && p.Text == "":
		return domain.PostContent{}, channel.Result{Outcome: channel.OutcomeRejected}, nil
	case !reads:
		return domain.PostContent{}, channel.Result{Outcome: channel.OutcomeAccepted}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.Call)
	defer cancel()
	post, result := l.call(ctx, reader, channel.AccountOf(ch, l.BaseURL(ch.Kind)), p)
	return contentOf(post.Masked()), result, nil
}

// call asks the adapter; a panic in it is no answer.
func (l *Reading) call(ctx context.Context, reader channel.Reader, account channel.Account, p domain.Post) (post channel.Post, result channel.Result) {
	defer func() {
		if cause := recover(); cause != nil {
			l.Log.ErrorContext(ctx, "an adapter panicked while reading", "post_id", p.ID)
			post, result = channel.Post{}, channel.Result{Outcome: channel.OutcomeUnknown}
		}
	}()
	return reader.Read(ctx, account, channel.Reference{ID: p.PlatformID, Comment: p.Comment, Mention: p.Mention, Post: p.Under})
}

func contentOf(p channel.Post) domain.PostContent {
	c := domain.PostContent{Author: p.Author, AuthorName: p.AuthorName, Text: p.Text, Permalink: p.Permalink, Attachments: p.Attachments}
	if at := p.At; !at.IsZero() {
		c.PostedAt = &at
	}
	return c
}
