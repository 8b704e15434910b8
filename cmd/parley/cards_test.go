package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The number of a card that nobody has, and how it is kept.
const (
	cardNumber = "4000 0566 5566 5556"
	cardMasked = "**** **** **** 5556"
)

func TestC20_CardData(t *testing.T) {
	t.Parallel()
	onEach(t, part{"C20 both directions", cardsMasked}, part{"C20 what is blocked", cardsBlocked}, part{"C20 what is no text", cardsAside})
}

// cardsMasked says a card's number everywhere, and looks for it everywhere.
func cardsMasked(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i
	d.tell(event("c1", d.page, "message", map[string]any{"mid": "m_1" + d.page, "text": "It is " + cardNumber + ", cvv 987"}))
	d.tell(event("c1", d.page, "message_edit", map[string]any{"mid": "m_1" + d.page, "text": "No: " + cardNumber, "num_edit": 1}))
	d.tell(event("c1", d.page, "postback", map[string]any{"mid": "m_2" + d.page, "title": cardNumber, "payload": cardNumber}))
	d.tell(event(d.page, "c1", "message", map[string]any{"mid": "m_3" + d.page, "is_echo": true, "text": cardNumber}))
	sent := ana.says(i, "You said "+cardNumber)
	if got := ana.do("GET", address+"/replies/"+sent, nil).want(200).get("text"); got != "You said "+cardMasked {
		t.Errorf("the reply is %q", got)
	}
	ana.composes(i, map[string]any{"text": cardNumber}).holds(map[string]string{"text": cardMasked, "verdict.allowed": "true"})
	file := ana.upload("card "+cardNumber+".png", "image/png", picture).want(201)
	ana.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "away", "note": cardNumber}).want(200)
	ana.do("POST", address+"/end", nil).want(200)
	ana.do("PUT", address+"/wrap-up", map[string]any{"code_ids": d.codes[:1], "notes": "Paid with " + cardNumber}).want(200)
	d.admin.advance(0)
	p.hunted(file.body, ana.do("GET", address+"/messages?limit=200", nil).want(200).body, ana.do("GET", address+"/wrap-up", nil).want(200).body,
		ana.do("GET", "/v1/agents/me", nil).want(200).body, d.admin.do("GET", "/v1/events?limit=200&interaction_id="+i, nil).want(200).body,
		[]byte(strings.Join(texts(d.sends()), "\n")))
	if seen := ana.do("GET", address+"/messages?limit=200", nil).body; bytes.Count(seen, []byte(cardMasked)) < 4 {
		t.Errorf("the transcript is %s", seen)
	}
}

// texts are what the platform was sent.
func texts(sends []answer) (all []string) {
	for _, s := range sends {
		all = append(all, string(s.body), s.get("message.text"))
	}
	return all
}

// hunted looks for the number in what was answered, and in the files of the database.
func (p *program) hunted(places ...[]byte) {
	p.t.Helper()
	if name, lite := strings.CutPrefix(string(p.config.DatabaseURL), "sqlite:"); lite {
		for _, end := range []string{"", "-wal"} {
			content, err := os.ReadFile(name + end)
			if err != nil {
				p.t.Fatal(err)
			}
			places = append(places, content)
		}
	}
	for _, place := range places {
		for _, form := range []string{cardNumber, strings.ReplaceAll(cardNumber, " ", "")} {
			if at := bytes.Index(place, []byte(form)); at >= 0 {
				p.t.Errorf("found in %q", place[max(0, at-100):at+30])
			}
		}
	}
}

// cardsBlocked looks at a queue that refuses card data.
func cardsBlocked(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	d.admin.do("GET", "/v1/queues/"+d.queue, nil).holds(map[string]string{"card_data": "mask"})
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"card_data": "block"}).want(200).holds(map[string]string{"card_data": "block"})
	for _, text := range []string{cardNumber, "４０００0566\u200b55665556", "the CVC is 123"} {
		refused := ana.do("POST", address, map[string]any{"text": text}, "Idempotency-Key", "card").code(422, "pci.card_data_detected")
		if refused.holds(map[string]string{"errors.0.pointer": "/text"}); bytes.Contains(refused.body, []byte("5556")) {
			t.Errorf("the answer is %s", refused.body)
		}
		tried := ana.composes(i, map[string]any{"text": text}).holds(map[string]string{"verdict.code": "pci.card_data_detected", "verdict.reasons.0.refused": "true"})
		if strings.Contains(tried.get("text"), "0566") {
			t.Errorf("the trial is %s", tried.body)
		}
	}
	ana.says(i, "Order 4000 0566 5566 5557 is on its way")
	d.writes("7002", "Mine is "+cardNumber)
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"card_data": "allow"}).code(400, "request.invalid")
}

// cardsAside says a card's number in what is no text: a connector's name, a link, a
// path, the name of a field or of a request, and what a bot listens to.
func cardsAside(t *testing.T, p *program) {
	const number = "4000056655665556"
	d, ana, i := p.talk(1)
	answers := [][]byte{}
	heard := func(a answer) answer {
		answers = append(answers, a.body, []byte(a.header.Get("Request-Id")))
		return a
	}
	made := d.admin.do("POST", "/api/v2/conversations/messaging/integrations/open", map[string]any{"name": "Care " + number,
		"outboundNotificationWebhookUrl": "https://connector.example.com/hook", "outboundNotificationWebhookSignatureSecretToken": webhookSecret}).want(200)
	body := unified(made.get("id"), "card-1", "kim", "It is "+number)
	body["content"] = []any{map[string]any{"contentType": "Attachment", "attachment": map[string]any{"mediaType": "Link", "url": "https://shop.example/?pan=" + number}}}
	heard(heard(made).want(200))
	if got := heard(p.connector().do("POST", inboundOpen, body)).want(202); got.get("text") != "It is ************5556" || got.get("content.0.attachment.url") != "https://shop.example/?pan=************5556" {
		t.Errorf("the connector is answered %s", got.body)
	}
	d.tell(event("c1", d.page, "message", map[string]any{"mid": "m_link" + d.page,
		"attachments": []any{map[string]any{"type": "fallback", "payload": map[string]any{"url": "https://shop.example/" + number, "title": "A shop"}}}}))
	if seen := heard(ana.do("GET", "/v1/interactions/"+i+"/messages?limit=200", nil)).want(200); !strings.Contains(string(seen.body), "https://shop.example/************5556") {
		t.Errorf("the transcript is %s", seen.body)
	}
	heard(d.admin.do("GET", "/v1/queues/"+number, nil, "Request-Id", number)).want(400)
	heard(d.admin.do("GET", "/v1/queues?"+number+"=1", nil)).code(400, "request.invalid")
	heard(d.admin.do("POST", "/v1/queues", map[string]any{"name": "Q", number: 1})).code(400, "request.invalid")
	heard(d.theBot(map[string]any{"label": "B", "handover_words": []string{number}, "answers": []any{map[string]any{"words": []string{number}, "text": "Yes"}}}).want(200))
	if got := d.admin.do("GET", "/v1/queues/"+unknownID, nil, "Request-Id", unknownID).want(404); got.get("instance") != "/v1/queues/"+unknownID || got.get("request_id") != unknownID {
		t.Errorf("ids are %s", got.body)
	}
	p.hunted(answers...)
}
