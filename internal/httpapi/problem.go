package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/stream"
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
	domain.ErrorTooLarge:     http.StatusRequestEntityTooLarge,
	domain.ErrorUnavailable:  http.StatusServiceUnavailable,
}

// titles are the headings of problems, by the area of their code where the kind
// alone says too little.
var titles = map[int]domain.Sentence{
	http.StatusBadRequest:                   "The request does not follow the contract",
	http.StatusUnauthorized:                 "A valid token is needed",
	http.StatusForbidden:                    "This is not allowed",
	http.StatusNotFound:                     "Not found",
	http.StatusMethodNotAllowed:             "Method not allowed",
	http.StatusConflict:                     "The present state does not allow this",
	http.StatusGone:                         "No longer available",
	http.StatusPreconditionFailed:           "The resource has changed",
	http.StatusRequestEntityTooLarge:        "The request is too large",
	http.StatusUnsupportedMediaType:         "The media type is not supported",
	http.StatusRequestedRangeNotSatisfiable: "There is no such part",
	http.StatusUnprocessableEntity:          "The request cannot be carried out as it is",
	http.StatusPreconditionRequired:         "If-Match is needed",
	http.StatusTooManyRequests:              "Too many requests",
	http.StatusServiceUnavailable:           "Temporarily unavailable",
	http.StatusInternalServerError:          "Internal error",
}

// edgeError is a failure that only HTTP knows.
type edgeError struct {
	status int
	code   string
	detail domain.Sentence
}

func (e *edgeError) Error() string { return e.code + ": " + string(e.detail) }

var (
	errNoRoute  = &edgeError{http.StatusNotFound, "route.not_found", "There is nothing at this path. The paths are in /openapi.yaml."}
	errMethod   = &edgeError{http.StatusMethodNotAllowed, "route.method_not_allowed", "The path does not take this method. Allow lists those that it takes."}
	errTooLarge = &edgeError{http.StatusRequestEntityTooLarge, "request.too_large", "The body is larger than this operation takes."}
	errForm     = &edgeError{http.StatusBadRequest, "request.invalid", "The request does not follow the contract."}
	errInternal = &edgeError{http.StatusInternalServerError, "internal.error", "Something went wrong on our side. Quote the request id when you report it."}
	errRange    = &edgeError{http.StatusRequestedRangeNotSatisfiable, "request.range", "The file ends before the range begins."}
	errCoding   = &edgeError{http.StatusUnsupportedMediaType, "request.content_encoding", "The body is compressed. Send it without Content-Encoding."}
	errMedia    = &edgeError{http.StatusUnsupportedMediaType, "request.media_type", "The Content-Type is not one that this operation takes."}
)

// handleError writes every failure of every operation as a problem (RFC 9457).
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p, retryAfter := s.problem(err, c)
	s.logFailure(err, p.Status, c)
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	var past pastEnd
	if errors.As(err, &past) {
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(int64(past), 10))
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
	var body any = p
	if inOpenFormat(c) {
		body = openError(p)
		h.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	}
	c.Response().WriteHeader(p.Status)
	_, _ = c.Response().Write(encode(body))
}

// logFailure tells the operator what the caller is not told. Why a token is refused
// is for those who set it up, who must look for it: anybody can fill a log with such.
func (s *Server) logFailure(err error, status int, c echo.Context) {
	level, text := slog.LevelError, "request failed"
	switch {
	case status == http.StatusServiceUnavailable:
		level, text = slog.LevelWarn, "service unavailable"
	case status == http.StatusUnauthorized:
		level, text = slog.LevelDebug, "access refused"
	case status < 500:
		return
	}
	s.Log.Log(c.Request().Context(), level, text, "request_id", requestID(c), "route", c.Path(), "error", err)
}

// problem describes an error to its caller, in their language; retryAfter is in seconds.
func (s *Server) problem(err error, c echo.Context) (p api.Problem, retryAfter int) {
	say := s.speech(c.Request().Context())
	var known *domain.Error
	if errors.As(err, &known) {
		p = describe(say, known)
	} else {
		edge := onlyHTTP(err)
		p = api.Problem{Status: edge.status, Code: edge.code, Detail: say(edge.detail)}
	}
	p.Title, p.Type = say(titles[p.Status]), "urn:parley:problem:"+p.Code
	p.Detail, p.Instance, p.RequestID = domain.MaskCards(p.Detail), uncarded(c.Request().URL.Path), requestID(c)
	if p.Errors == nil {
		p.Errors = []api.ProblemError{}
	}
	switch {
	case p.Status == 503:
		p.Retryable, retryAfter = true, 5
	case p.Status == 429:
		p.Retryable, retryAfter = true, 1
	case p.Code == "idempotency.in_flight" || p.Code == "state.changed":
		p.Retryable, retryAfter = true, 1
	}
	return p, retryAfter
}

func describe(say speech, e *domain.Error) api.Problem {
	p := api.Problem{Status: statuses[e.Kind], Code: e.Code, Detail: say(e.Detail, e.Args...),
		CurrentState: e.CurrentState, Outcome: e.Outcome, Current: e.Current, RequiredScopes: words(e.RequiredScopes)}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, api.ProblemError{Pointer: domain.MaskCards(f.Pointer), Parameter: domain.MaskCards(f.Parameter), Code: f.Code,
			Detail: domain.MaskCards(say(f.Detail, f.Args...))})
	}
	if e.Oldest != nil {
		p.OldestCursor = stream.Cursor(*e.Oldest)
	}
	if e.Feature != "" {
		feature := api.Feature(e.Feature)
		p.Feature = &feature
	}
	if l := e.Length; l != nil {
		charset := api.Charset(l.Charset)
		p.Limit, p.Used, p.Charset = l.Limit, l.Used, &charset
	}
	if e.AllowedActions != nil {
		p.AllowedActions = words(e.AllowedActions)
	}
	return p
}

// uncarded is a path without card data, which a caller may have put there by mistake.
// Ids stay, whatever their digits are (C20).
func uncarded(path string) string {
	masked := domain.MaskCards(path)
	if masked == path {
		return path
	}
	parts := strings.Split(masked, "/") // a slash is never covered
	for n, part := range strings.Split(path, "/") {
		if uuid.Validate(part) == nil {
			parts[n] = part
		}
	}
	return strings.Join(parts, "/")
}

// onlyHTTP describes what is no error of the domain: our own, those of the router
// and of the generated binder, and everything that should not happen.
func onlyHTTP(err error) *edgeError {
	var edge *edgeError
	if errors.As(err, &edge) {
		return edge
	}
	var e *echo.HTTPError
	if !errors.As(err, &e) {
		return errInternal
	}
	switch e.Code {
	case http.StatusNotFound:
		return errNoRoute
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusUnsupportedMediaType:
		return errMedia
	}
	if e.Code >= 500 {
		return errInternal
	}
	return errForm
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
func malformed(parameter string, detail domain.Sentence, args ...any) error {
	field := domain.FieldError{Parameter: parameter, Code: "invalid", Detail: detail, Args: args}
	return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The parameter %s does not follow the contract. %s",
		Args: []any{parameter, field}, Fields: []domain.FieldError{field}}
}

// speech says a sentence in the language of the one who asks.
type speech func(s domain.Sentence, args ...any) string

func (s *Server) speech(ctx context.Context) speech {
	language := infoOf(ctx).language
	return func(sentence domain.Sentence, args ...any) string { return s.Words.Say(language, sentence, args...) }
}

// list writes names for a sentence.
func list(names []string) string { return strings.Join(names, ", ") }
