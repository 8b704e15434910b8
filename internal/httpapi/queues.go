package httpapi

import (
	"context"
	"reflect"
	"strconv"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toQueue(q domain.Queue) api.Queue {
	return toRules(api.Queue{ID: string(q.ID), Name: q.Name, ExternalID: q.ExternalID, Description: q.Description,
		AlertingTimeoutSeconds: q.AlertingTimeoutSeconds, DeclineSetsNotResponding: q.DeclineSetsNotResponding,
		Acw: toACW(q.ACW), WrapUpCodeIds: words(q.WrapUpCodes), Version: q.Version,
		CreatedAt: api.At(q.CreatedAt), UpdatedAt: api.At(q.UpdatedAt)}, q)
}

// fromQueue takes over what a client may set.
func fromQueue(q domain.Queue, a api.Queue) domain.Queue {
	q.Name, q.ExternalID, q.Description = a.Name, a.ExternalID, a.Description
	q.AlertingTimeoutSeconds, q.DeclineSetsNotResponding = a.AlertingTimeoutSeconds, a.DeclineSetsNotResponding
	q.ACW = fromACW(q.ACW, a.Acw)
	q.WrapUpCodes = []domain.WrapUpCodeID{}
	seen := map[string]bool{}
	for _, code := range a.WrapUpCodeIds {
		if !seen[code] {
			seen[code] = true
			q.WrapUpCodes = append(q.WrapUpCodes, domain.WrapUpCodeID(code))
		}
	}
	return fromRules(q, a)
}

// checkQueue refuses a queue that names what does not exist. a is what was sent.
func (s *Server) checkQueue(ctx context.Context, q domain.Queue, a api.Queue) error {
	living, err := s.Store.LivingWrapUpCodes(ctx, q.Organization, q.WrapUpCodes)
	if err != nil {
		return err
	}
	for n, code := range a.WrapUpCodeIds {
		if !living[domain.WrapUpCodeID(code)] {
			return domain.Invalid("/wrap_up_code_ids/"+strconv.Itoa(n), "wrap_up_code.unknown", "There is no wrap-up code %s.", code)
		}
	}
	if err := checkACW(q.ACW); err != nil {
		return err
	}
	return s.checkRules(ctx, q)
}

// ListQueues serves GET /v1/queues.
func (s *Server) ListQueues(ctx context.Context, r api.ListQueuesRequestObject) (api.ListQueuesResponseObject, error) {
	queues, next, err := s.Store.Queues(ctx, principal(ctx).Organization, find(r.Params.Q, r.Params.Name, r.Params.ExternalID),
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListQueues200JSONResponse(api.QueueList{Items: each(queues, toQueue), NextCursor: next}), nil
}

// CreateQueue serves POST /v1/queues.
func (s *Server) CreateQueue(ctx context.Context, r api.CreateQueueRequestObject) (api.CreateQueueResponseObject, error) {
	q := domain.NewQueue(principal(ctx).Organization, s.Now())
	input, err := overlay(toQueue(q), r.Body)
	if err != nil {
		return nil, err
	}
	q = fromQueue(q, input)
	err = s.write(ctx, func(ctx context.Context) error {
		if err := s.checkQueue(ctx, q, input); err != nil {
			return err
		}
		return s.Store.CreateQueue(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateQueue201JSONResponse{Body: toQueue(q),
		Headers: api.CreateQueue201ResponseHeaders{ETag: etag(q.Version), Location: location("queues", string(q.ID))}}, nil
}

// GetQueue serves GET /v1/queues/{id}.
func (s *Server) GetQueue(ctx context.Context, r api.GetQueueRequestObject) (api.GetQueueResponseObject, error) {
	q, err := s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetQueue200JSONResponse{Body: toQueue(q), Headers: api.GetQueue200ResponseHeaders{ETag: etag(q.Version)}}, nil
}

// changeQueue puts a body over a queue: over its defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeQueue(ctx context.Context, id, ifMatch string, body any, replace bool) (q domain.Queue, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if q, err = s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(id)); err != nil {
			return err
		}
		if err := matches(ifMatch, q.Version, toQueue(q)); err != nil {
			return err
		}
		base := toQueue(q)
		if replace {
			base = toQueue(domain.NewQueue(q.Organization, q.CreatedAt))
		}
		input, err := overlay(base, body)
		if err != nil {
			return err
		}
		before := q
		q = fromQueue(q, input)
		if err := s.checkQueue(ctx, q, input); err != nil {
			return err
		}
		return s.saveQueue(ctx, before, &q)
	})
	return q, err
}

// saveQueue writes a changed queue. Where it routes in another way by now, what
// waits in it is put under the new rules, and looked at again.
func (s *Server) saveQueue(ctx context.Context, before domain.Queue, q *domain.Queue) error {
	q.UpdatedAt = s.Now()
	if !reflect.DeepEqual(before.Rules, q.Rules) {
		if err := s.Store.Reroute(ctx, *q, s.Now()); err != nil {
			return err
		}
		org, id := q.Organization, q.ID
		s.Store.After(ctx, func() { s.Dispatch.Queued(org, id) })
	}
	return s.Store.SaveQueue(ctx, q)
}

// ReplaceQueue serves PUT /v1/queues/{id}.
func (s *Server) ReplaceQueue(ctx context.Context, r api.ReplaceQueueRequestObject) (api.ReplaceQueueResponseObject, error) {
	q, err := s.changeQueue(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceQueue200JSONResponse{Body: toQueue(q), Headers: api.ReplaceQueue200ResponseHeaders{ETag: etag(q.Version)}}, nil
}

// UpdateQueue serves PATCH /v1/queues/{id}.
func (s *Server) UpdateQueue(ctx context.Context, r api.UpdateQueueRequestObject) (api.UpdateQueueResponseObject, error) {
	q, err := s.changeQueue(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateQueue200JSONResponse{Body: toQueue(q), Headers: api.UpdateQueue200ResponseHeaders{ETag: etag(q.Version)}}, nil
}

// UpsertQueue serves PUT /v1/queues/by-external-id/{external_id}.
func (s *Server) UpsertQueue(ctx context.Context, r api.UpsertQueueRequestObject) (api.UpsertQueueResponseObject, error) {
	fresh := domain.NewQueue(principal(ctx).Organization, s.Now())
	q, made, err := upsert(ctx, s, upserting[domain.Queue]{table: "queues", external: r.ExternalID, list: s.Store.Queues, fresh: fresh,
		create: s.Store.CreateQueue, save: s.saveQueue,
		change: func(ctx context.Context, q domain.Queue) (domain.Queue, error) {
			input, err := overlay(toQueue(fresh), r.Body)
			if err != nil {
				return q, err
			}
			if err := named(&input.ExternalID, r.ExternalID); err != nil {
				return q, err
			}
			q = fromQueue(q, input)
			return q, s.checkQueue(ctx, q, input)
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertQueue201JSONResponse{Body: toQueue(q),
			Headers: api.UpsertQueue201ResponseHeaders{ETag: etag(q.Version), Location: location("queues", string(q.ID))}}, nil
	}
	return api.UpsertQueue200JSONResponse{Body: toQueue(q), Headers: api.UpsertQueue200ResponseHeaders{ETag: etag(q.Version)}}, nil
}

// DeleteQueue serves DELETE /v1/queues/{id}.
func (s *Server) DeleteQueue(ctx context.Context, r api.DeleteQueueRequestObject) (api.DeleteQueueResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		q, err := s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, q.Version, toQueue(q)); err != nil {
			return err
		}
		used, err := s.Store.QueueInUse(ctx, q.Organization, q.ID)
		if err != nil {
			return err
		}
		if used {
			return domain.Conflict("queue.in_use", "A channel sends its messages to the queue, another queue overflows into it, or an interaction of it is open.")
		}
		return s.Store.DeleteQueue(ctx, q, s.Now())
	})
	return api.DeleteQueue204Response{}, err
}

// ListQueueWrapUpCodes serves GET /v1/queues/{id}/wrap-up-codes (C39).
func (s *Server) ListQueueWrapUpCodes(ctx context.Context, r api.ListQueueWrapUpCodesRequestObject) (api.ListQueueWrapUpCodesResponseObject, error) {
	q, err := s.Store.Queue(ctx, principal(ctx).Organization, domain.QueueID(r.ID))
	if err != nil {
		return nil, err
	}
	codes, next, err := s.Store.WrapUpCodes(ctx, q.Organization, storage.Find{Part: r.Params.Q}, q.WrapUpCodes, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListQueueWrapUpCodes200JSONResponse(api.WrapUpCodeList{Items: each(codes, toWrapUpCode), NextCursor: next}), nil
}
