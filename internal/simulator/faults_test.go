package simulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults        simulator.Faults
		status        int
		code, subcode int
		retryAfter    string
	}{
		"reject":            {simulator.Faults{Mode: simulator.ModeReject, Code: new(10), Subcode: new(2018278)}, 400, 10, 2018278, ""},
		"reject by default": {simulator.Faults{Mode: simulator.ModeReject, RetryAfterSeconds: new(3)}, 400, 100, 0, ""},
		"server error":      {simulator.Faults{Mode: simulator.ModeServerError}, 500, 1, 0, ""},
		"server error, timed": {
			simulator.Faults{Mode: simulator.ModeServerError, RetryAfterSeconds: new(7)}, 500, 1, 0, "7"},
		"rate limit":        {simulator.Faults{Mode: simulator.ModeRateLimit}, 400, 613, 0, ""},
		"rate limit, timed": {simulator.Faults{Mode: simulator.ModeRateLimit, RetryAfterSeconds: new(0)}, 429, 613, 0, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProduct(t, nil)
			s, _ := play(t, p)
			set(t, s, c.faults)
			answer := post(t, s, text("x"))
			if answer.status != c.status || answer.header.Get("Retry-After") != c.retryAfter || s.Requests(1)[0].Status != c.status {
				t.Errorf("answered %d %v", answer.status, answer.header)
			}
			checkFault(t, answer, "OAuthException", c.code, c.subcode, "")
			end(t, s)
			if len(p.got) != 0 {
				t.Error("a message that was not taken has receipts")
			}
		})
	}
}

func TestBadGateway(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	set(t, s, simulator.Faults{Mode: simulator.ModeBadGateway})
	answer := post(t, s, text("x"))
	if answer.status != 502 || answer.body != nil || !strings.HasPrefix(answer.header.Get("Content-Type"), "text/html") || answer.raw == "" {
		t.Errorf("answered %d %v %s", answer.status, answer.header, answer.raw)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	receipts := everything()
	set(t, s, simulator.Faults{Mode: simulator.ModeReject, Code: new(551), Times: 2, Receipts: receipts})
	for left, want := range []int{400, 400, 200, 200} {
		if got := post(t, s, text("x")); got.status != want {
			t.Errorf("call %d was answered %d", left, got.status)
		}
		if f := s.Faults(); f.Times != max(1-left, 0) || f.Receipts != receipts || (f.Mode == simulator.ModeNone) != (f.Times == 0) {
			t.Errorf("after call %d there is %+v", left, f)
		}
	}
	if got := s.Faults(); !reflect.DeepEqual(got, simulator.Faults{Mode: simulator.ModeNone, Receipts: receipts}) {
		t.Errorf("at the end there is %+v", got)
	}
}

func TestFaultsByDefault(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	want := simulator.Faults{Mode: simulator.ModeNone, Receipts: simulator.Receipts{Echo: true, Delivered: true, Copies: 1}}
	if got := s.Faults(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestSetFaultsRefuses(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	before := s.Faults()
	for _, f := range []simulator.Faults{{}, {Mode: "explode"}, {Mode: simulator.ModeRefuse, Times: 1}} {
		if err := s.SetFaults(t.Context(), f); !domain.IsKind(err, domain.ErrorInvalid) || !reflect.DeepEqual(s.Faults(), before) {
			t.Errorf("%+v: got %v, and there is %+v", f, err, s.Faults())
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	client := plain(t) // keeps the connection of its first call
	try := func() (said, error) { return call(t, client, http.MethodPost, messages(s), token, text("x")) }
	address := s.URL()
	for range 2 {
		if answer, err := try(); err != nil || answer.status != 200 {
			t.Fatalf("answered %d, %v", answer.status, err)
		}
		set(t, s, simulator.Faults{Mode: simulator.ModeRefuse})
		set(t, s, simulator.Faults{Mode: simulator.ModeRefuse})
		client.CloseIdleConnections()
		if _, err := try(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("got %v", err)
		}
		if s.Faults().Mode != simulator.ModeRefuse {
			t.Errorf("there is %+v", s.Faults())
		}
		set(t, s, simulator.Faults{Mode: simulator.ModeNone})
		if s.URL() != address {
			t.Fatalf("listens at %s, was at %s", s.URL(), address)
		}
	}
	if got := len(s.Requests(10)); got != 2 {
		t.Errorf("%d requests came", got)
	}
}

// TestRefuseClosesIdleConnections sees the end of a connection that was used and of one that was not.
func TestRefuseClosesIdleConnections(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	var conns []net.Conn
	for range 2 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns = append(conns, conn)
	}
	_, _ = io.WriteString(conns[0], "GET /used HTTP/1.1\r\nHost: x\r\n\r\n")
	first := make([]byte, 1)
	if _, err := conns[0].Read(first); err != nil {
		t.Fatal(err)
	}
	set(t, s, simulator.Faults{Mode: simulator.ModeRefuse})
	for i, conn := range conns {
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("connection %d: %v", i, err)
		}
	}
}

func TestPortIsTaken(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	set(t, s, simulator.Faults{Mode: simulator.ModeRefuse})
	other, err := new(net.ListenConfig).Listen(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // or it would be tried for two seconds
	if err := s.SetFaults(ctx, simulator.Faults{Mode: simulator.ModeNone}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
	if s.Faults().Mode != simulator.ModeRefuse {
		t.Errorf("there is %+v", s.Faults())
	}
	_ = other.Close()
	set(t, s, simulator.Faults{Mode: simulator.ModeNone})
	sent(t, s, "x")
}

func TestHang(t *testing.T) {
	t.Parallel()
	s, _ := play(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := hang(ctx, t, s)
	sent(t, s, "x") // a second call is answered, so the first had its time
	select {
	case err := <-ended:
		t.Fatalf("the call ended by itself: %v", err)
	default:
	}
	cancel()
	if err := wait(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := s.Requests(10); len(got) != 2 || got[1].Status != 0 || string(got[1].Body) != text("hangs") {
		t.Errorf("remembered %+v", got)
	}
}

// hang makes one call hang, and tells how it ends.
func hang(ctx context.Context, t *testing.T, s *simulator.Simulator) <-chan error {
	t.Helper()
	set(t, s, simulator.Faults{Mode: simulator.ModeHang, Times: 1})
	client := plain(t)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, messages(s), strings.NewReader(text("hangs")))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	until(t, func() bool { return s.Faults().Mode == simulator.ModeNone })
	return ended
}

// until lets others run until something holds.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !holds() {
		if ctx.Err() != nil {
			t.Fatal("it never came about")
		}
		runtime.Gosched()
	}
}

func TestDropAnswer(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		p := newProduct(t, nil)
		s, _ := play(t, p)
		receipts := everything()
		receipts.Early = early
		set(t, s, simulator.Faults{Mode: simulator.ModeDropAnswer, Times: 2, Receipts: receipts})
		for _, body := range []string{text(""), text("x")} {
			if answer, err := call(t, plain(t), http.MethodPost, messages(s), token, body); !errors.Is(err, io.EOF) {
				t.Errorf("got %+v and %v", answer, err)
			}
		}
		for _, want := range []string{"echo", "delivery", "read"} {
			if got := p.next(t); got.kind() != want || want == "echo" && !strings.Contains(string(got.body), `"text":"x"`) {
				t.Errorf("sent %s", got.body)
			}
		}
		if got := s.Requests(10); len(got) != 2 || got[0].Status != 0 || got[1].Status != 0 {
			t.Errorf("remembered %+v", got)
		}
		sent(t, s, "y")
	}
}
