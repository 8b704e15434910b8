package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRouting(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"only agents on queue are asked", routingOnQueue},
		part{"who has waited longest is asked first", routingLongestIdle},
		part{"a declined offer goes to somebody else", routingDecline},
		part{"a decline that the queue forgives", routingForgiven},
		part{"offers time out, each at its own time", routingTimeouts},
		part{"not responding ends by presence alone", routingNotResponding},
		part{"three at once, and the best waiting next", routingCapacity},
		part{"agents who may not accept are not asked", routingScope},
		part{"agents who left a queue are not asked", routingLeave},
		part{"a channel that gets its queue later", routingLateQueue},
	)
}

// offer gives the offer that stands for an interaction, as the admin sees it.
func (d deskSetup) offer(interaction string) answer {
	d.admin.t.Helper()
	a := d.admin.do("GET", "/v1/interactions/"+interaction, nil).want(200)
	a.value = lookup(a.value, "offer")
	return a
}

// offers lists the agent's open offers.
func (c *caller) offers() []any {
	c.t.Helper()
	return c.list("/v1/interactions?state=alerting&agent_id=me&order=asc")
}

// offered waits for the next offer to the agent after the cursor.
func (c *caller) offered(cursor string) (interaction, offer, next string) {
	c.t.Helper()
	agent := c.do("GET", "/v1/agents/me", nil).want(200).get("id")
	event, next := c.await(cursor, "offer.created", "&agent_id="+agent)
	return event.get("interaction_id"), event.get("data.offer_id"), next
}

// me gives one value of the agent.
func (c *caller) me(path string) string {
	c.t.Helper()
	return c.do("GET", "/v1/agents/me", nil).want(200).get(path)
}

func (c *caller) presence(p string) answer {
	c.t.Helper()
	return c.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": p}).want(200)
}

// at reads a time.
func at(t *testing.T, when string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, when)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func routingOnQueue(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ben.presence("available")
	d.writes("c1", "hello")
	d.admin.advance(0)
	if got := each(d.interactions(), "state"); !slices.Equal(got, []string{"queued"}) {
		t.Fatalf("nobody is on queue, and the interaction is %q", got)
	}
	for _, presence := range []string{"away", "busy", "break", "meal", "meeting", "training", "out_of_office", "offline"} {
		if got := ana.presence(presence); got.get("routing_status") != "off_queue" {
			t.Errorf("%s is %s", presence, got.get("routing_status"))
		}
	}
	d.admin.advance(0)
	if n := len(ana.offers()) + len(ben.offers()); n != 0 {
		t.Fatalf("agents off queue have %d offers", n)
	}
	ana.onQueue()
	i, offer, _ := ana.offered("")
	got := ana.offers()
	if len(got) != 1 || text(lookup(got[0], "id")) != i || text(lookup(got[0], "offer.id")) != offer || text(lookup(got[0], "allowed_actions")) != `["accept","decline"]` {
		t.Errorf("the offers are %s", text(got))
	}
	for part, kind := range map[string]string{"channel.kind": "messenger", "contact.display_name": "c1", "queue.id": d.queue, "offer.agent_id": d.ids[0], "offer.state": "pending"} {
		if v := text(lookup(got[0], part)); v != kind {
			t.Errorf("the offer's %s is %q", part, v)
		}
	}
	// Going off queue leaves the offer; it can still be accepted.
	ana.presence("away")
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	d.writes("c2", "hello")
	d.admin.advance(0)
	if len(ana.offers())+len(ben.offers()) != 0 {
		t.Error("an agent who went off queue was asked")
	}
}

func routingLongestIdle(t *testing.T, p *program) {
	d := p.desk(3, nil)
	order := []int{2, 0, 1}
	for _, n := range order {
		d.agents[n].onQueue()
		d.admin.advance(1)
	}
	var taken []string
	for round, n := range order {
		d.writes(fmt.Sprint("c", round), "hello")
		i, _ := d.agents[n].accepted("")
		taken = append(taken, i)
	}
	// All are busy. Who finished first has waited longest again, also before others who are busy.
	for _, n := range []int{1, 2} {
		d.agents[n].do("POST", "/v1/interactions/"+taken[slices.Index(order, n)]+"/end", nil).want(200)
		d.admin.advance(1)
	}
	var got []string
	for n := range 3 {
		d.writes(fmt.Sprint("d", n), "hello")
		d.admin.advance(0)
		all := d.interactions()
		got = append(got, text(lookup(all[len(all)-1], "offer.agent_id")))
	}
	if want := []string{d.ids[1], d.ids[2], d.ids[0]}; !slices.Equal(got, want) {
		t.Errorf("asked were %q, not %q", got, want)
	}
}

