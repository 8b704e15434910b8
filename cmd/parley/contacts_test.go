package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestC15_HistoryAcrossAgentsAndChannels also proves what contacts are for C22.
func TestC15_HistoryAcrossAgentsAndChannels(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"C15 other agents' conversations", historyOfOthers},
		part{"C22 the history of a contact on two channels", historyOnChannels},
		part{"C22 pages of a history while it grows", historyGrows},
		part{"C05 B15 names", contactNames},
		part{"changes", contactChanges},
	)
}

// contact finds the desk's contact by the id at the platform.
func (d deskSetup) contact(address string) string {
	d.admin.t.Helper()
	found := d.admin.list("/v1/contacts?channel_id=" + d.channel + "&address=" + address)
	if len(found) != 1 {
		d.admin.t.Fatalf("%d contacts are %s", len(found), address)
	}
	return text(lookup(found[0], "id"))
}

// historyOfOthers shows an agent what a customer said to another, while they have the customer.
func historyOfOthers(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "first question")
	first, cursor := ana.accepted("")
	ana.says(first, "first answer")
	ana.do("POST", "/v1/interactions/"+first+"/end", nil).want(200)
	ana.presence("away")
	contact := d.contact("c1")
	ben.do("GET", "/v1/contacts/"+contact, nil).code(404, "contact.not_found")
	ben.do("GET", "/v1/contacts/"+contact+"/history", nil).code(404, "contact.not_found")
	if len(ben.list("/v1/contacts")) != 0 {
		t.Error("an agent lists a contact whom they never had")
	}
	ben.onQueue()
	d.writes("c1", "second question")
	second, _ := ben.accepted(cursor)
	d.admin.advance(0)
	want := []string{"first question", "first answer", "Agent 1 has left the chat.", "second question"}
	history := ben.list("/v1/contacts/" + contact + "/history")
	if got := each(history, "text"); !slices.Equal(got, want) {
		t.Errorf("the history is %q, not %q", got, want)
	}
	if got := slices.Compact(each(history, "interaction_id")); !slices.Equal(got, []string{first, second}) {
		t.Errorf("it is of the interactions %q", got)
	}
	if got := each(ben.list("/v1/interactions?order=asc&contact_id="+contact), "id"); !slices.Equal(got, []string{first, second}) {
		t.Errorf("the interactions are %q", got)
	}
	ben.do("POST", "/v1/interactions/"+second+"/end", nil).want(200)
	ben.do("PUT", "/v1/interactions/"+second+"/wrap-up", map[string]any{"code_ids": []string{}}).want(200)
	// Who no longer has the customer keeps what was theirs.
	if got := each(ben.list("/v1/contacts/"+contact+"/history"), "interaction_id"); slices.Contains(got, first) || !slices.Contains(got, second) {
		t.Errorf("afterwards it is of the interactions %q", got)
	}
	d.admin.with("externalContacts:contact:view").do("GET", "/v1/contacts/"+contact+"/history", nil).code(403, "permission.missing")
	d.admin.with("externalContacts:conversation:view").do("GET", "/v1/contacts/"+contact, nil).code(403, "permission.missing")
}

// historyOnChannels joins what one customer said on two channels, once somebody says that it is one.
func historyOnChannels(t *testing.T, p *program) {
	d, other := p.desk(0, nil), p.desk(0, nil)
	d.writes("c1", "on one")
	d.admin.advance(1)
	other.writes("c9", "on another")
	d.admin.advance(1)
	d.writes("c1", "on one again")
	d.admin.advance(0)
	one, another := d.contact("c1"), other.contact("c9")
	read := func(contact string) string {
		return strings.Join(each(d.admin.list("/v1/contacts/"+contact+"/history"), "text"), ", ")
	}
	if got := read(one); got != "on one, on one again" {
		t.Errorf("nobody said that the two are one, and the history is %q", got)
	}
	customer := "customer " + d.page
	for _, contact := range []string{one, another} {
		d.admin.do("PATCH", "/v1/contacts/"+contact, map[string]any{"customer_id": customer}).want(200)
	}
	if got := read(one); got != "on one, on another, on one again" || got != read(another) {
		t.Errorf("the history is %q", got)
	}
	if got := each(d.admin.list("/v1/contacts/"+one+"/history"), "channel.id"); !slices.Equal(got, []string{d.channel, other.channel, d.channel}) {
		t.Errorf("it comes from %q", got)
	}
	if got := each(d.admin.list("/v1/contacts?order=asc&customer_id="+strings.ReplaceAll(customer, " ", "%20")), "id"); !slices.Equal(got, []string{one, another}) {
		t.Errorf("the customer has the contacts %q", got)
	}
}

