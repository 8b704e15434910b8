package graph

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
)

// trip follows one request's bytes to the wire. It is the request's body, so
// that it knows whether the transport took any of it, and can refuse it once
// the call was given up: the transport writes in another goroutine.
type trip struct {
	size  int64
	head  atomic.Bool // the head was written
	state atomic.Int32
	rest  *bytes.Reader
}

const (
	unread int32 = iota
	reading
	sealed
)

var errSealed = errors.New("graph: the call was given up")

func newTrip(body []byte) *trip {
	return &trip{size: int64(len(body)), rest: bytes.NewReader(body)}
}

// Read hands the body to the transport, unless it is sealed.
func (t *trip) Read(p []byte) (int, error) {
	if !t.state.CompareAndSwap(unread, reading) && t.state.Load() == sealed {
		return 0, errSealed
	}
	return t.rest.Read(p)
}

// Close has nothing to release.
func (t *trip) Close() error { return nil }

// seal keeps an unread body from ever being written, and tells whether it was unread.
func (t *trip) seal() bool { return t.state.CompareAndSwap(unread, sealed) }

var _ io.ReadCloser = (*trip)(nil)