func routingDecline(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	i, first, cursor := ana.offered("")
	before := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	ben.onQueue()
	got := ana.do("POST", "/v1/interactions/"+i+"/decline", map[string]any{"offer_id": first, "reason": "not_my_language"}).want(200)
	if got.get("allowed_actions") != "[]" || got.get("enqueued_at") != before.get("enqueued_at") {
		t.Errorf("after the decline: %s", got.body)
	}
	again, second, _ := ben.offered(cursor)
	after := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	if again != i || second == first || after.get("enqueued_at") != before.get("enqueued_at") || after.get("state") != "alerting" {
		t.Errorf("the interaction came as %s, offer %s, enqueued at %s", again, second, after.get("enqueued_at"))
	}
	if ana.me("routing_status") != "not_responding" || ana.me("allowed_presences") != `["on_queue","available"]` || ana.me("utilization.message.used") != "0" {
		t.Errorf("the agent who declined is %s", ana.me("routing_status"))
	}
	declined, _ := ana.await(cursor, "offer.declined", "&interaction_id="+i)
	if declined.get("data.offer_id") != first || declined.get("actor.id") != d.ids[0] || declined.get("data.reason") != "not_my_language" {
		t.Errorf("the event is %s", text(declined.value))
	}
	ana.do("POST", "/v1/interactions/"+i+"/decline", map[string]any{"offer_id": first}).want(200) // again: nothing changes
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	d.writes("c2", "hello")
	d.admin.advance(0)
	if len(ana.offers()) != 0 || len(ben.offers()) != 1 {
		t.Error("an agent who is not responding was asked")
	}
}

func routingForgiven(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"decline_sets_not_responding": false})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, first, cursor := ana.offered("")
	ana.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	if again, second, _ := ana.offered(cursor); again != i || second == first || ana.me("routing_status") != "idle" {
		t.Errorf("after a forgiven decline the agent is %s", ana.me("routing_status"))
	}
}

func routingTimeouts(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"alerting_timeout_seconds": 30})
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.admin.advance(1)
	ben.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	began := at(t, d.offer(i).get("created_at"))
	if expires := at(t, d.offer(i).get("expires_at")); expires.Sub(began) != 30*time.Second {
		t.Errorf("the offer stands for %v", expires.Sub(began))
	}
	enqueued := d.admin.do("GET", "/v1/interactions/"+i, nil).get("enqueued_at")
	d.admin.advance(75)
	var story []string
	for n, e := range d.admin.list("/v1/events?limit=200&interaction_id=" + i) {
		if text(lookup(e, "sequence")) != fmt.Sprint(n+1) {
			t.Errorf("event %d has sequence %s", n+1, text(lookup(e, "sequence")))
		}
		if kind := text(lookup(e, "type")); strings.HasPrefix(kind, "offer.") || kind == "interaction.requeued" {
			story = append(story, fmt.Sprint(kind, " ", at(t, text(lookup(e, "time"))).Sub(began).Truncate(10*time.Second)))
		}
	}
	want := []string{"offer.created 0s", "offer.timed_out 30s", "interaction.requeued 30s", "offer.created 30s", "offer.timed_out 1m0s", "interaction.requeued 1m0s"}
	if !slices.Equal(story, want) {
		t.Errorf("the story is %q", story)
	}
	after := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	if after.get("state") != "queued" || after.get("enqueued_at") != enqueued {
		t.Errorf("in the end the interaction is %s", after.body)
	}
	for n, c := range d.agents {
		changes := c.list("/v1/events?types=agent.routing_status_changed&limit=200&agent_id=" + d.ids[n])
		last := changes[len(changes)-1]
		if c.me("routing_status") != "not_responding" || text(lookup(last, "data.after")) != "not_responding" || text(lookup(last, "actor.type")) != "system" ||
			text(lookup(last, "data.allowed_presences")) != `["on_queue","available"]` || at(t, text(lookup(last, "time"))).Sub(began).Truncate(10*time.Second) != time.Duration(n+1)*30*time.Second {
			t.Errorf("agent %d is %s by %s", n+1, c.me("routing_status"), text(last))
		}
	}
}

func routingNotResponding(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"alerting_timeout_seconds": 7})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, cursor := ana.offered("")
	d.admin.advance(8)
	status := func(when string) {
		t.Helper()
		if got := ana.me("routing_status"); got != "not_responding" {
			t.Fatalf("after %s the agent is %s", when, got)
		}
	}
	status("the timeout")
	d.writes("c2", "hello")
	d.admin.advance(86400)
	status("a day")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"name": "Ana"}).want(200)
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"scopes": deskScopes()[1:]}).want(200)
	d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+d.ids[0], map[string]any{}).want(200)
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"alerting_timeout_seconds": 30}).want(200)
	d.admin.advance(0)
	status("changes of the setup")
	if len(ana.offers()) != 0 {
		t.Error("an agent who is not responding was asked")
	}
	// The same presence again is a choice (C11); it is the better waiting one that comes first.
	if got := ana.presence("on_queue"); got.get("presence") != "on_queue" || got.get("routing_status") == "not_responding" {
		t.Errorf("after the choice the agent is %s", got.get("routing_status"))
	}
	if again, _, _ := ana.offered(cursor); again != i {
		t.Errorf("first comes %s, not %s", again, i)
	}
	d.admin.advance(31)
	status("the second timeout")
	// Leaving the queue ends it too, and so does a supervisor.
	if got := ana.presence("available"); got.get("routing_status") != "off_queue" {
		t.Errorf("off queue the agent is %s", got.get("routing_status"))
	}
	ana.onQueue()
	d.admin.advance(31)
	status("the third timeout")
	if got := d.admin.do("PUT", "/v1/agents/"+d.ids[0]+"/presence", map[string]any{"presence": "on_queue"}).want(200); got.get("routing_status") == "not_responding" {
		t.Error("a supervisor's choice does not count")
	}
}

