package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toOrganization(o domain.Organization) api.Organization {
	return api.Organization{ID: string(o.ID), Name: o.Name, AllowedOrigins: o.AllowedOrigins, Features: toFeatures(o),
		AgentGraceSeconds: o.AgentGrace, OnAgentLost: api.AgentLost(o.OnAgentLost),
		CreatedAt: api.At(o.CreatedAt), Version: o.Version}
}

// GetOrganization serves GET /v1/organization.
func (s *Server) GetOrganization(ctx context.Context, _ api.GetOrganizationRequestObject) (api.GetOrganizationResponseObject, error) {
	o, err := s.Store.Organization(ctx, principal(ctx).Organization)
	if err != nil {
		return nil, err
	}
	return api.GetOrganization200JSONResponse{Body: toOrganization(o), Headers: api.GetOrganization200ResponseHeaders{ETag: etag(o.Version)}}, nil
}

// UpdateOrganization serves PATCH /v1/organization.
func (s *Server) UpdateOrganization(ctx context.Context, r api.UpdateOrganizationRequestObject) (api.UpdateOrganizationResponseObject, error) {
	var o domain.Organization
	err := s.write(ctx, func(ctx context.Context) (err error) {
		if o, err = s.Store.Organization(ctx, principal(ctx).Organization); err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, o.Version, toOrganization(o)); err != nil {
			return err
		}
		input, err := overlay(toOrganization(o), r.Body)
		if err != nil {
			return err
		}
		if err := checkOrigins(input.AllowedOrigins); err != nil {
			return err
		}
		o.AllowedOrigins = input.AllowedOrigins
		o.Switch(input.Features)
		if err := s.watch(ctx, &o, input); err != nil {
			return err
		}
		s.forgetOrigins(ctx)
		s.Store.After(ctx, s.off.forget)
		return s.Store.SaveOrganization(ctx, &o)
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateOrganization200JSONResponse{Body: toOrganization(o), Headers: api.UpdateOrganization200ResponseHeaders{ETag: etag(o.Version)}}, nil
}

// watch takes over the rule about agents who are lost. Where there was none, the
// time of those who are at work begins now.
func (s *Server) watch(ctx context.Context, o *domain.Organization, in api.Organization) error {
	begins := o.AgentGrace == nil && in.AgentGraceSeconds != nil
	o.AgentGrace, o.OnAgentLost = in.AgentGraceSeconds, domain.AgentLost(in.OnAgentLost)
	s.Store.After(ctx, s.Watches)
	if !begins {
		return nil
	}
	return s.Store.WatchAgents(ctx, o.ID, s.Now())
}
