package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestF01 asks for the same faulty things in both languages: what programs read is
// equal, and what people read is French throughout.
func TestF01(t *testing.T) {
	t.Parallel()
	p := start(t, template.SQLite(t)) // a database has no language
	for _, one := range []part{
		{"of every operation", languageOperations},
		{"of meanings and states", languageMeanings},
		{"of languages and headers", languageHeaders},
		{"of an answer that was kept", languageReplay},
	} {
		t.Run(one.name, func(t *testing.T) { one.run(t, p.in(t)) })
	}
}

// TestF03_F04_F05_F06_F07_Labels holds the other rules of the French seed.
func TestF03_F04_F05_F06_F07_Labels(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"F03 scopes keep their keys", labelsScopes},
		part{"F04 F05 statuses and actions", labelsWords},
		part{"F06 titles of failures", labelsFailures},
		part{"F07 visibility belongs to one send", labelsVisibility},
		part{"kept by clients", labelsCache},
		part{"notices in the language of the queue", labelsNotices},
	)
}

func (c *caller) french(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	return c.do(method, path, body, append(headers, "Accept-Language", "fr-FR")...)
}

func labelsScopes(t *testing.T, p *program) {
	weak := p.admin().with("conversation:message:view")
	labels := weak.french("GET", "/v1/labels", nil).want(200)
	for key, want := range map[string]string{
		"conversation:message:accept": "Conversation > Message > Accepter", "conversation:socialmedia:create": "Conversation > Socialmedia > Créer",
		"routing:queueMember:manage": "Routing > Queue Member > Gérer", "agent:act_as": "Agent > Agir au nom de",
	} {
		if got := labels.get("scopes." + key); got != want {
			t.Errorf("%s is %q", key, got)
		}
	}
	if got := weak.do("GET", "/v1/labels", nil).want(200).get("scopes.conversation:message:accept"); got != "Conversation > Message > Accept" {
		t.Errorf("in English it is %q", got)
	}
	if refused := weak.french("POST", "/v1/interactions/"+unknownID+"/accept", nil).code(403, "permission.missing"); refused.get("required_scopes") != `["conversation:message:accept"]` {
		t.Errorf("a refusal names %s", refused.get("required_scopes"))
	}
	newCaller(t, p.url).french("GET", "/v1/labels", nil).code(401, "token.missing")
}

