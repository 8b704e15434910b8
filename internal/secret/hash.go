package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// Hash returns what is stored of a secret that callers show and nobody needs to read again: HMAC-SHA-256 under a key
// that is not in the database, so a stolen table cannot even be searched for known secrets. The same value hashes
// differently for each purpose.
//
// It is fast, and therefore only for secrets of high entropy such as those of Random; it is not for passwords. A
// Sealer that has no key returns nil, which is Equal to nothing.
func (s *Sealer) Hash(purpose, value string) []byte {
	if s.err != nil {
		return nil
	}
	mac := hmac.New(sha256.New, s.hashKey)
	mac.Write(appendPart(nil, purpose))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// Equal compares two hashes or secrets in a time that says nothing about where they differ. Nothing is never equal:
// an empty value on either side is false, so that a missing hash lets nobody in.
func Equal(a, b []byte) bool {
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}

// Random returns a token of n random bytes in URL-safe base64 without padding. 16 bytes cannot be guessed; client
// secrets take 32.
func Random(n int) string {
	token := make([]byte, max(n, 0))
	_, _ = rand.Read(token) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(token)
}
