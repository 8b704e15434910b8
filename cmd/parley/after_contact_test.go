package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestA19_C40_C41_AfterContactWork walks the modes of after-contact work (2.9).
func TestA19_C40_C41_AfterContactWork(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"what a queue says", acwSettings},
		part{"mandatory_timeout", acwTimeout},
		part{"mandatory_forced_timeout", acwForced},
		part{"agent_requested", acwRequested},
		part{"submission against deadline", acwRace},
	)
}

// wrapping lets an agent have, end and owe a wrap-up of a conversation under a mode.
func (p *program) wrapping(acw map[string]any) (d deskSetup, ana *caller, interaction string) {
	p.t.Helper()
	d, ana, interaction = p.talk(1)
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"acw": acw}).want(200)
	ana.do("POST", "/v1/interactions/"+interaction+"/end", nil).want(200)
	return d, ana, interaction
}

func acwSettings(t *testing.T, p *program) {
	d := p.desk(0, nil)
	set := func(acw string) answer {
		return d.admin.do("PATCH", "/v1/queues/"+d.queue, `{"acw":`+acw+`}`)
	}
	for _, step := range [][2]string{
		{`{"mode":"mandatory_timeout"}`, `{"grace_seconds":0,"mode":"mandatory_timeout","timeout_seconds":60}`},
		{`{"timeout_seconds":15,"grace_seconds":5}`, `{"grace_seconds":5,"mode":"mandatory_timeout","timeout_seconds":15}`},
		{`{"mode":"mandatory_forced_timeout"}`, `{"grace_seconds":5,"mode":"mandatory_forced_timeout","timeout_seconds":15}`},
		{`{"mode":"agent_requested"}`, `{"grace_seconds":0,"mode":"agent_requested","timeout_seconds":null}`},
		{`{"mode":"mandatory_timeout"}`, `{"grace_seconds":0,"mode":"mandatory_timeout","timeout_seconds":60}`},
	} {
		if got := set(step[0]).want(200).get("acw"); got != step[1] {
			t.Errorf("%s gives %s", step[0], got)
		}
	}
	set(`{"mode":"optional","timeout_seconds":30}`).code(422, "acw.no_time").holds(map[string]string{"errors.0.pointer": "/acw/timeout_seconds"})
	set(`{"mode":"mandatory","timeout_seconds":null,"grace_seconds":3}`).code(422, "acw.no_time").holds(map[string]string{"errors.0.pointer": "/acw/grace_seconds"})
	set(`{"mode":"whenever"}`).want(400)
	unknown := map[string]any{"name": "Codes", "wrap_up_code_ids": []string{d.codes[0], d.codes[0], unknownID}}
	d.admin.do("POST", "/v1/queues", unknown).code(422, "wrap_up_code.unknown").holds(map[string]string{"errors.0.pointer": "/wrap_up_code_ids/2"})
	short := map[string]any{"name": "Short", "inactivity": map[string]any{"after_seconds": 20, "action": "disconnect"}}
	d.admin.do("POST", "/v1/queues", short).want(201).holds(map[string]string{"inactivity.warn_seconds": "10"})
}

