package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
)

func TestContract(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"routes", contractRoutes},
		part{"unknown and doubled parameters", contractQuery},
		part{"malformed parameters", contractParameters},
		part{"cursors", contractCursors},
		part{"methods and paths", contractMethods},
		part{"headers", contractHeaders},
	)
}

// TestContractIsValid holds the contract to OpenAPI's own rules, and its examples to
// their schemas.
func TestContractIsValid(t *testing.T) {
	t.Parallel()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(api.SpecYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Error(err)
	}
}

// contractRoutes compares the routes that are served with those of the contract.
func contractRoutes(t *testing.T, p *program) {
	router, ok := p.server.Handler.(*echo.Echo)
	if !ok {
		t.Fatalf("the server's handler is a %T", p.server.Handler)
	}
	var served, written []string
	for _, r := range router.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	for _, o := range allOperations(t) {
		written = append(written, o.method+" "+regexp.MustCompile(`\{(\w+)\}`).ReplaceAllString(o.path, ":$1"))
	}
	slices.Sort(served)
	slices.Sort(written)
	if !slices.Equal(served, written) {
		t.Errorf("served are\n%s\nwritten are\n%s", strings.Join(served, "\n"), strings.Join(written, "\n"))
	}
}

// contractQuery gives every operation a parameter that it does not have, and each
// of its own twice.
func contractQuery(t *testing.T, p *program) {
	admin := p.admin()
	for _, o := range operations(t) {
		if open, _ := o.spec.Extensions["x-parley-open-parameters"].(bool); open || o.method == "HEAD" {
			continue // a HEAD has the parameters of its GET, and no body to tell of them
		}
		var known []string
		for _, q := range o.parameters {
			if q.Value.In == "query" {
				known = append(known, q.Value.Name)
			}
		}
		got := admin.do(o.method, o.filled+"?of_tomorrow=1", nil).code(400, "request.invalid")
		if got.get("errors.0.parameter") != "of_tomorrow" || !strings.Contains(got.get("detail"), strings.Join(known, ", ")) {
			t.Errorf("%s does not name the known ones: %s", o.id, got.body)
		}
		for _, name := range known {
			twice := admin.do(o.method, o.filled+"?"+name+"=1&"+name+"=1", nil).code(400, "request.invalid")
			if twice.get("errors.0.parameter") != name {
				t.Errorf("%s with a doubled %s: %s", o.id, name, twice.body)
			}
		}
	}
	admin.do("GET", "/v1/queues?limit=%zz", nil).code(400, "request.invalid")
	admin.do("GET", "/v1/queues?limit=1;order=asc", nil).code(400, "request.invalid")
}

