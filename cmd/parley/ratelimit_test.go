package main

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/config"
)

// TestRateLimit counts the requests of one token; another one goes on.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	p := start(t, template.SQLite(t), func(c *config.Config) { c.Sandbox, c.RateLimit = false, 20 })
	busy, calm := p.admin(), p.admin()
	var refused atomic.Int32
	together(60, func(int) {
		got := busy.do("GET", "/v1/queues", nil)
		if got.header.Get("RateLimit-Policy") != `"token";q=20;w=1` || !strings.HasPrefix(got.header.Get("RateLimit"), `"token";r=`) {
			t.Errorf("the headers are %v", got.header)
		}
		if got.status == 200 {
			return
		}
		refused.Add(1)
		if got.code(429, "rate_limit.exceeded"); got.header.Get("Retry-After") != "1" || got.get("retryable") != "true" || got.header.Get("RateLimit") != `"token";r=0;t=1` {
			t.Errorf("refused with %s %v", got.body, got.header)
		}
	})
	if refused.Load() == 0 {
		t.Error("60 requests at once passed a limit of 20")
	}
	if got := calm.do("GET", "/v1/queues", nil).want(200); got.header.Get("RateLimit") != `"token";r=19;t=1` {
		t.Errorf("another token has %q", got.header.Get("RateLimit"))
	}
	calm.do("GET", "/healthz", nil).want(200)
}

// The sandbox counts and does not refuse; without a limit nothing is counted.
func TestRateLimitIsNotEnforced(t *testing.T) {
	t.Parallel()
	sandbox := start(t, template.SQLite(t), func(c *config.Config) { c.RateLimit = 1 }).admin()
	last := ""
	for range 20 {
		last = sandbox.do("GET", "/v1/queues", nil).want(200).header.Get("RateLimit")
	}
	if last != `"token";r=0;t=1` {
		t.Errorf("RateLimit is %q", last)
	}
	free := start(t, template.SQLite(t), func(c *config.Config) { c.Sandbox, c.RateLimit = false, 0 }).admin()
	if got := free.do("GET", "/v1/queues", nil).want(200); got.header.Get("RateLimit") != "" || got.header.Get("RateLimit-Policy") != "" {
		t.Errorf("the headers are %v", got.header)
	}
}
