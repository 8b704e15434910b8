package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// maxWebhook bounds a webhook's body: Meta sends up to 3 MB.
const maxWebhook = 4 << 20

// Hooks is the platforms' door. It proves who knocks before it reads what they
// say, and answers 2xx only when the events are on disk. To a wrong signature it
// says nothing.
type Hooks struct {
	Apps      func(context.Context, domain.AppID) (domain.PlatformApp, error)
	Platforms map[domain.Platform]channel.Platform
	Receive   func(context.Context, domain.PlatformApp, []byte) error
	Machine   func() time.Time

	mu    sync.Mutex
	known map[domain.AppID]knownApp
}

type knownApp struct {
	app     domain.PlatformApp
	err     error
	expires time.Time
}

// appLife is how long an app is remembered; a change on another node is seen
// after that.
const appLife = 2 * time.Second

// maxKnown bounds the memory for apps, and for ids that are none.
const maxKnown = 10_000

// Forget makes a changed app be read anew.
func (h *Hooks) Forget(app domain.AppID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, app)
}

// app gives an app, from memory where it can.
func (h *Hooks) app(ctx context.Context, id domain.AppID) (domain.PlatformApp, error) {
	if uuid.Validate(string(id)) != nil || len(id) != 36 {
		return domain.PlatformApp{}, domain.NotFound("platform app")
	}
	h.mu.Lock()
	k, ok := h.known[id]
	h.mu.Unlock()
	if ok && h.Machine().Before(k.expires) {
		return k.app, k.err
	}
	app, err := h.Apps(ctx, id)
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return app, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil || len(h.known) >= maxKnown {
		h.known = map[domain.AppID]knownApp{}
	}
	h.known[id] = knownApp{app, err, h.Machine().Add(appLife)}
	return app, err
}

// verify serves GET /hooks/{app_id}: the platform's check of a subscription.
func (h *Hooks) verify(c echo.Context) error {
	app, err := h.app(c.Request().Context(), domain.AppID(strings.ToLower(c.Param("app_id"))))
	if err != nil {
		return h.refuse(c, err)
	}
	platform, ok := h.Platforms[app.Platform]
	if !ok {
		return h.refuse(c, domain.NotFound("platform app"))
	}
	answer, ok := platform.Handshake(c.Request().URL.Query(), app.VerifyToken)
	if !ok {
		return silent(c, http.StatusForbidden)
	}
	return c.String(http.StatusOK, answer)
}

// receive serves POST /hooks/{app_id}.
func (h *Hooks) receive(c echo.Context) error {
	r := c.Request()
	if r.ContentLength > maxWebhook {
		return h.tooLarge(c)
	}
	app, missing := h.app(r.Context(), domain.AppID(strings.ToLower(c.Param("app_id"))))
	if missing != nil && !domain.IsKind(missing, domain.ErrorNotFound) {
		return h.refuse(c, missing)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxWebhook))
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return h.tooLarge(c)
	}
	if err != nil {
		return silent(c, http.StatusBadRequest)
	}
	// An unknown app is refused after the same work as a wrong signature.
	if !h.signed(app, r.Header, body) || missing != nil {
		if missing != nil {
			return h.refuse(c, missing)
		}
		return silent(c, http.StatusUnauthorized)
	}
	if err := h.Receive(r.Context(), app, body); err != nil {
		return h.refuse(c, err)
	}
	return c.String(http.StatusOK, "EVENT_RECEIVED")
}

func (h *Hooks) signed(app domain.PlatformApp, header http.Header, body []byte) bool {
	platform, ok := h.Platforms[app.Platform]
	if !ok {
		platform = h.Platforms[domain.PlatformMeta]
	}
	return platform.Verify(header, body, app.Secrets)
}

// drainLimit and drainTime bound what is still taken, and thrown away, of a body
// that is too large: many clients read no answer before they have sent all of it.
const (
	drainLimit = 16 << 20
	drainTime  = 2 * time.Second
)

// tooLarge answers before another byte of the body is read, and then lets the
// sender finish within limits, so that the answer reaches it.
func (h *Hooks) tooLarge(c echo.Context) error {
	control := http.NewResponseController(c.Response())
	if control.EnableFullDuplex() != nil {
		return silent(c, http.StatusRequestEntityTooLarge)
	}
	c.Response().Header().Set("Connection", "close")
	if err := silent(c, http.StatusRequestEntityTooLarge); err != nil {
		return err
	}
	if control.Flush() == nil && control.SetReadDeadline(h.Machine().Add(drainTime)) == nil {
		_, _ = io.CopyN(io.Discard, c.Request().Body, drainLimit)
	}
	return nil
}

// silent answers with a status and not a word.
func silent(c echo.Context, status int) error { return c.String(status, "") }

// refuse answers what is no fault of the sender's with 503, so that it is sent
// again, and an unknown app with 404.
func (h *Hooks) refuse(c echo.Context, err error) error {
	if domain.IsKind(err, domain.ErrorNotFound) {
		return silent(c, http.StatusNotFound)
	}
	c.Response().Header().Set("Retry-After", "5")
	if domain.IsKind(err, domain.ErrorUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return silent(c, http.StatusServiceUnavailable)
	}
	c.Logger().Error(err)
	return silent(c, http.StatusServiceUnavailable)
}
