package main

import (
	"fmt"
	"slices"
	"testing"
)

func TestQueuesRoute(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A03 C03 C12 an offer comes with going on queue", routeOnQueue},
		part{"A20 A21 A22 C08 C10 an offer that came to nothing", routeComesBack},
		part{"C09 C11 not responding stays until it is ended", routeStays},
		part{"B05 three at once, and the fourth waits", routeCapacity},
		part{"B06 offers are accepted in the agent's name", routeAutoAnswer},
		part{"C01 only what the profile has", routeProfile},
		part{"skills decide who is asked", routeSkills},
		part{"the best is asked, not the longest idle", routeBest},
		part{"rings widen by the clock", routeRings},
		part{"a ring that was reached is kept", routeRingKept},
		part{"the last agent is asked first, in time", routeAffinity},
		part{"who declined is passed over", routeDecliners},
		part{"what came back too often overflows", routeRequeues},
		part{"one too many overflows", routeMaxWaiting},
		part{"priority goes before age across queues", routePriority},
	)
}

// newest gives the interaction that came last to the desk's queue.
func (d deskSetup) newest() (id, state, agent string) {
	d.admin.t.Helper()
	last := d.admin.list("/v1/interactions?limit=1&order=desc&queue_id=" + d.queue)[0]
	return text(lookup(last, "id")), text(lookup(last, "state")), text(lookup(last, "offer.agent_id"))
}

// comes lets a customer write and everything that is due be done, and gives what became of it.
func (d deskSetup) comes(from string) (id, state, agent string) {
	d.admin.t.Helper()
	d.writes(from, "hello")
	d.admin.advance(0)
	return d.newest()
}

// has gives an agent skills, by name of the skill and proficiency.
func (d deskSetup) has(agent int, skills map[string]int) {
	d.admin.t.Helper()
	list := []any{}
	for skill, proficiency := range skills {
		list = append(list, map[string]any{"skill": skill, "proficiency": proficiency})
	}
	d.admin.do("PATCH", "/v1/agents/"+d.ids[agent], map[string]any{"skills": list}).want(200)
}

// rules changes the rules of the desk's queue.
func (d deskSetup) rules(fields map[string]any) {
	d.admin.t.Helper()
	d.admin.do("PATCH", "/v1/queues/"+d.queue, fields).want(200)
}

// why gives the reasons against an agent, as they are explained.
func (d deskSetup) why(interaction string, agent int) []string {
	d.admin.t.Helper()
	for _, item := range d.admin.list("/v1/interactions/" + interaction + "/routing?limit=200") {
		if text(lookup(item, "agent_id")) != d.ids[agent] {
			continue
		}
		against := []string{}
		for _, r := range lookup(item, "reasons").([]any) {
			if text(lookup(r, "outcome")) == "against" {
				against = append(against, text(lookup(r, "code")))
			}
		}
		if eligible := text(lookup(item, "eligible")); (eligible == "true") != (len(against) == 0) {
			d.admin.t.Errorf("eligible is %s with %q", eligible, against)
		}
		return against
	}
	d.admin.t.Fatal("the agent is not explained")
	return nil
}

func routeOnQueue(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	i, state, _ := d.comes("c1")
	if against := d.why(i, 0); state != "queued" || !slices.Equal(against, []string{"not_on_queue"}) {
		t.Errorf("%s, and against the agent speaks %q", state, against)
	}
	answered := ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).want(200)
	event, _ := ana.await(answered.header.Get("Event-Cursor"), "offer.created", "")
	if event.get("interaction_id") != i || event.get("agent_id") != d.ids[0] {
		t.Errorf("the event is %s", text(event.value))
	}
	list := ana.list("/v1/interactions?state=alerting,connected&agent_id=me")
	if len(list) != 1 || text(lookup(list[0], "id")) != i || text(lookup(list[0], "queue.id")) != d.queue {
		t.Errorf("the task list is %s", text(list))
	}
}

