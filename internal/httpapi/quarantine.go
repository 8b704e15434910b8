package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// toQuarantined shows an event that was set aside, without anything of what it says.
func toQuarantined(e domain.InboxEvent) api.QuarantinedEvent {
	return api.QuarantinedEvent{ID: string(e.ID), State: api.QuarantineState(e.State), AppID: optional(e.App), ChannelKind: optional(e.Kind),
		AccountID: optional(e.AccountID), Field: optional(e.Field), Fault: optional(e.Fault), ReceivedAt: api.At(e.ReceivedAt)}
}

// ListQuarantine serves GET /v1/quarantine.
func (s *Server) ListQuarantine(ctx context.Context, r api.ListQuarantineRequestObject) (api.ListQuarantineResponseObject, error) {
	events, next, err := s.Store.QuarantinedEvents(ctx, principal(ctx).Organization, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListQuarantine200JSONResponse(api.QuarantineList{Items: each(events, toQuarantined), NextCursor: next}), nil
}

// RetryQuarantined serves POST /v1/quarantine/{id}/retry.
func (s *Server) RetryQuarantined(ctx context.Context, r api.RetryQuarantinedRequestObject) (api.RetryQuarantinedResponseObject, error) {
	e, err := s.Quarantine.Retry(ctx, principal(ctx), domain.InboxID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.RetryQuarantined200JSONResponse(toQuarantined(e)), nil
}
