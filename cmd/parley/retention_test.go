package main

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"quarantine", quarantine},
		part{"an account that is connected later", connectedLater},
		part{"B22 nothing of an unsent message stays", unsentLeaves},
		part{"old rows go", oldRowsGo}, // it moves the clock by weeks
	)
}

// quarantine shows what could not be read, without what it says, and tries again
// what can be.
func quarantine(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.hook("not JSON, and confidential").want(200)
	d.tell(d.from("message", map[string]any{"mid": "m_bad" + d.page, "text": map[string]any{"confidential": true}}))
	items := d.admin.list("/v1/quarantine?limit=200")
	mine := map[string]string{}
	for _, item := range items {
		if text(lookup(item, "app_id")) == d.app {
			mine[text(lookup(item, "fault"))] = text(lookup(item, "id"))
		}
	}
	unread, broken := mine["not a JSON object"], mine["messenger: the text is not a text"]
	if len(mine) != 2 || unread == "" || broken == "" || strings.Contains(text(items), "confidential") {
		t.Fatalf("the quarantine has %s", text(items))
	}
	d.admin.do("POST", "/v1/quarantine/"+unread+"/retry", nil).code(409, "quarantine.not_retryable")
	if got := d.admin.do("POST", "/v1/quarantine/"+broken+"/retry", nil).want(200); got.get("state") != "pending" || got.get("fault") != "" {
		t.Errorf("tried again: %s", got.body)
	}
	d.admin.advance(0)
	if got := text(d.admin.list("/v1/quarantine?limit=200")); !strings.Contains(got, broken) {
		t.Errorf("what fails again is not in the list: %s", got)
	}
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Viewer", "scopes": []string{"messaging:integration:view"}}).want(201)
	viewer := d.admin.login(made.get("client_id"), made.get("client_secret"))
	viewer.do("GET", "/v1/quarantine", nil).want(200)
	viewer.do("POST", "/v1/quarantine/"+broken+"/retry", nil).code(403, "permission.missing")
}

// connectedLater writes to a page before a channel has it, in whichever way it gets one.
func connectedLater(t *testing.T, p *program) {
	for method, path := range map[string]string{"POST": "/v1/channels", "PUT": "/v1/channels/by-external-id/later"} {
		d := p.desk(0, nil)
		later := d.page + "7"
		d.hook(batch(entry(later, said("c1", later, "m_l1"+later, "one"), said("c1", later, "m_l2"+later, "two")))).want(200)
		d.admin.advance(0)
		if n := len(d.interactions()); n != 0 {
			t.Fatalf("%d interactions of a page that nobody has", n)
		}
		d.admin.do(method, path, map[string]any{"name": "Later", "app_id": d.app, "kind": "messenger", "account_id": later,
			"credentials": map[string]string{"access_token": "t"}, "queue_id": d.queue}).want(201)
		d.admin.advance(0)
		talks := d.interactions()
		if len(talks) != 1 {
			t.Fatalf("%s: %d interactions after the page was connected", path, len(talks))
		}
		if got := strings.Join(d.admin.transcript(talks[0]), "+"); got != "one+two" {
			t.Errorf("%s: the transcript is %q", path, got)
		}
	}
}

// unsentLeaves looks into the database of the running program, within ten seconds.
func unsentLeaves(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.tell(said("c1", d.page, "m_stay"+d.page, strings.Repeat("stays ", 300)), said("c1", d.page, "m_go"+d.page, strings.Repeat("goes ", 300)))
	stays, goes := p.sealed("m_stay"+d.page), p.sealed("m_go"+d.page)
	if len(goes) != 2 || !p.holds(goes) {
		t.Fatalf("the test looks in the wrong place: %d values", len(goes))
	}
	d.tell(d.from("message", map[string]any{"mid": "m_go" + d.page, "is_deleted": true}))
	p.gone(goes, func() { ana.messages(i) }) // somebody reads all the while
	if len(p.sealed("m_go"+d.page)) != 0 || !p.holds(stays) || len(p.sealed("m_stay"+d.page)) != 2 {
		t.Error("something is left, or the other message is gone too")
	}
}

