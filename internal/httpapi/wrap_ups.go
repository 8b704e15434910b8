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
	if err != nil {
		return api.WrapUp{}, err
	}
	names[domain.WrapUpTimeoutCode] = s.speech(ctx)("The time for the wrap-up was over")
	codes := each(w.Codes, func(c domain.WrapUpCodeID) api.WrapUpChoice { return api.WrapUpChoice{ID: string(c), Name: names[c]} })
	return api.WrapUp{ParticipantID: string(p.ID), AgentID: string(p.Agent), Prompt: api.AcwMode(w.Prompt), Required: w.Required, State: api.WrapUpState(w.State),
		Codes: codes, Notes: w.Notes, StartedAt: api.At(w.StartedAt), Deadline: api.AtOrNull(w.Deadline), SubmittedAt: api.AtOrNull(w.SubmittedAt)}, nil
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

// PutAfterContactWork serves PUT /v1/interactions/{id}/after-contact-work.
func (s *Server) PutAfterContactWork(ctx context.Context, r api.PutAfterContactWorkRequestObject) (api.PutAfterContactWorkResponseObject, error) {
	if err := s.Desk.RequestWrapUp(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.ParticipantID), r.Body.AfterCallWorkRequired); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.PutAfterContactWork200JSONResponse{Body: i, Headers: api.PutAfterContactWork200ResponseHeaders{ETag: etag(i.Version)}}, err
}
