package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// wrapUp shows an agent's after-contact work, with the names of its codes.
func (s *Server) wrapUp(ctx context.Context, p domain.Participant) (api.WrapUp, error) {
	w := p.WrapUp
	names, err := s.Store.WrapUpCodeNames(ctx, p.Organization, w.Codes)
	codes := each(w.Codes, func(c domain.WrapUpCodeID) api.WrapUpChoice { return api.WrapUpChoice{ID: string(c), Name: names[c]} })
	return api.WrapUp{ParticipantID: string(p.ID), AgentID: string(p.Agent), Required: w.Required, State: api.WrapUpState(w.State),
		Codes: codes, Notes: w.Notes, StartedAt: api.At(w.StartedAt), SubmittedAt: api.AtOrNull(w.SubmittedAt)}, err
}

// GetWrapUp serves GET /v1/interactions/{id}/wrap-up.
func (s *Server) GetWrapUp(ctx context.Context, r api.GetWrapUpRequestObject) (api.GetWrapUpResponseObject, error) {
	p, err := s.Closing.Wrapped(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Params.ParticipantID))
	if err != nil {
		return nil, err
	}
	w, err := s.wrapUp(ctx, p)
	return api.GetWrapUp200JSONResponse(w), err
}

// PutWrapUp serves PUT /v1/interactions/{id}/wrap-up (C40, C41).
func (s *Server) PutWrapUp(ctx context.Context, r api.PutWrapUpRequestObject) (api.PutWrapUpResponseObject, error) {
	codes := each(r.Body.CodeIds, func(c string) domain.WrapUpCodeID { return domain.WrapUpCodeID(c) })
	p, err := s.Closing.WrapUp(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.ParticipantID), codes, r.Body.Notes)
	if err != nil {
		return nil, err
	}
	w, err := s.wrapUp(ctx, p)
	return api.PutWrapUp200JSONResponse(w), err
}
