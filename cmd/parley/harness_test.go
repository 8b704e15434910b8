package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/contracttest"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/httpapi"
	"github.com/parley-cx/parley/internal/storage/storagetest"
)

// The bootstrap client of every program that a test starts.
const (
	testClient = "test-admin"
	testSecret = "test-secret"
)

// testConfig is a program of a test's own, on a free port, with the sandbox.
func testConfig(t testing.TB, databaseURL string) config.Config {
	return config.Config{Addr: "127.0.0.1:0", DatabaseURL: config.Secret(databaseURL), DataDir: t.TempDir(), Sandbox: true, SandboxClock: config.ClockStopped,
		BootstrapClientID: testClient, BootstrapClientSecret: testSecret, LogLevel: "error", LogFormat: "text",
		PlatformTimeout: 2 * time.Second, SendTimeout: 30 * time.Second, ReconcileWindow: 2 * time.Minute, UnusedAttachments: 168 * time.Hour}
}

// template is what the databases of the tests are copies of: all programs that
// tests start find their schema there. Those of stories, and what TestUpgrade and
// TestMainJob start, make it themselves.
var template = &storagetest.Template{Migrate: func(databaseURL string) error {
	store, err := openStore(context.Background(), config.Config{DatabaseURL: config.Secret(databaseURL), SealingKey: upgradeKey}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, err = store.Migrate(context.Background())
	return errors.Join(err, store.Close())
}}

// contract is read once for all programs that tests start: reading it takes longer
// than anything else that they do to begin.
var contract = sync.OnceValues(httpapi.LoadContract)

func sharedContract(t testing.TB) *httpapi.Contract {
	t.Helper()
	c, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// program is the whole program, running inside the test.
type program struct {
	*app
	t    testing.TB
	stop func()
}

// start runs the whole program until the test ends. change may alter its settings.
func start(t testing.TB, databaseURL string, change ...func(*config.Config)) *program {
	t.Helper()
	return startLogged(t, databaseURL, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError})), change...)
}

// startLogged is start with a log of the test's own.
func startLogged(t testing.TB, databaseURL string, log *slog.Logger, change ...func(*config.Config)) *program {
	t.Helper()
	c := testConfig(t, databaseURL)
	for _, f := range change {
		f(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := build(ctx, c, sharedContract(t), log)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx) }()
	p := &program{app: a, t: t}
	p.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the program did not end cleanly:", err)
		}
		ended <- nil
	}
	t.Cleanup(p.stop)
	return p
}

// in gives the program to a part of its test.
func (p *program) in(t testing.TB) *program {
	part := *p
	part.t = t
	return &part
}

// part is one part of a test, on a program that it shares with the others.
type part struct {
	name string
	run  func(t *testing.T, p *program)
}

// onEach starts one program on each database, and runs the parts on it, one
// after the other: the clock and the simulated platform are the program's.
func onEach(t *testing.T, parts ...part) {
	t.Helper()
	template.Each(t, func(t *testing.T, database string) {
		p := start(t, database)
		for _, one := range parts {
			t.Run(one.name, func(t *testing.T) { one.run(t, p.in(t)) })
		}
	})
}

// together runs f n times at once, and waits.
func together(n int, f func(i int)) {
	var group sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	group.Wait()
}

// testWriter shows the log of a program that a test runs.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// caller is somebody with a token, whose answers are all held to the contract.
type caller struct {
	t     testing.TB
	url   string
	token string
	http  *http.Client
}

func newCaller(t testing.TB, url string) *caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, url: url, http: &http.Client{Transport: contracttest.Transport{T: t, Base: transport}, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// admin is the bootstrap client.
func (p *program) admin() *caller { return newCaller(p.t, p.url).login(testClient, testSecret) }

// login gives a caller with a token of this client.
func (c *caller) login(id, secret string) *caller {
	c.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	r, err := http.NewRequest(http.MethodPost, c.url+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := c.send(r)
	answer.want(http.StatusOK)
	other := *c
	other.token = answer.get("access_token")
	return &other
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
	value  any
}

// do sends one request; headers come in pairs.
func (c *caller) do(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, c.url+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.send(r)
}

func (c *caller) send(r *http.Request) answer {
	c.t.Helper()
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	a := answer{t: c.t, what: r.Method + " " + r.URL.Path, status: response.StatusCode, header: response.Header}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		c.t.Fatal(err)
	}
	if strings.Contains(response.Header.Get("Content-Type"), "json") && len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &a.value); err != nil {
			c.t.Fatalf("%s: %v", a.what, err)
		}
	}
	return a
}

// want fails the test unless the status is this one.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s answered %d, not %d: %s", a.what, a.status, status, a.body)
	}
	return a
}

// code fails the test unless the answer is this problem.
func (a answer) code(status int, code string) answer {
	a.t.Helper()
	a.want(status)
	if got := a.get("code"); got != code {
		a.t.Fatalf("%s: code %q, not %q: %s", a.what, got, code, a.body)
	}
	return a
}

// get reads a value of the answer by its path, "items.0.id"; "" where there is none.
func (a answer) get(path string) string { return text(lookup(a.value, path)) }

// lookup follows a path of names and indexes; "#" is the length of a list.
func lookup(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var index int
			if name == "#" {
				return float64(len(v))
			}
			if _, err := fmt.Sscanf(name, "%d", &index); err != nil || index < 0 || index >= len(v) {
				return nil
			}
			value = v[index]
		default:
			return nil
		}
	}
	return value
}

