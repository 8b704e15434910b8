package main

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", as the program has it
	_ "modernc.org/sqlite"             // the driver "sqlite", as the program has it
)

var (
	benchTime    = flag.Duration("bench.time", 4*time.Second, "how long BenchmarkMainJob measures each step")
	benchClients = flag.Int("bench.clients", 32, "how many clients BenchmarkMainJob has at once")
)

// BenchmarkMainJob measures the way of a message on the real binary, on both
// databases. Load and platform share the machine with the program, so a figure
// means something only beside the others of its run: a route that does nothing,
// and rows inserted one by one into the same database without the program.
func BenchmarkMainJob(b *testing.B) {
	out := &table{}
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			out.begin(name)
			measure(b, out, name)
			countStatements(b, out, benchDatabase(b, name))
			b.ReportMetric(0, "ns/op") // one run of everything is no figure
		})
	}
	fmt.Print(out)
}

func benchDatabase(b *testing.B, name string) string {
	if name == "sqlite" {
		return "sqlite:" + filepath.Join(b.TempDir(), "parley.db")
	}
	return template.Postgres(b)
}

// bench is one run on one database.
type bench struct {
	b        *testing.B
	out      *table
	program  *binary
	platform *platform
	desk     deskSetup
	db       *sql.DB // the program's database, past the program
	http     *http.Client
	tokens   map[string]string // of agents
	noop     float64           // requests a second
	insert   float64           // rows a second
}

// The sizes of the run. Every agent may have three conversations.
const (
	benchAgents    = 128
	benchOffers    = 3 * benchAgents
	benchContacts  = 2048
	benchOneByOne  = 100
	benchTogether  = 192
	benchRounds    = 3
	benchDrainTime = 30 * time.Second
)

func measure(b *testing.B, out *table, name string) {
	database := benchDatabase(b, name)
	m := &bench{b: b, out: out, tokens: map[string]string{}, http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: *benchClients}}}
	b.Cleanup(m.http.CloseIdleConnections)
	m.program = startBinary(b, database, "PARLEY_SANDBOX=false", "PARLEY_RATE_LIMIT=0", "PARLEY_ALLOW_PRIVATE_NETWORKS=true", "PARLEY_LOG_LEVEL=info", "PARLEY_PLATFORM_TIMEOUT=10s")
	out.add("start on an empty database", milliseconds(m.program.took))
	m.program.terminate()
	m.program.restart()
	out.add("start on a database in use", milliseconds(m.program.took))
	b.ReportMetric(float64(m.program.took.Milliseconds()), "start-ms")
	m.open(database)
	m.inserts()
	idle := memory(m.program.PID())
	b.ReportMetric(idle, "idle-MiB")
	out.add("memory after start", mebibytes(idle))
	m.noop = m.rate("no-op route (/healthz)", "noop/s", m.flood(func(int, int) error { return m.do(http.MethodGet, "/healthz", "", "", nil, 200) }))
	m.furnish()
	m.offers()
	m.acks()
	m.conversations()
	out.add("memory after the load", mebibytes(memory(m.program.PID())))
}

// open opens the program's database with the settings that make a commit last.
func (m *bench) open(database string) {
	driver, source := "pgx", database
	if file, lite := strings.CutPrefix(database, "sqlite:"); lite {
		driver, source = "sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		m.b.Fatal(err)
	}
	m.b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(*benchClients)
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
	}
	db.SetMaxIdleConns(*benchClients)
	m.db = db
}

// inserts measures rows that are inserted one by one, each with its own commit,
// while the program is idle.
func (m *bench) inserts() {
	if _, err := m.db.Exec("CREATE TABLE bench_rows (id text PRIMARY KEY, body text NOT NULL)"); err != nil {
		m.b.Fatal(err)
	}
	body := strings.Repeat("x", 200)
	insert := func(worker, n int) error {
		_, err := m.db.Exec("INSERT INTO bench_rows (id, body) VALUES ($1, $2)", fmt.Sprintf("%d-%d-%d", worker, n, rand.Int64()), body)
		return err
	}
	one := floodWith(1, *benchTime/2, insert)
	m.check(one.err)
	m.out.add("single-row inserts, 1 client", perSecond(one.rate()))
	all := m.flood(insert)
	m.insert = all.rate()
	m.out.add(fmt.Sprintf("single-row inserts, %d clients", *benchClients), perSecond(m.insert))
	m.b.ReportMetric(m.insert, "insert/s")
}

