package httpapi

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/compose"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// toReply shows a reply of an interaction to its reader; only who holds the
// interaction can do anything with it.
func (s *Server) toReply(m domain.Message, d transcript, viewer domain.AgentID) api.Reply {
	base := s.toMessage(m, d)
	actions := []domain.Action{}
	if d.CanReply(viewer) == nil {
		actions = m.Actions()
	}
	return api.Reply{ID: base.ID, Direction: base.Direction, Kind: base.Kind, Visibility: base.Visibility, Sender: base.Sender, Text: base.Text,
		Attachments: base.Attachments, InReplyTo: base.InReplyTo, Channel: base.Channel, PlatformMessageID: base.PlatformMessageID,
		PlatformTime: base.PlatformTime, CreatedAt: base.CreatedAt, Error: base.Error, Tombstone: base.Tombstone, Reactions: base.Reactions, CannedResponseID: base.CannedResponseID, Template: base.Template,
		Status: api.ReplyStatus(m.Status), Attempts: m.Attempts, SendGroupID: m.SendGroupID, ClientMessageID: m.ClientMessageID,
		ResendOf: ref(m.ResendOf), ResentAs: ref(m.ResentAs), Reconciled: m.Reconciled,
		AllowedActions: each(actions, func(a domain.Action) api.ReplyAction { return api.ReplyAction(a) })}
}

// replies shows replies of one interaction.
func (s *Server) replies(ctx context.Context, id string, messages ...domain.Message) ([]api.Reply, error) {
	who := principal(ctx)
	d, err := s.Store.InteractionHead(ctx, who.Organization, domain.InteractionID(id))
	if err != nil {
		return nil, err
	}
	t, err := s.transcript(ctx, d, messages...)
	return each(messages, func(m domain.Message) api.Reply { return s.toReply(m, t, who.Agent) }), err
}

// fromReplyInput reads what an agent wants to send.
func fromReplyInput(in api.ReplyInput) compose.Draft {
	d := compose.Draft{Files: each(in.AttachmentIds, func(id string) domain.AttachmentID { return domain.AttachmentID(id) }), Visibility: domain.Visibility(in.Visibility)}
	if in.Text != nil {
		d.Text = *in.Text
	}
	if in.CannedResponseID != nil {
		d.CannedResponse = domain.CannedResponseID(*in.CannedResponseID)
	}
	d.Substitutions = in.Substitutions
	if t := in.Template; t != nil {
		d.Template = &domain.Template{Name: t.Name, Language: t.Language, Parameters: t.Parameters}
	}
	if in.InReplyTo != nil {
		d.InReplyTo = domain.MessageID(*in.InReplyTo)
	}
	if in.ClientMessageID != nil {
		d.ClientMessageID = *in.ClientMessageID
	}
	return d
}

// CreateReplies serves POST /v1/interactions/{id}/replies (A15).
func (s *Server) CreateReplies(ctx context.Context, r api.CreateRepliesRequestObject) (api.CreateRepliesResponseObject, error) {
	d := fromReplyInput(*r.Body)
	d.Strict = strict(r.Params.Prefer)
	sent, err := s.Composer.Reply(ctx, principal(ctx), domain.InteractionID(r.ID), d)
	if err != nil {
		return nil, err
	}
	items, err := s.replies(ctx, r.ID, sent...)
	return api.CreateReplies202JSONResponse(api.ReplyGroup{Items: items}), err
}

// strict reads the preference handling=strict (RFC 7240, 4.4): what the
// platform's rules forbid shall be refused.
func strict(prefer string) bool {
	for preference := range strings.SplitSeq(prefer, ",") {
		token, _, _ := strings.Cut(preference, ";")
		name, value, _ := strings.Cut(token, "=")
		if strings.EqualFold(strings.TrimSpace(name), "handling") {
			return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"`), "strict")
		}
	}
	return false
}

