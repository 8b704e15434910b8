package main

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func TestA09_A11_A12_B10_B11_C16_C17_C19_D13_Composing(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A09 A11 counting", composeCounts},
		part{"A12 A16 C17 D04 verdicts", composeVerdicts},
		part{"B10 B11 the edges of a window", composeWindow},
		part{"A11 a client_message_id that was used", composeAgain},
		part{"C16 emoji", composeEmoji},
		part{"C19 the agent's name", composeName},
		part{"D13 duplicates", composeDuplicates},
		part{"D13 A25 resend and delete at once", composeRaces},
		part{"F02 files that are switched off", composeFilesOff},
	)
}

// composes asks what would become of a reply.
func (c *caller) composes(interaction string, body map[string]any) answer {
	c.t.Helper()
	return c.do("POST", "/v1/interactions/"+interaction+"/compose", body).want(200)
}

// settings changes the settings of the desk's channel.
func (d deskSetup) settings(settings map[string]any) {
	d.admin.t.Helper()
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": settings}).want(200)
}

func composeCounts(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	before := len(ana.list("/v1/events?limit=200&interaction_id=" + i))
	ana.composes(i, map[string]any{"text": "It left our depot 👍🏽"}).holds(map[string]string{"charset": "unicode", "limit": "2000", "used": "20", "remaining": "1980",
		"segments": "1", "segment_limit": "2000", "fits": "20", "replies": "1", "visibility": "private", "text": "It left our depot 👍🏽", "verdict": `{"allowed":true,"code":null,"reasons":[]}`})
	family := "👨‍👩‍👧‍👦" // seven code points, of which none goes alone
	long := strings.Repeat("é", 1996) + family
	got := ana.composes(i, map[string]any{"text": long})
	got.holds(map[string]string{"used": "2003", "remaining": "-3", "fits": "1996", "verdict.allowed": "false", "verdict.code": "content.too_long",
		"verdict.reasons.#": "1", "verdict.reasons.0.pointer": "/text", "verdict.reasons.0.refused": "true"})
	refused := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": long}).code(422, "content.too_long")
	refused.holds(map[string]string{"limit": "2000", "used": "2003", "charset": "unicode"})
	exact := strings.Repeat("é", 2000)
	ana.composes(i, map[string]any{"text": exact}).holds(map[string]string{"remaining": "0", "verdict.allowed": "true"})
	ana.composes(i, map[string]any{"text": ""}).holds(map[string]string{"used": "0", "segments": "0", "replies": "0", "text": "", "verdict.code": "content.empty"})
	if n := utf8.RuneCountInString(exact); n != 2000 {
		t.Fatal(n)
	}
	if after := len(ana.list("/v1/events?limit=200&interaction_id=" + i)); after != before || len(ana.list("/v1/interactions/"+i+"/replies")) != 0 {
		t.Errorf("composing left %d events", after-before)
	}
	d.agents[1].do("POST", "/v1/interactions/"+i+"/compose", map[string]any{"text": "x"}).code(409, "interaction.not_owner")
	d.admin.do("POST", "/v1/interactions/"+i+"/compose", map[string]any{"text": "x"}).code(403, "permission.agent_required")
}

// composeVerdicts gathers everything that stands against a reply at once.
func composeVerdicts(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	file := ana.upload("a.png", "image/png", picture).want(201).get("id")
	ana.composes(i, map[string]any{"text": "Two files", "attachment_ids": []string{file, file}}).holds(map[string]string{"replies": "3", "verdict.allowed": "true"})
	d.settings(map[string]any{"attachments": "none"})
	got := ana.composes(i, map[string]any{"text": strings.Repeat("x", 2001), "attachment_ids": []string{file}, "visibility": "public", "in_reply_to": unknownID})
	if codes := each(items(got, "verdict.reasons"), "code"); strings.Join(codes, " ") != "reply.in_reply_to_unknown content.visibility_not_supported content.too_long content.attachments_not_supported" {
		t.Errorf("the reasons are %v", codes)
	}
	if got := ana.composes(i, map[string]any{"text": "kept"}); got.get("verdict.allowed") != "true" {
		t.Errorf("the verdict is %s", got.body)
	}
	if state := ana.do("GET", "/v1/attachments/"+file, nil).want(200); state.get("expires_at") == "" {
		t.Error("composing used the file")
	}
}

