package httpapi

import (
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

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
		return "The value must have the form " + s.Format + "."
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
