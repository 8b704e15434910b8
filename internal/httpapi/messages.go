package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toMessage(m domain.Message, d domain.InteractionDetail, say speech) api.Message {
	out := api.Message{ID: string(m.ID), Direction: api.Direction(m.Direction), Kind: api.MessageKind(m.Kind), Visibility: api.Visibility(m.Visibility),
		Sender: toSender(m.Sender), Text: m.Text, Attachments: each(m.Attachments, toAttachment), InReplyTo: ref(m.InReplyTo),
		Channel:           api.MessageChannel{ID: string(d.Channel), Kind: api.ChannelKind(d.ChannelKind), Label: d.ChannelName},
		PlatformMessageID: m.PlatformMessageID, PlatformTime: api.AtOrNull(m.PlatformTime), CreatedAt: api.At(m.CreatedAt), Error: toReplyError(m.Failure, say)}
	if m.Status != "" {
		status := api.ReplyStatus(m.Status)
		out.Status = &status
	}
	if t := m.Tombstone(); t != "" {
		tombstone := api.Tombstone(t)
		out.Tombstone = &tombstone
	}
	return out
}

func toSender(s domain.Sender) api.Sender {
	out := api.Sender{Type: api.SenderType(s.Type), DisplayName: s.DisplayName, Label: s.Label}
	if s.ID != "" {
		out.ID = &s.ID
	}
	return out
}

func toAttachment(a domain.Attachment) api.Attachment {
	out := api.Attachment{Type: a.Type}
	if a.URL != "" {
		out.URL = &a.URL
	}
	if a.Name != "" {
		out.Name = &a.Name
	}
	return out
}

func toReplyError(f *domain.Failure, say speech) *api.ReplyError {
	if f == nil {
		return nil
	}
	return &api.ReplyError{Code: string(f.Code), Category: api.ErrorCategory(f.Category), Title: say(f.Title), Detail: say(f.Detail),
		Retryable: api.Retryability(f.Retryable), Lost: f.Lost, Remedy: api.Remedy(f.Remedy)}
}

// ListMessages serves GET /v1/interactions/{id}/messages: the transcript, in the
// order of arrival.
func (s *Server) ListMessages(ctx context.Context, r api.ListMessagesRequestObject) (api.ListMessagesResponseObject, error) {
	d, err := s.Store.InteractionHead(ctx, principal(ctx).Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	f := storage.MessageFilter{Visibility: domain.Visibility(r.Params.Visibility)}
	messages, next, err := s.Store.Messages(ctx, principal(ctx).Organization, domain.InteractionID(r.ID), f,
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderAsc))
	if err != nil {
		return nil, err
	}
	items := each(messages, func(m domain.Message) api.Message { return toMessage(m, d, s.speech(ctx)) })
	return api.ListMessages200JSONResponse(api.MessageList{Items: items, NextCursor: next}), nil
}
