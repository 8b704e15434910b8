package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLists(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"order", listsOrder},
		part{"pages of setup while it grows", listsGrowing},
		part{"pages of interactions while they grow", listsInteractions},
		part{"pages of a transcript while it grows", listsMessages},
		part{"filters of interactions", listsFilters},
		part{"the log while it grows", listsEvents},
		part{"filters of events", listsEventFilters},
		part{"waiting for events", listsWait},
	)
}

// pages reads a whole list in pages, and lets something happen after each.
func (c *caller) pages(path string, limit int, between func(page int)) []any {
	c.t.Helper()
	var all []any
	cursor := ""
	for page := 0; page < 100; page++ {
		got := c.do("GET", fmt.Sprintf("%s&limit=%d&cursor=%s", path, limit, url.QueryEscape(cursor)), nil).want(200)
		found := items(got, "items")
		if len(found) > limit {
			c.t.Errorf("%s: a page has %d items", path, len(found))
		}
		all = append(all, found...)
		if cursor = got.get("next_cursor"); cursor == "" {
			return all
		}
		if len(found) < limit {
			c.t.Errorf("%s: a page before the last has %d items", path, len(found))
		}
		between(page)
	}
	c.t.Fatalf("%s does not end", path)
	return nil
}

// listsOrder reads every list both ways.
func listsOrder(t *testing.T, p *program) {
	w := p.populate(p.admin())
	t.Cleanup(func() { w.desk.faults(map[string]any{"mode": "none"}) })
	for n := range 3 {
		w.desk.hire(fmt.Sprint("Extra ", n))
	}
	other := p.desk(0, nil) // one more of everything else
	other.writes("another-contact", "hello")
	other.admin.advance(0)
	w.desk.admin.do("PUT", "/v1/queues/"+other.queue+"/members/"+w.own["agent"], map[string]any{}).want(200)
	for _, path := range []string{"/v1/skills", "/v1/multimedia-profiles"} {
		w.desk.admin.do("POST", path, map[string]any{"name": "Extra"}).want(201)
	}
	w.desk.admin.do("POST", "/v1/canned-response-libraries", map[string]any{"name": "Extra"}).want(201)
	w.desk.admin.do("POST", "/v1/canned-responses", map[string]any{"name": "Extra", "text": "Extra"}).want(201)
	w.desk.admin.do("POST", "/v1/token-issuers", tokenIssuer("https://extra.example")).want(201)
	w.desk.hook("not JSON either").want(200)
	for _, o := range operations(t) {
		if !slices.Contains(names(o), "order") {
			continue
		}
		path := w.call(o, place{}, "").want(200).what
		path = strings.TrimPrefix(path, "GET ")
		key := "id"
		if other := map[string]string{"listQueueMembers": "agent_id", "listAgentQueues": "queue_id"}[o.id]; other != "" {
			key = other
		}
		normal, asc, desc := each(w.who.list(path+"?limit=200"), key), each(w.who.list(path+"?limit=200&order=asc"), key), each(w.who.list(path+"?limit=200&order=desc"), key)
		oldestFirst := o.id == "listMessages" || o.id == "listReplies" || o.id == "listContactHistory"
		if oldestFirst && !slices.Equal(normal, asc) || !oldestFirst && !slices.Equal(normal, desc) {
			t.Errorf("%s: unless asked otherwise it is %q", o.id, normal)
		}
		slices.Reverse(desc)
		if !slices.Equal(asc, desc) || !slices.IsSorted(asc) { // ids are made in the order of time
			t.Errorf("%s: oldest first %q, newest first %q", o.id, asc, desc)
		}
		if o.id != "listReplies" && len(asc) < 2 {
			t.Errorf("%s lists too little to have an order", o.id)
		}
	}
}

