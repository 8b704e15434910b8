package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestErasure erases contacts: nothing of them is left, and nothing brings them back.
func TestErasure(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"nothing is left", erasureLeavesNothing},
		part{"what is repeated brings nobody back", erasureReplay},
		part{"a conversation ends", erasureEndsConversation},
		part{"who may", erasureScopes},
		part{"what is noted or repeated afterwards", erasureAfterwards},
	)
}

// erase erases a contact, and waits until nothing is left.
func (d deskSetup) erase(contact string) (proof answer) {
	d.admin.t.Helper()
	cursor := d.admin.do("DELETE", "/v1/contacts/"+contact, nil).want(204).header.Get("Event-Cursor")
	d.admin.do("GET", "/v1/contacts/"+contact, nil).code(404, "contact.not_found")
	e, _ := d.admin.await(cursor, "contact.erased", "")
	if e.get("subject") != contact {
		d.admin.t.Errorf("the event is of %s", e.body)
	}
	return d.admin.do("GET", "/v1/contacts/"+contact+"/erasure", nil).want(200)
}

// erasureLeavesNothing looks for everything by which a customer could be known, in
// the database, its files and the folder of files.
func erasureLeavesNothing(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "c1"
	contact := d.contact(address)
	d.admin.do("PATCH", "/v1/contacts/"+contact, map[string]any{"display_name": "Kim Park", "customer_id": "customer-4711", "notes": "is deaf"}).want(200)
	d.tell(said(address, d.page, "m_erase"+d.page, "my card is lost"))
	file := ana.upload("secret.png", "image/png", picture).want(201).get("id")
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "I have sent a form", "attachment_ids": []string{file}}).want(202)
	d.admin.advance(0)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "notes": "lives in Basel"}).want(200)
	d.admin.advance(0)
	p.eventually(time.Now(), "a receipt is on its way", func() bool { // what comes after the erasure is not looked for here
		return slices.ContainsFunc(p.columns("SELECT status FROM messages WHERE direction = 'outbound'"), func(s string) bool { return s != "delivered" })
	})
	mids := p.columns("SELECT platform_message_id FROM messages WHERE platform_message_id IS NOT NULL")
	began := time.Now()
	proof := d.erase(contact)
	if proof.get("state") != "finished" || proof.get("counts.messages") != "5" || proof.get("counts.notes") != "1" || proof.get("counts.attachments") != "1" || proof.get("counts.identities") != "1" {
		t.Errorf("the proof is %s", proof.body)
	}
	for _, m := range ana.messages(i) {
		if text(lookup(m, "text")) != "" || text(lookup(m, "tombstone")) != "erased" || text(lookup(m, "attachments")) != "[]" {
			t.Errorf("left of a message is %s", text(m))
		}
	}
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200); strings.Contains(got.get("contact"), address+"\"") || strings.Contains(got.get("contact"), "Kim") {
		t.Errorf("left of the contact is %s", got.get("contact"))
	}
	if got := ana.do("GET", "/v1/interactions/"+i+"/wrap-up", nil).want(200); got.get("notes") != "" {
		t.Errorf("left of the wrap-up is %s", got.body)
	}
	for _, query := range []string{"SELECT address FROM contacts", "SELECT address FROM threads", "SELECT alias FROM threads", "SELECT contact FROM inbox", "SELECT dedupe_key FROM inbox", "SELECT platform_message_id FROM attempts WHERE platform_message_id IS NOT NULL",
		"SELECT platform_message_id FROM messages WHERE platform_message_id IS NOT NULL", "SELECT data FROM events", "SELECT customer_id FROM contacts WHERE customer_id IS NOT NULL", "SELECT counts FROM contact_erasures"} {
		for _, value := range p.columns(query) {
			for _, trace := range append(mids, "Kim", "4711", "m_erase"+d.page) {
				if strings.Contains(value, trace) || value == address {
					t.Errorf("%s still gives %s", query, value)
				}
			}
		}
	}
	p.eventually(began, "a file's bytes are left", func() bool { return p.filesHave([]byte(picture)) })
	p.eventually(began, "the database's files have a name", func() bool { return p.databaseHas("m_erase"+d.page) || p.databaseHas("customer-4711") })
}

// eventually waits until something that is left is gone, for ten seconds since the erasure.
func (p *program) eventually(began time.Time, what string, left func() bool) {
	p.t.Helper()
	for left() {
		if time.Since(began) > 10*time.Second {
			p.t.Fatalf("after ten seconds: %s", what)
		}
		p.admin().advance(0)
	}
}

