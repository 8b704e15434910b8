package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// signGraph signs a webhook: HMAC-SHA256 with the app's secret over the raw bytes, in lowercase hexadecimal (Meta,
// Graph API, Webhooks, Validating payloads).
func signGraph(header http.Header, body []byte, secret string) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
}

// graphJSON writes JSON as Meta does: in ASCII, with what is not as \uXXXX in lowercase, and with slashes escaped (Meta,
// Graph API, Webhooks, Validating payloads; examples of the webhook reference).
func graphJSON(value any) []byte {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings, numbers and lists of them always encode
	written := make([]byte, 0, plain.Len())
	for _, r := range strings.TrimSpace(plain.String()) {
		written = appendGraph(written, r)
	}
	return written
}

func appendGraph(written []byte, r rune) []byte {
	switch {
	case r == '/':
		return append(written, `\/`...)
	case r < utf8.RuneSelf:
		return append(written, byte(r))
	case r > 0xFFFF:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(written, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(written, `\u%04x`, r)
}

// graphFault is an error of the Graph API (Meta, Graph API, Handling errors).
type graphFault struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    int    `json:"code"`
	Subcode int    `json:"error_subcode,omitempty"`
	TraceID string `json:"fbtrace_id"`
}

const (
	typeOAuth  = "OAuthException"
	typeMethod = "GraphMethodException"
)

// answer is the fault as it goes out.
func (f graphFault) answer(status int) answer {
	if f.Type == "" {
		f.Type = typeOAuth
	}
	f.TraceID = "A" + random(16)
	return graphAnswer(status, map[string]graphFault{"error": f})
}

func graphAnswer(status int, value any) answer {
	header := map[string]string{"Content-Type": "application/json; charset=UTF-8"}
	return answer{status: status, header: header, body: graphJSON(value)}
}

// invalidParameter is the answer to a parameter that is missing or wrong.
func invalidParameter(reason string) answer {
	return graphFault{Message: "(#100) " + reason, Code: 100}.answer(http.StatusBadRequest)
}

// unknownPath is the answer to a path that no part of the API has.
func unknownPath(path string) answer {
	return graphFault{Message: "Unknown path components: " + path, Code: 2500}.answer(http.StatusNotFound)
}

// unknownObject is the answer to an object that is not there, or to a method that it does not have.
func unknownObject(method, id string) answer {
	return graphFault{
		Message: fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing "+
			"permissions, or does not support this operation", strings.ToLower(method), id),
		Type: typeMethod, Code: 100, Subcode: 33,
	}.answer(http.StatusBadRequest)
}

// invalidToken is the answer to a call without a token, or with one that does not open the account.
func invalidToken() answer {
	const reason = "Invalid OAuth access token - Cannot parse access token"
	said := graphFault{Message: reason, Code: 190}.answer(http.StatusUnauthorized)
	said.header["WWW-Authenticate"] = `OAuth "Facebook Platform" "invalid_token" "` + reason + `"`
	return said
}

// unknownError is the answer to what the platform itself failed at.
func unknownError() answer {
	return graphFault{Message: "An unknown error occurred", Code: 1}.answer(http.StatusInternalServerError)
}

// newMessageID makes an id that looks like one of Meta's.
func newMessageID() string { return "m_" + random(64) }

// random is unguessable text of so many bytes, in the alphabet of Meta's ids.
func random(size int) string {
	noise := make([]byte, size)
	_, _ = rand.Read(noise) // never fails
	return base64.RawURLEncoding.EncodeToString(noise)
}
