package httpapi

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toCannedResponse(c domain.CannedResponse) api.CannedResponse {
	return api.CannedResponse{ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID, LibraryID: ref(c.Library), Language: c.Language,
		Text: c.Text, Substitutions: c.Places(), Version: c.Version, CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt)}
}

func newCannedResponse(org domain.OrganizationID, now time.Time) domain.CannedResponse {
	return domain.CannedResponse{ID: domain.NewID[domain.CannedResponseID](), Organization: org, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// fromCannedResponse takes over what a client may set.
func fromCannedResponse(c domain.CannedResponse, a api.CannedResponse) domain.CannedResponse {
	c.Name, c.ExternalID, c.Text, c.Language, c.Library = a.Name, a.ExternalID, a.Text, a.Language, unref[domain.LibraryID](a.LibraryID)
	return c
}

// maxPlaces bounds the places of a canned response.
const maxPlaces = 50

// readCannedResponse puts a body over a canned response, and refuses what names
// something that does not exist. The places are the text's own: those that the body
// names must be among them.
func (s *Server) readCannedResponse(ctx context.Context, c domain.CannedResponse, base api.CannedResponse, body any) (domain.CannedResponse, error) {
	base.Substitutions = nil
	input, err := overlay(base, body)
	if err != nil {
		return c, err
	}
	c = fromCannedResponse(c, input)
	places := c.Places()
	for n, name := range input.Substitutions {
		if !slices.Contains(places, name) {
			return c, domain.Invalid("/substitutions/"+strconv.Itoa(n), "canned_response.place_unknown", "The text has no such place; write it as {{name}}.")
		}
	}
	switch {
	case domain.Blank(c.Text):
		return c, domain.Invalid("/text", "content.empty", "The text must have a character that can be seen.")
	case len(places) > maxPlaces:
		return c, domain.Invalid("/text", "canned_response.too_many_places", "The text has %d places; %d are the most.", len(places), maxPlaces)
	case c.Library == nil:
		return c, nil
	}
	living, err := s.Store.LivingLibraries(ctx, c.Organization, []domain.LibraryID{*c.Library})
	if err == nil && !living[*c.Library] {
		err = domain.Invalid("/library_id", "canned_response_library.unknown", "There is no such library.")
	}
	return c, err
}

// offered gives the libraries of which a list of canned responses shows what they
// hold: those that a queue offers. A queue that there is none of offers nothing.
func (s *Server) offered(ctx context.Context, org domain.OrganizationID, queue string) (*domain.Libraries, error) {
	if queue == "" {
		return nil, nil
	}
	q, err := s.Store.Queue(ctx, org, domain.QueueID(queue))
	if domain.IsKind(err, domain.ErrorNotFound) {
		return &domain.Libraries{Mode: domain.LibrariesNone}, nil
	}
	return &q.Rules.Libraries, err
}

// ListCannedResponses serves GET /v1/canned-responses.
func (s *Server) ListCannedResponses(ctx context.Context, r api.ListCannedResponsesRequestObject) (api.ListCannedResponsesResponseObject, error) {
	offered, err := s.offered(ctx, principal(ctx).Organization, r.Params.QueueID)
	if err != nil {
		return nil, err
	}
	f := storage.CannedFilter{Find: find(r.Params.Q, r.Params.Name, r.Params.ExternalID), Library: domain.LibraryID(r.Params.LibraryID),
		Language: r.Params.Language, Offered: offered}
	responses, next, err := s.Store.CannedResponses(ctx, principal(ctx).Organization, f,
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListCannedResponses200JSONResponse(api.CannedResponseList{Items: each(responses, toCannedResponse), NextCursor: next}), nil
}

// CreateCannedResponse serves POST /v1/canned-responses.
func (s *Server) CreateCannedResponse(ctx context.Context, r api.CreateCannedResponseRequestObject) (api.CreateCannedResponseResponseObject, error) {
	c := newCannedResponse(principal(ctx).Organization, s.Now())
	err := s.write(ctx, func(ctx context.Context) (err error) {
		if c, err = s.readCannedResponse(ctx, c, toCannedResponse(c), r.Body); err != nil {
			return err
		}
		return s.Store.CreateCannedResponse(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateCannedResponse201JSONResponse{Body: toCannedResponse(c),
		Headers: api.CreateCannedResponse201ResponseHeaders{ETag: etag(c.Version), Location: location("canned-responses", string(c.ID))}}, nil
}

// GetCannedResponse serves GET /v1/canned-responses/{id}.
func (s *Server) GetCannedResponse(ctx context.Context, r api.GetCannedResponseRequestObject) (api.GetCannedResponseResponseObject, error) {
	c, err := s.Store.CannedResponse(ctx, principal(ctx).Organization, domain.CannedResponseID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetCannedResponse200JSONResponse{Body: toCannedResponse(c), Headers: api.GetCannedResponse200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// changeCannedResponse puts a body over a canned response: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeCannedResponse(ctx context.Context, id, ifMatch string, body any, replace bool) (c domain.CannedResponse, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if c, err = s.Store.CannedResponse(ctx, principal(ctx).Organization, domain.CannedResponseID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, c.Version, toCannedResponse(c)); err != nil {
			return err
		}
		base := toCannedResponse(c)
		if replace {
			base = toCannedResponse(newCannedResponse(c.Organization, c.CreatedAt))
		}
		if c, err = s.readCannedResponse(ctx, c, base, body); err != nil {
			return err
		}
		return s.saveCannedResponse(ctx, c, &c)
	})
	return c, err
}

func (s *Server) saveCannedResponse(ctx context.Context, _ domain.CannedResponse, c *domain.CannedResponse) error {
	c.UpdatedAt = s.Now()
	return s.Store.SaveCannedResponse(ctx, c)
}

// ReplaceCannedResponse serves PUT /v1/canned-responses/{id}.
func (s *Server) ReplaceCannedResponse(ctx context.Context, r api.ReplaceCannedResponseRequestObject) (api.ReplaceCannedResponseResponseObject, error) {
	c, err := s.changeCannedResponse(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceCannedResponse200JSONResponse{Body: toCannedResponse(c), Headers: api.ReplaceCannedResponse200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateCannedResponse serves PATCH /v1/canned-responses/{id}.
func (s *Server) UpdateCannedResponse(ctx context.Context, r api.UpdateCannedResponseRequestObject) (api.UpdateCannedResponseResponseObject, error) {
	c, err := s.changeCannedResponse(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateCannedResponse200JSONResponse{Body: toCannedResponse(c), Headers: api.UpdateCannedResponse200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpsertCannedResponse serves PUT /v1/canned-responses/by-external-id/{external_id}.
func (s *Server) UpsertCannedResponse(ctx context.Context, r api.UpsertCannedResponseRequestObject) (api.UpsertCannedResponseResponseObject, error) {
	fresh := newCannedResponse(principal(ctx).Organization, s.Now())
	c, made, err := upsert(ctx, s, upserting[domain.CannedResponse]{table: "canned_responses", external: r.ExternalID, fresh: fresh,
		list: func(ctx context.Context, org domain.OrganizationID, f storage.Find, p storage.Page) ([]domain.CannedResponse, *string, error) {
			return s.Store.CannedResponses(ctx, org, storage.CannedFilter{Find: f}, p)
		},

		create: s.Store.CreateCannedResponse, save: s.saveCannedResponse,
		change: func(ctx context.Context, c domain.CannedResponse) (domain.CannedResponse, error) {
			c, err := s.readCannedResponse(ctx, c, toCannedResponse(fresh), r.Body)
			if err != nil {
				return c, err
			}
			return c, named(&c.ExternalID, r.ExternalID)
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertCannedResponse201JSONResponse{Body: toCannedResponse(c),
			Headers: api.UpsertCannedResponse201ResponseHeaders{ETag: etag(c.Version), Location: location("canned-responses", string(c.ID))}}, nil
	}
	return api.UpsertCannedResponse200JSONResponse{Body: toCannedResponse(c), Headers: api.UpsertCannedResponse200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteCannedResponse serves DELETE /v1/canned-responses/{id}.
func (s *Server) DeleteCannedResponse(ctx context.Context, r api.DeleteCannedResponseRequestObject) (api.DeleteCannedResponseResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.CannedResponse(ctx, principal(ctx).Organization, domain.CannedResponseID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toCannedResponse(c)); err != nil {
			return err
		}
		return s.Store.DeleteCannedResponse(ctx, c, s.Now())
	})
	return api.DeleteCannedResponse204Response{}, err
}