// furnish makes the channel, which sends to a platform that the benchmark plays,
// and agents who are on queue.
func (m *bench) furnish() {
	m.platform = startPlatform(m.b, 1, smoothly, func(moment) {})
	m.desk = newDesk(newCaller(m.b, m.program.URL()).login(testClient, testSecret), 0, map[string]any{"alerting_timeout_seconds": 900})
	m.platform.page = m.desk.page
	m.desk.admin.do("PATCH", "/v1/channels/"+m.desk.channel, map[string]any{"settings": map[string]string{"api_base_url": m.platform.server.URL}}).want(200)
	var mu sync.Mutex
	together(8, func(part int) {
		for n := part; n < benchAgents; n += 8 {
			id := m.desk.admin.do("POST", "/v1/agents", map[string]any{"name": fmt.Sprint("Agent ", n)}).want(201).get("id")
			m.desk.admin.do("PUT", "/v1/queues/"+m.desk.queue+"/members/"+id, map[string]any{}).want(200)
			token := m.tokenFor(id)
			mu.Lock()
			m.tokens[id] = token
			mu.Unlock()
		}
	})
	m.presence("on_queue")
}

func (m *bench) tokenFor(agent string) string {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {testClient}, "client_secret": {testSecret}, "agent_id": {agent}}
	raw, err := m.ask(http.MethodPost, "/oauth/token", form.Encode(), "", []string{"Content-Type", "application/x-www-form-urlencoded"}, 200)
	m.check(err)
	return decode[struct {
		AccessToken string `json:"access_token"`
	}](raw).AccessToken
}

func (m *bench) presence(p string) {
	for _, token := range m.tokens {
		m.check(m.do(http.MethodPut, "/v1/agents/me/presence", `{"presence":"`+p+`"}`, token, nil, 200))
	}
}

// hook sends a webhook with one message.
func (m *bench) hook(contact string) error {
	body := webhookOf(m.desk.page, messageOf(m.desk.page, contact, fmt.Sprintf("m_%016x", rand.Uint64()), "Where is my parcel?"))
	return m.do(http.MethodPost, "/hooks/"+m.desk.app, body, "", []string{"X-Hub-Signature-256", sign(appSecret, body)}, 200)
}

// offers measures from the answer to a stranger's webhook until a listener sees
// that an agent has been offered the conversation: one by one, and many at once.
// Whose offer an event is does not matter: the n-th one seen is compared with the
// n-th answer.
func (m *bench) offers() {
	seen := m.listen(benchOneByOne + benchTogether)
	var alone, crowd []time.Duration
	for n := range benchOneByOne {
		m.check(m.hook(fmt.Sprintf("71000000%06d", n)))
		answered := time.Now()
		alone = append(alone, max(0, m.next(seen).Sub(answered)))
	}
	m.out.latency("offer seen after the answer, one by one", alone)
	m.b.ReportMetric(inMilliseconds(percentile(alone, 50)), "offer-p50-ms")
	m.b.ReportMetric(inMilliseconds(percentile(alone, 99)), "offer-p99-ms")
	answered := make(chan time.Time, benchTogether)
	together(*benchClients, func(worker int) {
		for n := worker; n < benchTogether; n += *benchClients {
			m.check(m.hook(fmt.Sprintf("72000000%06d", n)))
			answered <- time.Now()
		}
	})
	for range benchTogether {
		crowd = append(crowd, max(0, m.next(seen).Sub(m.next(answered))))
	}
	m.out.latency(fmt.Sprintf("offer seen after the answer, %d at once", benchTogether), crowd)
}

// listen tells when each of so many offers was seen by somebody who waits for them.
func (m *bench) listen(offers int) <-chan time.Time {
	seen := make(chan time.Time, offers)
	token := m.desk.admin.token
	type page struct {
		Items []struct{}
		Next  string `json:"next_cursor"`
	}
	read := func(filter, cursor string) page {
		raw, err := m.ask(http.MethodGet, "/v1/events?limit=200&"+filter+"&cursor="+url.QueryEscape(cursor), "", token, nil, 200)
		if err != nil {
			m.b.Error(err)
		}
		return decode[page](raw)
	}
	end := read("types=offer.created", "")
	for rest := read("wait=0", end.Next); len(rest.Items) > 0; rest = read("wait=0", end.Next) {
		end = rest
	}
	go func() {
		for found := 0; found < offers && !m.b.Failed(); found += len(end.Items) {
			end = read("types=offer.created&wait=10", end.Next)
			now := time.Now()
			for range end.Items {
				seen <- now
			}
		}
	}()
	return seen
}

// next takes the next moment, which must come soon.
func (m *bench) next(moments <-chan time.Time) time.Time {
	select {
	case at := <-moments:
		return at
	case <-time.After(benchDrainTime):
		m.b.Fatal("an offer was not seen in time")
		return time.Time{}
	}
}
