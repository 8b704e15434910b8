package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/dispatch"
	"github.com/parley-cx/parley/internal/domain"
)

// AssignInteraction serves POST /v1/interactions/{id}/assign.
func (s *Server) AssignInteraction(ctx context.Context, r api.AssignInteractionRequestObject) (api.AssignInteractionResponseObject, error) {
	if err := s.Dispatch.Assign(ctx, principal(ctx), domain.InteractionID(r.ID), domain.AgentID(r.Body.AgentID)); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.AssignInteraction200JSONResponse{Body: i, Headers: api.AssignInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// GetInteractionRouting serves GET /v1/interactions/{id}/routing.
func (s *Server) GetInteractionRouting(ctx context.Context, r api.GetInteractionRoutingRequestObject) (api.GetInteractionRoutingResponseObject, error) {
	i, err := s.Store.Interaction(ctx, principal(ctx).Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	var members []domain.Candidate
	var next *string
	if i.Queue != nil {
		p := page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc)
		if members, next, err = s.Store.MembersOf(ctx, i.Organization, *i.Queue, p); err != nil {
			return nil, err
		}
	}
	e, err := s.Dispatch.Explain(ctx, i, members)
	if err != nil {
		return nil, err
	}
	titles := s.Words.Labels(infoOf(ctx).language, nil).Enums["routing_reason"]
	out := toExplanation(e)
	out.NextCursor = next
	out.Items = each(e.Members, func(v dispatch.Verdict) api.AgentRouting { return toVerdict(v, i, titles) })
	return api.GetInteractionRouting200JSONResponse(out), nil
}

func toExplanation(e dispatch.Explanation) api.InteractionRouting {
	i := e.Interaction
	out := api.InteractionRouting{InteractionID: string(i.ID), State: api.InteractionState(i.State), Position: e.Position, Method: api.ScoringMethod(i.Scoring),
		Score: e.Points, Priority: i.Priority, EnqueuedAt: api.At(i.EnqueuedAt), RequeueCount: i.RequeueCount, Ring: i.Ring,
		Skills: words(e.Skills)}
	if i.State == domain.InteractionQueued {
		out.RingWidensAt = api.AtOrNull(i.RingDueAt)
	}
	if e.Queue != nil {
		out.Queue = &api.InteractionQueue{ID: string(e.Queue.ID), Name: e.Queue.Name}
	}
	return out
}

func toVerdict(v dispatch.Verdict, i domain.Interaction, titles map[string]string) api.AgentRouting {
	a := api.AgentRouting{AgentID: string(v.Agent.ID), AgentName: v.Agent.Name, Eligible: v.Eligible(), Reasons: []api.AgentRoutingReason{}}
	if ring, joined := v.Agent.Rings[*i.Queue]; joined {
		a.Ring = &ring
	}
	for _, c := range v.Checks {
		reason := api.AgentRoutingReason{Code: api.RoutingReason(c.Reason), Outcome: api.RoutingOutcomeFor, Title: titles[string(c.Reason)]}
		if c.Against {
			reason.Outcome = api.RoutingOutcomeAgainst
		}
		if c.Skill != "" {
			id := string(c.Skill)
			reason.SkillID = &id
		}
		a.Reasons = append(a.Reasons, reason)
	}
	return a
}
