package httpapi

import (
	"cmp"
	"context"
	"slices"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/closing"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// toInteraction shows an interaction as one caller sees it: allowed actions are
// theirs.
func (s *Server) toInteraction(d domain.InteractionDetail, who domain.Principal) api.Interaction {
	i := api.Interaction{ID: string(d.ID), State: api.InteractionState(d.State), ThreadID: string(d.Thread),
		Channel: toInteractionChannel(d), OriginalPost: toOriginalPostReference(d),
		Contact: api.InteractionContact{ID: string(d.Contact), Address: d.ContactAddress, DisplayName: contactName(d)},
		Origin:  api.InteractionOrigin(d.Origin), PreviousInteractionID: ref(d.Previous), Participants: toParticipants(d),
		AllowedActions: each(d.ActionsOf(who, s.Now()), func(a domain.Action) api.InteractionAction { return api.InteractionAction(a) }),
		ConnectedAt:    api.AtOrNull(d.ConnectedAt), DisconnectedAt: api.AtOrNull(d.DisconnectedAt), ClosedAt: api.AtOrNull(d.ClosedAt),
		ReplyPolicy: s.toReplyPolicy(d), Referral: toReferral(d.Referral), Recording: d.Recording,
		HasUnsentDraft: who.Agent != "" && slices.Contains(d.Drafting, who.Agent), CustomerConsent: d.Consent, EnqueuedAt: api.AtOrNull(&d.EnqueuedAt), Version: d.Version}
	if c := d.Conference; c != nil {
		conference := toConference(d.Interaction)
		i.Conference = &conference
	}
	if d.DisconnectType != nil {
		kind := api.DisconnectType(*d.DisconnectType)
		i.DisconnectType = &kind
	}
	if d.Queue != nil && d.QueueName != nil {
		i.Queue = &api.InteractionQueue{ID: string(*d.Queue), Name: *d.QueueName}
	}
	if d.Handover != nil {
		t := toTransfer(*d.Handover)
		i.Transfer = &t
	}
	if p := d.PendingOffer(); p != nil {
		i.Offer = &api.Offer{ID: string(p.ID), AgentID: string(p.Agent), Purpose: api.OfferPurpose(p.Purpose), State: api.OfferState(p.Offer),
			CreatedAt: api.At(p.OfferedAt), ExpiresAt: api.At(p.ExpiresAt)}
	}
	return i
}

func toInteractionChannel(d domain.InteractionDetail) api.InteractionChannel {
	return api.InteractionChannel{ID: string(d.Channel), Kind: api.ChannelKind(d.ChannelKind), AccountID: d.ChannelAccount, Label: d.ChannelName}
}

// toReplyPolicy shows what the platform allows us to send in private now, there where
// the private conversation is.
func (s *Server) toReplyPolicy(d domain.InteractionDetail) api.ReplyPolicy {
	allowed := s.Capabilities[cmp.Or(d.Terms.Kind, d.ChannelKind)]
	return api.ReplyPolicy{WindowClosesAt: api.AtOrNull(allowed.ClosesAt(d.Terms)), HeldElsewhere: d.Terms.HeldElsewhere,
		ReplyAllowanceRemaining: allowed.Left(d.Terms), TemplateRequired: allowed.NeedsTemplate(d.Terms, s.Now())}
}

// contactName is the name that the platform told us, or the address: a name is
// never guessed (B15, C05).
func contactName(d domain.InteractionDetail) string {
	if d.ContactName != nil {
		return *d.ContactName
	}
	return d.ContactAddress
}

func toParticipants(d domain.InteractionDetail) []api.Participant {
	name, since := contactName(d), d.CreatedAt
	state := api.ParticipantStateConnected
	if !d.Open() {
		state = api.ParticipantStateClosed
	}
	parts := []api.Participant{{ID: string(d.Contact), Purpose: api.ParticipantPurposeCustomer, DisplayName: &name, State: state,
		JoinedAt: api.AtOrNull(&since), LeftAt: api.AtOrNull(d.DisconnectedAt)}}
	for _, p := range d.Participants {
		agent, label := string(p.Agent), p.AgentName
		parts = append(parts, api.Participant{ID: string(p.ID), Purpose: api.ParticipantPurposeAgent, AgentID: &agent, DisplayName: &label,
			State: api.ParticipantState(p.State), AfterCallWorkRequired: p.WrapUpRequested, JoinedAt: api.AtOrNull(p.JoinedAt), LeftAt: api.AtOrNull(p.LeftAt)})
	}
	return parts
}

// ListInteractions serves GET /v1/interactions.
func (s *Server) ListInteractions(ctx context.Context, r api.ListInteractionsRequestObject) (api.ListInteractionsResponseObject, error) {
	who, p := principal(ctx), r.Params
	f := storage.InteractionFilter{Sight: who.Sight(), Queue: domain.QueueID(p.QueueID), Agent: domain.AgentID(p.AgentID), ChannelKind: domain.ChannelKind(p.ChannelKind),
		Contact: domain.ContactID(p.ContactID), States: each(p.State, func(s api.InteractionState) domain.InteractionState { return domain.InteractionState(s) })}
	if p.AgentID == "me" {
		if f.Agent = who.Agent; f.Agent == "" {
			return nil, domain.NoAgent()
		}
	}
	if !p.CreatedAfter.IsZero() {
		f.CreatedAfter = &p.CreatedAfter
	}
	details, next, err := s.Store.Interactions(ctx, who.Organization, f, page(ctx, p.Limit, p.Cursor, p.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	items := each(details, func(d domain.InteractionDetail) api.Interaction { return s.toInteraction(d, who) })
	return api.ListInteractions200JSONResponse(api.InteractionList{Items: items, NextCursor: next}), nil
}

// interaction reads one interaction for its caller.
func (s *Server) interaction(ctx context.Context, id string) (api.Interaction, error) {
	who := principal(ctx)
	d, err := s.Store.InteractionDetail(ctx, who.Organization, domain.InteractionID(id))
	return s.toInteraction(d, who), err
}

// expandedMessages is how many of the latest messages expand=messages gives.
const expandedMessages = 200

// GetInteraction serves GET /v1/interactions/{id}.
func (s *Server) GetInteraction(ctx context.Context, r api.GetInteractionRequestObject) (api.GetInteractionResponseObject, error) {
	who := principal(ctx)
	d, err := s.Store.InteractionDetail(ctx, who.Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	i := s.toInteraction(d, who)
	if slices.Contains(r.Params.Expand, api.InteractionExpansionMessages) {
		latest := storage.Page{Limit: expandedMessages}
		messages, _, err := s.Store.Messages(ctx, who.Organization, d.ID, storage.MessageFilter{}, latest)
		if err != nil {
			return nil, err
		}
		slices.Reverse(messages)
		t, err := s.transcript(ctx, d, messages...)
		if err != nil {
			return nil, err
		}
		i.Messages = each(messages, func(m domain.Message) api.Message { return s.toMessage(m, t) })
	}
	if d.OriginalPost != nil && slices.Contains(r.Params.Expand, api.InteractionExpansionOriginalPost) {
		if i.OriginalPost, err = s.originalPost(ctx, d); err != nil {
			return nil, err
		}
	}
	if slices.Contains(r.Params.Expand, api.InteractionExpansionSegments) {
		segments, err := s.Store.Segments(ctx, who.Organization, d.ID)
		if err != nil {
			return nil, err
		}
		i.Segments = each(segments, toSegment)
	}
	return api.GetInteraction200JSONResponse{Body: i, Headers: api.GetInteraction200ResponseHeaders{ETag: etag(i.Version)}}, nil
}

// AcceptInteraction serves POST /v1/interactions/{id}/accept (A01, A04).
func (s *Server) AcceptInteraction(ctx context.Context, r api.AcceptInteractionRequestObject) (api.AcceptInteractionResponseObject, error) {
	if err := s.Desk.Accept(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.OfferID)); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.AcceptInteraction200JSONResponse{Body: i, Headers: api.AcceptInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// DeclineInteraction serves POST /v1/interactions/{id}/decline (A20, A22).
func (s *Server) DeclineInteraction(ctx context.Context, r api.DeclineInteractionRequestObject) (api.DeclineInteractionResponseObject, error) {
	reason := ""
	if r.Body.Reason != nil {
		reason = *r.Body.Reason
	}
	if err := s.Desk.Decline(ctx, principal(ctx), domain.InteractionID(r.ID), domain.ParticipantID(r.Body.OfferID), reason); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.DeclineInteraction200JSONResponse{Body: i, Headers: api.DeclineInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// EndInteraction serves POST /v1/interactions/{id}/end (A18, C38).
func (s *Server) EndInteraction(ctx context.Context, r api.EndInteractionRequestObject) (api.EndInteractionResponseObject, error) {
	how := closing.Ending{CustomerConsent: r.Body.CustomerConsent, RejectIfDraft: r.Body.RejectIfDraft}
	if err := s.Closing.End(ctx, principal(ctx), domain.InteractionID(r.ID), how); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	i.Warnings = s.draftWarnings(ctx, i.HasUnsentDraft)
	return api.EndInteraction200JSONResponse{Body: i, Headers: api.EndInteraction200ResponseHeaders{ETag: etag(i.Version)}}, err
}

// SignalTyping serves POST /v1/interactions/{id}/typing.
func (s *Server) SignalTyping(ctx context.Context, r api.SignalTypingRequestObject) (api.SignalTypingResponseObject, error) {
	if err := s.Typing(ctx, principal(ctx), domain.InteractionID(r.ID), r.Body.Typing == nil || *r.Body.Typing); err != nil {
		return nil, err
	}
	i, err := s.interaction(ctx, r.ID)
	return api.SignalTyping200JSONResponse{Body: i, Headers: api.SignalTyping200ResponseHeaders{ETag: etag(i.Version)}}, err
}
