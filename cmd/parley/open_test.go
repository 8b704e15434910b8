package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestB23_Open(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"refusals", openRefusals},
		part{"quirks", openQuirks},
		part{"rule 5 a message comes twice", openTwice},
		part{"rule 7 prefetch", openPrefetch},
		part{"B23 typing", openTyping},
		part{"tokens", openTokens},
		part{"integrations", openIntegrations},
		part{"C16 plain text, and names that nobody sees", openPlain},
		part{"rule 1 the same bytes", openBytes},
		part{"B14 B22 content that expires", openExpires},
	)
}

// webhookSecret signs what a test's connector is sent.
const webhookSecret = "om-secret-demo-16chars"

// openDesk is a desk whose channel is a connector's; page is the integration's id.
func (p *program) openDesk(agents int, settings map[string]any) deskSetup {
	p.t.Helper()
	d := p.desk(agents, nil)
	if settings == nil {
		settings = map[string]any{}
	}
	made := d.admin.do("POST", "/v1/channels", map[string]any{"name": "Example care", "kind": "open", "credentials": map[string]string{"webhook_secret": webhookSecret},
		"queue_id": d.queue, "settings": settings}).want(201)
	d.channel, d.page = made.get("id"), made.get("account_id")
	return d
}

// connector is a connector's client.
func (p *program) connector() *caller { return p.admin().with("conversation:message:receive") }

const inboundOpen = "/api/v2/conversations/messages/inbound/open"

// unified is a message in the form that names everything itself.
func unified(integration, id, from, what string) map[string]any {
	return map[string]any{"type": "Text", "text": what, "channel": map[string]any{"platform": "Open", "type": "Private", "messageId": id,
		"to": map[string]any{"id": integration}, "from": map[string]any{"id": from, "idType": "Opaque", "nickname": "Kim"}, "time": time.Now().UTC().Format(time.RFC3339Nano)}}
}

// openExpires hands in what may be kept for a day, as a story may. After that it
// is in no answer and in no row, and its file is gone; what came with it is not.
func openExpires(t *testing.T, p *program) {
	d, c, cdn := p.openDesk(0, nil), p.connector(), newCDN(t)
	body := unified(d.page, "cx-goes-"+d.page, "kim", strings.Repeat("goes ", 300))
	body["metadata"] = map[string]any{"expiresAt": p.clock.Now().Add(day * time.Second).Format(time.RFC3339Nano)}
	body["content"] = []any{map[string]any{"contentType": "Attachment", "attachment": map[string]any{"mediaType": "Image", "url": cdn.URL + "/picture.png", "filename": "story.png"}}}
	c.do("POST", inboundOpen, body).want(202)
	c.do("POST", inboundOpen, unified(d.page, "cx-stays-"+d.page, "kim", strings.Repeat("stays ", 300))).want(202)
	d.admin.advance(day - 60)
	i := text(lookup(d.interactions()[0], "id"))
	shown := d.admin.messages(i)
	file := text(lookup(shown[0], "attachments.0.url"))
	link := strings.TrimPrefix(file, p.url)
	d.admin.do("GET", link, nil).want(200)
	sealed := p.sealed("cx-goes-" + d.page)
	if len(sealed) != 2 || !p.holds(sealed) {
		t.Fatalf("before its time is over the database has %d values", len(sealed))
	}
	d.admin.advance(61)
	p.gone(sealed, func() { d.admin.messages(i) })
	left := d.admin.messages(i)
	if goes := left[0]; text(lookup(goes, "tombstone")) != "expired" || text(lookup(goes, "text")) != "" || text(lookup(goes, "attachments")) != "[]" ||
		text(lookup(goes, "id")) != text(lookup(shown[0], "id")) {
		t.Errorf("left is %s", text(goes))
	}
	if stays := left[1]; text(lookup(stays, "text")) != text(lookup(shown[1], "text")) || len(p.sealed("cx-stays-"+d.page)) != 2 {
		t.Errorf("the other message is %s", text(stays))
	}
	d.admin.do("GET", link, nil).code(410, "media.expired")
	if now := p.sealed("cx-goes-" + d.page); len(now) != 0 {
		t.Errorf("%d values are left in the database", len(now))
	}
	if told, _ := d.admin.await("", "message.expired", "&interaction_id="+i); told.get("subject") != text(lookup(shown[0], "id")) || told.get("actor.type") != "system" {
		t.Errorf("told %s", told.body)
	}
	c.do("POST", inboundOpen, body).want(202) // again
	d.admin.advance(0)
	if again := d.admin.messages(i); len(again) != 2 || len(p.sealed("cx-goes-"+d.page)) != 0 {
		t.Errorf("what is repeated is there again: %s", text(again))
	}
}

