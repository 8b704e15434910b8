package secret

import (
	"encoding/base64"
	"testing"
)

func TestHash(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(newKey())
	hash := sealer.Hash("client_secret", "value")
	for name, other := range map[string][]byte{
		"value":   sealer.Hash("client_secret", "other"),
		"purpose": sealer.Hash("stream_ticket", "value"),
		"border":  sealer.Hash("client_secretv", "alue"),
		"key":     NewSealer(newKey()).Hash("client_secret", "value"),
	} {
		if Equal(hash, other) {
			t.Errorf("another %s gives the same hash", name)
		}
	}
	if !Equal(hash, sealer.Hash("client_secret", "value")) || len(hash) != 32 {
		t.Error("the same value gives another hash")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"same", "same", true},
		{"same", "Same", false},
		{"same", "same ", false},
		{"", "same", false},
		{"same", "", false},
		{"", "", false},
	} {
		if got := Equal([]byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("Equal(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		token := Random(32)
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(raw) != 32 || seen[token] {
			t.Fatalf("bad or repeated token %q (%v)", token, err)
		}
		seen[token] = true
	}
	if Random(0) != "" || Random(-1) != "" {
		t.Error("no bytes give a token")
	}
}
