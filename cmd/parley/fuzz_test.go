package main

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/internal/contracttest"
)

// mutant is a body with one fault.
type mutant struct {
	fault   string
	body    string
	pointer string // what the problem must point at; "-" for nothing
	status  int    // 400 unless given
	headers []string
}

// TestFuzzBodies takes a valid body of every operation from the contract, and
// breaks it in one place after the other: the answer is always a problem that
// names the place.
func TestFuzzBodies(t *testing.T) {
	t.Parallel()
	admin, sent := start(t, template.SQLite(t)).admin(), 0
	for _, o := range operations(t) {
		if o.body == nil {
			continue
		}
		for _, m := range mutants(o) {
			sent++
			got := admin.do(o.method, o.filled, m.body, append([]string{"If-Match", `"1"`}, m.headers...)...)
			errors, _ := lookup(got.value, "errors").([]any)
			switch {
			case got.status != max(m.status, 400):
				t.Errorf("%s with %s answered %d: %s\n%.200s", o.id, m.fault, got.status, got.body, m.body)
			case m.pointer != "-" && !slices.Contains(each(errors, "pointer"), m.pointer):
				t.Errorf("%s with %s does not point at %q: %s", o.id, m.fault, m.pointer, got.body)
			}
		}
	}
	t.Logf("%d mutants", sent)
	if sent < 1000 {
		t.Errorf("only %d mutants were made", sent)
	}
}

// operation is one operation of the contract, with a path to call it by.
type operation struct {
	id, method, path, filled string
	spec                     *openapi3.Operation
	parameters               openapi3.Parameters
	body                     *openapi3.Schema // of a JSON body that the contract alone describes
	example                  map[string]any
}

// operations lists the contract, in the order of its ids. Open Messaging's are left
// out: they answer in a format of their own, and open_test.go holds them to it.
func operations(t testing.TB) []operation {
	t.Helper()
	return slices.DeleteFunc(allOperations(t), func(o operation) bool { return strings.HasPrefix(o.path, "/api/v2/") })
}

