package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"errors of the platform", faultsErrors},
		part{"nobody knows", faultsUnknown},
		part{"an answer that is lost", faultsDropAnswer},
		part{"too much", faultsThrottle},
		part{"nobody there", faultsRefuse},
		part{"receipts", faultsReceipts},
		part{"late proof", faultsLateProof},
	)
}

// steps lists the states that a reply went through, by its events.
func (c *caller) steps(interaction, reply string) string {
	c.t.Helper()
	var steps []string
	for _, e := range c.list("/v1/events?limit=200&interaction_id=" + interaction) {
		if kind, ok := strings.CutPrefix(text(lookup(e, "type")), "reply."); ok && text(lookup(e, "data.reply_id")) == reply {
			steps = append(steps, kind)
		}
	}
	return strings.Join(steps, " ")
}

// faultsErrors sends a reply into every kind of error that the platform's table knows.
func faultsErrors(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	reject := func(code, subcode int) map[string]any {
		f := map[string]any{"mode": "reject", "code": code, "times": 1}
		if subcode != 0 {
			f["subcode"] = subcode
		}
		return f
	}
	for _, c := range []struct {
		name                                         string
		faults                                       map[string]any
		status, code, category, retryable, lost, rem string
	}{
		{"server error", map[string]any{"mode": "server_error", "times": 1}, "failed", "platform_rejected", "server", "manual", "true", "resend"},
		{"invalid parameter", reject(100, 0), "failed", "content_rejected", "content", "no", "true", "change_content"},
		{"page restricted", reject(10, 1893063), "failed", "content_rejected", "content", "no", "true", "change_content"},
		{"blocked for policy", reject(368, 0), "failed", "content_rejected", "content", "no", "true", "change_content"},
		{"an error nobody knows", reject(987654, 0), "failed", "content_rejected", "content", "no", "true", "change_content"},
		{"window closed", reject(10, 2018278), "failed", "response_window_closed", "policy", "after_next_inbound", "true", "wait_for_customer"},
		{"person unavailable", reject(551, 0), "failed", "recipient_invalid", "recipient", "no", "true", "none"},
		{"no such person", reject(100, 2018001), "failed", "recipient_invalid", "recipient", "no", "true", "none"},
		{"cannot receive now", reject(200, 1545041), "failed", "recipient_invalid", "recipient", "no", "true", "none"},
		{"temporary", reject(2, 0), "delivered", "", "", "", "", ""},
		{"temporary by subcode", reject(1200, 1545133), "delivered", "", "", "", "", ""},
		{"rate limit by code", reject(613, 0), "delivered", "", "", "", "", ""},
		{"page rate limit", reject(32, 0), "delivered", "", "", "", "", ""},
	} {
		d.faults(c.faults)
		id := ana.says(i, c.name)
		d.admin.advance(5)
		got := ana.until(i, id, c.status)
		if got.get("error.code") != c.code || got.get("error.category") != c.category || got.get("error.retryable") != c.retryable || got.get("error.remedy") != c.rem ||
			got.get("error.lost") != c.lost {
			t.Errorf("%s: %s with %s", c.name, got.get("status"), got.get("error"))
		}
		want, attempts := "queued sending failed", "1"
		if c.status == "delivered" {
			want, attempts = "queued sending queued sending sent delivered", "2"
		} else if got.get("error.title") == "" || got.get("error.detail") == "" {
			t.Errorf("%s: an agent is told nothing: %s", c.name, got.get("error"))
		}
		if steps := ana.steps(i, id); steps != want || got.get("attempts") != attempts {
			t.Errorf("%s: it went %s in %s attempts", c.name, steps, got.get("attempts"))
		}
	}
	// An error for a while is too long a while.
	d.faults(map[string]any{"mode": "reject", "code": 2})
	id := ana.says(i, "for ever")
	d.admin.advance(40)
	if got := ana.until(i, id, "failed"); got.get("error.code") != "platform_rejected" || got.get("error.lost") != "true" {
		t.Errorf("after 40 seconds it is %s", got.get("error"))
	}
}

