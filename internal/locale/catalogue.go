package locale

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

//go:embed french.txt
var frenchText string

// Catalogue holds what was translated. It is read once and never changes.
type Catalogue struct {
	french map[string]string // by the English
	parts  []part            // of the labels
}

// Load reads the catalogue that the program carries.
func Load() (*Catalogue, error) {
	french, err := parse(frenchText)
	if err != nil {
		return nil, fmt.Errorf("french.txt: %w", err)
	}
	parts, err := parseLabels(labelText)
	if err != nil {
		return nil, fmt.Errorf("labels.txt: %w", err)
	}
	return &Catalogue{french: french, parts: parts}, nil
}

// parse reads pairs of lines: the English, and below it, indented, its translation.
// Empty lines and those that begin with # say nothing.
func parse(text string) (map[string]string, error) {
	pairs, english := map[string]string{}, ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.TrimSpace(line)
		indented := line != "" && unicode.IsSpace(rune(line[0]))
		switch {
		case words == "" || strings.HasPrefix(line, "#"):
		case indented == (english == ""):
			return nil, fmt.Errorf("line %d: a sentence and its translation, indented, come in turns", number)
		case !indented:
			english = words
		case pairs[english] != "":
			return nil, fmt.Errorf("line %d: %q is translated twice", number, english)
		default:
			pairs[english], english = words, ""
		}
	}
	if english != "" {
		return nil, fmt.Errorf("%q has no translation", english)
	}
	return pairs, nil
}

// French gives every translation, by its English: for the test that compares them
// with what is said.
func (c *Catalogue) French() map[string]string { return c.french }

// Say puts values into a sentence in a language. What was not translated is said in
// English.
func (c *Catalogue) Say(l Language, s domain.Sentence, args ...any) string {
	words := string(s)
	if translated, ok := c.french[words]; ok && l == French {
		words = translated
	}
	if len(args) == 0 {
		return words
	}
	said := make([]any, len(args))
	for i, arg := range args {
		said[i] = c.value(l, arg)
	}
	text := fmt.Sprintf(words, said...)
	if _, phrase := args[0].(domain.Phrase); phrase && strings.HasPrefix(words, "%") {
		return capital(text)
	}
	return text
}

// Notice puts values into a sentence for somebody whose language is known by its tag:
// the customers of a queue, say.
func (c *Catalogue) Notice(language string, s domain.Sentence, args ...any) string {
	return c.Say(Match(language), s, args...)
}

// value translates what has words of its own inside a sentence.
func (c *Catalogue) value(l Language, arg any) any {
	switch arg := arg.(type) {
	case domain.Phrase:
		return c.Say(l, domain.Sentence(arg))
	case domain.Word:
		return c.word(l, arg)
	case domain.FieldError:
		return c.Say(l, arg.Detail, arg.Args...)
	}
	return arg
}

// capital begins a sentence with a capital letter.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
