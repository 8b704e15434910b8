package listening_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/listening"
	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/internal/storage"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// platform is an adapter whose platform answers as a test says.
type platform struct {
	channel.Adapter
	mu     sync.Mutex
	asked  []channel.Reference
	answer func(ref channel.Reference) (channel.Post, channel.Result)
}

func (p *platform) Read(_ context.Context, account channel.Account, ref channel.Reference) (channel.Post, channel.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if account.BaseURL != "https://graph.example.test" || account.Credentials["access_token"] != "token" {
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	p.asked = append(p.asked, ref)
	return p.answer(ref)
}

// silent is an adapter that reads nothing.
type silent struct{ channel.Adapter }

// scene is a database with a page, a comment on it, and the loop that reads.
type scene struct {
	*storage.Store
	t           *testing.T
	channel     domain.Channel
	interaction domain.Interaction
	comment     domain.Message
	platform    *platform
	reading     *listening.Reading
	files       int
}

func newScene(t *testing.T) *scene {
	t.Helper()
	key, err := secret.ParseKey(base64.StdEncoding.EncodeToString([]byte("thirty-two bytes that are a key.")))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), secret.NewSealer(key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &scene{Store: store, t: t, platform: &platform{}}
	s.channel = domain.Channel{ID: domain.NewID[domain.ChannelID](), Organization: domain.NewID[domain.OrganizationID](), Name: "page", Kind: domain.ChannelFacebookPage,
		AccountID: "100", Credentials: map[string]string{"access_token": "token"}, Status: domain.ChannelActive, Version: 1, CreatedAt: noon, UpdatedAt: noon}
	contact := domain.NewContact(s.channel, "c1", noon)
	thread := domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: s.channel.Organization, Channel: s.channel.ID, Contact: contact.ID, Address: "c1", Version: 1, CreatedAt: noon}
	i, events := domain.NewInteraction(thread, s.channel, domain.OriginPost, noon)
	m := domain.Message{ID: domain.NewID[domain.MessageID](), Organization: i.Organization, Thread: i.Thread, Channel: s.channel.ID, Direction: domain.Inbound,
		Kind: domain.KindMessage, Visibility: domain.Public, Sender: domain.Sender{Type: domain.SenderCustomer}, Attachments: []domain.Attachment{}, CreatedAt: noon, Version: 1}
	var received domain.Event
	i, m, received = i.Receive(m, noon)
	s.interaction, s.comment = i, m
	s.commit(func(ctx context.Context) error { return store.CreateChannel(ctx, s.channel) })
	s.commit(func(ctx context.Context) error { return store.CreateThread(ctx, thread, contact) })
	s.commit(func(ctx context.Context) error { return store.CreateInteraction(ctx, i) })
	s.commit(func(ctx context.Context) error { return store.CreateMessages(ctx, m) })
	s.commit(func(ctx context.Context) error { return store.Append(ctx, append(events, received)...) })
	s.reading = &listening.Reading{Store: store, Adapters: map[domain.ChannelKind]channel.Adapter{domain.ChannelFacebookPage: s.platform}, Capabilities: channel.Capabilities(),
		BaseURL: func(domain.ChannelKind) string { return "https://graph.example.test" }, Call: time.Second, NewKey: domain.NewID[string], Files: func() { s.files++ }, Erased: func() {},
		Machine: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}
	return s
}

