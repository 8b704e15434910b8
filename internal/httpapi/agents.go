package httpapi

import (
	"context"
	"reflect"
	"slices"
	"strconv"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/desk"
	"github.com/parley-cx/parley/internal/domain"
)

func toAgent(a domain.Agent) api.Agent {
	return api.Agent{ID: string(a.ID), Name: a.Name, DisplayName: a.DisplayName, Email: a.Email,
		ExternalID: a.ExternalID, ExternalSubject: a.Subject, Skills: each(a.Skills, toAgentSkill), MultimediaProfileID: ref(a.Profile), Scopes: scopeWords(a.Scopes),
		Presence: api.Presence(a.Presence), PresenceNote: a.PresenceNote, RoutingStatus: api.RoutingStatus(a.RoutingStatus()),
		AllowedPresences: each(a.AllowedPresences(), func(p domain.Presence) api.Presence { return api.Presence(p) }),
		Utilization:      api.Utilization{Message: toCapacity(a, domain.MediumMessage), Social: toCapacity(a, domain.MediumSocial)},
		Version:          a.Version, CreatedAt: api.At(a.CreatedAt), UpdatedAt: api.At(a.UpdatedAt)}
}

// agentInput is a whole agent as it was sent. An empty list of scopes counts,
// which the generated type leaves out.
type agentInput struct {
	api.AgentInput
	Scopes []string `json:"scopes,omitzero"`
}

func toAgentSkill(has domain.AgentSkill) api.AgentSkill {
	return api.AgentSkill{Skill: string(has.Skill), Proficiency: has.Proficiency}
}

func toCapacity(a domain.Agent, m domain.Medium) api.Capacity {
	return api.Capacity{Used: a.Load.Of(m), Maximum: a.Limits.Maximum(m)}
}

// fromAgent takes over what a client may set.
func (s *Server) fromAgent(ctx context.Context, a domain.Agent, in api.Agent) (domain.Agent, error) {
	scopes, err := s.knownScopes(in.Scopes)
	if err != nil {
		return a, err
	}
	if !slices.Equal(a.Scopes, scopes) {
		a.Scopes = scopes
	}
	a.Name, a.ExternalID, a.DisplayName, a.Email, a.Subject = in.Name, in.ExternalID, in.DisplayName, in.Email, in.ExternalSubject
	if a.Skills, err = s.knownSkills(ctx, a.Organization, in.Skills); err != nil {
		return a, err
	}
	return s.limited(ctx, a, unref[domain.ProfileID](in.MultimediaProfileID))
}

// knownSkills reads a list of skills, and refuses those that do not exist or are
// given twice.
func (s *Server) knownSkills(ctx context.Context, org domain.OrganizationID, in []api.AgentSkill) ([]domain.AgentSkill, error) {
	skills := each(in, func(has api.AgentSkill) domain.AgentSkill {
		return domain.AgentSkill{Skill: domain.SkillID(has.Skill), Proficiency: has.Proficiency}
	})
	living, err := s.Store.LivingSkills(ctx, org, each(skills, func(has domain.AgentSkill) domain.SkillID { return has.Skill }))
	if err != nil {
		return nil, err
	}
	seen := map[domain.SkillID]bool{}
	for n, has := range skills {
		pointer := "/skills/" + strconv.Itoa(n) + "/skill"
		if !living[has.Skill] {
			return nil, domain.Invalid(pointer, "skill.unknown", "There is no skill with this id. Make the skill first.")
		}
		if seen[has.Skill] {
			return nil, domain.Invalid(pointer, "skill.given_twice", "The skill is given more than once.")
		}
		seen[has.Skill] = true
	}
	return skills, nil
}

// limited puts an agent under the limits of a profile, which nobody changes
// before the transaction ends.
func (s *Server) limited(ctx context.Context, a domain.Agent, profile *domain.ProfileID) (domain.Agent, error) {
	if profile == nil {
		return a.Limited(nil), nil
	}
	p, err := s.Store.LockProfile(ctx, a.Organization, *profile)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return a, domain.Invalid("/multimedia_profile_id", "multimedia_profile.unknown", "There is no multimedia profile with this id. Give the id of a profile, or null.")
	}
	return a.Limited(&p), err
}

