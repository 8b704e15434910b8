package main

import (
	"slices"
	"testing"
	"time"
)

func TestMessengerWindows(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"B10 within seven days", windowsOpen},
		part{"B11 after seven days", windowsClosed},
		part{"B11 while it waits", windowsCloseInQueue},
		part{"without the tag for people", windowsWithoutTag},
		part{"typing", typing},
		part{"A28 A29 error codes", errorCodes},
	)
}

const day = 24 * 60 * 60

// windowsOpen answers at the last moment of each window.
func windowsOpen(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	wrote := ana.list("/v1/interactions/" + i + "/messages")[0]
	at, err := time.Parse(time.RFC3339Nano, text(lookup(wrote, "created_at")))
	if err != nil {
		t.Fatal(err)
	}
	closes := at.Add(7 * day * time.Second).Format("2006-01-02T15:04:05.000Z")
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("reply_policy.window_closes_at"); got != closes {
		t.Errorf("the window closes at %s, want %s", got, closes)
	}
	ana.until(i, ana.says(i, "at once"), "delivered")
	d.admin.advance(day + 0.001)
	ana.until(i, ana.says(i, "after a day"), "delivered")
	d.admin.advance(6*day - 0.001) // the last moment
	last := ana.until(i, ana.says(i, "on the seventh day"), "delivered")
	if last.get("error") != "" {
		t.Errorf("on the seventh day: %s", last.body)
	}
	sent := d.sent()
	if got := each(sent, "messaging_type"); !slices.Equal(got, []string{"RESPONSE", "MESSAGE_TAG", "MESSAGE_TAG"}) {
		t.Errorf("sent as %v", got)
	}
	if got := each(sent, "tag"); !slices.Equal(got, []string{"", "HUMAN_AGENT", "HUMAN_AGENT"}) {
		t.Errorf("tagged %v", got)
	}
}

// windowsClosed answers too late: the reply has failed, and nothing reaches the platform.
func windowsClosed(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.admin.advance(7*day + 1)
	before := len(d.sent())
	refused := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "strictly"}, "Prefer", "handling=strict, wait=5")
	refused.code(422, "reply.response_window_closed")
	if n := len(ana.list("/v1/interactions/" + i + "/replies")); n != 0 {
		t.Errorf("a refused request left %d replies", n)
	}
	made := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "too late"}, "Prefer", "handling=lenient").want(202)
	if made.get("items.0.status") != "failed" || made.get("items.0.error.code") != "response_window_closed" || made.get("items.0.allowed_actions") != `["resend","delete"]` {
		t.Fatalf("the reply is %s", made.body)
	}
	id := made.get("items.0.id")
	if got := ana.steps(i, id); got != "queued failed" {
		t.Errorf("it went %s", got)
	}
	again := ana.do("POST", "/v1/interactions/"+i+"/replies/"+id+"/resend", nil).want(202)
	if again.get("status") != "failed" || again.get("error.code") != "response_window_closed" {
		t.Errorf("the resend is %s", again.body)
	}
	ana.do("POST", "/v1/interactions/"+i+"/replies/"+again.get("id")+"/resend", nil, "Prefer", `handling="strict"`).code(422, "reply.response_window_closed")
	d.admin.advance(0)
	if n := len(d.sent()); n != before {
		t.Errorf("%d calls reached the platform", n-before)
	}
	// The customer's next message opens the window again.
	d.writes("c1", "Hello?")
	d.admin.advance(0)
	ana.until(i, ana.says(i, "in time"), "delivered")
	if got := ana.do("GET", "/v1/interactions/"+i+"/replies/"+id, nil).want(200).get("status"); got != "failed" {
		t.Errorf("the late reply is %s", got)
	}
}

// windowsCloseInQueue lets the window close over a reply that waits for new credentials.
func windowsCloseInQueue(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"human_agent": false}}).want(200)
	d.faults(map[string]any{"mode": "reject", "code": 190})
	id := ana.says(i, "waits")
	d.admin.await("", "channel.needs_reauthorization", "")
	d.admin.advance(day + 3600) // it is looked at again every hour
	got := ana.until(i, id, "failed")
	if got.get("error.code") != "response_window_closed" || got.get("attempts") == "0" {
		t.Errorf("it is %s", got.body)
	}
}

func windowsWithoutTag(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"human_agent": false}}).want(200)
	d.admin.advance(day - 600)
	ana.until(i, ana.says(i, "within a day"), "delivered")
	d.admin.advance(1200)
	late := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "later"}).want(202)
	if late.get("items.0.error.code") != "response_window_closed" {
		t.Errorf("it is %s", late.body)
	}
}

// typing shows the customer the three dots, and keeps nothing of it.
func typing(t *testing.T, p *program) {
	d, ana, i := p.talk(2)
	before := ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	for _, body := range []any{nil, map[string]any{"typing": false}} {
		if got := ana.do("POST", "/v1/interactions/"+i+"/typing", body).want(200); got.get("version") != before.get("version") {
			t.Errorf("typing changed the interaction: %s", got.body)
		}
	}
	deadline := time.Now().Add(time.Minute)
	var actions []string
	for len(actions) < 2 && time.Now().Before(deadline) { // nobody tells when the call was made
		actions = each(d.sent(), "sender_action")
	}
	slices.Sort(actions)
	if !slices.Equal(actions, []string{"typing_off", "typing_on"}) {
		t.Errorf("the platform was told %v", actions)
	}
	d.agents[1].do("POST", "/v1/interactions/"+i+"/typing", nil).code(409, "interaction.not_owner")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	ana.do("POST", "/v1/interactions/"+i+"/typing", nil).code(409, "state.invalid_transition")
}

// errorCodes lets the platform refuse with each of its documented codes, and
// looks at what the agent is told.
func errorCodes(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	for _, c := range []struct {
		code, subcode int
		status, want  string
	}{
		{10, 2018278, "failed", "response_window_closed"},
		{10, 2018065, "failed", "response_window_closed"},
		{10, 2018108, "failed", "recipient_invalid"},
		{230, 0, "failed", "recipient_invalid"},
		{551, 1545041, "failed", "recipient_invalid"},
		{100, 2018001, "failed", "recipient_invalid"},
		{100, 0, "failed", "content_rejected"},
		{100, 33, "failed", "content_rejected"},
		{368, 0, "failed", "content_rejected"},
		{10, 1893063, "failed", "content_rejected"},
	} {
		d.faults(map[string]any{"mode": "reject", "code": c.code, "subcode": c.subcode, "times": 1})
		got := ana.until(i, ana.says(i, "hello"), c.status)
		if got.get("error.code") != c.want {
			t.Errorf("%d/%d: %s", c.code, c.subcode, got.body)
		}
	}
	if got := d.admin.do("GET", "/v1/channels/"+d.channel, nil).want(200).get("status"); got != "active" {
		t.Errorf("the channel is %s", got)
	}
}