// refusedOpen fails the test unless the answer is Genesys Cloud's refusal.
func (a answer) refusedOpen(status int, code string) answer {
	a.t.Helper()
	a.want(status)
	if a.get("code") != code || a.get("status") != fmt.Sprint(status) || a.get("message") == "" || a.get("contextId") == "" || a.get("details") != "[]" || a.get("errors") != "[]" {
		a.t.Errorf("%s: %s", a.what, a.body)
	}
	return a
}

func openRefusals(t *testing.T, p *program) {
	d, c := p.openDesk(0, nil), p.connector()
	good := unified(d.page, "cx-1", "kim", "Hello")
	change := func(path string, value any) map[string]any {
		body := unified(d.page, "cx-1", "kim", "Hello")
		place, name, inside := strings.Cut(path, ".")
		if !inside {
			body[path] = value
			return body
		}
		body[place].(map[string]any)[name] = value
		return body
	}
	for name, body := range map[string]any{
		"an empty message": change("text", "  "), "an unknown integration": change("channel.to", map[string]any{"id": "0a1b2c3d-0000-4000-8000-00000000dead"}),
		"white space in the id": change("id", "session 1"), "white space in messageId": change("channel.messageId", "cx 1"),
		"no sender": change("channel.from", map[string]any{}), "no integration": change("channel.to", nil), "another type": change("type", "Carrier pigeon"),
		"a text that is none": change("text", map[string]any{}), "no JSON": "{", "a list": "[]", "nothing": "",
		"neither messageId nor time": change("channel", map[string]any{"to": map[string]any{"id": d.page}, "from": map[string]any{"id": "kim"}}),
	} {
		if got := c.do("POST", inboundOpen, body); got.status != 400 {
			t.Errorf("%s is answered %d: %s", name, got.status, got.body)
		} else {
			got.refusedOpen(400, "bad.request")
		}
	}
	c.do("POST", "/api/v2/conversations/messages/0a1b2c3d-0000-4000-8000-00000000dead/inbound/open/message", good).refusedOpen(400, "bad.request")
	c.do("POST", inboundOpen, good, "Content-Type", "text/plain").refusedOpen(415, "unsupported.media.type")
	c.do("POST", inboundOpen, change("text", strings.Repeat("x", 1<<20))).refusedOpen(413, "request.entity.too.large")
	if n := len(d.interactions()); n != 0 {
		t.Errorf("%d interactions came of refused messages", n)
	}
	newCaller(t, p.url).do("POST", inboundOpen, good).refusedOpen(401, "bad.credentials")
	p.admin().with("messaging:integration:view").do("POST", inboundOpen, good).refusedOpen(403, "missing.permissions")
}

