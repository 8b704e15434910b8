package domain

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
