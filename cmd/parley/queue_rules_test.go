package main

import (
	"context"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func TestQueueRules(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"all of them, set and read", rulesRead},
		part{"what cannot be kept is refused", rulesRefused},
		part{"overflow never goes in a circle", rulesOverflow},
	)
}

// queue makes a queue with a name and these fields.
func (c *caller) queue(fields map[string]any) answer {
	c.t.Helper()
	body := map[string]any{"name": "Q"}
	for name, value := range fields {
		body[name] = value
	}
	return c.do("POST", "/v1/queues", body)
}

// skill makes a skill of the bootstrap organization.
func (p *program) skill(name string) string {
	p.t.Helper()
	var k domain.Skill
	err := p.store.InTx(p.t.Context(), func(ctx context.Context) error {
		org, err := p.app.organization(ctx, "default")
		if err != nil {
			return err
		}
		k = domain.NewSkill(org.ID, p.clock.Now())
		k.Name = name
		return p.store.CreateSkill(ctx, k)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(k.ID)
}

func rulesRead(t *testing.T, p *program) {
	admin := p.admin()
	made := admin.queue(nil).want(201)
	for path, want := range map[string]string{"auto_answer": "false", "sub_type_settings": "{}", "priority": "0", "business_hours": "", "overflow_queue_id": "",
		"max_waiting": "", "default_reply_language": "", "service_level": `{"percentage":0.8,"seconds":20}`,
		"routing": `{"affinity":{"enabled":false,"window_minutes":4320},"exclude_decliners_seconds":0,"max_requeues":null,"method":"conversation_score","rings":[],"skill_evaluation":"all","skills":[]}`} {
		if got := made.get(path); got != want {
			t.Errorf("by default %s is %s, want %s", path, got, want)
		}
	}
	spare := admin.queue(nil).want(201).get("id")
	full := map[string]any{"auto_answer": true, "sub_type_settings": map[string]any{"messenger": map[string]any{"auto_answer": false}}, "priority": 7,
		"business_hours": map[string]any{"time_zone": "Europe/Paris", "open": []any{map[string]any{"day": "monday", "from": "09:00", "to": "24:00"}},
			"holidays": []any{"2026-12-25"}, "closed_action": "overflow", "closed_message": "Closed."},
		"overflow_queue_id": spare, "max_waiting": 10, "default_reply_language": "fr-CA", "service_level": map[string]any{"percentage": 0.5, "seconds": 60},
		"routing": map[string]any{"method": "priority_score", "skill_evaluation": "best", "skills": []any{}, "exclude_decliners_seconds": 30, "max_requeues": 3,
			"affinity": map[string]any{"enabled": true, "window_minutes": 0},
			"rings":    []any{map[string]any{"expansion_timeout_seconds": 15.1, "skills_to_remove": []any{}}}}}
	got := admin.queue(full).want(201)
	for field, want := range full {
		if have := got.get(field); have != text(want) {
			t.Errorf("%s is %s, want %s", field, have, text(want))
		}
	}
	// A merge patch goes into objects, takes lists whole, and null takes away.
	path := "/v1/queues/" + got.get("id")
	got = admin.do("PATCH", path, map[string]any{"routing": map[string]any{"rings": []any{map[string]any{"expansion_timeout_seconds": 2}}, "max_requeues": nil},
		"sub_type_settings": map[string]any{"messenger": map[string]any{"auto_answer": true}}, "business_hours": nil}).want(200)
	for path, want := range map[string]string{"routing.rings": `[{"expansion_timeout_seconds":2,"skills_to_remove":[]}]`, "routing.max_requeues": "",
		"routing.method": "priority_score", "sub_type_settings": `{"messenger":{"auto_answer":true}}`, "business_hours": "", "priority": "7"} {
		if have := got.get(path); have != want {
			t.Errorf("after the patch %s is %s, want %s", path, have, want)
		}
	}
	if got = admin.do("PUT", path, map[string]any{"name": "Q"}, "If-Match", "*").want(200); got.get("routing") != made.get("routing") || got.get("sub_type_settings") != "{}" || got.get("auto_answer") != "false" {
		t.Errorf("a replacement keeps %s", got.body)
	}
}

func rulesRefused(t *testing.T, p *program) {
	admin := p.admin()
	french := p.skill("French")
	hours := func(zone, from, to, day string) map[string]any {
		return map[string]any{"business_hours": map[string]any{"time_zone": zone, "holidays": []any{day},
			"open": []any{map[string]any{"day": "friday", "from": from, "to": to}}}}
	}
	routing := func(name string, value any) map[string]any {
		return map[string]any{"routing": map[string]any{name: value}}
	}
	for _, c := range []struct {
		name    string
		fields  map[string]any
		status  int
		pointer string
	}{
		{"too short to answer", map[string]any{"alerting_timeout_seconds": 6}, 400, "/alerting_timeout_seconds"},
		{"too long to answer", map[string]any{"alerting_timeout_seconds": 901}, 400, "/alerting_timeout_seconds"},
		{"seven rings", routing("rings", make([]struct {
			E int `json:"expansion_timeout_seconds"`
		}, 7)), 400, "/routing/rings"},
		{"a window of more than three days", routing("affinity", map[string]any{"window_minutes": 4321}), 400, "/routing/affinity/window_minutes"},
		{"an unknown skill", routing("skills", []string{french, unknownID}), 422, "/routing/skills/1"},
		{"an unknown skill to remove", routing("rings", []any{map[string]any{"expansion_timeout_seconds": 1, "skills_to_remove": []string{unknownID}}}), 422, "/routing/rings/0/skills_to_remove/0"},
		{"an unknown queue", map[string]any{"overflow_queue_id": unknownID}, 422, "/overflow_queue_id"},
		{"nowhere to overflow", map[string]any{"max_waiting": 1}, 422, "/overflow_queue_id"},
		{"nowhere for the requeued", routing("max_requeues", 1), 422, "/overflow_queue_id"},
		{"an unknown kind", map[string]any{"sub_type_settings": map[string]any{"fax~/": map[string]any{"auto_answer": true}}}, 422, "/sub_type_settings/fax~0~1"},
		{"an unknown zone", hours("Mars/Olympus", "09:00", "10:00", "2026-12-25"), 422, "/business_hours/time_zone"},
		{"an empty stretch", hours("UTC", "09:00", "09:00", "2026-12-25"), 422, "/business_hours/open/0/to"},
		{"no such hour", hours("UTC", "24:00", "24:00", "2026-12-25"), 400, "/business_hours/open/0/from"},
		{"a blank message", map[string]any{"business_hours": map[string]any{"time_zone": "UTC", "open": []any{}, "closed_message": " "}}, 422, "/business_hours/closed_message"},
		{"no time of inactivity", map[string]any{"inactivity": map[string]any{"action": "requeue"}}, 400, "/inactivity/after_seconds"},
		{"too short an inactivity", map[string]any{"inactivity": map[string]any{"after_seconds": 9, "action": "requeue"}}, 400, "/inactivity/after_seconds"},
		{"no such day", hours("UTC", "09:00", "10:00", "2026-02-29"), 422, "/business_hours/holidays/0"},
		{"nothing to tell", map[string]any{"business_hours": map[string]any{"time_zone": "UTC", "open": []any{}, "closed_action": "message"}}, 422, "/business_hours/closed_message"},
	} {
		got := admin.queue(c.fields)
		if got.status != c.status || got.get("errors.0.pointer") != c.pointer {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	if got := admin.queue(map[string]any{"overflow_queue_id": "next"}).want(400); got.get("errors.0.code") != "format" || got.get("errors.0.pointer") != "/overflow_queue_id" {
		t.Errorf("what is no id: %s", got.body)
	}
	admin.queue(routing("skills", []string{french, french})).want(201)
}

func rulesOverflow(t *testing.T, p *program) {
	admin := p.admin()
	a := admin.queue(nil).want(201).get("id")
	b := admin.queue(map[string]any{"overflow_queue_id": a}).want(201).get("id")
	for _, next := range []string{a, b} {
		got := admin.do("PATCH", "/v1/queues/"+a, map[string]any{"overflow_queue_id": next}).code(422, "queue.overflow_cycle")
		if got.get("errors.0.pointer") != "/overflow_queue_id" {
			t.Errorf("the circle is %s", got.body)
		}
	}
	admin.do("DELETE", "/v1/queues/"+a, nil).code(409, "queue.in_use")
	admin.do("PATCH", "/v1/queues/"+b, map[string]any{"overflow_queue_id": nil}).want(200)
	admin.do("DELETE", "/v1/queues/"+a, nil).want(204)
}
