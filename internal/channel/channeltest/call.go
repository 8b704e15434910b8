package channeltest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Call is one call that an adapter has to make, and what the platform says to it.
type Call struct {
	Method, Path string // POST where no method is given
	Token        string
	Body         string
	Status       int
	Answer       string
}

// Answering starts a platform that checks every call, and answers it so.
func Answering(t *testing.T, c Call) (base string) {
	t.Helper()
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if r.Method != c.Method || r.RequestURI != c.Path || r.Header.Get("Authorization") != "Bearer "+c.Token {
			t.Errorf("called with %s %s", r.Method, r.RequestURI)
		}
		if string(got) != c.Body {
			t.Errorf("sent\n%s\nwant\n%s", got, c.Body)
		}
		w.WriteHeader(c.Status)
		_, _ = io.WriteString(w, c.Answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
