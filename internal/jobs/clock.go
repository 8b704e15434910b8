// Package jobs is time and what happens in it: the clock that the business lives by, and the loops that do what has
// become due.
//
// All work that waits is in the database. A loop is woken by what changed, by its next deadline, or at the latest by
// its poll, and then does everything that is due; a lost wake-up or a restart costs a moment, never a piece of work.
package jobs

import (
	"sync/atomic"
	"time"
)

// precision is that of every business time: the database and the API know milliseconds, and a time that was stored
// must equal the one that was meant.
const precision = time.Millisecond

// Clock tells two times.
//
// Business time, Now, is what customers and agents live by: offers, windows, retries, wrap-up, expiry of media,
// created_at. In a sandbox it can be moved forward, so that a test need not wait a day for a window to close.
// Everything written in business time moves together.
//
// Machine time, Machine, is what computers agree on with each other: expiry of tokens, leases, tolerance of
// signatures, signed URLs, timeouts, rate limits. Nothing moves it. A lease in business time would end the moment a
// sandbox moves its clock, and the same message would be sent twice.
//
// Business time is machine time plus an offset, which is zero outside a sandbox; a clock that was stopped shows the
// moment of that plus the offset. A Clock is safe for concurrent use.
type Clock struct {
	machine, base func() time.Time
	offset        atomic.Int64
}

// NewClock makes a clock with no offset on machine, which is time.Now in a program and a fixed time in a test.
func NewClock(machine func() time.Time) *Clock { return &Clock{machine: machine, base: machine} }

// Stop makes business time stand still: it moves by SetOffset only, so that what is to happen between two moves cannot
// come too late on a slow machine. It is called before the clock is shared.
func (c *Clock) Stop() {
	stopped := c.machine()
	c.base = func() time.Time { return stopped }
}

// Now is business time, in UTC and whole milliseconds.
func (c *Clock) Now() time.Time { return c.base().UTC().Add(c.Offset()).Truncate(precision) }

// Machine is machine time, in UTC.
func (c *Clock) Machine() time.Time { return c.machine().UTC() }

// Offset is what was added to business time.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// SetOffset makes d what is added to business time. It moves forward only: a smaller offset than the present
// one is ignored, so that a late reader of the stored offset cannot turn time back.
func (c *Clock) SetOffset(d time.Duration) {
	for {
		present := c.offset.Load()
		if int64(d) <= present || c.offset.CompareAndSwap(present, int64(d)) {
			return
		}
	}
}