func routingCapacity(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	var all []string
	for n := range 5 {
		d.writes(fmt.Sprint("c", n), "hello")
		d.admin.advance(0)
		list := d.interactions()
		all = append(all, text(lookup(list[len(list)-1], "id")))
	}
	if got := each(d.interactions(), "state"); !slices.Equal(got, []string{"alerting", "alerting", "alerting", "queued", "queued"}) {
		t.Fatalf("the states are %q", got)
	}
	if ana.me("utilization.message") != `{"maximum":3,"used":3}` || ana.me("routing_status") != "idle" {
		t.Errorf("the agent has %s and is %s", ana.me("utilization.message"), ana.me("routing_status"))
	}
	for _, i := range all[:3] {
		ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	}
	if ana.me("routing_status") != "interacting" {
		t.Errorf("the agent is %s", ana.me("routing_status"))
	}
	ended := ana.do("POST", "/v1/interactions/"+all[1]+"/end", nil).want(200)
	if next, _, _ := ana.offered(ended.header.Get("Event-Cursor")); next != all[3] {
		t.Errorf("%s came next, not the oldest, %s", next, all[3])
	}
	if got := each(d.interactions(), "state"); !slices.Equal(got, []string{"connected", "disconnected", "connected", "alerting", "queued"}) {
		t.Errorf("the states are %q", got)
	}
}

func routingScope(t *testing.T, p *program) {
	d := p.desk(2, nil)
	without := slices.DeleteFunc(deskScopes(), func(s string) bool { return s == "conversation:message:accept" })
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"scopes": without}).want(200)
	// So many who have waited longer and may not accept must not hide the one who may.
	for n := range 17 {
		agent := d.admin.do("POST", "/v1/agents", map[string]any{"name": fmt.Sprint("Reader ", n), "scopes": []string{}}).want(201).get("id")
		d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+agent, map[string]any{}).want(200)
		d.admin.do("PUT", "/v1/agents/"+agent+"/presence", map[string]any{"presence": "on_queue"}).want(200)
	}
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.admin.advance(1)
	ben.onQueue()
	d.admin.advance(1)
	d.writes("c1", "hello")
	i, _, _ := ben.offered("")
	if d.offer(i).get("agent_id") != d.ids[1] || len(ana.offers()) != 0 {
		t.Error("an agent who may not accept was asked")
	}
	// The scopes decide at once when they come back; a token may do what it says all the same.
	ben.presence("away")
	d.writes("c2", "hello")
	d.admin.advance(0)
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"scopes": deskScopes()}).want(200)
	ana.accepted("")
}

func routingLeave(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	member := "/v1/queues/" + d.queue + "/members/"
	d.admin.do("DELETE", member+d.ids[0], nil).want(204)
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200) // what was offered stays
	ben.onQueue()
	d.admin.do("PUT", member+d.ids[1], map[string]any{"joined": false}).want(200)
	d.writes("c2", "hello")
	d.admin.advance(0)
	if len(ana.offers())+len(ben.offers()) != 0 {
		t.Error("somebody was asked who is not of the queue, or has not joined it")
	}
	if got := d.admin.do("PUT", member+d.ids[1], map[string]any{"joined": true, "ring": 2}).want(200); got.get("ring") != "2" {
		t.Errorf("the member is %s", got.body)
	}
	ben.accepted("")
}

func routingLateQueue(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, channel := d.agents[0], "/v1/channels/"+d.channel
	ana.onQueue()
	d.admin.do("PATCH", channel, map[string]any{"queue_id": nil}).want(200)
	d.writes("c1", "hello")
	d.admin.advance(0)
	if len(ana.offers()) != 0 || len(d.interactions()) != 0 {
		t.Error("what has no queue was offered")
	}
	d.admin.do("PATCH", channel, map[string]any{"queue_id": d.queue}).want(200)
	d.writes("c1", "hello?")
	i, _ := ana.accepted("")
	if got := ana.transcript(map[string]any{"id": i}); !slices.Equal(got, []string{"hello", "hello?"}) {
		t.Errorf("the transcript is %q", got)
	}
}
