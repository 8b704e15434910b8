package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/api"
)

// loadSpec reads the embedded contract anew, so that a test may change its copy.
func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.SpecYAML)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return doc
}

// operation is one operation of the contract with its place.
type operation struct {
	*openapi3.Operation
	method, path string
}

func (o operation) String() string { return o.method + " " + o.path }

func operations(doc *openapi3.T) []operation {
	var all []operation
	for _, path := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(path).Operations() {
			all = append(all, operation{op, method, path})
		}
	}
	return all
}

func TestSpecIsTheContract(t *testing.T) {
	t.Parallel()
	contract, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(contract, api.SpecYAML) {
		t.Error("api/openapi.yaml is not openapi.yaml: run scripts/generate")
	}
}

func TestSpecIsValid(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi: %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// The validator that checks requests ignores these without a word.
var forbidden = []string{
	"const", "patternProperties", "if", "then", "else", "prefixItems", "contains", "propertyNames",
	"unevaluatedProperties", "unevaluatedItems", "dependentSchemas", "dependentRequired",
}

func TestSpecUsesOnlyKeywordsThatAreChecked(t *testing.T) {
	t.Parallel()
	eachSchema(loadSpec(t), func(where string, schema *openapi3.Schema, _ bool) {
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		for _, word := range forbidden {
			if _, there := members[word]; there {
				t.Errorf("%s: %s", where, word)
			}
		}
	})
}

func TestEveryOperationSaysWhatItIs(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	seen := map[string]bool{}
	for _, op := range operations(doc) {
		if op.OperationID == "" || seen[op.OperationID] {
			t.Errorf("%s: operationId %q is missing or doubled", op, op.OperationID)
		}
		seen[op.OperationID] = true
		if len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil {
			t.Errorf("%s: wants one of the tags that the contract describes, has %v", op, op.Tags)
		}
		if op.Summary == "" || op.Description == "" {
			t.Errorf("%s: wants a summary and a description", op)
		}
		if op.Security == nil {
			t.Errorf("%s: wants its own security, be it empty", op)
			continue
		}
		if !strings.HasPrefix(op.path, "/v1/") {
			continue
		}
		if len(*op.Security) == 0 {
			t.Errorf("%s: wants a token", op)
		}
		problem := op.Responses.Default()
		if problem == nil || problem.Ref != "#/components/responses/Problem" {
			t.Errorf("%s: wants Problem as its default response", op)
		}
		if want, got := precondition(doc, op), ifMatch(op); want != "" && got != want || want == "" && got == "IfMatchRequired" {
			t.Errorf("%s: wants the parameter %q, has %q: a full PUT of a versioned resource must have If-Match, its PATCH and DELETE may", op, want, got)
		}
		if op.method != "GET" && !triable(op) {
			t.Errorf("%s: every write takes the parameter ValidateOnly, and documents its answer: '200': {$ref: '#/components/responses/Validated'}; or, where it "+
				"answers 200 by itself, schema: {oneOf: [{$ref: '#/components/schemas/X'}, {$ref: '#/components/schemas/Validated'}], x-go-type: X}. What its handler "+
				"does beyond the database, it leaves out where storage.Trying says so", op)
		}
		if key := op.Parameters.GetByInAndName("header", "Idempotency-Key"); (key != nil) != (op.method != "GET") {
			t.Errorf("%s: Idempotency-Key belongs to every write and to no read", op)
		}
	}
}

// precondition names the parameter If-Match that an operation on a versioned resource has.
func precondition(doc *openapi3.T, op operation) string {
	read := doc.Paths.Value(op.path).Get
	if strings.Count(op.path, "/") > 3 || read == nil || read.Responses.Value("200").Value.Headers["ETag"] == nil {
		return ""
	}
	return map[string]string{"PUT": "IfMatchRequired", "PATCH": "IfMatch", "DELETE": "IfMatch"}[op.method]
}

// ifMatch names the parameter If-Match of an operation; "" for none.
func ifMatch(op operation) string {
	for _, p := range op.Parameters {
		if p.Value.Name == "If-Match" {
			return strings.TrimPrefix(p.Ref, "#/components/parameters/")
		}
	}
	return ""
}

// triable tells whether an operation takes validate_only and documents its answer.
func triable(op operation) bool {
	parameter, answer := op.Parameters.GetByInAndName("query", "validate_only"), op.Responses.Value("200")
	if parameter == nil || answer == nil {
		return false
	}
	if answer.Ref == "#/components/responses/Validated" {
		return true
	}
	media := answer.Value.Content.Get("application/json")
	if media == nil || len(media.Schema.Value.OneOf) != 2 {
		return false
	}
	own, validated := media.Schema.Value.OneOf[0].Ref, media.Schema.Value.OneOf[1].Ref
	return validated == "#/components/schemas/Validated" && own == "#/components/schemas/"+fmt.Sprint(media.Schema.Value.Extensions["x-go-type"])
}

func TestEveryScopeIsDeclared(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	declared := doc.Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes
	// These are asked for where tokens are issued, not by an operation.
	used := map[string]bool{"agent:act_as": true}
	for _, op := range operations(doc) {
		if op.Security == nil {
			continue // another test tells
		}
		for _, requirement := range *op.Security {
			for scheme, scopes := range requirement {
				if scheme != "bearer" {
					t.Errorf("%s: security scheme %q", op, scheme)
				}
				for _, scope := range scopes {
					used[scope] = true
				}
			}
		}
		for _, when := range scopesWhen(t, op) {
			for _, scope := range when.Scopes {
				used[scope] = true
			}
		}
	}
	for scope := range used {
		if declared[scope] == "" {
			t.Errorf("%s is used, but not declared with a description", scope)
		}
	}
}

// condition is one entry of x-scopes-when.
type condition struct {
	Property string           `json:"property"`
	Equals   string           `json:"equals"`
	With     map[string][]any `json:"with"`
	Scopes   []string         `json:"scopes"`
	Any      []string         `json:"any"`
}

// among tells whether a property of a body, by its path, can have a value.
func among(body *openapi3.Schema, path string, value any) bool {
	name, rest, deeper := strings.Cut(path, ".")
	property := body.Properties[name]
	if property == nil || deeper {
		return property != nil && among(property.Value, rest, value)
	}
	return slices.Contains(property.Value.Enum, value) || value == nil && !slices.Contains(body.Required, name)
}

// scopesWhen reads an operation's conditional scopes and checks that the
// condition can be met: the property and the value exist in the body's schema.
func scopesWhen(t *testing.T, op operation) []condition {
	t.Helper()
	extension, there := op.Extensions["x-scopes-when"]
	if !there {
		return nil
	}
	raw, err := json.Marshal(extension)
	if err != nil {
		t.Fatal(err)
	}
	var conditions []condition
	if err := json.Unmarshal(raw, &conditions); err != nil || len(conditions) == 0 {
		t.Fatalf("%s: x-scopes-when: %s", op, raw)
	}
	body := op.RequestBody.Value.Content["application/json"].Schema.Value
	for _, c := range conditions {
		if !among(body, c.Property, c.Equals) || len(c.Scopes)+len(c.Any) == 0 {
			t.Errorf("%s: x-scopes-when: the body's %s is never %q", op, c.Property, c.Equals)
		}
		for path, values := range c.With {
			for _, value := range values {
				if !among(body, path, value) {
					t.Errorf("%s: x-scopes-when: the body's %s is never %q", op, path, value)
				}
			}
		}
	}
	return conditions
}

// Requests are strict: nothing unknown, and a bound to everything.
func TestEveryRequestIsBounded(t *testing.T) {
	t.Parallel()
	eachSchema(loadSpec(t), func(where string, s *openapi3.Schema, request bool) {
		if !request {
			return
		}
		open := s.Extensions["x-parley-open"] != nil
		extra := s.AdditionalProperties
		switch {
		case s.Type.Includes("object") && extra.Schema != nil:
			if s.MaxProps == nil {
				t.Errorf("%s: a map wants maxProperties", where)
			}
		case s.Type.Includes("object") && !open && (extra.Has == nil || *extra.Has):
			t.Errorf("%s: an object wants additionalProperties: false, or x-parley-open with a reason", where)
		case s.Type.Includes("string") && s.MaxLength == nil && len(s.Enum) == 0:
			t.Errorf("%s: a string wants maxLength", where)
		case s.Type.Includes("array") && s.MaxItems == nil:
			t.Errorf("%s: an array wants maxItems", where)
		case (s.Type.Includes("integer") || s.Type.Includes("number")) && (s.Min == nil || s.Max == nil):
			t.Errorf("%s: a number wants minimum and maximum", where)
		}
	})
}

// Answers are complete: what is listed is there, null when empty.
func TestEveryAnswerIsComplete(t *testing.T) {
	t.Parallel()
	eachSchema(loadSpec(t), func(where string, s *openapi3.Schema, request bool) {
		if request {
			return
		}
		if s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has {
			t.Errorf("%s: an answer may grow: no additionalProperties: false", where)
		}
		for name, property := range s.Properties {
			optional := s.Extensions["x-parley-sparse"] != nil || property.Value.Extensions["x-parley-optional"] != nil
			if slices.Contains(s.Required, name) == optional {
				t.Errorf("%s/%s: either required, or x-parley-optional with a reason", where, name)
			}
		}
	})
}

func TestEverySchemaIsDescribed(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	for name, schema := range doc.Components.Schemas {
		if schema.Value.Description == "" {
			t.Errorf("%s: wants a description", name)
		}
		for _, value := range schema.Value.Enum {
			if text, ok := value.(string); ok && !strings.Contains(schema.Value.Description, strings.TrimPrefix(text, before(text, '.'))+"`") {
				t.Errorf("%s: the description leaves out %q", name, text)
			}
		}
		for property, s := range schema.Value.Properties {
			if s.Value.Description == "" {
				t.Errorf("%s/%s: wants a description", name, property)
			}
		}
	}
}

// before gives what stands before the last separator, or nothing: an event's
// type is described by its last word.
func before(text string, separator byte) string {
	return text[:max(0, strings.LastIndexByte(text, separator))]
}

func TestExamplesFollowTheirSchemas(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	for _, op := range operations(doc) {
		if body := op.RequestBody; body != nil {
			checkExamples(t, op.String()+" body", body.Value.Content, openapi3.VisitAsRequest())
		}
		for status, response := range op.Responses.Map() {
			checkExamples(t, op.String()+" "+status, response.Value.Content, openapi3.VisitAsResponse())
		}
	}
}

// checkExamples validates as requests and responses are validated when Parley
// runs: by the part of JSON Schema that OpenAPI 3.0 and type lists make up.
func checkExamples(t *testing.T, where string, content openapi3.Content, as openapi3.SchemaValidationOption) {
	t.Helper()
	for mediaType, media := range content {
		for name, example := range media.Examples {
			raw, err := json.Marshal(example.Value.Value)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal(raw, &value); err != nil {
				t.Fatal(err)
			}
			err = media.Schema.Value.VisitJSON(value, as, openapi3.MultiErrors(), openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidator(
				"uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562)))
			if err != nil {
				t.Errorf("%s %s example %s: %v", where, mediaType, name, err)
			}
		}
	}
}

// eachSchema visits every schema that a request or an answer is made of, with
// its place and whether a client writes it. What no operation refers to is
// visited as an answer.
func eachSchema(doc *openapi3.T, visit func(where string, schema *openapi3.Schema, request bool)) {
	w := &walker{visit: visit, seen: map[visited]bool{}, refs: map[string]bool{}}
	for _, op := range operations(doc) {
		parameters := append(slices.Clone(op.Parameters), doc.Paths.Value(op.path).Parameters...)
		for _, p := range parameters {
			w.walk(op.String()+" "+p.Value.Name, p.Value.Schema, true)
		}
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Value.Content {
				w.walk(op.String()+" body", media.Schema, true)
			}
		}
		for status, response := range op.Responses.Map() {
			for _, media := range response.Value.Content {
				w.walk(op.String()+" "+status, media.Schema, false)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		if !w.refs["#/components/schemas/"+name] {
			w.walk("components "+name, schema, false)
		}
	}
}

type visited struct {
	schema  *openapi3.Schema
	request bool
}

type walker struct {
	visit func(string, *openapi3.Schema, bool)
	seen  map[visited]bool
	refs  map[string]bool
}

func (w *walker) walk(where string, ref *openapi3.SchemaRef, request bool) {
	if ref == nil || ref.Value == nil || w.seen[visited{ref.Value, request}] {
		return
	}
	w.refs[ref.Ref] = true
	s := ref.Value
	w.seen[visited{s, request}] = true
	w.visit(where, s, request)
	for name, property := range s.Properties {
		w.walk(where+"/"+name, property, request)
	}
	w.walk(where+"[]", s.Items, request)
	w.walk(where+"{}", s.AdditionalProperties.Schema, request)
	for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, option := range list {
			w.walk(where, option, request)
		}
	}
	w.walk(where, s.Not, request)
}
