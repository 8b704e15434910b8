package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"
)

func TestUpserts(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"life", upsertsLife},
		part{"at once", upsertsAtOnce},
		part{"ids of any form", upsertsOddIDs},
		part{"refused", upsertsRefused},
		part{"filters", upsertsFilters},
	)
}

// upsertable gives the resources that have an external id, each with a body of its own.
func upsertable(p *program, app string) []resource {
	all := slices.DeleteFunc(resources(p, app), func(r resource) bool { return r.patched["external_id"] == "" })
	for n, r := range all {
		all[n].least = maps.Clone(r.least)
		if r.noun == "channel" {
			all[n].least["account_id"] = fmt.Sprint("upserted-", n)
		}
	}
	return all
}

// upsertsLife makes, repeats, changes and deletes one of each kind.
func upsertsLife(t *testing.T, p *program) {
	d := p.desk(0, nil)
	if n := len(upsertable(p, d.app)); n != 9 {
		t.Errorf("%d resources have an external id", n)
	}
	for _, r := range upsertable(p, d.app) {
		path := r.path + "/by-external-id/life"
		made := d.admin.do("PUT", path, r.least).want(201).holds(map[string]string{"external_id": "life", "version": "1", "name": "Least"})
		one := r.path + "/" + made.get("id")
		if made.header.Get("Location") != one || made.header.Get("ETag") != `"1"` {
			t.Errorf("%s: made with %v", path, made.header)
		}
		again := d.admin.do("PUT", path, r.least).want(200)
		if string(again.body) != string(made.body) || again.header.Get("ETag") != `"1"` {
			t.Errorf("%s: made was %s, the same again is %s", path, made.body, again.body)
		}
		with := maps.Clone(r.least)
		with["external_id"] = "life"
		d.admin.do("PUT", path, with).want(200).holds(map[string]string{"version": "1"})
		patch := maps.Clone(r.patch)
		patch["external_id"], patch["name"] = "life", "Patched"
		d.admin.do("PATCH", one, patch).want(200).holds(map[string]string{"version": "2"})
		back := d.admin.do("PUT", path, r.least).want(200).holds(map[string]string{"version": "3", "id": made.get("id")})
		for field, value := range sorted(r.defaults) { // what is absent takes its default, but secrets stay
			if field != "external_id" && field != "secret_count" && back.get(field) != value {
				t.Errorf("%s: %s is %s, not %s", path, field, back.get(field), value)
			}
		}
		d.admin.do("PUT", path, r.least, "If-Match", `"77"`).want(200).holds(map[string]string{"version": "3"}) // it is not asked for
		first := d.admin.do("PUT", path+"-key", keyed(r, "key"), "Idempotency-Key", r.path).want(201)
		d.admin.again(first, r.path, "PUT", path+"-key", keyed(r, "key"))
		d.admin.do("DELETE", one, nil).want(204)
		if anew := d.admin.do("PUT", path, r.least).want(201); anew.get("id") == made.get("id") {
			t.Errorf("%s brings back what was deleted", path)
		}
	}
}

// keyed is the least body, of another account where that must differ.
func keyed(r resource, mark string) map[string]any {
	body := maps.Clone(r.least)
	if r.noun == "channel" {
		body["account_id"] = fmt.Sprint(body["account_id"], "-", mark)
	}
	return body
}

// upsertsAtOnce lets many make the same thing: one makes it.
func upsertsAtOnce(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, r := range upsertable(p, d.app) {
		var answers [16]answer
		together(len(answers), func(n int) {
			var headers []string
			if n%2 == 1 {
				headers = []string{"Idempotency-Key", fmt.Sprint("at once ", r.path, n)}
			}
			answers[n] = d.admin.do("PUT", r.path+"/by-external-id/once", keyed(r, "once"), headers...)
		})
		made := 0
		for _, a := range answers {
			if a.status == 201 {
				made++
			} else {
				a.want(200)
			}
			if a.get("id") != answers[0].get("id") || a.get("version") != "1" {
				t.Errorf("%s gives %s and %s", r.path, answers[0].body, a.body)
			}
		}
		if made != 1 {
			t.Errorf("%s was made %d times", r.path, made)
		}
	}
}

