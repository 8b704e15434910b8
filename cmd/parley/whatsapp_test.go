package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWhatsApp(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A23 a conversation", whatsAppTalk},
		part{"files both ways", whatsAppFiles},
		part{"B12 B13 templates", whatsAppTemplates},
		part{"an outcome that only a status tells", whatsAppUnknown},
		part{"A24 statuses in any order", whatsAppStatuses},
		part{"limits, and what is tried again", whatsAppLimits},
		part{"refused credentials", whatsAppReauthorize},
		part{"one customer by two addresses", whatsAppPeople},
		part{"who was erased stays so, by either address", whatsAppErased},
		part{"what is not of a conversation", whatsAppOthers},
	)
}

// line is a desk with a WhatsApp number, whose first agent is on queue.
type line struct {
	deskSetup
	ana *caller
}

func (p *program) line() line {
	p.t.Helper()
	d := p.desk(1, nil)
	d.channel = d.admin.do("POST", "/v1/channels", map[string]any{"name": "The number", "app_id": d.app, "kind": "whatsapp", "account_id": d.page,
		"credentials": map[string]string{"access_token": "number-token"}, "queue_id": d.queue}).want(201).get("id")
	d.agents[0].onQueue()
	l := line{d, d.agents[0]}
	p.t.Cleanup(func() { l.plays(map[string]any{"mode": "none"}) })
	return l
}

// plays makes the simulated platform behave.
func (l line) plays(faults map[string]any) {
	l.admin.t.Helper()
	l.admin.advance(0)
	l.admin.do("PUT", "/sandbox/platforms/whatsapp/faults", faults).want(200)
}

// writes lets a customer do something, and waits until it has its effect. Who is left
// out is Ana Example, by her number and her id.
func (l line) does(fields map[string]any) string {
	l.admin.t.Helper()
	body := map[string]any{"account_id": l.page, "from": map[string]any{"id": "15550100009", "user_id": "US.9" + l.page, "name": "Ana Example"}}
	for name, value := range fields {
		body[name] = value
	}
	a := l.admin.do("POST", "/sandbox/platforms/whatsapp/inbound", body).want(200)
	if a.get("status") != "200" {
		l.admin.t.Fatalf("the webhook was answered %s", a.get("status"))
	}
	l.admin.advance(0)
	return a.get("message_ids.0")
}

// talk lets a customer write, and gives the conversation that the agent accepts.
func (l line) talk(fields map[string]any) (interaction string) {
	l.admin.t.Helper()
	cursor := l.ana.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	l.does(fields)
	interaction, _ = l.ana.accepted(cursor)
	return interaction
}

// tells sends raw events of a conversation, in one webhook.
func (l line) tells(value string) {
	l.admin.t.Helper()
	l.hook(fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":%q},%s}}]}]}`, l.page, value)).want(200)
	l.admin.advance(0)
}

// waStatus is a raw one of a second.
func waStatus(second int, word, id string, more string) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":"%d"%s}`, id, word, 1790002100+second, more)
}

// calls gives what the platform was told by POST, the oldest first.
func (l line) calls() []answer {
	l.admin.t.Helper()
	var made []answer
	for _, call := range l.admin.list("/sandbox/platforms/whatsapp/requests?limit=1000") {
		path := text(lookup(call, "path"))
		if text(lookup(call, "method")) == "POST" && strings.HasSuffix(path, l.page+"/messages") {
			a := answer{t: l.admin.t}
			if err := json.Unmarshal([]byte(text(lookup(call, "body"))), &a.value); err != nil {
				l.admin.t.Fatal(err)
			}
			made = append(made, a)
		}
	}
	slices.Reverse(made)
	return made
}

// said lists the texts that went out.
func (l line) said() []string {
	var texts []string
	for _, call := range l.calls() {
		texts = append(texts, call.get("text.body"))
	}
	return texts
}

