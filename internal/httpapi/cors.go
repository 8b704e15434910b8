package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
)

// What browsers let pages send and see besides what is always allowed.
const (
	corsRequest = "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, Prefer, Range, Request-Id"
	corsExposed = "ETag, Location, Event-Cursor, Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, Original-Request-Id, Content-Language, Content-Disposition, Content-Range, Accept-Ranges"
	corsMaxAge  = "600" // seconds that a browser may keep the answer to OPTIONS
)

// cors tells browsers which pages may read an answer: before the token is known,
// those that anybody allows. Never all of them, and never with cookies.
func (s *Server) cors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h, origin := c.Response().Header(), c.Request().Header.Get(echo.HeaderOrigin)
		h.Add(echo.HeaderVary, echo.HeaderOrigin)
		if origin == "" || !s.allowed(c.Request().Context(), origin, nil) {
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
	if origin != "" && !s.allowed(c.Request().Context(), origin, &p) {
		h.Del(echo.HeaderAccessControlAllowOrigin)
		h.Del(echo.HeaderAccessControlExposeHeaders)
	}
}

// allowed tells whether a page may read answers: to a principal, or, without one, to
// anybody at all.
func (s *Server) allowed(ctx context.Context, origin string, p *domain.Principal) bool {
	return slices.ContainsFunc(s.origins.get(ctx), func(w domain.WebOrigin) bool {
		return w.URL == origin && (p == nil || w.Organization == p.Organization && (w.Client == "" || w.Client == p.Client))
	})
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
