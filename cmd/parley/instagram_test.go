package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestInstagram(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"messages, and which were seen", instagramMessages},
		part{"B14 B18 B20 stories end", instagramStories},
		part{"B17 B19 B22 what nobody may keep", instagramFleeting},
		part{"B16 B21 stories that do not come in", instagramSwitches},
		part{"comments", instagramComments},
		part{"mentions, and both shapes", instagramMentions},
		part{"an outcome that nobody knows", instagramUnknown},
	)
}

// igDesk is a desk with an account of Instagram. Its first agent is on queue.
type igDesk struct {
	deskSetup
	ana     *caller
	account string
	channel string
}

func (p *program) instagram() igDesk {
	p.t.Helper()
	d := p.desk(1, nil)
	g := igDesk{deskSetup: d, ana: d.agents[0], account: "1784" + d.page}
	g.channel = d.admin.do("POST", "/v1/channels", map[string]any{"name": "Shop", "app_id": d.app, "kind": "instagram", "account_id": g.account,
		"credentials": map[string]string{"access_token": "token-of-" + g.account}, "queue_id": d.queue}).want(201).get("id")
	g.ana.onQueue()
	p.t.Cleanup(func() { g.misbehaves(map[string]any{"mode": "none"}) })
	return g
}

// misbehaves is faults for Instagram.
func (g igDesk) misbehaves(f map[string]any) {
	g.admin.t.Helper()
	g.admin.do("PUT", "/sandbox/platforms/instagram/faults", f).want(200)
}

// happens lets Ana Example do something, and waits until it has its effect. It gives
// the platform's id of the message.
func (g igDesk) happens(event string, fields map[string]any) string {
	g.admin.t.Helper()
	body := map[string]any{"account_id": g.account, "event": event, "from": map[string]any{"id": "88" + g.page, "name": "ana.example"}}
	for name, value := range fields {
		body[name] = value
	}
	a := g.admin.do("POST", "/sandbox/platforms/instagram/inbound", body).want(200)
	if a.get("status") != "200" {
		g.admin.t.Fatalf("the webhook was answered %s", a.get("status"))
	}
	g.admin.advance(0)
	return a.get("message_ids.0")
}

// calls gives what the platform was asked to say for the account, the oldest first.
func (g igDesk) calls() []string {
	g.admin.t.Helper()
	var made []string
	for _, call := range g.admin.list("/sandbox/platforms/instagram/requests?limit=1000") {
		if text(lookup(call, "method")) == "POST" && strings.HasSuffix(text(lookup(call, "headers.Authorization")), "token-of-"+g.account) {
			made = append(made, strings.TrimPrefix(text(lookup(call, "path")), "/v25.0/")+" "+text(lookup(call, "body")))
		}
	}
	slices.Reverse(made)
	return made
}

// last is the newest message of a transcript.
func (g igDesk) last(interaction string) answer {
	g.admin.t.Helper()
	return answer{t: g.admin.t, value: lookup(g.ana.do("GET", "/v1/interactions/"+interaction+"/messages?order=desc&limit=1", nil).want(200).value, "items.0")}
}

// answers sends a reply and waits until nothing more is to be done.
func (g igDesk) answers(interaction string, reply map[string]any) answer {
	g.admin.t.Helper()
	made := g.ana.do("POST", "/v1/interactions/"+interaction+"/replies", reply).want(202)
	id := made.get("items.0.id")
	if made.get("items.0.status") == "queued" {
		g.ana.until(interaction, id, "sent")
	}
	g.admin.advance(0)
	return g.ana.reply(interaction, id)
}

