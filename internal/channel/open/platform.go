// Package open connects whoever runs a connector of their own: the wire format
// of Genesys Cloud's Open Messaging, in which Parley plays Genesys Cloud's part. A
// connector hands customers' messages in with a token of ours, and takes what we
// send at an address of its own, signed.
//
// Sources of the rules: Genesys Cloud, Open Messaging (inbound messages, outbound
// webhook, receipts) and what public connectors send.
package open

import (
	"net/http"
	"net/url"

	"github.com/parley-cx/parley/internal/channel"
)

// Platform implements channel.Platform for connectors. They prove who they are
// with a token and at routes of their own: at /hooks nobody is believed.
type Platform struct{}

var _ channel.Platform = Platform{}

// Handshake knows no handshake.
func (Platform) Handshake(url.Values, string) (answer string, ok bool) { return "", false }

// Verify believes nobody.
func (Platform) Verify(http.Header, []byte, []string) bool { return false }

// Split reads a body in the form that names everything itself.
func (p Platform) Split(body []byte) []channel.Envelope {
	e, err := p.Take(Unified, "", body)
	if err != nil {
		return []channel.Envelope{{Payload: body, Fault: "not an inbound message, event or receipt"}}
	}
	return []channel.Envelope{e}
}