// whatsAppTalk is a conversation from the first webhook to the last receipt.
func whatsAppTalk(t *testing.T, p *program) {
	l := p.line()
	l.plays(map[string]any{"mode": "none", "receipts": map[string]any{"read": true}})
	i := l.talk(map[string]any{"text": "Where is my order?"})
	shown := l.ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	if shown.get("contact.address") != "US.9"+l.page || shown.get("contact.display_name") != "Ana Example" || shown.get("channel.kind") != "whatsapp" || shown.get("reply_policy.template_required") != "false" || shown.get("reply_policy.window_closes_at") == "" {
		t.Errorf("the interaction is %s", shown.body)
	}
	asked := lookup(l.ana.messages(i)[0], "id")
	first := l.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "On its way.", "in_reply_to": asked}).want(202).get("items.0.id")
	if got := l.ana.until(i, first, "read"); got.get("platform_message_id") == "" {
		t.Errorf("the reply is %s", got.body)
	}
	if got := l.ana.happened(i, "reply.sent", "reply.delivered", "reply.read"); !slices.Equal(got, []string{"reply.sent", "reply.delivered", "reply.read"}) {
		t.Errorf("told %v", got)
	}
	call := l.calls()[0]
	if call.get("recipient") != "" || call.get("to") != "15550100009" || call.get("context.message_id") != text(lookup(l.ana.messages(i)[0], "platform_message_id")) || call.get("biz_opaque_callback_data") == "" {
		t.Errorf("sent %s", text(call.value))
	}
	l.does(map[string]any{"event": "react", "message_id": l.ana.reply(i, first).get("platform_message_id"), "text": "👍"})
	if got := l.ana.reply(i, first); got.get("reactions.0.emoji") != "👍" {
		t.Errorf("the reply is %s", got.body)
	}
	l.does(map[string]any{"event": "location", "text": "Our shop", "data": "52.5,13.25"})
	l.does(map[string]any{"event": "contact", "text": "Bo Example", "data": "+1 555 010"})
	l.does(map[string]any{"event": "postback", "text": "Menu", "data": "MENU"})
	latest := l.does(map[string]any{"event": "unsupported", "data": "poll_creation"})
	messages := l.ana.messages(i)
	if got := each(messages, "text"); !slices.Equal(got, []string{"Where is my order?", "On its way.", "Our shop\n52.5, 13.25", "Bo Example, +1 555 010", "Menu", ""}) {
		t.Errorf("the transcript is %q", got)
	}
	if got := each(messages, "attachments.0.type"); !slices.Equal(got, []string{"", "", "location", "contact", "", "unsupported"}) || text(lookup(messages[4], "postback.payload")) != "MENU" || text(lookup(messages[5], "omitted")) != `["unsupported"]` {
		t.Errorf("with %q: %s", got, text(messages[4]))
	}
	l.ana.do("POST", "/v1/interactions/"+i+"/typing", nil).want(200)
	for len(l.calls()) < 2 { // nobody tells when the call was made
		l.admin.advance(0)
	}
	if call := l.calls()[1]; call.get("status") != "read" || call.get("message_id") != latest || call.get("typing_indicator.type") != "text" {
		t.Errorf("typing is %s", text(call.value))
	}
}

func whatsAppFiles(t *testing.T, p *program) {
	l, c := p.line(), newCDN(t)
	i := l.talk(map[string]any{"text": "Look", "attachments": []any{map[string]any{"type": "image", "url": c.URL + "/picture.png"}}})
	l.admin.await("", "attachment.ready", "&interaction_id="+i)
	shown := l.attachment(i)
	if shown.get("type") != "image" || shown.get("state") != "ready" || shown.get("content_type") != "image/png" || shown.get("size") != fmt.Sprint(len(picture)) {
		t.Errorf("the transcript shows %s", shown.body)
	}
	if file := l.ana.do("GET", p.at(shown.get("url")), nil).want(200); string(file.body) != picture {
		t.Errorf("kept is %q", file.body)
	}
	l.tells(`"messages":[{"id":"wamid.lost","from_user_id":"US.9` + l.page + `","timestamp":"1790002000","type":"audio","audio":{"id":"77"}}]`)
	l.admin.await("", "attachment.rejected", "&interaction_id="+i)
	if lost := l.attachment(i); lost.get("state") != "rejected" || lost.get("url") != "" {
		t.Errorf("the transcript shows %s", lost.body)
	}
	one := l.ana.upload("label.png", "image/png", picture).want(201).get("id")
	two := l.ana.upload("terms.txt", "text/plain", "All sales are final.").want(201).get("id")
	sent := l.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "Two files", "attachment_ids": []string{one, two}}).want(202)
	l.ana.until(i, sent.get("items.2.id"), "delivered")
	calls := l.calls()
	if len(calls) != 3 || calls[1].get("type") != "image" || calls[1].get("image.id") == "" || calls[2].get("document.filename") != "terms.txt" || calls[2].get("document.id") == "" {
		t.Errorf("sent %d: %s", len(calls), text(calls[len(calls)-1].value))
	}
	// An upload that is lost sent nothing: it is made again.
	l.plays(map[string]any{"mode": "drop_answer", "times": 1})
	three := l.ana.upload("again.png", "image/png", picture+"more").want(201).get("id")
	again := l.ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"attachment_ids": []string{three}}).want(202).get("items.0.id")
	l.admin.advance(1)
	if got := l.ana.until(i, again, "delivered"); got.get("attempts") != "2" || got.get("reconciled") != "false" {
		t.Errorf("the reply is %s", got.body)
	}
}

