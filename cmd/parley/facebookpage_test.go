package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFacebookPage(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A02 A05 A07 A08 A16 answers in public", pageAnswers},
		part{"A12 answers in private", pagePrivately},
		part{"seven days", pageWindow},
		part{"B22 what is done to a comment", pageChanges},
		part{"visitors and mentions", pageVisitors},
		part{"an outcome that nobody knows", pageUnknown},
		part{"somebody who was erased", pageErased},
	)
}

// wall is a desk whose page is connected with both its sides. Its first agent is on queue.
type wall struct {
	deskSetup
	ana    *caller
	public string // the channel
}

func (p *program) wall(agents int) wall {
	p.t.Helper()
	d := p.desk(agents, nil)
	made := d.admin.do("POST", "/v1/channels", map[string]any{"name": "The page in public", "app_id": d.app, "kind": "facebook_page", "account_id": d.page,
		"credentials": map[string]string{"access_token": "page-token"}, "queue_id": d.queue}).want(201)
	d.agents[0].onQueue()
	return wall{d, d.agents[0], made.get("id")}
}

// id is a comment's, which no other test has.
func (w wall) id(n int) string { return fmt.Sprintf("9%s_%d", w.page, n) }

// happens lets something happen on the page, and waits until it has its effect. What
// is left out is by Ana Example.
func (w wall) happens(event string, fields map[string]any) string {
	w.admin.t.Helper()
	body := map[string]any{"account_id": w.page, "event": event, "from": map[string]any{"id": "71" + w.page, "name": "Ana Example"}}
	for name, value := range fields {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	a := w.admin.do("POST", "/sandbox/platforms/facebook_page/inbound", body).want(200)
	if a.get("status") != "200" {
		w.admin.t.Fatalf("the webhook was answered %s", a.get("status"))
	}
	w.admin.advance(0)
	return a.get("message_ids.0")
}

// comments lets somebody comment, and gives the conversation that the agent accepts.
func (w wall) comments(n int, what string) (interaction string) {
	w.admin.t.Helper()
	w.happens("message", map[string]any{"message_id": w.id(n), "text": what})
	interaction, _ = w.ana.accepted("")
	return interaction
}

// calls gives what the platform was asked to publish on the page, or in its name, the
// oldest first: where, and what.
func (w wall) calls() []string {
	w.admin.t.Helper()
	var made []string
	for _, call := range w.admin.list("/sandbox/platforms/facebook_page/requests?limit=1000") {
		path := strings.TrimPrefix(text(lookup(call, "path")), "/v25.0/")
		if text(lookup(call, "method")) == "POST" && strings.Contains(path, w.page) {
			made = append(made, path+" "+text(lookup(call, "body")))
		}
	}
	slices.Reverse(made)
	return made
}

// message reads one by the platform's id.
func (w wall) message(interaction, platformID string) answer {
	w.admin.t.Helper()
	for _, m := range w.ana.list("/v1/interactions/" + interaction + "/messages?limit=200") {
		if text(lookup(m, "platform_message_id")) == platformID {
			return answer{t: w.admin.t, value: m}
		}
	}
	w.admin.t.Fatalf("no message is %s at the platform", platformID)
	return answer{}
}

// says answers, and waits until nothing more is to be done.
func (w wall) says(interaction string, reply map[string]any) answer {
	w.admin.t.Helper()
	made := w.ana.do("POST", "/v1/interactions/"+interaction+"/replies", reply).want(202)
	id := made.get("items.0.id")
	if made.get("items.0.status") == "queued" {
		w.ana.until(interaction, id, "sent")
	}
	w.admin.advance(0)
	return w.ana.reply(interaction, id)
}

// seen writes a transcript as visibility, direction and text.
func (c *caller) seen(interaction string) string {
	c.t.Helper()
	var lines []string
	for _, m := range c.list("/v1/interactions/" + interaction + "/messages?limit=200") {
		lines = append(lines, text(lookup(m, "visibility"))+" "+text(lookup(m, "direction"))+" "+text(lookup(m, "text")))
	}
	return strings.Join(lines, "\n")
}

func pageAnswers(t *testing.T, p *program) {
	w := p.wall(1)
	i := w.comments(1, "Still no answer!")
	w.happens("message", map[string]any{"message_id": w.id(2), "text": "Hello?", "in_reply_to": w.id(1)})
	shown := w.ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	if shown.get("origin") != "post" || shown.get("contact.display_name") != "Ana Example" || shown.get("contact.address") != "71"+w.page {
		t.Errorf("the conversation is %s", shown.body)
	}
	first, second := w.message(i, w.id(1)), w.message(i, w.id(2))
	if first.get("visibility") != "public" || first.get("channel.kind") != "facebook_page" || first.get("channel.id") != w.public || second.get("in_reply_to") != first.get("id") {
		t.Errorf("the comments are %v and %v", first.value, second.value)
	}
	if post := w.ana.do("GET", "/v1/interactions/"+i+"/original-post", nil).want(200); post.get("state") != "ready" || post.get("text") != "What was posted before." || post.get("author.id") != w.page {
		t.Errorf("the post is %s", post.body)
	}
	address := "/v1/interactions/" + i + "/replies"
	private := w.says(i, map[string]any{"text": "In private", "visibility": "private"})
	other := w.happens("message", map[string]any{"message_id": w.id(3), "text": "I as well", "from": map[string]any{"id": "72" + w.page}})
	others := w.message(text(lookup(w.interactions()[1], "id")), other).get("id")
	for what, id := range map[string]string{"reply.in_reply_to_unknown": others, "reply.in_reply_to_private": private.get("id")} {
		if refused := w.ana.do("POST", address, map[string]any{"text": "x", "in_reply_to": id}).want(422); !strings.Contains(string(refused.body), what) {
			t.Errorf("refused with %s, want %s", refused.body, what)
		}
	}
	w.ana.do("POST", address, map[string]any{"text": "x", "in_reply_to": unknownID}).want(422)
	w.client(w.ids[0], slices.DeleteFunc(deskScopes(), func(s string) bool { return s == "conversation:socialmedia:create" })...).
		do("POST", address, map[string]any{"text": "For all", "visibility": "public"}).code(403, "permission.missing")

	under := w.says(i, map[string]any{"text": "On its way.", "in_reply_to": first.get("id")})
	top := w.says(i, map[string]any{"text": "Sorry, all of you."})
	if under.get("visibility") != "public" || under.get("status") != "sent" || top.get("visibility") != "public" || under.get("platform_message_id") == "" {
		t.Errorf("the answers are %s and %s", under.body, top.body)
	}
	want := []string{w.page + `/messages {"recipient":{"comment_id":"` + w.id(2) + `"},"messaging_type":"RESPONSE","message":{"text":"In private","metadata":"`,
		w.id(1) + `/comments {"message":"On its way."}`, w.page + `_1/comments {"message":"Sorry, all of you."}`}
	if got := w.calls(); !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("the platform was asked for\n%s", strings.Join(got, "\n"))
	}
	w.admin.advance(0) // the echoes are in
	if got := w.ana.seen(i); got != "public inbound Still no answer!\npublic inbound Hello?\nprivate outbound In private\npublic outbound On its way.\npublic outbound Sorry, all of you." {
		t.Errorf("the transcript is\n%s", got)
	}
	if n := len(w.ana.list("/v1/interactions/" + i + "/messages?visibility=public")); n != 4 {
		t.Errorf("%d messages are public", n)
	}
	// What somebody writes at Facebook in the page's name is shown, under what it answers.
	w.happens("message", map[string]any{"message_id": w.id(4), "text": "Typed there", "in_reply_to": w.id(1), "from": map[string]any{"id": w.page}})
	if typed := w.message(i, w.id(4)); typed.get("direction") != "outbound" || typed.get("visibility") != "public" || typed.get("in_reply_to") != first.get("id") {
		t.Errorf("what was typed there is %v", typed.value)
	}
}