// composeAgain asks with an id that a reply has: the verdict is the reply's fate.
func composeAgain(t *testing.T, p *program) {
	_, ana, i := p.talk(1)
	first := map[string]any{"text": "It is on its way.", "client_message_id": "mine"}
	ana.do("POST", "/v1/interactions/"+i+"/replies", first).want(202)
	ana.composes(i, first).holds(map[string]string{"verdict.allowed": "true"})
	other := map[string]any{"text": "It has arrived.", "client_message_id": "mine"}
	ana.do("POST", "/v1/interactions/"+i+"/replies", other).code(409, "reply.client_message_id_used")
	ana.composes(i, other).holds(map[string]string{"verdict.allowed": "false", "verdict.code": "reply.client_message_id_used", "verdict.reasons.#": "1", "verdict.reasons.0.refused": "true"})
}

// composeWindow looks at both sides of a window's last moment.
func composeWindow(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	verdict := func() string { return ana.composes(i, map[string]any{"text": "Still there?"}).get("verdict.code") }
	for _, c := range []struct {
		seconds float64
		code    string
	}{{7*day - 1, ""}, {1, ""}, {1, "response_window_closed"}} {
		d.admin.advance(c.seconds)
		if got := verdict(); got != c.code {
			t.Errorf("%v seconds on: %q, not %q", c.seconds, got, c.code)
		}
	}
	reason := ana.composes(i, map[string]any{"text": "Still there?"})
	reason.holds(map[string]string{"verdict.reasons.0.refused": "false", "verdict.reasons.0.pointer": "", "verdict.reasons.#": "1"})
	made := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "Still there?"}).want(202)
	made.holds(map[string]string{"items.0.status": "failed", "items.0.error.code": "response_window_closed"})
}

func composeEmoji(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	d.settings(map[string]any{"emoji": "reject"})
	ana.do("POST", address, map[string]any{"text": "Done 👍🏽"}).code(422, "content.emoji_not_supported")
	ana.composes(i, map[string]any{"text": "Done 👍🏽"}).holds(map[string]string{"verdict.code": "content.emoji_not_supported"})
	plain := ana.says(i, "<b>Done</b> *really* ✓ ©") // nothing is interpreted
	d.settings(map[string]any{"emoji": "strip"})
	ana.composes(i, map[string]any{"text": "Sent 👨‍👩‍👧‍👦."}).holds(map[string]string{"text": "Sent.", "used": "5"})
	stripped := ana.do("POST", address, map[string]any{"text": "Sent 👨‍👩‍👧‍👦.", "client_message_id": "strip"}).want(202)
	again := ana.do("POST", address, map[string]any{"text": "Sent 👨‍👩‍👧‍👦.", "client_message_id": "strip"}).want(202)
	if stripped.get("items.0.text") != "Sent." || again.get("items.0.id") != stripped.get("items.0.id") {
		t.Errorf("stripped: %s, again: %s", stripped.body, again.body)
	}
	ana.do("POST", address, map[string]any{"text": "👍🏽"}).code(422, "content.empty")
	d.settings(map[string]any{"emoji": nil})
	ana.until(i, ana.says(i, "Passed 👍🏽"), "delivered")
	if got := strings.Join(each(d.sent(), "message.text"), "|"); got != "<b>Done</b> *really* ✓ ©|Sent.|Passed 👍🏽" || plain == "" {
		t.Errorf("the platform got %q", got)
	}
}

func composeName(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.settings(map[string]any{"agent_name": "prefix"})
	ana.composes(i, map[string]any{"text": "Hello"}).holds(map[string]string{"used": "14", "text": "Hello", "fits": "5"})
	ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": strings.Repeat("x", 1992)}).code(422, "content.too_long").holds(map[string]string{"used": "2001"})
	ana.until(i, ana.says(i, "Hello"), "delivered").holds(map[string]string{"text": "Hello", "sender.display_name": "Agent 1"})
	if got := each(d.sent(), "message.text"); len(got) != 1 || got[0] != "Agent 1: Hello" {
		t.Errorf("the platform got %q", got)
	}
}