func acwTimeout(t *testing.T, p *program) {
	d, ana, i := p.wrapping(map[string]any{"mode": "mandatory_timeout", "timeout_seconds": 30, "grace_seconds": 20})
	address := "/v1/interactions/" + i + "/wrap-up"
	pending := ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "pending", "prompt": "mandatory_timeout", "required": "true", "submitted_at": ""})
	if got := at(t, pending.get("deadline")).Sub(at(t, pending.get("started_at"))).Seconds(); got != 30 {
		t.Errorf("it ends after %v s", got)
	}
	d.admin.advance(29)
	ana.do("GET", "/v1/agents/me", nil).want(200).holds(map[string]string{"utilization.message.used": "1", "routing_status": "interacting"})
	d.admin.advance(5) // the clock runs: the deadline is on the way
	ana.do("GET", "/v1/agents/me", nil).want(200).holds(map[string]string{"utilization.message.used": "0", "routing_status": "idle"})
	code := `[{"id":"WRAP_UP_TIMEOUT","name":"The time for the wrap-up was over"}]`
	ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "timed_out", "codes": code, "submitted_at": ""})
	allowed := func(want string) answer {
		t.Helper()
		return ana.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"participants.1.state": "closed", "allowed_actions": want})
	}
	closed := allowed(`["wrap_up"]`) // for as long as the grace lasts
	if late := at(t, closed.get("closed_at")).Sub(at(t, pending.get("deadline"))); late < 0 || late > 2*time.Second {
		t.Errorf("closed %v after the deadline", late)
	}
	if got := ana.do("GET", address, nil, "Accept-Language", "fr").want(200).get("codes.0.name"); got != "Délai de conclusion dépassé" {
		t.Errorf("in French it is called %q", got)
	}
	late := map[string]any{"code_ids": d.codes[1:2], "notes": "Lunch."}
	ana.do("PUT", address, late).want(200).holds(map[string]string{"state": "submitted", "codes.0.id": d.codes[1], "notes": "Lunch."})
	allowed("[]")
	d.admin.advance(30)
	ana.do("PUT", address, late).want(200) // the same again
	ana.do("PUT", address, map[string]any{"code_ids": d.codes[:1]}).code(409, "wrap_up.already_submitted").holds(map[string]string{"outcome": "submitted"})
	got := strings.Join(each(ana.list("/v1/events?types=wrap_up.started,wrap_up.submitted,wrap_up.timed_out,interaction.closed&interaction_id="+i), "type"), " ")
	if got != "wrap_up.started wrap_up.timed_out interaction.closed wrap_up.submitted" {
		t.Errorf("the events are %s", got)
	}
}

func acwForced(t *testing.T, p *program) {
	d, ana, i := p.wrapping(map[string]any{"mode": "mandatory_forced_timeout", "timeout_seconds": 30})
	address := "/v1/interactions/" + i + "/wrap-up"
	ana.do("PUT", address, map[string]any{"code_ids": []string{}}).code(422, "wrap_up.code_required")
	ana.do("PUT", address, map[string]any{"code_ids": d.codes[:2]}).want(200).holds(map[string]string{"state": "submitted"})
	ana.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"participants.1.state": "wrapup", "closed_at": "", "allowed_actions": "[]"})
	d.admin.do("GET", "/v1/admin/invariants", nil).want(200).holds(map[string]string{"holds": "true"})
	if ana.me("utilization.message.used") != "1" {
		t.Error("an early submission frees an agent whose time is forced")
	}
	d.admin.advance(30)
	if ana.me("utilization.message.used") != "0" {
		t.Error("the end of a forced time frees nobody")
	}
	ana.do("GET", address, nil).want(200).holds(map[string]string{"state": "submitted", "codes.0.id": d.codes[0], "codes.1.id": d.codes[1]})
	whole := ana.do("GET", "/v1/interactions/"+i+"?expand=segments", nil).want(200)
	segments, _ := lookup(whole.value, "segments").([]any)
	last := segments[len(segments)-1]
	if lasted := at(t, text(lookup(last, "end"))).Sub(at(t, text(lookup(last, "start")))); text(lookup(last, "type")) != "wrapup" || lasted < 30*time.Second || lasted > 32*time.Second || whole.get("closed_at") == "" {
		t.Errorf("the last stretch is %s", text(last))
	}
	// Nothing given: no grace is set, and nothing can be made good.
	d.writes("c2", "hello")
	d.admin.advance(0)
	second := text(lookup(d.interactions()[1], "id"))
	ana.do("POST", "/v1/interactions/"+second+"/accept", nil).want(200)
	ana.do("POST", "/v1/interactions/"+second+"/end", nil).want(200)
	d.admin.advance(31)
	lost := ana.do("PUT", "/v1/interactions/"+second+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).code(409, "wrap_up.timed_out")
	lost.holds(map[string]string{"outcome": "timed_out", "current_state": "disconnected", "allowed_actions": "[]"})
}