func listsGrowing(t *testing.T, p *program) {
	admin := p.admin()
	add := func(name string) string {
		return admin.do("POST", "/v1/queues", map[string]any{"name": name}).want(201).get("id")
	}
	for n := range 7 {
		add(fmt.Sprint("Page ", n))
	}
	there := each(admin.list("/v1/queues?limit=200"), "id")
	// Newest first: what is added comes before the first page, and is not seen.
	got := each(admin.pages("/v1/queues?order=desc", 2, func(page int) { add(fmt.Sprint("Added ", page)) }), "id")
	if !slices.Equal(got, there) {
		t.Errorf("the pages have %q, the list had %q", got, there)
	}
	// Oldest first: what is added comes at the end, once.
	added := []string{}
	got = each(admin.pages("/v1/queues?order=asc", 3, func(page int) {
		if page < 2 {
			added = append(added, add(fmt.Sprint("Added again ", page)))
		}
	}), "id")
	if now := each(admin.list("/v1/queues?limit=200&order=asc"), "id"); !slices.Equal(got, now) || !slices.Equal(got[len(got)-2:], added) {
		t.Errorf("the pages have %q, the list has %q", got, now)
	}
	// What is deleted meanwhile moves nothing.
	gone := there[3]
	got = each(admin.pages("/v1/queues?order=desc", 2, func(page int) {
		if page == 0 {
			admin.do("DELETE", "/v1/queues/"+gone, nil).want(204)
		}
	}), "id")
	if slices.Contains(got, gone) || !slices.Equal(got, each(admin.list("/v1/queues?limit=200"), "id")) {
		t.Errorf("the pages have %q", got)
	}
	if full := admin.do("GET", "/v1/queues?limit=1", nil).want(200); full.get("items.#") != "1" || full.get("next_cursor") == "" {
		t.Errorf("a page of one is %s", full.body)
	}
}

func listsInteractions(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for n := range 9 {
		d.writes(fmt.Sprint("c", n), "hello")
	}
	d.admin.advance(0)
	there := each(d.interactions(), "id")
	more := 0
	write := func(int) {
		more++
		d.writes(fmt.Sprint("d", more), "hello")
		d.admin.advance(0)
	}
	path := "/v1/interactions?queue_id=" + d.queue
	got := each(d.admin.pages(path, 2, write), "id")
	slices.Reverse(got)
	if !slices.Equal(got, there) {
		t.Errorf("the pages have %q, the list had %q", got, there)
	}
	got = each(d.admin.pages(path+"&order=asc", 4, func(int) {}), "id")
	if !slices.Equal(got, each(d.interactions(), "id")) || len(got) != 9+more {
		t.Errorf("the pages have %q", got)
	}
	cursor := d.admin.do("GET", path+"&limit=2", nil).want(200).get("next_cursor")
	d.admin.do("GET", path+"&limit=2&state=queued&cursor="+cursor, nil).code(400, "request.invalid_cursor") // other filters
	d.admin.do("GET", path+"&limit=5&cursor="+cursor, nil).want(200)                                        // another size is fine
}

func listsMessages(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for n := range 7 {
		d.writes("c1", fmt.Sprint(n))
	}
	d.admin.advance(0)
	path := "/v1/interactions/" + text(lookup(d.interactions()[0], "id")) + "/messages?"
	more := 7
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
	if n := len(d.admin.list(path + "visibility=public")); n != 0 {
		t.Errorf("%d messages are public", n)
	}
	if n := len(d.admin.list(path + "visibility=private")); n < 10 {
		t.Errorf("%d messages are private", n)
	}
	expanded := d.admin.do("GET", strings.TrimSuffix(path, "/messages?")+"?expand=messages,contact,participants", nil).want(200)
	if got := each(items(expanded, "messages"), "id"); !slices.Equal(got, each(d.admin.list(path+"limit=200"), "id")) {
		t.Errorf("with the interaction come %q", got)
	}
}

