package main

import (
	"slices"
	"strings"
	"testing"
)

// TestC30_C31_C32_C33_C34_C35_C36_Conferences walks the rows of the conference protocol
// (2.8) with two and three desktops.
func TestC30_C31_C32_C33_C34_C35_C36_Conferences(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"C32 C33 requested, accepted, and the customer is told", conferenceStarts},
		part{"C32 declined, left unanswered, cancelled", conferenceFails},
		part{"C30 never a third agent", conferenceFull},
		part{"C31 whom to ask", conferenceTargets},
		part{"C34 the initiator ends, and both wrap up", conferenceEnds},
		part{"C34 back to one to one", conferenceGoesBack},
		part{"C35 C36 only the initiator ends, the other can leave", conferenceExits},
		part{"C24 D06 when it cannot be", conferenceNotNow},
		part{"hold while the other is asked", conferenceHolds},
		part{"an agent is lost", conferenceLost},
		part{"nobody writes", conferenceInactive},
		part{"no transfer meanwhile", conferenceOrTransfer},
		part{"C32 cancel, time-out, end and exit race", conferenceRaces},
	)
}

// meet is a conversation of Ana's with Ben ready to be asked in.
func (p *program) meet(queue map[string]any) (d deskSetup, ana, ben *caller, address string) {
	p.t.Helper()
	d = p.desk(2, queue)
	ana, ben = d.agents[0], d.agents[1]
	ana.onQueue()
	d.writes("c1", "Where is my parcel?")
	i, _ := ana.accepted("")
	ben.onQueue()
	return d, ana, ben, "/v1/interactions/" + i
}

// ask requests a conference with an agent.
func (c *caller) ask(address, agent string) answer {
	c.t.Helper()
	return c.do("POST", address+"/conference", map[string]any{"agent_id": agent})
}

// confer is meet with Ben in the conversation.
func (p *program) confer(queue map[string]any) (d deskSetup, ana, ben *caller, address string) {
	p.t.Helper()
	d, ana, ben, address = p.meet(queue)
	ana.ask(address, d.ids[1]).want(201)
	ben.do("POST", address+"/accept", nil).want(200)
	return d, ana, ben, address
}

// parts gives the states of the agents' parts in an interaction.
func (d deskSetup) parts(address string) string {
	d.admin.t.Helper()
	return strings.Join(each(items(d.admin.do("GET", address, nil).want(200), "participants")[1:], "state"), " ")
}

func conferenceStarts(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(map[string]any{"default_reply_language": "fr"})
	asked := ana.ask(address, d.ids[1]).want(201)
	asked.holds(map[string]string{"state": "requested", "initiator_id": d.ids[0], "agent_id": d.ids[1], "started_at": "", "ended_at": ""})
	if location := asked.header.Get("Location"); location != address+"/conference" || ana.do("GET", location, nil).want(200).get("state") != "requested" {
		t.Errorf("it is to be found at %q", location)
	}
	ana.do("GET", address, nil).holds(map[string]string{"state": "conference_requested", "conference.state": "requested", "offer.purpose": "conference",
		"allowed_actions": `["reply","hold","record","cancel_conference","end"]`})
	ben.do("GET", address, nil).holds(map[string]string{"allowed_actions": `["accept","decline"]`, "offer.agent_id": d.ids[1]})
	if got := each(ben.offers(), "state"); !slices.Equal(got, []string{"conference_requested"}) {
		t.Errorf("the other's offers are %q", got)
	}
	if used := ben.me("utilization.message.used"); used != "1" {
		t.Errorf("the offer takes %s", used)
	}
	if texts := ana.transcript(map[string]any{"id": strings.TrimPrefix(address, "/v1/interactions/")}); len(texts) != 1 {
		t.Errorf("the customer has seen something: %q", texts)
	}
	ben.do("POST", address+"/accept", nil).holds(map[string]string{"state": "conference", "conference.state": "active", "allowed_actions": `["reply","exit_conference"]`})
	ben.do("POST", address+"/accept", nil).want(200)
	ana.do("GET", address, nil).holds(map[string]string{"allowed_actions": `["reply","record","end_conference","end"]`})
	i := strings.TrimPrefix(address, "/v1/interactions/")
	ben.until(i, ben.says(i, "Ben here"), "delivered")
	ana.until(i, ana.says(i, "and Ana"), "delivered")
	d.writes("c1", "hello both")
	d.admin.advance(0)
	messages := ana.list(address + "/messages")
	if got := each(messages, "text"); !slices.Equal(got, []string{"Where is my parcel?", "Agent 2 a rejoint la conversation.", "Ben here", "and Ana", "hello both"}) {
		t.Errorf("the transcript is %q", got)
	}
	if got := each(messages, "sender.display_name"); got[2] != "Agent 2" || got[3] != "Agent 1" || text(lookup(messages[1], "kind")) != "system" {
		t.Errorf("who wrote: %q", got)
	}
	for who, c := range map[string]*caller{"ana": ana, "ben": ben} {
		if got := each(c.list("/v1/interactions?state=conference&agent_id=me"), "id"); !slices.Equal(got, []string{i}) {
			t.Errorf("%s has in a conference %q", who, got)
		}
		if used := c.me("utilization.message.used"); used != "1" {
			t.Errorf("%s has %s", who, used)
		}
	}
	d.holdTrue()
}

