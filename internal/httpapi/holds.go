package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// This file serves what the tag interactions has about a conversation that an
// agent has: putting it aside, recording it, and how its time was spent.

func toSegment(s domain.Segment) api.Segment {
	out := api.Segment{Type: api.SegmentType(s.Type), Start: api.At(s.Start), End: api.AtOrNull(s.End), ParticipantID: optional(s.Participant),
		AgentID: optional(s.Agent), QueueID: optional(s.Queue)}
	if s.DisconnectType != nil {
		kind := api.DisconnectType(*s.DisconnectType)
		out.DisconnectType = &kind
	}
	return out
}

// HoldInteraction serves POST /v1/interactions/{id}/hold.
func (s *Server) HoldInteraction(ctx context.Context, r api.HoldInteractionRequestObject) (api.HoldInteractionResponseObject, error) {
	if err := s.Desk.Hold(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.ParticipantID)); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.HoldInteraction200JSONResponse{Body: i, Headers: api.HoldInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// ResumeInteraction serves POST /v1/interactions/{id}/resume (D07).
func (s *Server) ResumeInteraction(ctx context.Context, r api.ResumeInteractionRequestObject) (api.ResumeInteractionResponseObject, error) {
	if err := s.Desk.Resume(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.ParticipantID)); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.ResumeInteraction200JSONResponse{Body: i, Headers: api.ResumeInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// PutRecording serves PUT /v1/interactions/{id}/recording (D06).
func (s *Server) PutRecording(ctx context.Context, r api.PutRecordingRequestObject) (api.PutRecordingResponseObject, error) {
	if err := s.Desk.Record(ctx, principal(ctx), domain.InteractionID(r.ID), r.Body.Recording); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.PutRecording200JSONResponse{Body: i, Headers: api.PutRecording200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// ForwardInteraction serves POST /v1/interactions/{id}/forward (D08).
func (s *Server) ForwardInteraction(ctx context.Context, r api.ForwardInteractionRequestObject) (api.ForwardInteractionResponseObject, error) {
	return nil, s.unsupported(ctx, r.ID)
}

// ListenToInteraction serves POST /v1/interactions/{id}/listen (D08).
func (s *Server) ListenToInteraction(ctx context.Context, r api.ListenToInteractionRequestObject) (api.ListenToInteractionResponseObject, error) {
	return nil, s.unsupported(ctx, r.ID)
}

// unsupported answers an action that no messaging channel has.
func (s *Server) unsupported(ctx context.Context, id string) error {
	who := principal(ctx)
	if err := s.Store.See(ctx, who.Organization, domain.InteractionID(id), who.Sight()); err != nil {
		return err
	}
	d, err := s.Store.InteractionDetail(ctx, who.Organization, domain.InteractionID(id))
	if err != nil {
		return err
	}
	return s.Desk.Unsupported(d, who)
}