func (s *scene) commit(fn func(context.Context) error) {
	s.t.Helper()
	if err := s.InTx(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// asks leaves a question, and gives its id.
func (s *scene) asks(id string, change ...func(*domain.Post)) domain.PostID {
	s.t.Helper()
	p := domain.NewPost(s.channel, id, noon)
	for _, c := range change {
		c(&p)
	}
	s.commit(func(ctx context.Context) error { return s.CreatePosts(ctx, p) })
	return p.ID
}

// completing makes of a question one for the scene's comment.
func (s *scene) completing(p *domain.Post) {
	p.Comment, p.Under = true, "post"
	*p = p.Completes(s.comment, s.interaction.Contact, noon)
}

// run runs the loop once.
func (s *scene) run(now time.Time) (ran int, next time.Time) {
	s.t.Helper()
	ran, next, err := s.reading.RunDue(s.t.Context(), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return ran, next
}

// post gives what is kept; found is false where nothing is.
func (s *scene) post(id domain.PostID) (p domain.Post, found bool) {
	s.t.Helper()
	p, err := s.Post(s.t.Context(), s.channel.Organization, id)
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		s.t.Fatal(err)
	}
	return p, err == nil
}

// told are the events of the scene's interaction, and of its channel.
func (s *scene) told() (types []domain.EventType) {
	s.t.Helper()
	if _, err := s.SequenceEvents(s.t.Context(), true); err != nil {
		s.t.Fatal(err)
	}
	events, _, err := s.Events(s.t.Context(), s.channel.Organization, domain.EventFilter{}, 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func accepted(p channel.Post) func(channel.Reference) (channel.Post, channel.Result) {
	return func(channel.Reference) (channel.Post, channel.Result) {
		return p, channel.Result{Outcome: channel.OutcomeAccepted}
	}
}

func failing(r channel.Result) func(channel.Reference) (channel.Post, channel.Result) {
	return func(channel.Reference) (channel.Post, channel.Result) { return channel.Post{}, r }
}

// The answer for a comment completes it: its text, its file, the name of who wrote it,
// and one event; the question goes.
func TestACommentIsCompleted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.platform.answer = accepted(channel.Post{Author: "c1", AuthorName: "Ana", Text: "Here it is", Attachments: []domain.Attachment{{Type: "image", URL: "https://cdn.example.test/1.jpg"}}, At: noon})
	id := s.asks("comment", s.completing)
	if ran, _ := s.run(noon); ran != 1 || s.platform.asked[0] != (channel.Reference{ID: "comment", Comment: true, Post: "post"}) {
		t.Fatalf("ran %d, asked %+v", ran, s.platform.asked)
	}
	if _, found := s.post(id); found {
		t.Error("the question is still there")
	}
	m, err := s.Message(t.Context(), s.channel.Organization, s.interaction.ID, s.comment.ID)
	if err != nil || m.Text == nil || *m.Text != "Here it is" || len(m.Files()) != 1 || s.files != 1 {
		t.Errorf("the comment is %+v, %d files (%v)", m, s.files, err)
	}
	c, err := s.Contact(t.Context(), s.channel.Organization, s.interaction.Contact)
	if err != nil || c.DisplayName == nil || *c.DisplayName != "Ana" {
		t.Errorf("the contact is %+v (%v)", c, err)
	}
	if told := s.told(); told[len(told)-1] != domain.EventMessageEdited {
		t.Errorf("told %v", told)
	}
	if ran, next := s.run(noon); ran != 0 || !next.IsZero() {
		t.Errorf("afterwards it ran %d, next %v", ran, next)
	}
}

// What is made of each outcome: the state of the post, and the time of the next question.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	cases := map[string]struct {
		answer func(channel.Reference) (channel.Post, channel.Result)
		state  domain.PostState
		wait   time.Duration // zero where nothing is asked again
	}{
		"told":         {accepted(channel.Post{Text: "t"}), domain.PostReady, 0},
		"gone":         {failing(channel.Result{Outcome: channel.OutcomeRejected}), domain.PostGone, 0},
		"not sent":     {failing(channel.Result{Outcome: channel.OutcomeNotSent}), domain.PostPending, time.Second},
		"unknown":      {failing(channel.Result{Outcome: channel.OutcomeUnknown}), domain.PostPending, time.Second},
		"throttled":    {failing(channel.Result{Outcome: channel.OutcomeThrottled, RetryAfter: time.Minute}), domain.PostPending, time.Minute},
		"unauthorized": {failing(channel.Result{Outcome: channel.OutcomeUnauthorized}), domain.PostPending, time.Hour},
		"again":        {failing(channel.Result{Outcome: channel.OutcomeUnauthorized}), domain.PostPending, time.Hour},
		"panic":        {func(channel.Reference) (channel.Post, channel.Result) { panic("no") }, domain.PostPending, time.Second},
	}
	s.platform.answer = func(ref channel.Reference) (channel.Post, channel.Result) { return cases[ref.ID].answer(ref) }
	ids := map[string]domain.PostID{}
	for name := range cases {
		ids[name] = s.asks(name)
	}
	ran, next := s.run(noon)
	if ran != len(cases) || !next.Equal(noon.Add(time.Second)) {
		t.Errorf("it asked %d questions, and is due %v", ran, next)
	}
	for name, c := range cases {
		p, _ := s.post(ids[name])
		if p.State != c.state || (p.Due != nil) != (c.wait > 0) || c.wait > 0 && !p.Due.Equal(noon.Add(c.wait)) {
			t.Errorf("%s: it is %s, due %v", name, p.State, p.Due)
		}
	}
	ch, err := s.Channel(t.Context(), s.channel.Organization, s.channel.ID)
	told := slices.DeleteFunc(s.told(), func(e domain.EventType) bool { return e != domain.EventChannelReauthorizeNeeded })
	if err != nil || ch.Status != domain.ChannelNeedsReauthorization || len(told) != 1 {
		t.Errorf("the channel is %s, told %v (%v)", ch.Status, told, err)
	}
	if ran, _ := s.run(noon); ran != 0 {
		t.Errorf("at the same time it ran %d more", ran)
	}
}

// A platform that is away for a day is given up; the comment that waits stays as it came.
func TestADayIsEnough(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.platform.answer = failing(channel.Result{Outcome: channel.OutcomeNotSent, Status: 503})
	late := func(p *domain.Post) { // it has been asked since yesterday
		until := noon.Add(5 * time.Second)
		p.GiveUpAt = &until
	}
	post, comment := s.asks("post", late), s.asks("comment", s.completing, late)
	rounds := 0
	for _, next := s.run(noon); !next.IsZero() && rounds < 10; rounds++ {
		_, next = s.run(next)
	}
	if rounds != 2 { // at 1 and 3 seconds; the next would be too late
		t.Errorf("it was asked %d times more", rounds)
	}
	if p, _ := s.post(post); p.State != domain.PostGone || p.Due != nil {
		t.Errorf("the post is %+v", p)
	}
	if _, found := s.post(comment); found {
		t.Error("the comment is still to be asked for")
	}
	if told := s.told(); slices.Contains(told, domain.EventMessageEdited) {
		t.Errorf("told %v", told)
	}
}

// What changed while the platform thought is left alone: it was removed, or its writer erased.
func TestALateAnswer(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.asks("post")
	s.platform.answer = func(channel.Reference) (channel.Post, channel.Result) {
		p, _ := s.post(id)
		p, _ = p.Vanish()
		s.commit(func(ctx context.Context) error { return s.SavePost(ctx, &p) })
		return channel.Post{Text: "late"}, channel.Result{Outcome: channel.OutcomeAccepted}
	}
	s.run(noon)
	if p, _ := s.post(id); p.State != domain.PostGone || p.Text != "" {
		t.Errorf("it is %+v", p)
	}
}

// Where nobody can be asked, what the webhook told is all.
func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.reading.Adapters = map[domain.ChannelKind]channel.Adapter{domain.ChannelFacebookPage: silent{}}
	told := s.asks("told", func(p *domain.Post) { *p = p.Foretold(domain.PostContent{Text: "Hello"}) })
	bare := s.asks("bare")
	orphan := s.asks("orphan", func(p *domain.Post) { p.Channel = domain.NewID[domain.ChannelID]() })
	s.run(noon)
	for id, want := range map[domain.PostID]domain.PostState{told: domain.PostReady, bare: domain.PostGone, orphan: domain.PostGone} {
		if p, _ := s.post(id); p.State != want || p.Due != nil {
			t.Errorf("%s is %s, want %s", p.PlatformID, p.State, want)
		}
	}
}
