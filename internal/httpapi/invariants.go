package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// ListInvariants serves GET /v1/admin/invariants.
func (s *Server) ListInvariants(ctx context.Context, _ api.ListInvariantsRequestObject) (api.ListInvariantsResponseObject, error) {
	report := api.InvariantReport{Holds: true, Items: []api.Invariant{}}
	for _, i := range domain.Invariants() {
		violations, err := s.Store.Violations(ctx, i.Number, principal(ctx).Organization)
		if err != nil {
			return nil, err
		}
		holds := len(violations) == 0
		report.Holds = report.Holds && holds
		report.Items = append(report.Items, api.Invariant{Number: i.Number, Text: i.Text, Holds: holds, Violations: append([]string{}, violations...)})
	}
	return api.ListInvariants200JSONResponse(report), nil
}
