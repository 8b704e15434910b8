package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toOAuthClient(c domain.Client) api.OAuthClient {
	return api.OAuthClient{ID: string(c.ID), ClientID: string(c.ID), Name: c.Name, Scopes: scopeWords(c.Scopes), AgentID: ref(c.Agent),
		AllowedOrigins: c.AllowedOrigins, CreatedAt: api.At(c.CreatedAt), Version: c.Version}
}

// newClient gives a client that may do nothing yet.
func newClient(org domain.OrganizationID, now time.Time) domain.Client {
	return domain.Client{ID: domain.NewID[domain.ClientID](), Organization: org, Scopes: []domain.Scope{}, AllowedOrigins: []string{},
		Version: 1, CreatedAt: now}
}

// toOAuthClientSecret is a client with its secret: for the one answer that shows it.
func toOAuthClientSecret(c domain.Client, secret string) api.OAuthClientSecret {
	return api.OAuthClientSecret{ID: string(c.ID), ClientID: string(c.ID), ClientSecret: secret, Name: c.Name, Scopes: scopeWords(c.Scopes),
		AgentID: ref(c.Agent), AllowedOrigins: c.AllowedOrigins, CreatedAt: api.At(c.CreatedAt), Version: c.Version}
}

// fromOAuthClient takes over what a maker may set. Nobody hands out what they lack:
// neither a scope that is new to the client, nor any of its scopes to another agent.
func (s *Server) fromOAuthClient(ctx context.Context, c domain.Client, in api.OAuthClient) (domain.Client, error) {
	scopes, err := s.knownScopes(in.Scopes)
	if err != nil {
		return c, err
	}
	maker, before := principal(ctx), c
	c.Name, c.Scopes, c.Agent, c.AllowedOrigins = in.Name, scopes, unref[domain.AgentID](in.AgentID), in.AllowedOrigins
	if err := s.checkClientAgent(ctx, c); err != nil {
		return c, err
	}
	same := (c.Agent == nil) == (before.Agent == nil) && (c.Agent == nil || *c.Agent == *before.Agent)
	granted := func(scope domain.Scope) bool {
		return maker.Has(scope) || same && slices.Contains(before.Scopes, scope)
	}
	if lacking := slices.DeleteFunc(slices.Clone(scopes), granted); len(lacking) > 0 {
		return c, domain.Missing(lacking...)
	}
	return c, checkOrigins(c.AllowedOrigins)
}

// checkClientAgent refuses a client that acts for an agent who does not exist.
func (s *Server) checkClientAgent(ctx context.Context, c domain.Client) error {
	if c.Agent == nil {
		return nil
	}
	_, err := s.Store.Agent(ctx, c.Organization, *c.Agent)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/agent_id", "oauth_client.agent_unknown", "There is no agent with this id. Give the id of an agent, or null.")
	}
	return err
}

