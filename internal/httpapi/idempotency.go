package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// idempotent makes a write with Idempotency-Key safe to repeat. It claims the
// key, runs the handler and keeps its answer in one transaction, and writes the
// answer only when all of it is on disk. What answers 4xx or 5xx did nothing,
// so nothing is kept of it.
func (s *Server) idempotent(next echo.HandlerFunc, c echo.Context) error {
	key := c.Request().Header.Get("Idempotency-Key")
	if key == "" {
		return next(c)
	}
	claim := s.claim(c, key)
	var answer *recorded
	err := s.Store.InTx(c.Request().Context(), func(ctx context.Context) (err error) {
		answer, err = s.once(ctx, next, c, claim)
		return err
	})
	if err != nil {
		return err
	}
	return answer.writeTo(c.Response())
}

// claim describes the request: the same key means the same request only when
// all of this is equal.
func (s *Server) claim(c echo.Context, key string) storage.Idempotency {
	i, r := info(c), c.Request()
	h := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.Path), []byte(r.URL.Query().Encode()), canonical(i.body)} {
		_, _ = h.Write(part)
		_, _ = h.Write([]byte{0})
	}
	operation := i.operation.id
	if i.principal.Agent != "" { // "me" is somebody else with another agent's token
		operation += " " + string(i.principal.Agent)
	}
	return storage.Idempotency{Organization: i.principal.Organization, Client: i.principal.Client, Operation: operation, Key: key,
		Fingerprint: h.Sum(nil), RequestID: i.id, CreatedAt: s.Now()}
}

// canonical writes a decoded body with its names in order, and without card data:
// what is kept of it could be tried out.
func canonical(body any) []byte {
	if body == nil {
		return nil
	}
	return channel.MaskCards(encode(body))
}

// once runs the handler, or gives the answer that its first run got.
func (s *Server) once(ctx context.Context, next echo.HandlerFunc, c echo.Context, claim storage.Idempotency) (*recorded, error) {
	earlier, claimed, err := s.Store.ClaimKey(ctx, claim)
	switch {
	case err != nil:
		return nil, err
	case claimed:
		return s.run(ctx, next, c, claim)
	case !bytes.Equal(earlier.Fingerprint, claim.Fingerprint):
		return nil, &domain.Error{Kind: domain.ErrorInvalid, Code: "idempotency.key_reused",
			Detail: "This Idempotency-Key was used for another request. Use a new key for a new request."}
	}
	answer := &recorded{status: earlier.Status, header: http.Header{}, body: *bytes.NewBuffer(earlier.Body)}
	for name, value := range earlier.Headers {
		answer.header.Set(name, value)
	}
	answer.header.Set("Idempotent-Replayed", "true")
	answer.header.Set("Original-Request-Id", earlier.RequestID)
	return answer, nil
}

// run calls the handler, and keeps its answer with its key.
func (s *Server) run(ctx context.Context, next echo.HandlerFunc, c echo.Context, claim storage.Idempotency) (*recorded, error) {
	answer, err := record(ctx, next, c)
	if err != nil {
		return nil, err
	}
	claim.Status, claim.Body, claim.Headers, claim.Subject = answer.status, answer.body.Bytes(), map[string]string{}, subject(c, answer)
	for name := range answer.header {
		claim.Headers[name] = answer.header.Get(name)
	}
	for _, name := range []string{"Event-Cursor", "Content-Language"} {
		if value := c.Response().Header().Get(name); value != "" {
			claim.Headers[name] = value
		}
	}
	return answer, s.Store.SaveAnswer(ctx, claim)
}

// subject is the resource of which an answer tells: the one in the path, or the one
// that was made.
func subject(c echo.Context, answer *recorded) string {
	if id := c.Param("id"); id != "" {
		return strings.ToLower(id)
	}
	if made := answer.header.Get("Location"); made != "" {
		return path.Base(made)
	}
	return ""
}

// record calls the handler with a recorder in place of the connection.
func record(ctx context.Context, next echo.HandlerFunc, c echo.Context) (*recorded, error) {
	original, request := c.Response(), c.Request()
	defer func() {
		c.SetResponse(original)
		c.SetRequest(request)
	}()
	answer := &recorded{header: http.Header{}}
	c.SetResponse(echo.NewResponse(answer, c.Echo()))
	again := request.WithContext(ctx)
	if raw := info(c).raw; raw != nil {
		again.Body = io.NopCloser(bytes.NewReader(raw))
	}
	c.SetRequest(again)
	return answer, next(c)
}

// recorded is an answer that waits for its transaction.
type recorded struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header gives the headers to be sent.
func (r *recorded) Header() http.Header { return r.header }

// Write adds to the body.
func (r *recorded) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.body.Write(p)
}

// WriteHeader sets the status.
func (r *recorded) WriteHeader(status int) { r.status = status }

func (r *recorded) writeTo(w *echo.Response) error {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	_, err := w.Write(r.body.Bytes())
	return err
}
