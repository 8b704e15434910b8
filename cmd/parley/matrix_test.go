package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/internal/domain"
)

// TestOrganizations makes two organizations with the same in them, and calls every
// operation that takes an id with the other one's, with one that was deleted and
// with one that never was: the answers are the same to the byte.
func TestOrganizations(t *testing.T) {
	t.Parallel()
	onEach(t, part{"matrix", matrixIDs}, part{"lists", matrixLists})
}

// organization makes another organization with a client for everything.
func (p *program) organization(name string) *caller {
	p.t.Helper()
	err := p.store.InTx(p.t.Context(), func(ctx context.Context) error {
		org, err := p.app.organization(ctx, name)
		if err != nil {
			return err
		}
		return p.store.CreateClient(ctx, domain.Client{ID: domain.ClientID(name), Organization: org.ID, Name: name, Scopes: p.scopes,
			SecretHash: p.hash(testSecret), Version: 1, CreatedAt: p.clock.Now()})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return newCaller(p.t, p.url).login(name, testSecret)
}

// world is what an organization has, by kind; who may see it all is an agent, too.
type world struct {
	who     *caller
	desk    deskSetup
	own     map[string]string
	deleted map[string]string
}

// populate makes one of each kind of thing, and deletes one of those that can be.
func (p *program) populate(admin *caller) world {
	p.t.Helper()
	d := newDesk(admin, 1, map[string]any{"external_id": "same-queue"})
	ana := d.agents[0]
	ana.onQueue()
	w := world{desk: d, deleted: map[string]string{}}
	d.writes("same-contact", "first")
	ended, cursor := ana.accepted("")
	ana.do("POST", "/v1/interactions/"+ended+"/end", nil).want(200)
	d.writes("same-contact", "second")
	open, _ := ana.accepted(cursor)
	second := d.hire("Second")
	second.onQueue()
	ana.ask("/v1/interactions/"+open, d.ids[1]).want(201)
	ana.do("POST", "/v1/interactions/"+open+"/conference/cancel", nil).want(200)
	second.presence("away")
	d.faults(map[string]any{"mode": "reject", "times": 1})
	reply := ana.do("POST", "/v1/interactions/"+open+"/replies", map[string]any{"text": "same", "client_message_id": "same"}).want(202).get("items.0.id")
	ana.until(open, reply, "failed")
	ana.drafts(open, "same").want(200)
	file := ana.upload("same.png", "image/png", picture).want(201).get("id")
	i := admin.do("GET", "/v1/interactions/"+open+"?expand=messages", nil).want(200)
	library := admin.do("POST", "/v1/canned-response-libraries", map[string]any{"name": "Greetings"}).want(201).get("id")
	canned := admin.do("POST", "/v1/canned-responses", map[string]any{"name": "Hello", "text": "Hello {{customer}} {{number}}", "library_id": library}).want(201).get("id")
	skill := admin.do("POST", "/v1/skills", map[string]any{"name": "French"}).want(201).get("id")
	profile := admin.do("POST", "/v1/multimedia-profiles", map[string]any{"name": "Three"}).want(201).get("id")
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": "All", "agent_id": d.ids[0], "scopes": p.allScopes()}).want(201)
	ben := d.hire("Ben")
	ben.onQueue()
	transfer := ""
	for range 2 {
		transfer = ana.passes(open, "agent", d.ids[len(d.ids)-1], "attended").want(201).get("id")
		ana.do("DELETE", "/v1/interactions/"+open+"/transfers/"+transfer, nil).want(204)
	}
	ben.presence("away")
	w.who = admin.login(made.get("client_id"), made.get("client_secret"))
	issuer := admin.do("POST", "/v1/token-issuers", tokenIssuer("https://id.example")).want(201).get("id")
	d.hook("not JSON").want(200)
	ana.presence("away")
	d.writes("erased", "hello")
	admin.advance(0)
	erased := admin.list("/v1/contacts?address=erased&channel_id=" + d.channel)[0]
	admin.do("DELETE", "/v1/contacts/"+text(lookup(erased, "id")), nil)
	ana.onQueue()
	watched := admin.do("POST", "/v1/queues", map[string]any{"name": "Watched"}).want(201).get("id")
	admin.do("PUT", "/v1/queues/"+watched+"/members/"+d.ids[0], map[string]any{"joined": false}).want(200)
	d.wall(map[string]any{"queue_id": watched})
	d.feed(comment("same-post", "same-comment"+d.page, "7", "first"))
	public := text(lookup(admin.list("/v1/interactions?channel_kind=facebook_page")[0], "id"))
	w.own = map[string]string{"public interaction": public, "transfer": transfer, "quarantined event": text(lookup(admin.list("/v1/quarantine")[0], "id")), "token issuer": issuer, "queue": d.queue, "agent": d.ids[0], "wrap-up code": d.codes[0], "platform app": d.app, "channel": d.channel, "client": made.get("id"),
		"skill": skill, "multimedia profile": profile, "library": library, "canned response": canned,
		"interaction": open, "ended interaction": ended, "reply": reply, "attachment": file, "message": i.get("messages.0.id"), "contact": i.get("contact.id"), "erased contact": text(lookup(erased, "id")), "participant": i.get("participants.1.id"),
		"ended participant": admin.do("GET", "/v1/interactions/"+ended, nil).want(200).get("participants.1.id")}
	gone := func(kind, path string, body map[string]any) {
		id := admin.do("POST", path, body).want(201).get("id")
		admin.do("DELETE", path+"/"+id, nil).want(204)
		w.deleted[kind] = id
	}
	gone("queue", "/v1/queues", map[string]any{"name": "Gone"})
	gone("agent", "/v1/agents", map[string]any{"name": "Gone"})
	gone("wrap-up code", "/v1/wrap-up-codes", map[string]any{"name": "Gone"})
	gone("library", "/v1/canned-response-libraries", map[string]any{"name": "Gone"})
	gone("canned response", "/v1/canned-responses", map[string]any{"name": "Gone", "text": "Gone"})
	gone("skill", "/v1/skills", map[string]any{"name": "Gone"})
	gone("multimedia profile", "/v1/multimedia-profiles", map[string]any{"name": "Gone"})
	gone("platform app", "/v1/platform-apps", map[string]any{"platform": "meta", "name": "Gone", "secrets": []string{"s"}, "verify_token": "v"})
	gone("channel", "/v1/channels", map[string]any{"name": "Gone", "kind": "messenger", "app_id": d.app, "account_id": d.page + "0"})
	gone("token issuer", "/v1/token-issuers", tokenIssuer("https://gone.example"))
	gone("client", "/v1/oauth-clients", map[string]any{"name": "Gone", "scopes": []string{}})
	return w
}

// kindOf tells what an id in the contract names; "" for what this test does not know.
func kindOf(o operation, name string) string {
	if name == "target.id" {
		return "queue" // as the contract's first example has it
	}
	if name == "id" {
		kinds := map[string]string{"queues": "queue", "agents": "agent", "wrap-up-codes": "wrap-up code", "platform-apps": "platform app", "channels": "channel",
			"canned-response-libraries": "library", "canned-responses": "canned response", "skills": "skill", "skills_to_remove": "skill", "multimedia-profiles": "multimedia profile",
			"oauth-clients": "client", "token-issuers": "token issuer", "interactions": "interaction", "attachments": "attachment", "contacts": "contact", "quarantine": "quarantined event"}
		kind := kinds[strings.Split(o.path, "/")[2]]
		if strings.HasSuffix(o.path, "/original-post") {
			kind = "public interaction"
		}
		if strings.HasSuffix(o.path, "/wrap-up") {
			kind = "ended interaction"
		}
		if strings.HasSuffix(o.path, "/erasure") {
			kind = "erased contact"
		}
		return kind
	}
	if name == "participant_id" && strings.HasSuffix(o.path, "/draft") {
		return "participant"
	}
	if name == "participant_id" {
		return "ended participant"
	}
	return map[string]string{"library_id": "library", "library_ids": "library", "canned_response_id": "canned response", "agent_id": "agent", "reply_id": "reply", "transfer_id": "transfer", "queue_id": "queue", "overflow_queue_id": "queue", "contact_id": "contact", "channel_id": "channel", "interaction_id": "interaction", "app_id": "platform app",
		"offer_id": "participant", "attachment_ids": "attachment", "in_reply_to": "message", "wrap_up_code_ids": "wrap-up code", "code_ids": "wrap-up code", "skill": "skill", "skills": "skill", "remove": "agent", "skills_to_remove": "skill", "multimedia_profile_id": "multimedia profile"}[name]
}

// place is where an operation takes an id; in a body, name is its path.
type place struct{ in, name string }

// places lists where an operation takes ids.
func places(o operation) []place {
	var found []place
	for _, q := range o.parameters {
		s := q.Value.Schema.Value
		if q.Value.In == "path" && q.Value.Name != "kind" && q.Value.Name != "external_id" || q.Value.In == "query" && (s.Format == "uuid" || strings.HasSuffix(q.Value.Name, "_id") && q.Value.Name != "external_id" && q.Value.Name != "customer_id") {
			found = append(found, place{q.Value.In, q.Value.Name})
		}
	}
	if o.body != nil {
		for _, path := range idsIn(o.body, "") {
			found = append(found, place{"body", path})
		}
	}
	return found
}

// idsIn lists where a body takes ids, by name, "0" being the first of a list.
func idsIn(s *openapi3.Schema, at string) []string {
	if s.Format == "uuid" {
		return []string{strings.TrimPrefix(at, ".")}
	}
	var found []string
	for _, r := range s.AnyOf {
		found = append(found, idsIn(r.Value, at)...)
	}
	if s.Items != nil {
		found = append(found, idsIn(s.Items.Value, at+".0")...)
	}
	for name, property := range sorted(s.Properties) {
		found = append(found, idsIn(property.Value, at+"."+name)...)
	}
	return found
}

// noun gives the name that says what an id in a body is of.
func (p place) noun() string {
	words := strings.Split(p.name, ".")
	if p.name == "target.id" {
		return p.name
	}
	if words[len(words)-1] == "0" {
		return words[len(words)-2]
	}
	return words[len(words)-1]
}

// inserted gives a body with a value at a path, in the first item of each list on its way.
func inserted(body any, path string, value any) any {
	if path == "" {
		return value
	}
	name, rest, _ := strings.Cut(path, ".")
	if name == "0" {
		return []any{inserted(lookup(body, "0"), rest, value)}
	}
	object := map[string]any{}
	if was, ok := body.(map[string]any); ok {
		maps.Copy(object, was)
	}
	object[name] = inserted(object[name], rest, value)
	return object
}

// call fills an operation with what the world has, but for one id.
func (w world) call(o operation, at place, id string) answer {
	path, body := w.filled(o, at, id)
	return w.who.do(o.method, path, body, "If-Match", "*")
}

// filled gives the path of an operation and its body, nil for none, with what the
// world has in place of every id but one.
func (w world) filled(o operation, at place, id string) (address string, content any) {
	path, query := strings.Replace(o.path, "{external_id}", "matrix-"+domain.NewID[string](), 1), ""
	var body any = o.example
	for _, p := range places(o) {
		value := cmp.Or(w.own[kindOf(o, p.noun())], unknownID)
		if p == at {
			value = id
		}
		switch p.in {
		case "path":
			path = strings.Replace(path, "{"+p.name+"}", value, 1)
		case "query":
			if p == at {
				query = "?" + p.name + "=" + value
			}
		case "body":
			if p == at || lookup(body, p.name) != nil {
				body = inserted(body, p.name, value)
			}
		}
	}
	if o.body == nil {
		return path + query, nil
	}
	return path + query, body
}

// same is an answer without what differs in any two, and without the id that was asked for.
func same(a answer, id string) string {
	if object, ok := a.value.(map[string]any); ok && a.status >= 400 {
		delete(object, "request_id")
		delete(object, "instance")
	}
	raw, _ := json.Marshal(a.value)
	return fmt.Sprint(a.status, " ", strings.ReplaceAll(string(raw), id, "ID"))
}

// conflicts are where an id in a body names one side of a race, whose loser is told 409.
var conflicts = map[string]bool{"acceptInteraction offer_id": true, "declineInteraction offer_id": true, "putWrapUp participant_id": true, "putDraft participant_id": true, "putAfterContactWork participant_id": true,
	"holdInteraction participant_id": true, "resumeInteraction participant_id": true}

func matrixIDs(t *testing.T, p *program) {
	mine, theirs := p.populate(p.admin()), p.populate(p.organization("second"))
	t.Cleanup(func() { mine.desk.faults(map[string]any{"mode": "none"}) })
	rows := 0
	for _, o := range operations(t) {
		if strings.HasPrefix(o.path, "/hooks/") || strings.HasPrefix(o.path, "/attachments/") || o.path == "/oauth/token" {
			continue // of no organization: a link's signature says whose it is, attachments_test.go
		}
		for _, at := range places(o) {
			rows++
			kind := kindOf(o, at.noun())
			if mine.own[kind] == "" {
				t.Errorf("%s takes an id as %s %s: this test must learn what it names", o.id, at.in, at.name)
				continue
			}
			asked := map[string]string{"of another organization": theirs.own[kind], "of nothing": unknownID}
			if id, ok := mine.deleted[kind]; ok {
				asked["of something deleted"] = id
			}
			want := ""
			for what, id := range sorted(asked) {
				got := mine.call(o, at, id)
				expected := map[string]int{"path": 404, "query": 200, "body": 422}[at.in]
				switch {
				case conflicts[o.id+" "+at.name]:
					expected = 409
				case at.in == "query" && strings.Contains(o.path, "{"):
					expected = 404
				case o.id == "composeReply" && at.in == "body": // which tells what would be refused
					expected = 200
					if got.get("verdict.allowed") != "false" {
						t.Errorf("%s with a %s %s allows it: %s", o.id, at.name, what, got.body)
					}
				}
				if got.status != expected || got.status == 200 && len(items(got, "items")) > 0 {
					t.Errorf("%s with a %s %s answers %d: %s", o.id, at.name, what, got.status, got.body)
				}
				if got.status == 200 && o.id != "composeReply" {
					continue // the log goes on, and so does its cursor
				}
				if is := same(got, id); want == "" {
					want = is
				} else if is != want {
					t.Errorf("%s with a %s %s answers\n%s, not\n%s", o.id, at.name, what, is, want)
				}
			}
			// The id alone decides: with the own one a reader gets the thing.
			if o.method == "GET" {
				if got := mine.call(o, at, mine.own[kind]); got.status != 200 {
					t.Errorf("%s with the own %s answers %d: %s", o.id, at.name, got.status, got.body)
				}
			}
		}
	}
	if rows < 45 {
		t.Errorf("the matrix has only %d rows", rows)
	}
}

// matrixLists looks through everything that one organization can list for what
// belongs to the other.
func matrixLists(t *testing.T, p *program) {
	mine, theirs := p.populate(p.organization("third")), p.populate(p.organization("fourth"))
	var foreign []string
	for kind, id := range theirs.own {
		foreign = append(foreign, id, theirs.deleted[kind])
	}
	listed := 0
	for _, o := range operations(t) {
		if o.method != "GET" || !slices.Contains(names(o), "cursor") {
			continue
		}
		listed++
		got := mine.call(o, place{}, "").want(200)
		if len(items(got, "items")) == 0 {
			t.Errorf("%s lists nothing", o.id)
		}
		for _, id := range foreign {
			if id != "" && strings.Contains(string(got.body), id) {
				t.Errorf("%s shows %s", o.id, got.body)
			}
		}
		// A cursor of the other organization shows nothing of it, either.
		if cursor := theirs.call(o, place{}, "").get("next_cursor"); cursor != "" && !strings.Contains(o.path, "{") {
			if got := mine.who.do("GET", o.path+"?cursor="+cursor, nil); strings.Contains(string(got.body), theirs.own["queue"]) {
				t.Errorf("%s shows %s", o.id, got.body)
			}
		}
	}
	if listed < 10 {
		t.Errorf("only %d lists were read", listed)
	}
	// What is unique is so in one organization.
	mine.desk.admin.do("POST", "/v1/queues", map[string]any{"name": "Twice", "external_id": "same-queue"}).want(409)
	mine.desk.admin.do("POST", "/v1/queues", map[string]any{"name": "Own", "external_id": "own-queue"}, "Idempotency-Key", "same").want(201)
	if other := theirs.desk.admin.do("POST", "/v1/queues", map[string]any{"name": "Own", "external_id": "own-queue"}, "Idempotency-Key", "same").want(201); other.header.Get("Idempotent-Replayed") != "" {
		t.Error("the key of another organization was replayed")
	}
}
