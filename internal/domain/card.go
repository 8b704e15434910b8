package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CardData says what becomes of card data in what agents write (C20). What anybody
// else writes is always masked.
type CardData string

const (
	// CardMask sends the text with the number masked.
	CardMask CardData = "mask"
	// CardBlock refuses the text.
	CardBlock CardData = "block"
)

// CardDetected refuses a text with card data. It repeats nothing of the text.
func CardDetected(pointer string) error {
	return Invalid(pointer, "pci.card_data_detected", "The text has the number or the security code of a payment card. Write it without.")
}

// HasCard tells whether a text has card data.
func HasCard(text string) bool { return MaskCards(text) != text }

// MaskCards covers card data in a text: all digits of a payment card's number but
// the last four, and a security code that is called one. Everything else stays as it
// is, separators too. To mask again changes nothing.
//
// A number is one of an issuer, of its length and with its check digit. Its digits
// may be of any script and stand in groups; what cannot be seen between them is
// passed over. It begins and ends where a group does, or right before the month and
// the year until which it is valid: part of a longer number is none.
func MaskCards(text string) string {
	if n := digits(text); n < minCode || n < minCard && !codeNamed(text) {
		return text
	}
	var covered []numeral
	for _, run := range runs(text) {
		covered = append(covered, run.cards()...)
	}
	masked := cover(text, covered)
	return cover(masked, securityCodes(masked, len(covered) > 0))
}

// shownDigits is how many of a number's digits stay, at its end.
const shownDigits = 4

// cover writes a star over each of some digits, which are in the order of the text.
func cover(text string, digits []numeral) string {
	if len(digits) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	done := 0
	for _, d := range digits {
		b.WriteString(text[done:d.at])
		b.WriteByte('*')
		done = d.end
	}
	b.WriteString(text[done:])
	return b.String()
}

// digits counts the digits of a text.
func digits(text string) (n int) {
	for _, c := range text {
		if _, ok := digit(c); ok {
			n++
		}
	}
	return n
}

// numeral is a digit at its place in a text.
type numeral struct {
	at, end int
	value   byte
	opens   bool // it begins a group
}

// run is digits between which there is nothing but what may stand within a number.
type run struct {
	digits   []numeral
	dialled  bool // a plus sign stands before it: it begins with a telephone number
	starred  bool // a star stands before it: it is the end of what was masked
	lettered bool // a letter or digit stands right behind it
}

// How much may stand between two groups of a number, and how much of it can be seen.
const (
	maxGap   = 8
	maxMarks = 4
)

// runs finds the digits of a text, but for those of bank accounts.
func runs(text string) []run {
	scan := scanner{text: text}
	accounts, skip := accounts(text), 0
	for at, c := range text {
		if len(accounts) > 0 && at == accounts[0].from {
			scan.finish(c)
			skip, accounts = accounts[0].to, accounts[1:]
		}
		if at < skip {
			continue
		}
		if size := blank(text[at:]); size > 0 {
			scan.pass(at, ' ')
			skip = at + size
			continue
		}
		scan.pass(at, c)
	}
	scan.finish(0)
	return scan.found
}

// scanner is the way through a text, digit by digit.
type scanner struct {
	text       string
	found      []run
	run        run
	gap, marks int // since the last digit
	together   int // digits without a gap
	before     rune
}

func (s *scanner) finish(behind rune) {
	if s.run.lettered = s.gap == 0 && unicode.IsLetter(behind); len(s.run.digits) > 0 {
		s.found = append(s.found, s.run)
	}
	s.run = run{}
}

// pass takes one character.
func (s *scanner) pass(at int, c rune) {
	if value, ok := digit(c); ok {
		s.digit(numeral{at, at + utf8.RuneLen(c), value, true})
	} else if unseen(c) {
		return
	} else if len(s.run.digits) > 0 && !s.part(at, c) {
		s.finish(c)
	}
	s.before = c
}

// digit adds a digit to the run, or begins one with it.
func (s *scanner) digit(n numeral) {
	if len(s.run.digits) == 0 {
		s.run.dialled, s.run.starred = s.before == '+' || s.before == '＋', s.before == '*'
		s.together = 0
	} else if n.opens = s.gap > 0; n.opens {
		s.together = 0
	}
	s.run.digits = append(s.run.digits, n)
	s.gap, s.marks = 0, 0
	s.together++
}

// part tells whether what stands behind a digit may stand within a number. A plus sign
// that a telephone number begins with may not, nor may what was masked, nor what a
// time of day has.
func (s *scanner) part(at int, c rune) bool {
	_, behindDigit := digit(s.before)
	switch {
	case c == ':':
		s.gap += maxGap // and nothing else
		return s.gap == maxGap && s.together > 2
	case c == '+' && !behindDigit && s.before != '+', c == '*' && strings.HasSuffix(s.text[:at], "**"), !separates(c):
		return false
	}
	if s.gap++; !unicode.IsSpace(c) {
		s.marks++
	}
	return s.gap <= maxGap && s.marks <= maxMarks
}

