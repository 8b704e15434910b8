package main

import (
	"fmt"
	"slices"
	"testing"
)

func TestQueueMembers(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"batch", membersBatch},
		part{"all or nothing", membersRefused},
		part{"at once", membersAtOnce},
		part{"copy", membersCopy},
		part{"of an agent", membersOfAgent},
		part{"pages", membersPages},
		part{"skills", skillsBatch},
	)
}

// changed fails the test unless a batch did this much.
func (a answer) changed(added, changed, removed, unchanged int) {
	a.t.Helper()
	a.want(200).holds(map[string]string{"added": fmt.Sprint(added), "changed": fmt.Sprint(changed), "removed": fmt.Sprint(removed), "unchanged": fmt.Sprint(unchanged)})
}

func (c *caller) makeAgents(n int) []string {
	c.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = c.do("POST", "/v1/agents", map[string]any{"name": fmt.Sprint("Agent ", i)}).want(201).get("id")
	}
	return ids
}

func (c *caller) makeQueue() string {
	c.t.Helper()
	return "/v1/queues/" + c.do("POST", "/v1/queues", map[string]any{"name": "Members"}).want(201).get("id")
}

func member(agent string, ring int, joined bool) map[string]any {
	return map[string]any{"agent_id": agent, "ring": ring, "joined": joined}
}

func membersBatch(t *testing.T, p *program) {
	admin := p.admin()
	queue, agents := admin.makeQueue(), admin.makeAgents(4)
	batch := func(body map[string]any, headers ...string) answer {
		return admin.do("POST", queue+"/members/batch", body, headers...)
	}
	first := map[string]any{"members": []any{map[string]any{"agent_id": agents[0]}, member(agents[1], 2, false)}}
	batch(first).changed(2, 0, 0, 0)
	batch(first).changed(0, 0, 0, 2)
	if got := admin.list(queue + "/members?order=asc"); !slices.Equal(each(got, "ring"), []string{"1", "2"}) || !slices.Equal(each(got, "joined"), []string{"true", "false"}) {
		t.Errorf("the members are %s", text(got))
	}
	second := map[string]any{"members": []any{member(agents[1], 3, true), member(agents[2], 1, true)}, "remove": []string{agents[0], agents[3]}}
	batch(second).changed(1, 1, 1, 1)
	batch(second).changed(0, 0, 0, 4)
	exact := map[string]any{"members": []any{member(agents[2], 1, true), member(agents[3], 1, true)}, "replace": true}
	batch(exact).changed(1, 0, 1, 1)
	batch(exact).changed(0, 0, 0, 2)
	if got := each(admin.list(queue+"/members?order=asc"), "agent_id"); !slices.Equal(got, agents[2:]) {
		t.Errorf("the members are %q", got)
	}
	batch(map[string]any{}).changed(0, 0, 0, 0)
	keyed := batch(map[string]any{"members": []any{}, "replace": true}, "Idempotency-Key", "nobody")
	keyed.changed(0, 0, 2, 0)
	admin.again(keyed, "nobody", "POST", queue+"/members/batch", map[string]any{"members": []any{}, "replace": true})
	many := make([]any, 501)
	for n := range many {
		many[n] = member(unknownID, 1, true)
	}
	batch(map[string]any{"members": many}).code(400, "request.invalid")
	batch(map[string]any{"members": many[:500]}).code(422, "batch.invalid")
	// A merge patch leaves the rest of a membership as it is.
	admin.do("PUT", queue+"/members/"+agents[0], map[string]any{"ring": 4}).want(200)
	admin.do("PATCH", queue+"/members/"+agents[0], map[string]any{"joined": false}).want(200).holds(map[string]string{"ring": "4", "joined": "false", "agent_name": "Agent 0"})
	admin.do("PATCH", queue+"/members/"+agents[0], map[string]any{"ring": 5}).want(200).holds(map[string]string{"ring": "5", "joined": "false"})
	admin.do("PATCH", queue+"/members/"+agents[1], map[string]any{"joined": true}).code(404, "queue_member.not_found")
}

