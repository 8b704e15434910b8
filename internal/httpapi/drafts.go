package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toDraft(p domain.Participant, d domain.Draft) api.Draft {
	return api.Draft{InteractionID: string(d.Interaction), ParticipantID: string(p.ID), AgentID: string(d.Agent), Text: d.Text, UpdatedAt: api.At(d.UpdatedAt)}
}

// draftWarnings tells a caller that they leave an unsent draft behind (C21).
func (s *Server) draftWarnings(ctx context.Context, unsent bool) []api.Warning {
	if !unsent {
		return nil
	}
	return []api.Warning{{Code: "draft.unsent", Detail: s.speech(ctx)("There is a draft that was not sent. It is kept for you.")}}
}

// PutDraft serves PUT /v1/interactions/{id}/draft (C21).
func (s *Server) PutDraft(ctx context.Context, r api.PutDraftRequestObject) (api.PutDraftResponseObject, error) {
	p, d, err := s.Desk.SaveDraft(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.ParticipantID), r.Body.Text)
	if err != nil {
		return nil, err
	}
	return api.PutDraft200JSONResponse(toDraft(p, d)), nil
}

// GetDraft serves GET /v1/interactions/{id}/draft.
func (s *Server) GetDraft(ctx context.Context, r api.GetDraftRequestObject) (api.GetDraftResponseObject, error) {
	p, d, err := s.Desk.Draft(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Params.ParticipantID))
	if err != nil {
		return nil, err
	}
	return api.GetDraft200JSONResponse(toDraft(p, d)), nil
}

// DeleteDraft serves DELETE /v1/interactions/{id}/draft.
func (s *Server) DeleteDraft(ctx context.Context, r api.DeleteDraftRequestObject) (api.DeleteDraftResponseObject, error) {
	err := s.Desk.DeleteDraft(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Params.ParticipantID))
	return api.DeleteDraft204Response{}, err
}
