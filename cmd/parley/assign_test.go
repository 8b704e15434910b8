package main

import (
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/config"
)

func TestAssign(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"past the order of the queue, not past the room", assignOffers},
		part{"what waits in no queue", assignUnqueued},
		part{"out of hours", closedHours},
		part{"the explanation comes in pages, and in French", explainPages},
	)
}

func assignOffers(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"routing": map[string]any{"skills": []string{p.skill("Rare")}}})
	older, _, _ := d.comes("c1")
	i, _, _ := d.comes("c2")
	assign := func(interaction string, agent int) answer {
		return d.admin.do("POST", "/v1/interactions/"+interaction+"/assign", map[string]any{"agent_id": d.ids[agent]})
	}
	refused := assign(i, 0).code(409, "assign.not_possible")
	if got := each(refused.value.(map[string]any)["errors"].([]any), "code"); !slices.Equal(got, []string{"not_on_queue"}) || refused.get("allowed_actions") != `["end"]` {
		t.Errorf("it is refused for %q: %s", got, refused.body)
	}
	d.agents[0].onQueue()
	if got := assign(i, 0).want(200); got.get("state") != "alerting" || got.get("offer.agent_id") != d.ids[0] {
		t.Errorf("assigned: %s", got.body)
	}
	created, _ := d.admin.await("", "offer.created", "&interaction_id="+i)
	if created.get("actor.type") != "client" {
		t.Errorf("the offer was made by %s", created.get("actor"))
	}
	assign(i, 0).code(409, "state.invalid_transition")
	if got := d.admin.do("GET", "/v1/interactions/"+older, nil).want(200); got.get("state") != "queued" {
		t.Errorf("the older one is %s", got.get("state"))
	}
	d.agents[0].do("POST", "/v1/interactions/"+i+"/decline", nil).want(200)
	refused = assign(older, 0).code(409, "assign.not_possible")
	if got := each(refused.value.(map[string]any)["errors"].([]any), "code"); !slices.Equal(got, []string{"not_responding"}) {
		t.Errorf("it is refused for %q", got)
	}
	if got := d.admin.do("POST", "/v1/interactions/"+older+"/assign", map[string]any{"agent_id": unknownID}).code(422, "agent.unknown"); got.get("errors.0.pointer") != "/agent_id" {
		t.Errorf("an unknown agent: %s", got.body)
	}
}

func assignUnqueued(t *testing.T, p *program) {
	d := p.desk(1, nil)
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"queue_id": nil}).want(200)
	d.writes("c1", "hello")
	d.admin.advance(0)
	i := text(lookup(d.admin.list("/v1/interactions?state=queued&limit=1")[0], "id"))
	if got := d.admin.do("GET", "/v1/interactions/"+i+"/routing", nil).want(200); got.get("queue") != "" || got.get("items.#") != "0" {
		t.Errorf("without a queue it is explained as %s", got.body)
	}
	d.agents[0].onQueue()
	d.admin.do("POST", "/v1/interactions/"+i+"/assign", map[string]any{"agent_id": d.ids[0]}).want(200)
	d.agents[0].do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
}

func closedHours(t *testing.T, p *program) {
	d := p.desk(1, nil)
	d.agents[0].onQueue()
	closed := func(action string) map[string]any {
		return map[string]any{"business_hours": map[string]any{"time_zone": "Europe/Paris", "open": []any{}, "closed_action": action, "closed_message": "Closed until Monday."}}
	}
	d.rules(closed("message"))
	i, state, _ := d.comes("c1")
	if got := d.admin.transcript(map[string]any{"id": i}); state != "alerting" || !slices.Equal(got, []string{"hello", "Closed until Monday."}) {
		t.Errorf("told and kept: %s, %q", state, got)
	}
	d.rules(closed("queue"))
	if i, _, _ = d.comes("c2"); len(d.admin.transcript(map[string]any{"id": i})) != 1 {
		t.Error("who is only to wait was told something")
	}
	d.rules(closed("reject"))
	i, state, _ = d.comes("c3")
	got := d.admin.do("GET", "/v1/interactions/"+i, nil).want(200)
	if state != "disconnected" || got.get("disconnect_type") != "system" || got.get("closed_at") == "" || len(d.admin.transcript(map[string]any{"id": i})) != 2 {
		t.Errorf("rejected: %s", got.body)
	}
	if again, _, _ := d.comes("c3"); again == i {
		t.Error("the next message went into the one that was rejected")
	}
	spare := d.admin.queue(nil).want(201).get("id")
	d.rules(map[string]any{"overflow_queue_id": spare})
	d.rules(closed("overflow"))
	d.writes("c4", "hello")
	d.admin.advance(0)
	if moved := d.admin.list("/v1/interactions?queue_id=" + spare); len(moved) != 1 || text(lookup(moved[0], "state")) != "queued" {
		t.Errorf("handed on: %s", text(moved))
	}
}

func explainPages(t *testing.T, p *program) {
	d := p.desk(3, nil)
	i, _, _ := d.comes("c1")
	first := d.admin.do("GET", "/v1/interactions/"+i+"/routing?limit=2", nil, "Accept-Language", "fr").want(200)
	second := d.admin.do("GET", "/v1/interactions/"+i+"/routing?limit=2&cursor="+first.get("next_cursor"), nil).want(200)
	seen := append(each(lookup(first.value, "items").([]any), "agent_id"), each(lookup(second.value, "items").([]any), "agent_id")...)
	slices.Sort(seen)
	want := slices.Clone(d.ids)
	slices.Sort(want)
	if !slices.Equal(seen, want) || second.get("next_cursor") != "" {
		t.Errorf("the pages have %q, not %q", seen, want)
	}
	if first.get("items.0.reasons.4.code") != "not_on_queue" || first.get("items.0.reasons.4.title") != "Hors file d'attente" || second.get("items.0.reasons.4.title") != "Not on queue" {
		t.Errorf("the reasons are %s", first.get("items.0.reasons"))
	}
}

// Work and agents meet although they came to different nodes, each of which saw
// only one of them.
func TestDispatchAcrossNodes(t *testing.T) {
	t.Parallel()
	database := template.Postgres(t)
	one := start(t, database)
	two := start(t, database, func(c *config.Config) { c.DataDir = one.config.DataDir })
	d := one.desk(2, nil)
	other := newCaller(t, two.url)
	for n, c := range d.agents {
		other.token = c.token
		onQueue := func() {
			other.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).want(200)
		}
		if n == 0 { // the agent is there first, or the work is
			onQueue()
			d.writes("c1", "hello")
		} else {
			d.writes("c2", "hello")
			onQueue()
		}
		i, _, _ := c.offered("")
		other.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
		other.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away"}).want(200)
	}
}
