package auth

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// read gives the header and the claims of a token.
func read(t *testing.T, token string) (header, claims members) {
	t.Helper()
	parts := strings.Split(token, ".")
	for i, into := range []*members{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func TestIssuedTokenSaysWhatWasPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := domain.Principal{Organization: org, Client: desk, Agent: ana, Scopes: []domain.Scope{view, accept}}
	token, expiresIn := w.issuer().Issue(p, w.now)
	header, claims := read(t, token)
	wantMembers(t, header, members{"alg": "EdDSA", "typ": "at+jwt", "kid": w.key.ID})
	wantMembers(t, claims, members{"iss": issuerURL, "aud": []any{"parley"}, "sub": "desk", "client_id": "desk",
		"iat": float64(w.now.Unix()), "exp": float64(w.now.Unix() + 3600), "jti": claims["jti"], "org": string(org),
		"scope": "conversation:message:view conversation:message:accept", "agent": string(ana)})
	if expiresIn != 3600 {
		t.Errorf("valid for %d s", expiresIn)
	}
}

func TestTokenOfNobodyNamesNoAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := read(t, w.token(view))
	_, second := read(t, w.token(view))
	if _, there := first["agent"]; there {
		t.Error("the token names an agent")
	}
	if first["jti"] == second["jti"] || first["jti"] == "" {
		t.Error("two tokens have one id")
	}
}

func wantMembers(t *testing.T, got, want members) {
	t.Helper()
	names := slices.Sorted(maps.Keys(got))
	if wanted := slices.Sorted(maps.Keys(want)); !slices.Equal(names, wanted) {
		t.Errorf("got members %v, want %v", names, wanted)
	}
	for name := range want {
		a, _ := json.Marshal(got[name])
		b, _ := json.Marshal(want[name])
		if string(a) != string(b) {
			t.Errorf("%s is %s, want %s", name, a, b)
		}
	}
}