func instagramMessages(t *testing.T, p *program) {
	g := p.instagram()
	g.happens("message", map[string]any{"text": "Is this in stock?"})
	i, _ := g.ana.accepted("")
	if got := g.ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("contact.display_name") != "88"+g.page || got.get("origin") != "message" || got.get("channel.kind") != "instagram" {
		t.Errorf("the conversation is %s", got.body)
	}
	first, second := g.answers(i, map[string]any{"text": "Yes, it is."}), g.answers(i, map[string]any{"text": "Shall I hold one for you?"})
	if got := g.ana.messages(i); len(got) != 3 || second.get("status") != "sent" {
		t.Fatalf("the transcript is %s", text(got))
	}
	g.happens("seen", map[string]any{"message_id": second.get("platform_message_id")})
	for _, reply := range []answer{first, second} {
		if got := g.ana.reply(i, reply.get("id")); got.get("status") != "read" {
			t.Errorf("%q is %s", got.get("text"), got.get("status"))
		}
	}
	third := g.answers(i, map[string]any{"text": "Hello?"})
	g.happens("seen", map[string]any{"message_id": first.get("platform_message_id")})
	if got := g.ana.reply(i, third.get("id")); got.get("status") != "sent" {
		t.Errorf("one that was sent after it is %s", got.get("status"))
	}
	g.happens("react", map[string]any{"message_id": first.get("platform_message_id"), "text": "❤"})
	if got := g.ana.reply(i, first.get("id")); got.get("reactions.0.emoji") != "❤" {
		t.Errorf("the reactions are %s", got.get("reactions"))
	}
	g.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": strings.Repeat("é", 501)}).code(422, "content.too_long")
	g.admin.advance(24*3600 + 1)
	if late := g.answers(i, map[string]any{"text": "Good morning."}); late.get("status") != "sent" {
		t.Errorf("after a day it is %s", late.get("status"))
	}
	calls := g.calls()
	if want := `me/messages {"recipient":{"id":"88` + g.page + `"},"messaging_type":"RESPONSE","message":{"text":"Yes, it is."}}`; calls[0] != want || !strings.Contains(calls[3], `"tag":"HUMAN_AGENT"`) {
		t.Errorf("asked for\n%s", strings.Join(calls, "\n"))
	}
	g.admin.advance(6 * day)
	g.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "Still there?"}).want(202).holds(map[string]string{"items.0.status": "failed", "items.0.error.code": "response_window_closed"})
}

// instagramStories lets a story that names the account, and the answer to one, end.
func instagramStories(t *testing.T, p *program) {
	g := p.instagram()
	g.happens("story_mention", nil)
	i, _ := g.ana.accepted("")
	mention := g.last(i)
	g.happens("story_reply", map[string]any{"text": "Love this one"})
	reply := g.last(i)
	links := []string{mention.get("attachments.0.url"), reply.get("attachments.0.url")}
	if mention.get("attachments.0.type") != "story_mention" || mention.get("attachments.0.state") != "linked" || mention.get("attachments.0.expires_at") == "" ||
		reply.get("attachments.0.type") != "story_reply" || reply.get("text") != "Love this one" || !strings.Contains(links[0], "/stories/") || links[0] == links[1] {
		t.Fatalf("the messages are %v and %v", mention.value, reply.value)
	}
	content := "/v1/attachments/" + mention.get("attachments.0.id") + "/content"
	g.ana.do("PUT", "/v1/interactions/"+i+"/recording", map[string]any{"recording": true}).code(409, "recording.prohibited")
	g.admin.advance(24*3600 - 1)
	if led := g.ana.do("GET", content, nil).want(302); led.header.Get("Location") != links[0] || led.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it leads to %v", led.header)
	}
	g.admin.advance(1)
	g.ana.do("GET", content, nil).code(410, "media.expired")
	all := g.ana.messages(i)
	mention, reply = answer{t: t, value: all[0]}, answer{t: t, value: all[1]}
	if mention.get("tombstone") != "expired" || mention.get("attachments") != "[]" || mention.get("omitted") != `["ephemeral_content_removed"]` {
		t.Errorf("of the mention is left %v", mention.value)
	}
	if reply.get("tombstone") != "" || reply.get("text") != "Love this one" || reply.get("attachments.0.state") != "expired" || reply.get("attachments.0.url") != "" || reply.get("omitted") != `["ephemeral_content_removed"]` {
		t.Errorf("of the answer is left %v", reply.value)
	}
	events := string(g.admin.do("GET", "/v1/events?limit=200&interaction_id="+i, nil).want(200).body)
	for _, link := range links {
		if trace := link[strings.LastIndex(link, "/")+1:]; strings.Contains(events, trace) || p.databaseHas(trace) || p.filesHave([]byte(trace)) {
			t.Errorf("%s is kept somewhere", link)
		}
	}
	if got := g.ana.happened(i, "message.expired", "attachment.expired"); !slices.Contains(got, "message.expired") || !slices.Contains(got, "attachment.expired") {
		t.Errorf("told %v", got)
	}
}

