package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestVerifyGivesThePrincipal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view, accept)
	for range 2 { // the second comes of the cache
		p, err := v.Verify(t.Context(), token)
		if err != nil || p.Organization != org || p.Client != desk || p.Agent != "" || !slices.Equal(p.Scopes, []domain.Scope{view, accept}) {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
}

// TestVerifyAttacks is the table of RFC 8725 and of what has been done to other servers.
func TestVerifyAttacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.sign(w.header(nil), w.claims(nil))
	parts := strings.Split(good, ".")
	signed := func(header, claims members) string { return w.sign(w.header(header), w.claims(claims)) }
	for name, token := range map[string]string{
		"none, no signature":    base64url(w.header(members{"alg": "none"})) + "." + parts[1] + ".",
		"none, signed":          signed(members{"alg": "none"}, nil),
		"None":                  signed(members{"alg": "None"}, nil),
		"nOnE":                  signed(members{"alg": "nOnE"}, nil),
		"no alg":                signed(members{"alg": nil}, nil),
		"alg of another type":   signed(members{"alg": 1}, nil),
		"alg RS256":             signed(members{"alg": "RS256"}, nil),
		"alg in lower case":     signed(members{"alg": "eddsa"}, nil),
		"HS256, public key":     hs256(w, string(w.key.Public)),
		"HS256, public in text": hs256(w, base64url(string(w.key.Public))),
		"HS256, JWK":            hs256(w, jwkText(w.key)),
		"HS256, empty key":      hs256(w, ""),

		"no kid":                signed(members{"kid": nil}, nil),
		"unknown kid":           signed(members{"kid": NewKey(w.now).ID}, nil),
		"empty kid":             signed(members{"kid": ""}, nil),
		"kid traversal":         signed(members{"kid": "../../../../dev/null"}, nil),
		"kid SQL":               signed(members{"kid": "x' UNION SELECT 'key"}, nil),
		"kid URL":               signed(members{"kid": "https://evil.example/key"}, nil),
		"kid NUL":               signed(members{"kid": w.key.ID + "\x00"}, nil),
		"kid long":              signed(members{"kid": strings.Repeat("k", 65)}, nil),
		"kid of another type":   signed(members{"kid": []string{w.key.ID}}, nil),
		"no typ":                signed(members{"typ": nil}, nil),
		"typ JWT":               signed(members{"typ": "JWT"}, nil),
		"typ of an id token":    signed(members{"typ": "id_token+jwt"}, nil),
		"crit unknown":          signed(members{"crit": []string{"exp"}}, nil),
		"crit empty":            signed(members{"crit": []string{}}, nil),
		"crit null":             w.sign(`{"crit":null,`+w.header(nil)[1:], w.claims(nil)),
		"embedded jwk":          embedded(w, "jwk"),
		"embedded jku":          embedded(w, "jku"),
		"embedded x5c":          embedded(w, "x5c"),
		"embedded x5u":          embedded(w, "x5u"),
		"header is null":        w.sign(`null`, w.claims(nil)),
		"header is a list":      w.sign(`[]`, w.claims(nil)),
		"header twice alg":      w.sign(`{"alg":"none",`+w.header(nil)[1:], w.claims(nil)),
		"header with a tail":    w.sign(w.header(nil)+"{}", w.claims(nil)),
		"header of many":        w.sign(`{`+manyNames(100)+w.header(nil)[1:], w.claims(nil)),
		"wrong iss":             signed(nil, members{"iss": issuerURL + "/"}),
		"no iss":                signed(nil, members{"iss": nil}),
		"wrong aud":             signed(nil, members{"aud": "media"}),
		"no aud":                signed(nil, members{"aud": nil}),
		"empty aud":             signed(nil, members{"aud": []string{}}),
		"aud of another type":   signed(nil, members{"aud": 1}),
		"no exp":                signed(nil, members{"exp": nil}),
		"exp null":              w.sign(w.header(nil), `{"exp":null,`+w.claims(members{"exp": nil})[1:]),
		"exp text":              signed(nil, members{"exp": "tomorrow"}),
		"exp huge":              w.sign(w.header(nil), `{"exp":1e999,`+w.claims(members{"exp": nil})[1:]),
		"no iat":                signed(nil, members{"iat": nil}),
		"iat beyond leeway":     signed(nil, members{"iat": w.now.Unix() + 61}),
		"nbf beyond leeway":     signed(nil, members{"nbf": w.now.Unix() + 61}),
		"no sub":                signed(nil, members{"sub": nil}),
		"unknown sub":           signed(nil, members{"sub": "nobody"}),
		"no org":                signed(nil, members{"org": nil}),
		"another org":           signed(nil, members{"org": "01990a5c-7e10-7a31-9c02-6f4d1b2affff"}),
		"an agent for a client": signed(nil, members{"agent": ana}),
		"duplicate claim":       w.sign(w.header(nil), `{"sub":"nobody",`+w.claims(nil)[1:]),
		"duplicate, same":       w.sign(w.header(nil), `{"sub":"desk",`+w.claims(nil)[1:]),
		"duplicate, other case": w.sign(w.header(nil), `{"SUB":"nobody",`+w.claims(nil)[1:]),
		"duplicate, escaped":    w.sign(w.header(nil), `{"\u0073ub":"nobody",`+w.claims(nil)[1:]),
		"duplicate, long s":     w.sign(w.header(nil), `{"ſub":"nobody",`+w.claims(nil)[1:]),
		"claims are null":       w.sign(w.header(nil), `null`),
		"claims are a list":     w.sign(w.header(nil), `[{}]`),
		"claims are a token":    w.sign(w.header(members{"cty": "JWT"}), good),
		"claims cut off":        w.sign(w.header(nil), w.claims(nil)[:40]),

		"changed payload":      parts[0] + "." + base64url(w.claims(members{"scope": "oauth:client:add"})) + "." + parts[2],
		"changed header":       base64url(w.header(members{"x": 1})) + "." + parts[1] + "." + parts[2],
		"no signature":         parts[0] + "." + parts[1] + ".",
		"truncated signature":  good[:len(good)-4],
		"signature of zeros":   parts[0] + "." + parts[1] + "." + base64url(strings.Repeat("\x00", 64)),
		"signature respelled":  good[:len(good)-1] + string(good[len(good)-1]+1),
		"another key, our kid": newWorldWithID(t, w.key.ID).sign(w.header(nil), w.claims(nil)),
		"padded":               good + "=",
		"line break":           good + "\n",
		"line break inside":    parts[0] + "." + parts[1] + "." + parts[2][:10] + "\r\n" + parts[2][10:],
		"space before":         " " + good,
		"Bearer before":        "Bearer " + good,
		"standard base64":      parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 43),
		"one part":             parts[0],
		"two parts":            parts[0] + "." + parts[1],
		"four parts":           good + "." + parts[2],
		"nested JWE":           strings.Join([]string{base64url(`{"alg":"dir","enc":"A256GCM"}`), "", "iv", base64url(good), "tag"}, "."),
		"JSON serialization":   `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"dots":                 "..",
		"garbage":              "\xff\xfe.\x00.🙂",
		"long":                 w.sign(w.header(nil), w.claims(members{"pad": strings.Repeat("p", 8<<10)})),
		"1 MB":                 parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2],
		"1 MB of dots":         strings.Repeat(".", 1<<20),
		"1 MB of braces":       base64url(strings.Repeat("[", 1<<20)) + ".e30.e30",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := w.verifier().Verify(t.Context(), token)
			wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
			if detail := detailOf(err); detail != "The access token is not valid." || p.Client != "" || p.Scopes != nil {
				t.Errorf("got %q and %+v", detail, p)
			}
		})
	}
}

func detailOf(err error) string {
	var e *domain.Error
	errors.As(err, &e)
	return e.Text()
}

func hs256(w *world, key string) string {
	text := base64url(w.header(members{"alg": "HS256"})) + "." + base64url(w.claims(nil))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64url(string(mac.Sum(nil)))
}

func jwkText(key SigningKey) string {
	text, _ := json.Marshal(newJWK(key))
	return string(text)
}

// embedded signs with a key of the forger's that the header brings along.
func embedded(w *world, member string) string {
	forger := NewKey(w.now)
	forged := &world{now: w.now, key: forger}
	var value any = "https://evil.example/" + forger.ID
	switch member {
	case "jwk":
		value = newJWK(forger)
	case "x5c":
		value = []string{base64url(string(forger.Public))}
	}
	return forged.sign(w.header(members{member: value}), w.claims(nil))
}

func newWorldWithID(t *testing.T, id string) *world {
	w := newWorld(t)
	w.key.ID = id
	return w
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"n%d":0,`, i)
	}
	return b.String()
}

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, token := range map[string]string{
		"aud list":          w.sign(w.header(nil), w.claims(members{"aud": []string{"other", "parley"}})),
		"nbf within leeway": w.sign(w.header(nil), w.claims(members{"nbf": w.now.Unix() + 59})),
		"iat within leeway": w.sign(w.header(nil), w.claims(members{"iat": w.now.Unix() + 59})),
		"unknown claim":     w.sign(w.header(nil), w.claims(members{"more": members{"a": []int{1}}})),
		"our key as a jwk":  w.sign(w.header(members{"jwk": newJWK(NewKey(w.now))}), w.claims(nil)), // not looked at
		"no scope":          w.sign(w.header(nil), w.claims(members{"scope": nil})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := w.verifier().Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyWithoutToken(t *testing.T) {
	t.Parallel()
	_, err := newWorld(t).verifier().Verify(t.Context(), "")
	wantError(t, err, domain.ErrorUnauthorized, "token.missing")
}

// TestVerifyTimes moves the machine clock between issuing and verifying; a token that was verified before is held to
// the same times.
func TestVerifyTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		passed time.Duration
		code   string
	}{
		{-10 * time.Minute, "token.invalid"},
		{-61 * time.Second, "token.invalid"},
		{-60 * time.Second, ""},
		{0, ""},
		{10 * time.Minute, ""},
		{Lifetime - time.Millisecond, ""},
		{Lifetime, "token.expired"},
		{Lifetime + 59*time.Second, "token.expired"},
		{Lifetime + 10*time.Minute, "token.expired"},
	} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprint(c.passed, " verified before: ", before), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				v, token := w.verifier(), w.token(view)
				if before {
					if _, err := v.Verify(t.Context(), token); err != nil {
						t.Fatal(err)
					}
				}
				w.pass(c.passed)
				_, err := v.Verify(t.Context(), token)
				if c.code == "" && err == nil {
					return
				}
				wantError(t, err, domain.ErrorUnauthorized, c.code)
			})
		}
	}
}