// faultsUnknown is about calls whose outcome nobody knows: nothing is sent again by
// itself, and later replies wait for proof, but not for ever.
func faultsUnknown(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	for n, faults := range []map[string]any{{"mode": "bad_gateway", "times": 1}, {"mode": "hang", "times": 1}, {"mode": "reject", "code": 100, "subcode": 1357046, "times": 1}} {
		d.faults(faults)
		first, second := ana.says(i, fmt.Sprint("first ", n)), ana.says(i, fmt.Sprint("second ", n))
		got := ana.until(i, first, "unconfirmed")
		if got.get("error") != "" || got.get("attempts") != "1" || got.get("allowed_actions") != `["resend"]` {
			t.Errorf("%v: the reply is %s", faults, got.body)
		}
		d.admin.advance(100)
		if got := ana.reply(i, second).get("status"); got != "queued" {
			t.Errorf("%v: the next one is %s after 100 seconds", faults, got)
		}
		d.admin.advance(30)
		ana.until(i, second, "delivered")
		// That a later one was delivered proves nothing for this one.
		if got := ana.reply(i, first); got.get("status") != "unconfirmed" || got.get("attempts") != "1" {
			t.Errorf("%v: in the end the reply is %s", faults, got.body)
		}
	}
	want := []string{"first 0", "second 0", "first 1", "second 1", "first 2", "second 2"}
	if got := each(d.sent(), "message.text"); !slices.Equal(got, want) {
		t.Errorf("the platform got %q", got)
	}
}

// faultsDropAnswer loses the answer to a message that the platform took: its echo
// tells, by the token that the call carried.
func faultsDropAnswer(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "drop_answer", "times": 1})
	first, second := ana.says(i, "taken"), ana.says(i, "next")
	ana.until(i, second, "delivered")
	if got := ana.reply(i, first); got.get("status") != "delivered" || got.get("attempts") != "1" || got.get("platform_message_id") == "" {
		t.Errorf("the reply is %s", got.body)
	}
	// Now in a certain order: first nothing is known, then the echo comes.
	d.faults(map[string]any{"mode": "drop_answer", "times": 1, "receipts": map[string]any{"echo": false, "delivered": false}})
	third := ana.says(i, "taken in silence")
	ana.until(i, third, "unconfirmed")
	calls := d.sent()
	token := text(lookup(calls[len(calls)-1], "message.metadata"))
	echo := event(d.page, "c1", "message", map[string]any{"mid": "m_silent", "is_echo": true, "metadata": token, "text": "taken in silence"})
	d.hook(batch(entry(d.page, echo))).want(200)
	got := ana.until(i, third, "sent")
	if got.get("reconciled") != "true" || got.get("platform_message_id") != "m_silent" || got.get("allowed_actions") != "[]" {
		t.Errorf("after the echo the reply is %s", got.body)
	}
	ana.do("POST", "/v1/interactions/"+i+"/replies/"+third+"/resend", nil).code(409, "reply.not_resendable")
	ana.until(i, ana.says(i, "and at once the next"), "sent")
	if got := each(d.sent(), "message.text"); !slices.Equal(got, []string{"taken", "next", "taken in silence", "and at once the next"}) {
		t.Errorf("the platform got %q", got)
	}
	if got := ana.transcript(map[string]any{"id": i}); len(got) != 5 {
		t.Errorf("the transcript is %q", got)
	}
}

func faultsThrottle(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "rate_limit", "times": 1, "retry_after_seconds": 20})
	first := ana.says(i, "after 20 seconds")
	d.admin.advance(15)
	if got := ana.reply(i, first); got.get("status") != "queued" || got.get("attempts") != "1" {
		t.Errorf("after 15 seconds the reply is %s after %s attempts", got.get("status"), got.get("attempts"))
	}
	d.admin.advance(6)
	if got := ana.until(i, first, "delivered"); got.get("attempts") != "2" {
		t.Errorf("it took %s attempts", got.get("attempts"))
	}
	for _, faults := range []map[string]any{{"mode": "rate_limit"}, {"mode": "rate_limit", "retry_after_seconds": 25}, {"mode": "rate_limit", "retry_after_seconds": 3600}} {
		d.faults(faults)
		id := ana.says(i, "too much")
		d.admin.advance(70)
		got := ana.until(i, id, "failed")
		if got.get("error.code") != "message_limit_exceeded" || got.get("error.category") != "limit" || got.get("error.remedy") != "contact_admin" ||
			got.get("allowed_actions") != `["resend","delete"]` {
			t.Errorf("%v: after 70 seconds the reply is %s", faults, got.body)
		}
		calls := len(d.sent())
		again := ana.do("POST", "/v1/interactions/"+i+"/replies/"+id+"/resend", nil).want(202).get("id")
		d.admin.advance(70)
		ana.until(i, again, "failed") // as long as the limit holds (A28)
		if len(d.sent()) == calls {
			t.Error("the resend made no call")
		}
	}
}

