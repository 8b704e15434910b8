package docs

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	code = regexp.MustCompile("`([^`]+)`")
	bold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// inline writes the contract's bold and code as HTML; everything else is text.
func inline(text string) template.HTML {
	text = template.HTMLEscapeString(strings.TrimSpace(text))
	text = code.ReplaceAllString(text, "<code>$1</code>")
	return template.HTML(bold.ReplaceAllString(text, "<strong>$1</strong>")) //nolint:gosec // escaped above
}

// prose writes paragraphs.
func prose(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			b.WriteString("<p>" + string(inline(paragraph)) + "</p>\n")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // escaped by inline
}

// title writes wrap-up-codes as a heading.
func title(tag string) string {
	words := strings.ReplaceAll(tag, "-", " ")
	words = strings.NewReplacer("wrap up", "wrap-up", "oauth", "OAuth").Replace(words)
	return strings.ToUpper(words[:1]) + words[1:]
}

// pretty writes an example as JSON, with its members in the order of their schema.
func pretty(value any, ref *openapi3.SchemaRef, indent string) string {
	var s *openapi3.Schema
	if ref != nil {
		s = ref.Value
	}
	switch v := value.(type) {
	case map[string]any:
		return prettyObject(v, s, indent)
	case []any:
		var items *openapi3.SchemaRef
		if s != nil {
			items = s.Items
		}
		lines := make([]string, len(v))
		for i, item := range v {
			lines[i] = pretty(item, items, indent+"  ")
		}
		return enclosed("[", lines, "]", indent)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
}

func prettyObject(v map[string]any, s *openapi3.Schema, indent string) string {
	s = suited(v, s)
	names := slices.Sorted(maps.Keys(v))
	place := func(name string) int {
		if i := slices.Index(ordered(s), name); i >= 0 {
			return i
		}
		return len(v) + len(s.Properties)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	lines := make([]string, len(names))
	for i, name := range names {
		lines[i] = fmt.Sprintf("%q: %s", name, pretty(v[name], member(s, name), indent+"  "))
	}
	return enclosed("{", lines, "}", indent)
}

// suited picks, of the schemas that an object may have, the one that has its members.
func suited(v map[string]any, s *openapi3.Schema) *openapi3.Schema {
	if s == nil {
		return &openapi3.Schema{}
	}
	for _, option := range slices.Concat(s.OneOf, s.AnyOf) {
		fits := true
		for name := range v {
			fits = fits && member(option.Value, name) != nil
		}
		if fits {
			return option.Value
		}
	}
	return s
}

// enclosed writes short lists on one line.
func enclosed(begin string, lines []string, end, indent string) string {
	line := begin + strings.Join(lines, ", ") + end
	if len(line)+len(indent) <= 76 && !strings.Contains(line, "\n") {
		return line
	}
	return begin + "\n" + indent + "  " + strings.Join(lines, ",\n"+indent+"  ") + "\n" + indent + end
}

// conditions says which scopes a value of the body needs as well.
func conditions(extension any) (all []template.HTML) {
	raw, err := json.Marshal(extension)
	if err != nil {
		return nil
	}
	var when []struct {
		Property string           `json:"property"`
		Equals   string           `json:"equals"`
		With     map[string][]any `json:"with"`
		Scopes   []string         `json:"scopes"`
		Any      []string         `json:"any"`
	}
	if json.Unmarshal(raw, &when) != nil {
		return nil
	}
	for _, w := range when {
		where := fmt.Sprintf("`%s: %s`", w.Property, w.Equals)
		for _, name := range slices.Sorted(maps.Keys(w.With)) {
			where += fmt.Sprintf(" and `%s: %v`", name, w.With[name][0])
		}
		needs := "also `" + strings.Join(w.Scopes, "`, `") + "`"
		if len(w.Any) > 0 {
			needs = "one of `" + strings.Join(w.Any, "`, `") + "`"
		}
		all = append(all, inline(fmt.Sprintf("With %s %s.", where, needs)))
	}
	return all
}

// curl shows how to call an operation from a shell, with its first example.
func curl(o operation) string {
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != "GET" {
		b.WriteString(" -X " + o.Method)
	}
	b.WriteString(` "$URL` + o.Path + `"`)
	if !o.Public {
		b.WriteString(" \\\n  -H \"Authorization: Bearer $TOKEN\"")
	}
	for _, p := range o.Parameters {
		if p.In == "header" && p.Required {
			b.WriteString(" \\\n  -H '" + p.Name + `: "1"'`)
		}
	}
	if o.Body != nil && slices.Contains(o.Body.Media, "application/json") && len(o.Body.Examples) > 0 {
		b.WriteString(" \\\n  -H 'Content-Type: application/json' \\\n  -d '" + strings.ReplaceAll(o.Body.Examples[0].Text, "'", `'\''`) + "'")
	}
	return b.String()
}