// knownScopes reads a list of scopes, each once, and refuses those that the
// contract does not have.
func (s *Server) knownScopes(words []string) ([]domain.Scope, error) {
	scopes := []domain.Scope{}
	for i, word := range words {
		scope := domain.Scope(word)
		if !slices.Contains(s.Contract.scopes, scope) {
			return nil, domain.Invalid("/scopes/"+strconv.Itoa(i), "scope.unknown", "There is no such scope. Allowed are the scopes that /openapi.yaml lists.")
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

// scopeWords converts scopes to a list that is never null.
func scopeWords(scopes []domain.Scope) []string {
	return each(scopes, func(scope domain.Scope) string { return string(scope) })
}

// ListAgents serves GET /v1/agents.
func (s *Server) ListAgents(ctx context.Context, r api.ListAgentsRequestObject) (api.ListAgentsResponseObject, error) {
	agents, next, err := s.Store.Agents(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListAgents200JSONResponse(api.AgentList{Items: each(agents, toAgent), NextCursor: next}), nil
}

// CreateAgent serves POST /v1/agents.
func (s *Server) CreateAgent(ctx context.Context, r api.CreateAgentRequestObject) (api.CreateAgentResponseObject, error) {
	a := domain.NewAgent(principal(ctx).Organization, "", s.Now())
	input, err := overlay(toAgent(a), agentInput{*r.Body, r.Body.Scopes})
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context) error {
		made, err := s.fromAgent(ctx, a, input)
		if err != nil {
			return err
		}
		a = made
		return s.Store.CreateAgent(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateAgent201JSONResponse{Body: toAgent(a),
		Headers: api.CreateAgent201ResponseHeaders{ETag: etag(a.Version), Location: location("agents", string(a.ID))}}, nil
}

// GetAgent serves GET /v1/agents/{id}.
func (s *Server) GetAgent(ctx context.Context, r api.GetAgentRequestObject) (api.GetAgentResponseObject, error) {
	a, err := s.Store.Agent(ctx, principal(ctx).Organization, domain.AgentID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetAgent200JSONResponse{Body: toAgent(a), Headers: api.GetAgent200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// changeAgent puts a body over an agent: over the defaults for a replacement,
// over what it is for a merge patch. Presence and load stay as they are.
func (s *Server) changeAgent(ctx context.Context, id, ifMatch string, body any, replace bool) (a domain.Agent, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		before, err := s.Store.LockAgent(ctx, principal(ctx).Organization, domain.AgentID(id))
		if err != nil {
			return err
		}
		if err := matches(ifMatch, before.Version, toAgent(before)); err != nil {
			return err
		}
		base := toAgent(before)
		if replace {
			base = toAgent(domain.NewAgent(before.Organization, "", before.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		if a, err = s.fromAgent(ctx, before, input); err != nil {
			return err
		}
		return s.saveAgent(ctx, before, &a)
	})
	return a, err
}

// saveAgent writes an agent that was changed under its lock. What makes the agent
// eligible for more has dispatch look at them again.
func (s *Server) saveAgent(ctx context.Context, before domain.Agent, a *domain.Agent) error {
	a.UpdatedAt = s.Now()
	if !slices.Equal(a.Scopes, before.Scopes) || !slices.Equal(a.Skills, before.Skills) || !reflect.DeepEqual(a.Limits, before.Limits) {
		org, agent := a.Organization, a.ID
		s.Store.After(ctx, func() { s.Freed(org, agent) })
	}
	return s.Store.SaveAgent(ctx, a)
}

// UpsertAgent serves PUT /v1/agents/by-external-id/{external_id}.
func (s *Server) UpsertAgent(ctx context.Context, r api.UpsertAgentRequestObject) (api.UpsertAgentResponseObject, error) {
	fresh := domain.NewAgent(principal(ctx).Organization, "", s.Now())
	a, made, err := upsert(ctx, s, upserting[domain.Agent]{table: "agents", external: r.ExternalID, list: s.Store.Agents, fresh: fresh,
		create: s.Store.CreateAgent, save: s.saveAgent,
		lock: func(ctx context.Context, a domain.Agent) (domain.Agent, error) {
			return s.Store.LockAgent(ctx, a.Organization, a.ID)
		},
		change: func(ctx context.Context, a domain.Agent) (domain.Agent, error) {
			input, err := overlay(toAgent(fresh), agentInput{*r.Body, r.Body.Scopes})
			if err != nil {
				return a, err
			}
			if err := named(&input.ExternalID, r.ExternalID); err != nil {
				return a, err
			}
			return s.fromAgent(ctx, a, input)
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertAgent201JSONResponse{Body: toAgent(a),
			Headers: api.UpsertAgent201ResponseHeaders{ETag: etag(a.Version), Location: location("agents", string(a.ID))}}, nil
	}
	return api.UpsertAgent200JSONResponse{Body: toAgent(a), Headers: api.UpsertAgent200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// ReplaceAgent serves PUT /v1/agents/{id}.
func (s *Server) ReplaceAgent(ctx context.Context, r api.ReplaceAgentRequestObject) (api.ReplaceAgentResponseObject, error) {
	a, err := s.changeAgent(ctx, r.ID, r.Params.IfMatch, agentInput{*r.Body, r.Body.Scopes}, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceAgent200JSONResponse{Body: toAgent(a), Headers: api.ReplaceAgent200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// UpdateAgent serves PATCH /v1/agents/{id}.
func (s *Server) UpdateAgent(ctx context.Context, r api.UpdateAgentRequestObject) (api.UpdateAgentResponseObject, error) {
	a, err := s.changeAgent(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateAgent200JSONResponse{Body: toAgent(a), Headers: api.UpdateAgent200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// DeleteAgent serves DELETE /v1/agents/{id}. A wrap-up that is optional holds
// nothing, so it does not keep its agent.
func (s *Server) DeleteAgent(ctx context.Context, r api.DeleteAgentRequestObject) (api.DeleteAgentResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		a, err := s.Store.LockAgent(ctx, principal(ctx).Organization, domain.AgentID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, a.Version, toAgent(a)); err != nil {
			return err
		}
		if a.Load.Used() > 0 {
			return domain.Conflict("agent.in_use", "The agent has an offer, a conversation or a mandatory wrap-up to finish.")
		}
		return s.Store.DeleteAgent(ctx, a, s.Now())
	})
	return api.DeleteAgent204Response{}, err
}

// GetOwnAgent serves GET /v1/agents/me.
func (s *Server) GetOwnAgent(ctx context.Context, _ api.GetOwnAgentRequestObject) (api.GetOwnAgentResponseObject, error) {
	p := principal(ctx)
	if p.Agent == "" {
		return nil, domain.NoAgent()
	}
	a, err := s.Store.Agent(ctx, p.Organization, p.Agent)
	if err != nil {
		return nil, err
	}
	return api.GetOwnAgent200JSONResponse{Body: toAgent(a), Headers: api.GetOwnAgent200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// setPresence sets an agent's presence, and warns one who logs out over a draft.
func (s *Server) setPresence(ctx context.Context, agent domain.AgentID, body api.PresenceInput) (api.Agent, error) {
	a, unsent, err := s.Desk.SetPresence(ctx, principal(ctx), agent,
		desk.Presence{Presence: domain.Presence(body.Presence), Note: body.Note, RejectIfDraft: body.RejectIfDraft})
	out := toAgent(a)
	out.Warnings = s.draftWarnings(ctx, unsent)
	return out, err
}

// PutOwnPresence serves PUT /v1/agents/me/presence.
func (s *Server) PutOwnPresence(ctx context.Context, r api.PutOwnPresenceRequestObject) (api.PutOwnPresenceResponseObject, error) {
	p := principal(ctx)
	if p.Agent == "" {
		return nil, domain.NoAgent()
	}
	a, err := s.setPresence(ctx, p.Agent, *r.Body)
	if err != nil {
		return nil, err
	}
	return api.PutOwnPresence200JSONResponse{Body: a, Headers: api.PutOwnPresence200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// PutAgentPresence serves PUT /v1/agents/{id}/presence.
func (s *Server) PutAgentPresence(ctx context.Context, r api.PutAgentPresenceRequestObject) (api.PutAgentPresenceResponseObject, error) {
	a, err := s.setPresence(ctx, domain.AgentID(r.ID), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.PutAgentPresence200JSONResponse{Body: a, Headers: api.PutAgentPresence200ResponseHeaders{ETag: etag(a.Version)}}, nil
}