func conferenceFails(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(map[string]any{"alerting_timeout_seconds": 7})
	for _, way := range []struct {
		name, conference, offer, event, status string
		how                                    func()
	}{
		{"cancelled", "cancelled", "rescinded", "conference.cancelled", "idle", func() {
			ana.do("POST", address+"/conference/cancel", nil).holds(map[string]string{"state": "connected"})
			ana.do("POST", address+"/conference/cancel", nil).want(200)
		}},
		{"declined", "failed", "declined", "conference.declined", "not_responding", func() {
			ben.do("POST", address+"/decline", nil).holds(map[string]string{"state": "connected"})
			ben.do("POST", address+"/decline", nil).want(200)
		}},
		{"left unanswered", "failed", "timed_out", "conference.declined", "not_responding", func() { d.admin.advance(7) }},
	} {
		ben.onQueue()
		ana.ask(address, d.ids[1]).want(201)
		way.how()
		ana.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": way.conference, "offer": "", "participants.#": "2",
			"allowed_actions": `["reply","hold","record","transfer","conference","end"]`})
		ben.do("POST", address+"/accept", nil).code(409, "offer.not_pending").holds(map[string]string{"outcome": way.offer})
		if status := ben.me("routing_status"); status != way.status {
			t.Errorf("after it was %s the other is %s", way.name, status)
		}
		events := ana.list("/v1/events?types=" + way.event + "&interaction_id=" + strings.TrimPrefix(address, "/v1/interactions/"))
		if last := events[len(events)-1]; text(lookup(last, "data.after")) != way.conference || text(lookup(last, "data.reason")) != way.offer {
			t.Errorf("it is told as %s", text(last))
		}
	}
	if texts := ana.list(address + "/messages"); len(texts) != 1 {
		t.Errorf("the customer has seen something: %s", text(texts))
	}
	ana.do("POST", address+"/conference/cancel", nil).code(409, "conference.not_pending").holds(map[string]string{"outcome": "failed"})
	d.holdTrue()
}

func conferenceFull(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(nil)
	third := d.hire("Third")
	third.onQueue()
	ana.ask(address, d.ids[1]).want(201)
	ana.ask(address, d.ids[2]).code(409, "conference.in_progress").holds(map[string]string{"current_state": "conference_requested"})
	third.do("POST", address+"/accept", nil).code(409, "offer.not_pending")
	ben.do("POST", address+"/accept", nil).want(200)
	ana.ask(address, d.ids[2]).code(409, "conference.full")
	ben.ask(address, d.ids[2]).code(409, "conference.full")
	third.ask(address, d.ids[1]).want(409)
	d.holdTrue()
}

