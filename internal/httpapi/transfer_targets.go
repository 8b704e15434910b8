package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// ListTransferTargets serves GET /v1/transfer-targets (C25, C26, C27).
func (s *Server) ListTransferTargets(ctx context.Context, r api.ListTransferTargetsRequestObject) (api.ListTransferTargetsResponseObject, error) {
	who := principal(ctx)
	f := storage.TargetFilter{Type: domain.TargetType(r.Params.Type), Ready: true, But: who.Agent, Part: r.Params.Q}
	targets, next, err := s.Store.Targets(ctx, who.Organization, f, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListTransferTargets200JSONResponse(api.TargetList{Items: each(targets, toTarget), NextCursor: next}), nil
}

// toTarget shows a target; what an agent says of themselves, and routing of them, is
// as of now.
func toTarget(t domain.Target) api.Target {
	out := api.Target{Type: api.TargetType(t.Type), ID: t.ID, Name: t.Name}
	if t.Type == domain.TargetAgent {
		presence, status := api.Presence(t.Presence), api.RoutingStatus(t.RoutingStatus)
		out.Presence, out.RoutingStatus = &presence, &status
	}
	return out
}
