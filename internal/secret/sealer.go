package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
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

// A sealed value is: version (1 byte), key id (4 bytes), nonce (12 bytes), ciphertext, tag (16 bytes). Since version 2
// every place has a key of its own; values of the first version can be opened still.
const (
	sealVersion = 2
	oneKey      = 1
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
	sealKey []byte      // from which the keys of places come
	first   cipher.AEAD // the one key of the first version
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
	sealKey, errSeal := derive(key, "parley seal 2", keySize)
	firstKey, errFirst := derive(key, "parley seal 1", keySize)
	first, errAEAD := newAEAD(firstKey)
	return &Sealer{keyID: keyID, sealKey: sealKey, first: first, hashKey: hashKey, err: errors.Join(errID, errHash, errSeal, errFirst, errAEAD)}
}

// Format keeps the derived keys out of every log and error text, as Key does.
func (s *Sealer) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "[sealer]")
}

// Seal encrypts plaintext for one place. The same plaintext looks different each time, so equal secrets cannot be
// told from the database. Sealing is safe for four billion values of one place, of however many places.
func (s *Sealer) Seal(place Place, plaintext []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	header := append([]byte{sealVersion}, s.keyID...)
	bound := associatedData(header, place)
	aead, err := s.at(bound)
	if err != nil {
		return nil, err
	}
	return aead.Seal(header, nil, plaintext, bound), nil
}

// Open returns what was sealed for this place. It fails with ErrWrongKey or ErrTampered, and then returns nothing of
// the content.
func (s *Sealer) Open(place Place, sealed []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	if len(sealed) < headerSize+s.first.Overhead() || sealed[0] != sealVersion && sealed[0] != oneKey {
		return nil, ErrTampered
	}
	header, body := sealed[:headerSize], sealed[headerSize:]
	if !Equal(header[1:], s.keyID) {
		return nil, ErrWrongKey
	}
	bound := associatedData(header, place)
	aead, err := s.at(bound)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, body, bound)
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

// at gives the cipher of a place, whose associated data begins with the version.
func (s *Sealer) at(bound []byte) (cipher.AEAD, error) {
	if bound[0] == oneKey {
		return s.first, nil
	}
	mac := hmac.New(sha256.New, s.sealKey)
	mac.Write(bound)
	return newAEAD(mac.Sum(nil))
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
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func derive(key Key, use string, size int) ([]byte, error) {
	return hkdf.Key(sha256.New, key.bytes[:], nil, use, size)
}
