package channel

import (
	"strings"
	"unicode/utf16"

	"github.com/parley-cx/parley/internal/domain"
)

// The alphabet of GSM 03.38: the basic table without its escape, one septet each,
// and the extension table, where each needs the escape before it.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmMore  = "\f^{}\\[~]|€"
)

// What one text message carries, and each part of one that is joined from several:
// a header of six bytes says which part it is.
const (
	gsmWhole, gsmPart = 160, 153
	ucsWhole, ucsPart = 70, 67
)

// septets is what a character costs in the alphabet of GSM 03.38; zero for one
// that is not in it.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmMore, r):
		return 2
	}
	return 0
}

// smsCharset gives the alphabet of a text message: one character that the short
// one does not have turns all of it.
func smsCharset(text string) domain.Charset {
	for _, r := range text {
		if septets(r) == 0 {
			return domain.CharsetUCS2
		}
	}
	return domain.CharsetGSM7
}

// segments tells how many parts a text message has, and what each carries. What
// costs two stands in one part: an escape with its character, both units of a
// character beyond the first plane.
func segments(text string, charset domain.Charset, used int) (n, each int) {
	whole, part := gsmWhole, gsmPart
	if charset == domain.CharsetUCS2 {
		whole, part = ucsWhole, ucsPart
	}
	if used <= whole {
		return min(used, 1), whole
	}
	room := 0
	for _, r := range text {
		size := max(1, utf16.RuneLen(r))
		if charset == domain.CharsetGSM7 {
			size = septets(r)
		}
		if size > room {
			n, room = n+1, part
		}
		room -= size
	}
	return n, part
}