func historyGrows(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for n := range 7 {
		d.writes("c1", fmt.Sprint(n))
	}
	d.admin.advance(0)
	path, more := "/v1/contacts/"+d.contact("c1")+"/history?", 7
	got := each(d.admin.pages(path, 2, func(page int) {
		if page < 3 {
			d.writes("c1", fmt.Sprint(more))
			more++
			d.admin.advance(0)
		}
	}), "text")
	if strings.Join(got, "") != "0123456789" {
		t.Errorf("the pages have %q", got)
	}
	got = each(d.admin.pages(path+"order=desc", 3, func(int) {
		d.writes("c1", "new")
		d.admin.advance(0)
	}), "text")
	if strings.Join(got, "") != "9876543210" {
		t.Errorf("newest first the pages have %q", got)
	}
}

// contactNames shows a name where somebody told one, and the address where nobody did.
func contactNames(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	path := "/v1/contacts/" + d.contact("c1")
	if got := ana.do("GET", path, nil).want(200); got.get("display_name") != "c1" || got.get("profile_name") != "" || got.get("address") != "c1" {
		t.Errorf("of a profile that tells no name it says %s", got.body)
	}
	ana.do("PATCH", path, map[string]any{"display_name": "Kim"}).code(403, "permission.missing")
	d.admin.do("PATCH", path, map[string]any{"display_name": "Kim", "notes": "writes at night"}).want(200)
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("contact.display_name") != "Kim" || got.get("contact.address") != "c1" {
		t.Errorf("the interaction has %s", got.get("contact"))
	}
	if got := d.admin.do("PATCH", path, map[string]any{"display_name": nil}).want(200); got.get("display_name") != "c1" || got.get("notes") != "writes at night" {
		t.Errorf("without a name of its own it is %s", got.body)
	}
	for _, dump := range p.columns("SELECT content FROM contacts") {
		if strings.Contains(dump, "night") {
			t.Error("what was noted of a customer stands in clear in the database")
		}
	}
}

// columns gives the values of a query's only column.
func (p *program) columns(query string) (values []string) {
	p.t.Helper()
	db := p.database()
	defer db.Close()
	rows, err := db.QueryContext(p.t.Context(), query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&value); err != nil {
			p.t.Fatal(err)
		}
		values = append(values, string(value))
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return values
}

func contactChanges(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.writes("c1", "hello")
	d.admin.advance(0)
	path := "/v1/contacts/" + d.contact("c1")
	was := d.admin.do("GET", path, nil).want(200)
	changed := d.admin.do("PATCH", path, map[string]any{"customer_id": "C-1"}, "If-Match", was.header.Get("ETag")).want(200)
	if changed.get("version") != "2" || changed.get("customer_id") != "C-1" {
		t.Errorf("changed, it is %s", changed.body)
	}
	if e, _ := d.admin.await(changed.header.Get("Event-Cursor"), "contact.updated", ""); e.get("subject") != was.get("id") || strings.Contains(string(e.body), "C-1") {
		t.Errorf("the event is %s", e.body)
	}
	d.admin.do("PATCH", path, map[string]any{"customer_id": "C-2"}, "If-Match", was.header.Get("ETag")).code(412, "precondition.failed")
	d.admin.do("PATCH", path, map[string]any{"address": "c2"}).want(400)
	d.admin.do("PATCH", path+"?validate_only=true", map[string]any{"customer_id": "C-3"}).want(200)
	if got := d.admin.do("GET", path, nil).want(200); got.get("version") != "2" {
		t.Errorf("a trial left %s", got.body)
	}
}