func faultsRefuse(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "refuse"})
	first := ana.says(i, "to nobody")
	d.admin.advance(1)
	if got := ana.reply(i, first); got.get("status") != "queued" || got.get("error") != "" {
		t.Errorf("while nobody is there the reply is %s", got.body)
	}
	d.admin.advance(40)
	got := ana.until(i, first, "failed")
	if got.get("error.code") != "network_unreachable" || got.get("error.category") != "network" || got.get("error.lost") != "true" || got.get("error.retryable") != "manual" {
		t.Errorf("after 41 seconds the reply is %s", got.body)
	}
	second, third := ana.says(i, "in time"), ana.says(i, "in its turn")
	d.admin.advance(10)
	d.faults(map[string]any{"mode": "none"})
	d.admin.advance(10)
	ana.until(i, third, "delivered")
	if steps := ana.steps(i, second); !strings.HasPrefix(steps, "queued sending queued ") || !strings.HasSuffix(steps, " sending sent delivered") {
		t.Errorf("it went %s", steps)
	}
	if got := each(d.sent(), "message.text"); !slices.Equal(got, []string{"in time", "in its turn"}) {
		t.Errorf("the platform got %q", got)
	}
}

func faultsReceipts(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	for _, receipts := range []map[string]any{
		{"read": true},
		{"read": true, "copies": 3},
		{"read": true, "reversed": true},
		{"read": true, "reversed": true, "copies": 2, "early": true},
		{"read": true, "early": true},
		{"read": true, "echo": false, "delivered": false},
	} {
		d.faults(map[string]any{"mode": "none", "receipts": receipts})
		id := ana.says(i, text(receipts))
		got := ana.until(i, id, "read")
		if got.get("platform_message_id") == "" || got.get("attempts") != "1" || got.get("reconciled") != "false" || got.get("error") != "" {
			t.Errorf("%v: the reply is %s", receipts, got.body)
		}
		// The next one is answered after every receipt of this one.
		d.faults(map[string]any{"mode": "none"})
		ana.until(i, ana.says(i, "after "+text(receipts)), "delivered")
		if steps := ana.steps(i, id); !strings.HasPrefix(steps, "queued sending ") || !strings.HasSuffix(steps, " read") || repeated(steps) {
			t.Errorf("%v: it went %s", receipts, steps)
		}
	}
	for _, m := range ana.list("/v1/interactions/" + i + "/messages?limit=200") {
		if text(lookup(m, "direction")) == "outbound" && text(lookup(m, "sender.type")) != "agent" {
			t.Errorf("an echo stands in the transcript: %s", text(m))
		}
	}
	// Late, and by the time alone.
	d.faults(map[string]any{"mode": "none", "receipts": map[string]any{"echo": false, "delivered": false}})
	last := ana.says(i, "late")
	ana.until(i, last, "sent")
	ahead := time.Now().Add(time.Minute).UnixMilli()
	for _, receipt := range []struct{ shape, status string }{{"delivery", "delivered"}, {"read", "read"}} {
		d.hook(batch(entry(d.page, event("c1", d.page, receipt.shape, map[string]any{"watermark": ahead})))).want(200)
		ana.until(i, last, receipt.status)
	}
	mid := ana.reply(i, last).get("platform_message_id")
	d.hook(batch(entry(d.page, event("c1", d.page, "delivery", map[string]any{"mids": []string{mid, "m_never"}, "watermark": ahead + 1})))).want(200)
	d.admin.advance(0)
	if got := ana.steps(i, last); got != "queued sending sent delivered read" {
		t.Errorf("it went %s", got)
	}
}

func repeated(words string) bool {
	list := strings.Fields(words)
	slices.Sort(list)
	return len(slices.Compact(list)) != len(strings.Fields(words))
}

// faultsLateProof lets the echo of a reply come after it was taken for failed.
func faultsLateProof(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.faults(map[string]any{"mode": "server_error", "times": 1})
	id := ana.says(i, "lost?")
	ana.until(i, id, "failed")
	token := text(lookup(d.sent()[0], "message.metadata"))
	echo := event(d.page, "c1", "message", map[string]any{"mid": "m_proof", "is_echo": true, "metadata": token, "text": "lost?"})
	d.hook(batch(entry(d.page, echo))).want(200)
	d.hook(batch(entry(d.page, event("c1", d.page, "delivery", map[string]any{"mids": []string{"m_proof"}, "watermark": 1})))).want(200)
	got := ana.until(i, id, "delivered")
	if got.get("reconciled") != "true" || got.get("error") != "" || got.get("allowed_actions") != "[]" || got.get("platform_message_id") != "m_proof" {
		t.Errorf("after the proof the reply is %s", got.body)
	}
	for _, method := range []string{"DELETE /", "POST /resend"} {
		verb, rest, _ := strings.Cut(method, " ")
		ana.do(verb, strings.TrimSuffix("/v1/interactions/"+i+"/replies/"+id+rest, "/"), nil).want(409)
	}
	e, _ := ana.await("", "reply.delivered", "&interaction_id="+i)
	if e.get("data.reconciled") != "true" || e.get("actor.type") != "platform" {
		t.Errorf("the event is %s", text(e.value))
	}
}
