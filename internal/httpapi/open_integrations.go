package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// openIntegrationRoutes adds the routes by which a connector sets itself up. An
// integration is a channel of the kind open; its id is the channel's account_id.
func (s *Server) openIntegrationRoutes(e *echo.Echo) {
	const path = "/api/v2/conversations/messaging/integrations/open"
	e.GET(path, s.listIntegrations)
	e.POST(path, s.createIntegration)
	e.GET(path+"/:integration_id", s.getIntegration)
	e.PATCH(path+"/:integration_id", s.updateIntegration)
	e.DELETE(path+"/:integration_id", s.deleteIntegration)
}

// integrationBody is what may be set; what is nil stays. What is not listed is ignored.
type integrationBody struct {
	Name    *string           `json:"name"`
	URL     *string           `json:"outboundNotificationWebhookUrl"`
	Secret  *string           `json:"outboundNotificationWebhookSignatureSecretToken"`
	Headers map[string]string `json:"webhookHeaders"`
}

func readIntegration(c echo.Context) (b integrationBody, err error) {
	raw, err := readOpen(c)
	if err != nil {
		return b, err
	}
	if json.Unmarshal(raw, &b) != nil {
		return b, bodyFault("request.body_malformed", "The body is not well-formed JSON.")
	}
	if b.Name != nil && (*b.Name == "" || utf8.RuneCountInString(*b.Name) > 200 || !plainText(*b.Name)) {
		return b, bodyFault("request.invalid", "The name must have from 1 to 200 characters.")
	}
	return b, nil
}

// over puts the body over a channel.
func (b integrationBody) over(c domain.Channel) domain.Channel {
	if b.Name != nil {
		c.Name = *b.Name
	}
	if b.URL != nil {
		c.Settings.OutboundWebhookURL = b.URL
	}
	if b.Secret != nil {
		c.Credentials = map[string]string{"webhook_secret": *b.Secret}
	}
	if b.Headers != nil {
		c.Settings.WebhookHeaders = b.Headers
	}
	return c
}

func toIntegration(c domain.Channel) api.OpenIntegration {
	headers := c.Settings.WebhookHeaders
	if headers == nil {
		headers = map[string]string{}
	}
	return api.OpenIntegration{ID: c.AccountID, Name: c.Name, OutboundNotificationWebhookURL: c.Settings.OutboundWebhookURL, WebhookHeaders: headers,
		Status: "Active", CreateStatus: "Completed", DateCreated: api.At(c.CreatedAt), DateModified: api.At(c.UpdatedAt), Version: c.Version,
		SelfURI: "/api/v2/conversations/messaging/integrations/open/" + c.AccountID}
}

// createIntegration serves POST /api/v2/conversations/messaging/integrations/open.
func (s *Server) createIntegration(c echo.Context) error {
	b, err := readIntegration(c)
	if err != nil {
		return err
	}
	if b.Name == nil {
		return bodyFault("request.invalid", "The name must have from 1 to 200 characters.")
	}
	ctx := c.Request().Context()
	ch := b.over(newChannel(principal(ctx).Organization, s.Now()))
	ch.Kind = domain.ChannelOpen
	ch = s.withAccount(ch)
	if err := s.write(ctx, func(ctx context.Context) error { return s.createChannel(ctx, ch) }); err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, encode(toIntegration(ch)))
}

// namedIntegration finds the channel that the path names.
func (s *Server) namedIntegration(c echo.Context) (domain.Channel, error) {
	ctx, account := c.Request().Context(), c.Param("integration_id")
	found, err := s.Store.ChannelsOfAccounts(ctx, principal(ctx).Organization, domain.ChannelOpen, []string{account})
	if err != nil {
		return domain.Channel{}, err
	}
	if ch, known := found[account]; known {
		return ch, nil
	}
	return domain.Channel{}, domain.NotFound("channel")
}

// getIntegration serves GET /api/v2/conversations/messaging/integrations/open/{integration_id}.
func (s *Server) getIntegration(c echo.Context) error {
	ch, err := s.namedIntegration(c)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, encode(toIntegration(ch)))
}

// updateIntegration serves PATCH /api/v2/conversations/messaging/integrations/open/{integration_id}.
func (s *Server) updateIntegration(c echo.Context) error {
	b, err := readIntegration(c)
	if err != nil {
		return err
	}
	named, err := s.namedIntegration(c)
	if err != nil {
		return err
	}
	var after domain.Channel
	err = s.write(c.Request().Context(), func(ctx context.Context) error {
		before, err := s.Store.LockChannel(ctx, named.Organization, named.ID)
		if err != nil {
			return err
		}
		after = b.over(before)
		return s.saveChannel(ctx, before, &after)
	})
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, encode(toIntegration(after)))
}

// deleteIntegration serves DELETE /api/v2/conversations/messaging/integrations/open/{integration_id}.
func (s *Server) deleteIntegration(c echo.Context) error {
	ch, err := s.namedIntegration(c)
	if err != nil {
		return err
	}
	if _, err := s.DeleteChannel(c.Request().Context(), api.DeleteChannelRequestObject{ID: string(ch.ID)}); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// The pages of integrations, as Genesys Cloud has them.
const (
	integrationPage  = 25
	maxIntegrations  = 200
	maxIntegrationAt = 1_000_000
)

// listIntegrations serves GET /api/v2/conversations/messaging/integrations/open.
func (s *Server) listIntegrations(c echo.Context) error {
	ctx := c.Request().Context()
	size, number := within(c.QueryParam("pageSize"), integrationPage, maxIntegrations), within(c.QueryParam("pageNumber"), 1, maxIntegrationAt)
	all, err := s.integrations(ctx)
	if err != nil {
		return err
	}
	first := min((number-1)*size, len(all))
	list := api.OpenIntegrationList{Entities: each(all[first:min(first+size, len(all))], toIntegration), PageSize: size, PageNumber: number,
		Total: len(all), PageCount: (len(all) + size - 1) / size}
	return c.JSONBlob(http.StatusOK, encode(list))
}

// integrations gives every channel of the kind open.
func (s *Server) integrations(ctx context.Context) (all []domain.Channel, err error) {
	at := storage.Page{Limit: maxIntegrations}
	for {
		some, next, err := s.Store.Channels(ctx, principal(ctx).Organization, storage.ChannelFilter{Kind: domain.ChannelOpen}, at)
		all = append(all, some...)
		if err != nil || next == nil {
			return all, err
		}
		at.Cursor = *next
	}
}

// within reads a number from 1 to most; what is none has its default.
func within(text string, normal, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return normal
	}
	return min(n, most)
}
