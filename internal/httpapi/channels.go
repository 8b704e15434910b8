package httpapi

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

func toChannel(c domain.Channel) api.Channel {
	return api.Channel{ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID, AppID: filled(string(c.App)), Kind: api.ChannelKind(c.Kind),
		AccountID: c.AccountID, QueueID: ref(c.Queue), Settings: api.ChannelSettings(c.Settings), Bot: toBot(c.Bot), Status: api.ChannelStatus(c.Status), SuppressedInbound: c.Suppressed,
		Version: c.Version, CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt)}
}

// filled gives an optional text; an empty one is none.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func newChannel(org domain.OrganizationID, now time.Time) domain.Channel {
	return domain.Channel{ID: domain.NewID[domain.ChannelID](), Organization: org, Credentials: map[string]string{},
		Status: domain.ChannelActive, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// channelInput is a channel with what goes in and never comes out.
type channelInput struct {
	api.Channel
	Credentials map[string]string `json:"credentials"`
}

// fromChannel takes over what a client may set; absent credentials mean keep,
// and so do empty ones.
func fromChannel(c domain.Channel, in channelInput) domain.Channel {
	c.Name, c.ExternalID = in.Name, in.ExternalID
	if in.AccountID != "" {
		c.AccountID = in.AccountID
	}
	c.App, c.Kind, c.Queue = "", domain.ChannelKind(in.Kind), unref[domain.QueueID](in.QueueID)
	if in.AppID != nil {
		c.App = domain.AppID(*in.AppID)
	}
	c.Settings, c.Bot = domain.ChannelSettings(in.Settings), fromBot(in.Bot)
	if c.Settings.APIBaseURL != nil {
		trimmed := strings.TrimRight(*c.Settings.APIBaseURL, "/")
		c.Settings.APIBaseURL = &trimmed
	}
	if len(in.Credentials) > 0 {
		c.Credentials = in.Credentials
	}
	return c
}

// checkChannel refuses a channel that names what does not exist, does not fit
// together or may not be called.
func (s *Server) checkChannel(ctx context.Context, c domain.Channel) error {
	if c.AccountID == "" {
		return domain.Invalid("/account_id", "channel.account_required", "A channel of this kind needs the account's id at the platform.")
	}
	if err := s.checkChannelApp(ctx, c); err != nil {
		return err
	}
	if err := s.checkChannelQueue(ctx, c); err != nil {
		return err
	}
	if err := s.checkOpenChannel(c); err != nil {
		return err
	}
	if err := s.checkBot(c); err != nil {
		return err
	}
	return s.checkChannelAddress(c)
}

func (s *Server) checkChannelApp(ctx context.Context, c domain.Channel) error {
	if c.App == "" && !s.Capabilities[c.Kind].AppNeeded {
		return nil
	}
	if c.App == "" {
		return domain.Invalid("/app_id", "channel.app_required", "A channel of this kind needs the id of a platform app.")
	}
	app, err := s.Store.App(ctx, c.Organization, c.App)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/app_id", "channel.app_unknown", "There is no platform app with this id. Make the app before its channels.")
	}
	if err != nil {
		return err
	}
	if capability, ok := s.Capabilities[c.Kind]; !ok || capability.Platform != app.Platform {
		return domain.Invalid("/kind", "channel.kind_mismatch", "The kind must be one of the platform at which the app is registered.")
	}
	return nil
}

func (s *Server) checkChannelQueue(ctx context.Context, c domain.Channel) error {
	if c.Queue == nil {
		return nil
	}
	_, err := s.Store.Queue(ctx, c.Organization, *c.Queue)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/queue_id", "channel.queue_unknown", "There is no queue with this id. Give the id of a queue, or null.")
	}
	return err
}

func (s *Server) checkChannelAddress(c domain.Channel) error {
	if c.Settings.APIBaseURL == nil {
		return nil
	}
	if strings.ContainsAny(*c.Settings.APIBaseURL, "?#") {
		return domain.Invalid("/settings/api_base_url", "channel.address_not_allowed", "The address must have neither a query nor a fragment: paths are added to it.")
	}
	return s.checkAddress("/settings/api_base_url", "channel.address_not_allowed", *c.Settings.APIBaseURL)
}