// whatsAppTemplates holds to 24 hours, after which only a template goes.
func whatsAppTemplates(t *testing.T, p *program) {
	l := p.line()
	i := l.talk(map[string]any{"text": "Hello"})
	replies := "/v1/interactions/" + i + "/replies"
	template := map[string]any{"name": "order_update", "language": "en_US", "parameters": []string{"4711", "my card 4111 1111 1111 1111"}}
	for _, body := range []map[string]any{{"text": "x", "template": template}, {"template": template, "attachment_ids": []string{unknownID}}} {
		l.ana.do("POST", replies, body).code(422, "content.template_not_alone")
	}
	l.admin.advance(24 * 3600)
	l.ana.until(i, l.ana.says(i, "At the last moment"), "delivered")
	l.admin.advance(1)
	if got := l.ana.do("GET", "/v1/interactions/"+i, nil).want(200); got.get("reply_policy.template_required") != "true" {
		t.Errorf("the interaction is %s", got.get("reply_policy"))
	}
	late := l.ana.do("POST", replies, map[string]any{"text": "Too late"}).want(202)
	if late.get("items.0.status") != "failed" || late.get("items.0.error.code") != "template_required" || late.get("items.0.error.remedy") != "use_template" {
		t.Errorf("the reply is %s", late.body)
	}
	if got := l.ana.composes(i, map[string]any{"text": "Too late"}); got.get("verdict.reasons.0.code") != "template_required" {
		t.Errorf("composed: %s", got.body)
	}
	if got := l.ana.composes(i, map[string]any{"template": template}); got.get("verdict.allowed") != "true" || got.get("replies") != "1" {
		t.Errorf("composed: %s", got.body)
	}
	sent := l.ana.do("POST", replies, map[string]any{"template": template, "client_message_id": "t" + l.page}).want(202)
	again := l.ana.do("POST", replies, map[string]any{"template": template, "client_message_id": "t" + l.page}).want(202)
	got := l.ana.until(i, sent.get("items.0.id"), "delivered")
	if again.get("items.0.id") != got.get("id") || got.get("text") != "" || got.get("template.name") != "order_update" || got.get("template.parameters.1") != "my card **** **** **** 1111" {
		t.Errorf("the reply is %s", got.body)
	}
	calls := l.calls()
	if call := calls[len(calls)-1]; call.get("type") != "template" || call.get("template.language.code") != "en_US" || call.get("template.components.0.parameters.0.text") != "4711" {
		t.Errorf("sent %s", text(call.value))
	}
	// One that failed keeps its template.
	l.plays(map[string]any{"mode": "reject", "code": 132001, "times": 1})
	failed := l.ana.do("POST", replies, map[string]any{"template": map[string]any{"name": "other", "language": "de"}}).want(202).get("items.0.id")
	l.ana.until(i, failed, "failed")
	resent := l.ana.do("POST", replies+"/"+failed+"/resend", nil).want(202).get("id")
	if got := l.ana.until(i, resent, "delivered"); got.get("template.name") != "other" || got.get("template.parameters") != "[]" {
		t.Errorf("sent again is %s", got.body)
	}
	d, ana, messenger := p.talk(1)
	ana.do("POST", "/v1/interactions/"+messenger+"/replies", map[string]any{"template": template}).code(422, "content.templates_not_supported")
	if n := len(d.sent()); n != 0 {
		t.Errorf("%d messages went out", n)
	}
}