func routeComesBack(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"alerting_timeout_seconds": 10})
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	i, _, agent := d.comes("c1")
	if agent != d.ids[0] {
		t.Fatalf("offered to %s", agent)
	}
	d.admin.advance(10)
	if id, state, _ := d.newest(); id != i || state != "queued" || ana.me("routing_status") != "not_responding" {
		t.Errorf("after the timeout %s, the agent %s", state, ana.me("routing_status"))
	}
	if against := d.why(i, 0); !slices.Equal(against, []string{"not_responding"}) {
		t.Errorf("against the agent speaks %q", against)
	}
	d.writes("c2", "hello") // with room, and not asked
	d.admin.advance(0)
	if n := len(ana.offers()); n != 0 {
		t.Errorf("an agent who does not respond has %d offers", n)
	}
	ben.onQueue()
	if got, _, _ := ben.offered(""); got != i {
		t.Errorf("%s came first, not what has waited longest", got)
	}
	ben.do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	if ben.me("routing_status") != "not_responding" {
		t.Errorf("who declined is %s", ben.me("routing_status"))
	}
}

func routeStays(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"alerting_timeout_seconds": 7})
	ana := d.agents[0]
	ana.onQueue()
	i, _, _ := d.comes("c1")
	d.admin.advance(7)
	d.admin.advance(3 * 24 * 3600)
	d.rules(map[string]any{"priority": 1})
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"name": "Renamed"}).want(200)
	d.admin.advance(0)
	if ana.me("routing_status") != "not_responding" || ana.me("allowed_presences") != `["on_queue","available"]` {
		t.Errorf("after a while the agent is %s", ana.me("routing_status"))
	}
	ana.onQueue()
	d.admin.advance(0)
	if got := ana.offers(); len(got) != 1 || text(lookup(got[0], "id")) != i {
		t.Errorf("back again, the agent has %s", text(got))
	}
}

func routeCapacity(t *testing.T, p *program) {
	d := p.desk(1, nil)
	d.agents[0].onQueue()
	for n := range 3 {
		if _, state, _ := d.comes(fmt.Sprint("c", n)); state != "alerting" {
			t.Errorf("number %d is %s", n+1, state)
		}
	}
	i, state, _ := d.comes("c4")
	if against := d.why(i, 0); state != "queued" || !slices.Equal(against, []string{"no_capacity"}) {
		t.Errorf("the fourth is %s; against the agent speaks %q", state, against)
	}
	d.agents[0].do("POST", "/v1/interactions/"+text(lookup(d.interactions()[0], "id"))+"/accept", nil).want(200)
	d.agents[0].do("POST", "/v1/interactions/"+text(lookup(d.interactions()[0], "id"))+"/end", nil).want(200)
	d.admin.advance(0)
	if _, state, _ := d.newest(); state != "alerting" {
		t.Errorf("with room again the fourth is %s", state)
	}
}

func routeAutoAnswer(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"auto_answer": true, "sub_type_settings": map[string]any{"messenger": map[string]any{"auto_answer": false}}})
	d.agents[0].onQueue()
	if _, state, _ := d.comes("c1"); state != "alerting" {
		t.Errorf("the kind of channel says no, and it is %s", state)
	}
	d.rules(map[string]any{"auto_answer": false, "sub_type_settings": map[string]any{"messenger": map[string]any{"auto_answer": true}}})
	i, state, _ := d.comes("c2")
	if state != "connected" {
		t.Fatalf("it is %s", state)
	}
	var story []string
	for _, e := range d.admin.list("/v1/events?limit=50&interaction_id=" + i) {
		if kind := text(lookup(e, "type")); kind == "offer.created" || kind == "offer.accepted" || kind == "interaction.connected" {
			story = append(story, kind+" "+text(lookup(e, "data.answered_by"))+" "+text(lookup(e, "data.alert")))
		}
	}
	if want := []string{"offer.created  audible_short", "offer.accepted auto audible_short", "interaction.connected  "}; !slices.Equal(story, want) {
		t.Errorf("the story is %q", story)
	}
	if got := d.agents[0].do("GET", "/v1/interactions/"+i, nil).want(200); got.get("participants.1.state") != "connected" || got.get("offer") != "" {
		t.Errorf("it is %s", got.body)
	}
}

