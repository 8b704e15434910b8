package httpapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// transcript shows messages of one interaction with what is known of their files.
type transcript struct {
	domain.InteractionDetail
	files    map[domain.AttachmentID]domain.File
	channels map[domain.ChannelID]domain.Channel // besides the interaction's own
	say      speech
	now      time.Time
}

// transcript reads the files that messages came with, and the other channel in which
// a conversation went on in private.
func (s *Server) transcript(ctx context.Context, d domain.InteractionDetail, messages ...domain.Message) (transcript, error) {
	var ids []domain.AttachmentID
	others := map[domain.ChannelID]domain.Channel{}
	for _, m := range messages {
		ids = append(ids, m.Files()...)
		if _, have := others[m.Channel]; have || m.Channel == d.Channel {
			continue
		}
		other, err := s.Store.Channel(ctx, d.Organization, m.Channel)
		if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
			return transcript{}, err
		}
		others[m.Channel] = other
	}
	files, err := s.Store.FilesByID(ctx, d.Organization, ids)
	return transcript{d, files, others, s.speech(ctx), s.Now()}, err
}

// sender is who wrote a message. A customer has the name by which they are known today.
func (d transcript) sender(m domain.Message) api.Sender {
	out := toSender(m.Sender)
	if m.Sender.Type == domain.SenderCustomer && out.DisplayName == nil {
		out.DisplayName = d.ContactName
	}
	return out
}

// in tells in which channel a message is.
func (d transcript) in(m domain.Message) api.MessageChannel {
	if other, elsewhere := d.channels[m.Channel]; elsewhere && other.ID != "" {
		return api.MessageChannel{ID: string(other.ID), Kind: api.ChannelKind(other.Kind), Label: other.Name}
	}
	return api.MessageChannel{ID: string(d.Channel), Kind: api.ChannelKind(d.ChannelKind), Label: d.ChannelName}
}

func (s *Server) toMessage(m domain.Message, d transcript) api.Message {
	out := api.Message{ID: string(m.ID), InteractionID: string(m.Interaction), Direction: api.Direction(m.Direction), Kind: api.MessageKind(m.Kind), Visibility: api.Visibility(m.Visibility),
		Sender: d.sender(m), Text: m.Text, Attachments: s.toAttachments(m, d), InReplyTo: ref(m.InReplyTo),
		Channel:           d.in(m),
		PlatformMessageID: m.PlatformMessageID, PlatformTime: api.AtOrNull(m.PlatformTime), CreatedAt: api.At(m.CreatedAt), Error: toReplyError(m.Failure, d.say)}
	out.EditedAt, out.Reactions, out.Hidden = api.AtOrNull(m.EditedAt), each(m.Details.Reactions, toReaction), m.Details.Hidden
	out.Referral, out.CannedResponseID = toReferral(m.Details.Referral), ref(m.CannedResponse)
	out.Omitted = each(d.omitted(m), func(o domain.Omission) api.Omission { return api.Omission(o) })
	if p := m.Details.Postback; p != nil {
		out.Postback = &api.Postback{Title: p.Title, Payload: p.Payload}
	}
	if q := m.Details.QuickReply; q != nil {
		out.QuickReply = &api.QuickReply{Payload: q.Payload}
	}
	if t := m.Details.Template; t != nil {
		out.Template = &api.Template{Name: t.Name, Language: t.Language, Parameters: append([]string{}, t.Parameters...)}
	}
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

// omitted says what of a message is not shown: what never was there to be shown, and
// what is gone because its time is over (B20).
func (d transcript) omitted(m domain.Message) []domain.Omission {
	out := slices.Clone(m.Details.Omitted)
	gone := m.Erased == domain.TombstoneExpired
	for _, a := range m.Attachments {
		gone = gone || d.files[a.ID].Expired(d.now)
	}
	if gone {
		out = append(out, domain.OmittedEphemeral)
	}
	return out
}

func toReaction(r domain.Reaction) api.Reaction {
	return api.Reaction{By: api.SenderType(r.By), Reaction: r.Reaction, Emoji: r.Emoji, CreatedAt: api.At(r.At)}
}

func toReferral(r *domain.Referral) *api.Referral {
	if r == nil {
		return nil
	}
	return &api.Referral{Ref: r.Ref, Source: r.Source, Type: r.Type, AdID: r.AdID}
}

func toSender(s domain.Sender) api.Sender {
	out := api.Sender{Type: api.SenderType(s.Type), DisplayName: s.DisplayName, Label: s.Label}
	if s.ID != "" {
		out.ID = &s.ID
	}
	return out
}

// toAttachments shows what a message came with. A file that was erased is gone
// from it.
func (s *Server) toAttachments(m domain.Message, d transcript) []api.MessageAttachment {
	out := []api.MessageAttachment{}
	for _, a := range m.Attachments {
		f, known := d.files[a.ID]
		switch {
		case a.ID == "":
			out = append(out, api.MessageAttachment{Type: a.Type, URL: filled(a.URL), Name: filled(a.Name)})
		case known:
			out = append(out, s.toMessageFile(a.Type, f))
		}
	}
	return out
}

// toMessageFile shows a file of a message: where Parley has it or will have it,
// or else at the platform.
func (s *Server) toMessageFile(kind string, f domain.File) api.MessageAttachment {
	whole, id, url := s.toFile(f), string(f.ID), s.contentURL(f.ID)
	switch domain.FileState(whole.State) {
	case domain.FileRejected, domain.FileLinked:
		url = f.Source
	case domain.FileExpired:
		url = ""
	}
	if strings.HasPrefix(url, domain.MediaScheme) { // no link: nobody else can follow it
		url = ""
	}
	return api.MessageAttachment{ID: &id, Type: kind, URL: filled(url), Name: whole.FileName, ContentType: whole.ContentType, Size: whole.Size,
		State: &whole.State, ExpiresAt: whole.ExpiresAt}
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
	t, err := s.transcript(ctx, d, messages...)
	if err != nil {
		return nil, err
	}
	items := each(messages, func(m domain.Message) api.Message { return s.toMessage(m, t) })
	return api.ListMessages200JSONResponse(api.MessageList{Items: items, NextCursor: next}), nil
}
