package simulator_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/simulator"
)

const (
	page     = "100200300400500"
	customer = "7000000000000001"
	secret   = "app-secret-demo"
	token    = "page-token-demo"
	patience = 30 * time.Second // what a test that is about to fail waits
)

// start is the moment at which every simulator of the tests is.
func start() time.Time { return time.UnixMilli(1790000000123).UTC() }

// accounts knows what it holds, and fails where err is set.
type accounts struct {
	mu    sync.Mutex
	known map[string]simulator.Account
	err   error
}

func (a *accounts) Account(_ context.Context, id string) (simulator.Account, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	account, known := a.known[id]
	return account, known, a.err
}

func (a *accounts) change(id string, account simulator.Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[id] = account
}

func (a *accounts) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// webhook is one that the product got.
type webhook struct {
	header http.Header
	body   []byte
}

// product takes webhooks: it hands each to the test and answers as the test says, with 200 by default.
type product struct {
	url  string
	got  chan webhook
	says func(webhook) int
}

func newProduct(t *testing.T, says func(webhook) int) *product {
	t.Helper()
	p := &product{got: make(chan webhook, 1000), says: says}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hook := webhook{header: r.Header, body: body}
		p.got <- hook
		if p.says != nil {
			w.WriteHeader(p.says(hook))
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL + "/hooks/app-1"
	return p
}

// next waits for one webhook and checks its signature.
func (p *product) next(t *testing.T) webhook {
	t.Helper()
	hook := wait(t, p.got)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(hook.body)
	if got, want := hook.header.Get("X-Hub-Signature-256"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
	if hook.header.Get("Content-Type") != "application/json" {
		t.Errorf("sent as %s", hook.header.Get("Content-Type"))
	}
	return hook
}

// kind is what a webhook tells: message, echo, delivery or read.
func (h webhook) kind() string {
	for mark, kind := range map[string]string{`"is_echo":true`: "echo", `"delivery":`: "delivery", `"read":`: "read"} {
		if bytes.Contains(h.body, []byte(mark)) {
			return kind
		}
	}
	return "message"
}

func wait[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case value := <-ch:
		return value
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	var none T
	return none
}

// stage is a simulated platform, what hears its webhooks, and the clock that it goes by.
type stage struct {
	*simulator.Simulator
	*product
	passed atomic.Int64
}

// playKind plays a kind of account.
func playKind(t *testing.T, kind domain.ChannelKind) *stage {
	t.Helper()
	s := &stage{product: newProduct(t, nil)}
	s.Simulator, _ = play(t, s.product, func(c *simulator.Config) {
		c.Kind, c.Now = kind, func() time.Time { return start().Add(time.Duration(s.passed.Load())) }
	})
	return s
}

// after sets the clock to so long after the start.
func (s *stage) after(d time.Duration) { s.passed.Store(int64(d)) }

// account is the account as an adapter knows it.
func (s *stage) account() channel.Account {
	return channel.Account{AccountID: page, BaseURL: s.URL(), Credentials: map[string]string{"access_token": token}}
}

// play starts a simulator for one account that belongs to the product; p may be nil.
func play(t *testing.T, p *product, change ...func(*simulator.Config)) (*simulator.Simulator, *accounts) {
	t.Helper()
	account := simulator.Account{AppSecret: secret, AccessToken: token}
	if p != nil {
		account.WebhookURL = p.url
	}
	known := &accounts{known: map[string]simulator.Account{page: account}}
	config := simulator.Config{Accounts: known, Now: start, Retries: []time.Duration{}, EarlyWait: patience}
	for _, c := range change {
		c(&config)
	}
	s, err := simulator.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, s) })
	return s, known
}

func end(t *testing.T, s *simulator.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// set puts faults in force; a zero Receipts stands for the default ones.
func set(t *testing.T, s *simulator.Simulator, f simulator.Faults) {
	t.Helper()
	if f.Receipts == (simulator.Receipts{}) {
		f.Receipts = simulator.DefaultReceipts()
	}
	if err := s.SetFaults(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// said is an answer with its body as JSON.
type said struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// plain is an http.Client as anybody has one, without connections of other tests.
func plain(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func call(t *testing.T, client *http.Client, method, address, bearer, body string) (said, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := client.Do(request)
	if err != nil {
		return said{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	answer := said{status: response.StatusCode, header: response.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &answer.body)
	return answer, err
}

// text is a send as the product makes it.
func text(words string) string {
	written, _ := json.Marshal(words)
	return `{"recipient":{"id":"` + customer + `"},"messaging_type":"RESPONSE","message":{"text":` + string(written) + `,"metadata":"out_1"}}`
}

// post sends to the page and expects some answer.
func post(t *testing.T, s *simulator.Simulator, body string) said {
	t.Helper()
	answer, err := call(t, plain(t), http.MethodPost, messages(s), token, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// sent posts a text that must be taken, and gives its id.
func sent(t *testing.T, s *simulator.Simulator, words string) (id string) {
	t.Helper()
	answer := post(t, s, text(words))
	id, _ = answer.body["message_id"].(string)
	if answer.status != http.StatusOK || id == "" {
		t.Fatalf("answered %d %s", answer.status, answer.raw)
	}
	return id
}

func messages(s *simulator.Simulator) string { return s.URL() + "/v25.0/" + page + "/messages" }

var errAway = errors.New("the accounts are away")