func listsFilters(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	cursor := ""
	var ids []string
	for n := range 3 {
		d.writes(fmt.Sprint("c", n), "hello")
		var i string
		i, cursor = ana.accepted(cursor)
		ids = append(ids, i)
	}
	disconnected, connected := ids[0], ids[1:]
	ana.do("POST", "/v1/interactions/"+disconnected+"/end", nil).want(200)
	d.writes("c3", "hello")
	alerting, _, _ := ana.offered(cursor)
	ana.presence("away")
	d.admin.advance(1)
	between := d.admin.do("GET", "/sandbox/clock", nil).want(200).get("now")
	d.admin.advance(1)
	d.writes("c4", "hello")
	d.admin.advance(0)
	all := d.interactions()
	queued := text(lookup(all[4], "id"))
	contact := text(lookup(all[2], "contact.id"))
	here := "&queue_id=" + d.queue
	for _, c := range []struct {
		who   *caller
		query string
		want  []string
	}{
		{d.admin, "state=queued" + here, []string{queued}},
		{d.admin, "state=alerting" + here, []string{alerting}},
		{d.admin, "state=connected" + here, connected},
		{d.admin, "state=disconnected" + here, []string{disconnected}},
		{d.admin, "state=queued,alerting" + here, []string{alerting, queued}},
		{d.admin, "state=held,transferring,bot,conference,conference_requested" + here, nil},
		{d.admin, "agent_id=" + d.ids[0], []string{disconnected, connected[0], connected[1], alerting}},
		{d.admin, "agent_id=" + d.ids[0] + "&state=connected", connected},
		{d.admin, "agent_id=" + d.ids[1], nil},
		{ana, "agent_id=me", []string{disconnected, connected[0], connected[1], alerting}},
		{ana, "agent_id=me&state=alerting", []string{alerting}},
		{ana, "agent_id=me&state=alerting,connected", []string{connected[0], connected[1], alerting}},
		{ana, "agent_id=me&state=disconnected", []string{disconnected}},
		{ana, "agent_id=me&state=queued", nil},
		{ben, "agent_id=me", nil},
		{d.admin, "contact_id=" + contact, []string{ids[2]}},
		{d.admin, "contact_id=" + contact + "&state=queued", nil},
		{d.admin, "created_after=" + url.QueryEscape(between) + here, []string{queued}},
		{d.admin, "created_after=2999-01-01T00:00:00Z" + here, nil},
		{d.admin, "created_after=2001-01-01T00:00:00%2B01:00" + here, each(all, "id")},
		{d.admin, "channel_kind=messenger" + here, each(all, "id")},
		{d.admin, "queue_id=" + unknownID, nil},
	} {
		if got := each(c.who.list("/v1/interactions?order=asc&limit=200&"+c.query), "id"); !slices.Equal(got, c.want) {
			t.Errorf("%s gives %q, not %q", c.query, got, c.want)
		}
	}
}

func listsEvents(t *testing.T, p *program) {
	d := p.desk(0, nil)
	const writers, messages = 4, 12
	var mu sync.Mutex
	seen, done := []string{}, make(chan struct{})
	began := d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{}).want(200).header.Get("Event-Cursor")
	go func() { // a reader, while it grows
		defer close(done)
		for cursor := began; ; {
			got := d.admin.do("GET", "/v1/events?limit=3&wait=10&types=message.received&queue_id="+d.queue+"&cursor="+url.QueryEscape(cursor), nil)
			cursor = got.get("next_cursor")
			mu.Lock()
			seen = append(seen, each(items(got, "items"), "data.message_id")...)
			enough := len(seen) >= writers*messages || len(items(got, "items")) == 0
			mu.Unlock()
			if enough {
				return
			}
		}
	}()
	together(writers, func(w int) {
		for n := range messages {
			d.writes(fmt.Sprint("w", w), fmt.Sprint(n))
		}
	})
	<-done
	if once := slices.Compact(slices.Sorted(slices.Values(seen))); len(seen) != writers*messages || len(once) != len(seen) {
		t.Errorf("the reader saw %d messages", len(seen))
	}
	// Read again in any size, the log is the same, each interaction's own without a gap.
	var logs []string
	for _, limit := range []int{1, 7, 200} {
		var log []string
		sequence := map[string]int{}
		for cursor := began; ; {
			got := d.admin.do("GET", fmt.Sprintf("/v1/events?limit=%d&queue_id=%s&cursor=%s", limit, d.queue, url.QueryEscape(cursor)), nil).want(200)
			for _, e := range items(got, "items") {
				i := text(lookup(e, "interaction_id"))
				if sequence[i]++; text(lookup(e, "sequence")) != fmt.Sprint(sequence[i]) {
					t.Errorf("event %s of %s stands at %d", text(lookup(e, "sequence")), i, sequence[i])
				}
				log = append(log, text(lookup(e, "id")))
			}
			if cursor = got.get("next_cursor"); len(items(got, "items")) < limit {
				break
			}
		}
		logs = append(logs, strings.Join(log, " "))
	}
	if logs[0] != logs[1] || logs[1] != logs[2] || len(logs[0]) == 0 {
		t.Error("the log is another one in pages of another size")
	}
}

