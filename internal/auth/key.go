package auth

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxKeyID is the longest key id in bytes; what is longer is not even looked up.
const maxKeyID = 64

// SigningKey is an Ed25519 key pair as it is stored. ID is the kid of tokens and of the public document.
type SigningKey struct {
	ID        string
	Public    []byte // 32 bytes
	Private   []byte // 64 bytes: seed and public key
	CreatedAt time.Time
}

// NewKey makes a key of the machine's random source, made at now. Its id is the key's thumbprint (RFC 7638 and RFC 8037
// appendix A.3), so that no two keys can have the same.
func NewKey(now time.Time) SigningKey {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: crypto/rand ends the program instead
	private := ed25519.NewKeyFromSeed(seed)
	public := private[ed25519.SeedSize:]
	return SigningKey{ID: thumbprint(public), Public: public, Private: private, CreatedAt: now}
}

func thumbprint(public []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, encode(public)))
	return encode(sum[:])
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// Keys are the keys of this installation: the newest signs, all verify. They never change once made and are safe for
// concurrent use.
type Keys struct {
	signerID string
	signer   ed25519.PrivateKey
	public   map[string]ed25519.PublicKey
	document JWKS
}

// NewKeys makes a key set of the stored keys, in any order. It fails where there is none, where two have the same id,
// and where one is not a whole pair.
func NewKeys(stored []SigningKey) (*Keys, error) {
	if len(stored) == 0 {
		return nil, errors.New("there is no key to sign tokens with")
	}
	k := &Keys{public: make(map[string]ed25519.PublicKey, len(stored)), document: JWKS{Keys: []JWK{}}}
	for _, key := range slices.SortedFunc(slices.Values(stored), newestFirst) {
		if err := k.add(key); err != nil {
			return nil, fmt.Errorf("signing key %q: %w", key.ID, err)
		}
	}
	return k, nil
}

func newestFirst(a, b SigningKey) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}

// add takes one more key; the first signs.
func (k *Keys) add(key SigningKey) error {
	private := ed25519.PrivateKey(slices.Clone(key.Private))
	switch {
	case !isKeyID(key.ID):
		return errors.New("its id is not 1 to 64 letters, digits, - or _")
	case k.public[key.ID] != nil:
		return errors.New("its id is there twice")
	case len(private) != ed25519.PrivateKeySize || !slices.Equal(private[ed25519.SeedSize:], key.Public),
		!private.Equal(ed25519.NewKeyFromSeed(private.Seed())):
		return errors.New("it is not an Ed25519 key pair")
	}
	if k.signer == nil {
		k.signerID, k.signer = key.ID, private
	}
	k.public[key.ID] = ed25519.PublicKey(slices.Clone(key.Public))
	k.document.Keys = append(k.document.Keys, newJWK(key))
	return nil
}

// isKeyID tells whether a text can be the id of a key: 1 to 64 letters, digits, hyphens and underscores.
func isKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyID && isBase64URL(id)
}

// JWKS is the document of public keys: RFC 7517 section 5.
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWK is one public Ed25519 key: RFC 8037 section 2. X is the key in base64url.
type JWK struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func newJWK(key SigningKey) JWK {
	return JWK{KeyType: "OKP", Curve: "Ed25519", X: encode(key.Public), ID: key.ID, Use: "sig", Algorithm: algorithm}
}

// JWKS gives the public keys with which anybody can verify a token, the newest first.
func (k *Keys) JWKS() JWKS { return JWKS{Keys: slices.Clone(k.document.Keys)} }
