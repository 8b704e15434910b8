package httpapi

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toSkill(k domain.Skill) api.Skill {
	return api.Skill{ID: string(k.ID), Name: k.Name, ExternalID: k.ExternalID, Version: k.Version,
		CreatedAt: api.At(k.CreatedAt), UpdatedAt: api.At(k.UpdatedAt)}
}

// fromSkill takes over what a client may set.
func fromSkill(k domain.Skill, a api.Skill) domain.Skill {
	k.Name, k.ExternalID = a.Name, a.ExternalID
	return k
}

// ListSkills serves GET /v1/skills.
func (s *Server) ListSkills(ctx context.Context, r api.ListSkillsRequestObject) (api.ListSkillsResponseObject, error) {
	skills, next, err := s.Store.Skills(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListSkills200JSONResponse(api.SkillList{Items: each(skills, toSkill), NextCursor: next}), nil
}

// CreateSkill serves POST /v1/skills.
func (s *Server) CreateSkill(ctx context.Context, r api.CreateSkillRequestObject) (api.CreateSkillResponseObject, error) {
	k := domain.NewSkill(principal(ctx).Organization, s.Now())
	input, err := overlay(toSkill(k), r.Body)
	if err != nil {
		return nil, err
	}
	k = fromSkill(k, input)
	if err := s.write(ctx, func(ctx context.Context) error { return s.Store.CreateSkill(ctx, k) }); err != nil {
		return nil, err
	}
	return api.CreateSkill201JSONResponse{Body: toSkill(k),
		Headers: api.CreateSkill201ResponseHeaders{ETag: etag(k.Version), Location: location("skills", string(k.ID))}}, nil
}

// GetSkill serves GET /v1/skills/{id}.
func (s *Server) GetSkill(ctx context.Context, r api.GetSkillRequestObject) (api.GetSkillResponseObject, error) {
	k, err := s.Store.Skill(ctx, principal(ctx).Organization, domain.SkillID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetSkill200JSONResponse{Body: toSkill(k), Headers: api.GetSkill200ResponseHeaders{ETag: etag(k.Version)}}, nil
}

// changeSkill puts a body over a skill: over the defaults for a replacement, over
// what it is for a merge patch.
func (s *Server) changeSkill(ctx context.Context, id, ifMatch string, body any, replace bool) (k domain.Skill, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if k, err = s.Store.Skill(ctx, principal(ctx).Organization, domain.SkillID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, k.Version, toSkill(k)); err != nil {
			return err
		}
		base := toSkill(k)
		if replace {
			base = toSkill(domain.NewSkill(k.Organization, k.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		k = fromSkill(k, input)
		return s.saveSkill(ctx, k, &k)
	})
	return k, err
}

func (s *Server) saveSkill(ctx context.Context, _ domain.Skill, k *domain.Skill) error {
	k.UpdatedAt = s.Now()
	return s.Store.SaveSkill(ctx, k)
}

// ReplaceSkill serves PUT /v1/skills/{id}.
func (s *Server) ReplaceSkill(ctx context.Context, r api.ReplaceSkillRequestObject) (api.ReplaceSkillResponseObject, error) {
	k, err := s.changeSkill(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceSkill200JSONResponse{Body: toSkill(k), Headers: api.ReplaceSkill200ResponseHeaders{ETag: etag(k.Version)}}, nil
}

// UpdateSkill serves PATCH /v1/skills/{id}.
func (s *Server) UpdateSkill(ctx context.Context, r api.UpdateSkillRequestObject) (api.UpdateSkillResponseObject, error) {
	k, err := s.changeSkill(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateSkill200JSONResponse{Body: toSkill(k), Headers: api.UpdateSkill200ResponseHeaders{ETag: etag(k.Version)}}, nil
}

// UpsertSkill serves PUT /v1/skills/by-external-id/{external_id}.
func (s *Server) UpsertSkill(ctx context.Context, r api.UpsertSkillRequestObject) (api.UpsertSkillResponseObject, error) {
	fresh := domain.NewSkill(principal(ctx).Organization, s.Now())
	k, made, err := upsert(ctx, s, upserting[domain.Skill]{table: "skills", external: r.ExternalID, list: s.Store.Skills, fresh: fresh,
		create: s.Store.CreateSkill, save: s.saveSkill,
		change: func(_ context.Context, k domain.Skill) (domain.Skill, error) {
			input, err := overlay(toSkill(fresh), r.Body)
			if err != nil {
				return k, err
			}
			err = named(&input.ExternalID, r.ExternalID)
			return fromSkill(k, input), err
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertSkill201JSONResponse{Body: toSkill(k),
			Headers: api.UpsertSkill201ResponseHeaders{ETag: etag(k.Version), Location: location("skills", string(k.ID))}}, nil
	}
	return api.UpsertSkill200JSONResponse{Body: toSkill(k), Headers: api.UpsertSkill200ResponseHeaders{ETag: etag(k.Version)}}, nil
}

// DeleteSkill serves DELETE /v1/skills/{id}.
func (s *Server) DeleteSkill(ctx context.Context, r api.DeleteSkillRequestObject) (api.DeleteSkillResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		k, err := s.Store.Skill(ctx, principal(ctx).Organization, domain.SkillID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, k.Version, toSkill(k)); err != nil {
			return err
		}
		if err := s.dropFromAgents(ctx, k); err != nil {
			return err
		}
		if err := s.dropFromRouting(ctx, k); err != nil {
			return err
		}
		return s.Store.DeleteSkill(ctx, k, s.Now())
	})
	return api.DeleteSkill204Response{}, err
}

// PutAgentSkills serves PUT /v1/agents/{id}/skills.
func (s *Server) PutAgentSkills(ctx context.Context, r api.PutAgentSkillsRequestObject) (api.PutAgentSkillsResponseObject, error) {
	var a domain.Agent
	err := s.write(ctx, func(ctx context.Context) error {
		before, err := s.Store.LockAgent(ctx, principal(ctx).Organization, domain.AgentID(r.ID))
		if err != nil {
			return err
		}
		a = before
		skills := each(r.Body.Skills, func(has api.AgentSkillInput) api.AgentSkill { return api.AgentSkill(has) })
		if a.Skills, err = s.knownSkills(ctx, a.Organization, skills); err != nil || slices.Equal(a.Skills, before.Skills) {
			return err
		}
		return s.saveAgent(ctx, before, &a)
	})
	if err != nil {
		return nil, err
	}
	return api.PutAgentSkills200JSONResponse{Body: toAgent(a), Headers: api.PutAgentSkills200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// ChangeSkillAgents serves POST /v1/skills/{id}/agents/batch.
func (s *Server) ChangeSkillAgents(ctx context.Context, r api.ChangeSkillAgentsRequestObject) (api.ChangeSkillAgentsResponseObject, error) {
	var changes domain.Changes
	put := each(r.Body.Agents, func(in api.SkillAgentsItem) domain.AgentID { return domain.AgentID(in.AgentID) })
	remove := each(r.Body.Remove, func(id string) domain.AgentID { return domain.AgentID(id) })
	wanted := map[domain.AgentID]*int{} // nil where the agent is to lose it
	for _, in := range r.Body.Agents {
		wanted[domain.AgentID(in.AgentID)] = &in.Proficiency
	}
	err := s.write(ctx, func(ctx context.Context) error {
		k, err := s.Store.Skill(ctx, principal(ctx).Organization, domain.SkillID(r.ID))
		if err != nil {
			return err
		}
		if err := s.checkBatch(ctx, "/agents/", put, remove); err != nil {
			return err
		}
		agents, err := s.Store.LockAgents(ctx, k.Organization, append(append([]domain.AgentID{}, put...), remove...))
		if err != nil {
			return err
		}
		changes = domain.Changes{}
		for _, before := range agents {
			a, changed := before.Skilled(k.ID, wanted[before.ID], &changes)
			if !changed {
				continue
			}
			if err := s.saveAgent(ctx, before, &a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.ChangeSkillAgents200JSONResponse(toChanges(changes)), nil
}

// dropFromRouting takes a skill off every queue that asks for it.
func (s *Server) dropFromRouting(ctx context.Context, k domain.Skill) error {
	queues, err := s.Store.QueuesWithSkill(ctx, k.Organization, k.ID)
	if err != nil {
		return err
	}
	for _, q := range queues {
		after := q.WithoutSkill(k.ID)
		if err := s.saveQueue(ctx, q, &after); err != nil {
			return err
		}
	}
	return nil
}

// dropFromAgents takes a skill from every agent who has it.
func (s *Server) dropFromAgents(ctx context.Context, k domain.Skill) error {
	agents, err := s.Store.AgentsWithSkill(ctx, k.Organization, k.ID)
	if err != nil {
		return err
	}
	for _, agent := range agents {
		a, err := s.Store.LockAgent(ctx, k.Organization, agent)
		if err != nil {
			return err
		}
		a.Skills = slices.DeleteFunc(a.Skills, func(has domain.AgentSkill) bool { return has.Skill == k.ID })
		a.UpdatedAt = s.Now()
		if err := s.Store.SaveAgent(ctx, &a); err != nil {
			return err
		}
	}
	return nil
}
