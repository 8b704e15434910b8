// Package httpapi serves the contract. Handlers are thin: they read the request,
// make one call and map its result; every failure is returned and becomes a
// problem in one place; scopes and validation come from the contract, in one
// middleware.
package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/attach"
	"github.com/parley-cx/parley/internal/auth"
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/closing"
	"github.com/parley-cx/parley/internal/compose"
	"github.com/parley-cx/parley/internal/desk"
	"github.com/parley-cx/parley/internal/dispatch"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/handover"
	"github.com/parley-cx/parley/internal/intake"
	"github.com/parley-cx/parley/internal/locale"
	"github.com/parley-cx/parley/internal/storage"
	"github.com/parley-cx/parley/internal/stream"
)

// Server is the HTTP edge: what the handlers need.
type Server struct {
	Contract     *Contract
	Store        *storage.Store
	Words        *locale.Catalogue
	Verifier     Verifier
	Tokens       auth.Endpoint
	Keys         *auth.Keys
	Desk         *desk.Desk
	Watch        *desk.Watch
	Dispatch     *dispatch.Dispatcher
	Composer     *compose.Composer
	Conferences  *handover.Conferences
	Transfers    *handover.Transfers
	Closing      *closing.Closing
	Erasing      *closing.Erasing
	Quarantine   *intake.Quarantine
	Applies      func()                  // wakes what applies the inbox
	Reads        func()                  // wakes what asks platforms for posts
	Removed      map[string]func() int64 // how many old rows this node has removed, by kind
	Typing       func(ctx context.Context, by domain.Principal, i domain.InteractionID, on bool) error
	Files        *attach.Files
	Hub          *stream.Hub
	Hooks        *Hooks
	Connectors   *Connectors
	Sandbox      *Sandbox // nil unless the sandbox is on
	Capabilities map[domain.ChannelKind]channel.Capability
	CheckURL     func(string) error // what may be set as an address to send to
	Freed        func(domain.OrganizationID, domain.AgentID)
	Deliver      func()
	Watches      func()                // wakes what waits for signs of agents
	Forget       func(domain.ClientID) // makes this node look at a client anew
	Distrust     func()                // makes this node look at the outside issuers anew
	NewSecret    func() (secret string, hash []byte)
	RateLimit    int // requests a second that a token may make; 0 for no limit
	PublicURL    string
	Ready        func(context.Context) error
	Now          func() time.Time
	Machine      func() time.Time
	Log          *slog.Logger

	metrics *metrics
	limits  *limiter
	origins *lately[[]domain.WebOrigin]
	off     *lately[map[domain.OrganizationID][]domain.Feature]
}

// Verifier tells who a token speaks for.
type Verifier interface {
	Verify(ctx context.Context, token string) (domain.Principal, error)
}

// Handler builds the routes.
func (s *Server) Handler() *echo.Echo {
	s.metrics = newMetrics(s.Removed)
	s.limits = &limiter{rate: s.RateLimit, enforced: s.Sandbox == nil, machine: s.Machine}
	s.origins = &lately[[]domain.WebOrigin]{load: s.Store.Origins, machine: s.Machine}
	s.off = &lately[map[domain.OrganizationID][]domain.Feature]{load: s.Store.FeaturesOff, machine: s.Machine}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	e.Use(s.identify, s.observe, s.cors, s.enforce)
	api.RegisterHandlers(e, api.NewStrictHandler(s, nil))
	s.operationRoutes(e)
	return e
}

// overlay puts the fields of a body over a resource, as a merge patch does
// (RFC 7396): what a body leaves out keeps its value, lists are taken whole. It
// serves creation and replacement (over the defaults) and merge patches (over
// the resource as it is).
func overlay[T any](base T, body any) (T, error) {
	whole, err := jsonOf(base)
	if err != nil {
		return base, err
	}
	patch, err := jsonOf(body)
	if err != nil {
		return base, err
	}
	raw, err := json.Marshal(merge(whole, patch))
	if err != nil {
		return base, err
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		return base, fmt.Errorf("overlay: %w", err)
	}
	return out, nil
}

// jsonOf gives a value as JSON has it; numbers stay as they are written.
func jsonOf(value any) (out any, err error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err = decoder.Decode(&out)
	return out, err
}

// merge puts a merge patch over a value.
func merge(whole, patch any) any {
	changes, object := patch.(map[string]any)
	if !object {
		return patch
	}
	merged := map[string]any{}
	if before, ok := whole.(map[string]any); ok {
		maps.Copy(merged, before)
	}
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = merge(merged[name], value)
		}
	}
	return merged
}

// page reads the place in a list; every list but transcripts is newest first.
func page(ctx context.Context, limit int, cursor string, order api.SortOrder, normal api.SortOrder) storage.Page {
	if limit == 0 {
		limit = 50
	}
	if order == "" {
		order = normal
	}
	return storage.Page{Limit: limit, Cursor: cursor, Asc: order == api.SortOrderAsc, Filter: infoOf(ctx).filter}
}

// etag writes a version as the header does.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// matches holds a resource to If-Match; an empty one or "*" matches everything.
func matches(ifMatch string, version int64, current any) error {
	if ifMatch == "" {
		return nil
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag(version) {
			return nil
		}
	}
	return &domain.Error{Kind: domain.ErrorStale, Code: "precondition.failed",
		Detail: "The resource has another version by now; current holds it.", Current: current}
}

// each converts a list; an empty one stays a list.
func each[A, B any](items []A, convert func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}

// ref converts an optional id.
func ref[T ~string](id *T) *string {
	if id == nil {
		return nil
	}
	s := string(*id)
	return &s
}

// unref converts an optional id back.
func unref[T ~string](id *string) *T {
	if id == nil {
		return nil
	}
	t := T(*id)
	return &t
}

// location is where a created resource can be read.
func location(path, id string) string { return "/v1/" + path + "/" + id }

// write runs one change of a resource in its transaction.
func (s *Server) write(ctx context.Context, change func(ctx context.Context) error) error {
	return s.Store.InTx(ctx, change)
}

// refusal is why an address is not taken, for a problem.
type refusal interface{ Sentence() domain.Sentence }

// checkAddress refuses a field with an address that may not be sent to.
func (s *Server) checkAddress(pointer, code, address string) error {
	err := s.CheckURL(address)
	var refused refusal
	if errors.As(err, &refused) {
		return domain.Invalid(pointer, code, refused.Sentence())
	}
	return err
}
