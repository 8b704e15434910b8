package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/locale"
	"github.com/parley-cx/parley/internal/stream"
)

// requestInfo is what the middleware learned of a request.
type requestInfo struct {
	id        string
	language  locale.Language
	operation *operation
	principal domain.Principal
	body      any    // the decoded JSON body
	raw       []byte // its bytes
	filter    string // the query without its place in the list
	header    http.Header
	upload    *upload // the file of a form
}

type infoKey struct{}

func info(c echo.Context) *requestInfo { return infoOf(c.Request().Context()) }

func infoOf(ctx context.Context) *requestInfo {
	i, ok := ctx.Value(infoKey{}).(*requestInfo)
	if !ok {
		return &requestInfo{}
	}
	return i
}

func requestID(c echo.Context) string { return info(c).id }

// principal gives who makes the request.
func principal(ctx context.Context) domain.Principal { return infoOf(ctx).principal }

// identify gives every request an id, in its answer and in the log, and finds the
// language of its reader.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := uncarded(c.Request().Header.Get("Request-Id"))
		if !plainID(id) {
			id = domain.NewID[string]()
		}
		c.Response().Header().Set("Request-Id", id)
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		language := locale.Match(strings.Join(c.Request().Header.Values("Accept-Language"), ","))
		c.Response().Header().Set("Content-Language", string(language))
		c.Response().Header().Add("Vary", "Accept-Language")
		ctx := context.WithValue(c.Request().Context(), infoKey{}, &requestInfo{id: id, language: language})
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// plainID tells whether a caller's own request id is fit for headers and logs.
func plainID(id string) bool {
	return len(id) > 0 && len(id) <= 128 && strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// observe counts and logs each request: never a body, an address or a secret.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := s.Machine()
		if err := guarded(next, c); err != nil {
			s.handleError(err, c)
		}
		took := s.Machine().Sub(start)
		route, status := c.Path(), c.Response().Status
		if route == "" {
			route = "none"
		}
		s.metrics.observe(c.Request().Method, route, status, took)
		p := info(c).principal
		s.Log.DebugContext(c.Request().Context(), "request", "method", c.Request().Method, "route", route, "status", status,
			"duration_ms", float64(took.Microseconds())/1000, "request_id", requestID(c), "organization_id", p.Organization, "client_id", p.Client)
		return nil
	}
}

// guarded turns a panic into an error of that one request.
func guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return next(c)
}

// enforce holds every request to the contract: who may call, then what may be
// said. A token is looked at before a byte of the body is read.
func (s *Server) enforce(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() != "" && strings.Count(c.Path(), "/") != strings.Count(c.Request().URL.EscapedPath(), "/") {
			return s.swallowed(c) // the router lets the last parameter swallow the rest of a longer path
		}
		o, ok := s.Contract.operations[c.Request().Method+" "+c.Path()]
		if !ok {
			return unknown(next, c)
		}
		i := info(c)
		i.operation, i.filter, i.header = o, filterOf(c), c.Request().Header
		err := s.authorize(c, o)
		defer s.Watch.Enter(i.principal.Organization, i.principal.Agent)()
		if err != nil {
			return err
		}
		if err := s.enabled(c, o); err != nil {
			return err
		}
		if slices.Contains(o.types, "*/*") {
			s.allowTime(c)
		}
		if err := s.validate(c, o); err != nil {
			return err
		}
		if err := s.authorizeBody(c, o); err != nil {
			return err
		}
		if err := s.see(c, o); err != nil {
			return err
		}
		if o.v1() {
			c.Response().Header().Set("Cache-Control", "no-store")
			if isForm(c, o) {
				return s.receive(next, c)
			}
			if o.method != http.MethodGet {
				return s.refused(c, o, s.mutate(next, c))
			}
		}
		return next(c)
	}
}

// mutate serves what changes something: for good, or only to see whether it would.
func (s *Server) mutate(next echo.HandlerFunc, c echo.Context) error {
	only, err := validateOnly(c)
	if err != nil {
		return err
	}
	if only {
		return s.try(next, c)
	}
	c.Response().Header().Set("Event-Cursor", stream.Cursor(s.Store.Tail()))
	return s.idempotent(next, c)
}

// see hides an interaction, and all that can be read of it, from a caller who may
// not see it; commands tell for themselves whose it is. A contact is hidden from
// commands, too.
func (s *Server) see(c echo.Context, o *operation) error {
	ctx, p := c.Request().Context(), info(c).principal
	switch {
	case strings.HasPrefix(o.path, "/v1/contacts/{id}"):
		return s.Store.SeeContact(ctx, p.Organization, domain.ContactID(c.Param("id")), p.Sight())
	case o.method == http.MethodGet && strings.HasPrefix(o.path, "/v1/interactions/{id}"):
		return s.Store.See(ctx, p.Organization, domain.InteractionID(c.Param("id")), p.Sight())
	}
	return nil
}

// unknown refuses what the contract does not have. The router knows which methods
// a path takes; that it would answer OPTIONS itself is not in the contract.
func unknown(next echo.HandlerFunc, c echo.Context) error {
	allow, ok := c.Get(echo.ContextKeyHeaderAllow).(string)
	if !ok {
		return next(c) // not found
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.TrimPrefix(allow, "OPTIONS, "))
	return errMethod
}

// swallowed refuses a path that the router took for a shorter one: it is of
// another operation, which takes other methods, or of none.
func (s *Server) swallowed(c echo.Context) error {
	methods := s.Contract.methodsAt(c.Request().URL.EscapedPath())
	if len(methods) == 0 {
		return errNoRoute
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(methods, ", "))
	return errMethod
}

// filterOf is the query without what moves through a list.
func filterOf(c echo.Context) string {
	q := c.Request().URL.Query()
	q.Del("cursor")
	q.Del("limit")
	q.Del("wait")
	return c.Request().URL.Path + "?" + q.Encode()
}

// authorize asks for a token that holds the operation's scopes.
func (s *Server) authorize(c echo.Context, o *operation) error {
	if o.public {
		return nil
	}
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return &domain.Error{Kind: domain.ErrorUnauthorized, Code: "token.missing", Detail: "Send Authorization: Bearer with a token of POST /oauth/token."}
	}
	p, err := s.Verifier.Verify(c.Request().Context(), strings.TrimSpace(token))
	if err != nil {
		return err
	}
	info(c).principal = p
	s.narrowOrigin(c, p)
	if err := s.limits.limit(c, token); err != nil {
		return err
	}
	for _, set := range o.needs {
		if p.Has(set...) {
			return nil
		}
	}
	return domain.Missing(o.needs[0]...)
}

// authorizeBody asks for the scopes that a value in the body needs.
func (s *Server) authorizeBody(c echo.Context, o *operation) error {
	body, _ := info(c).body.(map[string]any)
	for _, w := range o.when {
		if lacks := w.missing(info(c).principal); len(lacks) > 0 && w.applies(body) {
			return domain.Missing(lacks...)
		}
	}
	return nil
}

// encode writes JSON as the API does: no HTML escapes, no newline at the end.
func encode(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("{}")
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
