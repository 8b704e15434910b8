package main

import (
	"slices"
	"testing"
)

func TestA10_D14_CannedResponses(t *testing.T) {
	t.Parallel()
	onEach(t, part{"A10 saying one", cannedSaid}, part{"A10 search", cannedSearch}, part{"libraries of queues", cannedQueues})
}

// canned makes a canned response.
func (c *caller) canned(body map[string]any) string {
	c.t.Helper()
	if body["name"] == nil {
		body["name"] = "Canned"
	}
	return c.do("POST", "/v1/canned-responses", body).want(201).get("id")
}

func cannedSaid(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	id := d.admin.canned(map[string]any{"text": "Hello {{customer}}, parcel {{number}} is on its way.", "substitutions": []string{"number"}})
	d.admin.do("GET", "/v1/canned-responses/"+id, nil).want(200).holds(map[string]string{"substitutions": `["customer","number"]`})
	body := map[string]any{"canned_response_id": id, "substitutions": map[string]string{"customer": "{{number}}", "number": "4711"}, "client_message_id": "canned"}
	const said = "Hello {{number}}, parcel 4711 is on its way."
	ana.composes(i, body).holds(map[string]string{"text": said, "used": "44", "verdict.allowed": "true"})
	sent := ana.do("POST", address, body).want(202).holds(map[string]string{"items.0.text": said, "items.0.canned_response_id": id})
	ana.until(i, sent.get("items.0.id"), "delivered").holds(map[string]string{"canned_response_id": id})
	if got := each(ana.list("/v1/interactions/"+i+"/messages"), "canned_response_id"); !slices.Equal(got, []string{"", id}) {
		t.Errorf("in the transcript stand %q", got)
	}
	// The agent may make something else of it; that it was used stays, also with a resend.
	d.faults(map[string]any{"mode": "reject", "times": 1})
	own := ana.do("POST", address, map[string]any{"text": "Hello Kim!", "canned_response_id": id}).want(202).holds(map[string]string{"items.0.text": "Hello Kim!", "items.0.canned_response_id": id}).get("items.0.id")
	ana.until(i, own, "failed")
	ana.do("POST", address+"/"+own+"/resend", nil).want(202).holds(map[string]string{"text": "Hello Kim!", "canned_response_id": id})
	for code, wrong := range map[string]map[string]any{
		"canned_response.substitution_missing": {"canned_response_id": id, "substitutions": map[string]string{"number": "1"}},
		"canned_response.substitution_unknown": {"canned_response_id": id, "substitutions": map[string]string{"number": "1", "customer": "a", "colour": "red"}},
		"canned_response.unknown":              {"canned_response_id": unknownID},
		"canned_response.not_said":             {"text": "x", "substitutions": map[string]string{"number": "1"}},
	} {
		ana.do("POST", address, wrong).code(422, code)
		if got := each(items(ana.composes(i, wrong), "verdict.reasons"), "code"); !slices.Equal(got, []string{code}) {
			t.Errorf("the verdict is %v, not %s", got, code)
		}
	}
	// It may be changed and deleted; what was said stays, and the same request gives it again.
	d.admin.do("PATCH", "/v1/canned-responses/"+id, map[string]any{"text": "Changed"}).want(200).holds(map[string]string{"substitutions": "[]"})
	ana.do("POST", address, body).want(202).holds(map[string]string{"items.0.id": sent.get("items.0.id"), "items.0.text": said})
	d.admin.do("DELETE", "/v1/canned-responses/"+id, nil).want(204)
	ana.reply(i, sent.get("items.0.id")).holds(map[string]string{"text": said, "canned_response_id": id})
	ana.do("POST", address, map[string]any{"canned_response_id": id}).code(422, "canned_response.unknown")
	for code, wrong := range map[string]map[string]any{
		"canned_response.place_unknown":   {"name": "x", "text": "none", "substitutions": []string{"number"}},
		"content.empty":                   {"name": "x", "text": " \n"},
		"canned_response_library.unknown": {"name": "x", "text": "x", "library_id": unknownID},
	} {
		d.admin.do("POST", "/v1/canned-responses", wrong).code(422, code)
	}
}