// composeDuplicates says the same again, in the window and after it.
func composeDuplicates(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	say := func(body map[string]any, headers ...string) answer {
		return ana.do("POST", address, body, headers...).want(202)
	}
	first := say(map[string]any{"text": "On its way."}, "Idempotency-Key", "one")
	if again := say(map[string]any{"text": "On its way."}, "Idempotency-Key", "one"); again.get("items.0.id") != first.get("items.0.id") {
		t.Errorf("the same key made %s", again.body)
	}
	twice := say(map[string]any{"text": " On  its way. "}, "Idempotency-Key", "two")
	twice.holds(map[string]string{"items.0.status": "failed", "items.0.error.code": "duplicate_detected", "items.0.error.category": "duplicate", "items.0.allowed_actions": `["resend","delete"]`})
	ana.composes(i, map[string]any{"text": "On its way."}).holds(map[string]string{"verdict.code": "duplicate_detected", "verdict.reasons.0.refused": "false"})
	ana.do("POST", address, map[string]any{"text": "On its way."}, "Prefer", "handling=strict").code(422, "reply.duplicate_detected")
	resent := ana.do("POST", address+"/"+twice.get("items.0.id")+"/resend", nil).want(202) // it was meant
	ana.until(i, resent.get("id"), "delivered")
	d.admin.advance(60) // the last moment of the window
	say(map[string]any{"text": "On its way."}).holds(map[string]string{"items.0.error.code": "duplicate_detected"})
	d.admin.advance(1)
	ana.until(i, say(map[string]any{"text": "On its way."}).get("items.0.id"), "delivered")

	// Not the parts of one request; files by their bytes, whatever they are called.
	one, two := ana.upload("a.png", "image/png", picture).want(201).get("id"), ana.upload("b.png", "image/png", picture).want(201).get("id")
	parts := say(map[string]any{"text": "Twice:", "attachment_ids": []string{one, one}})
	if got := each(items(parts, "items"), "status"); strings.Join(got, " ") != "queued queued queued" {
		t.Errorf("the parts are %v", got)
	}
	other := say(map[string]any{"text": "Once more:", "attachment_ids": []string{two}})
	if got := each(items(other, "items"), "error.code"); strings.Join(got, "|") != "|duplicate_detected" {
		t.Errorf("the file again is %v", got)
	}
	// What failed was not sent; a new conversation is not the old one; and it can be switched off.
	d.faults(map[string]any{"mode": "reject", "times": 1})
	ana.until(i, say(map[string]any{"text": "Lost."}).get("items.0.id"), "failed")
	ana.until(i, say(map[string]any{"text": "Lost."}).get("items.0.id"), "delivered")
	ended := ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	d.writes("c1", "One more thing")
	next, _ := ana.accepted(ended.header.Get("Event-Cursor"))
	i, address = next, "/v1/interactions/"+next+"/replies"
	ana.until(i, say(map[string]any{"text": "Lost."}).get("items.0.id"), "delivered") // in a new conversation
	d.settings(map[string]any{"duplicate_window_seconds": 0})
	ana.until(i, say(map[string]any{"text": "Lost."}).get("items.0.id"), "delivered")
}

// composeRaces resends and deletes a failed reply at once: whatever comes first, the
// customer gets it once or never, and nobody is told what did not happen.
func composeRaces(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	for n := range 4 {
		d.faults(map[string]any{"mode": "reject", "times": 1})
		text := strings.Repeat("x", n+1)
		failed := ana.says(i, text)
		ana.until(i, failed, "failed")
		address := "/v1/interactions/" + i + "/replies/" + failed
		var mu sync.Mutex
		got := map[string]int{}
		together(4, func(who int) {
			method, path := "POST", address+"/resend"
			if who%2 == 1 {
				method, path = "DELETE", address
			}
			a := ana.do(method, path, nil)
			mu.Lock()
			defer mu.Unlock()
			got[method+" "+a.get("code")]++
		})
		if got["DELETE "] != 2 || got["POST "] > 1 || got["POST "]+got["POST reply.not_resendable"] != 2 {
			t.Errorf("the answers are %v", got)
		}
		d.admin.advance(0)
		ana.reply(i, failed).holds(map[string]string{"status": "deleted", "text": ""})
		sent := 0
		for _, what := range each(d.sent(), "message.text") {
			if what == text {
				sent++
			}
		}
		if sent != 1+got["POST "] { // the refused call, and the resend
			t.Errorf("it was sent %d times, with %d resends", sent, got["POST "])
		}
	}
}

func composeFilesOff(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	file := ana.upload("a.png", "image/png", picture).want(201).get("id")
	d.off(t, "attachments")
	body := map[string]any{"text": "x", "attachment_ids": []string{file}}
	ana.do("POST", "/v1/interactions/"+i+"/replies", body).code(403, "feature.not_enabled").holds(map[string]string{"feature": "attachments"})
	ana.do("POST", "/v1/interactions/"+i+"/compose", body).code(403, "feature.not_enabled")
	ana.says(i, "x")
}