// pagePrivately gives a comment's writer the one private message, and goes on in
// private when they answer it.
func pagePrivately(t *testing.T, p *program) {
	w, first := p.wall(1), ""
	i := w.comments(1, "Still no answer!")
	w.admin.do("PUT", "/sandbox/platforms/facebook_page/faults", map[string]any{"mode": "reject", "code": 100, "times": 1, "receipts": map[string]any{"echo": false}}).want(200)
	none := w.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "May we not?", "visibility": "private"}).want(202).get("items.0.id")
	if got := w.ana.until(i, none, "failed"); got.get("error.code") != "content_rejected" { // and has not used the one up
		t.Errorf("what is refused is %s", got.body)
	}
	if one := w.says(i, map[string]any{"text": "May we write?", "visibility": "private"}); one.get("status") != "sent" || one.get("channel.kind") != "facebook_page" {
		t.Errorf("the first is %s", one.body)
	} else {
		first = one.get("platform_message_id")
	}
	if two := w.says(i, map[string]any{"text": "Once more", "visibility": "private"}); two.get("status") != "failed" || two.get("error.code") != "reply_limit_exceeded" {
		t.Errorf("the second is %s", two.body)
	}
	w.happens("message", map[string]any{"message_id": w.id(2), "text": "Another comment"}) // allows another one
	if more := w.says(i, map[string]any{"text": "As we said", "visibility": "private"}); more.get("status") != "sent" {
		t.Errorf("to another comment: %s", more.body)
	}
	w.happens("direct_message", map[string]any{"text": "Please do"})
	w.admin.advance(0)
	if n := len(w.interactions()); n != 1 {
		t.Fatalf("there are %d conversations", n)
	}
	late := map[string]any{"text": "Your parcel is late", "visibility": "private", "client_message_id": "late-" + w.page}
	answer := w.says(i, late)
	if again := w.says(i, late); again.get("id") != answer.get("id") { // it is known on the channel to which it went
		t.Errorf("repeated: %s", again.body)
	}
	if answer.get("status") != "delivered" && answer.get("status") != "sent" || answer.get("channel.kind") != "messenger" {
		t.Errorf("in private: %s", answer.body)
	}
	w.says(i, map[string]any{"text": "For all to see"})
	want := "public inbound Still no answer!\nprivate outbound May we not?\nprivate outbound May we write?\nprivate outbound Once more\npublic inbound Another comment\nprivate outbound As we said\n" +
		"private inbound Please do\nprivate outbound Your parcel is late\npublic outbound For all to see"
	if got := w.ana.seen(i); got != want {
		t.Errorf("the transcript is\n%s", got)
	}
	person := text(lookup(w.sent()[0], "recipient.id")) // what the page wrote first comes back, and has no token
	w.hook(batch(entry(w.page, event(w.page, person, "message", map[string]any{"mid": first, "is_echo": true, "text": "May we write?"})))).want(200)
	w.admin.advance(0)
	if got := w.ana.seen(i); got != want {
		t.Errorf("with the echo the transcript is\n%s", got)
	}
	if sent := w.sent(); len(sent) != 1 || text(lookup(sent[0], "recipient.id")) == "" || text(lookup(sent[0], "message.text")) != "Your parcel is late" {
		t.Errorf("Messenger got %v", sent)
	}
}

