package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// statuses maps each kind of error to its one HTTP status.
var statuses = map[domain.ErrorKind]int{
	domain.ErrorMalformed:    http.StatusBadRequest,
	domain.ErrorUnauthorized: http.StatusUnauthorized,
	domain.ErrorForbidden:    http.StatusForbidden,
	domain.ErrorNotFound:     http.StatusNotFound,
	domain.ErrorConflict:     http.StatusConflict,
	domain.ErrorGone:         http.StatusGone,
	domain.ErrorStale:        http.StatusPreconditionFailed,
	domain.ErrorInvalid:      http.StatusUnprocessableEntity,
	domain.ErrorPrecondition: http.StatusPreconditionRequired,
	domain.ErrorUnavailable:  http.StatusServiceUnavailable,
}

// titles are the headings of problems, by the area of their code where the kind
// alone says too little.
var titles = map[int]string{
	http.StatusBadRequest:            "The request does not follow the contract",
	http.StatusUnauthorized:          "A valid token is needed",
	http.StatusForbidden:             "The token does not allow this",
	http.StatusNotFound:              "Not found",
	http.StatusMethodNotAllowed:      "Method not allowed",
	http.StatusConflict:              "The present state does not allow this",
	http.StatusGone:                  "No longer available",
	http.StatusPreconditionFailed:    "The resource has changed",
	http.StatusRequestEntityTooLarge: "The request is too large",
	http.StatusUnsupportedMediaType:  "The media type is not supported",
	http.StatusUnprocessableEntity:   "The request cannot be carried out as it is",
	http.StatusPreconditionRequired:  "If-Match is needed",
	http.StatusServiceUnavailable:    "Temporarily unavailable",
	http.StatusInternalServerError:   "Internal error",
}

// edgeError is a failure that only HTTP knows.
type edgeError struct {
	status int
	code   string
	detail string
}

func (e *edgeError) Error() string { return e.code + ": " + e.detail }

var (
	errNoRoute  = &edgeError{http.StatusNotFound, "route.not_found", "There is nothing at this path. The paths are in /openapi.yaml."}
	errMethod   = &edgeError{http.StatusMethodNotAllowed, "route.method_not_allowed", "The path does not take this method. Allow lists those that it takes."}
	errTooLarge = &edgeError{http.StatusRequestEntityTooLarge, "request.too_large", "The body is larger than this operation takes."}
	errMedia    = &edgeError{http.StatusUnsupportedMediaType, "request.media_type", "The Content-Type is not one that this operation takes."}
)

// handleError writes every failure of every operation as a problem (RFC 9457).
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p, retryAfter := s.problem(err, c)
	if p.Status >= 500 && p.Status != http.StatusServiceUnavailable {
		s.Log.ErrorContext(c.Request().Context(), "request failed", "request_id", requestID(c), "route", c.Path(), "error", err)
	} else if p.Status == http.StatusServiceUnavailable {
		s.Log.WarnContext(c.Request().Context(), "service unavailable", "request_id", requestID(c), "route", c.Path(), "error", err)
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	if r := c.Request(); len(info(c).raw) == 0 && (r.ContentLength < 0 || r.ContentLength > maxBody) {
		h.Set("Connection", "close") // or the server would first read what it can of a body that may never end
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(p.Status)
		return
	}
	c.Response().WriteHeader(p.Status)
	_, _ = c.Response().Write(encode(p))
}

// problem describes an error to its caller; retryAfter is in seconds.
func (s *Server) problem(err error, c echo.Context) (p api.Problem, retryAfter int) {
	p = api.Problem{Status: http.StatusInternalServerError, Code: "internal.error",
		Detail: "Something went wrong on our side. Quote the request id when you report it."}
	var known *domain.Error
	var edge *edgeError
	var http *echo.HTTPError
	switch {
	case errors.As(err, &known):
		p.Status, p.Code, p.Detail = statuses[known.Kind], known.Code, known.Text()
		describe(&p, known)
	case errors.As(err, &edge):
		p.Status, p.Code, p.Detail = edge.status, edge.code, edge.detail
	case errors.As(err, &http):
		p = fromEcho(http)
	}
	p.Title, p.Type = titles[p.Status], "urn:parley:problem:"+p.Code
	p.Instance, p.RequestID = c.Request().URL.Path, requestID(c)
	if p.Errors == nil {
		p.Errors = []api.ProblemError{}
	}
	switch {
	case p.Status == 503:
		p.Retryable, retryAfter = true, 5
	case p.Code == "idempotency.in_flight" || p.Code == "state.changed":
		p.Retryable, retryAfter = true, 1
	}
	return p, retryAfter
}

func describe(p *api.Problem, e *domain.Error) {
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, api.ProblemError{Pointer: f.Pointer, Parameter: f.Parameter, Code: f.Code, Detail: f.Text()})
	}
	p.CurrentState, p.Outcome, p.Current = e.CurrentState, e.Outcome, e.Current
	if e.AllowedActions != nil {
		p.AllowedActions = words(e.AllowedActions)
	}
	p.RequiredScopes = words(e.RequiredScopes)
}

// fromEcho describes what the router and the generated binder refuse.
func fromEcho(e *echo.HTTPError) api.Problem {
	switch e.Code {
	case http.StatusNotFound:
		return api.Problem{Status: e.Code, Code: errNoRoute.code, Detail: errNoRoute.detail}
	case http.StatusMethodNotAllowed:
		return api.Problem{Status: e.Code, Code: errMethod.code, Detail: errMethod.detail}
	case http.StatusRequestEntityTooLarge:
		return api.Problem{Status: e.Code, Code: errTooLarge.code, Detail: errTooLarge.detail}
	case http.StatusUnsupportedMediaType:
		return api.Problem{Status: e.Code, Code: errMedia.code, Detail: errMedia.detail}
	}
	if e.Code >= 500 {
		return api.Problem{Status: http.StatusInternalServerError, Code: "internal.error", Detail: "Something went wrong on our side. Quote the request id when you report it."}
	}
	return api.Problem{Status: http.StatusBadRequest, Code: "request.invalid", Detail: "The request does not follow the contract."}
}

// words converts a list of named strings; nil stays nil.
func words[T ~string](list []T) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// malformed refuses a parameter that violates the contract.
func malformed(parameter, detail string) error {
	return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The request does not follow the contract: " + detail,
		Fields: []domain.FieldError{{Parameter: parameter, Code: "invalid", Detail: detail}}}
}

// list writes names for a sentence.
func list(names []string) string { return strings.Join(names, ", ") }