// whatsAppUnknown loses the answer to a message that the platform took: what comes back
// in a status tells, by the token that the call carried.
func whatsAppUnknown(t *testing.T, p *program) {
	l := p.line()
	i := l.talk(map[string]any{"text": "Hello"})
	l.plays(map[string]any{"mode": "drop_answer", "times": 1})
	first, second := l.ana.says(i, "taken"), l.ana.says(i, "next")
	l.ana.until(i, second, "delivered")
	if got := l.ana.reply(i, first); got.get("status") != "delivered" || got.get("attempts") != "1" || got.get("platform_message_id") == "" {
		t.Errorf("the reply is %s", got.body)
	}
	l.plays(map[string]any{"mode": "drop_answer", "times": 2, "receipts": map[string]any{"echo": false, "delivered": false}})
	third := l.ana.says(i, "taken in silence")
	l.ana.until(i, third, "unconfirmed")
	token := func() string { calls := l.calls(); return calls[len(calls)-1].get("biz_opaque_callback_data") }
	l.tells(`"statuses":[` + waStatus(0, "delivered", "wamid.silent"+l.page, `,"recipient_id":"15559999999","biz_opaque_callback_data":"`+token()+`"`) + `]`)
	if got := l.ana.reply(i, third); got.get("status") != "delivered" || got.get("reconciled") != "true" || got.get("platform_message_id") != "wamid.silent"+l.page {
		t.Errorf("after the status the reply is %s", got.body)
	}
	l.ana.do("POST", "/v1/interactions/"+i+"/replies/"+third+"/resend", nil).code(409, "reply.not_resendable")
	fourth := l.ana.says(i, "refused in silence")
	l.ana.until(i, fourth, "unconfirmed")
	l.tells(`"statuses":[` + waStatus(0, "failed", "wamid.refused"+l.page, `,"recipient_user_id":"US.9`+l.page+`","biz_opaque_callback_data":"`+token()+`","errors":[{"code":131026}]`) + `]`)
	if got := l.ana.reply(i, fourth); got.get("status") != "failed" || got.get("error.code") != "recipient_invalid" {
		t.Errorf("after the status the reply is %s", got.body)
	}
	l.ana.until(i, l.ana.says(i, "and at once the next"), "sent")
	if got := l.said(); !slices.Equal(got, []string{"taken", "next", "taken in silence", "refused in silence", "and at once the next"}) {
		t.Errorf("the platform got %q", got)
	}
}

// whatsAppStatuses come before the answer, twice and in the wrong order, and what the
// platform could not deliver stays failed until it is proven to have arrived.
func whatsAppStatuses(t *testing.T, p *program) {
	l := p.line()
	i := l.talk(map[string]any{"text": "Hello"})
	l.plays(map[string]any{"mode": "none", "receipts": map[string]any{"read": true, "early": true, "reversed": true, "copies": 2}})
	if got := l.ana.until(i, l.ana.says(i, "early"), "read"); got.get("reconciled") != "false" {
		t.Errorf("the reply is %s", got.body)
	}
	l.plays(map[string]any{"mode": "none", "receipts": map[string]any{"echo": false, "delivered": false}})
	bounced := l.ana.says(i, "bounced")
	id := l.ana.until(i, bounced, "sent").get("platform_message_id")
	for second, c := range []struct{ word, more, want, code string }{
		{"failed", `,"errors":[{"code":131049}]`, "failed", "content_rejected"}, {"sent", "", "failed", "content_rejected"},
		{"failed", `,"errors":[{"code":131047}]`, "failed", "content_rejected"}, {"delivered", "", "delivered", ""}, {"failed", "", "delivered", ""}, {"played", "", "read", ""}, {"delivered", "", "read", ""},
	} {
		l.tells(`"statuses":[` + waStatus(second, c.word, id, `,"recipient_user_id":"US.9`+l.page+`"`+c.more) + `]`)
		if got := l.ana.reply(i, bounced); got.get("status") != c.want || got.get("error.code") != c.code {
			t.Errorf("after %s%s the reply is %s with %s", c.word, c.more, got.get("status"), got.get("error.code"))
		}
	}
}

