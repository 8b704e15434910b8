package httpapi

import (
	"context"
	"sync"
	"time"
)

const (
	// latelyLife is how old what is known of a setting may be: a change reaches every
	// node within five seconds.
	latelyLife = 2 * time.Second
	// latelyWait bounds how long everybody waits while the database is asked.
	latelyWait = 2 * time.Second
)

// lately knows settings that many requests ask for. It asks the database at most
// every two seconds, and only if a request asks. While the database is away it goes
// by what it knew.
type lately[T any] struct {
	load    func(ctx context.Context) (T, error)
	machine func() time.Time

	mu    sync.Mutex
	known T
	until time.Time
}

func (l *lately[T]) get(ctx context.Context) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.machine(); !now.Before(l.until) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), latelyWait)
		defer cancel()
		if known, err := l.load(ctx); err == nil {
			l.known = known
		}
		l.until = now.Add(latelyLife)
	}
	return l.known
}

// forget makes this node ask again.
func (l *lately[T]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Time{}
}
