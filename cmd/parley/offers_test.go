package main

import (
	"bytes"
	"sync"
	"testing"
)

// TestOffers is about the answer to an offer: who gets it, and what everybody
// else is told.
func TestOffers(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"eight agents race for one offer", offersRace},
		part{"too late", offersTooLate},
		part{"a late click takes no newer offer", offersLateClick},
		part{"accepted twice", offersTwice},
	)
}

func offersRace(t *testing.T, p *program) {
	d := p.desk(8, nil)
	for _, c := range d.agents {
		c.onQueue()
	}
	d.writes("c1", "hello")
	d.admin.advance(0)
	i := text(lookup(d.interactions()[0], "id"))
	asked := d.offer(i).get("agent_id")
	var mu sync.Mutex
	statuses := map[int]int{}
	together(8, func(n int) {
		got := d.agents[n].do("POST", "/v1/interactions/"+i+"/accept", nil)
		mu.Lock()
		defer mu.Unlock()
		statuses[got.status]++
		switch {
		case got.status == 200 && (d.ids[n] != asked || got.get("state") != "connected"):
			t.Errorf("somebody else got it: %s", got.body)
		case got.status != 200 && (got.get("code") != "offer.not_pending" || got.get("outcome") == "" || got.get("current_state") == "" || got.get("allowed_actions") != "[]"):
			t.Errorf("a loser was told %s", got.body)
		}
	})
	if statuses[200] != 1 || statuses[409] != 7 {
		t.Errorf("the answers are %v", statuses)
	}
	accepted := d.admin.list("/v1/events?types=offer.accepted&interaction_id=" + i)
	if len(accepted) != 1 || text(lookup(accepted[0], "actor.id")) != asked {
		t.Errorf("accepted were %s", text(accepted))
	}
}

func offersTooLate(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"alerting_timeout_seconds": 7})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, offer, _ := ana.offered("")
	d.admin.advance(7)
	for _, body := range []any{nil, map[string]any{"offer_id": offer}} {
		late := ana.do("POST", "/v1/interactions/"+i+"/accept", body).code(409, "offer.not_pending")
		if late.get("outcome") != "timed_out" || late.get("current_state") != "queued" || late.get("retryable") != "false" {
			t.Errorf("too late: %s", late.body)
		}
		ana.do("POST", "/v1/interactions/"+i+"/decline", body).code(409, "offer.not_pending")
	}
	if d.admin.do("GET", "/v1/interactions/"+i, nil).get("state") != "queued" {
		t.Error("it went through all the same")
	}
}

func offersLateClick(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"decline_sets_not_responding": false})
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, first, cursor := ana.offered("")
	ana.do("POST", "/v1/interactions/"+i+"/decline", map[string]any{"offer_id": first}).want(200)
	_, second, _ := ana.offered(cursor)
	late := ana.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": first}).code(409, "offer.not_pending")
	if late.get("outcome") != "declined" || late.get("current_state") != "alerting" {
		t.Errorf("the late click: %s", late.body)
	}
	ana.do("POST", "/v1/interactions/"+i+"/decline", map[string]any{"offer_id": first}).want(200) // it was declined, and is
	if got := d.offer(i); got.get("id") != second || got.get("state") != "pending" {
		t.Errorf("the newer offer is %s", text(got.value))
	}
	ana.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": unknownID}).code(409, "offer.not_pending")
	ana.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": second}).want(200)
}

func offersTwice(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana, ben := d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "hello")
	i, offer, _ := ana.offered("")
	var bodies [8][]byte
	together(8, func(n int) {
		bodies[n] = ana.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": offer}).want(200).body
	})
	for _, body := range bodies[1:] {
		if !bytes.Equal(body, bodies[0]) {
			t.Errorf("accepting twice answered %s and %s", bodies[0], body)
		}
	}
	if n := len(d.admin.list("/v1/events?types=offer.accepted&interaction_id=" + i)); n != 1 {
		t.Errorf("it was accepted %d times", n)
	}
	ana.do("POST", "/v1/interactions/"+i+"/decline", nil).code(409, "offer.not_pending")
	ben.do("POST", "/v1/interactions/"+i+"/accept", nil).code(409, "offer.not_pending")
	d.admin.do("POST", "/v1/interactions/"+i+"/accept", nil).code(403, "permission.agent_required")
	ana.do("POST", "/v1/interactions/"+unknownID+"/accept", nil).code(404, "interaction.not_found")
}
