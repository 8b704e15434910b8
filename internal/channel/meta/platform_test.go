package meta_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/parley-cx/parley/internal/channel/meta"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query, token string
		answer       string
		ok           bool
	}{
		"ours":           {"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-demo", "verify-demo", "1158201444", true},
		"another token":  {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-dem", "verify-demo", "", false},
		"no token":       {"hub.mode=subscribe&hub.challenge=1", "verify-demo", "", false},
		"none is ours":   {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=", "", "", false},
		"another mode":   {"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify-demo", "verify-demo", "", false},
		"no mode at all": {"hub.challenge=1&hub.verify_token=verify-demo", "verify-demo", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if answer, ok := (meta.Platform{}).Handshake(query, c.token); answer != c.answer || ok != c.ok {
				t.Errorf("got %q and %v", answer, ok)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const signature = "sha256=68fae2f60878e809d1c7e0e59c22ac1ef42f92027d005f117f046efd1354a63b"
	header := http.Header{"X-Hub-Signature-256": {signature}}
	body := []byte(`{"object":"page","entry":[]}`)
	if !(meta.Platform{}).Verify(header, body, []string{"app-secret-demo"}) {
		t.Error("a signed body was refused")
	}
	if (meta.Platform{}).Verify(header, body[1:], []string{"app-secret-demo"}) {
		t.Error("another body was believed")
	}
}
