package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// toConference shows the latest conference of an interaction that has had one.
func toConference(i domain.Interaction) api.Conference {
	c := i.Conference
	return api.Conference{InteractionID: string(i.ID), State: api.ConferenceState(c.State), InitiatorID: string(c.Initiator), AgentID: string(c.Guest),
		RequestedAt: api.At(c.RequestedAt), StartedAt: api.AtOrNull(c.StartedAt), EndedAt: api.AtOrNull(c.EndedAt)}
}

// GetConference serves GET /v1/interactions/{id}/conference.
func (s *Server) GetConference(ctx context.Context, r api.GetConferenceRequestObject) (api.GetConferenceResponseObject, error) {
	i, err := s.Store.Interaction(ctx, principal(ctx).Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	if i.Conference == nil {
		return nil, domain.NotFound("conference")
	}
	return api.GetConference200JSONResponse(toConference(i)), nil
}

// RequestConference serves POST /v1/interactions/{id}/conference (C30, C31).
func (s *Server) RequestConference(ctx context.Context, r api.RequestConferenceRequestObject) (api.RequestConferenceResponseObject, error) {
	i, err := s.Conferences.Request(ctx, principal(ctx), domain.InteractionID(r.ID), domain.AgentID(r.Body.AgentID))
	if err != nil {
		return nil, err
	}
	return api.RequestConference201JSONResponse{Body: toConference(i),
		Headers: api.RequestConference201ResponseHeaders{Location: location("interactions", r.ID+"/conference")}}, nil
}

// EndConference serves DELETE /v1/interactions/{id}/conference (C34, C35).
func (s *Server) EndConference(ctx context.Context, r api.EndConferenceRequestObject) (api.EndConferenceResponseObject, error) {
	if err := s.Conferences.End(ctx, principal(ctx), domain.InteractionID(r.ID), r.Params.CustomerConsent, r.Params.RejectIfDraft); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	if err != nil || !i.HasUnsentDraft || i.State != api.InteractionStateDisconnected {
		return api.EndConference204Response{}, err
	}
	i.Warnings = s.draftWarnings(ctx, true)
	return api.EndConference200JSONResponse(i), nil
}

// ExitConference serves POST /v1/interactions/{id}/conference/exit (C36).
func (s *Server) ExitConference(ctx context.Context, r api.ExitConferenceRequestObject) (api.ExitConferenceResponseObject, error) {
	if err := s.Conferences.Exit(ctx, principal(ctx), domain.InteractionID(r.ID), r.Body.RejectIfDraft); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	i.Warnings = s.draftWarnings(ctx, i.HasUnsentDraft)
	return api.ExitConference200JSONResponse{Body: i, Headers: api.ExitConference200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// CancelConference serves POST /v1/interactions/{id}/conference/cancel.
func (s *Server) CancelConference(ctx context.Context, r api.CancelConferenceRequestObject) (api.CancelConferenceResponseObject, error) {
	if err := s.Conferences.Cancel(ctx, principal(ctx), domain.InteractionID(r.ID)); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.CancelConference200JSONResponse{Body: i, Headers: api.CancelConference200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// ListConferenceTargets serves GET /v1/conference-targets (C31).
func (s *Server) ListConferenceTargets(ctx context.Context, r api.ListConferenceTargetsRequestObject) (api.ListConferenceTargetsResponseObject, error) {
	agents, next, err := s.Store.Targets(ctx, principal(ctx).Organization, storage.TargetFilter{Type: domain.TargetAgent, Part: r.Params.Q},
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListConferenceTargets200JSONResponse(api.TargetList{Items: each(agents, toTarget), NextCursor: next}), nil
}
