package graph_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

const (
	vectorSecret = "app-secret-demo"
	vectorBody   = `{"object":"page","entry":[]}`
	vectorDigest = "68fae2f60878e809d1c7e0e59c22ac1ef42f92027d005f117f046efd1354a63b"
)

func TestSign(t *testing.T) {
	t.Parallel()
	if got := graph.Sign([]byte(vectorBody), vectorSecret); got != "sha256="+vectorDigest {
		t.Errorf("got %s", got)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	empty := graph.Sign([]byte(vectorBody), "")
	for name, c := range map[string]struct {
		header  string
		body    string
		secrets []string
		want    bool
	}{
		"the vector":            {"sha256=" + vectorDigest, vectorBody, []string{vectorSecret}, true},
		"upper case":            {"sha256=" + strings.ToUpper(vectorDigest), vectorBody, []string{vectorSecret}, true},
		"second of two secrets": {"sha256=" + vectorDigest, vectorBody, []string{"older", vectorSecret}, true},
		"first of two secrets":  {"sha256=" + vectorDigest, vectorBody, []string{vectorSecret, "older"}, true},
		"another secret":        {"sha256=" + vectorDigest, vectorBody, []string{"older"}, false},
		"one byte more":         {"sha256=" + vectorDigest, vectorBody + " ", []string{vectorSecret}, false},
		"no prefix":             {vectorDigest, vectorBody, []string{vectorSecret}, false},
		"another algorithm":     {"sha1=" + vectorDigest, vectorBody, []string{vectorSecret}, false},
		"not hexadecimal":       {"sha256=" + strings.Repeat("zz", 32), vectorBody, []string{vectorSecret}, false},
		"cut off":               {"sha256=" + vectorDigest[:62], vectorBody, []string{vectorSecret}, false},
		"no header":             {"", vectorBody, []string{vectorSecret}, false},
		"no secrets":            {"sha256=" + vectorDigest, vectorBody, nil, false},
		"no secrets, forged":    {empty, vectorBody, nil, false},
		"empty secret, forged":  {empty, vectorBody, []string{""}, false},
		"zeros":                 {"sha256=" + strings.Repeat("0", 64), vectorBody, []string{vectorSecret}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"X-Hub-Signature-256": {c.header}}
			if got := graph.Verify(header, []byte(c.body), c.secrets); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestVerifyIgnoresTheOlderHeader(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Hub-Signature": {"sha256=" + vectorDigest}}
	if graph.Verify(header, []byte(vectorBody), []string{vectorSecret}) {
		t.Error("the older header was believed")
	}
}
