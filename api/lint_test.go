package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/api"
)

// Every operation shows how it is called and what it answers, but for what is no JSON
// and no form: files, pages and figures.
func TestEveryOperationHasExamples(t *testing.T) {
	t.Parallel()
	for _, op := range operations(loadSpec(t)) {
		if op.OperationID == "getContractJSON" {
			continue // this very contract
		}
		if op.RequestBody != nil && !shown(op.RequestBody.Value.Content) {
			t.Errorf("%s: its body has no example", op)
		}
		for status, response := range op.Responses.Map() {
			if strings.HasPrefix(status, "2") && len(response.Value.Content) > 0 && !shown(response.Value.Content) {
				t.Errorf("%s: the answer %s has no example", op, status)
			}
		}
	}
}

// shown tells whether an example stands beside at least one of the media types that
// people can read, with a heading.
func shown(content openapi3.Content) bool {
	readable := false
	for name, media := range content {
		readable = readable || strings.HasSuffix(name, "json") || strings.HasSuffix(name, "form-urlencoded")
		for _, example := range media.Examples {
			if example.Value.Summary != "" && example.Value.Value != nil {
				return true
			}
		}
	}
	return !readable
}

// Whoever reads an operation finds every word of it explained.
func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	sentence := func(where, text string) {
		t.Helper()
		if text = strings.TrimSpace(text); len(text) < 5 || !strings.HasSuffix(text, ".") {
			t.Errorf("%s: wants a description that is a sentence, has %q", where, text)
		}
	}
	for _, tag := range doc.Tags {
		sentence("tag "+tag.Name, tag.Description)
	}
	for _, op := range operations(doc) {
		sentence(op.String(), op.Description)
		for _, p := range slices.Concat(op.Parameters, doc.Paths.Value(op.path).Parameters) {
			sentence(op.String()+" "+p.Value.Name, p.Value.Description)
		}
		for status, response := range op.Responses.Map() {
			sentence(op.String()+" "+status, *response.Value.Description)
			for name, header := range response.Value.Headers {
				sentence(op.String()+" "+status+" "+name, header.Value.Description)
			}
		}
	}
}

var (
	operationID = regexp.MustCompile(`^[a-z]+([A-Z][a-z]*|Id|YAML|JSON|OAuth)*$`)
	segment     = regexp.MustCompile(`^(\.?[a-z0-9]+([-.][a-z0-9]+)*|\{[a-z]+(_[a-z]+)*\})$`)
	snake       = regexp.MustCompile(`^[a-z]+[a-z0-9]*(_[a-z0-9]+)*$`)
)

// Names look alike everywhere: operations in camelCase, paths in kebab-case, fields
// and parameters in snake_case, headers as HTTP writes them.
func TestNamesFollowOneStyle(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	for _, op := range operations(doc) {
		if !operationID.MatchString(op.OperationID) {
			t.Errorf("%s: the operationId %s is not camelCase", op, op.OperationID)
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(op.path, "/"), "/") {
			if !segment.MatchString(part) {
				t.Errorf("%s: %q is not kebab-case", op, part)
			}
		}
		for _, p := range slices.Concat(op.Parameters, doc.Paths.Value(op.path).Parameters) {
			if p.Value.In == "query" && !snake.MatchString(p.Value.Name) && !strings.HasPrefix(op.path, "/hooks/") && !strings.HasPrefix(op.path, "/api/v2/") {
				t.Errorf("%s: the parameter %s is not snake_case", op, p.Value.Name)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		for property := range schema.Value.Properties {
			if !snake.MatchString(property) && schema.Value.Extensions["x-parley-open"] == nil && schema.Value.Extensions["x-parley-foreign"] == nil {
				t.Errorf("%s: the property %s is not snake_case", name, property)
			}
		}
	}
}

// What is created has a place, what is deleted leaves nothing to read.
func TestStatusesFollowOneStyle(t *testing.T) {
	t.Parallel()
	for _, op := range operations(loadSpec(t)) {
		if created := op.Responses.Value("201"); created != nil && created.Value.Headers["Location"] == nil {
			t.Errorf("%s: a 201 wants Location", op)
		}
		if gone := op.Responses.Value("204"); gone != nil && len(gone.Value.Content) > 0 {
			t.Errorf("%s: a 204 has no content", op)
		}
		named := slices.ContainsFunc(op.Responses.Keys(), func(status string) bool { return status[0] == '4' })
		if needs := len(op.Parameters) > 0 || op.RequestBody != nil || len(*op.Security) > 0; needs && op.Responses.Default() == nil && !named {
			t.Errorf("%s: it can be refused, and does not say how", op)
		}
	}
}

// Nothing is kept in components that nothing refers to.
func TestEveryComponentIsUsed(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	names := map[string][]string{}
	for name := range doc.Components.Schemas {
		names["schemas"] = append(names["schemas"], name)
	}
	for name := range doc.Components.Parameters {
		names["parameters"] = append(names["parameters"], name)
	}
	for name := range doc.Components.Headers {
		names["headers"] = append(names["headers"], name)
	}
	for name := range doc.Components.Responses {
		names["responses"] = append(names["responses"], name)
	}
	for name := range doc.Components.Examples {
		names["examples"] = append(names["examples"], name)
	}
	used := map[string]bool{}
	for _, ref := range regexp.MustCompile(`#/components/(\w+/[\w.-]+)`).FindAllStringSubmatch(string(api.SpecYAML), -1) {
		used[ref[1]] = true
	}
	// These come with every answer that they are about, whatever the operation.
	everywhere := []string{"RequestId", "ContentLanguage", "EventCursor", "IdempotentReplayed", "OriginalRequestId", "RateLimit", "RateLimitPolicy", "RetryAfter"}
	for kind, list := range names {
		for _, name := range list {
			if !used[kind+"/"+name] && !slices.Contains(everywhere, name) {
				t.Errorf("components/%s/%s: nothing refers to it", kind, name)
			}
		}
	}
	for _, tag := range doc.Tags {
		if !slices.ContainsFunc(operations(doc), func(op operation) bool { return slices.Contains(op.Tags, tag.Name) }) {
			t.Errorf("tag %s: no operation has it", tag.Name)
		}
	}
}