// ListOAuthClients serves GET /v1/oauth-clients.
func (s *Server) ListOAuthClients(ctx context.Context, r api.ListOAuthClientsRequestObject) (api.ListOAuthClientsResponseObject, error) {
	clients, next, err := s.Store.Clients(ctx, principal(ctx).Organization, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListOAuthClients200JSONResponse(api.OAuthClientList{Items: each(clients, toOAuthClient), NextCursor: next}), nil
}

// CreateOAuthClient serves POST /v1/oauth-clients.
func (s *Server) CreateOAuthClient(ctx context.Context, r api.CreateOAuthClientRequestObject) (api.CreateOAuthClientResponseObject, error) {
	secret, hash := s.NewSecret()
	c := newClient(principal(ctx).Organization, s.Now())
	c.SecretHash = hash
	input, err := overlay(toOAuthClient(c), r.Body)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context) (err error) {
		if c, err = s.fromOAuthClient(ctx, c, input); err != nil {
			return err
		}
		s.forgetOrigins(ctx)
		return s.Store.CreateClient(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateOAuthClient201JSONResponse{Body: toOAuthClientSecret(c, secret),
		Headers: api.CreateOAuthClient201ResponseHeaders{ETag: etag(c.Version), Location: location("oauth-clients", string(c.ID))}}, nil
}

// GetOAuthClient serves GET /v1/oauth-clients/{id}.
func (s *Server) GetOAuthClient(ctx context.Context, r api.GetOAuthClientRequestObject) (api.GetOAuthClientResponseObject, error) {
	c, err := s.Store.Client(ctx, principal(ctx).Organization, domain.ClientID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetOAuthClient200JSONResponse{Body: toOAuthClient(c), Headers: api.GetOAuthClient200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// changeOAuthClient puts a body over a client: over the defaults for a replacement,
// over what it is for a merge patch. Its secret stays.
func (s *Server) changeOAuthClient(ctx context.Context, id, ifMatch string, body any, replace bool) (c domain.Client, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if c, err = s.Store.Client(ctx, principal(ctx).Organization, domain.ClientID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, c.Version, toOAuthClient(c)); err != nil {
			return err
		}
		base := toOAuthClient(c)
		if replace {
			base = toOAuthClient(newClient(c.Organization, c.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		if c, err = s.fromOAuthClient(ctx, c, input); err != nil {
			return err
		}
		s.forgetClient(ctx, c.ID)
		s.forgetOrigins(ctx)
		return s.Store.SaveClient(ctx, &c)
	})
	return c, err
}

// ReplaceOAuthClient serves PUT /v1/oauth-clients/{id}.
func (s *Server) ReplaceOAuthClient(ctx context.Context, r api.ReplaceOAuthClientRequestObject) (api.ReplaceOAuthClientResponseObject, error) {
	c, err := s.changeOAuthClient(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceOAuthClient200JSONResponse{Body: toOAuthClient(c), Headers: api.ReplaceOAuthClient200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateOAuthClient serves PATCH /v1/oauth-clients/{id}.
func (s *Server) UpdateOAuthClient(ctx context.Context, r api.UpdateOAuthClientRequestObject) (api.UpdateOAuthClientResponseObject, error) {
	c, err := s.changeOAuthClient(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateOAuthClient200JSONResponse{Body: toOAuthClient(c), Headers: api.UpdateOAuthClient200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteOAuthClient serves DELETE /v1/oauth-clients/{id}.
func (s *Server) DeleteOAuthClient(ctx context.Context, r api.DeleteOAuthClientRequestObject) (api.DeleteOAuthClientResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.Client(ctx, principal(ctx).Organization, domain.ClientID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toOAuthClient(c)); err != nil {
			return err
		}
		s.forgetClient(ctx, c.ID)
		s.forgetOrigins(ctx)
		return s.Store.DeleteClient(ctx, c)
	})
	return api.DeleteOAuthClient204Response{}, err
}

// RotateOAuthClientSecret serves POST /v1/oauth-clients/{id}/rotate-secret.
// Tokens that were issued before stay valid; only the cache reads the client anew.
func (s *Server) RotateOAuthClientSecret(ctx context.Context, r api.RotateOAuthClientSecretRequestObject) (api.RotateOAuthClientSecretResponseObject, error) {
	secret, hash := s.NewSecret()
	var c domain.Client
	err := s.write(ctx, func(ctx context.Context) (err error) {
		if c, err = s.Store.Client(ctx, principal(ctx).Organization, domain.ClientID(r.ID)); err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toOAuthClient(c)); err != nil {
			return err
		}
		if who := principal(ctx); !who.Has(c.Scopes...) {
			return domain.Missing(c.Scopes...) // a new secret is a way to the client's rights
		}
		c.SecretHash = hash
		s.forgetClient(ctx, c.ID)
		return s.Store.SaveClient(ctx, &c)
	})
	if err != nil {
		return nil, err
	}
	return api.RotateOAuthClientSecret200JSONResponse{Body: toOAuthClientSecret(c, secret),
		Headers: api.RotateOAuthClientSecret200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// forgetClient makes this node read a client anew, once its change is on disk.
func (s *Server) forgetClient(ctx context.Context, id domain.ClientID) {
	s.Store.After(ctx, func() { s.Forget(id) })
}