// instagramFleeting sends what nobody may keep, records, and takes it back.
func instagramFleeting(t *testing.T, p *program) {
	g := p.instagram()
	g.happens("message", map[string]any{"text": "Look at this"})
	i, _ := g.ana.accepted("")
	g.ana.do("PUT", "/v1/interactions/"+i+"/recording", map[string]any{"recording": true}).holds(map[string]string{"recording": "true"})
	link := "https://cdn.example.test/secret-" + g.page
	id := g.happens("message", map[string]any{"text": "My secret " + g.page, "attachments": []any{map[string]any{"type": "image", "url": link}, map[string]any{"type": "share", "url": link + "-shared"}}})
	shown := g.last(i)
	if shown.get("attachments.0.state") != "linked" || shown.get("attachments.1.state") != "linked" || shown.get("attachments.0.url") != link || shown.get("attachments.0.expires_at") != "" {
		t.Errorf("the message is %v", shown.value)
	}
	if got := g.ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("recording") != "false" {
		t.Error("it is still recorded")
	}
	if len(p.blobs()) > 0 && p.filesHave([]byte(link)) || p.databaseHas(link) {
		t.Error("the link is in a file")
	}
	g.happens("unsend", map[string]any{"message_id": id})
	if got := g.last(i); got.get("tombstone") != "unsent" || got.get("attachments") != "[]" || got.get("text") != "" {
		t.Errorf("left is %v", got.value)
	}
	g.ana.do("GET", "/v1/attachments/"+shown.get("attachments.0.id")+"/content", nil).want(404)
	if p.databaseHas(g.page + "-shared") {
		t.Error("something of it is left")
	}
	g.ana.do("PUT", "/v1/interactions/"+i+"/recording", map[string]any{"recording": true}).want(200)
	g.happens("message", map[string]any{"payload": map[string]any{"sender": map[string]any{"id": "88" + g.page}, "recipient": map[string]any{"id": g.account}, "timestamp": 1790000000123,
		"message": map[string]any{"mid": "ig_share" + g.page, "attachments": []any{map[string]any{"type": "share", "payload": map[string]any{}}}}}})
	if got := g.last(i); got.get("omitted") != `["story_image"]` || got.get("attachments") != "[]" {
		t.Errorf("a shared story is %v", got.value)
	}
}

// instagramSwitches leaves stories out.
func instagramSwitches(t *testing.T, p *program) {
	g := p.instagram()
	set := func(mentions, replies bool) {
		g.admin.do("PATCH", "/v1/channels/"+g.channel, map[string]any{"settings": map[string]any{"story_mentions": mentions, "story_replies": replies}}).want(200)
	}
	suppressed := func() string {
		return g.admin.do("GET", "/v1/channels/"+g.channel, nil).want(200).get("suppressed_inbound")
	}
	g.admin.do("POST", "/sandbox/platforms/instagram/inbound", map[string]any{"account_id": g.account, "event": "story_mention", "data": "private", "from": map[string]any{"id": "88"}}).code(422, "sandbox.not_told")
	set(false, true)
	id := g.happens("story_mention", map[string]any{"copies": 2})
	if got := g.interactions(); len(got) != 0 || suppressed() != "1" {
		t.Fatalf("%s came in, %s were counted", text(got), suppressed())
	}
	if p.databaseHas("/stories/") {
		t.Error("something of it is kept")
	}
	g.happens("unsend", map[string]any{"message_id": id})
	g.happens("story_reply", map[string]any{"text": "Nice"})
	set(true, false)
	g.happens("story_reply", map[string]any{"text": "Nice again"})
	g.happens("story_mention", nil)
	i := text(lookup(g.interactions()[0], "id"))
	if got := g.admin.messages(i); len(got) != 2 || text(lookup(got[0], "text")) != "Nice" || suppressed() != "2" {
		t.Errorf("came in: %s, counted %s", text(got), suppressed())
	}
}

// instagramComments answers comments, in public and in private.
func instagramComments(t *testing.T, p *program) {
	g := p.instagram()
	post := "1795" + g.page
	one := g.happens("comment", map[string]any{"text": "Is this in stock?", "post_id": post})
	i, _ := g.ana.accepted("")
	two := g.happens("comment", map[string]any{"text": "In blue, too?", "post_id": post, "in_reply_to": one})
	comments := g.ana.messages(i)
	if got := g.ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("origin") != "post" || got.get("contact.display_name") != "ana.example" || text(lookup(comments[0], "visibility")) != "public" {
		t.Errorf("the conversation is %s with %s", got.body, text(comments))
	}
	if got := g.ana.do("GET", "/v1/interactions/"+i+"/original-post", nil).want(200); got.get("state") != "ready" || got.get("text") != "What was posted before." || got.get("permalink") == "" {
		t.Errorf("the post is %s", got.body)
	}
	under := g.answers(i, map[string]any{"text": "Yes, it is.", "in_reply_to": text(lookup(comments[0], "id"))})
	deeper := g.answers(i, map[string]any{"text": "In blue, too.", "in_reply_to": text(lookup(comments[1], "id"))})
	if got := g.ana.messages(i); len(got) != 4 || deeper.get("visibility") != "public" || under.get("status") != "sent" {
		t.Errorf("the transcript is %s", text(got))
	}
	first := g.answers(i, map[string]any{"text": "I write to you.", "visibility": "private", "in_reply_to": text(lookup(comments[0], "id"))})
	if first.get("status") != "sent" {
		t.Fatalf("the first private word is %s", first.body)
	}
	g.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "And again.", "visibility": "private", "in_reply_to": text(lookup(comments[0], "id"))}).
		want(202).holds(map[string]string{"items.0.status": "failed", "items.0.error.code": "reply_limit_exceeded"})
	g.happens("message", map[string]any{"text": "Thank you!"})
	if got := g.last(i); got.get("text") != "Thank you!" || got.get("visibility") != "private" {
		t.Errorf("what the customer writes is %v", got.value)
	}
	g.answers(i, map[string]any{"text": "You are welcome.", "visibility": "private"})
	want := []string{one + `/replies {"message":"Yes, it is."}`, one + `/replies {"message":"In blue, too."}`,
		`me/messages {"recipient":{"comment_id":"` + one + `"},"messaging_type":"RESPONSE","message":{"text":"I write to you."}}`,
		`me/messages {"recipient":{"id":"88` + g.page + `"},"messaging_type":"RESPONSE","message":{"text":"You are welcome."}}`}
	if got := g.calls(); !slices.Equal(got, want) {
		t.Errorf("asked for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if two == one {
		t.Error("two comments have one id")
	}
}