// pageWindow writes in private at the last second, and one later; in public there is none.
func pageWindow(t *testing.T, p *program) {
	w := p.wall(1)
	now, err := time.Parse(time.RFC3339Nano, w.admin.do("GET", "/sandbox/clock", nil).want(200).get("now"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		w.happens("message", map[string]any{"message_id": w.id(n), "text": "Still no answer!", "timestamp": now.Truncate(time.Second).UnixMilli()})
	}
	i, _ := w.ana.accepted("")
	w.admin.advance(7*day - 1 - float64(now.Nanosecond())/1e9) // as the platform tells when it was written
	if last := w.says(i, map[string]any{"text": "Just in time", "visibility": "private"}); last.get("status") != "sent" {
		t.Errorf("a second before: %s", last.body)
	}
	w.admin.advance(2)
	late := w.says(i, map[string]any{"text": "Too late", "visibility": "private", "in_reply_to": w.message(i, w.id(0)).get("id")})
	if late.get("status") != "failed" || late.get("error.code") != "response_window_closed" {
		t.Errorf("a second after: %s", late.body)
	}
	if public := w.says(i, map[string]any{"text": "For all to see"}); public.get("status") != "sent" {
		t.Errorf("in public: %s", public.body)
	}
}

func pageChanges(t *testing.T, p *program) {
	w := p.wall(1)
	i := w.comments(1, "Still no answer!")
	w.happens("edit", map[string]any{"message_id": w.id(1), "text": "Still nothing!"})
	if m := w.message(i, w.id(1)); m.get("text") != "Still nothing!" || m.get("edited_at") == "" || m.get("hidden") != "false" {
		t.Errorf("edited: %v", m.value)
	}
	for _, event := range []string{"hide", "hide", "unhide", "hide"} {
		w.happens(event, map[string]any{"message_id": w.id(1)})
		if m := w.message(i, w.id(1)); m.get("hidden") != fmt.Sprint(event == "hide") || m.get("text") != "Still nothing!" {
			t.Errorf("%s: %v", event, m.value)
		}
		w.admin.advance(1) // a webhook's time is in seconds
	}
	told := w.admin.list("/v1/events?types=message.hidden,message.shown&interaction_id=" + i)
	if got := each(told, "type"); !slices.Equal(got, []string{"message.hidden", "message.shown", "message.hidden"}) || text(lookup(told[0], "actor.type")) != "platform" {
		t.Errorf("told of %v", told)
	}
	w.happens("react", map[string]any{"message_id": w.id(1), "text": "angry", "from": map[string]any{"id": "72" + w.page}}) // somebody else's
	w.happens("react", map[string]any{"message_id": w.id(1), "text": "love"})
	w.happens("react", map[string]any{"message_id": w.page + "_1", "text": "love"}) // to what the page posted
	if m := w.message(i, w.id(1)); m.get("reactions.#") != "1" || m.get("reactions.0.reaction") != "love" {
		t.Errorf("reactions: %v", m.value)
	}
	w.happens("unsend", map[string]any{"message_id": w.id(1)})
	if m := w.message(i, w.id(1)); m.get("text") != "" || m.get("tombstone") != "unsent" {
		t.Errorf("removed: %v", m.value)
	}
	if gone := w.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "x", "in_reply_to": w.message(i, w.id(1)).get("id")}).want(202); gone.get("items.0.status") != "queued" {
		t.Errorf("under what is gone: %s", gone.body)
	} else if failed := w.ana.until(i, gone.get("items.0.id"), "failed"); failed.get("error.code") != "content_rejected" {
		t.Errorf("under what is gone: %s", failed.body)
	}
	// What is told of a comment before the comment itself.
	w.happens("unsend", map[string]any{"message_id": w.id(2), "post_id": w.page + "_1"})
	w.happens("edit", map[string]any{"message_id": w.id(3), "post_id": w.page + "_1", "text": "The second text"})
	w.happens("hide", map[string]any{"message_id": w.id(3), "post_id": w.page + "_1"})
	for n, what := range []string{"never to be seen", "The first text"} {
		w.happens("message", map[string]any{"message_id": w.id(2 + n), "text": what})
	}
	if m := w.message(i, w.id(3)); m.get("text") != "The second text" || m.get("hidden") != "true" {
		t.Errorf("told before it came: %v", m.value)
	}
	if strings.Contains(w.ana.seen(i), "never to be seen") {
		t.Error("what was removed before it came is shown")
	}
}

