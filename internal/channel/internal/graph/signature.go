// Package graph is what every channel on Meta's Graph API shares: the webhook's
// signature, the values of the wire, one careful call and the table of errors.
//
// Sources of the rules: Meta, Graph API (Webhooks: validating payloads; Handling
// errors; Rate limits) and Meta, Messenger Platform (Common error codes).
package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
)

const (
	signatureHeader = "X-Hub-Signature-256"
	signaturePrefix = "sha256="
)

// Sign gives the value of X-Hub-Signature-256 for a body: HMAC-SHA256 with the
// app's secret over the raw bytes, in hexadecimal (Meta, Graph API, Webhooks).
func Sign(body []byte, secret string) string {
	return signaturePrefix + hex.EncodeToString(digest(body, secret))
}

// Verify tells whether one of the secrets signed exactly these bytes. Every
// secret is tried whatever an earlier one said, and without any a stand-in is,
// so that the time tells nothing. An empty secret signs nothing. The older
// X-Hub-Signature (SHA-1) is not looked at.
func Verify(header http.Header, body []byte, secrets []string) bool {
	claimed, wellFormed := claim(header)
	if len(secrets) == 0 {
		secrets = []string{""}
	}
	match := 0
	for _, secret := range secrets {
		match |= subtle.ConstantTimeCompare(digest(body, secret), claimed) & truth(secret != "")
	}
	return match&truth(wellFormed) == 1
}

// claim decodes the header; a malformed one becomes bytes that are compared all the same.
func claim(header http.Header) (claimed []byte, wellFormed bool) {
	text, prefixed := strings.CutPrefix(header.Get(signatureHeader), signaturePrefix)
	claimed, err := hex.DecodeString(text)
	if !prefixed || err != nil || len(claimed) != sha256.Size {
		return make([]byte, sha256.Size), false
	}
	return claimed, true
}

func digest(body []byte, secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
