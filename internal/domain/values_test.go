package domain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parley-cx/parley/internal/domain"
)

func TestIDsSortByTheirMaking(t *testing.T) {
	t.Parallel()
	var ids []domain.EventID
	for range 1_000 {
		ids = append(ids, domain.NewID[domain.EventID]())
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 1_000 {
		t.Error("the ids are out of order, or not all different")
	}
	if id, err := uuid.Parse(string(ids[0])); err != nil || id.Version() != 7 {
		t.Errorf("%s: %v", ids[0], err)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	scopes := domain.ParseScopes("  a:b  c:d a:b\tc:d ")
	same(t, "each once, in order", domain.Join(scopes), "a:b c:d")
	same(t, "nothing", len(domain.ParseScopes(" ")), 0)
	p := domain.Principal{Client: "client", Scopes: scopes}
	same(t, "has both", p.Has("c:d", "a:b"), true)
	same(t, "has one of two", p.Has("a:b", "x:y"), false)
	same(t, "a client acts", p.Actor(), domain.Actor{Type: domain.ActorClient, ID: "client"})
	p.Agent = "agent"
	same(t, "an agent acts", p.Actor(), domain.Actor{Type: domain.ActorAgent, ID: "agent"})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	unavailable := &domain.Error{Kind: domain.ErrorUnavailable, Code: "a.b", Detail: "Later.", Cause: cause}
	wrapped := fmt.Errorf("save: %w", unavailable)
	same(t, "kind", domain.IsKind(wrapped, domain.ErrorUnavailable), true)
	same(t, "another kind", domain.IsKind(wrapped, domain.ErrorConflict), false)
	same(t, "no kind", domain.IsKind(cause, domain.ErrorUnavailable), false)
	same(t, "cause", errors.Is(wrapped, cause), true)
	same(t, "text", unavailable.Error(), "a.b: Later. (disk full)")
	refused(t, domain.NotFound("wrap-up code"), domain.ErrorNotFound, "wrap_up_code.not_found")
	missing := refused(t, domain.Missing("a:b"), domain.ErrorForbidden, "permission.missing")
	same(t, "the scope is named", missing.RequiredScopes[0], "a:b")
	refused(t, domain.NoAgent(), domain.ErrorForbidden, "permission.agent_required")
}

// What customers read is the display name, never the name that colleagues use.
func TestPublicName(t *testing.T) {
	t.Parallel()
	a, shown := newAgent("Ada Lovelace"), "Ada"
	same(t, "without a display name", a.PublicName(), "Ada Lovelace")
	a.DisplayName = &shown
	same(t, "with one", a.PublicName(), "Ada")
}

func TestQueueDefaults(t *testing.T) {
	t.Parallel()
	q := domain.NewQueue("org", at)
	same(t, "alerts for", q.AlertingTimeout(), 30*time.Second)
	same(t, "a decline marks", q.DeclineSetsNotResponding, true)
	same(t, "wrap-up", q.ACW.Mode, domain.ACWOptional)
}
