package channeltest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
)

// Reading is one question of an adapter that reads posts (see channel.Reader), with
// the platform's documented answer and what it must be read as.
type Reading struct {
	Asked channel.Reference
	Told  string
	Want  channel.Post
}

// Refusal is a documented answer to a question that tells no post, and what the
// adapter must make of it.
type Refusal struct {
	Status int
	Body   string
	Want   channel.Outcome
}

// read checks what every adapter that reads posts has in common. A question changes
// nothing at the platform, so whatever was not answered may be asked again: only a
// refusal that will be the same again is Rejected, and nothing is Accepted that was
// not told.
func (c Case) read(t *testing.T) {
	if _, reads := c.New(nil).(channel.Reader); !reads {
		if len(c.Readings)+len(c.Refusals) > 0 {
			t.Error("the case has readings, and the adapter reads nothing")
		}
		return
	}
	if len(c.Readings) == 0 || len(c.Refusals) == 0 {
		t.Fatal("the adapter reads posts, and the case has no readings or no refusals")
	}
	for _, r := range c.Readings {
		got, result := c.ask(t, r.Asked, func(w http.ResponseWriter) { _, _ = io.WriteString(w, r.Told) })
		if result.Outcome != channel.OutcomeAccepted || !alike(got, r.Want) {
			t.Errorf("%+v is read as %+v (%s), want %+v", r.Asked, got, result.Outcome, r.Want)
		}
	}
	for _, r := range append(everywhere(), c.Refusals...) {
		got, result := c.ask(t, c.Readings[0].Asked, func(w http.ResponseWriter) {
			w.WriteHeader(r.Status)
			_, _ = io.WriteString(w, r.Body)
		})
		if again(result.Outcome) != again(r.Want) || !again(r.Want) && result.Outcome != r.Want || !alike(got, channel.Post{}) {
			t.Errorf("%d %s gives %+v (%s), want %s and no post", r.Status, r.Body, got, result.Outcome, r.Want)
		}
	}
	c.readAway(t)
}

// everywhere are answers that say nothing of the post, on any platform.
func everywhere() []Refusal {
	return []Refusal{
		{http.StatusTooManyRequests, "", channel.OutcomeThrottled},
		{http.StatusInternalServerError, "", channel.OutcomeNotSent},
		{http.StatusBadGateway, "<html>", channel.OutcomeNotSent},
		{http.StatusServiceUnavailable, "{}", channel.OutcomeNotSent},
		{http.StatusOK, "<html>", channel.OutcomeNotSent},
	}
}

// again tells whether the same question may be asked again at once, or in a moment.
func again(o channel.Outcome) bool {
	return o == channel.OutcomeNotSent || o == channel.OutcomeUnknown || o == channel.OutcomeThrottled
}

// readAway checks what is made of no answer at all.
func (c Case) readAway(t *testing.T) {
	_, result := c.ask(t, c.Readings[0].Asked, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
	if !again(result.Outcome) {
		t.Errorf("a dropped answer gives %s", result.Outcome)
	}
	account := c.Account
	account.BaseURL = "https://192.0.2.1"
	if _, result := c.New(Client(t)).(channel.Reader).Read(t.Context(), account, c.Readings[0].Asked); !again(result.Outcome) {
		t.Errorf("another network gives %s", result.Outcome)
	}
}

// ask has the adapter read something of a platform that answers as told, and checks
// that it asked once, and only asked.
func (c Case) ask(t *testing.T, ref channel.Reference, answer func(http.ResponseWriter)) (channel.Post, channel.Result) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Method != http.MethodGet {
			t.Errorf("it asks by %s", r.Method)
		}
		answer(w)
	}))
	t.Cleanup(server.Close)
	account := c.Account
	account.BaseURL = server.URL
	client := Client(t)
	client.Transport.(*http.Transport).DisableKeepAlives = true // an idle connection that is dropped would be asked again
	post, result := c.New(client).(channel.Reader).Read(t.Context(), account, ref)
	if n := calls.Load(); n != 1 {
		t.Errorf("the platform was asked %d times", n)
	}
	return post, result
}

// alike compares two posts; none and no attachments are the same.
func alike(a, b channel.Post) bool {
	if a.Author != b.Author || a.AuthorName != b.AuthorName || a.Text != b.Text || a.Permalink != b.Permalink || !a.At.Equal(b.At) || len(a.Attachments) != len(b.Attachments) {
		return false
	}
	for n := range a.Attachments {
		x, y := a.Attachments[n], b.Attachments[n]
		if x.Type != y.Type || x.URL != y.URL || x.Name != y.Name {
			return false
		}
	}
	return true
}
