package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/contracttest"
)

func TestSetup(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"life", setupLife},
		part{"what only the server sets", setupReadOnly},
		part{"external ids", setupExternalIDs},
		part{"in use", setupInUse},
		part{"C39 wrap-up codes of queues", setupCodes},
		part{"members", setupMembers},
		part{"channels", setupChannels},
		part{"secrets", setupSecrets},
	)
}

// resource is one kind of configuration: what makes one, what the rest then is, and
// how it can be changed.
type resource struct {
	path, noun string
	least      map[string]any    // the smallest body
	defaults   map[string]string // what is absent becomes
	patch      map[string]any    // a change of what may be empty
	patched    map[string]string
	schema     string // of the input
}

func resources(p *program, app string) []resource {
	desk := `["` + strings.Join(deskScopes(), `","`) + `"]`
	return []resource{
		{"/v1/queues", "queue", map[string]any{"name": "Least"},
			map[string]string{"external_id": "", "description": "", "alerting_timeout_seconds": "30", "decline_sets_not_responding": "true", "acw": `{"grace_seconds":0,"mode":"optional","timeout_seconds":null}`, "wrap_up_code_ids": "[]"},
			map[string]any{"external_id": "e", "description": "d", "alerting_timeout_seconds": 7, "decline_sets_not_responding": false, "acw": map[string]string{"mode": "mandatory"}},
			map[string]string{"external_id": "e", "description": "d", "alerting_timeout_seconds": "7", "decline_sets_not_responding": "false", "acw": `{"grace_seconds":0,"mode":"mandatory","timeout_seconds":null}`}, "QueueInput"},
		{"/v1/agents", "agent", map[string]any{"name": "Least"},
			map[string]string{"display_name": "", "email": "", "scopes": desk, "presence": "offline", "presence_note": "", "routing_status": "off_queue", "utilization": `{"message":{"maximum":3,"used":0},"social":{"maximum":3,"used":0}}`, "external_id": "", "skills": "[]", "multimedia_profile_id": ""},
			map[string]any{"display_name": "Ana", "email": "ana@example.com", "scopes": []string{}, "external_id": "e", "skills": []any{}},
			map[string]string{"display_name": "Ana", "email": "ana@example.com", "scopes": "[]", "external_id": "e", "skills": "[]"}, "AgentInput"},
		{"/v1/wrap-up-codes", "wrap_up_code", map[string]any{"name": "Least"}, map[string]string{"external_id": ""},
			map[string]any{"external_id": "e"}, map[string]string{"external_id": "e"}, "WrapUpCodeInput"},
		{"/v1/canned-response-libraries", "canned_response_library", map[string]any{"name": "Least"}, map[string]string{"external_id": ""},
			map[string]any{"external_id": "e"}, map[string]string{"external_id": "e"}, "CannedResponseLibraryInput"},
		{"/v1/canned-responses", "canned_response", map[string]any{"name": "Least", "text": "Hello {{customer}}"},
			map[string]string{"external_id": "", "language": "", "library_id": "", "substitutions": `["customer"]`},
			map[string]any{"external_id": "e", "text": "Bye"}, map[string]string{"external_id": "e", "text": "Bye", "substitutions": "[]"}, "CannedResponseInput"},
		{"/v1/skills", "skill", map[string]any{"name": "Least"}, map[string]string{"external_id": ""},
			map[string]any{"external_id": "e"}, map[string]string{"external_id": "e"}, "SkillInput"},
		{"/v1/multimedia-profiles", "multimedia_profile", map[string]any{"name": "Least"},
			map[string]string{"external_id": "", "channels": "", "capacities": `{"message":3,"social":3}`, "interruptible_by": `{"message":["social"],"social":["message"]}`},
			map[string]any{"external_id": "e", "capacities": map[string]any{"social": 0}, "interruptible_by": map[string]any{"message": []string{}}},
			map[string]string{"external_id": "e", "capacities": `{"message":3,"social":0}`, "interruptible_by": `{"message":[],"social":["message"]}`}, "MultimediaProfileInput"},
		{"/v1/platform-apps", "platform_app", map[string]any{"name": "Least", "platform": "meta", "secrets": []string{"one"}, "verify_token": "word"}, map[string]string{"secret_count": "1", "external_id": ""},
			map[string]any{"secrets": []string{"one", "two"}, "verify_token": "other", "external_id": "e"}, map[string]string{"secret_count": "2", "external_id": "e"}, "PlatformAppInput"},
		{"/v1/channels", "channel", map[string]any{"name": "Least", "kind": "messenger", "app_id": app, "account_id": "1"},
			map[string]string{"external_id": "", "queue_id": "", "settings.api_base_url": "", "settings.graph_version": "", "status": "active"},
			map[string]any{"external_id": "e", "settings": map[string]any{"graph_version": "v24.0", "api_base_url": p.simulated["messenger"].URL() + "/"}, "credentials": map[string]string{"access_token": "t"}},
			map[string]string{"external_id": "e", "settings.api_base_url": p.simulated["messenger"].URL(), "settings.graph_version": "v24.0"}, "ChannelInput"},
	}
}

