package httpapi

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

func TestLimiterLetsABurstThroughAndThenItsRate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := &limiter{rate: 10, machine: func() time.Time { return now }}
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	allowed := func(token [sha256.Size]byte, tries int) (n int) {
		for range tries {
			if _, ok := l.take(token); ok {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		after time.Duration
		token [sha256.Size]byte
		want  int
	}{
		{0, one, 10}, {0, one, 0}, {0, other, 10},
		{100 * time.Millisecond, one, 1}, {550 * time.Millisecond, one, 5}, {50 * time.Millisecond, one, 1},
		{999 * time.Millisecond, one, 9}, {time.Second, one, 10}, {time.Hour, one, 10},
		{-time.Hour, one, 0}, {100 * time.Millisecond, one, 1}, // the machine's clock was set back
	} {
		now = now.Add(step.after)
		if got := allowed(step.token, 20); got != step.want {
			t.Errorf("%v later %d requests are allowed, not %d", step.after, got, step.want)
		}
	}
}

func TestLimiterForgetsTheSilent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := &limiter{rate: 10, machine: func() time.Time { return now }}
	for n := range 100_000 {
		now = now.Add(time.Millisecond)
		l.take(sha256.Sum256([]byte(fmt.Sprint(n))))
	}
	if kept := len(l.young) + len(l.old); kept > 2000 {
		t.Errorf("%d tokens of 2 seconds are 2,000", kept)
	}
}