// openQuirks hands in what public connectors send.
func openQuirks(t *testing.T, p *program) {
	d, c := p.openDesk(0, nil), p.connector()
	base := "/api/v2/conversations/messages/" + d.page + "/inbound/open/"
	for n, one := range []struct{ path, body, want string }{
		{inboundOpen, `{"id":"session-1","type":"Text","text":"constant id","channel":{"messageId":"q1","to":{"id":"$"},"from":{"id":"kim","idType":"email"},"time":"2026-09-21T14:31:00.123456"}}`, "constant id"},
		{inboundOpen, `{"id":"session-1","type":"Text","textBody":"textBody","channel":{"messageId":"q2","to":{"id":"$"},"from":{"id":"kim","idType":"EMAIL"}}}`, "textBody"},
		{base + "message", `{"text":"no platform, no time","channel":{"messageId":"q3","from":{"id":"kim","idType":"Email"}},"made":{"up":[1]},"metadata":{"a":"b"}}`, "no platform, no time"},
		{base + "message", `{"channel":{"messageId":"q4","id":"$","from":{"id":"kim"}},"content":[{"contentType":"Attachment","attachment":{"url":"https://files.example.test/a.png","contentType":"image/png"}}]}`, ""},
		{base + "structured/response", `{"channel":{"messageId":"q5","from":{"id":"kim"}},"buttonResponse":{"type":"Button","text":"Yes","payload":"YES"}}`, "Yes"},
	} {
		got := c.do("POST", one.path, strings.ReplaceAll(one.body, "$", d.page)).want(202)
		got.holds(map[string]string{"text": one.want, "direction": "Inbound", "channel.id": d.page, "channel.messageId": fmt.Sprintf("q%d", n+1), "channel.platform": "Open"})
	}
	d.admin.advance(0)
	talks := d.interactions()
	if len(talks) != 1 {
		t.Fatalf("%d interactions", len(talks))
	}
	transcript := d.admin.list("/v1/interactions/" + text(lookup(talks[0], "id")) + "/messages")
	if got := strings.Join(each(transcript, "text"), "|"); got != "constant id|textBody|no platform, no time||Yes" {
		t.Errorf("the transcript is %q", got)
	}
	if got := text(lookup(transcript[3], "attachments.0.type")); got != "image" {
		t.Errorf("the attachment is a %q", got)
	}
	if got := text(lookup(transcript[0], "platform_time")); got != "2026-09-21T14:31:00.123Z" {
		t.Errorf("written at %s", got)
	}
}

// openTwice hands a message in again, at once and later, also by the other route:
// it is one message, and every answer names it alike.
func openTwice(t *testing.T, p *program) {
	d, c := p.openDesk(0, nil), p.connector()
	ids := make([]string, 6)
	together(len(ids), func(n int) {
		ids[n] = c.do("POST", inboundOpen, unified(d.page, "same", "kim", "Once")).want(202).get("id")
	})
	again := c.do("POST", "/api/v2/conversations/messages/"+d.page+"/inbound/open/message", unified(d.page, "same", "kim", "Once")).want(202)
	d.admin.advance(0)
	talks := d.interactions()
	if len(talks) != 1 {
		t.Fatalf("%d interactions", len(talks))
	}
	d.admin.do("GET", "/v1/interactions/"+text(lookup(talks[0], "id")), nil).want(200).holds(map[string]string{"contact.display_name": "Kim", "contact.address": "kim", "channel.kind": "open"})
	transcript := d.admin.list("/v1/interactions/" + text(lookup(talks[0], "id")) + "/messages")
	if len(transcript) != 1 {
		t.Fatalf("%d messages", len(transcript))
	}
	for _, id := range append(ids, again.get("id")) {
		if id != text(lookup(transcript[0], "id")) {
			t.Errorf("answered %s, and the message is %s", id, text(lookup(transcript[0], "id")))
		}
	}
	c.do("GET", "/api/v2/conversations/messages/"+ids[0]+"/details?useNormalizedMessage=true", nil).want(200).holds(map[string]string{
		"textBody": "Once", "direction": "inbound", "status": "received", "normalizedMessage.channel.messageId": "same", "normalizedMessage.channel.from.id": "kim"})
}

func openPrefetch(t *testing.T, p *program) {
	d, c := p.openDesk(0, nil), p.connector()
	path := "/api/v2/conversations/messages/" + d.page + "/inbound/open/message"
	without := c.do("POST", path+"?prefetchConversationId=false", unified(d.page, "p1", "kim", "One")).want(202)
	if without.get("conversationId") != "" {
		t.Errorf("nobody asked: %s", without.body)
	}
	with := c.do("POST", path+"?prefetchConversationId=true", unified(d.page, "p2", "kim", "Two")).want(202)
	talks := d.interactions()
	if len(talks) != 1 || with.get("conversationId") != text(lookup(talks[0], "id")) {
		t.Fatalf("answered %s; there are %v", with.body, each(talks, "id"))
	}
	read := c.do("GET", "/api/v2/conversations/messages/"+with.get("conversationId"), nil).want(200)
	if read.get("participants.0.purpose") != "customer" || read.get("participants.0.messages.1.messageId") != with.get("id") {
		t.Errorf("read %s", read.body)
	}
	c.do("GET", "/api/v2/conversations/messages/0a1b2c3d-0000-4000-8000-00000000dead", nil).refusedOpen(404, "not.found")
}

