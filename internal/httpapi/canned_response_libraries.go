package httpapi

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

func toLibrary(c domain.Library) api.CannedResponseLibrary {
	return api.CannedResponseLibrary{ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID, Version: c.Version,
		CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt)}
}

func newLibrary(org domain.OrganizationID, now time.Time) domain.Library {
	return domain.Library{ID: domain.NewID[domain.LibraryID](), Organization: org, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// fromLibrary takes over what a client may set.
func fromLibrary(c domain.Library, a api.CannedResponseLibrary) domain.Library {
	c.Name, c.ExternalID = a.Name, a.ExternalID
	return c
}

// ListCannedResponseLibraries serves GET /v1/canned-response-libraries.
func (s *Server) ListCannedResponseLibraries(ctx context.Context, r api.ListCannedResponseLibrariesRequestObject) (api.ListCannedResponseLibrariesResponseObject, error) {
	libraries, next, err := s.Store.Libraries(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListCannedResponseLibraries200JSONResponse(api.CannedResponseLibraryList{Items: each(libraries, toLibrary), NextCursor: next}), nil
}

// CreateCannedResponseLibrary serves POST /v1/canned-response-libraries.
func (s *Server) CreateCannedResponseLibrary(ctx context.Context, r api.CreateCannedResponseLibraryRequestObject) (api.CreateCannedResponseLibraryResponseObject, error) {
	c := newLibrary(principal(ctx).Organization, s.Now())
	input, err := overlay(toLibrary(c), r.Body)
	if err != nil {
		return nil, err
	}
	c = fromLibrary(c, input)
	if err := s.write(ctx, func(ctx context.Context) error { return s.Store.CreateLibrary(ctx, c) }); err != nil {
		return nil, err
	}
	return api.CreateCannedResponseLibrary201JSONResponse{Body: toLibrary(c),
		Headers: api.CreateCannedResponseLibrary201ResponseHeaders{ETag: etag(c.Version), Location: location("canned-response-libraries", string(c.ID))}}, nil
}

// GetCannedResponseLibrary serves GET /v1/canned-response-libraries/{id}.
func (s *Server) GetCannedResponseLibrary(ctx context.Context, r api.GetCannedResponseLibraryRequestObject) (api.GetCannedResponseLibraryResponseObject, error) {
	c, err := s.Store.Library(ctx, principal(ctx).Organization, domain.LibraryID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetCannedResponseLibrary200JSONResponse{Body: toLibrary(c), Headers: api.GetCannedResponseLibrary200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// changeLibrary puts a body over a library: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeLibrary(ctx context.Context, id, ifMatch string, body any, replace bool) (c domain.Library, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if c, err = s.Store.Library(ctx, principal(ctx).Organization, domain.LibraryID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, c.Version, toLibrary(c)); err != nil {
			return err
		}
		base := toLibrary(c)
		if replace {
			base = toLibrary(newLibrary(c.Organization, c.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		c = fromLibrary(c, input)
		return s.saveLibrary(ctx, c, &c)
	})
	return c, err
}

func (s *Server) saveLibrary(ctx context.Context, _ domain.Library, c *domain.Library) error {
	c.UpdatedAt = s.Now()
	return s.Store.SaveLibrary(ctx, c)
}

// ReplaceCannedResponseLibrary serves PUT /v1/canned-response-libraries/{id}.
func (s *Server) ReplaceCannedResponseLibrary(ctx context.Context, r api.ReplaceCannedResponseLibraryRequestObject) (api.ReplaceCannedResponseLibraryResponseObject, error) {
	c, err := s.changeLibrary(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceCannedResponseLibrary200JSONResponse{Body: toLibrary(c), Headers: api.ReplaceCannedResponseLibrary200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateCannedResponseLibrary serves PATCH /v1/canned-response-libraries/{id}.
func (s *Server) UpdateCannedResponseLibrary(ctx context.Context, r api.UpdateCannedResponseLibraryRequestObject) (api.UpdateCannedResponseLibraryResponseObject, error) {
	c, err := s.changeLibrary(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateCannedResponseLibrary200JSONResponse{Body: toLibrary(c), Headers: api.UpdateCannedResponseLibrary200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpsertCannedResponseLibrary serves PUT /v1/canned-response-libraries/by-external-id/{external_id}.
func (s *Server) UpsertCannedResponseLibrary(ctx context.Context, r api.UpsertCannedResponseLibraryRequestObject) (api.UpsertCannedResponseLibraryResponseObject, error) {
	fresh := newLibrary(principal(ctx).Organization, s.Now())
	c, made, err := upsert(ctx, s, upserting[domain.Library]{table: "canned_response_libraries", external: r.ExternalID, fresh: fresh,
		list:   s.Store.Libraries,
		create: s.Store.CreateLibrary, save: s.saveLibrary,
		change: func(_ context.Context, c domain.Library) (domain.Library, error) {
			input, err := overlay(toLibrary(fresh), r.Body)
			if err != nil {
				return c, err
			}
			err = named(&input.ExternalID, r.ExternalID)
			return fromLibrary(c, input), err
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertCannedResponseLibrary201JSONResponse{Body: toLibrary(c),
			Headers: api.UpsertCannedResponseLibrary201ResponseHeaders{ETag: etag(c.Version), Location: location("canned-response-libraries", string(c.ID))}}, nil
	}
	return api.UpsertCannedResponseLibrary200JSONResponse{Body: toLibrary(c), Headers: api.UpsertCannedResponseLibrary200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteCannedResponseLibrary serves DELETE /v1/canned-response-libraries/{id}.
func (s *Server) DeleteCannedResponseLibrary(ctx context.Context, r api.DeleteCannedResponseLibraryRequestObject) (api.DeleteCannedResponseLibraryResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.Library(ctx, principal(ctx).Organization, domain.LibraryID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toLibrary(c)); err != nil {
			return err
		}
		if err := s.unshelve(ctx, c); err != nil {
			return err
		}
		return s.Store.DeleteLibrary(ctx, c, s.Now())
	})
	return api.DeleteCannedResponseLibrary204Response{}, err
}

// unshelve takes a library that is empty off every queue that offers it by name.
func (s *Server) unshelve(ctx context.Context, l domain.Library) error {
	used, err := s.Store.LibraryInUse(ctx, l.Organization, l.ID)
	if err == nil && used {
		err = domain.Conflict("canned_response_library.in_use", "The library has canned responses. Delete them, or put them into another, before the library is deleted.")
	}
	if err != nil {
		return err
	}
	queues, err := s.Store.QueuesWithLibrary(ctx, l.Organization, l.ID)
	if err != nil {
		return err
	}
	for _, q := range queues {
		q.Rules.Libraries.IDs = slices.DeleteFunc(q.Rules.Libraries.IDs, func(id domain.LibraryID) bool { return id == l.ID })
		q.UpdatedAt = s.Now()
		if err := s.Store.SaveQueue(ctx, &q); err != nil {
			return err
		}
	}
	return nil
}

// toLibraries shows what a queue offers; one that was kept before there were
// libraries offers all.
func toLibraries(l domain.Libraries) api.QueueLibraries {
	if l.Mode == "" {
		l.Mode = domain.LibrariesAll
	}
	return api.QueueLibraries{Mode: api.LibraryMode(l.Mode), LibraryIds: append([]string{}, words(l.IDs)...)}
}

// fromLibraries reads what a queue offers, each library once.
func fromLibraries(a api.QueueLibraries) domain.Libraries {
	l := domain.Libraries{Mode: domain.LibraryMode(a.Mode), IDs: []domain.LibraryID{}}
	if l.Mode == "" {
		l.Mode = domain.LibrariesAll
	}
	for _, id := range a.LibraryIds {
		if library := domain.LibraryID(id); !slices.Contains(l.IDs, library) {
			l.IDs = append(l.IDs, library)
		}
	}
	return l
}

// checkLibraries refuses libraries that do not exist.
func (s *Server) checkLibraries(ctx context.Context, q domain.Queue) error {
	living, err := s.Store.LivingLibraries(ctx, q.Organization, q.Rules.Libraries.IDs)
	if err != nil {
		return err
	}
	for n, library := range q.Rules.Libraries.IDs {
		if !living[library] {
			return domain.Invalid("/canned_response_libraries/library_ids/"+strconv.Itoa(n), "canned_response_library.unknown", "There is no such library.")
		}
	}
	return nil
}
