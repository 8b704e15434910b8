package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
)

// What browsers let pages send and see besides what is always allowed.
const (
	corsRequest = "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, Last-Event-ID, Request-Id"
	corsExposed = "ETag, Location, Event-Cursor, Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, Original-Request-Id, Content-Language"
	corsMaxAge  = "600" // seconds that a browser may keep the answer to OPTIONS
)

// cors tells browsers which pages may read an answer: before the token is known,
// those that anybody allows. Never all of them, and never with cookies.
func (s *Server) cors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h, origin := c.Response().Header(), c.Request().Header.Get(echo.HeaderOrigin)
		h.Add(echo.HeaderVary, echo.HeaderOrigin)
		if origin == "" || !s.origins.allow(c.Request().Context(), origin, nil) {
			return next(c)
		}
		h.Set(echo.HeaderAccessControlAllowOrigin, origin)
		allow, known := c.Get(echo.ContextKeyHeaderAllow).(string)
		if c.Request().Method != http.MethodOptions || !known || c.Request().Header.Get(echo.HeaderAccessControlRequestMethod) == "" {
			h.Set(echo.HeaderAccessControlExposeHeaders, corsExposed)
			return next(c)
		}
		h.Add(echo.HeaderVary, echo.HeaderAccessControlRequestMethod)
		h.Add(echo.HeaderVary, echo.HeaderAccessControlRequestHeaders)
		h.Set(echo.HeaderAccessControlAllowMethods, strings.TrimPrefix(allow, "OPTIONS, "))
		h.Set(echo.HeaderAccessControlAllowHeaders, corsRequest)
		h.Set(echo.HeaderAccessControlMaxAge, corsMaxAge)
		return c.NoContent(http.StatusNoContent)
	}
}

// narrowOrigin takes back what cors said, where neither the token's client nor its
// organization allows the page.
func (s *Server) narrowOrigin(c echo.Context, p domain.Principal) {
	h := c.Response().Header()
	origin := h.Get(echo.HeaderAccessControlAllowOrigin)
	if origin != "" && !s.origins.allow(c.Request().Context(), origin, &p) {
		h.Del(echo.HeaderAccessControlAllowOrigin)
		h.Del(echo.HeaderAccessControlExposeHeaders)
	}
}

// originsLife is how old what is known of allowed origins may be.
const originsLife = 2 * time.Second

// origins knows which pages are allowed by whom. It asks the database at most
// every two seconds, and only if a browser asks.
type origins struct {
	load    func(ctx context.Context) ([]domain.WebOrigin, error)
	machine func() time.Time

	mu    sync.Mutex
	known []domain.WebOrigin
	until time.Time
}

// allow tells whether a page may read answers: to a principal, or, without one, to
// anybody at all. While the database is away it goes by what it knew.
func (o *origins) allow(ctx context.Context, origin string, p *domain.Principal) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.machine(); !now.Before(o.until) {
		if known, err := o.load(context.WithoutCancel(ctx)); err == nil {
			o.known = known
		}
		o.until = now.Add(originsLife)
	}
	return slices.ContainsFunc(o.known, func(w domain.WebOrigin) bool {
		return w.URL == origin && (p == nil || w.Organization == p.Organization && (w.Client == "" || w.Client == p.Client))
	})
}

func (o *origins) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Time{}
}

// forgetOrigins makes this node read the allowed origins anew, once a change of
// them is on disk.
func (s *Server) forgetOrigins(ctx context.Context) { s.Store.After(ctx, s.origins.forget) }

// checkOrigins refuses what no browser would ever send.
func checkOrigins(list []string) error {
	for i, origin := range list {
		u, err := url.Parse(origin)
		if err != nil || u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
			return domain.Invalid("/allowed_origins/"+strconv.Itoa(i), "origin.invalid", "Browsers do not send this origin: the port that is the scheme's own is left out, and the host must be one.")
		}
	}
	return nil
}
