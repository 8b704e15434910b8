package domain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// corpus makes texts from a seed, so that a figure can be had again.
type corpus struct{ *rand.Rand }

func (c corpus) pick(from ...string) string { return from[c.IntN(len(from))] }

func (c corpus) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + c.IntN(10)))
	}
	return b.String()
}

// number makes the number of a card of an issuer.
func (c corpus) number(i issuer) string {
	size := i.least + c.IntN(i.most-i.least+1)
	body := fmt.Sprint(i.from+c.IntN(i.to-i.from+1)) + c.digits(size-7)
	for d := '0'; d <= '9'; d++ {
		digits := []byte(body + string(d))
		for n := range digits {
			digits[n] -= '0'
		}
		if checked(digits) {
			return body + string(d)
		}
	}
	return ""
}

// account makes an IBAN of a bank, in groups of four.
func (c corpus) account(land, bank string, size int, between string) string {
	number := bank + c.digits(size)
	for check := range 98 {
		text := fmt.Sprintf("%s%02d%s", land, check, number)
		if account(text) == len(text) {
			var b strings.Builder
			for n, d := range text {
				if n > 0 && n%4 == 0 {
					b.WriteString(between)
				}
				b.WriteRune(d)
			}
			return b.String()
		}
	}
	return ""
}

// written writes a number as people do who hide it from nobody, or from us.
func (c corpus) written(number string) string {
	var b strings.Builder
	between, size := c.pick("", "", " ", "-", ".", " - ", "\u00a0", "\u2009", "\u2013", "_", "/", "\u200b", "\u00ad", "\t", "\n"), 1+c.IntN(6)
	shift := []rune{'0', '0', '0', '０', '٠', '०', '𝟎'}[c.IntN(7)]
	if c.IntN(2) == 0 {
		size = 4
	}
	for n, d := range number {
		if n > 0 && n%size == 0 {
			b.WriteString(between)
		}
		b.WriteRune(shift + d - '0')
	}
	return b.String()
}

// within puts something into a sentence.
func (c corpus) within(s string) string {
	return c.pick("My card: ", "", "please charge ", "card no.", "ref 4417, card ", "26/11/2026: ", "Carte n° ", "👍 ") +
		s + c.pick("", ".", " thanks", ", valid 12/27", " exp 0228", "x", " (Visa)", "!")
}

// innocent makes what looks like a card's number and is none.
func (c corpus) innocent() (kind, text string) {
	at := time.Unix(1_500_000_000+c.Int64N(500_000_000), c.Int64N(1e9)).UTC()
	switch c.IntN(12) {
	case 0:
		return "order", c.pick("order ", "No. ", "#") + c.digits(6+c.IntN(7))
	case 1:
		return "telephone", c.pick("+33 6 ", "+44 7700 ", "+49 151 ", "0049 171 ", "(020) 7946 ", "+1 415-") + c.digits(3) + c.pick(" ", "-", "") + c.digits(4)
	case 2:
		return "telephones", "+336" + c.digits(8) + ", +4915" + c.digits(9) + " / 06 12 34 " + c.digits(2) + " " + c.digits(2)
	case 3:
		return "tracking", c.pick("1Z9999W9"+c.digits(10), "JD0"+c.digits(15), "RR"+c.digits(9)+"FR", "00340"+c.digits(15), "9400"+c.digits(18), c.digits(12), c.digits(20))
	case 4:
		return "IBAN", c.pick(c.account("DE", "", 18, ""), c.account("DE", "", 18, " "), c.account("FR", "", 23, ""), c.account("FR", "", 23, " "), c.account("NO", "", 11, " "),
			c.account("GB", "NWBK", 14, " "), c.account("GB", "NWBK", 14, ""), c.account("NL", "ABNA", 10, " "))
	case 5:
		return "UUID", fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", c.Uint32(), c.IntN(1<<16), c.IntN(1<<12), c.IntN(1<<12), c.Int64N(1<<48))
	case 6:
		return "time", c.pick(at.Format(time.RFC3339Nano), at.Format("2006-01-02 15:04:05.000"), at.Format("02/01/2006 15:04:05"), fmt.Sprint(at.Unix()), fmt.Sprint(at.UnixMilli()), fmt.Sprint(at.UnixMicro()))
	case 7:
		return "amounts", c.digits(3) + "," + c.digits(2) + " € + " + c.digits(2) + ".90, total " + c.digits(4) + "." + c.digits(2)
	case 8:
		return "address", c.digits(2) + " rue de la Paix, 75" + c.digits(3) + " Paris, code " + c.digits(4)
	case 9:
		return "link", "https://shop.example/p/" + c.digits(9) + "?v=" + c.digits(6)
	case 10:
		return "hash", fmt.Sprintf("%016x%016x", c.Uint64(), c.Uint64())
	}
	return "sixteen digits", c.digits(16) // of which some are cards' by chance
}

// C20: recall and precision, over a generated corpus. What has sixteen arbitrary
// digits is told apart: the two in a hundred of them that fit an issuer and its
// check digit are cards' numbers to everybody.
func TestC20_PrecisionAndRecall(t *testing.T) {
	t.Parallel()
	c := corpus{rand.New(rand.NewPCG(20, 26))}
	const size = 10_000
	found := 0
	for range size {
		i := issuers[c.IntN(len(issuers))]
		text := c.within(c.written(c.number(i)))
		if masked := MaskCards(text); masked != text && !HasCard(masked) {
			found++
		} else if size-found < 5 {
			t.Logf("not found: %q", text)
		}
	}
	wrong, all := map[string]int{}, map[string]int{}
	mistaken := 0
	for range size {
		kind, text := c.innocent()
		all[kind]++
		if HasCard(c.within(text)) {
			wrong[kind]++
			if kind != "sixteen digits" {
				mistaken++
			}
		}
	}
	recall, precision := float64(found)/size, float64(found)/float64(found+mistaken)
	t.Logf("recall %.4f, precision %.4f; taken for cards: %v of %v", recall, precision, wrong, all)
	if recall < 0.999 || precision < 0.998 || float64(wrong["sixteen digits"]) > 0.06*float64(all["sixteen digits"]) {
		t.Error("too many are missed, or too much is masked")
	}
}
