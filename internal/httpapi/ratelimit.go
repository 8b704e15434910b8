package httpapi

import (
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// limiter lets every token make so many requests a second, in machine time, and
// as many at once. Whoever was silent for a second may make all of them again, so
// nothing is kept of them: its memory is bounded by two seconds of requests.
type limiter struct {
	rate     int // 0 for no limit
	enforced bool
	machine  func() time.Time

	mu         sync.Mutex
	turned     time.Time // when young began
	young, old map[[sha256.Size]byte]bucket
}

// bucket is how many requests a token had left at a moment.
type bucket struct {
	left float64
	at   time.Time
}

// limit takes one request from what the token may make, and tells in the answer
// what is left.
func (l *limiter) limit(c echo.Context, token string) error {
	if l.rate == 0 {
		return nil
	}
	left, ok := l.take(sha256.Sum256([]byte(token)))
	whole := math.Ceil((float64(l.rate) - left) / float64(l.rate))
	h := c.Response().Header()
	h.Set("RateLimit-Policy", fmt.Sprintf(`"token";q=%d;w=1`, l.rate))
	h.Set("RateLimit", fmt.Sprintf(`"token";r=%d;t=%d`, int(left), int(whole)))
	if !ok && l.enforced {
		return errTooMany
	}
	return nil
}

// take gives what is left after one request more; ok is false where none was left.
func (l *limiter) take(token [sha256.Size]byte) (left float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, full := l.machine(), float64(l.rate)
	l.turn(now)
	b, known := l.young[token]
	if !known {
		b, known = l.old[token]
	}
	if !known {
		b = bucket{full, now}
	}
	b.left = min(full, b.left+max(0, now.Sub(b.at).Seconds())*full)
	if ok = b.left >= 1; ok {
		b.left--
	}
	b.at = now
	l.young[token] = b
	return b.left, ok
}

// turn drops what is more than a second old.
func (l *limiter) turn(now time.Time) {
	age := now.Sub(l.turned)
	if l.young != nil && age >= 0 && age < time.Second {
		return
	}
	l.old, l.young, l.turned = l.young, map[[sha256.Size]byte]bucket{}, now
}

var errTooMany = &edgeError{http.StatusTooManyRequests, "rate_limit.exceeded", "The token makes more requests than it may. RateLimit says how many are left; wait as long as Retry-After says."}