// ListChannels serves GET /v1/channels.
func (s *Server) ListChannels(ctx context.Context, r api.ListChannelsRequestObject) (api.ListChannelsResponseObject, error) {
	filter := storage.ChannelFilter{Find: find(r.Params.Q, r.Params.Name, r.Params.ExternalID), Kind: domain.ChannelKind(r.Params.Kind), Queue: domain.QueueID(r.Params.QueueID)}
	channels, next, err := s.Store.Channels(ctx, principal(ctx).Organization, filter, page(ctx, r.Params.Limit, r.Params.Cursor, r.Params.Order, api.SortOrderDesc))
	if err != nil {
		return nil, err
	}
	return api.ListChannels200JSONResponse(api.ChannelList{Items: each(channels, toChannel), NextCursor: next}), nil
}

// CreateChannel serves POST /v1/channels.
func (s *Server) CreateChannel(ctx context.Context, r api.CreateChannelRequestObject) (api.CreateChannelResponseObject, error) {
	c := newChannel(principal(ctx).Organization, s.Now())
	input, err := overlay(channelInput{Channel: toChannel(c)}, r.Body)
	if err != nil {
		return nil, err
	}
	c = s.withAccount(fromChannel(c, input))
	if err := s.write(ctx, func(ctx context.Context) error { return s.createChannel(ctx, c) }); err != nil {
		return nil, err
	}
	return api.CreateChannel201JSONResponse{Body: toChannel(c),
		Headers: api.CreateChannel201ResponseHeaders{ETag: etag(c.Version), Location: location("channels", string(c.ID))}}, nil
}

// withAccount names the account of a channel whose kind has no platform to do so.
func (s *Server) withAccount(c domain.Channel) domain.Channel {
	if c.AccountID == "" && !s.Capabilities[c.Kind].AppNeeded {
		c.AccountID = domain.NewID[string]()
	}
	return c
}

// createChannel checks and writes a new channel, and has applied what came of its
// account before.
func (s *Server) createChannel(ctx context.Context, c domain.Channel) error {
	if err := s.checkChannel(ctx, c); err != nil {
		return err
	}
	if err := s.Store.CreateChannel(ctx, c); err != nil {
		return err
	}
	return s.catchUp(ctx, c)
}