// holds fails the test unless these values stand in an answer.
func (a answer) holds(values map[string]string) answer {
	a.t.Helper()
	for path, want := range sorted(values) {
		if got := a.get(path); got != want {
			a.t.Errorf("%s: %s is %q, not %q", a.what, path, got, want)
		}
	}
	return a
}

func setupLife(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, r := range resources(p, d.app) {
		made := d.admin.do("POST", r.path, r.least).want(201).holds(r.defaults).holds(map[string]string{"name": "Least", "version": "1"})
		one := r.path + "/" + made.get("id")
		if made.header.Get("Location") != one || made.header.Get("ETag") != `"1"` || made.get("created_at") != made.get("updated_at") {
			t.Errorf("%s: made is %s with %v", r.path, made.body, made.header)
		}
		read := d.admin.do("GET", one, nil).want(200)
		if string(read.body) != string(made.body) || read.header.Get("ETag") != `"1"` {
			t.Errorf("%s: made was %s, read is %s", r.path, made.body, read.body)
		}
		if newest := d.admin.do("GET", r.path+"?limit=1", nil).want(200); newest.get("items.0") != text(read.value) {
			t.Errorf("%s: the newest of the list is %s", r.path, newest.body)
		}
		// A full replacement wants the version; what is absent takes its default again.
		d.admin.do("PUT", one, r.least).code(428, "precondition.required")
		patched := d.admin.do("PATCH", one, r.patch, "If-Match", `"1"`, "Content-Type", "application/merge-patch+json").want(200).holds(r.patched)
		if patched.header.Get("ETag") != `"2"` || patched.get("version") != "2" || patched.get("name") != "Least" || patched.get("created_at") != made.get("created_at") {
			t.Errorf("%s: patched is %s", r.path, patched.body)
		}
		for _, method := range []string{"PUT", "PATCH"} {
			for _, stale := range []string{`"1"`, `2`, `"3"`, `W/"2"`, `"x"`} {
				refused := d.admin.do(method, one, r.least, "If-Match", stale).code(412, "precondition.failed")
				if refused.get("current") != text(patched.value) {
					t.Errorf("%s: the current one is %s", r.path, refused.get("current"))
				}
			}
		}
		if same := d.admin.do("PATCH", one, map[string]any{}).want(200).holds(r.patched); same.get("name") != "Least" {
			t.Errorf("%s: after an empty patch: %s", r.path, same.body)
		}
		renamed := maps.Clone(r.least)
		renamed["name"] = "Renamed"
		replaced := d.admin.do("PUT", one, renamed, "If-Match", `"1", "3"`).want(200).holds(map[string]string{"name": "Renamed", "version": "4"})
		if r.noun != "platform_app" { // whose secrets stay
			replaced.holds(r.defaults)
		}
		d.admin.do("PUT", one, renamed, "If-Match", "*").want(200)
		for name := range r.patch { // null empties what may be empty, and nothing else
			if r.patched[name] != "e" && r.patched[name] != "d" && r.patched[name] != "Ana" && !strings.Contains(r.patched[name], "@") {
				d.admin.do("PATCH", one, map[string]any{name: nil}).code(400, "request.invalid")
				continue
			}
			d.admin.do("PATCH", one, map[string]any{name: r.patch[name]}).want(200).holds(map[string]string{name: r.patched[name]})
			d.admin.do("PATCH", one, map[string]any{name: nil}).want(200).holds(map[string]string{name: ""})
		}
		d.admin.do("DELETE", one, nil).want(204)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			var body any
			if method == "PUT" || method == "PATCH" {
				body = r.least
			}
			d.admin.do(method, one, body, "If-Match", "*").code(404, r.noun+".not_found")
		}
		if slices.Contains(each(d.admin.list(r.path+"?limit=200"), "id"), made.get("id")) {
			t.Errorf("%s: the list still has what was deleted", r.path)
		}
	}
}

