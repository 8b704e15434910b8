package httpapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/docs"
	"github.com/parley-cx/parley/internal/domain"
)

// Contract is openapi.yaml, read once: what the middleware asks about each
// operation. Routes, scopes and validation have no other source.
type Contract struct {
	doc        *openapi3.T
	json       []byte
	operations map[string]*operation // by method and echo route
	scopes     []domain.Scope
	page       func() (*docs.Page, error)
}

// operation is one operation of the contract.
type operation struct {
	id         string
	method     string
	path       string // as the contract writes it
	spec       *openapi3.Operation
	parameters openapi3.Parameters
	needs      [][]domain.Scope // every scope of one of these sets
	public     bool             // needs no token
	when       []conditional
	feature    domain.Feature // what must not be switched off; empty for nothing
	body       *openapi3.Schema
	bodyNeeded bool
	types      []string // media types of the body
	rawBody    bool     // the handler reads the body itself
	cardData   bool     // the handler decides on card data
	form       bool     // the body may be a form with a file
	anyQuery   bool     // unknown query parameters are allowed
	ifMatch    bool     // If-Match is required
}

// conditional is scopes that are needed as well where a property of the body
// has a value, and others have one of theirs; of Any, one is enough.
type conditional struct {
	Property string           `json:"property"` // its path
	Equals   string           `json:"equals"`
	With     map[string][]any `json:"with"`
	Scopes   []domain.Scope   `json:"scopes"`
	Any      []domain.Scope   `json:"any"`
}

// applies tells whether a body is one that the condition is about.
func (w conditional) applies(body map[string]any) bool {
	if member(body, w.Property) != any(w.Equals) {
		return false
	}
	for path, values := range w.With {
		if !slices.Contains(values, member(body, path)) {
			return false
		}
	}
	return true
}

// missing gives the scopes that a caller lacks; none where they hold enough.
func (w conditional) missing(p domain.Principal) []domain.Scope {
	if !p.Has(w.Scopes...) {
		return w.Scopes
	}
	if len(w.Any) > 0 && !slices.ContainsFunc(w.Any, func(s domain.Scope) bool { return p.Has(s) }) {
		return w.Any[:1]
	}
	return nil
}

// member gives a value of a body by its path; nil where there is none.
func member(body map[string]any, path string) any {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return body[name]
	}
	inner, _ := body[name].(map[string]any)
	return member(inner, rest)
}

// v1 tells whether the operation belongs to the versioned API, where writes are
// safe to repeat.
func (o *operation) v1() bool { return strings.HasPrefix(o.path, "/v1/") }

// LoadContract reads and checks the contract. The validator's copy is marked as
// OpenAPI 3.0.3 afterwards: for 3.1 the library compiles every schema at every
// call. The keywords that it then ignores are not used, which a test holds.
func LoadContract() (*Contract, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(api.SpecYAML)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	// The examples take most of a second; a test validates them.
	if err := doc.Validate(loader.Context, openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	c := &Contract{doc: doc, operations: map[string]*operation{}}
	if c.json, err = json.Marshal(doc); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	doc.OpenAPI = "3.0.3"
	c.page = sync.OnceValues(func() (*docs.Page, error) { return docs.Render(doc) })
	for scope := range doc.Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes {
		c.scopes = append(c.scopes, domain.Scope(scope))
	}
	slices.Sort(c.scopes)
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			o, err := newOperation(method, path, item, spec)
			if err != nil {
				return nil, fmt.Errorf("contract: %s: %w", spec.OperationID, err)
			}
			c.operations[method+" "+echoPath(path)] = o
		}
	}
	return c, nil
}

// Scopes lists every scope of the contract.
func (c *Contract) Scopes() []domain.Scope { return c.scopes }

// methodsAt gives the methods that a path takes, in order.
func (c *Contract) methodsAt(path string) []string {
	var methods []string
	for _, o := range c.operations {
		if fits(o.path, path) {
			methods = append(methods, o.method)
		}
	}
	slices.Sort(methods)
	return methods
}

// fits tells whether a path is one of those that the contract writes like this.
func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" })
}

// formats are the string formats that the validator does not know by itself.
var formats = []openapi3.SchemaValidationOption{
	// In small letters, as ids are given out: one database would find them in capitals, the other not.
	openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)),
	openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// echoPath writes a path of the contract as echo's router does.
func echoPath(path string) string { return pathParameter.ReplaceAllString(path, ":$1") }

func newOperation(method, path string, item *openapi3.PathItem, spec *openapi3.Operation) (*operation, error) {
	if spec.Security == nil {
		return nil, fmt.Errorf("it does not say who may call it")
	}
	o := &operation{id: spec.OperationID, method: method, path: path, spec: spec, parameters: slices.Concat(item.Parameters, spec.Parameters),
		public: len(*spec.Security) == 0, rawBody: flag(spec, "x-parley-raw-body"), anyQuery: flag(spec, "x-parley-open-parameters"), cardData: flag(spec, "x-parley-card-data")}
	if name, named := spec.Extensions["x-feature"].(string); named {
		o.feature = domain.Feature(name)
	}
	for _, alternative := range *spec.Security {
		set := []domain.Scope{}
		for _, scope := range alternative["bearer"] {
			set = append(set, domain.Scope(scope))
		}
		o.needs = append(o.needs, set)
	}
	if raw, ok := spec.Extensions["x-scopes-when"]; ok {
		if err := remarshal(raw, &o.when); err != nil {
			return nil, err
		}
	}
	for _, p := range o.parameters {
		o.ifMatch = o.ifMatch || p.Value.Name == "If-Match" && p.Value.Required
	}
	if spec.RequestBody != nil {
		o.bodyNeeded = spec.RequestBody.Value.Required
		for media, content := range spec.RequestBody.Value.Content {
			if media == formType {
				o.form = true
				continue
			}
			o.types, o.body = append(o.types, media), content.Schema.Value
		}
		slices.Sort(o.types)
	}
	return o, nil
}

func flag(spec *openapi3.Operation, name string) bool {
	on, _ := spec.Extensions[name].(bool)
	return on
}

func remarshal(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}
