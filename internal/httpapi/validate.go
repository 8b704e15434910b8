package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
)

// maxBody bounds the JSON body of an operation.
const maxBody = 1 << 20

// maxReported bounds how many faults of one body are reported.
const maxReported = 20

// validate holds the request to the contract: parameters, then the body. The
// decoded body is kept for the middleware behind it.
func (s *Server) validate(c echo.Context, o *operation) error {
	r := c.Request()
	if err := checkParameters(s.Contract, o, c); err != nil {
		return err
	}
	if o.rawBody || o.body == nil {
		return nil
	}
	raw, err := readBody(r, o)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	if len(raw) == 0 {
		if o.bodyNeeded {
			return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.body_missing", Detail: "This operation needs a JSON body."}
		}
		return nil
	}
	value, err := decode(raw)
	if err != nil {
		return err
	}
	info(c).body, info(c).raw = value, raw
	return checkBody(o.body, value)
}

func checkParameters(contract *Contract, o *operation, c echo.Context) error {
	r := c.Request()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return malformed("", "the query string is not well formed")
	}
	if !o.anyQuery {
		if err := knownQuery(o, query); err != nil {
			return err
		}
	}
	if o.ifMatch && r.Header.Get("If-Match") == "" {
		return &domain.Error{Kind: domain.ErrorPrecondition, Code: "precondition.required",
			Detail: "A full replacement needs If-Match with the ETag of the resource as it was read.",
			Fields: []domain.FieldError{{Parameter: "If-Match", Code: "required", Detail: "Send the ETag of the last GET."}}}
	}
	input := &openapi3filter.RequestValidationInput{Request: r, QueryParams: query, PathParams: pathParams(c),
		Route:   &routers.Route{Spec: contract.doc, Path: o.path, Method: o.method, Operation: o.spec},
		Options: &openapi3filter.Options{SchemaValidationOptions: formats}}
	for _, p := range o.parameters {
		if err := openapi3filter.ValidateParameter(r.Context(), input, p.Value); err != nil {
			return malformed(p.Value.Name, parameterDetail(p.Value, err))
		}
	}
	return nil
}

// knownQuery refuses parameters that the operation does not have, and text that
// no database takes.
func knownQuery(o *operation, query url.Values) error {
	var known []string
	for _, p := range o.parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			known = append(known, p.Value.Name)
		}
	}
	for name, values := range query {
		if !slices.Contains(known, name) {
			return malformed(name, "there is no such query parameter here; known are: "+list(known)+".")
		}
		if len(values) > 1 {
			return malformed(name, "it is given more than once; give a list with commas.")
		}
		if strings.ContainsRune(values[0], 0) {
			return malformed(name, "it contains the character U+0000.")
		}
	}
	return nil
}

func pathParams(c echo.Context) map[string]string {
	params := map[string]string{}
	for i, name := range c.ParamNames() {
		params[name] = c.ParamValues()[i]
	}
	return params
}

func parameterDetail(p *openapi3.Parameter, err error) string {
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		return reason(schema)
	}
	if p.Schema != nil && p.Schema.Value.Format != "" {
		return "it must be a " + p.Schema.Value.Format + "."
	}
	return "its form is not the documented one."
}

// readBody reads a JSON body of a documented media type.
func readBody(r *http.Request, o *operation) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, &domain.Error{Kind: domain.ErrorMalformed, Code: "request.body_unreadable", Detail: "The body could not be read to its end."}
	}
	if len(raw) == 0 {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || !slices.Contains(o.types, media) {
		return nil, errMedia
	}
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	return raw, nil
}

// maxDepth bounds how deep a body may nest.
const maxDepth = 64

// decode reads exactly one JSON value. A name that is given twice is refused:
// two readers could take it differently.
func decode(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	value, err := decodeValue(decoder, 0)
	var refused *domain.Error
	if errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		return nil, bodyFault("request.body_malformed", "The body is not well-formed JSON.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, bodyFault("request.body_malformed", "The body has more after its JSON value.")
	}
	if pointer, found := zero(value, ""); found {
		return nil, &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "A text contains the character U+0000.",
			Fields: []domain.FieldError{{Pointer: pointer, Code: "invalid_character", Detail: "U+0000 is not allowed."}}}
	}
	return value, nil
}

