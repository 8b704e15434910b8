package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// maxBody bounds the JSON body of an operation.
const maxBody = 1 << 20

// maxReported bounds how many faults of one body are reported.
const maxReported = 20

// validate holds the request to the contract: parameters, then the body. The
// decoded body is kept for the middleware behind it; card data that the handler
// does not decide on is covered in it, so that nothing behind it sees any (C20).
func (s *Server) validate(c echo.Context, o *operation) error {
	r := c.Request()
	if err := checkParameters(s.Contract, o, c); err != nil {
		return err
	}
	if o.rawBody || o.body == nil {
		return nil
	}
	if coding := r.Header.Get(echo.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return errCoding
	}
	if isForm(c, o) {
		return nil
	}
	raw, err := readBody(r, o)
	if err != nil {
		return err
	}
	if !o.cardData {
		raw = channel.MaskCards(raw)
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
		return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The query string is not well formed."}
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
	for name, value := range input.PathParams {
		if !plainText(value) {
			return malformed(name, notPlain)
		}
	}
	for _, p := range o.parameters {
		if p.Value.Required && p.Value.In == openapi3.ParameterInQuery && query.Get(p.Value.Name) == "" {
			return malformed(p.Value.Name, "It is required.")
		}
		if err := openapi3filter.ValidateParameter(r.Context(), input, p.Value); err != nil {
			detail, args := parameterDetail(p.Value, err)
			return malformed(p.Value.Name, detail, args...)
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
			return unknownQuery(name, known)
		}
		if len(values) > 1 {
			return malformed(name, "It is given more than once. Give a list with commas.")
		}
		if !plainText(values[0]) {
			return malformed(name, notPlain)
		}
	}
	return nil
}

func unknownQuery(name string, known []string) error {
	if len(known) == 0 {
		return malformed(name, "This operation takes no query parameters.")
	}
	return malformed(name, "There is no such query parameter here. Known are: %s.", list(known))
}

const notPlain = "It contains the character U+0000, or is not UTF-8."

// plainText tells whether every database takes a text.
func plainText(s string) bool { return !strings.ContainsRune(s, 0) && utf8.ValidString(s) }

func pathParams(c echo.Context) map[string]string {
	params := map[string]string{}
	for i, name := range c.ParamNames() {
		value := c.ParamValues()[i]
		if plain, err := url.PathUnescape(value); err == nil && c.Request().URL.RawPath != "" {
			value = plain // the router leaves it as it was sent
		}
		params[name] = value
	}
	return params
}

// parameterDetail says what is wrong with a parameter. One that cannot even be
// read is told what its type or its form is.
func parameterDetail(p *openapi3.Parameter, err error) (domain.Sentence, []any) {
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &schema):
		return reason(schema)
	case p.Schema != nil && p.Schema.Value.Type.Is(openapi3.TypeBoolean):
		return "It must be true or false.", nil
	case p.Schema != nil && p.Schema.Value.Type.Is(openapi3.TypeInteger):
		return "The type must be %s.", []any{openapi3.TypeInteger}
	case p.Schema != nil && p.Schema.Value.Format != "":
		return "The value must have the form %s.", []any{p.Schema.Value.Format}
	}
	return "Its form is not the documented one.", nil
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
	schema = exact(schema)
	detail, args := reason(schema)
	into.Fields = append(into.Fields, domain.FieldError{Pointer: pointer, Code: keyword(schema), Detail: detail, Args: args})
}
