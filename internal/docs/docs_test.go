package docs

import (
	"compress/gzip"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract reads the contract, once for all tests.
var contract = sync.OnceValues(func() (*openapi3.T, error) { return openapi3.NewLoader().LoadFromFile("../../openapi.yaml") })

func rendered(t *testing.T) (*openapi3.T, string) {
	t.Helper()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	page, err := Render(doc)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(strings.NewReader(string(page.Zipped)))
	if err != nil {
		t.Fatal(err)
	}
	if unzipped, err := io.ReadAll(z); err != nil || string(unzipped) != string(page.HTML) {
		t.Errorf("the zipped page is another one: %v", err)
	}
	return doc, string(page.HTML)
}

// Everything in the contract is on the page, once, and every link on it leads there.
func TestThePageIsComplete(t *testing.T) {
	t.Parallel()
	doc, html := rendered(t)
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\bid="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("%s is there twice", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\bhref="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		place, inside := strings.CutPrefix(strings.ReplaceAll(m[1], "%3a", ":"), "#")
		if inside && ids[place] == 0 || !inside && !strings.HasPrefix(place, "/openapi.") {
			t.Errorf("a link leads to %q", m[1])
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			entry := part(html, `<article id="op-`+o.OperationID+`"`, "</article>")
			for _, want := range []string{method, "<code>" + path + "</code>", o.Summary[:3], "With curl"} {
				if !strings.Contains(entry, want) {
					t.Errorf("%s lacks %q: %q", o.OperationID, want, entry)
				}
			}
			for status := range o.Responses.Map() {
				if !strings.Contains(entry, "<dt><code>"+status+"</code>") {
					t.Errorf("%s lacks the answer %s", o.OperationID, status)
				}
			}
			for _, alternative := range *o.Security {
				for _, scope := range alternative["bearer"] {
					if !strings.Contains(entry, "<code>"+scope+"</code>") {
						t.Errorf("%s lacks the scope %s", o.OperationID, scope)
					}
				}
			}
		}
	}
	for name, s := range doc.Components.Schemas {
		entry := part(html, `<article id="schema-`+name+`"`, "</article>")
		for property := range s.Value.Properties {
			if !strings.Contains(entry, "<code>"+property+"</code>") {
				t.Errorf("%s lacks %s", name, property)
			}
		}
	}
	for scope := range doc.Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes {
		if ids["scope-"+scope] == 0 {
			t.Errorf("the scope %s is not there", scope)
		}
	}
}

func part(text, begin, end string) string {
	_, rest, _ := strings.Cut(text, begin)
	entry, _, _ := strings.Cut(rest, end)
	return entry
}

// The page asks nobody for anything: no address of another host, no event handlers.
func TestThePageStandsAlone(t *testing.T) {
	t.Parallel()
	_, html := rendered(t)
	for _, forbidden := range []string{` src="`, "@import", "url(", `<link`, `<iframe`, ` style="`, ` onclick`, ` onload`, "javascript:", "ZgotmplZ"} {
		if strings.Contains(html, forbidden) {
			t.Errorf("the page has %q", forbidden)
		}
	}
	if n := strings.Count(html, "<script>"); n != 1 {
		t.Errorf("%d scripts", n)
	}
}

// What is searched is what an entry is about.
func TestTheSearchKnowsEveryEntry(t *testing.T) {
	t.Parallel()
	doc, html := rendered(t)
	for path, item := range doc.Paths.Map() {
		for _, o := range item.Operations() {
			words := part(part(html, `<article id="op-`+o.OperationID+`"`, ">"), `data-words="`, `"`)
			for _, want := range []string{o.OperationID, path, o.Tags[0]} {
				if !strings.Contains(words, strings.ToLower(want)) {
					t.Errorf("a search for %q does not find %s", want, o.OperationID)
				}
			}
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a `b` **c** <d>":        "a <code>b</code> <strong>c</strong> &lt;d&gt;",
		"`<script>`":             "<code>&lt;script&gt;</code>",
		" \"quoted\" & 'single'": "&#34;quoted&#34; &amp; &#39;single&#39;",
	} {
		if got := string(inline(text)); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := prose("One.\n\n  Two\n  lines.\n"); got != "<p>One.</p>\n<p>Two\n  lines.</p>\n" {
		t.Errorf("paragraphs: %q", got)
	}
}

// Examples are read from the top: members come in the order of their schema.
func TestExamplesFollowTheirSchemasOrder(t *testing.T) {
	t.Parallel()
	str := openapi3.NewSchemaRef("", openapi3.NewStringSchema())
	s := openapi3.NewObjectSchema()
	s.Properties, s.Required = openapi3.Schemas{"a": str, "id": str, "name": str}, []string{"id", "name"}
	if got := ordered(s); !slices.Equal(got, []string{"id", "name", "a"}) {
		t.Errorf("the order is %v", got)
	}
	got := pretty(map[string]any{"a": "<1>", "name": "n", "id": 7, "zz": []any{}}, openapi3.NewSchemaRef("", s), "")
	if got != `{"id": 7, "name": "n", "a": "<1>", "zz": []}` {
		t.Errorf("it reads %s", got)
	}
	long := strings.Repeat("x", 80)
	if got := pretty(map[string]any{"a": long, "id": []any{1}}, openapi3.NewSchemaRef("", s), ""); got != "{\n  \"id\": [1],\n  \"a\": \""+long+"\"\n}" {
		t.Errorf("a long one reads %s", got)
	}
	either := openapi3.NewSchemaRef("", openapi3.NewOneOfSchema(openapi3.NewObjectSchema(), s))
	if got := pretty(map[string]any{"a": "1", "id": "2"}, either, ""); got != `{"id": "2", "a": "1"}` {
		t.Errorf("one of two reads %s", got)
	}
}
