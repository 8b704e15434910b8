package open

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/parley-cx/parley/internal/domain"
)

const signatureHeader = "X-Hub-Signature-256"

// Encoding is how a signature is written.
type Encoding string

// The encodings: base64 is Genesys Cloud's, and the default.
const (
	Base64 Encoding = "base64"
	Hex    Encoding = "hex"
)

func encodingOf(settings domain.ChannelSettings) Encoding {
	if settings.SignatureEncoding == nil {
		return Base64
	}
	return Encoding(*settings.SignatureEncoding)
}

// Sign gives the value of X-Hub-Signature-256: HMAC-SHA256 with the integration's
// secret over the raw bytes of the body.
func Sign(body []byte, secret string, encoding Encoding) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if encoding == Hex {
		return "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
