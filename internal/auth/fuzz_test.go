package auth

import (
	"errors"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// FuzzVerify holds that of all texts only the very token that was issued is accepted, in one spelling, and that every
// other is refused as a bad token.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	issued := w.token(view)
	for _, seed := range []string{issued, issued + "\n", issued[:len(issued)-1], "", "..", "a.b.c", "e30.e30.", hs256(w, string(w.key.Public)),
		embedded(w, "jwk"), base64url(w.header(members{"alg": "none"})) + "." + base64url(w.claims(nil)) + ".AA", "bnVsbA.bnVsbA.AA"} {
		f.Add(seed)
	}
	v := w.verifier()
	f.Fuzz(func(t *testing.T, token string) {
		p, err := v.Verify(t.Context(), token)
		if token == issued {
			if err != nil || p.Client != desk {
				t.Fatalf("our own token: %+v, %v", p, err)
			}
			return
		}
		var e *domain.Error
		if !errors.As(err, &e) || e.Kind != domain.ErrorUnauthorized || p.Client != "" {
			t.Fatalf("got %+v, %v", p, err)
		}
	})
}

// FuzzSigned holds that no header and claims, even when they are signed, bring the verifier down or name another client
// than a good token of the desk does.
func FuzzSigned(f *testing.F) {
	w := newWorld(f)
	f.Add(w.header(nil), w.claims(nil))
	f.Add(`{"alg":"EdDSA","typ":"at+jwt","kid":1}`, `{"exp":1e30,"aud":[1]}`)
	f.Add("null", "null")
	f.Add("{}", `{"a":{"a":[[[`)
	v := w.verifier()
	f.Fuzz(func(t *testing.T, header, claims string) {
		p, err := v.Verify(t.Context(), w.sign(header, claims))
		var e *domain.Error
		if err == nil && (p.Client != desk || p.Organization != org) || err != nil && !errors.As(err, &e) {
			t.Fatalf("got %+v, %v", p, err)
		}
	})
}

// FuzzTokenRequest holds that every request gets a token or an answer that RFC 6749 knows.
func FuzzTokenRequest(f *testing.F) {
	w := staffed(f)
	f.Add("grant_type=client_credentials&client_id=desk&client_secret=secret", formType, "")
	f.Add("grant_type=client_credentials&scope=a&agent_id="+string(ana), formType+"; charset=utf-8", basic("backend", "secret"))
	f.Add(`{"grant_type":"client_credentials"}`, "application/json", "Bearer x")
	statuses := []int{400, 401}
	f.Fuzz(func(t *testing.T, body, contentType, authorization string) {
		request := post(body, contentType)
		if authorization != "" {
			request.Header["Authorization"] = []string{authorization}
		}
		r, fault := ParseRequest(request)
		var answer Answer
		if fault == nil {
			answer, fault = w.endpoint().Issue(t.Context(), r)
		}
		if fault != nil && slices.Contains(statuses, fault.Status) {
			wantOAuth(t, fault, fault.Status, fault.Code)
		} else if fault != nil || answer.AccessToken == "" {
			t.Fatalf("got %+v, %v", answer, fault)
		}
	})
}
