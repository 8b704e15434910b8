package main

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// TestValidateOnly asks every write of the contract whether it would be carried
// out. Nothing changes in any table, and the answer is that of the write itself.
func TestValidateOnly(t *testing.T) {
	t.Parallel()
	onEach(t, part{"changes nothing", tryChangesNothing}, part{"an offer", tryOffer}, part{"the form", tryForm})
}

// tables reads the whole database: each row of each table, as text.
func (p *program) tables(db *sql.DB) map[string][]string {
	p.t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if strings.HasPrefix(string(p.config.DatabaseURL), "postgres") {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	all := map[string][]string{}
	for _, table := range p.column(db, list) {
		all[table] = p.column(db, "SELECT * FROM "+table)
		slices.Sort(all[table])
	}
	return all
}

// column runs a query and writes each of its rows as one text.
func (p *program) column(db *sql.DB, query string) (rows []string) {
	p.t.Helper()
	found, err := db.QueryContext(p.t.Context(), query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	for err == nil && found.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		err = found.Scan(targets...)
		words := make([]string, len(values))
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			words[i] = fmt.Sprint(v)
		}
		rows = append(rows, strings.Join(words, "|"))
	}
	if err := errors.Join(err, found.Err()); err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// differing names the tables that are not the same in both.
func differing(before, after map[string][]string) []string {
	var names []string
	for name := range maps.Keys(after) {
		if !slices.Equal(before[name], after[name]) {
			names = append(names, name)
		}
	}
	return names
}

// tried sends a write with validate_only, and fails if any table is not as it was.
// The program works on by itself: what is still under way after a first try has
// come to rest at the next.
func (p *program) tried(db *sql.DB, w world, o operation) answer {
	p.t.Helper()
	address, body := w.filled(o, place{}, "")
	for again := 0; ; again++ {
		if again > 0 {
			w.desk.admin.advance(0)
		}
		before := p.tables(db)
		got := w.who.do(o.method, address+"?validate_only=true", body, "If-Match", "*", "Idempotency-Key", "tried "+o.id)
		changed := differing(before, p.tables(db))
		if len(changed) > 0 && again < 4 {
			continue
		}
		if len(changed) > 0 {
			p.t.Errorf("%s changed the tables %v", o.id, changed)
		}
		return got
	}
}

func tryChangesNothing(t *testing.T, p *program) {
	w := p.populate(p.admin())
	db := p.database()
	t.Cleanup(func() { w.desk.faults(map[string]any{"mode": "none"}) })
	writes := slices.DeleteFunc(operations(t), func(o operation) bool { return !strings.HasPrefix(o.path, "/v1/") || o.method == "GET" })
	// What takes away comes last, the parts before the whole.
	slices.SortStableFunc(writes, func(a, b operation) int { return destruction(a) - destruction(b) })
	carried := 0
	for _, o := range writes {
		got := p.tried(db, w, o)
		done := w.call(o, place{}, "")
		switch {
		case got.status == 200 && done.status/100 == 2:
			carried++
			if string(got.body) != `{"valid":true}` || got.header.Get("ETag") != "" || got.header.Get("Location") != "" {
				t.Errorf("%s tells of what it did not do: %s %v", o.id, got.body, got.header)
			}
		case got.status != done.status || got.get("code") != done.get("code"):
			t.Errorf("%s would answer %d %s, and then answers %d %s", o.id, got.status, got.body, done.status, done.body)
		}
	}
	if carried < len(writes)/2 {
		t.Errorf("only %d of %d writes would be carried out", carried, len(writes))
	}
}

// destruction orders writes by what they take away.
func destruction(o operation) int {
	switch {
	case strings.HasPrefix(o.path, "/v1/oauth-clients") && o.method == "DELETE":
		return 4
	case strings.HasPrefix(o.path, "/v1/oauth-clients") && o.method != "POST":
		return 3 // it is the caller's own, who loses scopes
	case o.method != "DELETE" && !strings.HasSuffix(o.path, "/end"):
		return 0
	case strings.Count(o.path, "/") > 3:
		return 1
	}
	return 2
}

func tryOffer(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("tried", "hello")
	i, offer, cursor := ana.offered("")
	address := "/v1/interactions/" + i
	for _, c := range []struct{ path, body string }{{"/accept", `{"offer_id":"` + offer + `"}`}, {"/decline", `{"offer_id":"` + offer + `"}`}} {
		ana.do("POST", address+c.path+"?validate_only=true", c.body).want(200)
	}
	ana.do("POST", address+"/replies?validate_only=true", map[string]any{"text": "too early"}).want(409)
	if got := ana.do("GET", address, nil).want(200); got.get("state") != "alerting" || got.get("offer.id") != offer {
		t.Errorf("the interaction is %s", got.body)
	}
	ana.do("POST", address+"/accept", nil).want(200)
	reply := map[string]any{"text": "only tried"}
	ana.do("POST", address+"/replies?validate_only=true", reply, "Idempotency-Key", "offer").want(200)
	d.admin.advance(0)
	if n := len(d.sent()); n != 0 {
		t.Errorf("the platform got %d calls", n)
	}
	if n := len(d.admin.list("/v1/events?types=reply.queued&interaction_id=" + i + "&cursor=" + cursor)); n != 0 {
		t.Errorf("there are %d events", n)
	}
	first := ana.do("POST", address+"/replies", reply, "Idempotency-Key", "offer").want(202)
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the try used up the key")
	}
}

func tryForm(t *testing.T, p *program) {
	admin := p.admin()
	for _, value := range []string{"", "yes", "TRUE", "1"} {
		got := admin.do("POST", "/v1/queues?validate_only="+value, map[string]any{"name": "Tried"}).code(400, "request.invalid")
		if got.get("errors.0.parameter") != "validate_only" || got.get("errors.0.detail") != "It must be true or false." {
			t.Errorf("%q is refused with %s", value, got.body)
		}
	}
	admin.do("POST", "/v1/queues?validate_only=true", map[string]any{"name": 7}).want(400)
	admin.with("routing:queue:view").do("POST", "/v1/queues?validate_only=true", map[string]any{"name": "Tried"}).code(403, "permission.missing")
	admin.do("POST", "/v1/queues?validate_only=true", map[string]any{"name": "Tried", "wrap_up_code_ids": []string{unknownID}}).code(422, "wrap_up_code.unknown")
	if got := admin.do("POST", "/v1/queues?validate_only=false", map[string]any{"name": "Made"}).want(201); got.get("id") == "" {
		t.Errorf("made is %s", got.body)
	}
	admin.do("GET", "/v1/queues?validate_only=true", nil).code(400, "request.invalid")
}
