// Package contracttest holds every answer that a test sees to the contract: a
// status that is not documented, a field that is missing or a header that is
// not well formed fails the test.
package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/parley-cx/parley/api"
)

// Transport sends requests and checks their answers. A path that the contract
// does not have must answer 404 with a problem.
type Transport struct {
	T    testing.TB
	Base http.RoundTripper // nil for http.DefaultTransport
}

// RoundTrip sends one request.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	answer, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if err := Check(r, answer.StatusCode, answer.Header, body); err != nil {
		t.T.Errorf("%s %s answered %d, against the contract: %v\n%s", r.Method, r.URL.Path, answer.StatusCode, err, body)
	}
	return answer, nil
}

// Check holds one answer to the contract.
func Check(r *http.Request, status int, header http.Header, body []byte) error {
	doc, err := document()
	if err != nil {
		return err
	}
	path, operation := find(doc, r)
	if operation == nil {
		if r.Method == http.MethodOptions && status == http.StatusNoContent && header.Get("Access-Control-Allow-Origin") == r.Header.Get("Origin") {
			return nil // what browsers ask of every path
		}
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			return fmt.Errorf("the contract has no such operation")
		}
		return checkProblem(doc, body)
	}
	if header.Get("Request-Id") == "" {
		return fmt.Errorf("there is no Request-Id")
	}
	if language := header.Get("Content-Language"); language != "en" && language != "fr" {
		return fmt.Errorf("the Content-Language is %q", language)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r,
			Route: &routers.Route{Spec: doc, Path: path, Method: r.Method, Operation: narrowed(doc, operation, r)}},
		Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: r.Method == http.MethodHead || isFile(operation, status), MultiError: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidator("uuid", uuids())}},
	}
	return openapi3filter.ValidateResponse(r.Context(), input)
}

// uuids knows ids; its pattern takes long to compile.
var uuids = sync.OnceValue(func() openapi3.StringFormatValidator {
	return openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562)
})

// narrowed gives an operation with what this very request may be answered:
// validate_only gets its own answer, and all others get the whole resource and,
// where one is documented, its ETag.
func narrowed(doc *openapi3.T, o *openapi3.Operation, r *http.Request) *openapi3.Operation {
	tried := r.URL.Query().Get("validate_only") == "true"
	answers := openapi3.NewResponses()
	for status, ref := range o.Responses.Map() {
		switch {
		case ref.Ref == validated || tried && strings.HasPrefix(status, "2"):
		case tried:
			answers.Set(status, ref)
		default:
			answers.Set(status, &openapi3.ResponseRef{Value: whole(ref.Value)})
		}
	}
	if tried {
		answers.Set("200", doc.Components.Responses["Validated"])
	}
	narrow := *o
	narrow.Responses = answers
	return &narrow
}

const validated = "#/components/responses/Validated"

// whole is an answer without the alternative of validate_only.
func whole(r *openapi3.Response) *openapi3.Response {
	w := *r
	if tag := r.Headers["ETag"]; tag != nil {
		always := *tag.Value
		always.Required = true
		w.Headers = maps.Clone(r.Headers)
		w.Headers["ETag"] = &openapi3.HeaderRef{Value: &always}
	}
	media := r.Content["application/json"]
	if media != nil && media.Schema != nil && len(media.Schema.Value.OneOf) == 2 && media.Schema.Value.OneOf[1].Ref == "#/components/schemas/Validated" {
		w.Content = openapi3.Content{"application/json": &openapi3.MediaType{Schema: media.Schema.Value.OneOf[0]}}
	}
	return &w
}

// isFile tells the answers that are the bytes of any file: there is no form to hold them to.
func isFile(o *openapi3.Operation, status int) bool {
	documented := o.Responses.Status(status)
	return documented != nil && documented.Value.Content["*/*"] != nil
}

func checkProblem(doc *openapi3.T, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return doc.Components.Schemas["Problem"].Value.VisitJSON(value, openapi3.VisitAsResponse())
}

// Document gives the contract, for tests that are made from it. It must not be
// changed.
func Document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var document = sync.OnceValues(func() (*openapi3.T, error) {
	for _, text := range []string{"text/plain", "text/html", "application/yaml"} {
		openapi3filter.RegisterBodyDecoder(text, func(b io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			all, err := io.ReadAll(b)
			return string(all), err
		})
	}
	doc, err := openapi3.NewLoader().LoadFromData(api.SpecYAML)
	if err != nil {
		return nil, err
	}
	doc.OpenAPI = "3.0.3" // see httpapi.LoadContract
	return doc, nil
})

// find gives the operation of a request: a path without parameters goes first.
func find(doc *openapi3.T, r *http.Request) (path string, operation *openapi3.Operation) {
	asked := r.URL.EscapedPath()
	for template, item := range doc.Paths.Map() {
		if !fits(template, asked) {
			continue
		}
		if o := item.GetOperation(r.Method); o != nil && (operation == nil || !strings.Contains(template, "{")) {
			path, operation = template, o
		}
	}
	return path, operation
}

// fits tells whether a path is one of a template's, whose parameters are whole
// segments. It is asked for every template at every answer.
func fits(template, path string) bool {
	for {
		want, moreWanted, wanted := strings.Cut(template, "/")
		got, more, found := strings.Cut(path, "/")
		if want != got && (got == "" || !strings.HasPrefix(want, "{")) {
			return false
		}
		if !wanted || !found {
			return wanted == found
		}
		template, path = moreWanted, more
	}
}
