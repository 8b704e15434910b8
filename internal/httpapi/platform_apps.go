package httpapi

import (
	"context"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func (s *Server) toPlatformApp(a domain.PlatformApp) api.PlatformApp {
	return api.PlatformApp{ID: string(a.ID), Platform: api.Platform(a.Platform), Name: a.Name, ExternalID: a.ExternalID, SecretCount: len(a.Secrets),
		WebhookURL: s.PublicURL + "/hooks/" + string(a.ID), Version: a.Version, CreatedAt: api.At(a.CreatedAt), UpdatedAt: api.At(a.UpdatedAt)}
}

func newPlatformApp(org domain.OrganizationID, now time.Time) domain.PlatformApp {
	return domain.PlatformApp{ID: domain.NewID[domain.AppID](), Organization: org, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// platformAppInput is an app with what goes in and never comes out.
type platformAppInput struct {
	api.PlatformApp
	Secrets     []string `json:"secrets"`
	VerifyToken string   `json:"verify_token"`
}

// fromPlatformApp takes over what a client may set; absent secrets mean keep.
func fromPlatformApp(a domain.PlatformApp, in platformAppInput) domain.PlatformApp {
	a.Platform, a.Name, a.ExternalID = domain.Platform(in.Platform), in.Name, in.ExternalID
	if len(in.Secrets) > 0 {
		a.Secrets = in.Secrets
	}
	if in.VerifyToken != "" {
		a.VerifyToken = in.VerifyToken
	}
	return a
}

// checkPlatformApp refuses an app without what its platform's webhooks need.
func checkPlatformApp(a domain.PlatformApp) error {
	if a.Platform == domain.PlatformMeta && len(a.Secrets) == 0 {
		return domain.Invalid("/secrets", "platform_app.secrets_required", "An app at Meta needs at least one secret, by which its webhooks are verified.")
	}
	return nil
}

// ListPlatformApps serves GET /v1/platform-apps.
func (s *Server) ListPlatformApps(ctx context.Context, r api.ListPlatformAppsRequestObject) (api.ListPlatformAppsResponseObject, error) {
	apps, next, err := s.Store.Apps(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListPlatformApps200JSONResponse(api.PlatformAppList{Items: each(apps, s.toPlatformApp), NextCursor: next}), nil
}

// CreatePlatformApp serves POST /v1/platform-apps.
func (s *Server) CreatePlatformApp(ctx context.Context, r api.CreatePlatformAppRequestObject) (api.CreatePlatformAppResponseObject, error) {
	a := newPlatformApp(principal(ctx).Organization, s.Now())
	input, err := overlay(platformAppInput{PlatformApp: s.toPlatformApp(a)}, r.Body)
	if err != nil {
		return nil, err
	}
	a = fromPlatformApp(a, input)
	if err := checkPlatformApp(a); err != nil {
		return nil, err
	}
	if err := s.write(ctx, func(ctx context.Context) error { return s.Store.CreateApp(ctx, a) }); err != nil {
		return nil, err
	}
	return api.CreatePlatformApp201JSONResponse{Body: s.toPlatformApp(a),
		Headers: api.CreatePlatformApp201ResponseHeaders{ETag: etag(a.Version), Location: location("platform-apps", string(a.ID))}}, nil
}

// GetPlatformApp serves GET /v1/platform-apps/{id}.
func (s *Server) GetPlatformApp(ctx context.Context, r api.GetPlatformAppRequestObject) (api.GetPlatformAppResponseObject, error) {
	a, err := s.Store.App(ctx, principal(ctx).Organization, domain.AppID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetPlatformApp200JSONResponse{Body: s.toPlatformApp(a), Headers: api.GetPlatformApp200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// changePlatformApp puts a body over an app: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changePlatformApp(ctx context.Context, id, ifMatch string, body any, replace bool) (a domain.PlatformApp, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		before, err := s.Store.App(ctx, principal(ctx).Organization, domain.AppID(id))
		if err != nil {
			return err
		}
		if err := matches(ifMatch, before.Version, s.toPlatformApp(before)); err != nil {
			return err
		}
		base := s.toPlatformApp(before)
		if replace {
			base = s.toPlatformApp(newPlatformApp(before.Organization, before.CreatedAt))
		}
		input, err := overlay(platformAppInput{PlatformApp: base}, body)
		if err != nil {
			return err
		}
		a = fromPlatformApp(before, input)
		return s.savePlatformApp(ctx, before, &a)
	})
	return a, err
}

// savePlatformApp checks and writes an app that was changed.
func (s *Server) savePlatformApp(ctx context.Context, before domain.PlatformApp, a *domain.PlatformApp) error {
	if a.Platform != before.Platform {
		return domain.Invalid("/platform", "platform_app.platform_fixed", "The platform of an app cannot change. Make another app.")
	}
	a.UpdatedAt = s.Now()
	s.forgetApp(ctx, a.ID)
	return s.Store.SaveApp(ctx, a)
}

// forgetApp makes the webhooks' door read an app anew, once its change is on disk.
func (s *Server) forgetApp(ctx context.Context, id domain.AppID) {
	s.Store.After(ctx, func() { s.Hooks.Forget(id) })
}

// ReplacePlatformApp serves PUT /v1/platform-apps/{id}.
func (s *Server) ReplacePlatformApp(ctx context.Context, r api.ReplacePlatformAppRequestObject) (api.ReplacePlatformAppResponseObject, error) {
	a, err := s.changePlatformApp(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplacePlatformApp200JSONResponse{Body: s.toPlatformApp(a), Headers: api.ReplacePlatformApp200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// UpdatePlatformApp serves PATCH /v1/platform-apps/{id}.
func (s *Server) UpdatePlatformApp(ctx context.Context, r api.UpdatePlatformAppRequestObject) (api.UpdatePlatformAppResponseObject, error) {
	a, err := s.changePlatformApp(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdatePlatformApp200JSONResponse{Body: s.toPlatformApp(a), Headers: api.UpdatePlatformApp200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// UpsertPlatformApp serves PUT /v1/platform-apps/by-external-id/{external_id}.
func (s *Server) UpsertPlatformApp(ctx context.Context, r api.UpsertPlatformAppRequestObject) (api.UpsertPlatformAppResponseObject, error) {
	fresh := newPlatformApp(principal(ctx).Organization, s.Now())
	a, made, err := upsert(ctx, s, upserting[domain.PlatformApp]{table: "platform_apps", external: r.ExternalID, list: s.Store.Apps, fresh: fresh,
		create: s.Store.CreateApp, save: s.savePlatformApp,
		change: func(_ context.Context, a domain.PlatformApp) (domain.PlatformApp, error) {
			input, err := overlay(platformAppInput{PlatformApp: s.toPlatformApp(fresh)}, r.Body)
			if err != nil {
				return a, err
			}
			if err := named(&input.ExternalID, r.ExternalID); err != nil {
				return a, err
			}
			a = fromPlatformApp(a, input)
			return a, checkPlatformApp(a)
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertPlatformApp201JSONResponse{Body: s.toPlatformApp(a),
			Headers: api.UpsertPlatformApp201ResponseHeaders{ETag: etag(a.Version), Location: location("platform-apps", string(a.ID))}}, nil
	}
	return api.UpsertPlatformApp200JSONResponse{Body: s.toPlatformApp(a), Headers: api.UpsertPlatformApp200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// DeletePlatformApp serves DELETE /v1/platform-apps/{id}.
func (s *Server) DeletePlatformApp(ctx context.Context, r api.DeletePlatformAppRequestObject) (api.DeletePlatformAppResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		a, err := s.Store.App(ctx, principal(ctx).Organization, domain.AppID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, a.Version, s.toPlatformApp(a)); err != nil {
			return err
		}
		used, err := s.Store.AppInUse(ctx, a.Organization, a.ID)
		if err != nil {
			return err
		}
		if used {
			return domain.Conflict("platform_app.in_use", "A channel belongs to the app. Delete the app's channels first.")
		}
		s.forgetApp(ctx, a.ID)
		return s.Store.DeleteApp(ctx, a, s.Now())
	})
	return api.DeletePlatformApp204Response{}, err
}
