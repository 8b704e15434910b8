package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestThumbprintIsThatOfRFC8037(t *testing.T) {
	t.Parallel()
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got := thumbprint(public); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s", got)
	}
}

func TestNewKeyIsAPair(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	a, b := NewKey(now), NewKey(now)
	if a.ID == b.ID || !isKeyID(a.ID) || !a.CreatedAt.Equal(now) {
		t.Errorf("ids %s and %s, made at %v", a.ID, b.ID, a.CreatedAt)
	}
	if !ed25519.Verify(a.Public, []byte("text"), ed25519.Sign(a.Private, []byte("text"))) {
		t.Error("the public key does not verify what the private one signs")
	}
}

func TestTheNewestKeySignsAndAllVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older := w.token(view)
	newest := NewKey(w.key.CreatedAt.Add(time.Hour))
	oldest := NewKey(w.key.CreatedAt.Add(-time.Hour))
	keys, err := NewKeys([]SigningKey{oldest, newest, w.key})
	if err != nil {
		t.Fatal(err)
	}
	w.keys = keys
	if keys.signerID != newest.ID {
		t.Errorf("%s signs, not the newest", keys.signerID)
	}
	for name, token := range map[string]string{"older": older, "newest": w.token(view)} {
		if _, err := w.verifier().Verify(t.Context(), token); err != nil {
			t.Errorf("a token of the %s key: %v", name, err)
		}
	}
	var order []string
	for _, key := range keys.JWKS().Keys {
		order = append(order, key.ID)
	}
	if want := []string{newest.ID, w.key.ID, oldest.ID}; strings.Join(order, " ") != strings.Join(want, " ") {
		t.Errorf("published %v, want %v", order, want)
	}
}

func TestKeysRefuse(t *testing.T) {
	t.Parallel()
	good, other := NewKey(time.Time{}), NewKey(time.Time{})
	with := func(change func(*SigningKey)) []SigningKey {
		bad := other
		change(&bad)
		return []SigningKey{good, bad}
	}
	for name, stored := range map[string][]SigningKey{
		"none":          nil,
		"twice":         {good, good},
		"no id":         with(func(k *SigningKey) { k.ID = "" }),
		"odd id":        with(func(k *SigningKey) { k.ID = "../key" }),
		"long id":       with(func(k *SigningKey) { k.ID = strings.Repeat("k", 65) }),
		"no private":    with(func(k *SigningKey) { k.Private = nil }),
		"short private": with(func(k *SigningKey) { k.Private = k.Private[:32] }),
		"no public":     with(func(k *SigningKey) { k.Public = nil }),
		"other public":  with(func(k *SigningKey) { k.Public = good.Public }),
		"torn private":  with(func(k *SigningKey) { k.Private = append(good.Private[:32:32], k.Public...) }),
	} {
		if _, err := NewKeys(stored); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestJWKSDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := json.Marshal(w.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + base64url(string(w.key.Public)) + `","kid":"` + w.key.ID +
		`","use":"sig","alg":"EdDSA"}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