// blank gives the length of what stands for a space where a text is written for
// browsers; 0 where nothing does.
func blank(text string) int {
	if text[0] != '&' && text[0] != '<' && text[0] != '%' {
		return 0
	}
	for _, b := range []string{"&nbsp;", "&#160;", "<br>", "<br/>", "<br />", "%20", "%2B", "%2D"} {
		if len(text) >= len(b) && strings.EqualFold(text[:len(b)], b) {
			return len(b)
		}
	}
	return 0
}

// cards gives the digits that are to be covered.
func (r run) cards() (covered []numeral) {
	if len(r.digits) < minCard {
		return nil
	}
	last := -1 // no digit before this one can be part of a number
	for n := 0; n < len(r.digits); n++ {
		if !r.digits[n].opens && n != last {
			continue
		}
		if size := r.card(n); size > 0 {
			last = n + size - shownDigits
			covered = append(covered, r.digits[n:last]...)
			if code, end := r.code(n + size); end > code {
				covered, last = append(covered, r.digits[code:end]...), end
			}
			n = last - 1
		}
	}
	return covered
}

// card gives the length of the longest number that begins at a digit; 0 where none does.
func (r run) card(from int) int {
	var digits [maxCard]byte
	rest := r.digits[from:]
	for n := range min(maxCard, len(rest)) {
		digits[n] = rest[n].value
	}
	for size := min(maxCard, len(rest)); size >= minCard; size-- {
		ends := size == len(rest) || rest[size].opens || expires(rest[size:])
		if ends && !r.telephone(from, size) && (issued(digits[:size]) || r.old(from, size)) && checked(digits[:size]) {
			return size
		}
	}
	return 0
}

// expires tells whether the rest of a group is a month and a year, as they stand on
// a card, so that they may be written right behind its number.
func expires(rest []numeral) bool {
	size := 1
	for size < len(rest) && !rest[size].opens {
		size++
	}
	month := func() byte { return rest[0].value*10 + rest[1].value }
	year := func(at int) byte { return rest[at].value*10 + rest[at+1].value }
	switch size {
	case 4:
		return isMonth(month()) && isYear(year(2))
	case 6:
		return isMonth(month()) && year(2) == 20 && isYear(year(4))
	}
	return false
}

func isMonth(n byte) bool { return n >= 1 && n <= 12 }

// isYear tells the years until which cards are valid, without their century.
func isYear(n byte) bool { return n >= 20 && n < 50 }

// old tells whether digits stand as Visa's numbers of thirteen digits once did. None is
// issued any more: those without groups are goods (EAN-13) and telephones.
func (r run) old(from, size int) bool {
	return size == minCard && r.digits[from].value == 4 && r.group(from) == 4
}

// telephone tells whether digits behind a plus sign are, or begin with, a telephone
// number: they are short enough, or do not stand as a card's number does.
func (r run) telephone(from, size int) bool {
	first := r.group(0)
	return r.dialled && from == 0 && (size <= maxTelephone || first != 4 && first != size)
}

// maxTelephone is how many digits a telephone number has with its country's (E.164).
const maxTelephone = 15

// checked tells whether the last digit fits the others (ISO/IEC 7812-1, Annex B).
func checked(digits []byte) bool {
	sum := 0
	for n, d := range digits {
		v := int(d)
		if (len(digits)-n)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// digit gives the value of a digit of any script, also of one that is raised,
// lowered or in a circle.
func digit(c rune) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return byte(c - '0'), true
	case c < '²':
		return 0, false
	case c >= 'º' && c < '\u0660': // between the raised digits of Latin-1 and the first of another script
		return 0, false
	case unicode.Is(unicode.Nd, c):
		return decimal(c), true
	}
	return ornate(c)
}

// decimal gives the value of a decimal digit: each script has its ten in a row.
func decimal(c rune) byte {
	for _, r := range unicode.Nd.R16 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10)
		}
	}
	return 0
}

// ornate gives the value of a digit that is raised, lowered or in a circle.
func ornate(c rune) (byte, bool) {
	const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⓪①②③④⑤⑥⑦⑧⑨⓿❶❷❸❹❺❻❼❽❾"
	if c > '❾' {
		return 0, false
	}
	at := strings.IndexRune(digits, c)
	return byte(utf8.RuneCountInString(digits[:max(0, at)]) % 10), at >= 0
}

// unseen tells what takes no room between two digits: marks without width, and those
// that stand upon the character before them.
func unseen(c rune) bool {
	return c >= 0x80 && (unicode.In(c, unicode.Cf, unicode.Mn, unicode.Me) || c == '\u115F' || c == '\u1160' || c == '\u3164')
}

// separates tells what people write between the groups of a number.
func separates(c rune) bool {
	return strings.ContainsRune(" -.\t\n\r_/,|\\·•∙⋅・'’\"+*~;", c) || c >= 0x80 && unicode.In(c, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Pd) || c == '−'
}