// membersRefused gives batches with faults: nothing of them is done.
func membersRefused(t *testing.T, p *program) {
	admin := p.admin()
	queue, agents := admin.makeQueue(), admin.makeAgents(3)
	gone := admin.makeAgents(1)[0]
	admin.do("DELETE", "/v1/agents/"+gone, nil).want(204)
	refused := admin.do("POST", queue+"/members/batch", map[string]any{
		"members": []any{member(agents[0], 1, true), member(gone, 1, true), member(agents[0], 2, true)}, "remove": []string{agents[1], unknownID, agents[0]}}).code(422, "batch.invalid")
	faults := items(refused, "errors")
	if got := each(faults, "pointer"); !slices.Equal(got, []string{"/members/1/agent_id", "/members/2/agent_id", "/remove/1", "/remove/2"}) {
		t.Errorf("the problem points at %q", got)
	}
	if got := each(faults, "code"); !slices.Equal(got, []string{"agent.unknown", "agent.given_twice", "agent.unknown", "agent.given_twice"}) {
		t.Errorf("the faults are %q", got)
	}
	if got := admin.list(queue + "/members"); len(got) != 0 {
		t.Errorf("the members are %s", text(got))
	}
}

// membersAtOnce lets exact lists race: one of them holds in the end, whole.
func membersAtOnce(t *testing.T, p *program) {
	admin := p.admin()
	queue, agents := admin.makeQueue(), admin.makeAgents(6)
	together(12, func(n int) {
		half := agents[n%2*3 : n%2*3+3]
		var members []any
		for _, a := range half {
			members = append(members, member(a, 1, true))
		}
		admin.do("POST", queue+"/members/batch", map[string]any{"members": members, "replace": true}).want(200)
	})
	if got := each(admin.list(queue+"/members?order=asc"), "agent_id"); !slices.Equal(got, agents[:3]) && !slices.Equal(got, agents[3:]) {
		t.Errorf("the members are %q of %q", got, agents)
	}
}

func membersCopy(t *testing.T, p *program) {
	admin := p.admin()
	from, to, agents := admin.makeQueue(), admin.makeQueue(), admin.makeAgents(3)
	admin.do("POST", from+"/members/batch", map[string]any{"members": []any{member(agents[0], 2, false), member(agents[1], 3, true)}}).changed(2, 0, 0, 0)
	admin.do("POST", to+"/members/batch", map[string]any{"members": []any{member(agents[1], 1, true), member(agents[2], 1, true)}}).changed(2, 0, 0, 0)
	body := map[string]any{"queue_id": from[len("/v1/queues/"):]}
	admin.do("POST", to+"/members/copy", body).changed(1, 0, 0, 0)
	admin.do("POST", to+"/members/copy", body).changed(0, 0, 0, 0)
	got := admin.list(to + "/members?order=asc")
	if !slices.Equal(each(got, "ring"), []string{"2", "1", "1"}) || !slices.Equal(each(got, "joined"), []string{"false", "true", "true"}) {
		t.Errorf("the members are %s", text(got))
	}
	admin.do("POST", to+"/members/copy", map[string]any{"queue_id": unknownID}).code(422, "queue.unknown").holds(map[string]string{"errors.0.pointer": "/queue_id"})
}

func membersOfAgent(t *testing.T, p *program) {
	admin := p.admin()
	first, second, agent := admin.makeQueue(), admin.makeQueue(), admin.makeAgents(1)[0]
	admin.do("PUT", first+"/members/"+agent, map[string]any{"ring": 2}).want(200)
	admin.do("PUT", second+"/members/"+agent, map[string]any{"joined": false}).want(200)
	path := "/v1/agents/" + agent + "/queues"
	got := admin.list(path + "?order=asc")
	if len(got) != 2 || text(got[0]) != `{"joined":true,"queue_id":"`+first[len("/v1/queues/"):]+`","queue_name":"Members","ring":2}` {
		t.Errorf("the agent's queues are %s", text(got))
	}
	admin.do("DELETE", second, nil).want(204)
	if got := admin.list(path); len(got) != 1 {
		t.Errorf("the agent's queues are %s", text(got))
	}
	admin.do("DELETE", path, nil).want(204)
	admin.do("DELETE", path, nil).want(204)
	if got := len(admin.list(path)) + len(admin.list(first+"/members")); got != 0 {
		t.Errorf("%d memberships are left", got)
	}
}