// upsertsOddIDs gives ids as other systems have them.
func upsertsOddIDs(t *testing.T, p *program) {
	admin := p.admin()
	for _, id := range []string{"a/b", "50%", "a%2Fb", "ü 🙂", "a+b", "?x=1#y", "'; --", ".", "by-external-id", "members", "x:y"} {
		path := "/v1/queues/by-external-id/" + url.PathEscape(id)
		made := admin.do("PUT", path, map[string]any{"name": "Odd"})
		if id == "." {
			continue // a client may take it out of the path
		}
		if made.want(201); made.get("external_id") != id {
			t.Errorf("%q became %q", id, made.get("external_id"))
		}
		admin.do("PUT", path, map[string]any{"name": "Odd"}).want(200).holds(map[string]string{"id": made.get("id"), "version": "1"})
		if got := each(admin.list("/v1/queues?external_id="+url.QueryEscape(id)), "id"); !slices.Equal(got, []string{made.get("id")}) {
			t.Errorf("%q finds %q", id, got)
		}
	}
	for _, id := range []string{"%00", "%ff"} {
		if got := admin.do("PUT", "/v1/queues/by-external-id/"+id, map[string]any{"name": "Odd"}).code(400, "request.invalid"); got.get("errors.0.parameter") != "external_id" {
			t.Errorf("%s is refused with %s", id, got.body)
		}
	}
}

func upsertsRefused(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, r := range upsertable(p, d.app) {
		body := keyed(r, "refused")
		body["external_id"] = "other"
		refused := d.admin.do("PUT", r.path+"/by-external-id/one", body).code(422, "external_id.mismatch")
		if refused.get("errors.0.pointer") != "/external_id" {
			t.Errorf("%s: %s", r.path, refused.body)
		}
		if got := d.admin.list(r.path + "?external_id=one"); len(got) != 0 {
			t.Errorf("%s has %s", r.path, text(got))
		}
	}
	connector := map[string]any{"name": "Connector", "kind": "open", "credentials": map[string]string{"webhook_secret": webhookSecret}}
	named := d.admin.do("PUT", "/v1/channels/by-external-id/connector", connector).want(201).get("account_id")
	d.admin.do("PUT", "/v1/channels/by-external-id/connector", connector).want(200).holds(map[string]string{"account_id": named, "version": "1"})
	channel := map[string]any{"name": "Page", "kind": "messenger", "app_id": d.app, "account_id": d.page}
	d.admin.do("PUT", "/v1/channels/by-external-id/second", channel).code(409, "channel.account_taken")
	d.admin.do("PUT", "/v1/agents/by-external-id/a", map[string]any{"name": "A", "multimedia_profile_id": unknownID}).code(422, "multimedia_profile.unknown").
		holds(map[string]string{"errors.0.pointer": "/multimedia_profile_id"})
	skill := d.admin.do("POST", "/v1/skills", map[string]any{"name": "French"}).want(201).get("id")
	has := map[string]any{"skill": skill, "proficiency": 5}
	d.admin.do("PUT", "/v1/agents/by-external-id/a", map[string]any{"name": "A", "skills": []any{has, has}}).code(422, "skill.given_twice").
		holds(map[string]string{"errors.0.pointer": "/skills/1/skill"})
}

// upsertsFilters finds things by each of the filters that all lists have.
func upsertsFilters(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, r := range upsertable(p, d.app) {
		var ids []string
		for n, name := range []string{"Abc 1_%", "abc 12_%", "ABC"} {
			body := keyed(r, name)
			if r.noun == "channel" {
				body["account_id"] = fmt.Sprint("filtered-", n)
			}
			body["name"] = name
			ids = append(ids, d.admin.do("PUT", fmt.Sprint(r.path, "/by-external-id/filter-", n), body).want(201).get("id"))
		}
		for query, want := range map[string][]string{"q=c%201": ids[:2], "q=_%25": ids[:2], "name=ABC": ids[2:], "name=abc": nil, "name=Abc+1_%25&q=abc": ids[:1],
			"external_id=filter-1": ids[1:2], "external_id=filter": nil, "external_id=filter-1&name=ABC": nil} {
			if got := each(d.admin.list(r.path+"?order=asc&"+query), "id"); !slices.Equal(got, want) {
				t.Errorf("%s?%s gives %q, not %q", r.path, query, got, want)
			}
		}
	}
}