func routeProfile(t *testing.T, p *program) {
	d := p.desk(2, nil)
	none := d.admin.do("POST", "/v1/multimedia-profiles", map[string]any{"name": "None", "channels": []string{}}).want(201).get("id")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"multimedia_profile_id": none}).want(200)
	d.agents[0].onQueue()
	i, state, _ := d.comes("c1")
	if against := d.why(i, 0); state != "queued" || !slices.Equal(against, []string{"channel_not_in_profile"}) {
		t.Errorf("it is %s; against the agent speaks %q", state, against)
	}
	// So many whose profile lacks the channel, and who have waited longer, hide nobody.
	for n := range 17 {
		agent := d.admin.do("POST", "/v1/agents", map[string]any{"name": fmt.Sprint("P", n), "multimedia_profile_id": none}).want(201).get("id")
		d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+agent, map[string]any{}).want(200)
		d.admin.do("PUT", "/v1/agents/"+agent+"/presence", map[string]any{"presence": "on_queue"}).want(200)
	}
	d.admin.advance(1)
	d.agents[1].onQueue()
	if got, _, _ := d.agents[1].offered(""); got != i {
		t.Errorf("offered was %s", got)
	}
	if _, state, agent := d.comes("c2"); state != "alerting" || agent != d.ids[1] {
		t.Errorf("the next is %s, offered to %s", state, agent)
	}
}

func routeSkills(t *testing.T, p *program) {
	d := p.desk(2, nil)
	french, billing := p.skill("French"), p.skill("Billing")
	d.rules(map[string]any{"routing": map[string]any{"skills": []string{french, billing}}})
	d.has(0, map[string]int{french: 5})
	d.agents[0].onQueue()
	d.admin.advance(1)
	i, state, _ := d.comes("c1")
	if against := d.why(i, 0); state != "queued" || !slices.Equal(against, []string{"skill_missing"}) {
		t.Errorf("it is %s; against the agent speaks %q", state, against)
	}
	d.has(1, map[string]int{french: 1, billing: 1})
	d.agents[1].onQueue()
	if got, _, _ := d.agents[1].offered(""); got != i {
		t.Errorf("offered was %s", got)
	}
	// The rules count at once, also for what waits.
	_, state, _ = d.comes("c2")
	d.agents[1].presence("away")
	waits, _, _ := d.comes("c3")
	if state != "alerting" || len(d.agents[0].offers()) != 0 {
		t.Errorf("the second is %s", state)
	}
	d.rules(map[string]any{"routing": map[string]any{"skill_evaluation": "none"}})
	d.admin.advance(0)
	if got := d.agents[0].offers(); len(got) != 1 || text(lookup(got[0], "id")) != waits {
		t.Errorf("without skills the agent has %s", text(got))
	}
}

func routeBest(t *testing.T, p *program) {
	d := p.desk(3, nil)
	french, billing := p.skill("French"), p.skill("Billing")
	d.rules(map[string]any{"routing": map[string]any{"skill_evaluation": "best", "skills": []string{french, billing}}})
	d.has(0, map[string]int{french: 3, billing: 1})
	d.has(1, map[string]int{french: 1, billing: 4})
	d.has(2, map[string]int{french: 5})
	for _, c := range d.agents {
		c.onQueue()
		d.admin.advance(1)
	}
	for n := range 3 { // also when busy: proficiency goes before idleness
		if _, state, agent := d.comes(fmt.Sprint("c", n)); state != "alerting" || agent != d.ids[1] {
			t.Errorf("number %d is %s, offered to %s", n+1, state, agent)
		}
	}
	if _, state, agent := d.comes("c4"); state != "alerting" || agent != d.ids[0] {
		t.Errorf("the fourth is %s, offered to %s", state, agent)
	}
}

