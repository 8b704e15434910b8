package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestC20_CardDataIsHunted says a card's number wherever anybody can say anything, in both
// directions, and looks for it in all that the program writes: its answers, its events, its
// log, the files of the database and of its write-ahead log.
func TestC20_CardDataIsHunted(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		began, b, card := time.Now().Add(-time.Second), startBinary(t, database), anyCard()
		b.neverLogs(card, strings.ReplaceAll(card, " ", ""))
		d := newDesk(newCaller(t, b.URL()).login(testClient, testSecret), 2, nil)
		h := &hunt{t: t, card: card}
		h.heard(d)
		h.written(d)
		h.asked(d)
		d.admin.advance(0)
		for _, path := range []string{"/v1/events?limit=200", "/v1/contacts?limit=200", "/v1/interactions?limit=200", "/metrics", "/v1/audit-log?limit=200"} {
			h.looks(path, d.admin.do("GET", path, nil).body)
		}
		d.admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": "magpie"}).want(201)
		h.files(database, began)
	})
}

// anyCard makes a card's number that no other test has, as other tests write into the same server's files.
func anyCard() string {
	for {
		number := fmt.Sprintf("4%015d", rand.Int64N(1e15))
		sum := 0
		for n, c := range number {
			v := int(c - '0')
			if n%2 == 0 {
				if v *= 2; v > 9 {
					v -= 9
				}
			}
			sum += v
		}
		if sum%10 == 0 {
			return number[:4] + " " + number[4:8] + " " + number[8:12] + " " + number[12:]
		}
	}
}

// hunt looks for a card's number.
type hunt struct {
	t    *testing.T
	card string
}

// looks searches something that was written, with separators and without.
func (h *hunt) looks(where string, content []byte) {
	h.t.Helper()
	for _, form := range []string{h.card, strings.ReplaceAll(h.card, " ", ""), url.QueryEscape(h.card)} {
		if at := bytes.Index(content, []byte(form)); at >= 0 {
			h.t.Errorf("%s has %q", where, content[max(0, at-120):min(len(content), at+40)])
		}
	}
}

// heard lets a customer say the number in every way that a webhook has.
func (h *hunt) heard(d deskSetup) {
	d.agents[0].onQueue()
	d.tell(said("c1", d.page, "m_1"+d.page, "It is "+h.card))
	d.tell(event("c1", d.page, "message_edit", map[string]any{"mid": "m_1" + d.page, "text": "No: " + h.card, "num_edit": 1}),
		event("c1", d.page, "message", map[string]any{"mid": "m_2" + d.page, "text": h.card, "quick_reply": map[string]any{"payload": h.card}}),
		event("c1", d.page, "postback", map[string]any{"mid": "m_3" + d.page, "title": h.card, "payload": h.card}),
		event("c1", d.page, "referral", map[string]any{"ref": h.card, "source": "SHORTLINK", "type": "OPEN_THREAD"}),
		event("c1", d.page, "reaction", map[string]any{"mid": "m_1" + d.page, "action": "react", "reaction": h.card, "emoji": "👍"}),
		event(d.page, "c1", "message", map[string]any{"mid": "m_4" + d.page, "is_echo": true, "text": h.card}),
		event("c1", d.page, "message", map[string]any{"mid": "m_5" + d.page, "attachments": []any{map[string]any{"type": "fallback", "title": h.card, "payload": map[string]any{"title": h.card, "url": "https://example.com/" + url.PathEscape(h.card)}}}}),
		event("c1", d.page, "something_new", map[string]any{"mid": "m_6" + d.page, "text": h.card}))
	d.hook(`{"object":"page","entry":[{"id":"` + d.page + `","messaging":"` + h.card + `"}]}`)
	d.hook(h.card)
}

