package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"unicode/utf8"
)

// maxShort bounds a word of the platform, such as an attachment's type.
const maxShort = 64

// Fields is a JSON object whose members are read when they are needed.
type Fields map[string]json.RawMessage

// Loose reads a value of a type, and its zero value from anything else.
func Loose[T any](raw json.RawMessage) T {
	var value, none T
	if json.Unmarshal(raw, &value) != nil {
		return none
	}
	return value
}

// Present tells whether a member is there, and not null.
func Present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// Flag reads a boolean that may be absent.
func Flag(raw json.RawMessage) (value, ok bool) {
	return value, !Present(raw) || json.Unmarshal(raw, &value) == nil
}

// Scalar reads a string or a number as text, and anything else as none.
func Scalar(raw json.RawMessage) string {
	if text := Loose[string](raw); text != "" {
		return text
	}
	return string(Loose[json.Number](raw))
}

// Identifier reads an id; see ID.
func Identifier(raw json.RawMessage) string { return string(Loose[ID](raw)) }

// Words reads a text as it can be stored.
func Words(raw json.RawMessage) string { return Clean(Loose[string](raw)) }

// Short reads a word of the platform.
func Short(raw json.RawMessage) string {
	text := Words(raw)
	if utf8.RuneCountInString(text) > maxShort {
		text = string([]rune(text)[:maxShort])
	}
	return text
}

// Link reads a web address. Customers choose some of them and an agent may follow
// them, so nothing but the web passes.
func Link(raw json.RawMessage) string {
	text := Words(raw)
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return text
}

// Digest joins parts that may hold anything, without letting one run into the next.
func Digest(parts ...string) string {
	joined, _ := json.Marshal(parts) // strings always encode
	return Sum(joined)
}

// Sum is a short name of bytes, and of no others.
func Sum(b []byte) string {
	hash := sha256.Sum256(b)
	return hex.EncodeToString(hash[:])
}
