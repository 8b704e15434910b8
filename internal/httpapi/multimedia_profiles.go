package httpapi

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toProfile(p domain.Profile) api.MultimediaProfile {
	l := p.Limits
	channels := each(l.Channels, func(k domain.ChannelKind) api.ChannelKind { return api.ChannelKind(k) })
	if l.Channels == nil {
		channels = nil
	}
	return api.MultimediaProfile{ID: string(p.ID), Name: p.Name, ExternalID: p.ExternalID, Channels: channels,
		Capacities:      api.Capacities{Message: l.Message, Social: l.Social},
		InterruptibleBy: api.InterruptibleBy{Message: beside(l.MessageBySocial, api.MediumSocial), Social: beside(l.SocialByMessage, api.MediumMessage)},
		Version:         p.Version, CreatedAt: api.At(p.CreatedAt), UpdatedAt: api.At(p.UpdatedAt)}
}

// beside lists what may come beside a medium; more of the same always may.
func beside(may bool, other api.Medium) []api.Medium {
	if may {
		return []api.Medium{other}
	}
	return []api.Medium{}
}

// fromProfile takes over what a client may set.
func fromProfile(p domain.Profile, a api.MultimediaProfile) domain.Profile {
	p.Name, p.ExternalID = a.Name, a.ExternalID
	p.Limits = domain.Limits{Message: a.Capacities.Message, Social: a.Capacities.Social,
		MessageBySocial: slices.Contains(a.InterruptibleBy.Message, api.MediumSocial),
		SocialByMessage: slices.Contains(a.InterruptibleBy.Social, api.MediumMessage)}
	if a.Channels != nil {
		p.Limits.Channels = []domain.ChannelKind{}
	}
	for _, kind := range a.Channels {
		if !slices.Contains(p.Limits.Channels, domain.ChannelKind(kind)) {
			p.Limits.Channels = append(p.Limits.Channels, domain.ChannelKind(kind))
		}
	}
	return p
}