// instagramMentions answers where the account was named, and hears of comments that
// stand straight on the entry.
func instagramMentions(t *testing.T, p *program) {
	g := p.instagram()
	post := "1796" + g.page
	id := g.happens("mention", map[string]any{"text": "@shop.example look", "post_id": post})
	i, _ := g.ana.accepted("")
	if got := g.last(i); got.get("text") != "@shop.example look" || got.get("visibility") != "public" {
		t.Errorf("the mention is %v", got.value)
	}
	g.answers(i, map[string]any{"text": "Thank you!"})
	if got, want := g.calls(), fmt.Sprintf(`%s/mentions {"media_id":"%s","comment_id":"%s","message":"Thank you!"}`, g.account, post, id); len(got) != 1 || got[0] != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
	for n, data := range []string{"entry", "", "entry"} { // the same comment, in both shapes
		g.happens("comment", map[string]any{"message_id": "1790" + g.page, "text": "Straight", "data": data, "from": map[string]any{"id": "89" + g.page, "name": "ben.example"}})
		if got := g.interactions(); len(got) != 2 {
			t.Errorf("after %d webhooks there are %s", n+1, text(got))
		}
	}
}

// instagramUnknown loses the answer to a message, whose echo says what became of it.
func instagramUnknown(t *testing.T, p *program) {
	g := p.instagram()
	g.happens("message", map[string]any{"text": "Hello"})
	i, _ := g.ana.accepted("")
	g.admin.do("PATCH", "/v1/channels/"+g.channel, map[string]any{"settings": map[string]any{"agent_name": "prefix"}}).want(200)
	g.misbehaves(map[string]any{"mode": "drop_answer", "times": 1})
	id := g.ana.says(i, "On its way.")
	g.ana.until(i, id, "sent")
	g.admin.advance(0)
	if got := g.ana.messages(i); len(got) != 2 || text(lookup(got[1], "platform_message_id")) == "" {
		t.Errorf("the transcript is %s", text(got))
	}
	g.misbehaves(map[string]any{"mode": "reject", "code": 10, "subcode": 2534022, "times": 1})
	late := g.ana.says(i, "Too late.")
	if got := g.ana.until(i, late, "failed"); got.get("error.code") != "response_window_closed" {
		t.Errorf("it failed with %s", got.get("error.code"))
	}
}

// diary is a log that many write to.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *diary) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *diary) has(trace string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), trace)
}

// TestB18_NothingOfItIsLogged: neither what a story leads to nor what was taken back
// stands in the most talkative log.
func TestB18_NothingOfItIsLogged(t *testing.T) {
	t.Parallel()
	template.Each(t, func(t *testing.T, database string) {
		log := &diary{}
		p := startLogged(t, database, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		g := p.instagram()
		g.happens("story_mention", nil)
		i, _ := g.ana.accepted("")
		link := g.last(i).get("attachments.0.url")
		id := g.happens("message", map[string]any{"text": "magpie " + g.page, "attachments": []any{map[string]any{"type": "image", "url": "https://cdn.example.test/canary-" + g.page}}})
		g.ana.do("GET", "/v1/attachments/"+g.last(i).get("attachments.0.id")+"/content", nil).want(302)
		g.answers(i, map[string]any{"text": "heron " + g.page})
		g.happens("unsend", map[string]any{"message_id": id})
		g.admin.advance(24 * 3600)
		for _, trace := range []string{link[strings.LastIndex(link, "/"):], "canary-" + g.page, "magpie " + g.page, "heron " + g.page, "88" + g.page} {
			if log.has(trace) {
				t.Errorf("the log has %q", trace)
			}
		}
		if !log.has("msg=request") || !log.has("/v1/attachments/:id/content") {
			t.Error("the test looks in the wrong place")
		}
	})
}
