package simulator

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type oneAccount Account

func (a oneAccount) Account(context.Context, string) (Account, bool, error) {
	return Account(a), true, nil
}

// written notes when an answer went through to the caller.
type written struct {
	*httptest.ResponseRecorder
	flushed atomic.Bool
}

func (w *written) FlushError() error {
	w.flushed.Store(true)
	return nil
}

// TestReceiptsFollowTheWrittenAnswer looks from within: at the first receipt the answer has been written.
func TestReceiptsFollowTheWrittenAnswer(t *testing.T) {
	t.Parallel()
	answer := &written{ResponseRecorder: httptest.NewRecorder()}
	before := make(chan bool, 1)
	product := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { before <- answer.flushed.Load() }))
	defer product.Close()
	s, err := New(Config{Accounts: oneAccount{WebhookURL: product.URL}, Now: func() time.Time { return time.UnixMilli(1) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	if err := s.SetFaults(t.Context(), Faults{Mode: ModeNone, Receipts: Receipts{Echo: true}}); err != nil {
		t.Fatal(err)
	}
	body := `{"recipient":{"id":"7"},"messaging_type":"RESPONSE","message":{"text":"x"}}`
	request := httptest.NewRequest(http.MethodPost, "/v25.0/1/messages?access_token=x", strings.NewReader(body))
	s.serve(answer, request)
	if !<-before {
		t.Error("a receipt came before the answer")
	}
}

func TestGraphJSON(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"a/b": `"a\/b"`, "äöå": `"\u00e4\u00f6\u00e5"`, "<&>\"\\\n": `"<&>\"\\\n"`, "😀": `"\ud83d\ude00"`, "\xff": `"\ufffd"`, "\u2028": `"\u2028"`,
	} {
		if got := string(graphJSON(value)); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// TestSignGraph is the test vector of our own notes on the signature.
func TestSignGraph(t *testing.T) {
	t.Parallel()
	header := http.Header{}
	signGraph(header, []byte(`{"object":"page","entry":[]}`), "app-secret-demo")
	if got := header.Get("X-Hub-Signature-256"); got != "sha256=68fae2f60878e809d1c7e0e59c22ac1ef42f92027d005f117f046efd1354a63b" {
		t.Errorf("got %s", got)
	}
}