// setupReadOnly sends every property of an answer back that a request does not have.
func setupReadOnly(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for n, r := range resources(p, d.app) {
		input := contracttest.Document(t).Components.Schemas[r.schema].Value
		body := maps.Clone(r.least)
		if r.noun == "channel" {
			body["account_id"] = fmt.Sprint("read-only-", n)
		}
		made := d.admin.do("POST", r.path, body).want(201)
		known, _ := made.value.(map[string]any)
		tried := 0
		for name, value := range sorted(known) {
			if input.Properties[name] != nil {
				continue
			}
			tried++
			body := maps.Clone(r.least)
			body[name] = value
			for method, path := range map[string]string{"POST": r.path, "PUT": r.path + "/" + made.get("id"), "PATCH": r.path + "/" + made.get("id")} {
				refused := d.admin.do(method, path, body, "If-Match", "*").code(400, "request.invalid")
				if refused.get("errors.0.pointer") != "/"+name || refused.get("errors.0.code") != "unknown_field" {
					t.Errorf("%s %s with %s: %s", method, r.path, name, refused.body)
				}
			}
		}
		if tried < 4 {
			t.Errorf("%s: only %d properties are the server's own", r.path, tried)
		}
		writeOnly(t, input, known)
	}
}

// writeOnly looks for properties in an answer that may only go in.
func writeOnly(t *testing.T, input *openapi3.Schema, known map[string]any) {
	t.Helper()
	for name, property := range input.Properties {
		if _, shown := known[name]; shown && property.Value.WriteOnly {
			t.Errorf("%s comes out", name)
		}
	}
}

func setupExternalIDs(t *testing.T, p *program) {
	d := p.desk(0, nil)
	for _, r := range resources(p, d.app) {
		if r.patched["external_id"] == "" {
			continue
		}
		with := func(external string) map[string]any {
			body := maps.Clone(r.least)
			body["external_id"] = external
			if r.noun == "channel" {
				body["account_id"] = "account-of-" + external
			}
			return body
		}
		first := d.admin.do("POST", r.path, with("first")).want(201).get("id")
		second := d.admin.do("POST", r.path, with("second")).want(201).get("id")
		taken := with("first")
		if r.noun == "channel" {
			taken["account_id"] = "another-account"
		}
		for _, refused := range []answer{d.admin.do("POST", r.path, taken), d.admin.do("PATCH", r.path+"/"+second, map[string]any{"external_id": "first"})} {
			refused.code(409, r.noun+".external_id_taken").holds(map[string]string{"errors.0.pointer": "/external_id"})
		}
		d.admin.do("PATCH", r.path+"/"+first, map[string]any{"external_id": "first"}).want(200) // its own
		d.admin.do("DELETE", r.path+"/"+first, nil).want(204)
		d.admin.do("PATCH", r.path+"/"+second, map[string]any{"external_id": "first"}).want(200) // free again
	}
}

