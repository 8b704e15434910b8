package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/config"
)

func TestHooks(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"handshake", hooksHandshake},
		part{"signatures", hooksSignatures},
		part{"secrets", hooksSecrets},
		part{"size", hooksSize},
		part{"a batch with poison", hooksBatch},
		part{"not JSON", hooksNotJSON},
		part{"equal webhooks at once", hooksEqual},
		part{"first messages at once", hooksFirstMessages},
		part{"after a disconnect", hooksAfterDisconnect},
		part{"texts", hooksTexts},
		part{"times out of order", hooksOrder},
		part{"another app's page", hooksOtherApp},
	)
}

// sign gives the signature of a webhook.
func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// hook sends a signed webhook to the desk's app.
func (d deskSetup) hook(body string) answer {
	d.admin.t.Helper()
	return d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", sign(appSecret, body))
}

// event is one event of a webhook between a person and a page.
func event(from, to string, shape string, content any) string {
	raw, _ := json.Marshal(map[string]any{"sender": map[string]string{"id": from}, "recipient": map[string]string{"id": to},
		"timestamp": 1790000000123, shape: content})
	return string(raw)
}

// said is what a person wrote to a page.
func said(from, page, mid, what string) string {
	return event(from, page, "message", map[string]string{"mid": mid, "text": what})
}

// entry is what happened to one page.
func entry(page string, events ...string) string {
	return fmt.Sprintf(`{"id":%q,"time":1790000000456,"messaging":[%s]}`, page, strings.Join(events, ","))
}

// batch is the body of a webhook.
func batch(entries ...string) string {
	return `{"object":"page","entry":[` + strings.Join(entries, ",") + `]}`
}

// transcript lists the texts of an interaction, in order.
func (c *caller) transcript(interaction any) []string {
	c.t.Helper()
	return each(c.list("/v1/interactions/"+text(lookup(interaction, "id"))+"/messages?limit=200"), "text")
}

// database opens the program's database to look into it.
func (p *program) database() *sql.DB {
	p.t.Helper()
	name, source := "pgx", string(p.config.DatabaseURL)
	if file, ok := strings.CutPrefix(source, "sqlite:"); ok {
		name, source = "sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(name, source)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = db.Close() })
	return db
}

// inbox counts an app's events in the database, by state and fault.
func (p *program) inbox(app string) map[string]int {
	p.t.Helper()
	db := p.database()
	rows, err := db.QueryContext(p.t.Context(), "SELECT state, fault FROM inbox WHERE app_id = '"+app+"'")
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var state, fault string
		if err := rows.Scan(&state, &fault); err != nil {
			p.t.Fatal(err)
		}
		found[strings.TrimSpace(state+" "+fault)]++
	}
	return found
}

func hooksHandshake(t *testing.T, p *program) {
	d := p.desk(0, nil)
	address := "/hooks/" + d.app + "?hub.challenge=1158201444%2B%3Cb%3E"
	right := d.admin.do("GET", address+"&hub.mode=subscribe&hub.verify_token=verify-me&unknown=1", nil).want(200)
	if string(right.body) != "1158201444+<b>" || !strings.HasPrefix(right.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the challenge came back as %q, %s", right.body, right.header.Get("Content-Type"))
	}
	for _, wrong := range []string{"&hub.mode=subscribe&hub.verify_token=verify-you", "&hub.mode=unsubscribe&hub.verify_token=verify-me",
		"&hub.verify_token=verify-me", "&hub.mode=subscribe", "&hub.mode=subscribe&hub.verify_token=", ""} {
		quiet(t, d.admin.do("GET", address+wrong, nil).want(403))
	}
	quiet(t, d.admin.do("GET", "/hooks/"+unknownID+"?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1", nil).want(404))
}

// unknownID is the id of nothing.
const unknownID = "01990a5c-7e10-7a31-9c02-6f4d1b2a0000"

// quiet fails the test if an answer of the hooks says anything.
func quiet(t *testing.T, a answer) {
	t.Helper()
	if len(a.body) > 0 {
		t.Errorf("%s answered %d with %q", a.what, a.status, a.body)
	}
}

