package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Connectors is the door of Open Messaging: what connectors hand in, in the wire
// format of Genesys Cloud.
type Connectors struct {
	Wire  Wire
	Take  func(ctx context.Context, app domain.PlatformApp, envelopes ...channel.Envelope) ([]domain.InboxEvent, error)
	Start func(ctx context.Context, by domain.Principal, o domain.Opening) (domain.Message, error)
}

// Wire reads and writes the format.
type Wire interface {
	// Take reads a body in one of the forms: message, event, receipt or structured,
	// or the unified one, in which the body says which it is.
	Take(form, integration string, body []byte) (channel.Envelope, error)
	// Normalize writes the answer.
	Normalize(e channel.Envelope, id, conversation string, received time.Time) []byte
	// ReplyOf gives the message of ours that a receipt is about.
	ReplyOf(e channel.Envelope) string
}

// openMessagingRoutes adds the routes of Open Messaging; the form of what comes is
// in the path, or in the body.
func (s *Server) openMessagingRoutes(e *echo.Echo) {
	const messages = "/api/v2/conversations/messages"
	e.POST(messages+"/inbound/open", s.receiveOpen(""))
	e.POST(messages+"/:integration_id/inbound/open/message", s.receiveOpen("message"))
	e.POST(messages+"/:integration_id/inbound/open/event", s.receiveOpen("event"))
	e.POST(messages+"/:integration_id/inbound/open/receipt", s.receiveOpen("receipt"))
	e.POST(messages+"/:integration_id/inbound/open/structured/response", s.receiveOpen("structured"))
}

// receiveOpen takes what a connector hands in, and answers 202 only when it is on
// disk. Only that a customer types is not kept.
func (s *Server) receiveOpen(form string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := readOpen(c)
		if err != nil {
			return err
		}
		e, err := s.Connectors.Wire.Take(form, c.Param("integration_id"), body)
		if err != nil {
			return err
		}
		if e.Field == "receipt" {
			return s.openReceipt(c, e, form)
		}
		ch, err := s.integration(c.Request().Context(), e.AccountID)
		if err != nil {
			return err
		}
		if e.Field == "event" {
			return s.openEvent(c, ch, e)
		}
		return s.openMessage(c, ch, e)
	}
}

// readOpen reads a body of JSON, without the card data in it: answers repeat what
// they were sent (C20).
func readOpen(c echo.Context) ([]byte, error) {
	r := c.Request()
	if media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || media != echo.MIMEApplicationJSON {
		return nil, errMedia
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, &domain.Error{Kind: domain.ErrorMalformed, Code: "request.body_unreadable", Detail: "The body could not be read to its end."}
	}
	raw = channel.MaskCards(raw)
	info(c).raw = raw
	return raw, nil
}

// integration finds the channel that a connector names. One that is unknown is the
// caller's mistake, not a missing page: 400, as Genesys Cloud has it.
func (s *Server) integration(ctx context.Context, account string) (domain.Channel, error) {
	found, err := s.Store.ChannelsOfAccounts(ctx, principal(ctx).Organization, domain.ChannelOpen, []string{account})
	if err != nil {
		return domain.Channel{}, err
	}
	ch, known := found[account]
	if !known {
		return ch, &domain.Error{Kind: domain.ErrorMalformed, Code: "channel.integration_unknown", Detail: "There is no Open Messaging integration with this id."}
	}
	return ch, nil
}

// openEvent hears that a customer types. Nobody is told yet and nothing is kept:
// it is counted, and where the channel does not want to hear it, that it was dropped.
func (s *Server) openEvent(c echo.Context, ch domain.Channel, e channel.Envelope) error {
	fate := "heard"
	if !ch.Settings.HearsTyping() {
		fate = "dropped"
	}
	s.metrics.typing.WithLabelValues(fate).Inc()
	return s.accept(c, e, domain.NewID[string](), "")
}

// openMessage keeps a customer's message.
func (s *Server) openMessage(c echo.Context, ch domain.Channel, e channel.Envelope) error {
	ctx := c.Request().Context()
	kept, err := s.keep(ctx, ch, e)
	if err != nil {
		return err
	}
	id, err := s.Store.InboxID(ctx, kept)
	if err != nil {
		return err
	}
	conversation := ""
	if c.QueryParam("prefetchConversationId") == "true" {
		if conversation, err = s.conversation(ctx, kept.Organization, domain.MessageID(id)); err != nil {
			return err
		}
	}
	return s.accept(c, e, string(id), conversation)
}

func (s *Server) keep(ctx context.Context, ch domain.Channel, e channel.Envelope) (domain.InboxEvent, error) {
	kept, err := s.Connectors.Take(ctx, domain.PlatformApp{ID: ch.App, Organization: ch.Organization, Platform: domain.PlatformOpen}, e)
	if err != nil {
		return domain.InboxEvent{}, err
	}
	return kept[0], nil
}

// prefetchTime is how long an answer waits for the conversation of its message.
const prefetchTime = 3 * time.Second

// conversation waits until a message has its conversation; empty where that takes
// too long, because the message is kept all the same.
func (s *Server) conversation(ctx context.Context, org domain.OrganizationID, id domain.MessageID) (found string, err error) {
	return found, s.Hub.Until(ctx, prefetchTime, func() (bool, error) {
		messages, err := s.Store.MessagesByID(ctx, org, []domain.MessageID{id})
		found = string(messages[id].Interaction)
		return found != "", err
	})
}

// openReceipt keeps what a connector says of a message of ours. One that we do not
// know is acknowledged, so that it is not sent again for ever.
func (s *Server) openReceipt(c echo.Context, e channel.Envelope, form string) error {
	ctx := c.Request().Context()
	if form != "" {
		if _, err := s.integration(ctx, e.AccountID); err != nil {
			return err
		}
	}
	reply := s.Connectors.Wire.ReplyOf(e)
	ch, address, known, err := s.Store.Recipient(ctx, principal(ctx).Organization, domain.MessageID(reply))
	if err != nil {
		return err
	}
	if !known || ch.Kind != domain.ChannelOpen || form != "" && ch.AccountID != e.AccountID {
		s.Log.WarnContext(ctx, "a receipt names no message of ours", "account_id", e.AccountID, "request_id", requestID(c))
		return s.accept(c, e, domain.NewID[string](), "")
	}
	e.AccountID, e.Contact = ch.AccountID, address
	if _, err := s.keep(ctx, ch, e); err != nil {
		return err
	}
	return s.accept(c, e, reply, "")
}

func (s *Server) accept(c echo.Context, e channel.Envelope, id, conversation string) error {
	return c.JSONBlob(http.StatusAccepted, s.Connectors.Wire.Normalize(e, id, conversation, s.Now()))
}