func setupInUse(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"acw": map[string]string{"mode": "mandatory"}})
	ana, agent := d.agents[0], "/v1/agents/"+d.ids[0]
	d.admin.do("DELETE", "/v1/queues/"+d.queue, nil).code(409, "queue.in_use")
	d.admin.do("DELETE", "/v1/platform-apps/"+d.app, nil).code(409, "platform_app.in_use")
	ana.onQueue()
	d.writes("c1", "hello")
	i, _, _ := ana.offered("")
	d.admin.do("DELETE", agent, nil).code(409, "agent.in_use")
	d.admin.do("DELETE", "/v1/channels/"+d.channel, nil).code(409, "channel.in_use")
	ana.do("POST", "/v1/interactions/"+i+"/accept", nil).want(200)
	d.admin.do("DELETE", agent, nil).code(409, "agent.in_use")
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"queue_id": nil}).want(200)
	d.admin.do("DELETE", "/v1/queues/"+d.queue, nil).code(409, "queue.in_use")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	d.admin.do("DELETE", agent, nil).code(409, "agent.in_use") // the wrap-up is mandatory
	ana.do("PUT", "/v1/interactions/"+i+"/wrap-up", map[string]any{"code_ids": d.codes[:1]}).want(200)
	for _, path := range []string{agent, "/v1/channels/" + d.channel, "/v1/platform-apps/" + d.app, "/v1/queues/" + d.queue} {
		d.admin.do("DELETE", path, nil).want(204)
	}
	// What happened keeps its names.
	after := d.admin.do("GET", "/v1/interactions/"+i+"?expand=messages", nil).want(200)
	after.holds(map[string]string{"queue.name": "Care", "channel.label": "Page", "participants.1.display_name": "Agent 1", "state": "disconnected", "messages.0.text": "hello"})
}

func setupCodes(t *testing.T, p *program) {
	d := p.desk(0, nil)
	queue := "/v1/queues/" + d.queue
	before := d.admin.do("GET", queue, nil).want(200)
	d.admin.do("DELETE", "/v1/wrap-up-codes/"+d.codes[1], nil).want(204)
	after := d.admin.do("GET", queue, nil).want(200)
	if after.get("wrap_up_code_ids") != `["`+d.codes[0]+`","`+d.codes[2]+`"]` || after.get("version") == before.get("version") {
		t.Errorf("the queue is %s", after.body)
	}
	refused := d.admin.do("PATCH", queue, map[string]any{"wrap_up_code_ids": []string{d.codes[0], d.codes[1]}}).code(422, "wrap_up_code.unknown")
	if !strings.HasPrefix(refused.get("errors.0.pointer"), "/wrap_up_code_ids") {
		t.Errorf("refused with %s", refused.body)
	}
	doubled := d.admin.do("PATCH", queue, map[string]any{"wrap_up_code_ids": []string{d.codes[2], d.codes[0], d.codes[2]}}).want(200)
	if doubled.get("wrap_up_code_ids") != `["`+d.codes[2]+`","`+d.codes[0]+`"]` {
		t.Errorf("the codes are %s", doubled.get("wrap_up_code_ids"))
	}
}

func setupMembers(t *testing.T, p *program) {
	d := p.desk(2, nil)
	members := "/v1/queues/" + d.queue + "/members"
	if got := each(d.admin.list(members), "agent_id"); !slices.Equal(got, []string{d.ids[1], d.ids[0]}) {
		t.Errorf("the members are %q", got)
	}
	d.admin.do("PUT", members+"/"+d.ids[0], map[string]any{"ring": 2, "joined": false}).want(200).holds(map[string]string{"ring": "2", "joined": "false", "agent_name": "Agent 1"})
	d.admin.do("PUT", members+"/"+d.ids[0], map[string]any{}).want(200).holds(map[string]string{"ring": "1", "joined": "true"})
	d.admin.do("DELETE", members+"/"+d.ids[0], nil).want(204)
	d.admin.do("DELETE", members+"/"+d.ids[0], nil).code(404, "queue_member.not_found")
	d.admin.do("DELETE", "/v1/agents/"+d.ids[1], nil).want(204)
	if got := d.admin.list(members); len(got) != 0 {
		t.Errorf("the members are %s", text(got))
	}
	d.admin.do("PUT", members+"/"+d.ids[1], map[string]any{}).code(404, "agent.not_found")
}

