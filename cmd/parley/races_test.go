package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// TestRaces lets acceptances, declines, time-outs, ends by agents and by
// supervisors, assignments, holds, conferences, transfers, drafts and wrap-ups of every
// mode race, 32 at a time: nobody ends up with what another has, nobody has more than
// they may, and nothing is lost.
func TestRaces(t *testing.T) {
	t.Parallel()
	onEach(t, part{"32 at a time", racesAtOnce})
}

// racers is how many requests are under way at once.
const racers = 32

func racesAtOnce(t *testing.T, p *program) {
	d := p.desk(6, map[string]any{"alerting_timeout_seconds": 7, "decline_sets_not_responding": false})
	for _, c := range d.agents {
		c.onQueue()
	}
	var served atomic.Int64
	wrote := 0
	for round := range raceRounds {
		for n := range 8 {
			d.writes(fmt.Sprintf("c%d", n), fmt.Sprint("hello ", round))
			wrote++
		}
		d.admin.advance(0)
		open := each(d.admin.list("/v1/interactions?limit=200&state=queued,alerting,connected,held,transferring,conference_requested,conference&queue_id="+d.queue), "id")
		together(racers, func(n int) {
			random := rand.New(rand.NewPCG(uint64(round), uint64(n)))
			for step := range 6 {
				if n == 0 { // time passes meanwhile, offers and wrap-ups run out, and the queue changes its mind about these
					d.rules(map[string]any{"acw": acwOf(round + step)})
					d.admin.advance(4)
					continue
				}
				served.Add(d.acts(t, random, open[random.IntN(len(open))]))
			}
		})
		d.holds(t)
		for _, c := range d.agents {
			c.onQueue()
		}
	}
	if served.Load() == 0 {
		t.Error("nobody got anything done")
	}
	d.workOff(t, wrote)
}

// acwOf gives the rules about after-contact work one after the other.
func acwOf(n int) map[string]any {
	mode := domain.ACWModes()[n%len(domain.ACWModes())]
	acw := map[string]any{"mode": mode}
	if mode.Timed() {
		acw["timeout_seconds"], acw["grace_seconds"] = 10, 5
	}
	return acw
}

// acts does one thing that may be possible or not; only a fault of the program is wrong.
func (d deskSetup) acts(t *testing.T, random *rand.Rand, i string) int64 {
	t.Helper()
	address, who := "/v1/interactions/"+i, d.agents[random.IntN(len(d.agents))]
	var got answer
	switch random.IntN(20) {
	case 0, 1, 2:
		got = who.do("POST", address+"/accept", nil)
	case 3:
		got = who.do("POST", address+"/decline", nil)
	case 4:
		got = who.do("POST", address+"/hold", nil)
	case 5:
		got = who.do("POST", address+"/end", map[string]any{"reject_if_draft": random.IntN(2) == 0})
	case 6:
		got = d.admin.do("POST", address+"/end", nil) // a supervisor's: rescinds what is offered
	case 7:
		got = who.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]})
	case 8:
		got = who.do("POST", address+"/replies", map[string]any{"text": "hello"})
	case 9:
		got = d.admin.do("POST", address+"/assign", map[string]any{"agent_id": d.ids[random.IntN(len(d.ids))]})
	case 10:
		got = who.ask(address, d.ids[random.IntN(len(d.ids))])
	case 11:
		got = who.do("POST", address+"/conference/exit", nil)
	case 12:
		got = who.do("POST", address+"/conference/cancel", nil)
	case 13:
		got = who.do("DELETE", address+"/conference", nil)
	case 14:
		got = who.passes(i, "agent", d.ids[random.IntN(len(d.ids))], []string{"unattended", "attended"}[random.IntN(2)])
	case 15:
		got = who.passes(i, "queue", d.queue, "unattended")
	case 16:
		got = who.drafts(i, "I will lo")
	case 17:
		got = who.do("DELETE", address+"/draft", nil)
	case 18:
		got = who.do("PUT", address+"/after-contact-work", map[string]any{"after_call_work_required": random.IntN(2) == 0})
	case 19:
		pending := d.admin.do("GET", address, nil).want(200).get("transfer.id")
		if pending == "" {
			return 0
		}
		got = who.do("DELETE", address+"/transfers/"+pending, nil)
	}
	if got.status/100 == 2 {
		return 1
	}
	oneself, guest := strings.HasSuffix(got.get("code"), ".to_oneself"), strings.HasSuffix(got.get("code"), ".not_initiator")
	if got.status != 409 && got.status != 404 && !oneself && !guest {
		t.Errorf("%s answered %d: %s", got.what, got.status, got.body)
	}
	return 0
}

// holds checks every invariant, and that no agent has more than they may.
func (d deskSetup) holds(t *testing.T) {
	t.Helper()
	got := d.admin.do("GET", "/v1/admin/invariants", nil).want(200)
	if got.get("holds") != "true" {
		t.Fatalf("the invariants: %s", got.body)
	}
	for _, a := range d.agents {
		if load := a.do("GET", "/v1/agents/me", nil).get("utilization.message.used"); load > fmt.Sprint(domain.MessageCapacity) {
			t.Fatalf("an agent has %s at once", load)
		}
	}
}

// workOff ends all that is left, and checks that every message is in a transcript.
func (d deskSetup) workOff(t *testing.T, wrote int) {
	t.Helper()
	for range 100 {
		d.admin.advance(5) // a wrap-up may last
		open := 0
		for _, item := range d.interactions() {
			if text(lookup(item, "closed_at")) != "" {
				continue
			}
			open++
			for _, a := range d.agents {
				for _, verb := range []string{"/accept", "/end"} {
					a.do("POST", "/v1/interactions/"+text(lookup(item, "id"))+verb, nil)
				}
			}
			d.wrapsUp(item)
		}
		if open == 0 {
			break
		}
		for _, a := range d.agents {
			a.onQueue()
		}
	}
	d.holds(t)
	found := 0
	for _, item := range d.interactions() {
		if text(lookup(item, "closed_at")) == "" {
			t.Fatalf("there is work that nobody can finish: %s", text(item))
		}
		directions := each(d.admin.list("/v1/interactions/"+text(lookup(item, "id"))+"/messages?limit=200"), "direction")
		found += len(slices.DeleteFunc(directions, func(s string) bool { return s != "inbound" }))
	}
	if found != wrote {
		t.Errorf("%d of %d messages are in transcripts", found, wrote)
	}
}

// wrapsUp lets everybody submit what an interaction asks of them: who had it twice has
// two wrap-ups.
func (d deskSetup) wrapsUp(interaction any) {
	d.admin.t.Helper()
	parts, _ := lookup(interaction, "participants").([]any)
	for _, p := range parts {
		if n := slices.Index(d.ids, text(lookup(p, "agent_id"))); n >= 0 && text(lookup(p, "state")) == string(domain.ParticipantWrapUp) {
			d.agents[n].do("PUT", "/v1/interactions/"+text(lookup(interaction, "id"))+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "participant_id": text(lookup(p, "id"))})
		}
	}
}