// membersPages reads the members while some come and some go.
func membersPages(t *testing.T, p *program) {
	admin := p.admin()
	queue, agents := admin.makeQueue(), admin.makeAgents(9)
	var members []any
	for _, a := range agents[:7] {
		members = append(members, member(a, 1, true))
	}
	admin.do("POST", queue+"/members/batch", map[string]any{"members": members}).changed(7, 0, 0, 0)
	got := each(admin.pages(queue+"/members?order=asc", 2, func(page int) {
		switch page {
		case 0: // one that was read goes, and one that was not
			admin.do("POST", queue+"/members/batch", map[string]any{"remove": []string{agents[0], agents[4]}}).changed(0, 0, 2, 0)
		case 1:
			admin.do("PUT", queue+"/members/"+agents[8], map[string]any{}).want(200)
		}
	}), "agent_id")
	want := []string{agents[0], agents[1], agents[2], agents[3], agents[5], agents[6], agents[8]}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have %q, not %q", got, want)
	}
}

func skillsBatch(t *testing.T, p *program) {
	admin := p.admin()
	agents := admin.makeAgents(3)
	french := admin.do("POST", "/v1/skills", map[string]any{"name": "French"}).want(201).get("id")
	other := admin.do("POST", "/v1/skills", map[string]any{"name": "Parcels"}).want(201).get("id")
	path := "/v1/skills/" + french + "/agents/batch"
	has := func(agent string, n int) map[string]any { return map[string]any{"agent_id": agent, "proficiency": n} }
	skills := func(agent string) string {
		t.Helper()
		return admin.do("GET", "/v1/agents/"+agent, nil).want(200).get("skills")
	}
	one := func(skill string, n int) map[string]any { return map[string]any{"skill": skill, "proficiency": n} }
	admin.do("PUT", "/v1/agents/"+agents[0]+"/skills", map[string]any{"skills": []any{one(other, 1)}}).want(200).holds(map[string]string{"version": "2"})
	admin.do("PUT", "/v1/agents/"+agents[0]+"/skills", map[string]any{"skills": []any{one(other, 1)}}).want(200).holds(map[string]string{"version": "2"})
	admin.do("POST", path, map[string]any{"agents": []any{has(agents[0], 3), has(agents[1], 0)}, "remove": []string{agents[2]}}).changed(2, 0, 0, 1)
	admin.do("POST", path, map[string]any{"agents": []any{has(agents[0], 3), has(agents[1], 5)}}).changed(0, 1, 0, 1)
	if got := skills(agents[0]); got != `[{"proficiency":1,"skill":"`+other+`"},{"proficiency":3,"skill":"`+french+`"}]` {
		t.Errorf("the skills are %s", got)
	}
	admin.do("POST", path, map[string]any{"remove": agents}).changed(0, 0, 2, 1)
	admin.do("POST", path, map[string]any{"agents": []any{has(unknownID, 3)}, "remove": []string{unknownID}}).code(422, "batch.invalid").
		holds(map[string]string{"errors.0.pointer": "/agents/0/agent_id", "errors.1.pointer": "/remove/0"})
	queue := admin.makeQueue()
	admin.do("PATCH", queue, map[string]any{"routing": map[string]any{"skills": []string{other, french}, "rings": []any{map[string]any{"expansion_timeout_seconds": 5, "skills_to_remove": []string{other}}}}}).want(200)
	admin.do("DELETE", "/v1/skills/"+other, nil).want(204)
	if got := skills(agents[0]); got != "[]" {
		t.Errorf("after all were taken the skills are %s", got)
	}
	admin.do("GET", queue, nil).want(200).holds(map[string]string{"routing.skills": `["` + french + `"]`, "routing.rings.0.skills_to_remove": "[]"})
}