// whatsAppLimits waits out a limit for one person, and no longer one than that; files that
// one side could not get are tried once more.
func whatsAppLimits(t *testing.T, p *program) {
	l := p.line()
	i := l.talk(map[string]any{"text": "Hello"})
	for _, c := range []struct {
		code, times, wait int
		status, failure   string
	}{
		{131056, 1, 6, "delivered", ""}, {130429, 1, 1, "delivered", ""}, {131048, 1, 0, "failed", "message_limit_exceeded"},
		{131053, 1, 1, "delivered", ""}, {131053, 2, 1, "failed", "media_type_not_allowed"}, {131052, 2, 1, "failed", "content_rejected"},
		{131016, 1, 1, "delivered", ""}, {131026, 1, 0, "failed", "recipient_invalid"}, {131050, 1, 0, "failed", "recipient_opted_out"}, {131047, 1, 0, "failed", "template_required"},
	} {
		l.plays(map[string]any{"mode": "reject", "code": c.code, "times": c.times})
		reply := l.ana.says(i, fmt.Sprintf("%d, %d times", c.code, c.times))
		l.admin.advance(0)
		if c.wait > 0 {
			if got := l.ana.reply(i, reply); got.get("status") != "queued" {
				t.Errorf("%d: at first the reply is %s", c.code, got.body)
			}
			l.admin.advance(float64(c.wait))
		}
		if got := l.ana.until(i, reply, c.status); got.get("error.code") != c.failure {
			t.Errorf("%d: the reply is %s", c.code, got.body)
		}
	}
}

func whatsAppReauthorize(t *testing.T, p *program) {
	l := p.line()
	i := l.talk(map[string]any{"text": "Hello"})
	l.plays(map[string]any{"mode": "reject", "code": 190})
	l.does(map[string]any{"attachments": []any{map[string]any{"type": "image", "url": newCDN(t).URL + "/picture.png"}}})
	l.admin.advance(0)
	if got := l.admin.do("GET", "/v1/channels/"+l.channel, nil).want(200).get("status"); got != "needs_reauthorization" { // to ask for a file is enough to learn it
		t.Errorf("the channel is %s", got)
	}
	first, second := l.ana.says(i, "first"), l.ana.says(i, "second")
	l.admin.advance(1800)
	for _, id := range []string{first, second} {
		if got := l.ana.reply(i, id); got.get("status") != "queued" {
			t.Errorf("a reply is %s", got.body)
		}
	}
	if got := l.admin.do("GET", "/v1/channels/"+l.channel, nil).want(200); got.get("status") != "needs_reauthorization" {
		t.Errorf("the channel is %s", got.get("status"))
	}
	l.does(map[string]any{"attachments": []any{map[string]any{"type": "image", "url": newCDN(t).URL + "/picture.png"}}})
	l.admin.advance(3600) // longer than a file is tried for that cannot be had
	if got := l.attachment(i); got.get("state") != "pending" {
		t.Errorf("without a token the file is %s", got.body)
	}
	l.plays(map[string]any{"mode": "none"})
	l.admin.do("PATCH", "/v1/channels/"+l.channel, map[string]any{"credentials": map[string]string{"access_token": "renewed-token"}}).want(200)
	l.ana.until(i, second, "delivered")
	l.admin.advance(600)
	if got := l.attachment(i); got.get("state") != "ready" {
		t.Errorf("with a new token the file is %s", got.body)
	}
	if got := l.said(); len(got) < 3 || !slices.Equal(got[len(got)-2:], []string{"first", "second"}) {
		t.Errorf("the platform got %q", got)
	}
}