func acwRequested(t *testing.T, p *program) {
	d, ana, i := p.wrapping(map[string]any{"mode": "agent_requested"})
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200) // what she ended before
	ana.do("GET", "/v1/interactions/"+i+"/wrap-up", nil).code(404, "wrap_up.not_found")
	ended := ana.do("GET", "/v1/interactions/"+i, nil).want(200).holds(map[string]string{"participants.1.state": "closed", "participants.1.after_call_work_required": "false"})
	if ended.get("closed_at") == "" {
		t.Errorf("it is not closed: %s", ended.body)
	}
	wanted := func(who *caller, i string, yes bool) answer {
		return who.do("PUT", "/v1/interactions/"+i+"/after-contact-work", map[string]any{"after_call_work_required": yes})
	}
	wanted(ana, i, true).code(409, "state.invalid_transition")
	d.writes("c2", "hello")
	d.admin.advance(0)
	second := text(lookup(d.interactions()[1], "id"))
	ana.do("POST", "/v1/interactions/"+second+"/accept", nil).want(200)
	for _, yes := range []bool{true, true, false, true} {
		wanted(ana, second, yes).want(200).holds(map[string]string{"participants.1.after_call_work_required": fmt.Sprint(yes)})
	}
	ana.do("POST", "/v1/interactions/"+second+"/end", nil).want(200).holds(map[string]string{"participants.1.state": "wrapup", "allowed_actions": `["wrap_up"]`})
	ana.do("GET", "/v1/interactions/"+second+"/wrap-up", nil).want(200).holds(map[string]string{"prompt": "agent_requested", "required": "true", "deadline": ""})
	if got := each(ana.list("/v1/events?types=wrap_up.requested&interaction_id="+second), "data.after"); strings.Join(got, " ") != "true false true" {
		t.Errorf("the events say %q", got)
	}
	ana.do("PUT", "/v1/interactions/"+second+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
}

// acwRace lets submissions meet the deadline: each wrap-up ends in one of two ways,
// and whoever asked is told which.
func acwRace(t *testing.T, p *program) {
	d := p.desk(3, map[string]any{"acw": map[string]any{"mode": "mandatory_timeout", "timeout_seconds": 30}})
	for round := range wrapUpRounds {
		for _, a := range d.agents {
			a.onQueue()
		}
		var ids []string
		for n := range 6 {
			d.writes(fmt.Sprintf("c%d", n), fmt.Sprint("hello ", round))
		}
		d.admin.advance(0)
		owners := map[string]*caller{}
		for _, a := range d.agents {
			for _, offer := range a.offers() {
				i := text(lookup(offer, "id"))
				ids = append(ids, i)
				owners[i] = a
				a.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
				a.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
			}
		}
		if len(ids) != 6 {
			t.Fatalf("%d were offered", len(ids))
		}
		d.admin.advance(29.5)
		answers := make([]answer, len(ids))
		together(len(ids)+1, func(n int) {
			if n == len(ids) {
				d.admin.advance(1)
				return
			}
			answers[n] = owners[ids[n]].do("PUT", "/v1/interactions/"+ids[n]+"/wrap-up", map[string]any{"code_ids": d.codes[:1]})
		})
		d.admin.advance(1)
		for n, i := range ids {
			want := map[int]string{200: "submitted", 409: "timed_out"}[answers[n].status]
			owners[i].do("GET", "/v1/interactions/"+i+"/wrap-up", nil).want(200).holds(map[string]string{"state": want})
			if answers[n].status == 409 {
				answers[n].code(409, "wrap_up.timed_out").holds(map[string]string{"outcome": "timed_out"})
			}
		}
		d.holds(t)
		for _, a := range d.agents {
			if a.me("utilization.message.used") != "0" {
				t.Fatal("somebody is held by a wrap-up that is over")
			}
		}
	}
}