func conferenceTargets(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(nil)
	ben.presence("meal")
	mine := map[string]string{}
	for _, item := range ana.list("/v1/conference-targets?limit=200&q=AGENT") {
		mine[text(lookup(item, "id"))] = text(lookup(item, "type")) + " " + text(lookup(item, "presence")) + " " + text(lookup(item, "routing_status"))
	}
	if mine[d.ids[0]] != "agent on_queue interacting" || mine[d.ids[1]] != "agent meal off_queue" {
		t.Errorf("the targets are %v", mine)
	}
	if n := len(ana.list("/v1/conference-targets?q=nobody-of-this-name")); n != 0 {
		t.Errorf("%d are of no such name", n)
	}
	refused := ana.ask(address, d.ids[1]).code(409, "conference.target_unavailable")
	if got := each(items(refused, "errors"), "code"); !slices.Equal(got, []string{"not_on_queue"}) {
		t.Errorf("it is refused for %q", got)
	}
	ben.onQueue()
	if got := ana.do("GET", "/v1/conference-targets?limit=200&q=agent%202", nil); got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it may be kept: %q", got.header.Get("Cache-Control"))
	}
	ana.ask(address, d.ids[0]).code(422, "conference.to_oneself")
	ana.ask(address, unknownID).code(422, "agent.unknown")
	d.admin.ask(address, d.ids[1]).code(403, "permission.agent_required")
	if got := ana.do("POST", address+"/conference?validate_only=true", map[string]any{"agent_id": d.ids[1]}).want(200); got.get("valid") != "true" {
		t.Errorf("tried: %s", got.body)
	}
	ana.do("GET", address+"/conference", nil).code(404, "conference.not_found")
}

func conferenceEnds(t *testing.T, p *program) {
	d, ana, ben, address := p.confer(map[string]any{"acw": map[string]any{"mode": "mandatory"}, "require_end_consent": true})
	ana.do("DELETE", address+"/conference", nil).code(422, "consent.required")
	ana.do("PUT", address+"/draft", map[string]any{"text": "I was about to"}).want(200)
	ana.do("DELETE", address+"/conference?customer_consent=true&reject_if_draft=true", nil).code(409, "draft.unsent")
	ana.do("DELETE", address+"/conference?customer_consent=true", nil).want(200).holds(map[string]string{"state": "disconnected", "warnings.0.code": "draft.unsent"})
	ana.do("DELETE", address+"/draft", nil).want(204)
	ana.do("DELETE", address+"/conference", nil).want(204)
	ana.do("GET", address, nil).holds(map[string]string{"state": "disconnected", "disconnect_type": "conference_ended", "conference.state": "ended", "closed_at": ""})
	if got := d.parts(address); got != "wrapup wrapup" {
		t.Errorf("the parts are %s", got)
	}
	if got := each(ana.list(address+"/messages"), "text"); !slices.Equal(got[2:], []string{"Agent 2 has left the chat.", "Agent 1 has left the chat."}) {
		t.Errorf("the customer is told %q", got)
	}
	for n, c := range []*caller{ben, ana} {
		c.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
		if closed := ana.do("GET", address, nil).get("closed_at") != ""; closed != (n == 1) {
			t.Errorf("closed after %d wrap-ups: %v", n+1, closed)
		}
	}
	got := ana.do("GET", address+"?expand=segments", nil).want(200)
	if kinds := strings.Join(each(items(got, "segments"), "type"), " "); kinds != "queue alert interact alert conference conference wrapup wrapup" {
		t.Errorf("the segments are %s", kinds)
	}
	d.holdTrue()
}

