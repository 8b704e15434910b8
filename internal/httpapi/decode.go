package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

// maxDepth bounds how deep a body may nest.
const maxDepth = 64

// decode reads exactly one JSON value. A name that is given twice is refused:
// two readers could take it differently.
func decode(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, bodyFault("request.body_malformed", "The body is not UTF-8.")
	}
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

func bodyFault(code string, detail domain.Sentence) error {
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
