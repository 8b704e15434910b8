package docs

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// view is what the page shows.
type view struct {
	Style          template.CSS
	Script         template.JS
	Title, Version string
	Summary        string
	Intro          template.HTML
	Tags           []tag
	Scopes         []scope
	Schemas        []schema
	Problems       []problem
}

type tag struct {
	Name, Title string
	Description template.HTML
	Operations  []operation
}

type operation struct {
	ID, Method, Path, Summary string
	Description               template.HTML
	Needs                     [][]string // every scope of one of these lists
	When                      []template.HTML
	Feature                   string // what must not be switched off
	Public                    bool
	Parameters                []field
	Body                      *body
	Responses                 []response
	Curl                      string
	Words                     string // what a search looks at
}

type body struct {
	Required bool
	Media    []string
	Type     template.HTML
	Fields   []field
	Examples []example
}

type response struct {
	Status      string
	Description template.HTML
	Headers     []string
	Media       string
	Type        template.HTML
	Examples    []example
}

type example struct{ Title, Text string }

type field struct {
	Name, In    string
	Type        template.HTML
	Required    bool
	Description template.HTML
}

type schema struct {
	Name        string
	Type        template.HTML
	Description template.HTML
	Fields      []field
	Words       string
}

type scope struct {
	Name        string
	Description template.HTML
	Operations  []string
}

func newView(doc *openapi3.T) *view {
	v := &view{Title: doc.Info.Title, Version: doc.Info.Version, Summary: doc.Info.Summary, Intro: prose(doc.Info.Description), Problems: problems()}
	users := map[string][]string{}
	for _, t := range doc.Tags {
		v.Tags = append(v.Tags, newTag(doc, t, users))
	}
	declared := doc.Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		v.Scopes = append(v.Scopes, scope{Name: name, Description: inline(declared[name]), Operations: users[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		s := doc.Components.Schemas[name].Value
		v.Schemas = append(v.Schemas, schema{Name: name, Type: shape(s), Description: prose(s.Description), Fields: fields(s),
			Words: strings.ToLower(name + " " + s.Description)})
	}
	return v
}

// newTag collects the operations of a tag, in the order of their paths; users learns
// which scope opens which of them.
func newTag(doc *openapi3.T, t *openapi3.Tag, users map[string][]string) tag {
	out := tag{Name: t.Name, Title: title(t.Name), Description: prose(t.Description)}
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			if slices.Contains(spec.Tags, t.Name) {
				out.Operations = append(out.Operations, newOperation(method, path, item, spec))
			}
		}
	}
	order := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	slices.SortFunc(out.Operations, func(a, b operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), slices.Index(order, a.Method)-slices.Index(order, b.Method))
	})
	for _, o := range out.Operations {
		for _, set := range o.Needs {
			for _, name := range set {
				users[name] = append(users[name], o.ID)
			}
		}
	}
	return out
}

func newOperation(method, path string, item *openapi3.PathItem, spec *openapi3.Operation) operation {
	o := operation{ID: spec.OperationID, Method: method, Path: path, Summary: spec.Summary, Description: prose(spec.Description)}
	if spec.Security != nil {
		o.Public = len(*spec.Security) == 0
		for _, alternative := range *spec.Security {
			o.Needs = append(o.Needs, alternative["bearer"])
		}
	}
	o.When = conditions(spec.Extensions["x-scopes-when"])
	o.Feature, _ = spec.Extensions["x-feature"].(string)
	for _, p := range slices.Concat(item.Parameters, spec.Parameters) {
		o.Parameters = append(o.Parameters, field{Name: p.Value.Name, In: p.Value.In, Type: typeOf(p.Value.Schema), Required: p.Value.Required,
			Description: limits(p.Value.Schema.Value, p.Value.Description)})
	}
	o.Body = newBody(spec.RequestBody)
	for _, status := range slices.Sorted(maps.Keys(spec.Responses.Map())) {
		o.Responses = append(o.Responses, newResponse(status, spec.Responses.Value(status).Value))
	}
	o.Curl = curl(o)
	o.Words = strings.ToLower(strings.Join([]string{o.ID, method, path, o.Summary, spec.Description, strings.Join(spec.Tags, " "),
		strings.Join(slices.Concat(o.Needs...), " ")}, " "))
	return o
}

func newBody(ref *openapi3.RequestBodyRef) *body {
	if ref == nil {
		return nil
	}
	b := &body{Required: ref.Value.Required}
	for _, media := range slices.Sorted(maps.Keys(ref.Value.Content)) {
		content := ref.Value.Content[media]
		b.Media, b.Type, b.Fields = append(b.Media, media), typeOf(content.Schema), fields(content.Schema.Value)
		if b.Examples == nil {
			b.Examples = examples(content)
		}
	}
	return b
}

func newResponse(status string, r *openapi3.Response) response {
	out := response{Status: status, Headers: slices.Sorted(maps.Keys(r.Headers))}
	if r.Description != nil {
		out.Description = inline(*r.Description)
	}
	for _, media := range slices.Sorted(maps.Keys(r.Content)) {
		content := r.Content[media]
		out.Media, out.Type = media, typeOf(content.Schema)
		out.Examples = append(out.Examples, examples(content)...)
	}
	return out
}

// examples shows a media type's examples, their members in the schema's order.
func examples(content *openapi3.MediaType) (all []example) {
	for _, name := range slices.Sorted(maps.Keys(content.Examples)) {
		e := content.Examples[name].Value
		all = append(all, example{Title: cmp.Or(e.Summary, "Example"), Text: pretty(e.Value, content.Schema, "")})
	}
	return all
}
