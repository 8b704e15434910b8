package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrWrongKey says that a value was sealed with another key than this one: the key was changed, or the database
	// belongs to another installation. The value may be intact.
	ErrWrongKey = errors.New("sealed with another key")

	// ErrTampered says that a value cannot be what was sealed at this place: it was changed, cut, moved from another
	// row, or never sealed.
	ErrTampered = errors.New("sealed value was changed, moved or cut")
)

// A sealed value is: version (1 byte), key id (4 bytes), nonce (12 bytes), ciphertext, tag (16 bytes).
const (
	sealVersion = 1
	keyIDSize   = 4
	headerSize  = 1 + keyIDSize
)

// Place is where a sealed value is stored. A value opens only at the place it was sealed for, so the same place must
// be given both times; no part of it may change while the value is stored.
type Place struct {
	OrganizationID string
	Table          string
	Column         string
	RowID          string
}

// Sealer seals and opens secrets, and hashes those that need never be read again. It is safe for concurrent use.
type Sealer struct {
	keyID   []byte
	aead    cipher.AEAD
	hashKey []byte
	err     error // why this sealer can do nothing; answered by every call that can answer an error
}

// NewSealer derives from key what sealing and hashing need, each its own part, so that what one of them gives away
// says nothing about the other.
func NewSealer(key Key) *Sealer {
	if key.isZero() {
		return &Sealer{err: ErrKey}
	}
	keyID, errID := derive(key, "parley key id 1", keyIDSize)
	hashKey, errHash := derive(key, "parley hash 1", sha256.Size)
	aead, errSeal := newAEAD(key)
	return &Sealer{keyID: keyID, aead: aead, hashKey: hashKey, err: errors.Join(errID, errHash, errSeal)}
}

// Format keeps the derived keys out of every log and error text, as Key does.
func (s *Sealer) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "[sealer]")
}

// Seal encrypts plaintext for one place. The same plaintext looks different each time, so equal secrets cannot be
// told from the database. Sealing is safe for four billion values per key.
func (s *Sealer) Seal(place Place, plaintext []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	header := append([]byte{sealVersion}, s.keyID...)
	return s.aead.Seal(header, nil, plaintext, associatedData(header, place)), nil
}

// Open returns what was sealed for this place. It fails with ErrWrongKey or ErrTampered, and then returns nothing of
// the content.
func (s *Sealer) Open(place Place, sealed []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	if len(sealed) < headerSize+s.aead.Overhead() || sealed[0] != sealVersion {
		return nil, ErrTampered
	}
	header, body := sealed[:headerSize], sealed[headerSize:]
	if !Equal(header[1:], s.keyID) {
		return nil, ErrWrongKey
	}
	plaintext, err := s.aead.Open(nil, nil, body, associatedData(header, place))
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

// associatedData is what the ciphertext is bound to. Every part carries its length, so that no two places read alike.
func associatedData(header []byte, place Place) []byte {
	data := append([]byte(nil), header...)
	for _, part := range []string{place.OrganizationID, place.Table, place.Column, place.RowID} {
		data = appendPart(data, part)
	}
	return data
}

func appendPart(data []byte, part string) []byte {
	return append(binary.BigEndian.AppendUint64(data, uint64(len(part))), part...)
}

// newAEAD is AES-256-GCM with a random nonce of 96 bits in front of each ciphertext.
func newAEAD(key Key) (cipher.AEAD, error) {
	sealKey, err := derive(key, "parley seal 1", keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func derive(key Key, use string, size int) ([]byte, error) {
	return hkdf.Key(sha256.New, key.bytes[:], nil, use, size)
}
