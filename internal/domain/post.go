package domain

import (
	"slices"
	"time"
)

// PostState is how far the reading of a public post has come.
type PostState string

const (
	// PostPending: the platform has not told of it yet.
	PostPending PostState = "pending"
	// PostReady: it is here as the platform told it.
	PostReady PostState = "ready"
	// PostGone: it was removed, or it is not for us to see, or it could not be had for long.
	PostGone PostState = "gone"
)

// Post is something public at a platform that has to be asked for: the post under
// which customers wrote, or a message of theirs of which the webhook did not tell
// all. A comment of a customer's is in the transcript and not kept here: its row is
// the work of asking, and goes with it.
type Post struct {
	ID           PostID
	Organization OrganizationID
	Channel      ChannelID
	PlatformID   string
	Comment      bool   // it is a comment, and no post
	Mention      bool   // it stands somewhere else and names the account
	Under        string // of a comment: the platform's id of its post
	State        PostState
	PostContent

	Interaction *InteractionID // of the message that the answer completes
	Message     *MessageID
	Contact     *ContactID // who wrote that message

	ReadAt     *time.Time
	Due        *time.Time // business time at which to ask; nil where nothing is left to ask
	GiveUpAt   *time.Time // business time; set by the first question that failed
	Tries      int
	LeaseUntil time.Time // machine time
	Version    int64
	CreatedAt  time.Time
}

// PostContent is what a platform tells of a post. Who wrote it may be unknown.
type PostContent struct {
	Author      string // the platform's id
	AuthorName  string
	Text        string
	Permalink   string
	Attachments []Attachment // links: a post's files are not kept
	PostedAt    *time.Time
}

// NewPost begins what is to be asked of a channel's platform.
func NewPost(ch Channel, platformID string, now time.Time) Post {
	return Post{ID: NewID[PostID](), Organization: ch.Organization, Channel: ch.ID, PlatformID: platformID, State: PostPending,
		Due: &now, LeaseUntil: time.UnixMilli(0).UTC(), Version: 1, CreatedAt: now}
}

// Completes has the answer complete a message, too. What is gone is not asked for again.
func (p Post) Completes(m Message, contact ContactID, now time.Time) Post {
	if p.State == PostGone {
		return p
	}
	p.Interaction, p.Message, p.Contact = &m.Interaction, &m.ID, &contact
	return p.Ask(now)
}

// Foretold is a post of which the webhook has told something before it is read.
func (p Post) Foretold(c PostContent) Post {
	if p.State == PostPending {
		p.PostContent = c.or(p.PostContent)
	}
	return p
}

// Read takes what the platform told. What it leaves out stays as it was foretold; of
// what it told before, who wrote it and when.
func (p Post) Read(c PostContent, now time.Time) Post {
	known := p.PostContent
	if p.ReadAt != nil {
		known = PostContent{Author: known.Author, AuthorName: known.AuthorName, PostedAt: known.PostedAt}
	}
	p.PostContent, p.State, p.ReadAt = c.or(known), PostReady, &now
	return p.settled()
}

// Known tells whether anything is known of what a post says.
func (p Post) Known() bool { return p.ReadAt != nil || p.Text != "" || p.AuthorName != "" }

// Stale tells whether a post that somebody looks at is to be read again: not every
// platform tells when one was changed or removed.
func (p Post) Stale(now time.Time) bool {
	return p.State == PostReady && p.Due == nil && p.ReadAt != nil && now.Sub(*p.ReadAt) > postFresh
}

// GiveUp ends a question that the platform did not answer for long. What was read
// before stays.
func (p Post) GiveUp() Post {
	if p.State == PostReady {
		return p.settled()
	}
	p, _ = p.Vanish()
	return p
}

// Vanish takes everything out of a post that is gone (B22).
func (p Post) Vanish() (after Post, changed bool) {
	changed = p.State != PostGone || p.Due != nil
	p.PostContent, p.State = PostContent{}, PostGone
	return p.settled(), changed
}

// Ask has what is not gone read again.
func (p Post) Ask(now time.Time) Post {
	if p.State != PostGone {
		p.Due, p.GiveUpAt, p.Tries = &now, nil, 0
	}
	return p
}

// settled leaves nothing to ask.
func (p Post) settled() Post {
	p.Interaction, p.Message, p.Contact, p.Due, p.GiveUpAt, p.Tries, p.LeaseUntil = nil, nil, nil, nil, nil, 0, time.UnixMilli(0).UTC()
	return p
}

const (
	// postFresh is how long what was read is shown without asking again.
	postFresh = time.Hour
	// postPatience is for how long a platform that does not answer is asked.
	postPatience = 24 * time.Hour
	// firstPostWait and lastPostWait bound the pauses, which double.
	firstPostWait = time.Second
	lastPostWait  = 5 * time.Minute
)

// Again plans the next question after one that was not answered, no sooner than the
// platform asks for; over is true where patience is at its end.
func (p Post) Again(pause time.Duration, now time.Time) (after Post, over bool) {
	if p.GiveUpAt == nil {
		until := now.Add(postPatience)
		p.GiveUpAt = &until
	}
	at := now.Add(max(pause, min(firstPostWait<<min(p.Tries, 10), lastPostWait)))
	p.Due, p.LeaseUntil = &at, time.UnixMilli(0).UTC()
	p.Tries++
	return p, at.After(*p.GiveUpAt)
}

// Await puts the question off until the channel has new credentials, or until a
// time: what others broke is not counted against it.
func (p Post) Await(until time.Time) Post {
	p.Due, p.GiveUpAt, p.Tries, p.LeaseUntil = &until, nil, 0, time.UnixMilli(0).UTC()
	return p
}

// or fills what is missing from what was known before.
func (c PostContent) or(before PostContent) PostContent {
	if c.Author == "" {
		c.Author, c.AuthorName = before.Author, before.AuthorName
	}
	if c.AuthorName == "" && c.Author == before.Author {
		c.AuthorName = before.AuthorName
	}
	if c.Text == "" {
		c.Text = before.Text
	}
	if c.Permalink == "" {
		c.Permalink = before.Permalink
	}
	if len(c.Attachments) == 0 {
		c.Attachments = before.Attachments
	}
	if c.PostedAt == nil {
		c.PostedAt = before.PostedAt
	}
	return c
}

// Shown is what a post came with, without links whose time is over.
func (p Post) Shown(now time.Time) []Attachment {
	return slices.DeleteFunc(slices.Clone(p.Attachments), func(a Attachment) bool { return a.ExpiresAt != nil && !now.Before(*a.ExpiresAt) })
}

// Complete fills in what the webhook did not tell of a message. A message that says
// something already, or of which nothing may be left, stays as it is.
func (m Message) Complete(c PostContent) (after Message, changed bool) {
	if m.Erased != "" {
		return m, false
	}
	if m.Text == nil && c.Text != "" {
		m.Text, changed = &c.Text, true
	}
	if len(m.Attachments) == 0 && len(c.Attachments) > 0 {
		m.Attachments, changed = c.Attachments, true
	}
	if m.PlatformTime == nil && c.PostedAt != nil {
		m.PlatformTime, changed = c.PostedAt, true
	}
	return m, changed
}

// Completed tells that a message says more than it did when it came, because the
// platform was asked.
func (i Interaction) Completed(m Message, now time.Time) (Interaction, Event) {
	e := i.emitFor(EventMessageEdited, string(m.ID), Actor{Type: ActorPlatform}, now, EventData{MessageID: string(m.ID)})
	return i, e
}