// pageVisitors answers a visitor's post, and somebody who named the page elsewhere,
// of whom the platform must be asked.
func pageVisitors(t *testing.T, p *program) {
	w := p.wall(1)
	post := w.page + "_7"
	w.happens("post", map[string]any{"message_id": post, "text": "It came broken"})
	i, cursor := w.ana.accepted("")
	w.says(i, map[string]any{"text": "We are sorry"})
	w.says(i, map[string]any{"text": "May we write?", "visibility": "private"})
	want := []string{post + `/comments {"message":"We are sorry"}`, w.page + `/messages {"recipient":{"post_id":"` + post + `"}`}
	if got := w.calls(); !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("the platform was asked for\n%s", strings.Join(got, "\n"))
	}
	if shown := w.ana.do("GET", "/v1/interactions/"+i+"/original-post", nil).want(200); shown.get("text") != "It came broken" || shown.get("author.display_name") != "Ana Example" {
		t.Errorf("the visitor's post is %s", shown.body)
	}
	w.happens("mention", map[string]any{"message_id": "55" + w.page + "_1", "post_id": "55" + w.page, "text": "Thanks, Example Shop"})
	m, _ := w.ana.accepted(cursor)
	w.admin.advance(0)
	shown := w.ana.do("GET", "/v1/interactions/"+m, nil).want(200)
	if shown.get("origin") != "post" || shown.get("contact.display_name") != "Ana Example" || w.ana.seen(m) != "public inbound Thanks, Example Shop" {
		t.Errorf("who named the page: %s\n%s", shown.body, w.ana.seen(m))
	}
	w.says(m, map[string]any{"text": "Thank you", "in_reply_to": w.message(m, "55"+w.page+"_1").get("id")})
	if got := w.calls(); got[len(got)-1] != "55"+w.page+`_1/comments {"message":"Thank you"}` {
		t.Errorf("the mention is answered by %s", got[len(got)-1])
	}
	w.happens("message", map[string]any{"message_id": w.id(5), "text": "Who am I?", "from": nil})
	if n, _ := w.ana.accepted(""); n == "" {
		t.Error("nobody's comment went nowhere")
	}
}

