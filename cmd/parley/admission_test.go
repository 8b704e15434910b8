package main

import (
	"slices"
	"testing"
)

// A queue takes what is transferred as what is new, and turns no customer away.
func transferAdmitted(t *testing.T, p *program) {
	d, ana, _, i := p.handing(nil)
	spare := d.admin.queue(nil).want(201).get("id")
	other := d.admin.queue(map[string]any{"overflow_queue_id": spare, "max_waiting": 1}).want(201).get("id")
	closed := func(queue, action string) {
		t.Helper()
		d.admin.do("PATCH", "/v1/queues/"+queue, map[string]any{"business_hours": map[string]any{"time_zone": "Europe/Paris", "open": []any{},
			"closed_action": action, "closed_message": "Closed until Monday."}}).want(200)
	}
	ana.passes(i, "queue", other, "unattended").want(201)
	ana.shows(i, "queued", "completed").holds(map[string]string{"queue.id": other})
	i = d.again("c2") // one too many
	before := ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("enqueued_at")
	ana.passes(i, "queue", other, "unattended").want(201).holds(map[string]string{"state": "completed", "target.id": other})
	ana.shows(i, "queued", "completed").holds(map[string]string{"queue.id": spare, "enqueued_at": before})
	i = d.again("c3")
	closed(spare, "reject")
	for _, reason := range []string{"max_waiting", "closed"} { // why it goes on to where nobody is taken
		ana.passes(i, "queue", other, "unattended").code(409, "transfer.target_unavailable").holds(map[string]string{"current_state": "connected", "errors.0.code": "closed", "errors.0.pointer": "/target/id"})
		if got := d.admin.transcript(ana.shows(i, "connected", "").value); len(got) != 1 || len(ana.transferEvents(i)) != 0 {
			t.Errorf("refused for %s, and told %q", reason, got)
		}
		d.admin.do("PATCH", "/v1/queues/"+other, map[string]any{"max_waiting": nil}).want(200)
		closed(other, "overflow")
	}
	closed(spare, "message")
	ana.passes(i, "queue", other, "unattended").want(201)
	got := d.admin.transcript(ana.shows(i, "queued", "completed").holds(map[string]string{"queue.id": spare}).value)
	if !slices.Equal(got, []string{"hello", "Closed until Monday."}) {
		t.Errorf("the customer is told %q", got)
	}
	d.holdTrue()
}
