package simulator_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/simulator"
)

// TestCloseEndsEverything closes a simulator of which everything is under way: a call that hangs, one that waits for
// its early receipts, an idle connection, a webhook that is not answered and one that waits to be repeated. The
// goroutines are told from those of other tests by a label, which a goroutine gives on to those that it starts.
func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	mark := "close-" + t.Name()
	release := make(chan struct{})
	var told atomic.Bool
	p := newProduct(t, func(webhook) int {
		if !told.Swap(true) {
			return 500
		}
		<-release
		return 200
	})
	defer close(release)
	var s *simulator.Simulator
	pprof.Do(t.Context(), pprof.Labels("simulator", mark), func(context.Context) {
		s, _ = play(t, p, func(c *simulator.Config) { c.Retries = []time.Duration{time.Hour} })
	})
	sent(t, s, "is told in an hour")
	p.next(t)
	hanging := hang(t.Context(), t, s)
	waiting := early(t, s)
	if !running(t, mark) {
		t.Fatal("the label does not work")
	}
	end(t, s)
	until(t, func() bool { return !running(t, mark) })
	if wait(t, hanging) == nil {
		t.Error("a call that hung was answered at the end")
	}
	wait(t, waiting) // answered or cut off
	afterwards(t, s)
}

// early makes a call to another person, which waits for its receipts.
func early(t *testing.T, s *simulator.Simulator) <-chan error {
	t.Helper()
	set(t, s, simulator.Faults{Mode: simulator.ModeNone, Receipts: simulator.Receipts{Echo: true, Early: true}})
	client, ended := plain(t), make(chan error, 1)
	go func() {
		_, err := call(t, client, http.MethodPost, messages(s), token, strings.Replace(text("x"), customer, "8", 1))
		ended <- err
	}()
	until(t, func() bool { return len(s.Requests(10)) == 3 })
	return ended
}

// afterwards sees a simulator that was closed refuse everything.
func afterwards(t *testing.T, s *simulator.Simulator) {
	t.Helper()
	if _, err := call(t, plain(t), http.MethodPost, messages(s), token, text("x")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a call got %v", err)
	}
	if err := s.SetFaults(t.Context(), simulator.Faults{Mode: simulator.ModeNone}); err == nil {
		t.Error("a closed simulator was opened again")
	}
	if _, err := s.Inbound(t.Context(), simulator.InboundMessage{AccountID: page, From: simulator.Person{ID: customer}}); err == nil {
		t.Error("a closed simulator sent a webhook")
	}
	end(t, s)
}

// running tells whether a goroutine with the label is there.
func running(t *testing.T, mark string) bool {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(profile.String(), mark)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	s, known := play(t, nil)
	taken := strings.TrimPrefix(s.URL(), "http://")
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "localhost:0", "127.0.0.1", taken} {
		if other, err := simulator.New(simulator.Config{Address: address, Accounts: known, Now: start}); err == nil {
			end(t, other)
			t.Errorf("listens at %s", address)
		}
	}
}