// whatsAppPeople knows a customer by their number, then by their id, and by both ever
// after. The number is written to where the last message told it.
func whatsAppPeople(t *testing.T, p *program) {
	l := p.line()
	by := func(id, user, what string) {
		t.Helper()
		from := map[string]any{"id": id}
		if user != "" {
			from["user_id"] = user
		}
		l.does(map[string]any{"from": from, "text": what})
	}
	number, user := "1555"+l.page, "US.1"+l.page
	i := l.talk(map[string]any{"from": map[string]any{"id": number}, "text": "By number"})
	l.ana.until(i, l.ana.says(i, "to the number"), "delivered")
	by(number, user, "By both")
	l.ana.until(i, l.ana.says(i, "to both"), "delivered")
	by(number, "", "By number again")
	by(user, "", "By id")
	l.ana.until(i, l.ana.says(i, "to the id"), "delivered")
	l.tells(`"messages":[{"id":"wamid.m1` + l.page + `","from":"` + number + `","timestamp":"1790002000","type":"system","system":{"type":"user_changed_number","wa_id":"9` + number + `","user_id":"US.2` + l.page + `"}}]`)
	by("US.2"+l.page, "", "By the new id")
	by("9"+number, "", "By the new number")
	l.ana.until(i, l.ana.says(i, "to the new number"), "delivered")
	by(user, "", "By the old id") // which is no number
	l.ana.until(i, l.ana.says(i, "to the new id"), "delivered")
	if got := l.ana.transcript(map[string]any{"id": i}); !slices.Equal(got, []string{"By number", "to the number", "By both", "to both", "By number again", "By id", "to the id", "By the new id", "By the new number", "to the new number", "By the old id", "to the new id"}) {
		t.Errorf("the transcript is %q", got)
	}
	var to []string
	for _, call := range l.calls() {
		to = append(to, call.get("to")+"/"+call.get("recipient"))
	}
	if want := []string{number + "/", number + "/", "/" + user, "9" + number + "/", "/US.2" + l.page}; !slices.Equal(to, want) {
		t.Errorf("sent to %q, not %q", to, want)
	}
	if got := l.ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("contact.address"); got != "US.2"+l.page {
		t.Errorf("the address is %s", got)
	}
	// A number that is somebody else's by now is not the same customer's.
	by("9"+number, "US.3"+l.page, "Somebody else")
	if n := len(l.interactions()); n != 2 {
		t.Errorf("%d interactions", n)
	}
}

// whatsAppErased lets old webhooks come again, by number and by id: nobody comes back.
func whatsAppErased(t *testing.T, p *program) {
	l := p.line()
	number, user := "1556"+l.page, "US.4"+l.page
	raw := func(n int, members, what string) {
		l.tells(fmt.Sprintf(`"messages":[{"id":"wamid.e%d%s",%s,"timestamp":"1790002000","type":"text","text":{"body":%q}}]`, n, l.page, members, what))
	}
	both := `"from":"` + number + `","from_user_id":"` + user + `"`
	cursor := l.ana.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	raw(1, both, "Secret one")
	i, _ := l.ana.accepted(cursor)
	raw(2, `"from":"`+number+`"`, "Secret two")
	contact := l.ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("contact.id")
	l.ana.until(i, l.ana.says(i, "An answer"), "delivered")
	l.erase(contact)
	l.tells(`"statuses":[` + waStatus(0, "read", "wamid.late"+l.page, `,"recipient_id":"`+number+`","biz_opaque_callback_data":"`+l.calls()[0].get("biz_opaque_callback_data")+`"`) + `]`)
	if slices.Contains(p.columns("SELECT platform_message_id FROM messages WHERE platform_message_id IS NOT NULL"), "wamid.late"+l.page) {
		t.Error("a late status named a message of one who was erased")
	}
	for n, members := range []string{both, `"from":"` + number + `"`, `"from_user_id":"` + user + `"`} {
		raw(n+3, members, "Secret again")
		raw(n%2+1, members, "Secret again")
	}
	if n := len(l.interactions()); n != 1 {
		t.Errorf("%d interactions after the erasure", n)
	}
	for _, table := range []string{"threads", "thread_aliases", "contacts", "inbox"} {
		column := map[string]string{"inbox": "contact"}[table]
		if column == "" {
			column = "address"
		}
		for _, left := range p.columns("SELECT " + column + " FROM " + table) {
			if strings.Contains(left, number) || strings.Contains(left, user) {
				t.Errorf("%s still has %s", table, left)
			}
		}
	}
}

// whatsAppOthers are webhooks about the account: they have no effect and are not set
// aside; what nobody knows is.
func whatsAppOthers(t *testing.T, p *program) {
	l := p.line()
	before := p.inbox(l.app)
	l.hook(`{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"account_update","value":{"event":"X"}},{"field":"message_template_status_update","value":{"event":"APPROVED"}},{"field":"holograms","value":{}}]}]}`).want(200)
	l.tells(`"errors":[{"code":131042,"title":"Payment"}]`)
	after := p.inbox(l.app)
	if after["applied"] != before["applied"]+3 || after["quarantined unsupported field changes:holograms"] != 1 {
		t.Errorf("the inbox went from %v to %v", before, after)
	}
	if n := len(l.interactions()); n != 0 {
		t.Errorf("%d interactions", n)
	}
}
