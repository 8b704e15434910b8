// Package locale puts what people read into their language: the sentences of
// problems, failures and notices, and the labels of what the contract names in one
// word. English is written where it is said, as domain.Sentence; French stands in
// french.txt, under the English. Codes, enums and names of fields have no language.
package locale

import (
	"strconv"
	"strings"
)

// Language is one that Parley speaks, as Content-Language names it.
type Language string

const (
	English Language = "en"
	French  Language = "fr"
)

// Match picks the language that a reader likes best of those that Parley speaks,
// from Accept-Language or a plain tag: fr-CA is French. It is English where nothing
// is asked for, where it is not understood, and where nothing of it is spoken.
func Match(accepted string) Language {
	best, weight := English, 0.0
	for choice := range strings.SplitSeq(accepted, ",") {
		tag, parameter, weighed := strings.Cut(choice, ";")
		q := 1.0
		if weighed {
			q = quality(parameter)
		}
		if language, spoken := speaks(tag); spoken && q > weight {
			best, weight = language, q
		}
	}
	return best
}

// speaks finds the language of a tag by its first part.
func speaks(tag string) (Language, bool) {
	primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
	switch strings.ToLower(primary) {
	case "en", "*":
		return English, true
	case "fr":
		return French, true
	}
	return English, false
}

// quality reads q=0.5; what cannot be read counts as not wanted.
func quality(parameter string) float64 {
	name, value, _ := strings.Cut(parameter, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || q < 0 || q > 1 || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0
	}
	return q
}