func bodyFault(code, detail string) error {
	return &domain.Error{Kind: domain.ErrorMalformed, Code: code, Detail: detail}
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, bodyFault("request.body_too_deep", "The body nests too deeply.")
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(d, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, doubled := object[name]; doubled {
			return nil, bodyFault("request.body_malformed", "The body gives a name twice in one object.")
		}
		if object[name], err = decodeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}

// zero finds a text with U+0000, which no database takes.
func zero(value any, at string) (pointer string, found bool) {
	switch v := value.(type) {
	case string:
		return at, strings.ContainsRune(v, 0)
	case []any:
		for i, item := range v {
			if pointer, found = zero(item, at+"/"+strconv.Itoa(i)); found {
				return pointer, true
			}
		}
	case map[string]any:
		for name, item := range v {
			if strings.ContainsRune(name, 0) {
				return at, true
			}
			if pointer, found = zero(item, at+"/"+name); found {
				return pointer, true
			}
		}
	}
	return "", false
}

// checkBody reports what in a body violates the contract.
func checkBody(schema *openapi3.Schema, value any) error {
	err := schema.VisitJSON(value, append(formats[:len(formats):len(formats)], openapi3.MultiErrors(), openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())...)
	if err == nil {
		return nil
	}
	problem := &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The body does not follow the contract; errors names each field."}
	collect(err, problem)
	return problem
}

// collect flattens the validator's errors into one line for each field.
func collect(err error, into *domain.Error) {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		for _, e := range many {
			collect(e, into)
		}
		return
	}
	var schema *openapi3.SchemaError
	if !errors.As(err, &schema) || len(into.Fields) >= maxReported {
		return
	}
	pointer := "/" + strings.Join(schema.JSONPointer(), "/")
	if pointer == "/" {
		pointer = ""
	}
	if name, unknown := strings.CutPrefix(schema.Reason, `property "`); unknown {
		if name, _, ok := strings.Cut(name, `" is unsupported`); ok {
			into.Fields = append(into.Fields, domain.FieldError{Pointer: pointer + "/" + name, Code: "unknown_field", Detail: "There is no such field here."})
			return
		}
	}
	into.Fields = append(into.Fields, domain.FieldError{Pointer: pointer, Code: keyword(schema), Detail: reason(schema)})
}

// keyword is the rule that was violated, as a stable word.
func keyword(e *openapi3.SchemaError) string {
	if e.SchemaField == "" {
		return "invalid"
	}
	return strings.ToLower(e.SchemaField)
}

// reason says what is allowed. It never repeats the value that was sent.
func reason(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return "This field is required."
	case "type":
		return "The type must be " + strings.Join(s.Type.Slice(), " or ") + "."
	case "enum":
		allowed := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			allowed[i] = strings.Trim(string(encode(v)), `"`)
		}
		return "Allowed are: " + list(allowed) + "."
	case "minimum", "maximum":
		return "The number must be from " + number(s.Min) + " to " + number(s.Max) + "."
	case "minLength", "maxLength":
		return "The length must be from " + strconv.FormatUint(s.MinLength, 10) + " to " + length(s.MaxLength) + " characters."
	case "minItems", "maxItems":
		return "The list must have from " + strconv.FormatUint(s.MinItems, 10) + " to " + length(s.MaxItems) + " entries."
	case "format":
		return "The value must be a " + s.Format + "."
	case "pattern":
		return "The value must match " + s.Pattern + "."
	case "nullable":
		return "null is not allowed here."
	}
	return "The value is not one that the contract allows."
}

func number(n *float64) string {
	if n == nil {
		return "any"
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func length(n *uint64) string {
	if n == nil {
		return "any number of"
	}
	return strconv.FormatUint(*n, 10)
}