func setupChannels(t *testing.T, p *program) {
	d := p.desk(0, nil)
	least := map[string]any{"name": "Other", "kind": "messenger", "app_id": d.app, "account_id": "other"}
	with := func(name string, value any) map[string]any {
		body := maps.Clone(least)
		body[name] = value
		return body
	}
	d.admin.do("POST", "/v1/channels", with("account_id", d.page)).code(409, "channel.account_taken").holds(map[string]string{"errors.0.pointer": "/account_id"})
	for _, c := range []struct {
		body          map[string]any
		code, pointer string
	}{
		{with("app_id", unknownID), "channel.app_unknown", "/app_id"},
		{with("queue_id", unknownID), "channel.queue_unknown", "/queue_id"},
	} {
		if got := d.admin.do("POST", "/v1/channels", c.body).code(422, c.code); got.get("errors.0.pointer") != c.pointer {
			t.Errorf("refused with %s", got.body)
		}
	}
	for _, address := range []string{"ftp://example.com", "https://user:word@example.com", "http://169.254.169.254/latest", "http://[fe80::1]/", "//example.com", "example.com", "https://", "javascript:alert(1)",
		"https://example.com/?x=1", "https://example.com/#x", "http://[::ffff:169.254.169.254]/"} {
		got := d.admin.do("POST", "/v1/channels", with("settings", map[string]any{"api_base_url": address}))
		if got.status != 422 || got.get("code") != "channel.address_not_allowed" || got.get("errors.0.pointer") != "/settings/api_base_url" {
			t.Errorf("%s is answered %d: %s", address, got.status, got.body)
		}
	}
	// A patch of settings leaves its neighbours.
	one := "/v1/channels/" + d.channel
	d.admin.do("PATCH", one, map[string]any{"settings": map[string]any{"graph_version": "v24.0"}}).want(200)
	d.admin.do("PATCH", one, map[string]any{"settings": map[string]any{"api_base_url": "https://proxy.example.com/graph"}}).want(200).
		holds(map[string]string{"settings.graph_version": "v24.0", "settings.api_base_url": "https://proxy.example.com/graph"})
	d.admin.do("PATCH", one, map[string]any{"settings": map[string]any{"api_base_url": nil}}).want(200).
		holds(map[string]string{"settings.graph_version": "v24.0", "settings.api_base_url": "", "queue_id": d.queue})
	app := "/v1/platform-apps"
	refused := d.admin.do("POST", app, map[string]any{"platform": "meta", "name": "App", "verify_token": "v"}).code(422, "platform_app.secrets_required")
	if refused.get("errors.0.pointer") != "/secrets" {
		t.Errorf("refused with %s", refused.body)
	}
	// Without a word nobody can subscribe.
	silent := d.admin.do("POST", app, map[string]any{"platform": "meta", "name": "App", "secrets": []string{"s"}}).want(201).get("id")
	d.admin.do("GET", "/hooks/"+silent+"?hub.mode=subscribe&hub.verify_token=&hub.challenge=1", nil).want(403)
	if got := d.admin.do("GET", app+"/"+d.app, nil).want(200); got.get("webhook_url") != p.url+"/hooks/"+d.app {
		t.Errorf("webhooks go to %s", got.get("webhook_url"))
	}
}

