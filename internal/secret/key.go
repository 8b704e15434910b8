// Package secret keeps what must not be read: it seals secrets before they are stored, and it compares secrets that
// callers show.
//
// A sealed value is bound to the place it is stored at, so that whoever can write the database still cannot move one
// row's secret to another row and have the product use it there. Nothing in this package prints a key.
package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// keySize is the length of a sealing key in bytes: AES-256 and HKDF-SHA-256 both want 32.
const keySize = 32

// ErrKey says that a text is not a sealing key. The text itself is never part of the error.
var ErrKey = errors.New("a sealing key is 32 random bytes in base64 (openssl rand -base64 32)")

// Key is the one key from which everything else is derived. Whoever has it can read every sealed secret.
//
// The zero Key seals nothing: a Sealer made of it answers every call with ErrKey. Keys are made by ParseKey and
// LoadOrCreateKeyFile, and print as a placeholder with every verb of fmt.
type Key struct {
	bytes [keySize]byte
}

// ParseKey reads a key as an operator writes it: 32 bytes in standard or URL-safe base64, with or without padding,
// white space around it ignored. A key of zeros is refused, because it is what a forgotten setting looks like.
func ParseKey(text string) (Key, error) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text))
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	if err != nil || len(raw) != keySize {
		return Key{}, ErrKey
	}
	key := Key{bytes: [keySize]byte(raw)}
	if key.isZero() {
		return Key{}, ErrKey
	}
	return key, nil
}

// Format keeps the key out of every log and error text, whatever the verb.
func (k Key) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "[sealing key]")
}

// newKey makes a key of the machine's random source.
func newKey() Key {
	var key Key
	_, _ = rand.Read(key.bytes[:]) // never fails: crypto/rand ends the program instead
	return key
}

// text is the form that ParseKey reads.
func (k Key) text() string { return base64.StdEncoding.EncodeToString(k.bytes[:]) }

func (k Key) isZero() bool { return k.bytes == [keySize]byte{} }
