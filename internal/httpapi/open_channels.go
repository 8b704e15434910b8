package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

// minSecret is the shortest secret that signs calls to a connector; Genesys Cloud
// asks for more than 15 characters.
const minSecret = 16

// checkOpenChannel refuses a channel of a connector that could not be sent to.
func (s *Server) checkOpenChannel(c domain.Channel) error {
	if c.Kind != domain.ChannelOpen {
		return nil
	}
	if utf8.RuneCountInString(c.Credentials["webhook_secret"]) < minSecret {
		return domain.Invalid("/credentials/webhook_secret", "channel.webhook_secret_required",
			"A channel of the kind open needs a webhook_secret of %d characters or more, which signs what the connector is sent.", minSecret)
	}
	if err := s.checkOutboundWebhook(c.Settings.OutboundWebhookURL); err != nil {
		return err
	}
	for name, value := range c.Settings.WebhookHeaders {
		if !mayHeader(name, value) {
			return domain.Invalid("/settings/webhook_headers", "channel.webhook_header_not_allowed",
				"A name or value of webhook_headers cannot stand in a header, or is one that the call sets itself.")
		}
	}
	return nil
}

// checkOutboundWebhook refuses an address that calls may not lead to. Only the
// sandbox has somebody to send to without one.
func (s *Server) checkOutboundWebhook(address *string) error {
	const pointer = "/settings/outbound_webhook_url"
	switch {
	case address == nil && s.Sandbox != nil:
		return nil
	case address == nil:
		return domain.Invalid(pointer, "channel.webhook_required", "A channel of the kind open needs outbound_webhook_url, where the connector takes what is sent.")
	case strings.Contains(*address, "#"):
		return domain.Invalid(pointer, "channel.address_not_allowed", "The address must have no fragment.")
	}
	return s.checkAddress(pointer, "channel.address_not_allowed", *address)
}

// reserved are the headers that a call to a connector sets itself, those that are
// the transport's, and those by which Go's client would send a call again.
func reserved() []string {
	return []string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Te", "Trailer", "Upgrade", "Expect",
		"X-Hub-Signature-256", "Idempotency-Key", "X-Idempotency-Key"}
}

// mayHeader tells what RFC 9110 allows in a header and is not reserved.
func mayHeader(name, value string) bool {
	strange := func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return name != "" && strings.IndexFunc(name, strange) < 0 && strings.IndexFunc(value, control) < 0 &&
		value == strings.TrimSpace(value) && !slices.Contains(reserved(), http.CanonicalHeaderKey(name))
}
