package domain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// C20: what is covered, and what is not.
func TestC20_CardDataIsMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"4111111111111111", "************1111"},
		{"My card is 4111 1111 1111 1111, thanks", "My card is **** **** **** 1111, thanks"},
		{"4111-1111-1111-1111", "****-****-****-1111"},
		{"4111 - 1111 - 1111 - 1111", "**** - **** - **** - 1111"},
		{"4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", "*.*.*.*.*.*.*.*.*.*.*.*.1.1.1.1"},
		{"4111:1111:1111:1111", "****:****:****:1111"},
		{"4111\n1111\n1111\n1111", "****\n****\n****\n1111"},
		{"4111\u00a01111\u202f1111\u20111111", "****\u00a0****\u202f****\u20111111"},
		{"４１１１ １１１１ １１１１ １１１１", "**** **** **** １１１１"},
		{"٤١١١١١١١١١١١١١١١", "************١١١١"},
		{"④①①①-①①①①-①①①①-①①①①", "****-****-****-①①①①"},
		{"4\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1", strings.Repeat("*\u200b", 12) + "1\u200b1\u200b1\u200b1"},
		{"4\ufe0f\u20e31\ufe0f\u20e311111111111111", "*\ufe0f\u20e3*\ufe0f\u20e3**********1111"},
		{"card4111111111111111x", "card************1111x"},
		{"378282246310005", "***********0005"}, {"3782 822463 10005", "**** ****** *0005"},
		{"30569309025904", "**********5904"}, {"6011111111111117", "************1117"}, {"3530111333300000", "************0000"},
		{"5555555555554444", "************4444"}, {"2223003122003222", "************3222"}, {"6200000000000005", "************0005"},
		{"6799990100000000019", "***************0019"}, {"4222222222222", "*********2222"}, {"2200000000000053", "************0053"},
		{"4111111111111111 12/28", "************1111 12/28"}, {"4111111111111111-1228", "************1111-1228"}, {"4111111111111111=2812", "************1111=2812"},
		{"41111111111111111228", "************11111228"}, {"4111 1111 1111 11111228", "**** **** **** 11111228"}, {"4111111111111111122028", "************1111122028"},
		{"41111111111111111228 and 3782822463100050130", "************11111228 and ***********00050130"},
		{"From 2024: 4111111111111111 12/27", "From 2024: ************1111 12/27"},
		{"4111111111111111 5555555555554444", "************1111 ************4444"},
		{"4111111111111111 CVV 123", "************1111 CVV ***"}, {"cvc: 1234", "cvc: ****"}, {"my CVV2 code is 123.", "my CVV2 code is ***."},
		{"123 (CVV)", "*** (CVV)"}, {"4111111111111111, security code 123", "************1111, security code ***"},
		{"4111111111111111, code de sécurité 123", "************1111, code de sécurité ***"},
	} {
		if got := MaskCards(c.text); got != c.want {
			t.Errorf("%q: %q, not %q", c.text, got, c.want)
		}
		if !HasCard(c.text) || HasCard(c.want) {
			t.Errorf("%q: card data %v, when masked %v", c.text, HasCard(c.text), HasCard(c.want))
		}
	}
}

func TestC20_WhatIsNoCardStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "12", "no digits ✓", "4111111111111112", "0000000000000000", "1111111111111117", "411111111111", "41111111111111111111",
		"41111111111111111328", "41111111111111110028", "41111111111111111250", "4111111111111111121928", "411111111111111112289",
		"+49 1512 3456 789", "+4915123456786", "call 0049 1512 3456789 before 2026-11-26 10:15:30", "550e8400-e29b-41d4-a716-446655440000", "1Z9999W99999999999",
		"DE89 3704 0044 0532 0130 00", "FR76 3000 6000 0112 3456 7890 189",
		"your security code is 123", "room 123", "4.1.1 and 1.1.1", "****1111", "cvv 12345", "cvv soon, 123 of them", "\xff4111\xff1111\xff1111",
	} {
		if got := MaskCards(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// FuzzMaskCards holds to any text that masking ends, leaves nothing that would be
// masked, and neither breaks nor moves what stays.
func FuzzMaskCards(f *testing.F) {
	for _, text := range []string{"4111 1111 1111 1111 1111 1111", "4111111111111111 cvv 123", "+4111-1111\u200b11111111 3782 822463 10005 4", "\xff\u0661411111111111111111"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked := MaskCards(text)
		if again := MaskCards(masked); again != masked {
			t.Errorf("%q, and again %q", masked, again)
		}
		if utf8.ValidString(text) && !utf8.ValidString(masked) || utf8.RuneCountInString(masked) != utf8.RuneCountInString(text) {
			t.Errorf("%q became %q", text, masked)
		}
	})
}

func BenchmarkMaskCards(b *testing.B) {
	for name, text := range map[string]string{
		"words":  "Hello, my parcel has not arrived yet. Could you please look into it?",
		"order":  "Order 4417-2231-88 of 26/11/2026 was to arrive by 10:30, tel. +33 6 12 34 56 78.",
		"card":   "My card is 4111 1111 1111 1111, valid until 12/27.",
		"French": "Où est ma commande n° 4417 du 26 novembre ? Merci d’avance, Zoé",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MaskCards(text)
			}
		})
	}
}
