package httpapi

import (
	"errors"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/internal/domain"
)

// keyword is the rule that was violated, as a stable word.
func keyword(e *openapi3.SchemaError) string {
	if e.SchemaField == "" {
		return "invalid"
	}
	return strings.ToLower(e.SchemaField)
}

// exact tells, of a value that may be null as well, what is wrong with it.
func exact(e *openapi3.SchemaError) *openapi3.SchemaError {
	var inner *openapi3.SchemaError
	if e.SchemaField != "anyOf" {
		return e
	}
	err := e.Schema.AnyOf[0].Value.VisitJSON(e.Value, append(formats[:len(formats):len(formats)], openapi3.EnableFormatValidation())...)
	if errors.As(err, &inner) && len(inner.JSONPointer()) == 0 {
		return inner
	}
	return e
}

// reason says what is allowed. It never repeats the value that was sent.
func reason(e *openapi3.SchemaError) (domain.Sentence, []any) {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return "This field is required.", nil
	case "type":
		return typed(s.Type.Slice())
	case "enum":
		return "Allowed are: %s.", []any{values(s.Enum)}
	case "minimum", "maximum":
		return between(s)
	case "minLength", "maxLength":
		return long(s)
	case "minItems", "maxItems":
		return many(s)
	case "format":
		return "The value must have the form %s.", []any{s.Format}
	case "pattern":
		return "The value must match %s.", []any{s.Pattern}
	case "nullable":
		return "null is not allowed here.", nil
	}
	return "The value is not one that the contract allows.", nil
}

func typed(types []string) (domain.Sentence, []any) {
	if len(types) == 1 {
		return "The type must be %s.", []any{types[0]}
	}
	return "The type must be one of: %s.", []any{list(types)}
}

// values writes an enum as on the wire.
func values(enum []any) string {
	allowed := make([]string, len(enum))
	for i, v := range enum {
		allowed[i] = strings.Trim(string(encode(v)), `"`)
	}
	return list(allowed)
}

func between(s *openapi3.Schema) (domain.Sentence, []any) {
	switch {
	case s.Max == nil && s.Min != nil:
		return "The number must be %s or more.", []any{number(*s.Min)}
	case s.Min == nil && s.Max != nil:
		return "The number must be %s or less.", []any{number(*s.Max)}
	}
	return "The number must be from %s to %s.", []any{number(*s.Min), number(*s.Max)}
}

func long(s *openapi3.Schema) (domain.Sentence, []any) {
	if s.MaxLength == nil {
		return "The text must have %d characters or more.", []any{s.MinLength}
	}
	return "The text must have from %d to %d characters.", []any{s.MinLength, *s.MaxLength}
}

func many(s *openapi3.Schema) (domain.Sentence, []any) {
	if s.MaxItems == nil {
		return "The list must have %d entries or more.", []any{s.MinItems}
	}
	return "The list must have from %d to %d entries.", []any{s.MinItems, *s.MaxItems}
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