func conferenceGoesBack(t *testing.T, p *program) {
	d, ana, ben, address := p.confer(map[string]any{"conference_end": "back_to_one_to_one"})
	ana.do("DELETE", address+"/conference", nil).want(204)
	ana.do("DELETE", address+"/conference", nil).want(204)
	ana.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": "ended", "allowed_actions": `["reply","hold","record","transfer","conference","end"]`})
	if got := d.parts(address); got != "connected wrapup" {
		t.Errorf("the parts are %s", got)
	}
	i := strings.TrimPrefix(address, "/v1/interactions/")
	ben.do("POST", address+"/replies", map[string]any{"text": "still there"}).want(409)
	ana.says(i, "just us again")
	ana.ask(address, d.ids[1]).want(201)
	ben.do("POST", address+"/accept", nil).holds(map[string]string{"state": "conference"})
	// The end of the conversation is the initiator's, too, and is the end for everybody.
	ben.do("POST", address+"/end", nil).code(403, "conference.not_initiator")
	ana.do("POST", address+"/end", nil).holds(map[string]string{"state": "disconnected", "disconnect_type": "agent"})
	ben.do("POST", address+"/end", nil).want(200)
	d.holdTrue()
}

func conferenceExits(t *testing.T, p *program) {
	d, ana, ben, address := p.confer(nil)
	ben.do("DELETE", address+"/conference", nil).code(403, "conference.not_initiator")
	ben.do("POST", address+"/conference/cancel", nil).code(403, "conference.not_initiator")
	ana.do("POST", address+"/conference/exit", nil).code(409, "conference.initiator_cannot_exit").holds(map[string]string{"current_state": "conference"})
	ben.do("POST", address+"/hold", nil).code(409, "state.invalid_transition")
	ana.do("POST", address+"/hold", nil).code(409, "state.invalid_transition")
	ben.do("POST", address+"/conference/exit", nil).holds(map[string]string{"state": "connected", "conference.state": "ended", "allowed_actions": `["wrap_up"]`})
	ben.do("POST", address+"/conference/exit", nil).want(200)
	ana.do("DELETE", address+"/conference", nil).code(409, "state.invalid_transition")
	if got := each(ana.list(address+"/messages"), "text"); got[len(got)-1] != "Agent 2 has left the chat." {
		t.Errorf("the customer is told %q", got)
	}
	ben.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	ana.do("GET", address, nil).holds(map[string]string{"state": "connected", "closed_at": ""})
	if used := ben.me("utilization.message.used"); used != "0" {
		t.Errorf("who has left still has %s", used)
	}
	// What it is when it is over: one agent has the conversation to the end.
	ana.do("POST", address+"/end", nil).holds(map[string]string{"state": "disconnected"})
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	if ana.do("GET", address, nil).get("closed_at") == "" {
		t.Error("it is not closed when both have wrapped up")
	}
	d.holdTrue()
}

