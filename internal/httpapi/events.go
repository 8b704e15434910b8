package httpapi

import (
	"context"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/stream"
)

func (s *Server) toEvent(e domain.LoggedEvent) api.Event {
	out := api.Event{ID: string(e.ID), Type: api.EventType(e.Type), Source: s.PublicURL, Time: api.At(e.Time), Subject: e.Subject,
		Cursor: stream.Cursor(e.Position), OrganizationID: string(e.Organization), InteractionID: optional(e.Interaction),
		QueueID: optional(e.Queue), AgentID: optional(e.Agent), Actor: api.Actor{Type: api.ActorType(e.Actor.Type), ID: optional(e.Actor.ID)},
		Data: encode(e.Data)}
	if e.Sequence > 0 {
		out.Sequence = &e.Sequence
	}
	return out
}

// optional gives nil for an empty id.
func optional[T ~string](id T) *string {
	if id == "" {
		return nil
	}
	s := string(id)
	return &s
}

// ListEvents serves GET /v1/events, the long poll.
func (s *Server) ListEvents(ctx context.Context, r api.ListEventsRequestObject) (api.ListEventsResponseObject, error) {
	p := r.Params
	after, err := stream.Position(p.Cursor)
	if err != nil {
		return nil, err
	}
	limit := p.Limit
	if limit == 0 {
		limit = 50
	}
	f := domain.EventFilter{Sight: principal(ctx).Sight(), Interaction: domain.InteractionID(p.InteractionID), Queue: domain.QueueID(p.QueueID), Agent: domain.AgentID(p.AgentID),
		Types: each(p.Types, func(t api.EventType) domain.EventType { return domain.EventType(t) })}
	events, next, err := s.Hub.Read(ctx, principal(ctx).Organization, f, after, limit, time.Duration(p.Wait)*time.Second)
	if err != nil {
		return nil, err
	}
	return api.ListEvents200JSONResponse(api.EventList{Items: each(events, s.toEvent), NextCursor: stream.Cursor(next)}), nil
}