func TestVerifyNarrows(t *testing.T) {
	t.Parallel()
	benID := ben
	act := domain.ScopeActAs
	for name, c := range map[string]struct {
		token  domain.Principal
		client domain.Client
		want   string // scopes, or - for a token that is worth nothing
	}{
		"all":                        {domain.Principal{Scopes: scopes(view, accept)}, domain.Client{Scopes: scopes(accept, view)}, "view accept"},
		"asked for less":             {domain.Principal{Scopes: scopes(view)}, domain.Client{Scopes: scopes(view, accept)}, "view"},
		"client lost one":            {domain.Principal{Scopes: scopes(view, accept)}, domain.Client{Scopes: scopes(accept)}, "accept"},
		"client lost all":            {domain.Principal{Scopes: scopes(view, accept)}, domain.Client{}, ""},
		"act_as, for nobody":         {domain.Principal{Scopes: scopes(view, act)}, domain.Client{Scopes: scopes(view, act)}, "view agent:act_as"},
		"act_as, for an agent":       {domain.Principal{Agent: ana, Scopes: scopes(view, act)}, domain.Client{Scopes: scopes(view, act)}, "view"},
		"act_as lost":                {domain.Principal{Agent: ana, Scopes: scopes(view)}, domain.Client{Scopes: scopes(view)}, "-"},
		"the client's agent":         {domain.Principal{Agent: ben, Scopes: scopes(view)}, domain.Client{Agent: &benID, Scopes: scopes(view)}, "view"},
		"not the client's agent":     {domain.Principal{Agent: ana, Scopes: scopes(view)}, domain.Client{Agent: &benID, Scopes: scopes(view, act)}, "-"},
		"nobody, of a client of one": {domain.Principal{Scopes: scopes(view)}, domain.Client{Agent: &benID, Scopes: scopes(view)}, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.client.ID, c.client.Organization, c.token.Client, c.token.Organization = desk, org, desk, org
			w.save(c.client)
			token, _ := w.issuer().Issue(c.token, w.now)
			p, err := w.verifier().Verify(t.Context(), token)
			if c.want == "-" {
				wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
				return
			}
			if got := strings.ReplaceAll(domain.Join(p.Scopes), "conversation:message:", ""); err != nil || got != c.want || p.Agent != c.token.Agent {
				t.Errorf("got %q for %q, %v", got, p.Agent, err)
			}
		})
	}
}

func scopes(list ...domain.Scope) []domain.Scope { return list }
