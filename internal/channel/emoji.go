package channel

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/parley-cx/parley/internal/domain"
)

// The characters that make emoji of others.
const (
	joiner   = '\u200d'
	variant  = '\ufe0f' // asks for the picture
	keycap   = '\u20e3'
	flagFrom = '\U0001f1e6'
	flagTo   = '\U0001f1ff'
	toneFrom = '\U0001f3fb'
	toneTo   = '\U0001f3ff'
	tagFrom  = '\U000e0020'
	tagTo    = '\U000e007f'
)

// joined tells whether what a reader sees as one character is an emoji of several
// code points: with a skin tone, a flag, a keycap, a family.
func joined(cluster string) bool {
	runes := []rune(cluster)
	base := runes[0]
	for n, r := range runes[1:] {
		switch {
		case r == keycap, within(r, toneFrom, toneTo), within(r, tagFrom, tagTo), within(r, flagFrom, flagTo) && within(base, flagFrom, flagTo):
			return true
		case r == variant && (base >= 0x203c || base == '©' || base == '®'):
			return true
		case r == joiner && n+2 < len(runes) && base >= 0x2190 && unicode.In(runes[n+2], unicode.So, unicode.Sk):
			return true
		}
	}
	return false
}

func within(r, from, to rune) bool { return r >= from && r <= to }

// isEmoji tells whether what a reader sees as one character is a picture.
func isEmoji(cluster string) bool {
	if joined(cluster) {
		return true
	}
	base := []rune(cluster)[0]
	if within(base, flagFrom, flagTo) || !unicode.In(base, unicode.So, unicode.Sk) && base != '◽' && base != '◾' {
		return false
	}
	return uniseg.StringWidth(cluster) == 2 && (base < 0x2e80 || base >= 0x1f000)
}

// HasEmoji tells whether a text has an emoji in it.
func HasEmoji(text string) bool { return WithoutEmoji(text) != text }

// WithoutEmoji takes the emoji out of a text, each with the space before it, or
// behind it at the beginning of a line. Words between which emoji alone stood have one
// space between them.
func WithoutEmoji(text string) string {
	var kept []byte
	out := false // an emoji stood here
	for _, p := range graphemes(text, func(string) int { return 0 }) {
		if isEmoji(p.text) {
			kept, out = bytes.TrimSuffix(kept, []byte(" ")), true
			continue
		}
		begins := len(kept) == 0 || kept[len(kept)-1] == '\n'
		if out && begins && p.text == " " {
			continue
		}
		if out && !begins && parted(kept, p.text) {
			kept = append(kept, ' ')
		}
		kept, out = append(kept, p.text...), false
	}
	return string(kept)
}

// parted tells whether a space belongs between two texts: a word, or what ends a
// sentence, and another word.
func parted(before []byte, behind string) bool {
	last, _ := utf8.DecodeLastRune(before)
	next, _ := utf8.DecodeRuneInString(behind)
	return (wordly(last) || strings.ContainsRune(".,;:!?…)", last)) && wordly(next)
}

// wordly tells what words and numbers are made of.
func wordly(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

// Plain is a text as a channel's settings leave it (C16): without emoji where they are
// taken out; ok is false where they are refused.
func Plain(s domain.ChannelSettings, text string) (plain string, ok bool) {
	switch s.EmojiRule() {
	case domain.EmojiStrip:
		return WithoutEmoji(text), true
	case domain.EmojiReject:
		return text, !HasEmoji(text)
	}
	return text, true
}