func labelsWords(t *testing.T, p *program) {
	d := p.desk(1, nil)
	labels := d.agents[0].french("GET", "/v1/labels", nil).want(200)
	for path, want := range map[string]string{
		"language": "fr", "enums.routing_status.not_responding": "Pas de réponse", "actions.resend": "Renvoyer", "actions.copy": "Copier",
		"enums.reply_action.resend": "Renvoyer", "actions.accept": "Accepter", "enums.reply_status.pending_recipient": "En attente de livraison",
	} {
		if got := labels.get(path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	if got := d.agents[0].do("GET", "/v1/labels", nil, "Accept-Language", "it").want(200); got.get("language") != "en" || got.get("enums.routing_status.not_responding") != "Not Responding" {
		t.Errorf("in a language that Parley does not speak: %s", got.get("enums.routing_status"))
	}
	me := d.agents[0].french("GET", "/v1/agents/me", nil).want(200)
	if me.get("routing_status") != "off_queue" || me.header.Get("Content-Language") != "fr" {
		t.Errorf("the value itself is %s", me.get("routing_status"))
	}
}

func labelsFailures(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	for mode, want := range map[string][3]string{
		"server_error": {"platform_rejected", "Rejeté en raison d'une panne de serveur", "Rejected by the platform's server"},
		"refuse":       {"network_unreachable", "Erreur de réseau de messagerie", "Messaging network error"},
	} {
		d.faults(map[string]any{"mode": mode})
		id := ana.says(i, mode)
		d.admin.advance(60)
		ana.until(i, id, "failed")
		path := "/v1/interactions/" + i + "/replies/" + id
		fr, en := ana.french("GET", path, nil).want(200), ana.do("GET", path, nil).want(200)
		if fr.get("error.code") != want[0] || fr.get("error.title") != want[1] || en.get("error.title") != want[2] || english.MatchString(fr.get("error.detail")) {
			t.Errorf("%s: %s and %s", mode, fr.get("error"), en.get("error"))
		}
		list := ana.french("GET", "/v1/interactions/"+i+"/messages", nil).want(200)
		if !strings.Contains(string(list.body), want[1]) {
			t.Errorf("%s: the transcript says %s", mode, list.body)
		}
		d.faults(map[string]any{"mode": "none"})
	}
}

func labelsVisibility(t *testing.T, p *program) {
	_, ana, i := p.talk(1)
	path := "/v1/interactions/" + i + "/replies"
	ana.do("POST", path, map[string]any{"text": "For all to see", "visibility": "public"}).code(422, "content.visibility_not_supported")
	for _, body := range []map[string]any{{"text": "Said in private", "visibility": "private"}, {"text": "Not said how"}} {
		if got := ana.do("POST", path, body).want(202); got.get("items.0.visibility") != "private" {
			t.Errorf("%v became %s", body, got.get("items.0.visibility"))
		}
	}
	if _, mode := lookup(ana.do("GET", "/v1/interactions/"+i, nil).want(200).value, "visibility").(string); mode {
		t.Error("the interaction has a visibility of its own")
	}
}

func labelsCache(t *testing.T, p *program) {
	admin := p.admin()
	fr, en := admin.french("GET", "/v1/labels", nil).want(200), admin.do("GET", "/v1/labels", nil).want(200)
	tag := fr.header.Get("ETag")
	if tag == "" || tag == en.header.Get("ETag") || !strings.Contains(fr.header.Get("Cache-Control"), "max-age") {
		t.Errorf("tags %q and %q, kept %q", tag, en.header.Get("ETag"), fr.header.Get("Cache-Control"))
	}
	if again := admin.french("GET", "/v1/labels", nil, "If-None-Match", tag).want(304); len(again.body) > 0 || again.header.Get("ETag") != tag {
		t.Errorf("asked again: %q %s", again.header.Get("ETag"), again.body)
	}
	admin.do("GET", "/v1/labels", nil, "If-None-Match", tag).want(200)
}

// english is what is never left in French. Codes and names of fields are not words.
var english = regexp.MustCompile(`(?i)\b(the|is|was|are|not|this|there|must|with|which|it|needs|of)\b`)

// bilingual sends a request that is refused twice, and compares the two problems.
func (c *caller) bilingual(method, path string, body any, headers ...string) {
	c.t.Helper()
	en := c.do(method, path, body, append(headers, "Accept-Language", "en-GB")...)
	fr := c.do(method, path, body, append(headers, "Accept-Language", "fr-CA;q=0.9, de;q=0.1")...)
	if en.status < 400 || fr.header.Get("Content-Language") != "fr" || en.header.Get("Content-Language") != "en" {
		c.t.Errorf("%s: %d in %q and %q: %s", en.what, en.status, en.header.Get("Content-Language"), fr.header.Get("Content-Language"), en.body)
	}
	same := []string{"type", "status", "code", "instance", "retryable", "current_state", "outcome", "allowed_actions", "required_scopes", "errors.#"}
	said := []string{"title", "detail"}
	for i := range items(en, "errors") {
		at := fmt.Sprintf("errors.%d.", i)
		same, said = append(same, at+"pointer", at+"parameter", at+"code"), append(said, at+"detail")
	}
	for _, field := range same {
		if en.get(field) != fr.get(field) {
			c.t.Errorf("%s: %s is %s and %s", en.what, field, en.get(field), fr.get(field))
		}
	}
	for _, field := range said {
		if in := fr.get(field); in == "" || in == en.get(field) || english.MatchString(in) || strings.Contains(in+en.get(field), "%!") {
			c.t.Errorf("%s: %s is %q and %q", en.what, field, en.get(field), in)
		}
	}
}

func languageOperations(t *testing.T, p *program) {
	admin, nobody := p.admin(), newCaller(t, p.url)
	weak := admin.with("oauth:client:view")
	for n, o := range operations(t) {
		if strings.HasPrefix(o.path, "/hooks/") || o.path == "/oauth/token" || o.method == "HEAD" {
			continue // in the platforms' and in OAuth's own words, and without any
		}
		if sets, secured := o.needs(); secured {
			nobody.bilingual(o.method, o.filled, nil)
			if len(sets[0]) > 0 && sets[0][0] != "oauth:client:view" {
				weak.bilingual(o.method, o.filled, nil)
			}
		}
		if open, _ := o.spec.Extensions["x-parley-open-parameters"].(bool); !open {
			admin.bilingual(o.method, o.filled+"?of_tomorrow=1", nil)
		}
		for _, body := range wrongBodies(o, n) {
			admin.bilingual(o.method, o.filled, body, "If-Match", `"1"`)
		}
	}
}

// wrongBodies breaks the contract in three of the ways that its fields can, which
// differ from one operation to the next, so that all together meet each many times.
func wrongBodies(o operation, n int) (bodies []any) {
	if o.body == nil {
		return nil
	}
	bodies = []any{"{", "[]"}
	values := []any{nil, map[string]any{}, []any{}, "", strings.Repeat("x", 5000), -1e9, 1e12, true}
	for _, step := range []int{0, 3, 5} {
		body := map[string]any{"of_tomorrow": 1}
		for name := range o.body.Properties {
			body[name] = values[(n+step)%len(values)]
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func languageMeanings(t *testing.T, p *program) {
	d := p.desk(2, nil)
	admin, ana := d.admin, d.agents[0]
	cursor := admin.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	admin.bilingual("GET", "/v1/nothing", nil)
	admin.bilingual("TRACE", "/v1/queues", nil)
	admin.bilingual("GET", "/v1/queues/"+unknownID, nil)
	admin.bilingual("GET", "/v1/queues/"+d.queue+"?limit=1", nil)
	admin.bilingual("GET", "/v1/queues?limit=1000", nil)
	admin.bilingual("GET", "/v1/queues?limit=1&limit=2", nil)
	admin.bilingual("GET", "/v1/queues?cursor=nonsense", nil)
	admin.bilingual("GET", "/v1/events?cursor=nonsense", nil)
	admin.bilingual("GET", "/v1/agents/me", nil)
	admin.bilingual("PUT", "/v1/queues/"+d.queue, map[string]any{"name": "Parcels"})
	admin.bilingual("PUT", "/v1/queues/"+d.queue, map[string]any{"name": "Parcels"}, "If-Match", `"77"`)
	admin.bilingual("DELETE", "/v1/queues/"+d.queue, nil)
	admin.bilingual("POST", "/v1/queues", map[string]any{"name": "x", "wrap_up_code_ids": []string{unknownID}})
	admin.bilingual("POST", "/v1/queues", map[string]any{"name": "x"}, "Content-Type", "text/plain")
	admin.bilingual("POST", "/v1/queues", map[string]any{"name": strings.Repeat("x", 2<<20)})
	ana.onQueue()
	d.writes("7000000000000009", "Hello")
	id, _ := ana.accepted(cursor)
	d.agents[1].bilingual("POST", "/v1/interactions/"+id+"/accept", nil)
	d.agents[1].bilingual("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "x"})
	ana.bilingual("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": strings.Repeat("x", 2001)})
	ana.bilingual("PUT", "/v1/interactions/"+id+"/wrap-up", map[string]any{"code_ids": []string{}})
	ana.do("POST", "/v1/interactions/"+id+"/end", nil).want(200)
	ana.bilingual("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "x"})
}

func languageHeaders(t *testing.T, p *program) {
	admin := p.admin()
	for accepted, want := range map[string]string{"": "en", "fr": "fr", "fr-FR": "fr", "fr-CA;q=0.3": "fr", "ja": "en", "en, fr;q=0.9": "en"} {
		for path, status := range map[string]int{"/v1/queues": 200, "/v1/queues/" + unknownID: 404, "/healthz": 200} {
			got := admin.do("GET", path, nil, "Accept-Language", accepted).want(status)
			if got.header.Get("Content-Language") != want || !slices.Contains(got.header.Values("Vary"), "Accept-Language") {
				t.Errorf("%s for %q is in %q, varies by %q", path, accepted, got.header.Get("Content-Language"), got.header.Values("Vary"))
			}
		}
	}
	// RFC 6749 wants its own words, whoever reads them.
	refused := newCaller(t, p.url).do("POST", "/oauth/token", nil, "Accept-Language", "fr").want(400)
	if refused.header.Get("Content-Language") != "en" || !english.MatchString(refused.get("error_description")) {
		t.Errorf("a token's refusal is in %q: %s", refused.header.Get("Content-Language"), refused.body)
	}
}

// languageReplay: an answer that was kept is given again as it was, also to somebody
// who asks in another language.
func languageReplay(t *testing.T, p *program) {
	admin := p.admin()
	queue := map[string]any{"name": "Colis"}
	first := admin.do("POST", "/v1/queues", queue, "Idempotency-Key", "language", "Accept-Language", "fr").want(201)
	again := admin.do("POST", "/v1/queues", queue, "Idempotency-Key", "language", "Accept-Language", "en").want(201)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Content-Language") != "fr" {
		t.Errorf("%s in %q, first %s", again.body, again.header.Get("Content-Language"), first.body)
	}
}

// labelsNotices: the customer of a French queue is told in French, whatever the
// language of the one who ends.
func labelsNotices(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"default_reply_language": "fr-CA"})
	ana := d.agents[0]
	cursor := d.admin.do("GET", "/v1/events?limit=200", nil).want(200).get("next_cursor")
	ana.onQueue()
	d.writes("7000000000000021", "Bonjour")
	i, _ := ana.accepted(cursor)
	ana.do("POST", "/v1/interactions/"+i+"/end", nil, "Accept-Language", "en").want(200)
	messages := ana.list("/v1/interactions/" + i + "/messages")
	if got := text(lookup(messages[len(messages)-1], "text")); got != "Agent 1 a quitté la conversation." {
		t.Errorf("the customer is told %q", got)
	}
}
