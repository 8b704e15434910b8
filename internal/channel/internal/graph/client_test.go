package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// deadline is a context whose time runs out when the test says so.
type deadline struct {
	context.Context
	done chan struct{}
	once sync.Once
}

func newDeadline(t *testing.T) *deadline {
	return &deadline{Context: t.Context(), done: make(chan struct{})}
}

func (d *deadline) pass()                 { d.once.Do(func() { close(d.done) }) }
func (d *deadline) Done() <-chan struct{} { return d.done }
func (d *deadline) Err() error {
	select {
	case <-d.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func post(ctx context.Context, client *http.Client, address string) channel.Result {
	return graph.Call(ctx, client, http.MethodPost, address, "token-demo", []byte(`{"message":{"text":"Hello"}}`))
}

// platformOf starts a platform and counts its calls.
func platformOf(t *testing.T, handle http.HandlerFunc) (address string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

func once(t *testing.T, calls *atomic.Int32) {
	t.Helper()
	if n := calls.Load(); n != 1 {
		t.Errorf("the platform was called %d times", n)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	address, calls := platformOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"), " ", r.ContentLength, " ", string(body))
		if want := `POST /v1/x Bearer token-demo application/json 28 {"message":{"text":"Hello"}}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		for name := range r.Header {
			if strings.Contains(name, "Idempotency") {
				t.Errorf("the call carries %s", name)
			}
		}
		_, _ = io.WriteString(w, `{"message_id":"m_1"}`)
	})
	got := post(t.Context(), channeltest.Client(t), address+"/v1/x")
	if want := (channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "m_1", Status: 200}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	once(t, calls)
}

func TestNothingWritten(t *testing.T) {
	t.Parallel()
	past, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	t.Cleanup(cancel)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		ctx     context.Context
		dial    error
		timeout bool
	}{
		"refused":                   {t.Context(), errors.New("connection refused"), false},
		"name not found":            {t.Context(), &net.DNSError{Err: "no such host", IsNotFound: true}, false},
		"name server timeout":       {t.Context(), &net.DNSError{Err: "timeout", IsTimeout: true}, true},
		"deadline gone by":          {past, nil, true},
		"called off before calling": {stopped, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dial := func(context.Context, string, string) (net.Conn, error) { return nil, c.dial }
			client := &http.Client{Transport: &http.Transport{DialContext: dial}}
			want := channel.Result{Outcome: channel.OutcomeNotSent, Timeout: c.timeout}
			if got := post(c.ctx, client, "http://graph.example.test"); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	got := post(t.Context(), channeltest.Client(t), "http://127.0.0.1:1/")
	if want := (channel.Result{Outcome: channel.OutcomeNotSent}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDialHangs(t *testing.T) {
	t.Parallel()
	ctx := newDeadline(t)
	dial := func(inner context.Context, _, _ string) (net.Conn, error) {
		ctx.pass()
		<-inner.Done()
		return nil, inner.Err()
	}
	got := post(ctx, &http.Client{Transport: &http.Transport{DialContext: dial}}, "http://graph.example.test")
	if want := (channel.Result{Outcome: channel.OutcomeNotSent, Timeout: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTLSNotTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the platform was called")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	got := post(t.Context(), channeltest.Client(t), server.URL)
	if want := (channel.Result{Outcome: channel.OutcomeNotSent}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBadAddress(t *testing.T) {
	t.Parallel()
	if got := post(t.Context(), nil, "http://[::1"); got.Outcome != channel.OutcomeNotSent {
		t.Errorf("got %+v", got)
	}
}

func TestDeadlineAfterWriting(t *testing.T) {
	t.Parallel()
	ctx := newDeadline(t)
	address, calls := platformOf(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		ctx.pass()
		<-r.Context().Done()
	})
	if got := post(ctx, channeltest.Client(t), address); got != unknown {
		t.Errorf("got %+v, want unknown", got)
	}
	once(t, calls)
}

func TestDroppedAnswer(t *testing.T) {
	t.Parallel()
	address, calls := platformOf(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	if got := post(t.Context(), channeltest.Client(t), address); got != unknown {
		t.Errorf("got %+v, want unknown", got)
	}
	once(t, calls)
}

// TestDroppedOnAReusedConnection is the case in which Go repeats requests by
// itself: the connection worked before and closes without an answer.
func TestDroppedOnAReusedConnection(t *testing.T) {
	t.Parallel()
	var calls *atomic.Int32
	address, calls := platformOf(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Load() > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"message_id":"m_1"}`)
	})
	client := channeltest.Client(t)
	if got := post(t.Context(), client, address); got.Outcome != channel.OutcomeAccepted {
		t.Fatalf("got %+v, want accepted", got)
	}
	if got := post(t.Context(), client, address); got != unknown {
		t.Errorf("got %+v, want unknown", got)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("the platform was called %d times, want 2", n)
	}
}

func TestBrokenAnswer(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request", "HTTP/1.1 500 Internal Server Error"} {
		t.Run(head, func(t *testing.T) {
			t.Parallel()
			got := spoken(t, head+"\r\nContent-Length: 500\r\n\r\n"+`{"message_id":"m_1"}`)
			if got.Outcome != channel.OutcomeUnknown || got.Status == 0 {
				t.Errorf("got %+v, want unknown with the status", got)
			}
		})
	}
	t.Run("not HTTP", func(t *testing.T) {
		t.Parallel()
		if got := spoken(t, "220 mail.example.test\r\n"); got != unknown {
			t.Errorf("got %+v, want unknown", got)
		}
	})
}

// spoken gives the result of one call to a server that says just these bytes.
func spoken(t *testing.T, answer string) channel.Result {
	t.Helper()
	address, calls := platformOf(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	})
	got := post(t.Context(), channeltest.Client(t), address)
	once(t, calls)
	return got
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		address, calls := platformOf(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/again")
			w.WriteHeader(status)
		})
		if got := post(t.Context(), channeltest.Client(t), address); got.Outcome != channel.OutcomeUnknown || got.Status != status {
			t.Errorf("%d: got %+v", status, got)
		}
		once(t, calls)
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.ProtoMajor != 2 {
			t.Errorf("called by %s", r.Proto)
		}
		if calls.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"message_id":"m_1"}`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	if got := post(t.Context(), server.Client(), server.URL); got.Outcome != channel.OutcomeAccepted {
		t.Errorf("got %+v, want accepted", got)
	}
	if got := post(t.Context(), server.Client(), server.URL); got != unknown || calls.Load() != 2 {
		t.Errorf("got %+v after %d calls, want unknown after 2", got, calls.Load())
	}
}
