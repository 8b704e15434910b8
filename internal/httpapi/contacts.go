package httpapi

import (
	"context"
	"reflect"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toContact(c domain.Contact) api.Contact {
	return api.Contact{ID: string(c.ID), ChannelID: string(c.Channel), Address: c.Address, DisplayName: c.Called(), ProfileName: c.DisplayName,
		CustomerID: c.CustomerID, Notes: c.Notes, Version: c.Version, CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt)}
}

// contactInput is what a client may set of a contact.
type contactInput struct {
	DisplayName *string `json:"display_name"`
	CustomerID  *string `json:"customer_id"`
	Notes       *string `json:"notes"`
}

// ListContacts serves GET /v1/contacts.
func (s *Server) ListContacts(ctx context.Context, r api.ListContactsRequestObject) (api.ListContactsResponseObject, error) {
	who, p := principal(ctx), r.Params
	f := storage.ContactFilter{Sight: who.Sight(), Channel: domain.ChannelID(p.ChannelID), Address: p.Address, CustomerID: p.CustomerID}
	contacts, next, err := s.Store.Contacts(ctx, who.Organization, f, page(ctx, p.Limit, p.Cursor, p.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListContacts200JSONResponse(api.ContactList{Items: each(contacts, toContact), NextCursor: next}), nil
}

// GetContact serves GET /v1/contacts/{id} (B15, C05).
func (s *Server) GetContact(ctx context.Context, r api.GetContactRequestObject) (api.GetContactResponseObject, error) {
	c, err := s.Store.Contact(ctx, principal(ctx).Organization, domain.ContactID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetContact200JSONResponse{Body: toContact(c), Headers: api.GetContact200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateContact serves PATCH /v1/contacts/{id}.
func (s *Server) UpdateContact(ctx context.Context, r api.UpdateContactRequestObject) (api.UpdateContactResponseObject, error) {
	var c domain.Contact
	err := s.write(ctx, func(ctx context.Context) (err error) {
		if c, err = s.Store.Contact(ctx, principal(ctx).Organization, domain.ContactID(r.ID)); err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toContact(c)); err != nil {
			return err
		}
		input, err := overlay(contactInput{c.GivenName, c.CustomerID, c.Notes}, r.Body)
		if err != nil {
			return err
		}
		if input.DisplayName != nil && domain.Blank(*input.DisplayName) {
			return domain.Invalid("/display_name", "content.empty", "The text must have a character that can be seen.")
		}
		before := c
		if c.GivenName, c.CustomerID, c.Notes = input.DisplayName, input.CustomerID, input.Notes; reflect.DeepEqual(c, before) {
			return nil
		}
		var event domain.Event
		c, event = c.Updated(principal(ctx).Actor(), s.Now())
		if err := s.Store.SaveContact(ctx, &c); err != nil {
			return err
		}
		return s.Store.Append(ctx, event)
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateContact200JSONResponse{Body: toContact(c), Headers: api.UpdateContact200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteContact serves DELETE /v1/contacts/{id}.
func (s *Server) DeleteContact(ctx context.Context, r api.DeleteContactRequestObject) (api.DeleteContactResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.Contact(ctx, principal(ctx).Organization, domain.ContactID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toContact(c)); err != nil {
			return err
		}
		return s.Erasing.Begin(ctx, principal(ctx), c, s.Now())
	})
	return api.DeleteContact204Response{}, err
}

// GetContactErasure serves GET /v1/contacts/{id}/erasure.
func (s *Server) GetContactErasure(ctx context.Context, r api.GetContactErasureRequestObject) (api.GetContactErasureResponseObject, error) {
	e, err := s.Store.ContactErasure(ctx, principal(ctx).Organization, domain.ContactID(r.ID))
	if err != nil {
		return nil, err
	}
	state := api.ErasureStateRunning
	if e.FinishedAt != nil {
		state = api.ErasureStateFinished
	}
	return api.GetContactErasure200JSONResponse(api.ContactErasure{ContactID: string(e.Contact), State: state, Counts: toErasureCounts(e.Counts),
		Actor: api.Actor{Type: api.ActorType(e.Actor.Type), ID: optional(e.Actor.ID)}, RequestedAt: api.At(e.RequestedAt), FinishedAt: api.AtOrNull(e.FinishedAt)}), nil
}

func toErasureCounts(c domain.ErasureCounts) api.ErasureCounts {
	return api.ErasureCounts{Identities: c.Identities, Messages: c.Messages, Attachments: c.Attachments, InboxEvents: c.InboxEvents, Notes: c.Notes, Drafts: c.Drafts}
}

// ListContactHistory serves GET /v1/contacts/{id}/history: all that was said with a
// customer, whoever had them (C15, C22).
func (s *Server) ListContactHistory(ctx context.Context, r api.ListContactHistoryRequestObject) (api.ListContactHistoryResponseObject, error) {
	who := principal(ctx)
	lines, err := s.Store.Lines(ctx, who.Organization, domain.ContactID(r.ID))
	if err != nil {
		return nil, err
	}
	messages, next, err := s.Store.History(ctx, who.Organization, lines, who.Sight(), page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderAsc))
	if err != nil {
		return nil, err
	}
	of := map[domain.ThreadID]domain.InteractionDetail{}
	for _, l := range lines {
		of[l.Thread] = domain.InteractionDetail{ChannelName: l.ChannelName,
			Interaction: domain.Interaction{Organization: who.Organization, Channel: l.Channel, ChannelKind: l.ChannelKind}}
	}
	shared, err := s.transcript(ctx, domain.InteractionDetail{Interaction: domain.Interaction{Organization: who.Organization}}, messages...)
	if err != nil {
		return nil, err
	}
	items := each(messages, func(m domain.Message) api.Message {
		t := shared
		t.InteractionDetail = of[m.Thread]
		return s.toMessage(m, t)
	})
	return api.ListContactHistory200JSONResponse(api.MessageList{Items: items, NextCursor: next}), nil
}
