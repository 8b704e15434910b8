package channel

import (
	"strings"
	"unicode/utf16"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/parley-cx/parley/internal/domain"
)

// Counting is how a platform counts a text.
type Counting string

const (
	// CountCharacters counts Unicode code points.
	CountCharacters Counting = "characters"
	// CountBytes counts the bytes of UTF-8.
	CountBytes Counting = "bytes"
	// CountSMS counts what a text message's alphabet needs.
	CountSMS Counting = "sms"
	// CountWeighted counts as X does.
	CountWeighted Counting = "weighted"
)

// piece is a part of a text that is never cut: what a reader sees as one
// character, or an address that the platform replaces.
type piece struct {
	text string
	cost int
}

// Measure counts a text as the platform does.
func (c Capability) Measure(text string) domain.TextLength {
	l := domain.TextLength{Charset: c.charset(text), Limit: c.TextLimit}
	for _, p := range pieces(text, l.Charset) {
		l.Used += p.cost
	}
	l.SegmentLimit = l.Limit
	if l.Used > 0 {
		l.Segments = 1
	}
	if c.Counting == CountSMS {
		l.Segments, l.SegmentLimit = segments(text, l.Charset, l.Used)
	}
	return l
}

// Fit gives the longest beginning of a text that fits, without cutting what a
// reader sees as one character: an emoji with its skin tone, a letter with its accents.
func (c Capability) Fit(text string) string {
	end, used := 0, 0
	for _, p := range pieces(text, c.charset(text)) {
		if used += p.cost; used > c.TextLimit {
			break
		}
		end += len(p.text)
	}
	return text[:whole(text, end)]
}

// whole moves a place back to where nothing is cut that a reader sees as one
// character: a mark may stand directly behind an address.
func whole(text string, at int) int {
	begin := 0
	for _, p := range graphemes(text, func(string) int { return 0 }) {
		if begin+len(p.text) > at {
			break
		}
		begin += len(p.text)
	}
	return begin
}

func (c Capability) charset(text string) domain.Charset {
	switch c.Counting {
	case CountBytes:
		return domain.CharsetUTF8
	case CountWeighted:
		return domain.CharsetWeighted
	case CountSMS:
		return smsCharset(text)
	}
	return domain.CharsetUnicode
}

// pieces cuts a text into what is never cut, with what each costs.
func pieces(text string, charset domain.Charset) []piece {
	if charset == domain.CharsetWeighted {
		return weighted(text)
	}
	return graphemes(text, func(cluster string) int { return cost(cluster, charset) })
}

// graphemes cuts a text into what a reader sees as one character each.
func graphemes(text string, cost func(cluster string) int) []piece {
	var all []piece
	for state := -1; text != ""; {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		all = append(all, piece{cluster, cost(cluster)})
	}
	return all
}

func cost(cluster string, charset domain.Charset) int {
	if charset == domain.CharsetUTF8 {
		return len(cluster)
	}
	total := 0
	for _, r := range cluster {
		switch charset {
		case domain.CharsetGSM7:
			total += septets(r)
		case domain.CharsetUCS2:
			total += max(1, utf16.RuneLen(r))
		default:
			total++
		}
	}
	return total
}

// Normal gives a text so that two which read the same are equal: composed, with
// single spaces.
func Normal(text string) string { return strings.Join(strings.Fields(Composed(text)), " ") }

// Composed gives a text in which each letter is one character with its accents, where
// there is one; keyboards write both.
func Composed(text string) string { return norm.NFC.String(text) }