// setupSecrets looks for what went in, in everything that comes out.
func setupSecrets(t *testing.T, p *program) {
	d := p.desk(1, nil)
	app, channel := "/v1/platform-apps/"+d.app, "/v1/channels/"+d.channel
	canaries := []string{"canary-secret", "canary-word", "canary-token", "canary-extra", appSecret, "verify-me", "page-token"}
	patch := map[string]any{"secrets": []string{"canary-secret", appSecret}, "verify_token": "canary-word"}
	credentials := map[string]any{"credentials": map[string]string{"access_token": "canary-token", "extra": "canary-extra"}}
	answers := []answer{
		d.admin.do("PATCH", app, patch, "Idempotency-Key", "app").want(200), d.admin.do("PATCH", app, patch, "Idempotency-Key", "app").want(200),
		d.admin.do("PATCH", channel, credentials).want(200),
		d.admin.do("PUT", app, map[string]any{"platform": "meta", "name": "Kept"}, "If-Match", "*").want(200),
		d.admin.do("PUT", channel, map[string]any{"name": "Kept", "kind": "messenger", "app_id": d.app, "account_id": d.page, "queue_id": d.queue}, "If-Match", "*").want(200),
		d.admin.do("PATCH", app, map[string]any{"name": "Stale"}, "If-Match", `"1"`).want(412),
		d.admin.do("PATCH", channel, map[string]any{"credentials": map[string]any{"access_token": 7, "extra": "canary-extra"}}).want(400),
		d.admin.do("GET", app, nil).want(200), d.admin.do("GET", channel, nil).want(200), d.admin.do("GET", "/v1/platform-apps?limit=200", nil).want(200),
		d.admin.do("GET", "/v1/channels?limit=200", nil).want(200), d.admin.do("GET", "/v1/events?limit=200", nil).want(200), d.admin.do("GET", "/metrics", nil).want(200),
	}
	for _, a := range answers {
		for _, canary := range canaries {
			if strings.Contains(string(a.body), canary) {
				t.Errorf("%s shows %s: %s", a.what, canary, a.body)
			}
		}
	}
	// They are there all the same.
	ana := d.agents[0]
	ana.onQueue()
	body := batch(entry(d.page, said("c1", d.page, "s1", "hello")))
	d.admin.do("POST", "/hooks/"+d.app, body, "X-Hub-Signature-256", sign("canary-secret", body)).want(200)
	d.admin.do("GET", "/hooks/"+d.app+"?hub.mode=subscribe&hub.verify_token=canary-word&hub.challenge=1", nil).want(200)
	i, _ := ana.accepted("")
	ana.until(i, ana.says(i, "answer"), "sent")
	call := d.admin.do("GET", "/sandbox/platforms/messenger/requests?limit=1", nil).want(200)
	if call.get("items.0.headers.Authorization") != "Bearer canary-token" {
		t.Errorf("the call carries %s", call.get("items.0.headers.Authorization"))
	}
}

// TestWithoutSandbox is about what a real installation refuses.
func TestWithoutSandbox(t *testing.T) {
	t.Parallel()
	p := start(t, template.SQLite(t), func(c *config.Config) { c.Sandbox = false })
	d := p.desk(0, nil)
	for _, o := range operations(t) {
		if strings.HasPrefix(o.path, "/sandbox/") {
			var body any
			if o.body != nil {
				body = o.example
			}
			d.admin.do(o.method, o.filled, body).code(404, "route.not_found")
		}
	}
	for _, address := range []string{"http://127.0.0.1:9/", "https://127.0.0.1/", "https://10.0.0.1", "https://[::1]/", "http://example.com", "https://localhost/", "https://2130706433/", "https://0x7f000001/"} {
		got := d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"api_base_url": address}})
		if address == "https://localhost/" && got.status == 200 {
			continue // a name is looked up at each call
		}
		if got.code(422, "channel.address_not_allowed"); got.get("errors.0.pointer") != "/settings/api_base_url" {
			t.Errorf("%s: %s", address, got.body)
		}
	}
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"api_base_url": "https://proxy.example.com"}}).want(200)
}
