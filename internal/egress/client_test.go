package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

func TestClientNeverReachesLoopback(t *testing.T) {
	t.Parallel()
	server := startLoopback(t)
	client := server.client(t, Policy{}, netip.MustParseAddr("127.0.0.1"))
	for host := range oddSpellings() {
		if _, err := fetch(client, "http://"+host+":"+server.port); err == nil {
			t.Errorf("%s was answered", host)
		}
	}
	if n := server.connections.Load(); n != 0 {
		t.Errorf("the wire saw %d connections", n)
	}
}

func TestClientSaysWhyItRefuses(t *testing.T) {
	t.Parallel()
	server := startLoopback(t)
	for _, c := range []struct {
		host     string
		resolved string
		want     error
	}{
		{"127.0.0.1", "127.0.0.1", RefusedPrivate},
		{"localhost", "127.0.0.1", RefusedPrivate},
		{"[::ffff:127.0.0.1]", "127.0.0.1", RefusedPrivate},
		{"innocent.example.com", "127.0.0.1", RefusedPrivate},
		{"innocent.example.com", "10.0.0.1", RefusedPrivate},
		{"innocent.example.com", "169.254.169.254", RefusedReserved},
		{"innocent.example.com", "0.0.0.0", RefusedReserved},
		{"127。0。0。1", "127.0.0.1", RefusedPrivate},
	} {
		client := server.client(t, Policy{}, netip.MustParseAddr(c.resolved))
		if _, err := fetch(client, "http://"+c.host+":"+server.port); !errors.Is(err, c.want) {
			t.Errorf("%s at %s: got %v, want %v", c.host, c.resolved, err, c.want)
		}
	}
	if n := server.connections.Load(); n != 0 {
		t.Errorf("the wire saw %d connections", n)
	}
}

func TestClientJudgesEveryAnswerOfAName(t *testing.T) {
	t.Parallel()
	server := startLoopback(t)
	answers := []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("127.0.0.1")}
	refused := server.client(t, Policy{}, answers...)
	if _, err := fetch(refused, "http://two.example.com:"+server.port); err == nil || server.connections.Load() != 0 {
		t.Errorf("a name with two forbidden addresses was reached: %v", err)
	}
	allowed := server.client(t, Policy{AllowPrivate: true}, answers...)
	if body, err := fetch(allowed, "http://two.example.com:"+server.port); err != nil || body != "reached" {
		t.Errorf("the allowed one of two addresses was not reached: %v", err)
	}
}

func TestClientReachesPrivateNetworksWhenAllowed(t *testing.T) {
	t.Parallel()
	server := startLoopback(t)
	client := Policy{AllowPrivate: true}.Client(time.Minute)
	for range 3 {
		if body, err := fetch(client, server.URL); err != nil || body != "reached" {
			t.Fatalf("got %q, %v", body, err)
		}
	}
	if n := server.connections.Load(); n != 1 {
		t.Errorf("three requests took %d connections", n)
	}
}

func TestClientNeverReachesMetadata(t *testing.T) {
	t.Parallel()
	client := Policy{AllowPrivate: true}.Client(time.Minute)
	for _, host := range []string{"169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "0.0.0.0", "[::]"} {
		if _, err := fetch(client, "http://"+host+"/"); !errors.Is(err, RefusedReserved) {
			t.Errorf("%s: got %v", host, err)
		}
	}
}

func TestClientRefusesPorts(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{
		"1.1.1.1:443":    nil,
		"1.1.1.1:8443":   nil,
		"1.1.1.1:6379":   RefusedPort,
		"10.0.0.1:6379":  RefusedPrivate,
		"[::1]:443":      RefusedPrivate,
		"example.com:1":  RefusedReserved,
		"no address":     RefusedReserved,
		"[fe80::1%a]:80": RefusedReserved,
	} {
		if err := (Policy{}).checkAddress(address); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	response, err := Policy{AllowPrivate: true}.Client(time.Minute).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusFound || asked.Load() != 1 {
		t.Errorf("got status %d after %d requests", response.StatusCode, asked.Load())
	}
}

func TestClientSettings(t *testing.T) {
	t.Parallel()
	client := Policy{}.Client(30 * time.Second)
	transport, ok := client.Transport.(*http.Transport)
	if !ok || transport.Proxy != nil || transport.MaxIdleConnsPerHost != 64 || client.Jar != nil || client.Timeout != 30*time.Second {
		t.Errorf("got %+v", client)
	}
	for timeout, want := range map[time.Duration]time.Duration{
		0:                5 * time.Second,
		-1:               5 * time.Second,
		time.Second:      time.Second,
		10 * time.Second: 5 * time.Second,
	} {
		if got := dialTimeout(timeout); got != want {
			t.Errorf("dial timeout of %v is %v, want %v", timeout, got, want)
		}
	}
}

// loopback is a server that counts who connects to it.
type loopback struct {
	*httptest.Server
	port        string
	connections atomic.Int32
}

func startLoopback(t *testing.T) *loopback {
	t.Helper()
	server := &loopback{}
	server.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "reached")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			server.connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	_, server.port, _ = net.SplitHostPort(server.Listener.Addr().String())
	return server
}

// client is the policy's own client, for which every name resolves to ips.
func (*loopback) client(t *testing.T, policy Policy, ips ...netip.Addr) *http.Client {
	t.Helper()
	names := startNames(t, ips)
	dialer := policy.dialer(time.Minute)
	dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", names)
	}}
	transport := policy.transport(time.Minute)
	transport.DialContext = dialer.DialContext
	t.Cleanup(transport.CloseIdleConnections)
	client := policy.Client(time.Minute)
	client.Transport = transport
	return client
}

func fetch(client *http.Client, address string) (string, error) {
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// startNames is a name server that answers every question for an IPv4 address with ips, to be forgotten at once, and
// returns where it listens.
func startNames(t *testing.T, ips []netip.Addr) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(answer(query[:n], ips), from)
		}
	}()
	return conn.LocalAddr().String()
}

// answer builds a DNS message of the header, the question as it came, and one A record per address.
func answer(query []byte, ips []netip.Addr) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	if isA := question[len(question)-3] == 1; !isA {
		ips = nil
	}
	message := []byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(ips)), 0, 0, 0, 0}
	message = append(message, question...)
	for _, ip := range ips {
		message = append(message, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		message = append(message, ip.AsSlice()...)
	}
	return message
}