// ListMultimediaProfiles serves GET /v1/multimedia-profiles.
func (s *Server) ListMultimediaProfiles(ctx context.Context, r api.ListMultimediaProfilesRequestObject) (api.ListMultimediaProfilesResponseObject, error) {
	profiles, next, err := s.Store.Profiles(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListMultimediaProfiles200JSONResponse(api.MultimediaProfileList{Items: each(profiles, toProfile), NextCursor: next}), nil
}

// CreateMultimediaProfile serves POST /v1/multimedia-profiles.
func (s *Server) CreateMultimediaProfile(ctx context.Context, r api.CreateMultimediaProfileRequestObject) (api.CreateMultimediaProfileResponseObject, error) {
	p := domain.NewProfile(principal(ctx).Organization, s.Now())
	input, err := overlay(toProfile(p), r.Body)
	if err != nil {
		return nil, err
	}
	p = fromProfile(p, input)
	if err := s.write(ctx, func(ctx context.Context) error { return s.Store.CreateProfile(ctx, p) }); err != nil {
		return nil, err
	}
	return api.CreateMultimediaProfile201JSONResponse{Body: toProfile(p),
		Headers: api.CreateMultimediaProfile201ResponseHeaders{ETag: etag(p.Version), Location: location("multimedia-profiles", string(p.ID))}}, nil
}

// GetMultimediaProfile serves GET /v1/multimedia-profiles/{id}.
func (s *Server) GetMultimediaProfile(ctx context.Context, r api.GetMultimediaProfileRequestObject) (api.GetMultimediaProfileResponseObject, error) {
	p, err := s.Store.Profile(ctx, principal(ctx).Organization, domain.ProfileID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetMultimediaProfile200JSONResponse{Body: toProfile(p), Headers: api.GetMultimediaProfile200ResponseHeaders{ETag: etag(p.Version)}}, nil
}

// changeProfile puts a body over a profile: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeProfile(ctx context.Context, id, ifMatch string, body any, replace bool) (p domain.Profile, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if p, err = s.Store.LockProfile(ctx, principal(ctx).Organization, domain.ProfileID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, p.Version, toProfile(p)); err != nil {
			return err
		}
		base := toProfile(p)
		if replace {
			base = toProfile(domain.NewProfile(p.Organization, p.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		p = fromProfile(p, input)
		return s.saveProfile(ctx, p, &p)
	})
	return p, err
}

// saveProfile writes a profile that was changed under its lock, and offers its
// agents what they may take now.
func (s *Server) saveProfile(ctx context.Context, _ domain.Profile, p *domain.Profile) error {
	p.UpdatedAt = s.Now()
	if err := s.Store.SaveProfile(ctx, p); err != nil {
		return err
	}
	agents, err := s.Store.AgentsWithProfile(ctx, p.Organization, p.ID)
	if err != nil {
		return err
	}
	org := p.Organization
	s.Store.After(ctx, func() {
		for _, agent := range agents {
			s.Freed(org, agent)
		}
	})
	return nil
}

// ReplaceMultimediaProfile serves PUT /v1/multimedia-profiles/{id}.
func (s *Server) ReplaceMultimediaProfile(ctx context.Context, r api.ReplaceMultimediaProfileRequestObject) (api.ReplaceMultimediaProfileResponseObject, error) {
	p, err := s.changeProfile(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceMultimediaProfile200JSONResponse{Body: toProfile(p), Headers: api.ReplaceMultimediaProfile200ResponseHeaders{ETag: etag(p.Version)}}, nil
}

// UpdateMultimediaProfile serves PATCH /v1/multimedia-profiles/{id}.
func (s *Server) UpdateMultimediaProfile(ctx context.Context, r api.UpdateMultimediaProfileRequestObject) (api.UpdateMultimediaProfileResponseObject, error) {
	p, err := s.changeProfile(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateMultimediaProfile200JSONResponse{Body: toProfile(p), Headers: api.UpdateMultimediaProfile200ResponseHeaders{ETag: etag(p.Version)}}, nil
}

// UpsertMultimediaProfile serves PUT /v1/multimedia-profiles/by-external-id/{external_id}.
func (s *Server) UpsertMultimediaProfile(ctx context.Context, r api.UpsertMultimediaProfileRequestObject) (api.UpsertMultimediaProfileResponseObject, error) {
	fresh := domain.NewProfile(principal(ctx).Organization, s.Now())
	p, made, err := upsert(ctx, s, upserting[domain.Profile]{table: "multimedia_profiles", external: r.ExternalID, list: s.Store.Profiles, fresh: fresh,
		create: s.Store.CreateProfile, save: s.saveProfile,
		lock: func(ctx context.Context, p domain.Profile) (domain.Profile, error) {
			return s.Store.LockProfile(ctx, p.Organization, p.ID)
		},
		change: func(_ context.Context, p domain.Profile) (domain.Profile, error) {
			input, err := overlay(toProfile(fresh), r.Body)
			if err != nil {
				return p, err
			}
			err = named(&input.ExternalID, r.ExternalID)
			return fromProfile(p, input), err
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertMultimediaProfile201JSONResponse{Body: toProfile(p),
			Headers: api.UpsertMultimediaProfile201ResponseHeaders{ETag: etag(p.Version), Location: location("multimedia-profiles", string(p.ID))}}, nil
	}
	return api.UpsertMultimediaProfile200JSONResponse{Body: toProfile(p), Headers: api.UpsertMultimediaProfile200ResponseHeaders{ETag: etag(p.Version)}}, nil
}

// DeleteMultimediaProfile serves DELETE /v1/multimedia-profiles/{id}.
func (s *Server) DeleteMultimediaProfile(ctx context.Context, r api.DeleteMultimediaProfileRequestObject) (api.DeleteMultimediaProfileResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		p, err := s.Store.LockProfile(ctx, principal(ctx).Organization, domain.ProfileID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, p.Version, toProfile(p)); err != nil {
			return err
		}
		used, err := s.Store.ProfileInUse(ctx, p.Organization, p.ID)
		if err != nil {
			return err
		}
		if used {
			return domain.Conflict("multimedia_profile.in_use", "An agent has the profile. Give its agents another one first.")
		}
		return s.Store.DeleteProfile(ctx, p, s.Now())
	})
	return api.DeleteMultimediaProfile204Response{}, err
}