func routeRings(t *testing.T, p *program) {
	d := p.desk(2, nil)
	french := p.skill("French")
	d.rules(map[string]any{"routing": map[string]any{"skills": []string{french}, "rings": []any{
		map[string]any{"expansion_timeout_seconds": 15.1}, map[string]any{"expansion_timeout_seconds": 20, "skills_to_remove": []string{french}}}}})
	d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+d.ids[1], map[string]any{"ring": 2}).want(200)
	d.agents[1].onQueue()
	i, state, _ := d.comes("c1")
	if against := d.why(i, 1); state != "queued" || !slices.Equal(against, []string{"ring_not_reached", "skill_missing"}) {
		t.Errorf("in the first ring it is %s; against the agent speaks %q", state, against)
	}
	if got := d.admin.do("GET", "/v1/interactions/"+i+"/routing", nil).want(200); at(t, got.get("ring_widens_at")).Sub(at(t, got.get("enqueued_at"))).Seconds() != 15.1 || got.get("position") != "1" {
		t.Errorf("the explanation is %s", got.body)
	}
	d.admin.advance(14)
	if against := d.why(i, 1); !slices.Contains(against, "ring_not_reached") {
		t.Errorf("before its time the ring was reached: %q", against)
	}
	d.admin.advance(2)
	if against := d.why(i, 1); !slices.Equal(against, []string{"skill_missing"}) {
		t.Errorf("in the second ring speaks %q against the agent", against)
	}
	d.admin.advance(20)
	if _, state, agent := d.newest(); state != "alerting" || agent != d.ids[1] {
		t.Errorf("when the skill is given up it is %s", state)
	}
	if n := len(d.admin.list("/v1/events?types=interaction.ring_reached&interaction_id=" + i)); n != 2 {
		t.Errorf("%d rings were told of", n)
	}
}

func routeRingKept(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"alerting_timeout_seconds": 10, "routing": map[string]any{"rings": []any{map[string]any{"expansion_timeout_seconds": 5}}}})
	d.admin.do("PUT", "/v1/queues/"+d.queue+"/members/"+d.ids[1], map[string]any{"ring": 2}).want(200)
	i, _, _ := d.comes("c1")
	d.admin.advance(5)
	d.agents[0].onQueue()
	d.admin.advance(10) // it comes back
	d.agents[1].onQueue()
	if got, _, _ := d.agents[1].offered(""); got != i {
		t.Errorf("offered was %s", got)
	}
}

func routeAffinity(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"routing": map[string]any{"affinity": map[string]any{"enabled": true, "window_minutes": 60}}})
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	first, _ := ana.accepted("")
	ana.do("POST", "/v1/interactions/"+first+"/end", nil).want(200)
	ben.onQueue()
	d.admin.advance(60)
	ana.onQueue()
	ana.presence("away")
	d.admin.advance(1)
	ana.onQueue() // idle since now, and yet
	i, _, agent := d.comes("c1")
	if agent != d.ids[0] {
		t.Errorf("offered to %s, not to the last agent", agent)
	}
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.presence("away") // not on queue: the next one
	if i, _, agent = d.comes("c1"); agent != d.ids[1] {
		t.Errorf("offered to %s, not to the next", agent)
	}
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	ben.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.onQueue()
	d.admin.advance(3601) // out of the window: who has waited longest
	ben.presence("away")
	ben.onQueue()
	if _, _, agent = d.comes("c1"); agent != d.ids[0] {
		t.Errorf("out of the window it was offered to %s", agent)
	}
}

