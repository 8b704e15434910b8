package main

import (
	"fmt"
	"testing"
)

// TestTransferRaces lets an acceptance race with everything else that ends a
// transfer (2.7): there is one outcome, and who comes second is told it.
func TestTransferRaces(t *testing.T) {
	t.Parallel()
	onEach(t, part{"accept against the others", transferRaces})
}

func transferRaces(t *testing.T, p *program) {
	d := p.desk(2, map[string]any{"decline_sets_not_responding": false, "transfer_policy": map[string]any{"agent_no_answer": "requeue"}})
	ana, ben := d.agents[0], d.agents[1]
	ben.presence("away")
	ana.onQueue()
	for name, rival := range map[string]func(address, transfer, offer string) answer{
		"cancel": func(address, transfer, _ string) answer { return ana.do("DELETE", address+"/transfers/"+transfer, nil) },
		"end":    func(address, _, _ string) answer { return ana.do("POST", address+"/end", nil) },
		"decline": func(address, _, offer string) answer {
			return ben.do("POST", address+"/decline", map[string]any{"offer_id": offer})
		},
		"time-out": func(string, string, string) answer { return d.admin.advance(31) },
	} {
		for n := range transferRounds {
			i := d.again(fmt.Sprint(name, n))
			address := "/v1/interactions/" + i
			made := ana.passes(i, "agent", d.ids[1], "attended").want(201)
			transfer, offer := made.get("id"), made.get("offer_id")
			var accepted, other answer
			together(2, func(k int) {
				if k == n%2 {
					accepted = ben.do("POST", address+"/accept", map[string]any{"offer_id": offer})
				} else {
					other = rival(address, transfer, offer)
				}
			})
			got := d.admin.do("GET", address, nil).want(200)
			won := accepted.status == 200
			if won != (got.get("transfer.state") == "completed") || !won && accepted.status != 409 {
				t.Errorf("%s: accepting answered %d, and the transfer is %s", name, accepted.status, got.get("transfer.state"))
			}
			if name != "time-out" && won == (other.status/100 == 2) {
				t.Errorf("%s: accepting answered %d, the other %d", name, accepted.status, other.status)
			}
			if !won && accepted.get("outcome") != got.get("transfer.outcome") {
				t.Errorf("%s: who lost is told %s, not %s", name, accepted.body, got.get("transfer.outcome"))
			}
			owner := map[bool]*caller{true: ben, false: ana}[won]
			owner.do("POST", address+"/end", nil).want(200)
			ana.onQueue()
			ben.presence("away")
		}
	}
	d.holdTrue()
}

// TestTransferOverAKill ends the program with SIGKILL between the request of a transfer and
// its acceptance: who has the conversation, and who is offered it, is as it was.
func TestTransferOverAKill(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{"sqlite": template.SQLite(t), "postgres": template.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBinary(t, database)
			d := newDesk(newCaller(t, b.URL()).login(testClient, testSecret), 2, nil)
			ana, ben := d.agents[0], d.agents[1]
			for n, mode := range []string{"attended", "unattended"} {
				ana.onQueue()
				i := d.again(fmt.Sprint("c", n))
				made := ana.passes(i, "agent", d.ids[1], mode).want(201)
				b.kill9()
				b.restart()
				ben.shows(i, "transferring", "requested").holds(map[string]string{"offer.id": made.get("offer_id"), "offer.agent_id": d.ids[1]})
				ben.do("POST", "/v1/interactions/"+i+"/accept", map[string]any{"offer_id": made.get("offer_id")}).want(200)
				if got := ben.parts(i); fmt.Sprint(got) != "[Agent 1 wrapup Agent 2 connected]" {
					t.Errorf("%s: the parts are %q", mode, got)
				}
			}
			d.holdTrue()
		})
	}
}