func cannedSearch(t *testing.T, p *program) {
	d, ana, _ := p.talk(1)
	library := d.admin.do("POST", "/v1/canned-response-libraries", map[string]any{"name": "Search"}).want(201).get("id")
	english := d.admin.canned(map[string]any{"name": "Refund", "text": "We pay it back.", "language": "en-GB", "library_id": library})
	french := d.admin.canned(map[string]any{"name": "Remboursement", "text": "Nous REMBOURSONS 100 %.", "language": "fr", "library_id": library})
	plain := d.admin.canned(map[string]any{"name": "Link", "text": "https://example.com/refund", "library_id": library})
	other := d.admin.canned(map[string]any{"name": "Elsewhere", "text": "refund"})
	for query, want := range map[string][]string{"q=remboursons": {french}, "q=refund": {english, plain}, "q=100+%25": {french}, "q=100%25": nil, "language=en": {english, plain}, "language=FR": {french, plain}, "language=en-US": {plain},
		"name=Link": {plain}, "q=refund&language=fr": {plain}} {
		if got := each(ana.list("/v1/canned-responses?order=asc&library_id="+library+"&"+query), "id"); !slices.Equal(got, want) {
			t.Errorf("%s finds %q, not %q", query, got, want)
		}
	}
	if got := each(ana.list("/v1/canned-responses?q=refund"), "id"); !slices.Contains(got, other) {
		t.Errorf("without a library it finds %q", got)
	}
}

func cannedQueues(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	address := "/v1/interactions/" + i + "/replies"
	build := func(name string) (library, canned string) {
		library = d.admin.do("POST", "/v1/canned-response-libraries", map[string]any{"name": name}).want(201).get("id")
		return library, d.admin.canned(map[string]any{"name": name, "text": name, "library_id": library})
	}
	one, first := build("One")
	_, second := build("Two")
	loose := d.admin.canned(map[string]any{"name": "Loose", "text": "Loose"})
	offers := func(mode string, libraries ...string) {
		d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"canned_response_libraries": map[string]any{"mode": mode, "library_ids": append([]string{}, libraries...)}}).want(200)
	}
	listed := func() []string {
		got := each(ana.list("/v1/canned-responses?limit=200&queue_id="+d.queue), "id")
		return slices.DeleteFunc([]string{first, second, loose}, func(id string) bool { return !slices.Contains(got, id) })
	}
	say := func(id string) answer { return ana.do("POST", address, map[string]any{"canned_response_id": id}) }
	for _, c := range []struct {
		mode      string
		libraries []string
		want      []string
	}{{"none", nil, nil}, {"selected_only", []string{one}, []string{first, loose}}, {"all", nil, []string{first, second, loose}}} {
		offers(c.mode, c.libraries...)
		if got := listed(); !slices.Equal(got, c.want) {
			t.Errorf("%s lists %q, not %q", c.mode, got, c.want)
		}
		if slices.Contains(c.want, second) {
			say(second).want(202)
		} else {
			say(second).code(422, "canned_response.not_offered")
		}
	}
	d.admin.do("PATCH", "/v1/queues/"+d.queue, map[string]any{"canned_response_libraries": map[string]any{"library_ids": []string{unknownID}}}).code(422, "canned_response_library.unknown")
	offers("selected_only", one)
	d.admin.do("DELETE", "/v1/canned-response-libraries/"+one, nil).code(409, "canned_response_library.in_use")
	d.admin.do("DELETE", "/v1/canned-responses/"+first, nil).want(204)
	d.admin.do("DELETE", "/v1/canned-response-libraries/"+one, nil).want(204)
	d.admin.do("GET", "/v1/queues/"+d.queue, nil).want(200).holds(map[string]string{"canned_response_libraries": `{"library_ids":[],"mode":"selected_only"}`})
}
