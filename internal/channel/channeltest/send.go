package channeltest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
)

// ErrNetwork is what Client answers to a call to anything but loopback.
var ErrNetwork = errors.New("channeltest: the test called a network other than loopback")

// Client is an HTTP client for tests. It refuses names, and addresses other than
// loopback, before a packet leaves.
func Client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: dialLoopback}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, ErrNetwork
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// send checks what every platform's sends have in common.
func (c Case) send(t *testing.T) {
	t.Run("accepted", func(t *testing.T) {
		t.Parallel()
		got := c.sendTo(t, func(w http.ResponseWriter) { _, _ = io.WriteString(w, c.Accepted) })
		if got.Outcome != channel.OutcomeAccepted || got.MessageID == "" {
			t.Errorf("got %+v, want an accepted message with its id", got)
		}
	})
	t.Run("dropped answer", func(t *testing.T) {
		t.Parallel()
		got := c.sendTo(t, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
		if got.Outcome != channel.OutcomeUnknown {
			t.Errorf("got %+v, want unknown", got)
		}
	})
	t.Run("another network", func(t *testing.T) {
		t.Parallel()
		for _, base := range []string{"", "https://192.0.2.1"} {
			account := c.Account
			account.BaseURL = base
			got := c.New(Client(t)).Send(t.Context(), account, message())
			if got.Outcome != channel.OutcomeNotSent {
				t.Errorf("to %q: got %+v, want not sent", base, got)
			}
		}
	})
}

func message() channel.Outbound {
	return channel.Outbound{Token: "token-1", ID: "reply-1", To: "contact-1", Text: "Hello", ReplyTo: "message-1"}
}

// sendTo sends one message to a platform that answers as told, and checks that
// it was called once, without a header that would let Go's client call again.
func (c Case) sendTo(t *testing.T, answer func(http.ResponseWriter)) channel.Result {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != "" {
			t.Error("the call carries an idempotency key")
		}
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w)
	}))
	t.Cleanup(server.Close)
	account := c.Account
	account.BaseURL = server.URL
	got := c.New(Client(t)).Send(t.Context(), account, message())
	if n := calls.Load(); n != 1 {
		t.Errorf("the platform was called %d times", n)
	}
	return got
}
