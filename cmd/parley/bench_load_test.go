package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// do sends one request and holds its answer to a status.
func (m *bench) do(method, path, body, token string, headers []string, status int) error {
	_, err := m.ask(method, path, body, token, headers, status)
	return err
}

// ask is do with the answer.
func (m *bench) ask(method, path, body, token string, headers []string, status int) ([]byte, error) {
	request, err := http.NewRequest(method, m.program.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := m.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != status {
		err = fmt.Errorf("%s %s answered %d: %s", method, path, answer.StatusCode, raw)
	}
	return raw, err
}

func (m *bench) check(err error) {
	m.b.Helper()
	if err != nil {
		m.b.Fatal(err)
	}
}

// acks measures webhooks of many people, while no agent takes work, and how fast
// their messages get into transcripts. Afterwards, enough people wait for agents.
func (m *bench) acks() {
	m.presence("available")
	var written atomic.Int64
	write := func(int, int) error { return m.hook(fmt.Sprintf("73000000%06d", written.Add(1)%benchContacts)) }
	began := time.Now()
	t := m.flood(write)
	m.ratios("webhooks acknowledged", "ack/s", t)
	left := m.drain("SELECT count(*) FROM inbox WHERE state = 'pending'")
	m.out.add("messages put into transcripts", perSecond(float64(len(t.took)-left)/time.Since(began).Seconds()))
	for written.Load() < benchRounds*benchOffers {
		m.check(write(0, 0))
	}
}

// conversations measures what agents do: they accept all that is offered, write
// for a while, and end; then they do the rest again without writing.
func (m *bench) conversations() {
	m.presence("on_queue")
	var accepts, ends tally
	for round := range benchRounds {
		offers := m.pending()
		accepts.join(m.each(offers, func(o offerRow) error {
			return m.do(http.MethodPost, "/v1/interactions/"+o.interaction+"/accept", `{"offer_id":"`+o.id+`"}`, m.tokens[o.agent], key(), 200)
		}))
		if round == 0 {
			m.replies(offers)
		}
		ends.join(m.each(offers, func(o offerRow) error {
			return m.do(http.MethodPost, "/v1/interactions/"+o.interaction+"/end", "", m.tokens[o.agent], key(), 200)
		}))
	}
	m.ratios("offers accepted", "accept/s", accepts)
	m.ratios("conversations ended", "end/s", ends)
}

// offerRow is an offer that waits for its agent.
type offerRow struct{ interaction, id, agent string }

// pending waits until every agent has all the offers that they may have.
func (m *bench) pending() (offers []offerRow) {
	missing := fmt.Sprintf("SELECT %d - count(*) FROM participants WHERE offer = 'pending'", benchOffers)
	if left := m.drain(missing); left > 0 {
		m.b.Fatalf("%d of %d offers were not made in time", left, benchOffers)
	}
	rows, err := m.db.Query("SELECT interaction_id, id, agent_id FROM participants WHERE offer = 'pending'")
	m.check(err)
	defer rows.Close()
	for rows.Next() {
		var o offerRow
		m.check(rows.Scan(&o.interaction, &o.id, &o.agent))
		offers = append(offers, o)
	}
	m.check(rows.Err())
	return offers
}

// replies measures what agents write, and how fast the platform gets it.
func (m *bench) replies(held []offerRow) {
	began := time.Now()
	t := m.flood(func(worker, n int) error {
		o := held[(worker+n**benchClients)%len(held)]
		id := rand.Uint64()
		body := fmt.Sprintf(`{"text":"Your parcel left our house this morning: %x.","client_message_id":"%016x"}`, id, id)
		return m.do(http.MethodPost, "/v1/interactions/"+o.interaction+"/replies", body, m.tokens[o.agent], key(), 202)
	})
	m.ratios("replies accepted", "reply/s", t)
	left := m.drain("SELECT count(*) FROM jobs")
	m.out.add("replies handed to the platform", perSecond(float64(len(t.took)-left)/time.Since(began).Seconds()))
}

func key() []string { return []string{"Idempotency-Key", fmt.Sprintf("%016x", rand.Uint64())} }

// drain waits until a count is zero, or for so long; it gives what is left.
func (m *bench) drain(count string) (left int) {
	for until := time.Now().Add(benchDrainTime); ; {
		m.check(m.db.QueryRow(count).Scan(&left))
		if left <= 0 || time.Now().After(until) {
			return left
		}
		<-time.After(10 * time.Millisecond)
	}
}

// tally is what a number of clients did.
type tally struct {
	took    []time.Duration // of each request
	elapsed time.Duration
	err     error // the first
}

func (t tally) rate() float64 { return float64(len(t.took)) / t.elapsed.Seconds() }

func (t *tally) join(other tally) {
	t.took, t.elapsed = append(t.took, other.took...), t.elapsed+other.elapsed
	if t.err == nil {
		t.err = other.err
	}
}

// flood lets every client repeat a step until the time is over.
func (m *bench) flood(step func(worker, n int) error) tally {
	t := floodWith(*benchClients, *benchTime, step)
	m.check(t.err)
	return t
}

func floodWith(clients int, d time.Duration, step func(worker, n int) error) tally {
	until := time.Now().Add(d)
	return run(clients, func(worker, n int) (error, bool) { return step(worker, n), time.Now().Before(until) })
}

// each lets all clients share a list of things to do.
func (m *bench) each(items []offerRow, step func(offerRow) error) tally {
	var next atomic.Int64
	t := run(min(*benchClients, len(items)), func(int, int) (error, bool) {
		i := int(next.Add(1)) - 1
		if i >= len(items) {
			return nil, false
		}
		return step(items[i]), true
	})
	t.took = t.took[:min(len(t.took), len(items))]
	m.check(t.err)
	return t
}

// run lets clients repeat a step until it says that there is no more to do.
func run(clients int, step func(worker, n int) (error, bool)) (t tally) {
	var mu sync.Mutex
	began := time.Now()
	together(clients, func(worker int) {
		var took []time.Duration
		var err error
		for n, more := 0, true; more && err == nil; n++ {
			start := time.Now()
			err, more = step(worker, n)
			took = append(took, time.Since(start))
		}
		mu.Lock()
		defer mu.Unlock()
		t.join(tally{took: took, err: err})
	})
	t.elapsed = time.Since(began)
	return t
}

// rate prints how often something was done in a second, and how long it took.
func (m *bench) rate(name, unit string, t tally) float64 {
	m.out.add(name, perSecond(t.rate()))
	m.out.latency("  each", t.took)
	m.b.ReportMetric(t.rate(), unit)
	return t.rate()
}

// ratios is rate beside what the same machine does without the work.
func (m *bench) ratios(name, unit string, t tally) {
	r := m.rate(name, unit, t)
	m.out.add("  for each no-op", fmt.Sprintf("%.2f", r/m.noop))
	m.out.add("  for each single insert", fmt.Sprintf("%.2f", r/m.insert))
}

func percentile(took []time.Duration, p int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[(len(sorted)-1)*p/100]
}

// memory is what a process has resident, in MiB; zero where nobody tells.
func memory(pid int) float64 {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, found := strings.Cut(string(raw), "VmRSS:")
	var kib float64
	if found {
		_, _ = fmt.Sscan(rest, &kib)
	}
	return kib / 1024
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", inMilliseconds(d)) }
func perSecond(r float64) string          { return fmt.Sprintf("%.0f /s", r) }
func mebibytes(m float64) string          { return fmt.Sprintf("%.0f MiB", m) }

// table is the figures of all databases side by side.
type table struct {
	names []string // of the databases
	rows  []string
	cells map[string][]string // a cell of each database, by row
	group string              // what an indented row belongs to
}

func (t *table) begin(database string) { t.names = append(t.names, database) }

func (t *table) add(row, value string) {
	if t.cells == nil {
		t.cells = map[string][]string{}
	}
	key := row
	if strings.HasPrefix(row, " ") {
		key = t.group + "\n" + row
	} else {
		t.group = row
	}
	if t.cells[key] == nil {
		t.rows = append(t.rows, key)
	}
	for len(t.cells[key]) < len(t.names)-1 {
		t.cells[key] = append(t.cells[key], "")
	}
	t.cells[key] = append(t.cells[key], value)
}

func (t *table) latency(row string, took []time.Duration) {
	t.add(row+", p50 / p99", milliseconds(percentile(took, 50))+" / "+milliseconds(percentile(took, 99)))
}

// String draws the table.
func (t *table) String() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintf(w, "\n\t%s\n", strings.Join(t.names, "\t"))
	for _, row := range t.rows {
		_, name, indented := strings.Cut(row, "\n")
		if !indented {
			name = row
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, strings.Join(t.cells[row], "\t"))
	}
	_ = w.Flush()
	return out.String()
}

// countStatements counts what one request costs the database. The program serves
// without its loops, so that nothing but the request is counted.
func countStatements(b *testing.B, out *table, database string) {
	ctx := context.Background()
	a, err := build(ctx, testConfig(b, database), sharedContract(b), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = a.server.Serve(a.listener) }() // ends with Close
	b.Cleanup(func() {
		_ = a.server.Close()
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	p := &program{app: a, t: b}
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	count := func(name string, n int, request func(i int)) {
		request(0) // fills what the program remembers for two seconds
		stats := a.store.Stats()
		statements, commits := stats.Statements.Load(), stats.Commits.Load()
		for i := range n {
			request(i + 1)
		}
		out.add("statements / commits of "+name, fmt.Sprintf("%.1f / %.1f",
			float64(stats.Statements.Load()-statements)/float64(n), float64(stats.Commits.Load()-commits)/float64(n)))
	}
	count("a webhook", 20, func(i int) {
		d.hook(webhookOf(d.page, messageOf(d.page, fmt.Sprintf("7400000%d", i%3), fmt.Sprint("m_", i), "Hello"))).want(200)
	})
	if err := a.runner.Advance(ctx, 0, a.store.SaveClockOffset); err != nil {
		b.Fatal(err)
	}
	offers := each(ana.list("/v1/interactions?agent_id=me&state=alerting"), "id")
	count("an accept", len(offers)-1, func(i int) {
		ana.do("POST", "/v1/interactions/"+offers[i]+"/accept", nil, key()...).want(200)
	})
	count("a reply", 20, func(i int) {
		ana.do("POST", "/v1/interactions/"+offers[0]+"/replies", map[string]any{"text": fmt.Sprint("Hello ", i), "client_message_id": fmt.Sprint(i)}, key()...).want(202)
	})
}
