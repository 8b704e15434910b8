package domain

import "fmt"

// Sentence is something for a person to read, in English: a constant, in fmt's
// format where it comes with values. It is also the key under which internal/locale
// has its translations, so nothing is ever added to one: a test holds that.
type Sentence string

// Phrase is a part of a sentence that translations have words of their own for: a
// thing or what is done with it. It is a constant too.
type Phrase string

// Word is a value of one of the contract's enums inside a sentence. It is shown as
// on the wire in English; a translation shows its label.
type Word string

// said puts values into a sentence, in English.
func said(s Sentence, args []any) string {
	if len(args) == 0 {
		return string(s)
	}
	return fmt.Sprintf(string(s), args...)
}
