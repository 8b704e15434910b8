package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	headTime  = 10 * time.Second // a caller that takes longer to write its head is cut off
	lastPause = time.Second      // the longest pause before the old port is tried again
)

var errClosed = errors.New("simulator: closed")

// door is the listener. It can be shut and opened again at the same address; a shut one refuses connections as a machine
// does on which nothing listens.
type door struct {
	ctx     context.Context // of every request
	handler http.Handler
	address string
	guests  guests

	mu   sync.Mutex
	hall *hall // nil while shut
}

// hall is what is behind an open door.
type hall struct {
	server   *http.Server
	listener net.Listener
	quiet    chan struct{} // closed when nothing more is accepted
}

// newDoor makes an open door.
func newDoor(ctx context.Context, address string, handler http.Handler) (*door, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	d := &door{ctx: ctx, handler: handler, address: listener.Addr().String()}
	d.guests.states = map[net.Conn]http.ConnState{}
	d.hall = d.serve(listener)
	return d, nil
}

// open opens a door that was shut.
func (d *door) open(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return errClosed
	}
	if d.hall != nil {
		return nil
	}
	listener, err := listenAgain(ctx, d.address)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	d.hall = d.serve(listener)
	return nil
}

// listenAgain tries for two seconds: the port may have served another connection of this machine meanwhile.
func listenAgain(ctx context.Context, address string) (net.Listener, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil || wait > lastPause || !pause(ctx, wait) {
			return listener, err
		}
	}
}

func (d *door) serve(listener net.Listener) *hall {
	h := &hall{listener: listener, quiet: make(chan struct{})}
	h.server = &http.Server{
		Handler:           d.handler,
		ReadHeaderTimeout: headTime,
		BaseContext:       func(net.Listener) context.Context { return d.ctx },
		ConnState:         d.guests.track,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(h.quiet)
		_ = h.server.Serve(listener) // ends when the listener is closed, and only then
	}()
	return h
}

// shut refuses connections from now on and closes those on which nothing is being answered; the others are closed
// after their answer.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hall == nil {
		return
	}
	_ = d.hall.listener.Close()
	<-d.hall.quiet
	d.hall.server.SetKeepAlivesEnabled(false)
	d.guests.dismiss(http.StateNew, http.StateIdle)
	d.hall = nil
}

// close shuts the door for good and cuts every connection off.
func (d *door) close() {
	d.shut()
	d.guests.dismiss(http.StateNew, http.StateIdle, http.StateActive)
}

// guests are the connections that were taken.
type guests struct {
	mu      sync.Mutex
	states  map[net.Conn]http.ConnState
	present sync.WaitGroup
}

// track follows a connection from its beginning, which it hears of before its goroutine is started, to its end.
func (g *guests) track(conn net.Conn, state http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(g.states, conn)
		g.present.Done()
		return
	case http.StateNew:
		g.present.Add(1)
	}
	g.states[conn] = state
}

// dismiss closes the connections in one of these states.
func (g *guests) dismiss(states ...http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for conn, state := range g.states {
		if slices.Contains(states, state) {
			_ = conn.Close()
		}
	}
}