// GetChannel serves GET /v1/channels/{id}.
func (s *Server) GetChannel(ctx context.Context, r api.GetChannelRequestObject) (api.GetChannelResponseObject, error) {
	c, err := s.Store.Channel(ctx, principal(ctx).Organization, domain.ChannelID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetChannel200JSONResponse{Body: toChannel(c), Headers: api.GetChannel200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// changeChannel puts a body over a channel: over the defaults for a replacement,
// over what it is for a merge patch.
func (s *Server) changeChannel(ctx context.Context, id, ifMatch string, body any, replace bool) (c domain.Channel, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		before, err := s.Store.LockChannel(ctx, principal(ctx).Organization, domain.ChannelID(id))
		if err != nil {
			return err
		}
		if err := matches(ifMatch, before.Version, toChannel(before)); err != nil {
			return err
		}
		base := toChannel(before)
		if replace {
			base = toChannel(newChannel(before.Organization, before.CreatedAt))
		}
		input, err := overlay(channelInput{Channel: base}, body)
		if err != nil {
			return err
		}
		c = fromChannel(before, input)
		if len(input.Credentials) > 0 { // the same ones can be right again, when what was wrong was mended at the platform
			before.Credentials = nil
		}
		return s.saveChannel(ctx, before, &c)
	})
	return c, err
}

// saveChannel checks and writes a channel that was changed under its lock.
func (s *Server) saveChannel(ctx context.Context, before domain.Channel, c *domain.Channel) error {
	if c.Kind != before.Kind {
		return domain.Invalid("/kind", "channel.kind_fixed", "The kind of a channel cannot change. Make another channel.")
	}
	if err := s.checkChannel(ctx, *c); err != nil {
		return err
	}
	c.UpdatedAt = s.Now()
	if !maps.Equal(c.Credentials, before.Credentials) {
		if err := s.reauthorize(ctx, c); err != nil {
			return err
		}
	}
	if err := s.Store.SaveChannel(ctx, c); err != nil || c.App == before.App && c.AccountID == before.AccountID {
		return err
	}
	return s.catchUp(ctx, *c)
}

// catchUp applies what came of the account before the channel had it.
func (s *Server) catchUp(ctx context.Context, c domain.Channel) error {
	s.Store.After(ctx, s.Applies)
	return s.Store.ReleaseAccount(ctx, c)
}

// reauthorize lets the replies go out, and the posts be read, that waited for new
// credentials.
func (s *Server) reauthorize(ctx context.Context, c *domain.Channel) error {
	if c.Status == domain.ChannelNeedsReauthorization {
		c.Status = domain.ChannelActive
	}
	s.Store.After(ctx, s.Deliver)
	s.Store.After(ctx, s.Reads)
	if err := s.Store.ReleasePosts(ctx, c.Organization, c.ID, s.Now()); err != nil {
		return err
	}
	return s.Store.ReleaseDeliveries(ctx, c.Organization, c.ID, s.Now())
}

// ReplaceChannel serves PUT /v1/channels/{id}.
func (s *Server) ReplaceChannel(ctx context.Context, r api.ReplaceChannelRequestObject) (api.ReplaceChannelResponseObject, error) {
	c, err := s.changeChannel(ctx, r.ID, r.Params.IfMatch, r.Body, true)
	if err != nil {
		return nil, err
	}
	return api.ReplaceChannel200JSONResponse{Body: toChannel(c), Headers: api.ReplaceChannel200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpdateChannel serves PATCH /v1/channels/{id}.
func (s *Server) UpdateChannel(ctx context.Context, r api.UpdateChannelRequestObject) (api.UpdateChannelResponseObject, error) {
	c, err := s.changeChannel(ctx, r.ID, r.Params.IfMatch, r.Body, false)
	if err != nil {
		return nil, err
	}
	return api.UpdateChannel200JSONResponse{Body: toChannel(c), Headers: api.UpdateChannel200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// UpsertChannel serves PUT /v1/channels/by-external-id/{external_id}.
func (s *Server) UpsertChannel(ctx context.Context, r api.UpsertChannelRequestObject) (api.UpsertChannelResponseObject, error) {
	fresh := newChannel(principal(ctx).Organization, s.Now())
	c, made, err := upsert(ctx, s, upserting[domain.Channel]{table: "channels", external: r.ExternalID, fresh: fresh,
		list: func(ctx context.Context, org domain.OrganizationID, f storage.Find, p storage.Page) ([]domain.Channel, *string, error) {
			return s.Store.Channels(ctx, org, storage.ChannelFilter{Find: f}, p)
		},
		lock: func(ctx context.Context, c domain.Channel) (domain.Channel, error) {
			return s.Store.LockChannel(ctx, c.Organization, c.ID)
		},
		create: s.createChannel, save: s.saveChannel,
		change: func(_ context.Context, c domain.Channel) (domain.Channel, error) {
			input, err := overlay(channelInput{Channel: toChannel(fresh)}, r.Body)
			if err != nil {
				return c, err
			}
			if err := named(&input.ExternalID, r.ExternalID); err != nil {
				return c, err
			}
			return s.withAccount(fromChannel(c, input)), nil
		}})
	if err != nil {
		return nil, err
	}
	if made {
		return api.UpsertChannel201JSONResponse{Body: toChannel(c),
			Headers: api.UpsertChannel201ResponseHeaders{ETag: etag(c.Version), Location: location("channels", string(c.ID))}}, nil
	}
	return api.UpsertChannel200JSONResponse{Body: toChannel(c), Headers: api.UpsertChannel200ResponseHeaders{ETag: etag(c.Version)}}, nil
}

// DeleteChannel serves DELETE /v1/channels/{id}.
func (s *Server) DeleteChannel(ctx context.Context, r api.DeleteChannelRequestObject) (api.DeleteChannelResponseObject, error) {
	err := s.write(ctx, func(ctx context.Context) error {
		c, err := s.Store.LockChannel(ctx, principal(ctx).Organization, domain.ChannelID(r.ID))
		if err != nil {
			return err
		}
		if err := matches(r.Params.IfMatch, c.Version, toChannel(c)); err != nil {
			return err
		}
		used, err := s.Store.ChannelInUse(ctx, c.Organization, c.ID)
		if err != nil {
			return err
		}
		if used {
			return domain.Conflict("channel.in_use", "An interaction of the channel is open. End it before the channel is deleted.")
		}
		// What still waits to be sent through it fails now, and its agent is told.
		if err := s.Store.ReleaseDeliveries(ctx, c.Organization, c.ID, s.Now()); err != nil {
			return err
		}
		s.Store.After(ctx, s.Deliver)
		return s.Store.DeleteChannel(ctx, c, s.Now())
	})
	return api.DeleteChannel204Response{}, err
}
