package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
)

// TestDatabaseAway cuts the way to the database: platforms and desktops are told
// to come again, and when it is back everything goes on without a restart.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	way := newWay(t, template.Postgres(t))
	p := start(t, way.url)
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	if status := d.hook(batch(entry(d.page, said("7000000000000001", d.page, "m_before", "Hello?")))).status; status != http.StatusOK {
		t.Fatalf("the webhook was answered %d", status)
	}
	id, cursor := ana.accepted("")

	way.cut()
	body := batch(entry(d.page, said("7000000000000001", d.page, "m_while", "Are you there?")))
	if status := d.hook(body).status; status != http.StatusServiceUnavailable {
		t.Errorf("without the database, a webhook was answered %d", status)
	}
	away := ana.do("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "Yes."}).code(503, "service.unavailable")
	if away.header.Get("Retry-After") == "" || away.get("retryable") != "true" {
		t.Error("the problem does not say that the request may be sent again")
	}
	ana.do("GET", "/readyz", nil).want(503)
	ana.do("GET", "/healthz", nil).want(200)

	way.mend()
	if status := d.hook(body).status; status != http.StatusOK {
		t.Errorf("with the database back, the webhook was answered %d", status)
	}
	ana.do("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "Yes."}).want(202)
	_, cursor = ana.await(cursor, "message.received", "&interaction_id="+id)
	ana.await(cursor, "reply.delivered", "&interaction_id="+id)
}

// way is a connection to the database that can be cut.
type way struct {
	t      testing.TB
	url    string
	target string
	addr   string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

func newWay(t testing.TB, database string) *way {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	w := &way{t: t, target: u.Host, addr: "127.0.0.1:0"}
	w.mend()
	w.addr = w.listener.Addr().String()
	u.Host = w.addr
	w.url = u.String()
	t.Cleanup(w.cut)
	return w
}

// mend opens the way again, at the same address.
func (w *way) mend() {
	w.t.Helper()
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.listener = l
	w.mu.Unlock()
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			w.join(from)
		}
	}()
}

func (w *way) join(from net.Conn) {
	to, err := net.Dial("tcp", w.target)
	if err != nil {
		_ = from.Close()
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, from, to)
	w.mu.Unlock()
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
}

// cut ends every connection and takes no new one.
func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}