func conferenceNotNow(t *testing.T, p *program) {
	d := p.desk(2, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	address := "/v1/interactions/" + i
	d.agents[1].onQueue()
	tries := func(state string) {
		t.Helper()
		for verb, got := range map[string]answer{"request": ana.ask(address, d.ids[1]), "exit": ana.do("POST", address+"/conference/exit", nil),
			"cancel": ana.do("POST", address+"/conference/cancel", nil), "end": ana.do("DELETE", address+"/conference", nil)} {
			if got.status != 409 || got.get("code") != "state.invalid_transition" || got.get("current_state") != state {
				t.Errorf("%s while %s answers %s", verb, state, got.body)
			}
		}
	}
	tries("alerting")
	ana.do("POST", address+"/accept", nil).want(200)
	ana.do("POST", address+"/hold", nil).want(200)
	tries("held")
	ana.do("POST", address+"/end", nil).want(200)
	tries("disconnected")
}

func conferenceHolds(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(nil)
	ana.ask(address, d.ids[1]).want(201)
	ana.do("POST", address+"/hold", nil).holds(map[string]string{"state": "conference_requested", "participants.1.state": "held",
		"allowed_actions": `["reply","accept","resume","record","cancel_conference","end"]`})
	ben.do("POST", address+"/decline", nil).holds(map[string]string{"state": "held"})
	ana.do("POST", address+"/resume", nil).want(200)
	ben.onQueue()
	ana.ask(address, d.ids[1]).want(201)
	ana.do("POST", address+"/hold", nil).want(200)
	ben.do("POST", address+"/accept", nil).holds(map[string]string{"state": "conference", "participants.1.state": "connected"})
	if n := len(d.admin.list("/v1/events?types=interaction.resumed&interaction_id=" + strings.TrimPrefix(address, "/v1/interactions/"))); n != 2 {
		t.Errorf("of two ends of the hold %d are told", n)
	}
	d.holdTrue()
}

func conferenceLost(t *testing.T, p *program) {
	for _, rule := range []string{"requeue", "wait"} {
		d, ana, ben, address := p.confer(nil)
		grace(d.admin, 60, rule)
		for range 4 { // Ben is there, Ana is not
			d.admin.advance(25)
			ben.me("id")
		}
		i := d.admin.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": "ended"})
		if got := d.parts(address); got != "closed connected" {
			t.Errorf("with %s the parts are %s", rule, got)
		}
		d.stand(0, "offline", "off_queue").holds(map[string]string{"utilization.message.used": "0"})
		ben.do("GET", address, nil).holds(map[string]string{"allowed_actions": `["reply","hold","record","transfer","conference","end"]`})
		if got := ben.transcript(i.value); got[len(got)-1] != "Agent 1 has left the chat." {
			t.Errorf("the customer is told %q", got)
		}
		grace(d.admin, nil, "requeue")
		ana.do("POST", address+"/conference/exit", nil).want(409)
		ben.do("POST", address+"/end", nil).want(200)
		d.holdTrue()
	}
	d, ana, ben, address := p.confer(nil)
	grace(d.admin, 60, "requeue")
	for range 4 { // and the other way round
		d.admin.advance(25)
		ana.me("id")
	}
	ana.do("GET", address, nil).holds(map[string]string{"state": "connected", "conference.state": "ended"})
	ben.onQueue()
	ana.ask(address, d.ids[1]).want(201)
	d.admin.advance(25)
	ana.me("id")
	d.admin.advance(40) // who is asked and lost is not punished; who asks and is lost leaves the customer to others
	grace(d.admin, nil, "requeue")
	d.holdTrue()
}

func conferenceInactive(t *testing.T, p *program) {
	for action, want := range map[string]string{"disconnect": "disconnected wrapup wrapup", "requeue": "queued wrapup wrapup"} {
		d, ana, ben, address := p.confer(map[string]any{"inactivity": map[string]any{"after_seconds": 120, "warn_seconds": 0, "action": action}})
		d.admin.advance(100)
		ben.says(strings.TrimPrefix(address, "/v1/interactions/"), "one moment") // also the guest's words count
		ana.presence("away")
		ben.presence("away")
		d.admin.advance(100)
		d.admin.do("GET", address, nil).holds(map[string]string{"state": "conference"})
		d.admin.advance(30)
		if got := d.admin.do("GET", address, nil).get("state") + " " + d.parts(address); got != want {
			t.Errorf("%s leads to %s", action, got)
		}
		d.holdTrue()
	}
}

// conferenceOrTransfer asks for the one while there is the other: each waits for the
// other's end (2.7, 2.8).
func conferenceOrTransfer(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(map[string]any{"inactivity": map[string]any{"after_seconds": 20, "warn_seconds": 0, "action": "disconnect"}})
	i := strings.TrimPrefix(address, "/v1/interactions/")
	third := d.hire("Third")
	third.onQueue()
	transfers := func(who *caller, state string) {
		t.Helper()
		for kind, id := range map[string]string{"queue": d.queue, "agent": d.ids[2]} {
			who.passes(i, kind, id, "unattended").code(409, "state.invalid_transition").holds(map[string]string{"current_state": state})
		}
	}
	ana.ask(address, d.ids[1]).want(201)
	transfers(ana, "conference_requested")
	ben.do("POST", address+"/accept", nil).want(200)
	transfers(ana, "conference")
	ben.passes(i, "queue", d.queue, "unattended").want(409)
	ben.do("POST", address+"/conference/exit", nil).want(200)
	transfer := ana.passes(i, "agent", d.ids[2], "attended").want(201).get("id")
	ana.ask(address, d.ids[1]).code(409, "state.invalid_transition").holds(map[string]string{"current_state": "transferring"})
	ana.do("DELETE", address+"/transfers/"+transfer, nil).want(204)
	// The rule about silence ends it for the customer, also while another is asked.
	ana.ask(address, d.ids[1]).want(201)
	d.admin.advance(20)
	ana.do("GET", address, nil).holds(map[string]string{"state": "disconnected", "disconnect_type": "inactivity", "conference.state": "cancelled", "offer": ""})
	if got := ben.me("routing_status") + ben.me("utilization.message.used"); got != "idle0" {
		t.Errorf("who was asked is %s", got)
	}
	d.holdTrue()
}

// conferenceRaces lets two requests race for one conference, again and again: one of
// them wins, the other is told so, and nobody is left with what is not theirs.
func conferenceRaces(t *testing.T, p *program) {
	d, ana, ben, address := p.meet(map[string]any{"alerting_timeout_seconds": 7, "conference_end": "back_to_one_to_one"})
	for name, race := range map[string]struct {
		joined bool // the other agent is in already
		two    [2]func() int
		fine   map[[2]int]bool
	}{
		"cancel and accept":   {two: [2]func() int{verb(ana, address+"/conference/cancel"), verb(ben, address+"/accept")}, fine: map[[2]int]bool{{200, 409}: true, {409, 200}: true}},
		"decline and cancel":  {two: [2]func() int{verb(ben, address+"/decline"), verb(ana, address+"/conference/cancel")}, fine: map[[2]int]bool{{200, 409}: true, {409, 200}: true}},
		"time-out and accept": {two: [2]func() int{func() int { d.admin.advance(7); return 200 }, verb(ben, address+"/accept")}, fine: map[[2]int]bool{{200, 409}: true, {200, 200}: true}},
		"exit and end": {joined: true, two: [2]func() int{verb(ben, address+"/conference/exit"), func() int { return ana.do("DELETE", address+"/conference", nil).status }},
			fine: map[[2]int]bool{{200, 204}: true}},
		"two exits": {joined: true, two: [2]func() int{verb(ben, address+"/conference/exit"), verb(ben, address+"/conference/exit")}, fine: map[[2]int]bool{{200, 200}: true}},
	} {
		for range conferenceRounds {
			ben.onQueue()
			ana.ask(address, d.ids[1]).want(201)
			if race.joined {
				ben.do("POST", address+"/accept", nil).want(200)
			}
			var got [2]int
			together(2, func(n int) { got[n] = race.two[n]() })
			if !race.fine[got] {
				t.Fatalf("%s end with %v", name, got)
			}
			if ana.do("GET", address, nil).get("state") == "conference" {
				ben.do("POST", address+"/conference/exit", nil).want(200)
			}
			ana.do("GET", address, nil).holds(map[string]string{"state": "connected", "offer": ""})
		}
	}
	for n := range conferenceRounds { // whatever comes first, the end is the end for everybody
		ben.presence("away")
		d.writes("more", "hello")
		d.admin.advance(0)
		i := text(lookup(ana.offers()[0], "id"))
		ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
		other := "/v1/interactions/" + i
		ben.onQueue()
		ana.ask(other, d.ids[1]).want(201)
		var got [2]int
		together(2, func(n int) { got[n] = [2]func() int{verb(ana, other+"/end"), verb(ben, other+"/accept")}[n]() })
		if got[0] != 200 || got[1] != 200 && got[1] != 409 {
			t.Fatalf("end and accept end with %v", got)
		}
		ana.do("GET", other, nil).holds(map[string]string{"state": "disconnected", "offer": ""})
		if used := ben.me("utilization.message.used"); used != "0" {
			t.Fatalf("after %d rounds the other has %s", n, used)
		}
	}
	d.holdTrue()
}

// verb gives a POST without a body, for its status.
func verb(c *caller, path string) func() int {
	return func() int { return c.do("POST", path, nil).status }
}