func hooksSignatures(t *testing.T, p *program) {
	d := p.desk(0, nil)
	const body, vector = `{"object":"page","entry":[]}`, "sha256=68fae2f60878e809d1c7e0e59c22ac1ef42f92027d005f117f046efd1354a63b"
	if got := sign("app-secret-demo", body); got != vector {
		t.Fatalf("the test signs %s, Meta %s", got, vector)
	}
	good := sign(appSecret, body)
	d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", good).want(200)
	upper := "sha256=" + strings.ToUpper(strings.TrimPrefix(good, "sha256="))
	d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", upper).want(200)
	mac := strings.TrimPrefix(good, "sha256=")
	for _, wrong := range []string{"", "sha256=", mac, "sha1=" + mac, "sha256=" + mac[:62], good + "00", "sha256=" + strings.Repeat("0", 64),
		"SHA256=" + mac, "sha256= " + mac, sign("other", body), sign("", body), sign(appSecret, body+" "), vector} {
		quiet(t, d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", wrong).want(401))
	}
	quiet(t, d.admin.do("POST", "/hooks/"+d.app, body).want(401))
	quiet(t, d.admin.do("POST", "/hooks/"+d.app, body+" ", "X-Hub-Signature-256", good).want(401))
	quiet(t, d.admin.do("POST", "/hooks/"+unknownID, body, "X-Hub-Signature-256", good).want(404))
	quiet(t, d.admin.do("POST", "/hooks/"+unknownID, body).want(404))
	if got := p.inbox(d.app); len(got) != 0 {
		t.Errorf("webhooks without events left %v", got)
	}
}

func hooksSecrets(t *testing.T, p *program) {
	d := p.desk(0, nil)
	const body = `{"object":"page","entry":[]}`
	send := func(secret string) answer {
		return d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", sign(secret, body))
	}
	d.admin.do("PATCH", "/v1/platform-apps/"+d.app, map[string]any{"secrets": []string{"new-secret", appSecret}}).want(200)
	send(appSecret).want(200)
	send("new-secret").want(200)
	d.admin.do("PATCH", "/v1/platform-apps/"+d.app, map[string]any{"secrets": []string{"new-secret"}}).want(200)
	quiet(t, send(appSecret).want(401))
	send("new-secret").want(200)
	d.admin.do("DELETE", "/v1/channels/"+d.channel, nil).want(204)
	d.admin.do("DELETE", "/v1/platform-apps/"+d.app, nil).want(204)
	quiet(t, send("new-secret").want(404))
}

func hooksSize(t *testing.T, p *program) {
	d := p.desk(0, nil)
	const limit = 4 << 20
	// The length alone is enough: nothing of the body is ever sent.
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /hooks/%s HTTP/1.1\r\nHost: parley\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", d.app, limit+1)
	if reply, err := io.ReadAll(conn); err != nil || !bytes.HasPrefix(reply, []byte("HTTP/1.1 413 ")) {
		t.Errorf("a declared length was answered %q, %v", reply, err)
	}
	chunked := func(size int) *http.Request {
		body := strings.Repeat(" ", size)
		r, err := http.NewRequest("POST", p.url+"/hooks/"+d.app, io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Hub-Signature-256", sign(appSecret, body))
		return r
	}
	quiet(t, d.admin.send(chunked(limit+1)).want(413))
	d.admin.send(chunked(limit)).want(200)
}

func hooksBatch(t *testing.T, p *program) {
	d := p.desk(0, nil)
	second := d.page + "2"
	d.admin.do("POST", "/v1/channels", map[string]any{"name": "Second page", "app_id": d.app, "kind": "messenger", "account_id": second,
		"credentials": map[string]string{"access_token": "other-token"}, "queue_id": d.queue}).want(201)
	body := batch(
		entry(d.page, said("c1", d.page, "b1", "one"), event("c1", d.page, "message", map[string]any{"text": "without an id"}),
			said("c2", d.page, "b2", "two"), said("c1", d.page, "b3", "three")),
		`"poison"`,
		entry(d.page, `7`, event("c1", d.page, "message", map[string]any{"mid": "b4", "text": map[string]int{"not": 1}}), said("c1", d.page, "b5", "four")),
		`{"id":"`+d.page+`","time":1}`,
		entry("999999", said("c1", "999999", "b6", "nobody's page")),
		entry(second, said("c1", second, "b7", "five"), event(second, "c1", "message", map[string]any{"mid": "b8", "is_echo": true, "text": "typed at Meta"}),
			event(second, "stranger", "message", map[string]any{"mid": "b9", "is_echo": true, "text": "to nobody we know"}),
			event("c1", second, "reaction", map[string]any{"mid": "b7", "action": "react", "reaction": "love"}),
			event("c1", second, "of_tomorrow", map[string]any{"what": "ever"}),
			event("c1", second, "delivery", map[string]any{"watermark": "soon"}), said("c1", second, "b10", "six")),
		`{"id":"`+second+`","standby":[`+said("c3", second, "b11", "another app's")+`],"changes":[{"field":"leadgen","value":{}}]}`,
	)
	d.hook(body).want(200)
	d.admin.advance(0)
	var got []string
	for _, i := range d.interactions() {
		got = append(got, strings.Join(d.admin.transcript(i), "+"))
	}
	slices.Sort(got)
	if want := []string{"five+typed at Meta+six", "one+without an id+three+four", "two"}; !slices.Equal(got, want) {
		t.Errorf("the transcripts are %q, not %q", got, want)
	}
	inbox, quarantined := p.inbox(d.app), 0
	for state, n := range inbox {
		if strings.HasPrefix(state, "quarantined ") { // with a reason
			quarantined += n
		}
	}
	if inbox["applied"] != 10 || inbox["standby"] != 1 || quarantined != 8 || len(inbox) != 10 {
		t.Errorf("the inbox has %v", inbox)
	}
}

func hooksNotJSON(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, body := range []string{"not JSON", "", `[]`, `{"object":"page"}`, `{"object":"instagram","entry":[{"id":"1","messaging":[{}]}]}`, "\x00\xff"} {
		d.hook(body).want(200)
	}
	d.hook("not JSON").want(200) // again: kept once
	d.admin.advance(0)
	total := 0
	for state, n := range p.inbox(d.app) {
		if !strings.HasPrefix(state, "quarantined ") {
			t.Errorf("there is an event in state %q", state)
		}
		total += n
	}
	if total != 6 || len(d.interactions()) != 0 {
		t.Errorf("%d events were kept, and %d interactions made", total, len(d.interactions()))
	}
}

func hooksEqual(t *testing.T, p *program) {
	d := p.desk(0, nil)
	body := batch(entry(d.page, said("c1", d.page, "e1", "once")))
	together(16, func(int) { d.hook(body).want(200) })
	a := d.admin.do("POST", "/sandbox/platforms/messenger/inbound", map[string]any{"account_id": d.page, "from": map[string]string{"id": "c1"},
		"text": "twice", "message_id": "e2", "copies": 16}).want(200)
	if a.get("status") != "200" || a.get("message_ids") != `["e2"]` {
		t.Errorf("sixteen copies gave %s", a.body)
	}
	d.hook(batch(entry(d.page, said("c1", d.page, "e1", "another text")))).want(200) // the same id is the same message
	d.admin.advance(0)
	if got := d.interactions(); len(got) != 1 || !slices.Equal(d.admin.transcript(got[0]), []string{"once", "twice"}) {
		t.Errorf("%d interactions came of it", len(got))
	}
}

func hooksFirstMessages(t *testing.T, p *program) {
	d := p.desk(0, nil)
	together(8, func(i int) {
		d.hook(batch(entry(d.page, said("c1", d.page, fmt.Sprint("f", i), fmt.Sprint(i))))).want(200)
	})
	d.admin.advance(0)
	got := d.interactions()
	if len(got) != 1 {
		t.Fatalf("there are %d interactions", len(got))
	}
	texts := d.admin.transcript(got[0])
	slices.Sort(texts)
	if strings.Join(texts, "") != "01234567" {
		t.Errorf("the messages are %q", texts)
	}
}

func hooksAfterDisconnect(t *testing.T, p *program) {
	d := p.desk(1, nil)
	d.agents[0].onQueue()
	d.writes("c1", "first")
	first, cursor := d.agents[0].accepted("")
	d.agents[0].do("POST", "/v1/interactions/"+first+"/end", nil).want(200)
	d.writes("c1", "second")
	second, _ := d.agents[0].accepted(cursor)
	old, now := d.admin.do("GET", "/v1/interactions/"+first, nil).want(200), d.admin.do("GET", "/v1/interactions/"+second, nil).want(200)
	if second == first || now.get("previous_interaction_id") != first || old.get("previous_interaction_id") != "" ||
		now.get("thread_id") != old.get("thread_id") || now.get("contact.id") != old.get("contact.id") {
		t.Errorf("after %s came %s", old.body, now.body)
	}
	if got := d.admin.transcript(old.value); !slices.Equal(got, []string{"first", "Agent 1 has left the chat."}) || old.get("state") != "disconnected" {
		t.Errorf("the old one is %s with %q", old.get("state"), got)
	}
	if got := d.admin.transcript(now.value); !slices.Equal(got, []string{"second"}) {
		t.Errorf("the new one has %q", got)
	}
}

func hooksTexts(t *testing.T, p *program) {
	d := p.desk(0, nil)
	raw := []string{`a\u0000b`, `\ud83d\ude00 \ud800`, "\u00fc\U0001F469\u200d\U0001F680", "tab\\t\\\"quoted\\\" \\u003cb\\u003e\\/", "\xff"}
	want := []string{"a\ufffdb", "\U0001F600 \ufffd", "\u00fc\U0001F469\u200d\U0001F680", "tab\t\"quoted\" <b>/", "\ufffd"}
	for i, one := range raw {
		d.hook(batch(entry(d.page, fmt.Sprintf(`{"sender":{"id":"c1"},"recipient":{"id":%q},"timestamp":1,"message":{"mid":"t%d","text":"%s"}}`, d.page, i, one)))).want(200)
	}
	d.hook(batch(entry(d.page, event("c1", d.page, "message", map[string]any{"mid": "t9", "attachments": []any{
		map[string]any{"type": "image", "payload": map[string]string{"url": "https://cdn.example.test/i/1.jpg?exp=1"}}}})))).want(200)
	d.admin.advance(0)
	i := d.interactions()[0]
	if got := d.admin.transcript(i); !slices.Equal(got, append(want, "")) {
		t.Errorf("the texts are %q", got)
	}
	last := d.admin.do("GET", "/v1/interactions/"+text(lookup(i, "id"))+"/messages?order=desc&limit=1", nil).want(200)
	if file := last.get("items.0.attachments.0.id"); last.get("items.0.attachments.#") != "1" || last.get("items.0.attachments.0.type") != "image" ||
		last.get("items.0.attachments.0.state") != "pending" || last.get("items.0.attachments.0.url") != p.url+"/v1/attachments/"+file+"/content" {
		t.Errorf("the attachment is %s", last.get("items.0.attachments"))
	}
}

func hooksOrder(t *testing.T, p *program) {
	d := p.desk(0, nil)
	times := []int64{1790000003000, 1790000001000, 1790000002000, 0}
	for i, at := range times {
		d.admin.do("POST", "/sandbox/platforms/messenger/inbound", map[string]any{"account_id": d.page, "from": map[string]string{"id": "c1"},
			"text": fmt.Sprint(i), "timestamp": at}).want(200)
	}
	d.admin.advance(0)
	id := text(lookup(d.interactions()[0], "id"))
	messages := d.admin.list("/v1/interactions/" + id + "/messages")
	if got := each(messages, "text"); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Errorf("the order is %q", got)
	}
	if got := each(messages, "platform_time")[:3]; !slices.Equal(got, []string{"2026-09-21T14:13:23.000Z", "2026-09-21T14:13:21.000Z", "2026-09-21T14:13:22.000Z"}) {
		t.Errorf("the platform's times are %q", got)
	}
}

// hooksOtherApp lets an app tell of a page that is connected through another one.
func hooksOtherApp(t *testing.T, p *program) {
	d, other := p.desk(0, nil), p.desk(0, nil)
	foreign := newDesk(p.organization("hooks"), 0, nil)
	body := batch(entry(d.page, said("c1", d.page, "o1", "forged")))
	other.hook(body).want(200)
	foreign.hook(body).want(200)
	d.admin.advance(0)
	if n := len(d.interactions()) + len(other.interactions()) + len(foreign.interactions()); n != 0 {
		t.Errorf("%d interactions came of it", n)
	}
	d.hook(body).want(200) // the genuine one is no repetition
	d.admin.advance(0)
	if got := d.interactions(); len(got) != 1 || !slices.Equal(d.admin.transcript(got[0]), []string{"forged"}) {
		t.Errorf("the page's own app made %d interactions", len(got))
	}
}

// TestHooksAcrossRestart sends a webhook again after the program was started anew.
func TestHooksAcrossRestart(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		folder := t.TempDir()
		keep := func(c *config.Config) { c.DataDir = folder }
		p := start(t, database, keep)
		d := p.desk(0, nil)
		body := batch(entry(d.page, said("c1", d.page, "r1", "once")))
		d.hook(body).want(200)
		p.stop() // perhaps before it is applied
		d.admin = start(t, database, keep).admin()
		d.hook(body).want(200)
		d.hook(batch(entry(d.page, said("c1", d.page, "r2", "then")))).want(200)
		d.admin.advance(0)
		if got := d.interactions(); len(got) != 1 || !slices.Equal(d.admin.transcript(got[0]), []string{"once", "then"}) {
			t.Errorf("there are %d interactions, the first with %q", len(got), d.admin.transcript(got[0]))
		}
	})
}
