package main

import (
	"strings"
	"testing"
)

// TestA14Replies is about files that agents send.
func TestA14Replies(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A14 several files", replyWithFiles},
		part{"A14 one fails and is sent again", replyFileFails},
		part{"A14 the same request again", replyFilesAgain},
		part{"A14 files that cannot be sent", replyFileRefused},
		part{"C17 a channel without attachments", replyNoFiles},
	)
}

// talking gives an agent who has a conversation.
func (d deskSetup) talking(from string) (ana *caller, interaction string) {
	d.admin.t.Helper()
	ana = d.agents[0]
	ana.onQueue()
	cursor := ana.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	d.writes(from, "Hello")
	interaction, _ = ana.accepted(cursor)
	return ana, interaction
}

// sends lists the messages that the simulated platform was sent, the oldest first.
func (d deskSetup) sends() []answer {
	d.admin.t.Helper()
	var found []answer
	for _, body := range d.sent() {
		if a := (answer{t: d.admin.t, value: body}); a.get("message") != "" {
			found = append(found, a)
		}
	}
	return found
}

func replyWithFiles(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, i := d.talking("9001")
	d.faults(map[string]any{"mode": "none", "fetch_files": true})
	one := ana.upload("label.png", "image/png", picture).want(201).get("id")
	two := ana.upload("terms.txt", "text/plain", "All sales are final.").want(201).get("id")
	sent := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "Two files", "attachment_ids": []string{one, two, one}}).want(202)
	if sent.get("items.#") != "4" {
		t.Fatalf("sent %s", sent.body)
	}
	seen := map[string]bool{}
	for n, want := range []string{"", one, two, one} {
		item := answer{t: t, value: lookup(sent.value, "items."+string(rune('0'+n)))}
		seen[item.get("id")] = true
		if item.get("attachments.0.id") != want || (item.get("text") != "") != (want == "") || item.get("send_group_id") != sent.get("items.0.send_group_id") {
			t.Errorf("reply %d is %s", n, text(item.value))
		}
		ana.until(i, item.get("id"), "delivered")
	}
	if len(seen) != 4 {
		t.Errorf("ids %v", seen)
	}
	sends := d.sends()
	if len(sends) != 4 || sends[0].get("message.text") != "Two files" {
		t.Fatalf("the platform was sent %d messages", len(sends))
	}
	for n, want := range []string{"image", "file", "image"} {
		got := sends[n+1]
		if got.get("message.attachment.type") != want || got.get("message.text") != "" || got.get("message.metadata") == "" {
			t.Errorf("message %d is %s", n+1, text(got.value))
		}
		file := newCaller(t, p.url).do("GET", p.at(got.get("message.attachment.payload.url")), nil).want(200)
		if want == "image" && string(file.body) != picture {
			t.Errorf("the link of message %d gives %q", n+1, file.body)
		}
	}
	transcript := ana.do("GET", "/v1/interactions/"+i+"/messages", nil).want(200)
	shown := answer{t: t, value: lookup(transcript.value, "items.2.attachments.0")}
	if shown.get("id") != one || shown.get("type") != "image" || shown.get("state") != "ready" || shown.get("content_type") != "image/png" || shown.get("name") != "label.png" ||
		shown.get("url") != p.url+"/v1/attachments/"+one+"/content" {
		t.Errorf("the transcript shows %s", text(shown.value))
	}
	// What a reply carried stays.
	d.admin.advance(30 * 24 * 3600)
	ana.do("GET", "/v1/attachments/"+one+"/content", nil).want(200)
}

func replyFileFails(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, i := d.talking("9002")
	ids := []string{ana.upload("1.png", "image/png", picture).want(201).get("id"), ana.upload("2.png", "image/png", picture).want(201).get("id")}
	d.faults(map[string]any{"mode": "reject", "times": 1})
	sent := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"attachment_ids": ids}).want(202)
	first, second := sent.get("items.0.id"), sent.get("items.1.id")
	ana.until(i, first, "failed")
	ana.until(i, second, "delivered")
	again := ana.do("POST", "/v1/interactions/"+i+"/replies/"+first+"/resend", nil).want(202)
	if again.get("attachments.0.id") != ids[0] || again.get("text") != "" {
		t.Errorf("sent again: %s", again.body)
	}
	ana.until(i, again.get("id"), "delivered")
	if sends := d.sends(); len(sends) != 3 || !strings.Contains(sends[2].get("message.attachment.payload.url"), ids[0]) {
		t.Errorf("the platform was sent %d messages", len(sends))
	}
	// A platform that cannot get the file refuses it; the link is then of no use to it.
	d.faults(map[string]any{"mode": "reject", "times": 1})
	failed := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"attachment_ids": ids[:1]}).want(202).get("items.0.id")
	ana.until(i, failed, "failed")
	ana.do("DELETE", "/v1/interactions/"+i+"/replies/"+failed, nil).want(204)
	if gone := ana.do("GET", "/v1/interactions/"+i+"/replies/"+failed, nil).want(200); gone.get("attachments.#") != "0" {
		t.Errorf("deleted: %s", gone.body)
	}
	ana.do("GET", "/v1/attachments/"+ids[0], nil).want(200)
}

