// Package meta is Meta as a platform: what one developer app does for all its
// pages and accounts. It answers the subscription check, proves who called and
// cuts a webhook into its events; the channels' own packages read them.
//
// Sources of the rules: Meta, Graph API, Webhooks (getting started, reference);
// Meta, Messenger Platform, Webhooks.
package meta

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// Platform implements channel.Platform for Meta. It holds nothing.
type Platform struct{}

var _ channel.Platform = Platform{}

// Handshake answers hub.mode=subscribe with hub.challenge where the verify token
// is ours. An app without a verify token answers nobody.
func (Platform) Handshake(query url.Values, verifyToken string) (answer string, ok bool) {
	if !same(query.Get("hub.verify_token"), verifyToken) || verifyToken == "" || query.Get("hub.mode") != "subscribe" {
		return "", false
	}
	return query.Get("hub.challenge"), true
}

// same compares digests, so that not even the length of the token shows.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Verify checks X-Hub-Signature-256 against each of the app's secrets.
func (Platform) Verify(header http.Header, body []byte, secrets []string) bool {
	return graph.Verify(header, body, secrets)
}