// openTyping holds that typing leaves nothing behind: no event, no message, no row.
func openTyping(t *testing.T, p *program) {
	loud, quiet, c := p.openDesk(0, nil), p.openDesk(0, map[string]any{"inbound_typing": false}), p.connector()
	cursor := loud.admin.do("GET", "/v1/events?limit=200", nil).want(200).get("next_cursor")
	typing := func(d deskSetup) map[string]any {
		return map[string]any{"type": "Event", "events": []any{map[string]any{"eventType": "Typing"}}, "channel": map[string]any{"from": map[string]any{"id": "kim"}, "to": map[string]any{"id": d.page}}}
	}
	for range 2 {
		loud.admin.do("POST", "/v1/skills", map[string]any{"name": fmt.Sprint(time.Now().UnixNano())})
	}
	c.do("POST", inboundOpen, typing(loud)).want(202).holds(map[string]string{"type": "Event", "events.0.eventType": "Typing"})
	c.do("POST", "/api/v2/conversations/messages/"+quiet.page+"/inbound/open/event", typing(quiet)).want(202)
	loud.admin.advance(0)
	for _, e := range loud.admin.list("/v1/events?limit=200&cursor=" + cursor) {
		if kind := text(lookup(e, "type")); strings.Contains(kind, "typing") || strings.HasPrefix(kind, "interaction") || strings.HasPrefix(kind, "message") {
			t.Errorf("typing made %s", kind)
		}
	}
	if len(loud.interactions())+len(quiet.interactions()) != 0 {
		t.Error("typing made an interaction")
	}
	metrics := string(newCaller(t, p.url).do("GET", "/metrics", nil).want(200).body)
	for _, fate := range []string{"heard", "dropped"} {
		if !strings.Contains(metrics, `parley_inbound_typing_total{fate="`+fate+`"} 1`) {
			t.Errorf("what was %s is not counted", fate)
		}
	}
}

// openTokens is rule 6, and what connectors do with the token that they get.
func openTokens(t *testing.T, p *program) {
	d := p.openDesk(0, nil)
	made := d.admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "Connector", "scopes": []string{"conversation:message:receive"}}).want(201)
	id, secret := made.get("client_id"), made.get("client_secret")
	for way, a := range map[string]answer{
		"form":  d.admin.tokenFor("grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret),
		"basic": d.admin.tokenFor("grant_type=client_credentials", id, secret),
	} {
		a.want(200)
		if _, number := lookup(a.value, "expires_in").(float64); !number {
			t.Errorf("%s: expires_in is no number: %s", way, a.body)
		}
		for n, scheme := range []string{"Bearer", "bearer", "BEARER"} {
			newCaller(t, p.url).do("POST", inboundOpen, unified(d.page, way+fmt.Sprint(n), "kim", "Hello"), "Authorization", scheme+" "+a.get("access_token")).want(202)
		}
	}
	if got := d.admin.tokenFor("grant_type=client_credentials&client_id=" + id + "&client_secret=wrong"); got.status != 401 || got.get("error") != "invalid_client" {
		t.Errorf("a wrong secret: %d %s", got.status, got.body)
	}
}