// contractParameters gives every parameter in path and query values that its schema
// does not allow.
func contractParameters(t *testing.T, p *program) {
	admin := p.admin()
	refused := func(o operation, name, address string) {
		t.Helper()
		if got := admin.do(o.method, address, nil, "If-Match", `"1"`); got.status != 400 || got.get("errors.0.parameter") != name {
			t.Errorf("%s %s (%s): %d %s", o.method, address, o.id, got.status, got.body)
		}
	}
	checked := 0
	for _, o := range operations(t) {
		if strings.HasPrefix(o.path, "/hooks/") || o.method == "HEAD" {
			continue // answers in its own way: hooks_test.go, attachments_test.go
		}
		for _, q := range o.parameters {
			s := q.Value.Schema.Value
			for _, value := range wrong(s.Format, s.Type.Includes("integer"), len(s.Enum) > 0 || s.Items != nil || s.Pattern != "", s.MaxLength) {
				checked++
				switch q.Value.In {
				case "path":
					if value != "" {
						refused(o, q.Value.Name, fill(strings.Replace(o.path, "{"+q.Value.Name+"}", url.PathEscape(value), 1), unknownID))
					}
				case "query":
					refused(o, q.Value.Name, o.filled+"?"+q.Value.Name+"="+url.QueryEscape(value)+besides(o, q.Value.Name))
				}
			}
			if q.Value.In == "query" {
				refused(o, q.Value.Name, o.filled+"?"+q.Value.Name+"=a%00")
				refused(o, q.Value.Name, o.filled+"?"+q.Value.Name+"=%ff")
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d values were tried", checked)
	}
	for address, want := range map[string]string{"/v1/queues?limit=x": "The type must be integer.",
		"/v1/interactions/" + unknownID + "/replies?limit=1.5": "The type must be integer."} {
		if got := admin.do("GET", address, nil).code(400, "request.invalid"); got.get("errors.0.detail") != want {
			t.Errorf("%s: %s", address, got.body)
		}
	}
	admin.do("POST", "/v1/queues", "\x1f\x8b", "Content-Encoding", "gzip").code(415, "request.content_encoding")
	for _, query := range []string{"", "?exp=", "?exp=1790000000"} {
		if got := admin.do("PUT", "/attachments/"+unknownID+query, "").code(400, "request.invalid"); got.get("errors.0.detail") != "It is required." {
			t.Errorf("without a signature: %s", got.body)
		}
	}
	// What is not malformed is only not there.
	admin.do("GET", "/v1/oauth-clients/"+url.PathEscape(`'; DROP TABLE queues; -- %`), nil).code(404, "oauth_client.not_found")
	for _, odd := range []string{"%00", "%ff", "%e2%82", "%2e%2e", "%0a"} {
		if got := admin.do("GET", "/v1/oauth-clients/"+odd, nil); got.status != 400 && got.status != 404 {
			t.Errorf("an id %s is answered %d: %s", odd, got.status, got.body)
		}
	}
}

// besides gives good values to the other query parameters that an operation must have.
func besides(o operation, name string) string {
	good := map[string]string{"exp": "1790000000", "sig": strings.Repeat("A", 43)}
	var query string
	for _, q := range o.parameters {
		if q.Value.In == "query" && q.Value.Required && q.Value.Name != name {
			query += "&" + q.Value.Name + "=" + good[q.Value.Name]
		}
	}
	return query
}

// wrong gives values that a schema of this kind does not allow.
func wrong(format string, integer, closed bool, longest *uint64) []string {
	var values []string
	switch {
	case format == "uuid":
		values = []string{"1", unknownID[:35], unknownID + "0", "01990a5c7e107a319c026f4d1b2a0000", "{" + unknownID + "}", unknownID[:35] + "g", "' OR 1=1 --", "..", "%"}
	case format == "date-time":
		values = []string{"yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "1790000000"}
	case integer:
		values = []string{"0x10", "a", "1.5", "-1", "99999", "1e2", "99999999999999999999999", "9223372036854775808", " 1", "NaN"}
	case closed:
		values = []string{"of_tomorrow", "*"}
	}
	if longest != nil {
		values = append(values, strings.Repeat("a", int(*longest)+1))
	}
	return values
}

// contractCursors gives lists cursors that are not theirs.
func contractCursors(t *testing.T, p *program) {
	admin := p.admin()
	for n := range 3 {
		admin.do("POST", "/v1/queues", map[string]any{"name": fmt.Sprint("Cursor ", n)}).want(201)
		admin.do("POST", "/v1/wrap-up-codes", map[string]any{"name": fmt.Sprint("Cursor ", n)}).want(201)
	}
	foreign := admin.do("GET", "/v1/wrap-up-codes?limit=1", nil).want(200).get("next_cursor")
	filtered := admin.do("GET", "/v1/wrap-up-codes?limit=1&q=cursor", nil).want(200).get("next_cursor")
	own := admin.do("GET", "/v1/queues?limit=1", nil).want(200).get("next_cursor")
	events := admin.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	if foreign == "" || filtered == "" || own == "" || events == "" {
		t.Fatal("there are no cursors to try")
	}
	garbage := []string{"x", "====", "null", "AAAA", own + "A", own[:len(own)-2], strings.Repeat("A", 512), base64.RawURLEncoding.EncodeToString([]byte("\x00|\xff")),
		base64.RawURLEncoding.EncodeToString([]byte(unknownID + "|0")), base64.RawURLEncoding.EncodeToString([]byte("e1:-1")), base64.RawURLEncoding.EncodeToString([]byte("e1:9223372036854775808"))}
	for _, o := range operations(t) {
		if !slices.ContainsFunc(names(o), func(n string) bool { return n == "cursor" }) {
			continue
		}
		for _, cursor := range append(garbage, foreign, filtered, own, events) {
			address := o.filled + "?cursor=" + url.QueryEscape(cursor)
			got := admin.do(o.method, address, nil)
			own := cursor == own && o.id == "listQueues" || cursor == foreign && o.id == "listWrapUpCodes" || cursor == events && o.id == "listEvents"
			missing := strings.Contains(o.path, "{") && got.status == 404 // it is looked for first
			if !own && !missing && (got.status != 400 || got.get("code") != "request.invalid_cursor" || got.get("errors.0.parameter") != "cursor") {
				t.Errorf("%s with the cursor %s: %d %s", o.id, cursor, got.status, got.body)
			}
		}
	}
	admin.do("GET", "/v1/queues?order=asc&cursor="+own, nil).code(400, "request.invalid_cursor")
	admin.do("GET", "/v1/queues?cursor=", nil).want(200)
}

func names(o operation) []string {
	var names []string
	for _, q := range o.parameters {
		names = append(names, q.Value.Name)
	}
	return names
}

// contractMethods asks for what no path has.
func contractMethods(t *testing.T, p *program) {
	admin := p.admin()
	methods := map[string][]string{}
	for _, o := range operations(t) {
		methods[o.filled] = append(methods[o.filled], o.method)
	}
	for path, has := range methods {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"} {
			if slices.Contains(has, method) {
				continue
			}
			got := admin.do(method, path, nil, "If-Match", `"1"`)
			if noID := path == "/v1/agents/me" || strings.HasSuffix(path, "/members/batch") || strings.HasSuffix(path, "/members/copy"); noID && got.status == 400 {
				continue // the last word is no agent's id
			}
			refused := "route.method_not_allowed"
			if strings.HasPrefix(path, "/api/v2/") {
				refused = "method.not.allowed"
			}
			if got.code(405, refused); !allows(got.header.Get("Allow"), has) {
				t.Errorf("%s %s allows %q, not %q", method, path, got.header.Get("Allow"), has)
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/queues/", "/v1//queues", "/v2/queues", "/v1/Queues", "/v1/queues/" + unknownID + "/", "/v1/nothing", "/oauth",
		"/hooks", "/hooks/", "/sandbox", "/sandbox/platforms/messenger", "/debug/pprof/", "/.env", "/v1/queues%2f", "/v1/queues/../agents", "/v1/queues/" + unknownID + "/members/" + unknownID + "/x",
		"/v1/channels/" + unknownID + "/of-tomorrow", "/v1/channels/" + unknownID + "/", "/hooks/" + unknownID + "/x"} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "BREW"} {
			admin.do(method, path, nil).code(404, "route.not_found")
		}
	}
	// HEAD has no body; without a token nothing is told either.
	for path, want := range map[string]int{"/v1/queues": 405, "/v1/nothing": 404, "/healthz": 405} {
		r, err := http.NewRequest("HEAD", p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		head, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(head.Body); head.StatusCode != want || len(body) > 0 || head.Header.Get("Request-Id") == "" {
			t.Errorf("HEAD %s answered %d with %q", path, head.StatusCode, body)
		}
		_ = head.Body.Close()
	}
}

// allows tells whether the header Allow lists these methods.
func allows(header string, methods []string) bool {
	var listed []string
	for one := range strings.SplitSeq(header, ",") {
		listed = append(listed, strings.TrimSpace(one))
	}
	slices.Sort(listed)
	return slices.Equal(listed, slices.Sorted(slices.Values(methods)))
}

// contractHeaders is about what every answer carries.
func contractHeaders(t *testing.T, p *program) {
	admin := p.admin()
	if got := admin.do("GET", "/v1/queues", nil, "Request-Id", "my-own-id").want(200); got.header.Get("Request-Id") != "my-own-id" {
		t.Errorf("the request's id became %q", got.header.Get("Request-Id"))
	}
	for _, odd := range []string{strings.Repeat("a", 129), "with space", "\u00fc"} {
		if got := admin.do("GET", "/v1/queues", nil, "Request-Id", odd).want(200); got.header.Get("Request-Id") == odd {
			t.Errorf("the request's id %q is taken over", odd)
		}
	}
	problem := admin.do("GET", "/v1/queues/"+unknownID+"?x=1", nil).want(400)
	if problem.header.Get("Content-Type") != "application/problem+json" || problem.get("request_id") != problem.header.Get("Request-Id") ||
		problem.get("instance") != "/v1/queues/"+unknownID || !strings.HasSuffix(problem.get("type"), problem.get("code")) || problem.get("status") != "400" {
		t.Errorf("the problem is %s", problem.body)
	}
	for _, path := range []string{"/v1/queues", "/v1/queues/" + unknownID, "/v1/events"} {
		if got := admin.do("GET", path, nil); got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be kept: %v", path, got.header)
		}
	}
	before := admin.do("POST", "/v1/queues", map[string]any{"name": "Header"}).want(201).header.Get("Event-Cursor")
	if before == "" {
		t.Error("a command tells no Event-Cursor")
	}
	admin.do("GET", "/v1/events?cursor="+url.QueryEscape(before), nil).want(200)
}
