package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	keysLife   = 10 * time.Minute // after this, keys are asked for again
	keysAway   = time.Hour        // how long they hold while they cannot be had
	keysWait   = 3 * time.Second  // for an answer
	askEvery   = 10 * time.Second // how often keys are asked for at most, but for
	maxAsks    = 3                // a few times in a row
	maxKeys    = 100
	maxDoc     = 256 << 10 // bytes
	minModulus = 2048      // bits
	maxModulus = 8192
)

// keySet is the keys of one outside issuer, read from its address. Tokens with key ids that nobody knows make it ask
// again, in case the issuer has new keys, but not more often than the limits above say, whatever the tokens are.
type keySet struct {
	url     string
	http    *http.Client
	machine func() time.Time

	turn sync.Mutex // of who asks; the others wait

	mu    sync.Mutex
	keys  map[string]outsidePublic
	heard time.Time // when the keys were read
	asks  float64   // how often it may still ask
	asked time.Time // when asks was counted
}

// outsidePublic is one public key, and the one algorithm that it is for.
type outsidePublic struct {
	key       any
	algorithm string
}

// outsideKey finds the key for a token by the id in its header, of which nothing else counts but the algorithm, the
// type and that nothing is critical.
func outsideKey(ctx context.Context, set *keySet, token *jwt.Token) (any, error) {
	kind, typed := token.Header["typ"].(string)
	_, critical := token.Header["crit"]
	id, ok := token.Header["kid"].(string)
	plain := token.Header["typ"] == nil || typed && (strings.EqualFold(kind, "JWT") || strings.EqualFold(kind, tokenType))
	if critical || !plain || !ok || id == "" || len(id) > maxSubject {
		return nil, jwt.ErrTokenUnverifiable
	}
	public, err := set.key(ctx, id)
	if err != nil {
		return nil, err
	}
	if public.algorithm != token.Method.Alg() {
		return nil, jwt.ErrTokenUnverifiable
	}
	return public.key, nil
}

// key gives a key by its id, and reads the keys anew where it is not known or they are old.
func (s *keySet) key(ctx context.Context, id string) (outsidePublic, error) {
	if public, fresh := s.known(id, keysLife); fresh {
		return public, nil
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if public, fresh := s.known(id, keysLife); fresh {
		return public, nil
	}
	var err error
	if s.mayAsk() {
		err = s.read(ctx)
	}
	if public, usable := s.known(id, keysAway); usable {
		return public, nil
	}
	if err != nil || s.nothing() {
		return outsidePublic{}, unavailable(errors.Join(errors.New("the keys of a token issuer cannot be had"), err))
	}
	return outsidePublic{}, jwt.ErrTokenUnverifiable
}

// known gives a key that was read not longer ago than that.
func (s *keySet) known(id string, life time.Duration) (outsidePublic, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	public, ok := s.keys[id]
	return public, ok && s.machine().Sub(s.heard) < life
}

func (s *keySet) nothing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys == nil
}

// mayAsk counts how often the issuer is asked.
func (s *keySet) mayAsk() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.machine()
	s.asks = min(maxAsks, s.asks+max(0, now.Sub(s.asked).Seconds())/askEvery.Seconds())
	s.asked = now
	if s.asks < 1 {
		return false
	}
	s.asks--
	return true
}

// read asks the issuer for its keys. It does not stop when the request goes away, because the answer serves others.
func (s *keySet) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxDoc+1))
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d", answer.StatusCode)
	case len(raw) > maxDoc:
		return errors.New("the document is too large")
	}
	keys, err := publicKeys(raw)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.heard = keys, s.machine()
	return nil
}

// outsideJWK is a key as issuers publish it: RFC 7517, RFC 7518 section 6, RFC 8037 section 2.
type outsideJWK struct {
	KeyType   string `json:"kty"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	Curve     string `json:"crv"`
	N         string `json:"n"`
	E         string `json:"e"`
	X         string `json:"x"`
	Y         string `json:"y"`
	D         string `json:"d"`
}

// publicKeys reads a document. Keys that are of no use here are passed over; a document without any is none.
func publicKeys(raw []byte) (map[string]outsidePublic, error) {
	var document struct {
		Keys []outsideJWK `json:"keys"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, errors.New("the document is not a set of keys")
	}
	keys := map[string]outsidePublic{}
	for _, k := range document.Keys {
		public, usable := k.public()
		if _, doubled := keys[k.ID]; usable && !doubled && len(keys) < maxKeys {
			keys[k.ID] = public
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the document has no usable key")
	}
	return keys, nil
}

// public reads a key for signatures. One that is published with its private part is nobody's any more.
func (k outsideJWK) public() (p outsidePublic, usable bool) {
	if k.ID == "" || k.D != "" || k.Use != "" && k.Use != "sig" {
		return p, false
	}
	switch {
	case k.KeyType == "RSA":
		p.algorithm, p.key = "RS256", k.rsa()
	case k.KeyType == "EC" && k.Curve == "P-256":
		p.algorithm, p.key = "ES256", k.ecdsa()
	case k.KeyType == "OKP" && k.Curve == "Ed25519":
		p.algorithm, p.key = "EdDSA", k.ed25519()
	}
	return p, p.key != nil && (k.Algorithm == "" || k.Algorithm == p.algorithm || k.Algorithm == "Ed25519" && p.algorithm == "EdDSA")
}

func (k outsideJWK) rsa() any {
	n, e := new(big.Int).SetBytes(decoded(k.N)), new(big.Int).SetBytes(decoded(k.E))
	if n.BitLen() < minModulus || n.BitLen() > maxModulus || n.Bit(0) == 0 || e.BitLen() > 31 || e.BitLen() < 2 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func (k outsideJWK) ecdsa() any {
	x, y := decoded(k.X), decoded(k.Y)
	if len(x) != 32 || len(y) != 32 {
		return nil
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil
	}
	return public
}

func (k outsideJWK) ed25519() any {
	x := decoded(k.X)
	if len(x) != ed25519.PublicKeySize {
		return nil
	}
	return ed25519.PublicKey(x)
}

// decoded reads base64url; what is malformed gives nothing.
func decoded(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}