// filesHave looks for bytes in the folder of files.
func (p *program) filesHave(content []byte) (found bool) {
	p.t.Helper()
	err := filepath.Walk(p.config.DataDir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(path)
		found = found || err == nil && bytes.Contains(raw, content)
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// databaseHas looks for a text in SQLite's files; PostgreSQL's are the server's.
func (p *program) databaseHas(trace string) bool {
	p.t.Helper()
	file, lite := strings.CutPrefix(string(p.config.DatabaseURL), "sqlite:")
	if !lite {
		return false
	}
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		p.t.Fatalf("%v (%v)", files, err)
	}
	for _, name := range files {
		if raw, err := os.ReadFile(name); err == nil && bytes.Contains(raw, []byte(trace)) {
			return true
		}
	}
	return false
}

// erasureReplay repeats webhooks from before an erasure, and lets the same person write anew.
func erasureReplay(t *testing.T, p *program) {
	d := p.desk(0, nil)
	old := said("c1", d.page, "m_old"+d.page, "from before")
	d.tell(old)
	first := d.contact("c1")
	d.erase(first)
	d.tell(old)
	d.tell(said("c1", d.page, "m_late"+d.page, "late, and from before"), event("c1", d.page, "message", map[string]any{"mid": "m_old" + d.page, "is_deleted": true}))
	if n := len(d.admin.list("/v1/contacts?channel_id=" + d.channel)); n != 0 {
		t.Fatalf("a repeated webhook brought back %d contacts", n)
	}
	if n := len(d.interactions()); n != 1 {
		t.Errorf("there are %d interactions", n)
	}
	if slices.Contains(p.columns("SELECT account_id || ' ' || contact FROM inbox"), d.page+" c1") {
		t.Error("what was repeated is kept")
	}
	d.writes("c1", "somebody new")
	d.admin.advance(0)
	second := d.contact("c1")
	if second == first {
		t.Error("who writes again is the erased contact")
	}
	d.tell(old)
	if got := each(d.admin.list("/v1/contacts/"+second+"/history"), "text"); len(got) != 1 || got[0] != "somebody new" {
		t.Errorf("the new contact's history is %q", got)
	}
}

// erasureEndsConversation erases who is in a conversation, and who waits.
func erasureEndsConversation(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	ana.presence("away")
	d.writes("c2", "waiting")
	d.admin.advance(0)
	sent := len(d.sent())
	d.erase(d.contact("c1"))
	d.erase(d.contact("c2"))
	for _, talk := range d.interactions() {
		if text(lookup(talk, "state")) != "disconnected" || text(lookup(talk, "disconnect_type")) != "admin" {
			t.Errorf("a conversation with nobody is %s", text(talk))
		}
	}
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "are you there?"}).want(409)
	d.admin.advance(0)
	if after := len(d.sent()); after != sent {
		t.Errorf("%d calls went to the platform after the erasure", after-sent)
	}
}

// erasureAfterwards repeats requests about somebody who was erased, and notes
// something of them: nothing of it is kept.
func erasureAfterwards(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address, contact := "/v1/interactions/"+i, "/v1/contacts/"+d.contact("c1")
	ana.do("POST", address+"/replies", map[string]any{"text": "Dear Ms Park"}, "Idempotency-Key", "reply").want(202)
	d.admin.do("PATCH", contact, map[string]any{"display_name": "Kim Park"}, "Idempotency-Key", "name").want(200)
	ana.do("POST", address+"/end", nil).want(200)
	kept := func() int {
		return len(p.columns("SELECT key FROM idempotency_keys WHERE key IN ('reply', 'name') AND subject_id IN ('" + i + "', '" + path.Base(contact) + "')"))
	}
	if kept() != 2 {
		t.Fatalf("%d answers are kept", kept())
	}
	cursor := d.admin.do("DELETE", contact, nil, "Idempotency-Key", "erase").want(204).header.Get("Event-Cursor")
	d.admin.await(cursor, "contact.erased", "")
	if kept() != 0 {
		t.Errorf("%d answers are still kept", kept())
	}
	d.admin.do("DELETE", contact, nil, "Idempotency-Key", "erase").want(204)
	ana.do("POST", address+"/replies", map[string]any{"text": "Dear Ms Park"}, "Idempotency-Key", "reply").want(409)
	d.admin.do("PATCH", contact, map[string]any{"display_name": "Kim Park"}, "Idempotency-Key", "name").code(404, "contact.not_found")
	noted := map[string]any{"code_ids": d.codes[:1], "notes": "is Ms Park"}
	ana.do("PUT", address+"/wrap-up", noted, "Idempotency-Key", "notes").code(422, "wrap_up.contact_erased").holds(map[string]string{"errors.0.pointer": "/notes"})
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "notes": ""}).want(200)
}

func erasureScopes(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.writes("c1", "hello")
	d.admin.advance(0)
	path := "/v1/contacts/" + d.contact("c1")
	d.admin.with("externalContacts:contact:edit", "externalContacts:contact:view").do("DELETE", path, nil).code(403, "permission.missing")
	d.admin.do("DELETE", path, nil, "If-Match", `"7"`).code(412, "precondition.failed")
	d.admin.do("DELETE", path+"?validate_only=true", nil).want(200)
	d.admin.do("GET", path, nil).want(200)
	d.admin.do("GET", path+"/erasure", nil).code(404, "erasure.not_found")
	d.erase(strings.TrimPrefix(path, "/v1/contacts/"))
	d.admin.do("DELETE", path, nil).code(404, "contact.not_found")
	d.admin.do("PATCH", path, map[string]any{"notes": "x"}).code(404, "contact.not_found")
	d.admin.do("GET", path+"/history", nil).code(404, "contact.not_found")
}