func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}

// desk is an organization with one queue, one Messenger channel and some agents
// who are its members, all made over the API.
type deskSetup struct {
	admin   *caller
	queue   string
	codes   []string
	app     string
	channel string
	page    string
	agents  []*caller
	ids     []string
}

// appSecret signs the webhooks of a test's app.
const appSecret = "app-secret-of-the-test"

// desk makes what a conversation needs. queue is merged into the queue's body.
func (p *program) desk(agents int, queue map[string]any) deskSetup {
	p.t.Helper()
	return newDesk(p.admin(), agents, queue)
}

// newDesk is desk for whoever has the bootstrap client's token.
func newDesk(admin *caller, agents int, queue map[string]any) deskSetup {
	admin.t.Helper()
	d := deskSetup{admin: admin, page: fmt.Sprint(100000000000000 + time.Now().UnixNano()%899999999999999)}
	for _, name := range []string{"Solved", "Returned", "Complaint"} {
		d.codes = append(d.codes, d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": name}).want(201).get("id"))
	}
	body := map[string]any{"name": "Care", "wrap_up_code_ids": d.codes}
	for k, v := range queue {
		body[k] = v
	}
	d.queue = d.admin.do("POST", "/v1/queues", body).want(201).get("id")
	d.app = d.admin.do("POST", "/v1/platform-apps", map[string]any{"platform": "meta", "name": "App", "secrets": []string{appSecret}, "verify_token": "verify-me"}).want(201).get("id")
	d.channel = d.admin.do("POST", "/v1/channels", map[string]any{"name": "Page", "app_id": d.app, "kind": "messenger", "account_id": d.page,
		"credentials": map[string]string{"access_token": "page-token"}, "queue_id": d.queue}).want(201).get("id")
	for n := range agents {
		d.hire(fmt.Sprintf("Agent %d", n+1))
	}
	return d
}

// hire adds an agent to the desk, with a client of their own.
func (d *deskSetup) hire(name string) *caller {
	d.admin.t.Helper()
	id := d.admin.do("POST", "/v1/agents", map[string]any{"name": name}).want(201).get("id")
	d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+id, map[string]any{}).want(200)
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": name, "agent_id": id, "scopes": deskScopes()}).want(201)
	c := d.admin.login(made.get("client_id"), made.get("client_secret"))
	d.agents, d.ids = append(d.agents, c), append(d.ids, id)
	return c
}

func deskScopes() []string { return strings.Fields(domain.Join(domain.DeskScopes())) }

// onQueue puts an agent on queue.
func (c *caller) onQueue() {
	c.t.Helper()
	c.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).want(200)
}

// writes lets the simulated platform send a signed webhook with a message.
func (d deskSetup) writes(from, what string) answer {
	d.admin.t.Helper()
	a := d.admin.do("POST", "/sandbox/platforms/messenger/inbound", map[string]any{"account_id": d.page, "from": map[string]any{"id": from}, "text": what}).want(200)
	if a.get("status") != "200" {
		d.admin.t.Fatalf("the webhook was answered %s", a.get("status"))
	}
	return a
}

// advance moves the clock; when it returns, everything that was due is done, also
// with 0 seconds.
func (c *caller) advance(seconds float64) answer {
	c.t.Helper()
	return c.do("POST", "/sandbox/clock/advance", map[string]any{"seconds": seconds}).want(200)
}

// list gives the items of a list that fits one page.
func (c *caller) list(path string) []any {
	c.t.Helper()
	items, _ := lookup(c.do("GET", path, nil).want(200).value, "items").([]any)
	return items
}

// each gives one value of every item.
func each(items []any, path string) []string {
	values := []string{}
	for _, item := range items {
		values = append(values, text(lookup(item, path)))
	}
	return values
}

// interactions lists what came to the desk's queue, the oldest first.
func (d deskSetup) interactions() []any {
	d.admin.t.Helper()
	return d.admin.list("/v1/interactions?limit=200&order=asc&queue_id=" + d.queue)
}

// await follows the event log from a cursor until an event of this type comes,
// and gives it with the cursor behind it.
func (c *caller) await(cursor, eventType, filter string) (event answer, next string) {
	c.t.Helper()
	for silent := 0; silent < 3; { // a busy machine is no reason to fail
		a := c.do("GET", "/v1/events?limit=1&wait=20&types="+eventType+"&cursor="+url.QueryEscape(cursor)+filter, nil).want(200)
		cursor = a.get("next_cursor")
		if a.get("items.#") == "1" {
			a.value = lookup(a.value, "items.0")
			return a, cursor
		}
		silent++
	}
	c.t.Fatalf("no event %s came in time", eventType)
	return event, cursor
}

// accepted lets the agent take the interaction that is offered next after the
// cursor, and gives its id.
func (c *caller) accepted(cursor string) (interaction, next string) {
	c.t.Helper()
	agent := c.do("GET", "/v1/agents/me", nil).want(200).get("id")
	event, next := c.await(cursor, "offer.created", "&agent_id="+agent)
	interaction = event.get("interaction_id")
	c.do("POST", "/v1/interactions/"+interaction+"/accept", nil).want(200)
	return interaction, next
}