// sealed gives what the database has of a message of the platform's: its own
// content, and that of the inbox.
func (p *program) sealed(mid string) (values [][]byte) {
	p.t.Helper()
	db := p.database()
	defer db.Close()
	for _, column := range []string{"content FROM messages WHERE platform_message_id", "payload FROM inbox WHERE subject"} {
		var value []byte
		switch err := db.QueryRowContext(p.t.Context(), "SELECT "+column+" = $1", mid).Scan(&value); {
		case err != nil:
			p.t.Fatal(err)
		case len(value) > 0:
			values = append(values, value)
		}
	}
	return values
}

// holds looks for values in the database's files, where they are the program's own.
// PostgreSQL's have never more than a sealed value: the tests of storage look there.
func (p *program) holds(values [][]byte) bool {
	p.t.Helper()
	file, lite := strings.CutPrefix(string(p.config.DatabaseURL), "sqlite:")
	if !lite {
		return len(values) > 0
	}
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		p.t.Fatalf("%v (%v)", files, err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err == nil && slices.ContainsFunc(values, func(v []byte) bool { return bytes.Contains(content, v[:32]) }) {
			return true
		}
	}
	return false
}

// gone waits until the files of SQLite have none of the values.
func (p *program) gone(values [][]byte, meanwhile func()) {
	p.t.Helper()
	if !strings.HasPrefix(string(p.config.DatabaseURL), "sqlite:") {
		return
	}
	for start := time.Now(); p.holds(values); meanwhile() {
		if time.Since(start) > 10*time.Second {
			p.t.Fatal("after ten seconds it is still there")
		}
	}
}

// oldRowsGo lets weeks pass.
func oldRowsGo(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.hook("neither JSON").want(200)
	d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "Kept"}, "Idempotency-Key", "weeks").want(201)
	first := ana.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	d.admin.advance(6 * day)
	if d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "Kept"}, "Idempotency-Key", "weeks").want(201).header.Get("Idempotent-Replayed") != "true" {
		t.Error("after six days the key is forgotten")
	}
	if inbox := p.inbox(d.app); inbox["applied"] == 0 {
		t.Errorf("after six days the inbox has %v", inbox)
	}
	d.writes("c1", "a week later")
	d.admin.advance(1*day + 120)
	if inbox := p.inbox(d.app); inbox["applied"] != 1 || inbox["quarantined not a JSON object"] != 1 {
		t.Errorf("after a week the inbox has %v", inbox)
	}
	gone := ana.do("GET", "/v1/events?cursor="+url.QueryEscape(first), nil).code(410, "cursor.expired")
	oldest := gone.get("oldest_cursor")
	kept := ana.do("GET", "/v1/events?limit=200&interaction_id="+i+"&cursor="+url.QueryEscape(oldest), nil).want(200)
	if kept.get("items.0.type") != "message.received" {
		t.Errorf("kept is %s", kept.body)
	}
	if got := ana.do("GET", "/v1/events?limit=1", nil).want(200); got.get("items.#") != "1" {
		t.Errorf("without a cursor: %s", got.body)
	}
	again := d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "Kept"}, "Idempotency-Key", "weeks").want(201)
	if again.header.Get("Idempotent-Replayed") != "" {
		t.Error("after a week the key is remembered")
	}
	cursor := again.header.Get("Event-Cursor")
	ana.do("GET", "/v1/events?cursor="+url.QueryEscape(cursor), nil).want(200)
	d.admin.advance(24 * day)
	if inbox := p.inbox(d.app); len(inbox) != 0 {
		t.Errorf("after a month the inbox has %v", inbox)
	}
	if got := ana.messages(i); len(got) != 2 {
		t.Errorf("the transcript is %s", text(got))
	}
	if figures := string(d.admin.do("GET", "/metrics", nil).want(200).body); !strings.Contains(figures, `parley_rows_removed_total{kind="inbox"}`) {
		t.Error("the metrics do not tell what was removed")
	}
}
