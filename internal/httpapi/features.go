package httpapi

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
)

// enabled refuses what the caller's organization has switched off (F02). The
// contract says which feature an operation is of.
func (s *Server) enabled(c echo.Context, o *operation) error {
	if o.feature == "" || !slices.Contains(s.off.get(c.Request().Context())[info(c).principal.Organization], o.feature) {
		return nil
	}
	return domain.NotEnabled(o.feature)
}

// toFeatures shows every feature, and whether it is on.
func toFeatures(o domain.Organization) map[string]bool {
	on := map[string]bool{}
	for _, f := range domain.Features() {
		on[string(f)] = !slices.Contains(o.Off, f)
	}
	return on
}
