package httpapi

import (
	"context"
	"time"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// GetChannelCapabilities serves GET /v1/channels/{id}/capabilities (B07).
func (s *Server) GetChannelCapabilities(ctx context.Context, r api.GetChannelCapabilitiesRequestObject) (api.GetChannelCapabilitiesResponseObject, error) {
	c, err := s.Store.Channel(ctx, principal(ctx).Organization, domain.ChannelID(r.ID))
	if err != nil {
		return nil, err
	}
	return api.GetChannelCapabilities200JSONResponse(toCapabilities(c, s.Capabilities[c.Kind])), nil
}

// toCapabilities shows a row of the matrix as far as a channel's settings use it.
func toCapabilities(c domain.Channel, row channel.Capability) api.ChannelCapabilities {
	out := api.ChannelCapabilities{Kind: api.ChannelKind(c.Kind), Private: toMessageRules(c, row.In(domain.Private)),
		WindowSeconds: seconds(row.Window), Templates: row.Templates, FirstPrivateMessageSeconds: seconds(row.Posts.FirstWord),
		StartsConversations: row.Starts, MediaPolicy: api.ChannelCapabilitiesMediaPolicyStored,
		InboundTyping: row.HearsTyping && c.Settings.HearsTyping(), OutboundTyping: row.ShowsTyping, Emoji: "pass",
		Reports: each(row.Reports, func(k channel.EventKind) string { return string(k) })}
	if row.Public() {
		rules := toMessageRules(c, row.In(domain.Public))
		out.Public = &rules
	}
	if row.HumanWindow > row.Window && c.Settings.AllowsHumanAgent() {
		out.HumanWindowSeconds = seconds(row.HumanWindow)
	}
	if row.Allowance > 0 {
		out.ReplyAllowance = &row.Allowance
	}
	if !row.StoreMedia {
		out.MediaPolicy = api.ChannelCapabilitiesMediaPolicyLinkOnly
	}
	if rule := c.Settings.EmojiRule(); rule != "" {
		out.Emoji = rule
	}
	return out
}

func toMessageRules(c domain.Channel, row channel.Capability) api.MessageRules {
	rules := api.MessageRules{TextLimit: row.TextLimit, TextCounting: api.MessageRulesTextCountingCharacters}
	if row.Counting != "" {
		rules.TextCounting = api.MessageRulesTextCounting(row.Counting)
	}
	if f := row.Files; !f.None() && c.Settings.TakesFiles() {
		rules.Attachments = &api.AttachmentRules{MaxSize: f.MaxSize, MaxSizeByType: map[string]int64{}, OnlyTypes: append([]string{}, f.Only...), RefusedTypes: append([]string{}, f.Refused...)}
		for kind, size := range f.Smaller {
			rules.Attachments.MaxSizeByType[kind] = size
		}
	}
	return rules
}

// seconds is a time in the contract's unit, and null for none.
func seconds(d time.Duration) *int {
	if d == 0 {
		return nil
	}
	whole := int(d.Seconds())
	return &whole
}
