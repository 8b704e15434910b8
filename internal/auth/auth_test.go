package auth

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func TestPrincipalInContext(t *testing.T) {
	t.Parallel()
	ctx := WithPrincipal(t.Context(), domain.Principal{Client: desk})
	if PrincipalFrom(ctx).Client != desk {
		t.Error("the principal is lost")
	}
	if p := PrincipalFrom(t.Context()); p.Client != "" || p.Organization != "" || p.Has(view) {
		t.Errorf("nobody is %+v", p)
	}
}