// allOperations is operations with those of Open Messaging.
func allOperations(t testing.TB) []operation {
	t.Helper()
	var all []operation
	for path, item := range contracttest.Document(t).Paths.Map() {
		for method, spec := range item.Operations() {
			o := operation{id: spec.OperationID, method: method, path: path, spec: spec, parameters: slices.Concat(item.Parameters, spec.Parameters)}
			o.filled = fill(path, unknownID)
			if raw, _ := spec.Extensions["x-parley-raw-body"].(bool); spec.RequestBody != nil && !raw {
				o.body, o.example = bodyOf(t, spec)
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return all
}

// fill puts an id in place of every parameter of a path.
func fill(path, id string) string {
	for strings.Contains(path, "{") {
		before, rest, _ := strings.Cut(path, "{")
		name, after, _ := strings.Cut(rest, "}")
		if name == "kind" {
			path = before + "messenger" + after
			continue
		}
		path = before + id + after
	}
	return path
}

// bodyOf gives the schema of a JSON body, and the largest of its examples.
func bodyOf(t testing.TB, spec *openapi3.Operation) (*openapi3.Schema, map[string]any) {
	media := spec.RequestBody.Value.Content["application/json"]
	var largest map[string]any
	for _, one := range sorted(media.Examples) {
		if e, ok := one.Value.Value.(map[string]any); ok && (largest == nil || len(e) > len(largest)) {
			largest = e
		}
	}
	if largest == nil {
		t.Fatalf("%s has no example of its body", spec.OperationID)
	}
	return media.Schema.Value, largest
}

// mutants breaks an example in every way that the schema tells of.
func mutants(o operation) []mutant {
	all := whole(o)
	object(o.body, o.example, "", func(fault, pointer string, value any) {
		raw, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		all = append(all, mutant{fault: fault, body: string(raw), pointer: pointer})
	})
	return all
}

// whole breaks a body as a whole.
func whole(o operation) []mutant {
	raw, _ := json.Marshal(o.example)
	body := string(raw)
	inside := strings.TrimSuffix(strings.TrimPrefix(body, "{"), "}")
	comma := ""
	if inside != "" {
		comma = ","
	}
	with := func(member string) string { return "{" + inside + comma + member + "}" }
	// Where the body has a text, it is that one which is broken; else one that should not be there.
	first, spoiled := "x", func(text string) string { return with(`"x":"` + text + `"`) }
	for name, value := range sorted(o.example) {
		if was, ok := value.(string); ok {
			quoted, _ := json.Marshal(was)
			first, spoiled = name, func(text string) string { return strings.Replace(body, string(quoted), `"`+text+`"`, 1) }
			break
		}
	}
	all := []mutant{
		{fault: "a doubled name", body: with(`"` + first + `":1,"` + first + `":2`), pointer: "-"},
		{fault: "trailing bytes", body: body + " x", pointer: "-"},
		{fault: "two values", body: body + body, pointer: "-"},
		{fault: "half a value", body: body[:len(body)-1], pointer: "-"},
		{fault: "a trailing comma", body: "{" + inside + ",}", pointer: "-"},
		{fault: "a comment", body: body + "//", pointer: "-"},
		{fault: "a byte order mark", body: "\ufeff" + body, pointer: "-"},
		{fault: "a number that is none", body: with(`"x":NaN`), pointer: "-"},
		{fault: "a number beyond all bounds", body: with(`"x":1e999`), pointer: "-"},
		{fault: "U+0000", body: spoiled(`a\u0000b`), pointer: "/" + first},
		{fault: "U+0000 in a name", body: with(`"a\u0000b":1`), pointer: "-"},
		{fault: "invalid UTF-8", body: spoiled("a\xffb"), pointer: "-"},
		{fault: "half a character", body: spoiled("a\xf0\x9f\x98"), pointer: "-"},
		{fault: "deep nesting", body: with(`"x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), pointer: "-"},
		{fault: "deep nesting without an end", body: strings.Repeat(`{"x":`, 10_000), pointer: "-"},
		{fault: "a body over 1 MiB", body: with(`"x":"` + strings.Repeat("a", 1<<20) + `"`), pointer: "-", status: 413},
		{fault: "a text as body", body: `"{}"`, pointer: ""},
		{fault: "a number as body", body: `7`, pointer: ""},
		{fault: "a list as body", body: "[" + body + "]", pointer: ""},
		{fault: "null as body", body: `null`, pointer: ""},
		{fault: "another content type", body: body, pointer: "-", status: 415, headers: []string{"Content-Type", "text/plain"}},
		{fault: "a form", body: "name=x", pointer: "-", status: 415, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{fault: "no content type that can be read", body: body, pointer: "-", status: 415, headers: []string{"Content-Type", ";"}},
		{fault: "XML", body: "<name/>", pointer: "-"},
	}
	if o.spec.RequestBody.Value.Required {
		all = append(all, mutant{fault: "an empty body", pointer: "-"})
	}
	return all
}

// object breaks each member of an object in turn. add is given the whole body.
func object(s *openapi3.Schema, example map[string]any, at string, add func(fault, pointer string, value any)) {
	with := func(name string, value any) map[string]any {
		broken := maps.Clone(example)
		if broken == nil {
			broken = map[string]any{}
		}
		broken[name] = value
		return broken
	}
	if closed := s.AdditionalProperties.Has; closed != nil && !*closed {
		add("an unknown field", at+"/of_tomorrow", with("of_tomorrow", 1))
		if s.Properties["id"] == nil {
			add("a read-only field", at+"/id", with("id", unknownID))
		}
	}
	for _, name := range s.Required {
		broken := with("", nil) // an object also where the example has none
		delete(broken, "")
		delete(broken, name)
		add("a missing "+name, at+"/"+name, broken)
	}
	for name, property := range sorted(s.Properties) {
		field, pointer := property.Value, at+"/"+name
		for fault, value := range sorted(faults(field)) {
			add(name+": "+fault, pointer, with(name, value))
		}
		switch inner, _ := example[name].(map[string]any); {
		case field.Properties != nil:
			object(field, inner, pointer, func(fault, p string, value any) { add(fault, p, with(name, value)) })
		case field.Items != nil:
			for fault, value := range sorted(faults(field.Items.Value)) {
				add(name+", an entry: "+fault, pointer+"/0", with(name, []any{value}))
			}
		}
	}
	if more := s.AdditionalProperties.Schema; more != nil {
		for fault, value := range sorted(faults(more.Value)) {
			add("any other member: "+fault, at+"/other", with("other", value))
		}
	}
}

// sorted walks through a map in the order of its keys.
func sorted[T any](m map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// faults gives values that a schema does not allow, by what is wrong with them.
func faults(s *openapi3.Schema) map[string]any {
	kinds, nullable := types(s)
	found := map[string]any{}
	for kind, value := range map[string]any{"string": "text", "number": 7.5, "boolean": true, "array": []any{}, "object": map[string]any{}} {
		if !slices.Contains(kinds, kind) && !(kind == "number" && slices.Contains(kinds, "integer")) {
			found["a "+kind] = value
		}
	}
	if !nullable {
		found["null"] = nil
	}
	for _, alternative := range s.AnyOf {
		if len(s.AnyOf) == 2 && !alternative.Value.Type.Is("null") {
			maps.Copy(found, bounds(alternative.Value))
		}
	}
	maps.Copy(found, bounds(s))
	return found
}

// types lists the JSON types that a schema allows.
func types(s *openapi3.Schema) (kinds []string, nullable bool) {
	for _, kind := range s.Type.Slice() {
		if kind == "null" {
			nullable = true
		}
		kinds = append(kinds, kind)
	}
	for _, alternative := range s.AnyOf {
		more, null := types(alternative.Value)
		kinds, nullable = append(kinds, more...), nullable || null
	}
	return kinds, nullable
}

// bounds gives values of the right type that go too far.
func bounds(s *openapi3.Schema) map[string]any {
	found := map[string]any{}
	if s.Type.Includes("string") {
		if s.MaxLength != nil {
			found["too long"] = strings.Repeat("a", int(*s.MaxLength)+1)
		}
		if s.MinLength > 0 {
			found["empty"] = ""
		}
		if len(s.Enum) > 0 || s.Pattern != "" { // a space is in no enum and fits no pattern
			found["no such value"] = "of tomorrow"
		}
		if s.Format == "uuid" || s.Format == "email" {
			found["no "+s.Format], found["almost a "+s.Format] = "text", "01990a5c-7e10-7a31-9c02-6f4d1b2a000g"
		}
	}
	if s.Type.Includes("integer") {
		found["a fraction"] = 7.5
	}
	if s.Min != nil {
		found["too small"], found["far too small"] = *s.Min-1, -math.MaxFloat64
	}
	if s.Max != nil {
		found["too large"], found["far too large"] = *s.Max+1, math.MaxFloat64
	}
	if s.Items != nil && s.MaxItems != nil {
		many := make([]any, *s.MaxItems+1)
		for i := range many {
			many[i] = sample(s.Items.Value, i)
		}
		found["too many"] = many
	}
	if s.MinItems > 0 {
		found["too few"] = []any{}
	}
	if s.MaxProps != nil {
		many := map[string]any{}
		for i := range *s.MaxProps + 1 {
			many[fmt.Sprint("member ", i)] = "text"
		}
		found["too many members"] = many
	}
	return found
}

// sample is a value that a schema of an entry allows.
func sample(s *openapi3.Schema, n int) any {
	switch {
	case s.Format == "uuid":
		return unknownID[:32] + fmt.Sprintf("%04x", n)
	case s.Type.Is("object"):
		one := map[string]any{}
		for _, name := range s.Required {
			one[name] = "text"
		}
		return one
	}
	return "text" + strconv.Itoa(n)
}
