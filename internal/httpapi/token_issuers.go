package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toTokenIssuer(i domain.TokenIssuer) api.TokenIssuer {
	return api.TokenIssuer{ID: string(i.ID), Name: i.Name, Issuer: i.Issuer, Audience: i.Audience, JwksURL: i.JWKSURL, Scopes: scopeWords(i.Scopes),
		Algorithms:   each(i.Algorithms, func(a string) api.TokenAlgorithm { return api.TokenAlgorithm(a) }),
		ClaimMapping: api.ClaimMapping{Org: i.OrganizationClaim, Scope: i.ScopeClaim, Agent: i.AgentClaim},
		Version:      i.Version, CreatedAt: api.At(i.CreatedAt), UpdatedAt: api.At(i.UpdatedAt)}
}

// newTokenIssuer gives an issuer with the documented defaults.
func newTokenIssuer(org domain.OrganizationID, now time.Time) domain.TokenIssuer {
	scope, agent := "scope", "agent"
	return domain.TokenIssuer{ID: domain.NewID[domain.TokenIssuerID](), Organization: org, Algorithms: []string{"RS256", "ES256", "EdDSA"},
		Scopes: []domain.Scope{}, OrganizationClaim: "org", ScopeClaim: &scope, AgentClaim: &agent, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// fromTokenIssuer takes over what a maker may set. Nobody lets an issuer grant what
// they lack, nor lets another issuer, or other keys, grant what is already granted.
func (s *Server) fromTokenIssuer(ctx context.Context, i domain.TokenIssuer, in api.TokenIssuer) (domain.TokenIssuer, error) {
	scopes, err := s.knownScopes(in.Scopes)
	if err != nil {
		return i, err
	}
	before := i
	i.Name, i.Issuer, i.Audience, i.JWKSURL, i.Scopes = in.Name, in.Issuer, in.Audience, in.JwksURL, scopes
	i.Algorithms = each(in.Algorithms, func(a api.TokenAlgorithm) string { return string(a) })
	i.OrganizationClaim, i.ScopeClaim, i.AgentClaim = in.ClaimMapping.Org, in.ClaimMapping.Scope, in.ClaimMapping.Agent
	if i.Issuer == s.Tokens.Issuer.URL {
		return i, domain.Invalid("/issuer", "token_issuer.own", "This is the issuer of this installation's own tokens.")
	}
	if err := s.checkAddress("/jwks_url", "token_issuer.jwks_url_refused", i.JWKSURL); err != nil {
		return i, err
	}
	kept := i
	kept.Name, kept.Scopes = before.Name, before.Scopes
	same := sameIssuer(kept, before)
	granted := func(scope domain.Scope) bool {
		return principal(ctx).Has(scope) || same && slices.Contains(before.Scopes, scope)
	}
	if lacking := slices.DeleteFunc(slices.Clone(scopes), granted); len(lacking) > 0 {
		return i, domain.Missing(lacking...)
	}
	return i, nil
}

// sameIssuer tells whether the same tokens are taken, and mean the same.
func sameIssuer(a, b domain.TokenIssuer) bool {
	x, y := toTokenIssuer(a), toTokenIssuer(b)
	return string(encode(x)) == string(encode(y))
}

// ListTokenIssuers serves GET /v1/token-issuers.
func (s *Server) ListTokenIssuers(ctx context.Context, r api.ListTokenIssuersRequestObject) (api.ListTokenIssuersResponseObject, error) {
	issuers, next, err := s.Store.TokenIssuers(ctx, principal(ctx).Organization, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListTokenIssuers200JSONResponse(api.TokenIssuerList{Items: each(issuers, toTokenIssuer), NextCursor: next}), nil
}

// CreateTokenIssuer serves POST /v1/token-issuers.
func (s *Server) CreateTokenIssuer(ctx context.Context, r api.CreateTokenIssuerRequestObject) (api.CreateTokenIssuerResponseObject, error) {
	i := newTokenIssuer(principal(ctx).Organization, s.Now())
	input, err := overlay(toTokenIssuer(i), r.Body)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context) (err error) {
		if i, err = s.fromTokenIssuer(ctx, i, input); err != nil {
			return err
		}
		s.Store.After(ctx, s.Distrust)
		return s.Store.CreateTokenIssuer(ctx, i)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateTokenIssuer201JSONResponse{Body: toTokenIssuer(i),
		Headers: api.CreateTokenIssuer201ResponseHeaders{ETag: etag(i.Version), Location: location("token-issuers", string(i.ID))}}, nil
}

// GetTokenIssuer serves GET /v1/token-issuers/{id}.
func (s *Server) GetTokenIssuer(ctx context.Context, r api.GetTokenIssuerRequestObject) (api.GetTokenIssuerResponseObject, error) {
	i, err := s.Store.TokenIssuer(ctx, principal(ctx).Organization, domain.TokenIssuerID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetTokenIssuer200JSONResponse{Body: toTokenIssuer(i), Headers: api.GetTokenIssuer200ResponseHeaders{ETag: etag(i.Version)}}, nil
}

// changeTokenIssuer puts a body over an issuer: over the defaults for a
// replacement, over what it is for a merge patch.
func (s *Server) changeTokenIssuer(ctx context.Context, id, ifMatch string, body any, replace bool) (i domain.TokenIssuer, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if i, err = s.Store.TokenIssuer(ctx, principal(ctx).Organization, domain.TokenIssuerID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, i.Version, toTokenIssuer(i)); err != nil {
			return err
		}
		base := toTokenIssuer(i)
		if replace {
			base = toTokenIssuer(newTokenIssuer(i.Organization, i.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		if i, err = s.fromTokenIssuer(ctx, i, input); err != nil {
			return err
		}
		i.UpdatedAt = s.Now()
		s.Store.After(ctx, s.Distrust)
		return s.Store.SaveTokenIssuer(ctx, &i)
	})
	return i, err
}

// ReplaceTokenIssuer serves PUT /v1/token-issuers/{id}.
func (s *Server) ReplaceTokenIssuer(ctx context.Context, r api.ReplaceTokenIssuerRequestObject) (api.ReplaceTokenIssuerResponseObject, error) {
	i, err := s.changeTokenIssuer(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceTokenIssuer200JSONResponse{Body: toTokenIssuer(i), Headers: api.ReplaceTokenIssuer200ResponseHeaders{ETag: etag(i.Version)}}, nil
}

// UpdateTokenIssuer serves PATCH /v1/token-issuers/{id}.
func (s *Server) UpdateTokenIssuer(ctx context.Context, r api.UpdateTokenIssuerRequestObject) (api.UpdateTokenIssuerResponseObject, error) {
	i, err := s.changeTokenIssuer(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateTokenIssuer200JSONResponse{Body: toTokenIssuer(i), Headers: api.UpdateTokenIssuer200ResponseHeaders{ETag: etag(i.Version)}}, nil
}

// DeleteTokenIssuer serves DELETE /v1/token-issuers/{id}.
func (s *Server) DeleteTokenIssuer(ctx context.Context, r api.DeleteTokenIssuerRequestObject) (api.DeleteTokenIssuerResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		i, err := s.Store.TokenIssuer(ctx, principal(ctx).Organization, domain.TokenIssuerID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, i.Version, toTokenIssuer(i)); err != nil {
			return err
		}
		s.Store.After(ctx, s.Distrust)
		return s.Store.DeleteTokenIssuer(ctx, i)
	})
	return api.DeleteTokenIssuer204Response{}, err
}
