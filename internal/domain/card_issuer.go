package domain

import (
	"strings"
	"unicode"
)

const (
	minCard = 13 // digits of a card's number
	maxCard = 19
)

// issuer is a span of the first digits of cards, and how many digits they have.
type issuer struct{ from, to, least, most int }

// issuers lists who numbers cards (ISO/IEC 7812; the schemes' published ranges), by
// six digits.
var issuers = []issuer{
	{220000, 220499, 16, 19}, // Mir
	{222100, 272099, 16, 16}, // Mastercard
	{300000, 305999, 14, 19}, // Diners Club
	{309500, 309599, 14, 19}, // Diners Club
	{340000, 349999, 15, 15}, // American Express
	{352800, 358999, 16, 19}, // JCB
	{360000, 369999, 14, 19}, // Diners Club
	{370000, 379999, 15, 15}, // American Express
	{380000, 399999, 14, 19}, // Diners Club
	{400000, 499999, 13, 13}, // Visa, long ago
	{400000, 499999, 16, 16}, // Visa
	{400000, 499999, 18, 19}, // Visa
	{500000, 509999, 13, 19}, // Maestro, Elo, Verve
	{510000, 559999, 16, 16}, // Mastercard
	{560000, 589999, 13, 19}, // Maestro
	{600000, 619999, 16, 19}, // Discover, RuPay, Hipercard
	{620000, 629999, 16, 19}, // UnionPay
	{630000, 639999, 13, 19}, // Maestro
	{640000, 659999, 16, 19}, // Discover, RuPay
	{670000, 679999, 13, 19}, // Maestro
	{810000, 829999, 16, 19}, // UnionPay, RuPay
	{860000, 860099, 16, 16}, // Uzcard
	{979200, 979299, 16, 16}, // Troy
	{986000, 986099, 16, 16}, // Humo
}

// issued tells whether a number has the beginning and the length of a card's.
func issued(digits []byte) bool {
	first := 0
	for _, d := range digits[:6] {
		first = first*10 + int(d)
	}
	for _, i := range issuers {
		if first >= i.from && first <= i.to && len(digits) >= i.least && len(digits) <= i.most {
			return true
		}
	}
	return false
}

// securityCodes finds the numbers of three or four digits that are called a card's
// security code. Words that are used for other codes too count beside a card alone.
func securityCodes(text string, card bool) (codes []numeral) {
	for _, r := range runs(text) {
		for n := 0; n < len(r.digits); {
			size := r.group(n)
			whole := (n > 0 || !r.starred) && (n+size < len(r.digits) || !r.lettered)
			if whole && (size == minCode || size == minCode+1) && called(text[:r.digits[n].at], text[r.digits[n+size-1].end:], card) {
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

const (
	codeWords   = " cvv cvv2 cvc cvc2 cvn cvn2 csc cvd cryptogramme "
	codePhrases = " security sécurité securite sicherheitscode prüfziffer verification vérification "
	codeFillers = " is est ist the le la my mon code number no nr numero numéro de of card carte value "
	minCode     = 3  // digits of a security code, or one more
	maxContext  = 64 // bytes around a number that are looked at
)

// called tells whether a number between two texts is called a security code.
func called(before, behind string, card bool) bool {
	words := split(before[max(0, len(before)-maxContext):])
	for n := len(words) - 1; n >= 0; n-- {
		if w := words[n]; codeWord(w, card) {
			return true
		} else if !among(codeFillers, w) {
			break
		}
	}
	words = split(behind[:min(len(behind), maxContext)])
	return len(words) > 0 && among(codeWords, words[0])
}

// codeNamed tells whether a text could have one of the words for a security code.
func codeNamed(text string) bool {
	for n := range len(text) - 2 {
		if text[n]|' ' == 'c' && strings.IndexByte("vsrVSR", text[n+1]) >= 0 {
			return true
		}
	}
	return false
}

func codeWord(w string, card bool) bool {
	return among(codeWords, w) || card && among(codePhrases, w)
}

func among(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// split gives the words of a text, in small letters. What was masked is one.
func split(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '*' })
}

const (
	minAccount = 15 // characters of an IBAN (ISO 13616)
	maxAccount = 34
)

// account gives how many digits of a run are those of an IBAN, which begins with two
// letters and has check digits of its own; 0 where none is.
func (r run) account() int {
	var rest int
	for _, c := range r.land {
		if c < 'A' || c > 'Z' {
			return 0
		}
	}
	for n := 2; n < len(r.digits) && n < maxAccount-1; n++ {
		rest = (rest*10 + int(r.digits[n].value)) % 97
		ends := n+1 == len(r.digits) || r.digits[n+1].opens
		if ends && n+3 >= minAccount && r.proven(rest) {
			return n + 1
		}
	}
	return 0
}

// proven tells whether an IBAN's check digits fit what is left of the other digits.
func (r run) proven(rest int) bool {
	for _, v := range []int{int(r.land[0]-'A') + 10, int(r.land[1]-'A') + 10, int(r.digits[0].value)*10 + int(r.digits[1].value)} {
		rest = (rest*100 + v) % 97
	}
	return rest == 1
}
