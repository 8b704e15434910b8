package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// openConversationRoutes adds the routes of Open Messaging at which a connector
// reads, and writes first.
func (s *Server) openConversationRoutes(e *echo.Echo) {
	e.POST("/api/v2/conversations/messages/agentless", s.sendAgentless)
	e.GET("/api/v2/conversations/messages/:conversation_id", s.openConversation)
	e.GET("/api/v2/conversations/messages/:message_id/details", s.openDetails)
}

// agentless is the body of a message that answers none. What is not listed is ignored.
type agentless struct {
	From string `json:"fromAddress"`
	To   string `json:"toAddress"`
	Kind string `json:"toAddressMessengerType"`
	Text string `json:"textBody"`
}

// sendAgentless serves POST /api/v2/conversations/messages/agentless.
func (s *Server) sendAgentless(c echo.Context) error {
	raw, err := readOpen(c)
	if err != nil {
		return err
	}
	var body agentless
	if json.Unmarshal(raw, &body) != nil {
		return bodyFault("request.body_malformed", "The body is not well-formed JSON.")
	}
	if body.From == "" || strings.TrimSpace(body.To) == "" || len(body.To) > 255 || !plainText(body.From+body.To+body.Text) {
		return bodyFault("request.invalid", "fromAddress and toAddress must name an integration and a customer; no text may contain U+0000.")
	}
	kind := domain.ChannelKind(strings.ToLower(body.Kind))
	if kind == "facebook" {
		kind = domain.ChannelMessenger // Genesys Cloud's word for it
	}
	ctx := c.Request().Context()
	m, err := s.Connectors.Start(ctx, principal(ctx), domain.Opening{Account: body.From, Kind: kind, Address: body.To, Text: body.Text})
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusAccepted, encode(api.OpenAgentlessMessage{ID: string(m.ID), ConversationID: string(m.Interaction), FromAddress: body.From,
		ToAddress: body.To, MessengerType: string(kind), TextBody: *m.Text, Timestamp: api.At(m.CreatedAt), SelfURI: messageURI(m)}))
}

func messageURI(m domain.Message) string {
	return "/api/v2/conversations/messages/" + string(m.ID) + "/details"
}

// openConversation serves GET /api/v2/conversations/messages/{conversation_id}.
func (s *Server) openConversation(c echo.Context) error {
	ctx := c.Request().Context()
	if uuid.Validate(c.Param("conversation_id")) != nil {
		return domain.NotFound("interaction")
	}
	d, err := s.openDetail(ctx, domain.InteractionID(c.Param("conversation_id")))
	if err != nil {
		return err
	}
	messages, _, err := s.Store.Messages(ctx, d.Organization, d.ID, storage.MessageFilter{}, storage.Page{Limit: 200, Asc: true})
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, encode(toOpenConversation(d, messages)))
}

// openDetail gives an interaction of a connector's that the caller may see.
func (s *Server) openDetail(ctx context.Context, id domain.InteractionID) (domain.InteractionDetail, error) {
	who := principal(ctx)
	d, err := s.Store.InteractionDetail(ctx, who.Organization, id)
	if err == nil && d.ChannelKind != domain.ChannelOpen {
		err = domain.NotFound("interaction")
	}
	if err != nil {
		return d, err
	}
	return d, s.Store.See(ctx, who.Organization, id, who.Sight())
}

// toOpenConversation shows an interaction as Genesys Cloud does: each participant
// with the messages that they sent.
func toOpenConversation(d domain.InteractionDetail, messages []domain.Message) api.OpenConversation {
	out := api.OpenConversation{ID: string(d.ID), StartTime: api.At(d.CreatedAt), EndTime: api.AtOrNull(d.DisconnectedAt),
		SelfURI: "/api/v2/conversations/messages/" + string(d.ID), Participants: []api.OpenParticipant{}}
	place := map[string]int{}
	for _, m := range messages {
		purpose := string(m.Sender.Type)
		key := purpose + "/" + m.Sender.ID
		n, known := place[key]
		if !known {
			n, place[key] = len(out.Participants), len(out.Participants)
			out.Participants = append(out.Participants, api.OpenParticipant{ID: m.Sender.ID, Purpose: purpose, Name: m.Sender.DisplayName, Messages: []api.OpenMessageRef{}})
		}
		out.Participants[n].Messages = append(out.Participants[n].Messages, api.OpenMessageRef{MessageID: string(m.ID), MessageURI: messageURI(m),
			MessageStatus: openStatus(m), MessageTime: api.At(m.CreatedAt)})
	}
	return out
}

// openStatus is a message's status in Genesys Cloud's words.
func openStatus(m domain.Message) string {
	switch m.Status {
	case "":
		return "received"
	case domain.ReplySent, domain.ReplyPendingRecipient, domain.ReplyUnconfirmed:
		return "sent"
	case domain.ReplyDelivered:
		return "delivery-success"
	case domain.ReplyRead:
		return "read"
	case domain.ReplyFailed:
		return "delivery-failed"
	}
	return "queued"
}

// openDetails serves GET /api/v2/conversations/messages/{message_id}/details.
func (s *Server) openDetails(c echo.Context) error {
	ctx, id := c.Request().Context(), domain.MessageID(c.Param("message_id"))
	if uuid.Validate(string(id)) != nil {
		return domain.NotFound("message")
	}
	found, err := s.Store.MessagesByID(ctx, principal(ctx).Organization, []domain.MessageID{id})
	if err != nil {
		return err
	}
	m, known := found[id]
	if !known || m.Status == domain.ReplyDeleted {
		return domain.NotFound("message")
	}
	d, err := s.openDetail(ctx, m.Interaction)
	if domain.IsKind(err, domain.ErrorNotFound) {
		err = domain.NotFound("message")
	}
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, encode(toOpenDetails(m, d)))
}

func toOpenDetails(m domain.Message, d domain.InteractionDetail) api.OpenMessageDetails {
	customer, account := api.OpenParty{ID: d.ContactAddress, Nickname: d.ContactName}, api.OpenParty{ID: d.ChannelAccount, Nickname: &d.ChannelName}
	from, to, direction := customer, account, "Inbound"
	if m.Direction == domain.Outbound {
		from, to, direction = account, customer, "Outbound"
	}
	at := m.CreatedAt
	if m.PlatformTime != nil {
		at = *m.PlatformTime
	}
	text := ""
	if m.Text != nil {
		text = *m.Text
	}
	message := api.OpenNormalizedMessage{ID: string(m.ID), Type: "Text", Text: text, Direction: direction, Content: []api.OpenContent{},
		Channel: api.OpenPlace{ID: d.ChannelAccount, Platform: "Open", Type: "Private", MessageID: m.PlatformMessageID, From: from, To: to, Time: api.At(at)}}
	for _, a := range m.Attachments {
		message.Content = append(message.Content, api.OpenContent{ContentType: "Attachment", Attachment: api.OpenAttachment{MediaType: a.Type, URL: a.URL, Filename: a.Name}})
	}
	return api.OpenMessageDetails{ID: string(m.ID), ConversationID: string(m.Interaction), Direction: strings.ToLower(direction), MessengerType: "open",
		TextBody: text, Status: openStatus(m), Timestamp: api.At(m.CreatedAt), FromAddress: from.ID, ToAddress: to.ID, NormalizedMessage: message, SelfURI: messageURI(m)}
}
