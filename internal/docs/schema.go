package docs

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// fields lists an object's members, in the order in which its schema requires them.
func fields(s *openapi3.Schema) (all []field) {
	for _, name := range ordered(s) {
		property := member(s, name)
		all = append(all, field{Name: name, Type: typeOf(property), Required: requires(s, name), Description: limits(property.Value, property.Value.Description)})
	}
	return all
}

// parts are a schema and all that it is made of.
func parts(s *openapi3.Schema) []*openapi3.Schema {
	all := []*openapi3.Schema{s}
	for _, ref := range s.AllOf {
		all = append(all, parts(ref.Value)...)
	}
	return all
}

func member(s *openapi3.Schema, name string) *openapi3.SchemaRef {
	for _, p := range parts(s) {
		if found := p.Properties[name]; found != nil {
			return found
		}
	}
	return nil
}

func requires(s *openapi3.Schema, name string) bool {
	return slices.ContainsFunc(parts(s), func(p *openapi3.Schema) bool { return slices.Contains(p.Required, name) })
}

// ordered gives the names of an object's members: first those that are required, as
// the contract orders them.
func ordered(s *openapi3.Schema) (names []string) {
	var rest []string
	for _, p := range parts(s) {
		for _, name := range p.Required {
			if member(s, name) != nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for name := range p.Properties {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// typeOf names a type, with a link to it where the contract names it.
func typeOf(ref *openapi3.SchemaRef) template.HTML {
	if ref == nil || ref.Value == nil {
		return ""
	}
	if name, named := strings.CutPrefix(ref.Ref, "#/components/schemas/"); named {
		return template.HTML(fmt.Sprintf(`<a href="#schema-%s">%s</a>`, name, name)) //nolint:gosec // a name of the contract's own
	}
	return shape(ref.Value)
}

// shape describes a type that has no name.
func shape(s *openapi3.Schema) template.HTML {
	if options := slices.Concat(s.OneOf, s.AnyOf); len(options) > 0 {
		return joined(options, " or ")
	}
	if s.Type == nil {
		return cmp.Or(joined(s.AllOf, " and "), "any")
	}
	var words []string
	for _, t := range s.Type.Slice() {
		switch {
		case t == "array":
			words = append(words, "list of "+string(typeOf(s.Items)))
		case t == "object" && s.AdditionalProperties.Schema != nil:
			words = append(words, "map of "+string(typeOf(s.AdditionalProperties.Schema)))
		case t == "string" && s.Format != "":
			words = append(words, template.HTMLEscapeString(s.Format))
		default:
			words = append(words, t)
		}
	}
	return template.HTML(strings.Join(words, " or ")) //nolint:gosec // escaped above
}

func joined(refs openapi3.SchemaRefs, by string) template.HTML {
	words := make([]string, len(refs))
	for i, ref := range refs {
		words[i] = string(typeOf(ref))
	}
	return template.HTML(strings.Join(words, by)) //nolint:gosec // escaped where they were made
}

// limits describes a field with all that its schema holds it to.
func limits(s *openapi3.Schema, description string) template.HTML {
	var notes []string
	note := func(format string, values ...any) { notes = append(notes, fmt.Sprintf(format, values...)) }
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprintf("`%v`", v)
		}
		note("One of %s.", strings.Join(values, ", "))
	}
	if s.Default != nil {
		note("Default `%s`.", pretty(s.Default, nil, ""))
	}
	if s.Min != nil && s.Max != nil {
		note("From %s to %s.", number(*s.Min), number(*s.Max))
	}
	if s.MaxLength != nil && s.Format == "" {
		note("%s characters.", between(s.MinLength, *s.MaxLength))
	}
	if s.MaxItems != nil {
		note("%s entries.", between(s.MinItems, *s.MaxItems))
	}
	if s.Pattern != "" {
		note("Matches `%s`.", s.Pattern)
	}
	text := inline(description)
	if len(notes) > 0 {
		text += template.HTML(` <span class="limits">` + string(inline(strings.Join(notes, " "))) + `</span>`) //nolint:gosec // escaped by inline
	}
	return text
}

func between(least, most uint64) string {
	if least == 0 {
		return fmt.Sprintf("Up to %d", most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
