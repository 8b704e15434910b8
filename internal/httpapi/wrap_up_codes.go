package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toWrapUpCode(c domain.WrapUpCode) api.WrapUpCode {
	return api.WrapUpCode{ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID, Version: c.Version,
		CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt)}
}

func newWrapUpCode(org domain.OrganizationID, now time.Time) domain.WrapUpCode {
	return domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: org, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// fromWrapUpCode takes over what a client may set.
func fromWrapUpCode(c domain.WrapUpCode, a api.WrapUpCode) domain.WrapUpCode {
	c.Name, c.ExternalID = a.Name, a.ExternalID
	return c
}

// ListWrapUpCodes serves GET /v1/wrap-up-codes.
func (s *Server) ListWrapUpCodes(ctx context.Context, r api.ListWrapUpCodesRequestObject) (api.ListWrapUpCodesResponseObject, error) {
	codes, next, err := s.Store.WrapUpCodes(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID), nil,
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListWrapUpCodes200JSONResponse(api.WrapUpCodeList{Items: each(codes, toWrapUpCode), NextCursor: next}), nil
}

// CreateWrapUpCode serves POST /v1/wrap-up-codes.
func (s *Server) CreateWrapUpCode(ctx context.Context, r api.CreateWrapUpCodeRequestObject) (api.CreateWrapUpCodeResponseObject, error) {
	c := newWrapUpCode(principal(ctx).Organization, s.Now())
	input, err := overlay(toWrapUpCode(c), r.Body)
	if err != nil {
		return nil, err
	}
	c = fromWrapUpCode(c, input)
	if err := s.write(ctx, func(ctx context.Context) error { return s.Store.CreateWrapUpCode(ctx, c) }); err != nil {
		return nil, err
	}
	return api.CreateWrapUpCode201JSONResponse{Body: toWrapUpCode(c),
		Headers: api.CreateWrapUpCode201ResponseHeaders{ETag: etag(c.Version), Location: location("wrap-up-codes", string(c.ID))}}, nil
}

// GetWrapUpCode serves GET /v1/wrap-up-codes/{id}.
func (s *Server) GetWrapUpCode(ctx context.Context, r api.GetWrapUpCodeRequestObject) (api.GetWrapUpCodeResponseObject, error) {
	c, err := s.Store.WrapUpCode(ctx, principal(ctx).Organization, domain.WrapUpCodeID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetWrapUpCode200JSONResponse{Body: toWrapUpCode(c), Headers: api.GetWrapUpCode200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// changeWrapUpCode puts a body over a code: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeWrapUpCode(ctx context.Context, id, ifMatch string, body any, replace bool) (c domain.WrapUpCode, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if c, err = s.Store.WrapUpCode(ctx, principal(ctx).Organization, domain.WrapUpCodeID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, c.Version, toWrapUpCode(c)); err != nil {
			return err
		}
		base := toWrapUpCode(c)
		if replace {
			base = toWrapUpCode(newWrapUpCode(c.Organization, c.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		c = fromWrapUpCode(c, input)
		return s.saveWrapUpCode(ctx, c, &c)
	})
	return c, err
}

func (s *Server) saveWrapUpCode(ctx context.Context, _ domain.WrapUpCode, c *domain.WrapUpCode) error {
	c.UpdatedAt = s.Now()
	return s.Store.SaveWrapUpCode(ctx, c)
}

// ReplaceWrapUpCode serves PUT /v1/wrap-up-codes/{id}.
func (s *Server) ReplaceWrapUpCode(ctx context.Context, r api.ReplaceWrapUpCodeRequestObject) (api.ReplaceWrapUpCodeResponseObject, error) {
	c, err := s.changeWrapUpCode(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceWrapUpCode200JSONResponse{Body: toWrapUpCode(c), Headers: api.ReplaceWrapUpCode200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateWrapUpCode serves PATCH /v1/wrap-up-codes/{id}.
func (s *Server) UpdateWrapUpCode(ctx context.Context, r api.UpdateWrapUpCodeRequestObject) (api.UpdateWrapUpCodeResponseObject, error) {
	c, err := s.changeWrapUpCode(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateWrapUpCode200JSONResponse{Body: toWrapUpCode(c), Headers: api.UpdateWrapUpCode200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpsertWrapUpCode serves PUT /v1/wrap-up-codes/by-external-id/{external_id}.
func (s *Server) UpsertWrapUpCode(ctx context.Context, r api.UpsertWrapUpCodeRequestObject) (api.UpsertWrapUpCodeResponseObject, error) {
	fresh := newWrapUpCode(principal(ctx).Organization, s.Now())
	c, made, err := upsert(ctx, s, upserting[domain.WrapUpCode]{table: "wrap_up_codes", external: r.ExternalID, fresh: fresh,
		list: func(ctx context.Context, org domain.OrganizationID, f storage.Find, p storage.Page) ([]domain.WrapUpCode, *string, error) {
			return s.Store.WrapUpCodes(ctx, org, f, nil, p)
		},
		create: s.Store.CreateWrapUpCode, save: s.saveWrapUpCode,
		change: func(_ context.Context, c domain.WrapUpCode) (domain.WrapUpCode, error) {
			input, err := overlay(toWrapUpCode(fresh), r.Body)
			if err != nil {
				return c, err
			}
			err = named(&input.ExternalID, r.ExternalID)
			return fromWrapUpCode(c, input), err
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertWrapUpCode201JSONResponse{Body: toWrapUpCode(c),
			Headers: api.UpsertWrapUpCode201ResponseHeaders{ETag: etag(c.Version), Location: location("wrap-up-codes", string(c.ID))}}, nil
	}
	return api.UpsertWrapUpCode200JSONResponse{Body: toWrapUpCode(c), Headers: api.UpsertWrapUpCode200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteWrapUpCode serves DELETE /v1/wrap-up-codes/{id}.
func (s *Server) DeleteWrapUpCode(ctx context.Context, r api.DeleteWrapUpCodeRequestObject) (api.DeleteWrapUpCodeResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.WrapUpCode(ctx, principal(ctx).Organization, domain.WrapUpCodeID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toWrapUpCode(c)); err != nil {
			return err
		}
		if err := s.dropFromQueues(ctx, c); err != nil {
			return err
		}
		return s.Store.DeleteWrapUpCode(ctx, c, s.Now())
	})
	return api.DeleteWrapUpCode204Response{}, err
}

// dropFromQueues takes a code off every queue that offers it.
func (s *Server) dropFromQueues(ctx context.Context, c domain.WrapUpCode) error {
	queues, err := s.Store.QueuesWithCode(ctx, c.Organization, c.ID)
	if err != nil {
		return err
	}
	for _, q := range queues {
		q.WrapUpCodes = slices.DeleteFunc(q.WrapUpCodes, func(id domain.WrapUpCodeID) bool { return id == c.ID })
		q.UpdatedAt = s.Now()
		if err := s.Store.SaveQueue(ctx, &q); err != nil {
			return err
		}
	}
	return nil
}
