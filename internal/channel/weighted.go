package channel

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// The weights of X, in hundredths, from twitter-text's configuration 3.
const (
	weightScale = 100
	weightMost  = 200 // of a character, and of an emoji however it is made
	weightLeast = 100
	weightURL   = 23 * weightScale
	maxURL      = 4096
)

// light tells whether a character is in the ranges that count once.
func light(r rune) bool {
	return r <= 0x10ff || within(r, 0x2000, 0x200d) || within(r, 0x2010, 0x201f) || within(r, 0x2032, 0x2037)
}

// weighted cuts a text as X does: addresses, which are replaced by short ones, and
// what a reader sees as one character.
func weighted(text string) []piece {
	var all []piece
	plain := func(part string) { all = append(all, graphemes(part, weight)...) }
	for _, span := range addresses(text) {
		plain(text[:span[0]])
		all = append(all, piece{text[span[0]:span[1]], weightURL})
		text = text[span[1]:]
	}
	plain(text)
	return scaled(all)
}

// scaled turns hundredths into what is shown; no piece costs a fraction.
func scaled(all []piece) []piece {
	for n := range all {
		all[n].cost /= weightScale
	}
	return all
}

// weight is what one character costs, composed.
func weight(cluster string) int {
	if joined(cluster) {
		return weightMost
	}
	total := 0
	for _, r := range norm.NFC.String(cluster) {
		if light(r) {
			total += weightLeast
		} else {
			total += weightMost
		}
	}
	return total
}

// address finds what may be an address: a scheme and a name, or a name in Latin
// letters alone; and then port, path and query.
var address = regexp.MustCompile(`(?i)(?:(https?://)((?:[\pL\pM\pN](?:[\pL\pM\pN_-]*[\pL\pM\pN])?\.)+[\pL\pM\pN-]+)|` +
	`((?:[\p{Latin}0-9](?:[\p{Latin}0-9_-]*[\p{Latin}0-9])?\.)+[\p{Latin}0-9-]+))(?::\d+)?` +
	`(/[\p{Latin}\p{Cyrillic}\pM0-9!*'();:=+,.$/%#\[\]\x{2013}_~@|&-]*)?(\?[a-z0-9!?*'();:&=+$/%#\[\]_.,~|@-]*[a-z0-9_&=#/-])?`)

// addresses finds what X replaces by a short address. Each span counts from the
// end of the one before.
func addresses(text string) (spans [][2]int) {
	from := 0
	for _, m := range address.FindAllStringSubmatchIndex(text, -1) {
		begin, end := judged(text, m)
		if end > begin {
			spans = append(spans, [2]int{begin - from, end - from})
			from = end
		}
	}
	return spans
}

// judged gives the part of a match that is an address; nothing where none is: a
// name ends in a top level that exists.
func judged(text string, m []int) (begin, end int) {
	schemeless := m[2] < 0
	begin, host := m[0], max(m[5], m[7])
	from := max(m[4], m[6])
	name := known(text[from:host])
	end = from + len(name)
	if end == host {
		end = m[1]
		if m[10] < 0 && m[8] >= 0 {
			end = m[8] + len(trimmed(text[m[8]:m[9]]))
		}
	}
	before, _ := utf8.DecodeLastRuneInString(text[:begin])
	after, _ := utf8.DecodeRuneInString(text[end:])
	if name == "" || begin > 0 && refusedBefore(before, schemeless) || m[8] < 0 && strings.ContainsRune("@+", after) || end-begin > maxURL {
		return 0, 0
	}
	return begin, end
}

// refusedBefore tells which characters directly before make it something else.
func refusedBefore(r rune, schemeless bool) bool {
	return strings.ContainsRune("@＠$#＃\ufffe\ufeff\uffff", r) || r < 0x80 && (r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') ||
		schemeless && strings.ContainsRune("-_./", r)
}

// known gives the longest beginning of a name that ends in a top level that exists;
// none where a label is too long to be one.
func known(host string) string {
	for strings.Contains(host, ".") {
		cut := strings.LastIndexByte(host, '.')
		for _, last := range []string{host[cut+1:], asciiStart(host[cut+1:])} {
			ascii, err := idna.Punycode.ToASCII(last)
			if _, icann := publicsuffix.PublicSuffix(strings.ToLower(ascii)); err == nil && last != "" && icann {
				return short(host[:cut+1] + last)
			}
		}
		host = host[:cut]
	}
	return ""
}

// short gives a name back whose labels are not too long, and whose domain has no underscore.
func short(host string) string {
	labels := strings.Split(host, ".")
	if strings.Contains(labels[len(labels)-2], "_") {
		return ""
	}
	ascii, err := idna.Punycode.ToASCII(host)
	if err != nil {
		return ""
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if len(label) > 63 {
			return ""
		}
	}
	return host
}

// asciiStart gives the beginning of a label that is in ASCII: what follows without a
// space is the next word of a language that has none.
func asciiStart(label string) string {
	if cut := strings.IndexFunc(label, func(r rune) bool { return r > 0x7f }); cut >= 0 {
		return label[:cut]
	}
	return ""
}

// trimmed takes off a path what ends the sentence.
func trimmed(path string) string {
	path = strings.TrimRight(path, "!*';:,.$%[]~|&@\u2013")
	for strings.HasSuffix(path, ")") && strings.Count(path, ")") > strings.Count(path, "(") {
		path = strings.TrimRight(path[:len(path)-1], "!*';:,.$%[]~|&@\u2013")
	}
	return path
}
