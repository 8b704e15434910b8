package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	maxDial         = 5 * time.Second
	idleConnections = 64
	idleTimeout     = 90 * time.Second
	maxHeaderBytes  = 64 << 10
)

// Client returns an HTTP client that connects only where the policy allows; a request to elsewhere fails before a byte
// leaves, with an error that errors.Is a Refusal. timeout bounds a whole request with its answer's body, and zero
// means no bound.
//
// It follows no redirect, uses no proxy and keeps no cookies: the answer is the one of the address that was asked. The
// caller keeps the client, for its connections, and reads no more of a body than it wants.
func (p Policy) Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     p.transport(dialTimeout(timeout)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (p Policy) transport(dial time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            p.dialer(dial).DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dial,
		MaxIdleConnsPerHost:    idleConnections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// dialer asks the policy about every address just before it is connected to, which is after the name was resolved and
// once for each address that the name has.
func (p Policy) dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout: timeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return p.checkAddress(address)
		},
	}
}

// checkAddress judges an address as the network takes it: an IP address and a port.
func (p Policy) checkAddress(address string) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return RefusedReserved
	}
	if err := p.CheckIP(target.Addr()); err != nil {
		return err
	}
	return p.checkPort(target.Port())
}

func dialTimeout(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return maxDial
	}
	return min(timeout, maxDial)
}