func replyFilesAgain(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, i := d.talking("9003")
	one := ana.upload("1.png", "image/png", picture).want(201).get("id")
	two := ana.upload("2.png", "image/png", picture).want(201).get("id")
	body := func(text string, ids ...string) map[string]any {
		return map[string]any{"text": text, "attachment_ids": append([]string{}, ids...), "client_message_id": "mine"}
	}
	path := "/v1/interactions/" + i + "/replies"
	first := ana.do("POST", path, body("Here", one, two)).want(202)
	again := ana.do("POST", path, body("Here", one, two)).want(202)
	for n := range 3 {
		at := "items." + string(rune('0'+n)) + ".id"
		if first.get(at) == "" || first.get(at) != again.get(at) {
			t.Errorf("first %s, again %s", first.body, again.body)
		}
	}
	if first.get("items.0.client_message_id") != "mine" || first.get("items.1.client_message_id") != "" {
		t.Errorf("sent %s", first.body)
	}
	for _, other := range []map[string]any{body("Here", two, one), body("Here", one), body("Here"), body("There", one, two)} {
		ana.do("POST", path, other).code(409, "reply.client_message_id_used")
	}
	key := ana.do("POST", path, map[string]any{"attachment_ids": []string{one}}, "Idempotency-Key", "k").want(202)
	if same := ana.do("POST", path, map[string]any{"attachment_ids": []string{one}}, "Idempotency-Key", "k").want(202); same.get("items.0.id") != key.get("items.0.id") {
		t.Errorf("first %s, again %s", key.body, same.body)
	}
	if got := ana.list(path); len(got) != 4 {
		t.Errorf("%d replies", len(got))
	}
}

func replyFileRefused(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, i := d.talking("9004")
	path := "/v1/interactions/" + i + "/replies"
	good := ana.upload("good.png", "image/png", picture).want(201).get("id")
	refused := func(code string, id string) {
		t.Helper()
		got := ana.do("POST", path, map[string]any{"text": "x", "attachment_ids": []string{good, id}}).code(422, code)
		if got.get("errors.0.pointer") != "/attachment_ids/1" {
			t.Errorf("points at %s", got.body)
		}
	}
	refused("content.attachment_unknown", unknownID)
	refused("content.attachment_unknown", p.organization("files of "+d.page).upload("theirs.png", "image/png", picture).want(201).get("id"))
	refused("content.attachment_not_ready", ana.announced("a.png", "image/png", picture).want(201).get("id"))
	refused("content.attachment_type_not_allowed", ana.upload("x.exe", "", "MZ\x90\x00"+strings.Repeat("\x00", 64)+"PE\x00\x00").want(201).get("id"))
	refused("content.attachment_too_large", ana.upload("large.png", "image/png", picture+strings.Repeat("\x00", 8<<20)).want(201).get("id"))
	large := ana.upload("large.txt", "text/plain", strings.Repeat("words ", 9<<20/6)).want(201).get("id")
	ana.do("POST", path+"?validate_only=true", map[string]any{"attachment_ids": []string{large}}).want(200)
	ana.do("POST", path, map[string]any{}).code(422, "content.empty")
	ana.do("POST", path, map[string]any{"text": " ", "attachment_ids": []string{good}}).code(422, "content.empty")
	ana.do("POST", path, map[string]any{"attachment_ids": []string{}}).code(422, "content.empty")
	if got := ana.list(path); len(got) != 0 {
		t.Errorf("%d replies", len(got))
	}
	d.admin.advance(8 * 24 * 3600)
	ana.do("POST", path, map[string]any{"attachment_ids": []string{good}}).code(422, "content.attachment_not_ready")
}

func replyNoFiles(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, i := d.talking("9005")
	one := ana.upload("1.png", "image/png", picture).want(201).get("id")
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"attachments": "none"}}).want(200)
	got := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "x", "attachment_ids": []string{one}}).code(422, "content.attachments_not_supported")
	if got.get("errors.0.pointer") != "/attachment_ids" || len(d.sends()) != 0 {
		t.Errorf("answered %s", got.body)
	}
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"attachments": nil}}).want(200)
	sent := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"attachment_ids": []string{one}}).want(202)
	ana.until(i, sent.get("items.0.id"), "delivered")
}
