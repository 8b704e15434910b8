package domain_test

import (
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func newPost() domain.Post {
	return domain.NewPost(domain.Channel{ID: "ch", Organization: "org"}, "page_900", at)
}

// What is gone has nothing left, is asked for no more, and stays gone.
func TestB22_APostVanishes(t *testing.T) {
	t.Parallel()
	p := newPost().Foretold(domain.PostContent{Author: "a", AuthorName: "Ana", Text: "Hello"})
	if p = p.Completes(domain.Message{ID: "m", Interaction: "i"}, "c", at); p.Due == nil || p.Message == nil || p.Text != "Hello" {
		t.Fatalf("begins as %+v", p)
	}
	gone, changed := p.Vanish()
	if !changed || gone.State != domain.PostGone || gone.Author+gone.AuthorName+gone.Text != "" || gone.Due != nil || gone.Message != nil || gone.Contact != nil {
		t.Errorf("%+v (changed %v)", gone, changed)
	}
	if _, changed := gone.Vanish(); changed {
		t.Error("it vanishes twice")
	}
	if late := gone.Completes(domain.Message{ID: "m"}, "c", at).Foretold(domain.PostContent{Text: "again"}); late.Due != nil || late.Text != "" {
		t.Errorf("what is gone comes back as %+v", late)
	}
}

// What the platform leaves out stays as the webhook told it; another author's name is not theirs.
func TestAPostIsRead(t *testing.T) {
	t.Parallel()
	told, posted := domain.PostContent{Author: "a", AuthorName: "Ana", Text: "Hello", Permalink: "link"}, at.Add(-time.Hour)
	for name, c := range map[string]struct{ read, want domain.PostContent }{
		"nothing more":   {domain.PostContent{}, told},
		"the same":       {domain.PostContent{Author: "a", PostedAt: &posted}, domain.PostContent{Author: "a", AuthorName: "Ana", Text: "Hello", Permalink: "link", PostedAt: &posted}},
		"another author": {domain.PostContent{Author: "b", Text: "Changed"}, domain.PostContent{Author: "b", Text: "Changed", Permalink: "link"}},
	} {
		got := newPost().Foretold(told).Read(c.read, at)
		if got.State != domain.PostReady || got.Due != nil || got.ReadAt == nil || got.Author != c.want.Author || got.AuthorName != c.want.AuthorName ||
			got.Text != c.want.Text || got.Permalink != c.want.Permalink || got.PostedAt != c.want.PostedAt {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A platform that does not answer is asked after 1, 2, 4 … 300 seconds, for a day; what
// waits for credentials waits for as long as that takes.
func TestAPostIsAskedForAgain(t *testing.T) {
	t.Parallel()
	p, now, over, asked := newPost(), at, false, 0
	for ; !over; asked++ {
		var after domain.Post
		after, over = p.Again(0, now)
		want := min(time.Second<<min(asked, 10), 5*time.Minute)
		if pause := after.Due.Sub(now); pause != want {
			t.Fatalf("after question %d it waits %v, want %v", asked, pause, want)
		}
		p, now = after, *after.Due
	}
	if asked < 290 || now.Sub(at) < 24*time.Hour || now.Sub(at) > 24*time.Hour+5*time.Minute {
		t.Errorf("it was given up after %d questions and %v", asked, now.Sub(at))
	}
	if told, _ := newPost().Again(time.Hour, at); !told.Due.Equal(at.Add(time.Hour)) {
		t.Errorf("a platform that asks for an hour is asked again at %v", told.Due)
	}
	if waits := p.Await(now.Add(time.Hour)); waits.GiveUpAt != nil || waits.Tries != 0 || !waits.Due.Equal(now.Add(time.Hour)) {
		t.Errorf("without credentials it waits as %+v", waits)
	}
}

// The answer completes a message where that says nothing, and nowhere else.
func TestAMessageIsCompleted(t *testing.T) {
	t.Parallel()
	said, c := "mine", domain.PostContent{Text: "told", Attachments: []domain.Attachment{{Type: "image", URL: "https://cdn.example.test/a"}}, PostedAt: &at}
	for name, tc := range map[string]struct {
		before  domain.Message
		text    string
		files   int
		changed bool
	}{
		"empty":  {domain.Message{}, "told", 1, true},
		"spoken": {domain.Message{Text: &said, Attachments: []domain.Attachment{{Type: "video"}}, PlatformTime: &at}, "mine", 1, false},
		"erased": {domain.Message{Erased: domain.TombstoneUnsent}, "", 0, false},
	} {
		m, changed := tc.before.Complete(c)
		text := ""
		if m.Text != nil {
			text = *m.Text
		}
		if changed != tc.changed || text != tc.text || len(m.Attachments) != tc.files {
			t.Errorf("%s: %+v (changed %v)", name, m, changed)
		}
	}
}

// What was read is read again when it is looked at after an hour; what the platform then
// leaves out is gone, but for who wrote it. A platform that is away takes nothing back.
func TestAPostIsReadAgain(t *testing.T) {
	t.Parallel()
	p := newPost().Foretold(domain.PostContent{Author: "a", Text: "told"}).Read(domain.PostContent{Text: "read", Permalink: "link"}, at)
	if p.Stale(at.Add(time.Hour)) || !p.Stale(at.Add(time.Hour+time.Millisecond)) || newPost().Stale(at.Add(24*time.Hour)) {
		t.Error("it is stale too soon, or never")
	}
	asked := p.Ask(at.Add(24 * time.Hour))
	if asked.Stale(at.Add(48 * time.Hour)) {
		t.Error("it is asked for twice")
	}
	if again := asked.Read(domain.PostContent{Permalink: "link"}, at.Add(24*time.Hour)); again.Text != "" || again.Author != "a" {
		t.Errorf("read again it is %+v", again)
	}
	if kept := asked.GiveUp(); kept.State != domain.PostReady || kept.Text != "read" || kept.Due != nil {
		t.Errorf("a platform that is away leaves %+v", kept)
	}
	if gone := newPost().GiveUp(); gone.State != domain.PostGone || gone.Due != nil {
		t.Errorf("what was never read is %+v", gone)
	}
}

// A link is shown until its time is over.
func TestLinksOfAPostExpire(t *testing.T) {
	t.Parallel()
	p := newPost().Read(domain.PostContent{Attachments: []domain.Attachment{{Type: "image", URL: "u", ExpiresAt: &at}, {Type: "image", URL: "v"}}}, at)
	if before, after := p.Shown(at.Add(-time.Millisecond)), p.Shown(at); len(before) != 2 || len(after) != 1 || after[0].URL != "v" {
		t.Errorf("shown are %v, then %v", before, after)
	}
}
