package auth

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxToken = 8 << 10 // bytes
	maxNames = 64      // members of a header or of the claims; ours have nine
)

// isShaped tells, before anything is decoded, whether a text can be a signed token: three parts of base64url (RFC 7515
// section 7.1), not too long. The decoder would skip line breaks, and one token would have many spellings.
func isShaped(token string) bool {
	if len(token) > maxToken || strings.Count(token, ".") != 2 {
		return false
	}
	for part := range strings.SplitSeq(token, ".") {
		if part == "" || !isBase64URL(part) {
			return false
		}
	}
	return true
}

func isBase64URL(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// keyID reads the header of a token that is not verified yet. Of all that it may say, the type must be ours, the key id
// must be able to be one of ours, and nothing may be critical, because we know no extension (RFC 7515 section 4.1.11).
// Keys and addresses of keys in it (jwk, jku, x5c, x5u) are never looked at.
func keyID(header map[string]any) (id string, ok bool) {
	if _, critical := header["crit"]; critical || header["typ"] != tokenType {
		return "", false
	}
	id, ok = header["kid"].(string)
	return id, ok && isKeyID(id)
}

// repeats tells whether the header or the claims of a token that was decoded before name a member twice, in any case:
// two readers might not agree which one counts (RFC 7519 section 4, RFC 8725 section 2.4).
func repeats(token *jwt.Token) bool {
	parts := strings.SplitN(token.Raw, ".", 3)
	return repeatsName(parts[0]) || repeatsName(parts[1])
}

func repeatsName(part string) bool {
	members := json.NewDecoder(base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(part)))
	if _, err := members.Token(); err != nil {
		return true
	}
	var names []string
	for members.More() {
		name, err := nextName(members)
		if err != nil || len(names) == maxNames || contains(names, name) {
			return true
		}
		names = append(names, name)
	}
	return false
}

// nextName reads one member of an object, and gives its name.
func nextName(members *json.Decoder) (string, error) {
	token, err := members.Token()
	if err != nil {
		return "", err
	}
	name, _ := token.(string)
	var value json.RawMessage
	return name, members.Decode(&value)
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
