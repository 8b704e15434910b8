package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestErasureOverAKill ends the program with SIGKILL while contacts are erased: when it is
// there again, the erasure goes on where it was, nothing is left of them, and the proof counts
// all of it.
func TestErasureOverAKill(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		b := startBinary(t, database)
		b.neverLogs("Basel")
		d := newDesk(newCaller(t, b.URL()).login(testClient, testSecret), 0, nil)
		for _, when := range []string{"at-once", "in-its-midst"} {
			d.writesMuch(when, 100)
			contact := d.contact(when)
			i := text(lookup(d.admin.list("/v1/interactions?contact_id=" + contact)[0], "id"))
			cursor := d.admin.do("DELETE", "/v1/contacts/"+contact, nil).want(204).header.Get("Event-Cursor")
			proof := func() answer { return d.admin.do("GET", "/v1/contacts/"+contact+"/erasure", nil).want(200) }
			for when == "in-its-midst" && proof().get("counts.messages") == "0" { // the loop is at it
			}
			b.kill9()
			b.restart()
			d.admin.do("GET", "/v1/contacts/"+contact, nil).code(404, "contact.not_found")
			d.admin.await(cursor, "contact.erased", "")
			proof().holds(map[string]string{"state": "finished", "counts.messages": "100", "counts.inbox_events": "100", "counts.identities": "1"})
			for path, left := range map[string]string{"/v1/interactions/" + i + "/messages?limit=200": "Basel", "/v1/interactions/" + i: when, "/v1/events?limit=200": "Basel"} {
				if got := string(d.admin.do("GET", path, nil).want(200).body); strings.Contains(got, left) {
					t.Errorf("%s: left is %s", when, got)
				}
			}
		}
		d.holdTrue()
	})
}

// writesMuch lets a customer write n messages, and waits until they are in the transcript.
func (d deskSetup) writesMuch(from string, n int) {
	d.admin.t.Helper()
	events := make([]string, n)
	for k := range events {
		events[k] = said(from, d.page, fmt.Sprint("m_", from, d.page, k), fmt.Sprint("I live in Basel ", k))
	}
	d.tell(events...)
}