func routeDecliners(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"decline_sets_not_responding": false, "routing": map[string]any{"exclude_decliners_seconds": 60}})
	d.agents[0].onQueue()
	i, _, _ := d.comes("c1")
	d.agents[0].do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	d.admin.advance(59)
	if against := d.why(i, 0); !slices.Equal(against, []string{"excluded_decliner"}) {
		t.Errorf("against the agent speaks %q", against)
	}
	if other, state, _ := d.comes("c2"); other == i || state != "alerting" {
		t.Errorf("other work is %s", state)
	}
	d.admin.advance(2)
	if got := d.agents[0].offers(); len(got) != 2 || text(lookup(got[0], "id")) != i {
		t.Errorf("after a minute the agent has %s", text(got))
	}
}

func routeRequeues(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"decline_sets_not_responding": false})
	spare := d.admin.queue(map[string]any{"priority": 9}).want(201).get("id")
	d.rules(map[string]any{"overflow_queue_id": spare, "routing": map[string]any{"max_requeues": 2}})
	d.agents[0].onQueue()
	i, _, _ := d.comes("c1")
	before := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	for range 2 {
		d.agents[0].do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
		d.admin.advance(0)
	}
	got := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	if got.get("state") != "queued" || got.get("queue.id") != spare || got.get("enqueued_at") != before.get("enqueued_at") {
		t.Errorf("after two it is %s", got.body)
	}
	moved := d.admin.list("/v1/events?types=interaction.queued&interaction_id=" + i)
	if last := moved[len(moved)-1]; text(lookup(last, "data.reason")) != "max_requeues" || text(lookup(last, "queue_id")) != spare {
		t.Errorf("the event is %s", text(last))
	}
	if got := d.admin.do("GET", "/v1/interactions/"+i+"/routing", nil).want(200); got.get("priority") != "9" {
		t.Errorf("there it is explained as %s", got.body)
	}
}

func routeMaxWaiting(t *testing.T, p *program) {
	d := p.desk(1, nil)
	spare := d.admin.queue(nil).want(201).get("id")
	d.rules(map[string]any{"overflow_queue_id": spare, "max_waiting": 2})
	for n := range 4 { // one after the other: the bound is not kept to the piece among lanes
		d.writes(fmt.Sprint("c", n), "hello")
		d.admin.advance(0)
	}
	if kept, went := len(d.interactions()), len(d.admin.list("/v1/interactions?queue_id="+spare)); kept != 2 || went != 2 {
		t.Errorf("%d were kept, %d went on", kept, went)
	}
}

func routePriority(t *testing.T, p *program) {
	d := p.desk(1, nil)
	old, _, _ := d.comes("c1")
	d.rules(map[string]any{"priority": 10})
	d.admin.advance(300)
	young, _, _ := d.comes("c2") // ten minutes' worth against five
	// Another queue counts priority alone, and goes before both.
	other := d.admin.queue(map[string]any{"routing": map[string]any{"method": "priority_score"}}).want(201).get("id")
	d.admin.do("PUT", "/v1/queues/"+other+"/members/"+d.ids[0], map[string]any{}).want(200)
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"queue_id": other}).want(200)
	d.writes("c3", "hello")
	d.admin.advance(0)
	first := text(lookup(d.admin.list("/v1/interactions?queue_id=" + other)[0], "id"))
	one := d.admin.do("POST", "/v1/multimedia-profiles", map[string]any{"name": "One", "capacities": map[string]int{"message": 1}}).want(201).get("id")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"multimedia_profile_id": one}).want(200)
	d.agents[0].onQueue()
	cursor := ""
	for n, want := range []string{first, young, old} {
		got, next := d.agents[0].accepted(cursor)
		if got != want {
			t.Errorf("number %d is %s, not %s", n+1, got, want)
		}
		cursor = next
		d.agents[0].do("POST", "/v1/interactions/"+got+"/end", nil).want(200)
	}
}