func openIntegrations(t *testing.T, p *program) {
	admin, address := p.admin(), "https://connector.example.com/hook"
	const path = "/api/v2/conversations/messaging/integrations/open"
	body := map[string]any{"name": "Made by a connector", "outboundNotificationWebhookUrl": address, "outboundNotificationWebhookSignatureSecretToken": webhookSecret,
		"webhookHeaders": map[string]string{"X-Tenant": "7"}, "supportedContent": map[string]any{"id": "x"}}
	made := admin.do("POST", path, body).want(200)
	id := made.get("id")
	made.holds(map[string]string{"name": "Made by a connector", "outboundNotificationWebhookUrl": address, "createStatus": "Completed", "webhookHeaders.X-Tenant": "7", "selfUri": path + "/" + id})
	if strings.Contains(string(made.body), webhookSecret) {
		t.Error("the secret came out")
	}
	if got := admin.do("GET", path+"?pageSize=1", nil).want(200); got.get("entities.0.id") != id || got.get("pageSize") != "1" {
		t.Errorf("listed %s", got.body)
	}
	admin.do("PATCH", path+"/"+id, map[string]any{"name": "Renamed"}).want(200).holds(map[string]string{"name": "Renamed", "outboundNotificationWebhookUrl": address})
	admin.do("GET", path+"/"+id, nil).want(200).holds(map[string]string{"name": "Renamed", "id": id})
	body["outboundNotificationWebhookSignatureSecretToken"] = "fifteen chars.."
	admin.do("POST", path, body).refusedOpen(422, "channel.webhook_secret_required")
	for name, status := range map[string]int{strings.Repeat("é", 200): 422, strings.Repeat("é", 201): 400, "No\x00pe": 400} {
		body["name"] = name
		admin.do("POST", path, body).want(status)
	}
	delete(body, "name")
	admin.do("POST", path, body).refusedOpen(400, "bad.request")
	admin.do("POST", "/api/v2/conversations/messages/agentless", map[string]any{"fromAddress": "No\x00pe", "toAddress": "kim",
		"toAddressMessengerType": "open", "textBody": "Hello"}).refusedOpen(400, "bad.request")
	admin.with("conversation:message:receive").do("GET", path, nil).refusedOpen(403, "missing.permissions")
	admin.do("DELETE", path+"/"+id, nil).want(http.StatusNoContent)
	admin.do("GET", path+"/"+id, nil).refusedOpen(404, "not.found")
}

// openPlain writes first on a channel without emoji, and looks at names that cannot be seen.
func openPlain(t *testing.T, p *program) {
	d, c := p.openDesk(0, map[string]any{"emoji": "reject"}), p.connector()
	first := map[string]any{"fromAddress": d.page, "toAddress": "kim", "toAddressMessengerType": "open", "textBody": "Hello 👋Kim"}
	const path = "/api/v2/conversations/messages/agentless"
	d.admin.do("POST", path, first).want(422)
	d.settings(map[string]any{"emoji": "strip"})
	d.admin.do("POST", path, first).want(202).holds(map[string]string{"textBody": "Hello Kim"})
	body := unified(d.page, "plain-"+d.page, "lee", "Hello")
	lookup(body, "channel.from").(map[string]any)["nickname"] = "   "
	c.do("POST", inboundOpen, body).want(202)
	d.admin.advance(0)
	contact := "/v1/contacts/" + d.contact("lee")
	seen := d.admin.do("GET", contact, nil).want(200)
	seen.holds(map[string]string{"display_name": "lee", "profile_name": ""})
	d.admin.do("PATCH", contact, map[string]any{"display_name": " \u200d\u2060"}).code(422, "content.empty")
	d.admin.do("PATCH", contact, map[string]any{}).want(200).holds(map[string]string{"version": seen.get("version")})
}

// openBytes lets a connector fail twice: every call for one reply has the same
// bytes and the same signature, and a connector that wants messages only gets them only.
func openBytes(t *testing.T, p *program) {
	calls := make(chan [2]string, 64)
	statuses := make(chan int, 2)
	statuses <- http.StatusServiceUnavailable
	statuses <- http.StatusTooManyRequests
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- [2]string{string(body), r.Header.Get("X-Hub-Signature-256")}
		select {
		case status := <-statuses:
			w.WriteHeader(status)
		default:
		}
	}))
	t.Cleanup(server.Close)
	d, c := p.openDesk(1, map[string]any{"outbound_webhook_url": server.URL + "/hook", "send_events": false}), p.connector()
	ana := d.agents[0]
	cursor := ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "on_queue"}).want(200).header.Get("Event-Cursor")
	c.do("POST", inboundOpen, unified(d.page, "b1", "kim", "Hello")).want(202)
	talk, _ := ana.accepted(cursor)
	reply := ana.do("POST", "/v1/interactions/"+talk+"/replies", map[string]any{"text": "Same & <again>\u2028"}).want(202).get("items.0.id")
	p.admin().advance(10)
	ana.do("GET", "/v1/interactions/"+talk+"/replies/"+reply, nil).want(200).holds(map[string]string{"status": "sent", "attempts": "3"})
	first := <-calls
	for range 2 {
		if again := <-calls; again != first {
			t.Errorf("sent %q, and then %q", first, again)
		}
	}
	if len(calls) != 0 || !strings.Contains(first[0], reply) || !strings.Contains(first[0], `"type":"Text"`) {
		t.Errorf("%d more calls; sent %s", len(calls), first[0])
	}
}
