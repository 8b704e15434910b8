package main

import (
	"strconv"
	"strings"
	"testing"
)

// TestInvariants asks a program that has worked whether everything holds.
func TestInvariants(t *testing.T) {
	t.Parallel()
	onEach(t, part{"all hold", invariantsHold})
}

func invariantsHold(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	ana.do("POST", "/v1/interactions/"+i+"/hold", nil).want(200)
	reply := ana.says(i, "one moment")
	ana.until(i, reply, "delivered")
	for _, customer := range []string{"c2", "c3", "c4", "c5"} {
		d.writes(customer, "hello")
	}
	d.agents[1].onQueue()
	d.admin.advance(0)
	got := d.admin.do("GET", "/v1/admin/invariants", nil).want(200)
	if got.get("holds") != "true" || got.get("items.#") != "12" {
		t.Errorf("the invariants: %s", got.body)
	}
	for n := range 12 {
		item := "items." + strconv.Itoa(n) + "."
		if got.get(item+"number") != strconv.Itoa(n+1) || got.get(item+"text") == "" || got.get(item+"violations") != "[]" {
			t.Errorf("the invariant: %s", got.get(strings.TrimSuffix(item, ".")))
		}
	}
	ana.do("GET", "/v1/admin/invariants", nil).code(403, "permission.missing")
}