func listsEventFilters(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	began := ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).want(200).header.Get("Event-Cursor")
	ana.until(i, ana.says(i, "hello"), "delivered")
	d.writes("c2", "hello")
	second, _ := ana.accepted(began)
	d.admin.advance(0)
	after := "/v1/events?limit=200&cursor=" + url.QueryEscape(began)
	for _, c := range []struct {
		query, path string
		want        []string
	}{
		{"&types=reply.sent,reply.delivered", "type", []string{"reply.sent", "reply.delivered"}},
		{"&interaction_id=" + second + "&types=interaction.created,interaction.connected", "interaction_id", []string{second, second}},
		{"&agent_id=" + d.ids[0] + "&types=agent.presence_changed", "subject", []string{d.ids[0]}},
		{"&queue_id=" + d.queue + "&types=message.received", "interaction_id", []string{second}},
		{"&queue_id=" + unknownID, "id", []string{}},
		{"&interaction_id=" + second + "&types=reply.sent", "id", []string{}},
	} {
		if got := each(d.admin.list(after+c.query), c.path); !slices.Equal(got, c.want) {
			t.Errorf("%s gives %q, not %q", c.query, got, c.want)
		}
	}
	for _, e := range d.admin.list(after) {
		for _, path := range []string{"id", "type", "source", "time", "subject", "cursor", "organization_id", "actor.type"} {
			if text(lookup(e, path)) == "" {
				t.Errorf("%s is empty in %s", path, text(e))
			}
		}
		if strings.Contains(text(e), "hello") {
			t.Errorf("an event carries a text: %s", text(e))
		}
		// The event's own cursor goes on behind it.
		next := d.admin.do("GET", "/v1/events?limit=1&cursor="+url.QueryEscape(text(lookup(e, "cursor"))), nil).want(200)
		if next.get("items.0.id") == text(lookup(e, "id")) {
			t.Errorf("behind %s comes the same", text(e))
		}
	}
}

func listsWait(t *testing.T, p *program) {
	d := p.desk(0, nil)
	path := "/v1/events?types=message.received&queue_id=" + d.queue
	empty := d.admin.do("GET", path, nil).want(200)
	if len(items(empty, "items")) != 0 || empty.get("next_cursor") == "" {
		t.Errorf("nothing is told as %s", empty.body)
	}
	began := time.Now()
	waited := d.admin.do("GET", path+"&wait=1&cursor="+url.QueryEscape(empty.get("next_cursor")), nil).want(200)
	if took := time.Since(began); len(items(waited, "items")) != 0 || took < 900*time.Millisecond || took > 10*time.Second {
		t.Errorf("after %v came %s", took, waited.body)
	}
	// What others do does not end the wait, what is asked for does, and at once.
	answered := make(chan answer)
	go func() {
		answered <- d.admin.do("GET", path+"&wait=30&cursor="+url.QueryEscape(waited.get("next_cursor")), nil)
	}()
	d.admin.do("POST", "/v1/queues", map[string]any{"name": "Other"}).want(201)
	began = time.Now()
	d.writes("c1", "hello")
	got := <-answered
	if took := time.Since(began); len(items(got.want(200), "items")) != 1 || took > 10*time.Second {
		t.Errorf("after %v came %s", took, got.body)
	}
}