// written lets an agent, and an administrator, write the number wherever they can.
func (h *hunt) written(d deskSetup) {
	ana, ben := d.agents[0], d.agents[1]
	i, _ := ana.accepted("")
	address := "/v1/interactions/" + i
	canned := d.admin.canned(map[string]any{"name": h.card, "text": "Paid with {{card}}, " + h.card, "substitutions": []string{"card"}})
	for path, body := range map[string]any{
		"POST " + address + "/replies":          map[string]any{"text": "You said " + h.card},
		"POST " + address + "/replies?":         map[string]any{"canned_response_id": canned, "substitutions": map[string]string{"card": h.card}},
		"POST " + address + "/compose":          map[string]any{"text": h.card},
		"PUT " + address + "/draft":             map[string]any{"text": h.card},
		"POST " + address + "/transfers":        map[string]any{"target": map[string]any{"type": "agent", "id": d.ids[1]}, "mode": "attended", "note": h.card},
		"PATCH /v1/contacts/" + d.contact("c1"): map[string]any{"display_name": h.card, "customer_id": h.card, "notes": h.card},
		"POST /v1/attachments":                  map[string]any{"file_name": h.card + ".png", "content_type": "image/png", "size": len(picture), "sha256": digest(picture)},
	} {
		method, path, _ := strings.Cut(path, " ")
		who := ana
		if strings.Contains(path, "contacts") {
			who = d.admin
		}
		made := who.do(method, path, body, "Idempotency-Key", path+" "+h.card)
		h.looks(method+" "+path, made.body)
		if again := who.do(method, path, body, "Idempotency-Key", path+" "+h.card); made.status < 300 && !strings.HasSuffix(path, "compose") && again.header.Get("Idempotent-Replayed") != "true" {
			h.t.Errorf("%s is not known again by its key: %d", path, again.status)
		}
	}
	refused := ana.do("POST", address+"/replies", map[string]any{"text": "again", "client_message_id": "id " + h.card}).code(422, "pci.card_data_detected")
	h.looks("a refusal", refused.holds(map[string]string{"errors.0.pointer": "/client_message_id"}).body)
	h.looks("an upload", ana.upload(h.card+".png", "image/png", picture).body)
	if offer := ben.do("GET", address, nil).get("offer.id"); offer != "" {
		h.looks("a refusal", ben.do("POST", address+"/decline", map[string]any{"offer_id": offer, "reason": h.card}).body)
	}
	h.looks("a presence", ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away", "note": h.card}).body)
	ana.do("DELETE", address+"/draft", nil)
	d.admin.advance(0)
	ana.do("POST", address+"/end", nil)
	h.looks("a wrap-up", ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "notes": "Paid with " + h.card}).body)
	for _, path := range []string{address, address + "/messages?limit=200", address + "/wrap-up", address + "/transfers", address + "/draft", address + "/replies"} {
		h.looks(path, ana.do("GET", path, nil).body)
	}
}

// asked puts the number into what is only asked, and into what is refused.
func (h *hunt) asked(d deskSetup) {
	for _, path := range []string{"/v1/interactions?q=", "/v1/contacts?customer_id=", "/v1/contacts?address=", "/v1/canned-responses?q=", "/v1/transfer-targets?type=agent&q=", "/v1/agents?unknown=", "/v1/interactions/", "/v1/events?cursor=", "/"} {
		h.looks(path, d.admin.do("GET", path+url.PathEscape(h.card), nil).body)
	}
	h.looks("a refusal", d.admin.do("POST", "/v1/queues", map[string]any{"name": 1, h.card: h.card}).body)
}

// files searches what is on disk of the database.
func (h *hunt) files(databaseURL string, since time.Time) {
	h.t.Helper()
	folders := []string{filepath.Dir(strings.TrimPrefix(databaseURL, "sqlite:"))}
	if !strings.HasPrefix(databaseURL, "sqlite:") {
		folders = h.folders(databaseURL)
	}
	known := false
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			h.t.Fatalf("the server's disk cannot be read, so nothing is proved; scripts/test starts a server whose disk can: %v", err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err != nil || !info.Mode().IsRegular() || info.ModTime().Before(since) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				continue // it was taken away
			}
			h.looks(e.Name(), content)
			known = known || bytes.Contains(content, []byte("magpie"))
		}
	}
	if !known {
		h.t.Error("the search does not even find what is there")
	}
}

// folders are where the server keeps the database, all of it written down, and its log.
func (h *hunt) folders(databaseURL string) []string {
	h.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "CHECKPOINT"); err != nil {
		h.t.Fatal(err)
	}
	var data, number string
	if err := c.QueryRow(ctx, "SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()").Scan(&data, &number); err != nil {
		h.t.Fatal(err)
	}
	return []string{filepath.Join(data, "base", number), filepath.Join(data, "pg_wal")}
}