// ComposeReply serves POST /v1/interactions/{id}/compose (A11).
func (s *Server) ComposeReply(ctx context.Context, r api.ComposeReplyRequestObject) (api.ComposeReplyResponseObject, error) {
	t, err := s.Composer.Try(ctx, principal(ctx), domain.InteractionID(r.ID), fromReplyInput(api.ReplyInput(*r.Body)))
	if err != nil {
		return nil, err
	}
	return api.ComposeReply200JSONResponse(toComposition(t, s.speech(ctx))), nil
}

func toComposition(t compose.Trial, say speech) api.Composition {
	l := t.Length
	return api.Composition{Charset: api.Charset(l.Charset), Limit: l.Limit, Used: l.Used, Remaining: l.Remaining(), Segments: l.Segments,
		SegmentLimit: l.SegmentLimit, Fits: utf8.RuneCountInString(t.Fits), Replies: t.Replies, Visibility: api.Visibility(t.Visibility),
		Text: filled(t.Text), Verdict: toDraftVerdict(t, say)}
}

// toDraftVerdict tells what stands against a draft: first what refuses it.
func toDraftVerdict(t compose.Trial, say speech) api.Verdict {
	v := api.Verdict{Reasons: []api.VerdictReason{}}
	for _, e := range t.Refused {
		reason := api.VerdictReason{Code: e.Code, Detail: say(e.Detail, e.Args...), Refused: true}
		for _, f := range e.Fields {
			reason.Pointer = filled(f.Pointer)
		}
		v.Reasons = append(v.Reasons, reason)
	}
	for _, code := range t.Failing {
		v.Reasons = append(v.Reasons, api.VerdictReason{Code: string(code), Detail: say(domain.FailureOf(code).Detail)})
	}
	if v.Allowed = len(v.Reasons) == 0; !v.Allowed {
		v.Code = &v.Reasons[0].Code
	}
	return v
}

// ListReplies serves GET /v1/interactions/{id}/replies.
func (s *Server) ListReplies(ctx context.Context, r api.ListRepliesRequestObject) (api.ListRepliesResponseObject, error) {
	messages, next, err := s.Store.Messages(ctx, principal(ctx).Organization, domain.InteractionID(r.ID), storage.MessageFilter{Replies: true},
		page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderAsc))
	if err != nil {
		return nil, err
	}
	items, err := s.replies(ctx, r.ID, messages...)
	if err != nil {
		return nil, err
	}
	return api.ListReplies200JSONResponse(api.ReplyList{Items: items, NextCursor: next}), nil
}

// GetReply serves GET /v1/interactions/{id}/replies/{reply_id}.
func (s *Server) GetReply(ctx context.Context, r api.GetReplyRequestObject) (api.GetReplyResponseObject, error) {
	m, err := s.Store.Reply(ctx, principal(ctx).Organization, domain.InteractionID(r.ID), domain.MessageID(r.ReplyID))
	if err != nil {
		return nil, err
	}
	items, err := s.replies(ctx, r.ID, m)
	if err != nil {
		return nil, err
	}
	return api.GetReply200JSONResponse(items[0]), nil
}

// ResendReply serves POST /v1/interactions/{id}/replies/{reply_id}/resend (A25).
func (s *Server) ResendReply(ctx context.Context, r api.ResendReplyRequestObject) (api.ResendReplyResponseObject, error) {
	m, err := s.Composer.Resend(ctx, principal(ctx), domain.InteractionID(r.ID), domain.MessageID(r.ReplyID), strict(r.Params.Prefer))
	if err != nil {
		return nil, err
	}
	items, err := s.replies(ctx, r.ID, m)
	if err != nil {
		return nil, err
	}
	return api.ResendReply202JSONResponse{Body: items[0],
		Headers: api.ResendReply202ResponseHeaders{Location: location("interactions/"+r.ID+"/replies", items[0].ID)}}, nil
}

// DeleteReply serves DELETE /v1/interactions/{id}/replies/{reply_id} (D13).
func (s *Server) DeleteReply(ctx context.Context, r api.DeleteReplyRequestObject) (api.DeleteReplyResponseObject, error) {
	err := s.Composer.Delete(ctx, principal(ctx), domain.InteractionID(r.ID), domain.MessageID(r.ReplyID))
	return api.DeleteReply204Response{}, err
}
