package domain

import (
	"strings"
	"unicode"
)

// securityCodes finds the numbers of three or four digits that are called a card's
// security code. Words that are used for other codes too count beside a card alone,
// or before three digits.
func securityCodes(text string, card bool) (codes []numeral) {
	for _, r := range runs(text) {
		for n := 0; n < len(r.digits); {
			size := r.spelt(n)
			whole := (n > 0 || !r.starred) && (n+size < len(r.digits) || !r.lettered)
			if whole && (size == minCode || size == minCode+1) && called(text[:r.digits[n].at], text[r.digits[n+size-1].end:], card, size) {
				codes = append(codes, r.digits[n:n+size]...)
			}
			n += size
		}
	}
	return codes
}

// group gives how many digits stand together.
func (r run) group(from int) int {
	for n := from + 1; n < len(r.digits); n++ {
		if r.digits[n].opens {
			return n - from
		}
	}
	return len(r.digits) - from
}

// spelt is group, and digits that stand alone, one by one, are one.
func (r run) spelt(from int) int {
	size := r.group(from)
	for n := from + size; size == n-from && n < len(r.digits) && r.group(n) == 1 && r.group(from) == 1; n++ {
		size++
	}
	return size
}

// code finds the digits behind a card's number that are its security code: they stand
// behind a month and a year, as "12/28 123" or "1228 123"; end is code where none do.
func (r run) code(from int) (code, end int) {
	month, at := r.group2(from)
	if month == 2 {
		year, next := r.group2(at)
		if year != 2 && year != 4 {
			return 0, 0
		}
		at = next
	} else if month != 4 {
		return 0, 0
	}
	if m := r.digits[from].value*10 + r.digits[from+1].value; m < 1 || m > 12 {
		return 0, 0
	}
	if size, next := r.group2(at); (size == minCode || size == minCode+1) && (next < len(r.digits) || !r.lettered) {
		return at, next
	}
	return 0, 0
}

// group2 gives the size of the group that begins at a digit, 0 where none does, and
// where it ends.
func (r run) group2(from int) (size, end int) {
	if from >= len(r.digits) || !r.digits[from].opens {
		return 0, from
	}
	size = r.group(from)
	return size, from + size
}

const (
	codeWords   = " cvv cvv2 cvc cvc2 cvn cvn2 csc cvd cid cryptogramme "
	codePhrases = " security sécurité securite sicherheitscode prüfziffer verification vérification "
	codeSecure  = " security sécurité securite sicherheitscode " // of three digits: those of other codes are more
	codeFillers = " is est ist the le la my mon code number no nr numero numéro de of card carte value visuel "
	codeVerbs   = " is est ist are was "
	minCode     = 3  // digits of a security code, or one more
	maxContext  = 64 // bytes around a number that are looked at
)

// called tells whether a number between two texts is called a security code.
func called(before, behind string, card bool, size int) bool {
	words := split(before[max(0, len(before)-maxContext):])
	for n := len(words) - 1; n >= 0; n-- {
		if w := words[n]; codeWord(w, card) || size == minCode && among(codeSecure, w) {
			return true
		} else if !among(codeFillers, w) {
			break
		}
	}
	words = split(behind[:min(len(behind), maxContext)])
	for n, w := range words {
		if among(codeWords, w) {
			return true
		} else if n == 0 && !among(codeVerbs, w) || !among(codeFillers+codeVerbs, w) {
			break
		}
	}
	return false
}

// codeNamed tells whether a text could have one of the words for a security code.
func codeNamed(text string) bool {
	for n := range len(text) - 2 {
		if text[n]|' ' == 'c' && strings.IndexByte("vsriuh.VSRIUH", text[n+1]) >= 0 {
			return true
		}
	}
	return false
}

func codeWord(w string, card bool) bool {
	return among(codeWords, w) || card && among(codePhrases, w)
}

func among(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// split gives the words of a text, in small letters. What was masked is one; letters
// with points between them are one, too.
func split(text string) (words []string) {
	single := 0
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '*' }) {
		last := len(words) - 1
		if len(w) > 1 || w[0] < 'a' || w[0] > 'z' {
			single = 0
		} else if single++; single > 1 {
			words[last] += w
			continue
		}
		words = append(words, w)
	}
	return words
}