// pageUnknown loses the platform's answer: the echo, which carries no token, is known
// by where it stands and what it says.
func pageUnknown(t *testing.T, p *program) {
	w := p.wall(1)
	i := w.comments(1, "Still no answer!")
	faults := func(f map[string]any) { w.admin.do("PUT", "/sandbox/platforms/facebook_page/faults", f).want(200) }
	t.Cleanup(func() { faults(map[string]any{"mode": "none"}) })
	address := "/v1/interactions/" + i + "/replies"
	for _, reply := range []map[string]any{{"text": "On its way.", "in_reply_to": w.message(i, w.id(1)).get("id")}, {"text": "Sorry, all of you."}} {
		faults(map[string]any{"mode": "drop_answer", "times": 1})
		id := w.ana.do("POST", address, reply).want(202).get("items.0.id")
		if got := w.ana.until(i, id, "sent"); got.get("platform_message_id") == "" {
			t.Errorf("the reply is %s", got.body)
		}
		w.admin.advance(0)
	}
	if got := w.ana.seen(i); got != "public inbound Still no answer!\npublic outbound On its way.\npublic outbound Sorry, all of you." {
		t.Errorf("the transcript is\n%s", got)
	}
	faults(map[string]any{"mode": "drop_answer", "receipts": map[string]any{"echo": false}})
	silent := w.ana.do("POST", address, map[string]any{"text": "Nobody knows"}).want(202).get("items.0.id")
	w.ana.until(i, silent, "unconfirmed")
	w.happens("message", map[string]any{"message_id": w.id(9), "text": "Somebody else says", "from": map[string]any{"id": w.page}})
	if got := w.ana.reply(i, silent); got.get("status") != "unconfirmed" {
		t.Errorf("it is proven by what is not its echo: %s", got.body)
	}
	w.happens("message", map[string]any{"message_id": w.id(10), "text": "Nobody knows", "from": map[string]any{"id": w.page}})
	if got := w.ana.reply(i, silent); got.get("status") != "sent" || got.get("platform_message_id") != w.id(10) {
		t.Errorf("it is not proven by its echo: %s", got.body)
	}
	faults(map[string]any{"mode": "server_error", "times": 1}) // which may have been after it was taken
	lost := w.ana.do("POST", address, map[string]any{"text": "Was it taken?"}).want(202).get("items.0.id")
	w.ana.until(i, lost, "failed")
	w.happens("message", map[string]any{"message_id": w.id(11), "text": "Was it taken?", "from": map[string]any{"id": w.page}})
	if got := w.ana.reply(i, lost); got.get("status") != "sent" || got.get("reconciled") != "true" {
		t.Errorf("late proof does not win: %s", got.body)
	} // The first private word: its echo tells, with its token, whom it reached.
	faults(map[string]any{"mode": "drop_answer", "times": 1})
	asked := w.ana.do("POST", address, map[string]any{"text": "May we write?", "visibility": "private"}).want(202).get("items.0.id")
	w.ana.until(i, asked, "sent")
	w.happens("direct_message", map[string]any{"text": "Please do"})
	if got := w.ana.seen(i); len(w.interactions()) != 1 || !strings.HasSuffix(got, "private outbound May we write?\nprivate inbound Please do") {
		t.Errorf("the private conversation is elsewhere, and here is\n%s", got)
	}
}

// pageErased erases who commented: what is told of their comment afterwards brings
// nothing back, although it does not say whose it is.
func pageErased(t *testing.T, p *program) {
	w := p.wall(1)
	i := w.comments(1, "Still no answer!")
	w.ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	contact := w.ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("contact.id")
	w.erase(contact)
	edit := fmt.Sprintf(`{"field":"feed","value":{"item":"comment","verb":"edited","comment_id":%q,"post_id":"%s_1","message":"told once more"}}`, w.id(1), w.page)
	w.happens("message", map[string]any{"payload": json.RawMessage(edit), "from": nil})
	if early := p.column(p.database(), "SELECT platform_message_id FROM early_events"); slices.Contains(early, w.id(1)) {
		t.Errorf("kept is %q", early)
	}
}
