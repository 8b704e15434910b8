package domain

import "strings"

// lands lists the lands of bank accounts, each with how many characters its IBAN has
// (ISO 13616).
const lands = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28" +
	"HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29" +
	"RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20"

// span is a part of a text.
type span struct{ from, to int }

// accounts finds the numbers of bank accounts in a text: they begin with a land and
// two digits that fit the others. Their digits are no card's.
func accounts(text string) (found []span) {
	for at := 0; at+minAccount <= len(text); at++ {
		if at > 0 && alphanumeric(text[at-1]) {
			continue
		}
		if to := account(text[at:]); to > 0 {
			found = append(found, span{at, at + to})
			at += to - 1
		}
	}
	return found
}

const minAccount = 15 // characters of an IBAN

// account gives the length of the IBAN with which a text begins; 0 where it does not.
func account(text string) int {
	if !letter(text[0]) || !letter(text[1]) || letter(text[2]) || !alphanumeric(text[2]) || letter(text[3]) || !alphanumeric(text[3]) {
		return 0
	}
	size := landSize(strings.ToUpper(text[:2]))
	number := make([]byte, 0, 34)
	for at := 0; at < len(text) && len(number) < size; at++ {
		switch c := text[at]; {
		case alphanumeric(c):
			number = append(number, c)
		case at < 4 || !between(text, at):
			return 0
		}
		if len(number) == size && (at+1 == len(text) || !alphanumeric(text[at+1]) || letter(text[at+1])) && proven(number) {
			return at + 1
		}
	}
	return 0
}

// landSize gives how many characters the IBAN of a land has; 0 for none.
func landSize(land string) int {
	at := strings.Index(lands, land)
	if at < 0 || at%4 != 0 {
		return 0
	}
	return int(lands[at+2]-'0')*10 + int(lands[at+3]-'0')
}

// between tells whether what stands at a place of a text, behind a letter or a digit,
// parts the groups of an IBAN: one space, also one that does not break, or one hyphen.
func between(text string, at int) bool {
	if text[at] == 0xa0 {
		return text[at-1] == 0xc2
	}
	return (text[at] == ' ' || text[at] == '-' || text[at] == 0xc2) && alphanumeric(text[at-1])
}

// proven tells whether an IBAN's check digits fit the others.
func proven(number []byte) bool {
	rest := 0
	for n := range number {
		switch c := number[(n+4)%len(number)]; {
		case letter(c):
			rest = (rest*100 + int(c|' '-'a') + 10) % 97
		default:
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

func letter(c byte) bool { return c|' ' >= 'a' && c|' ' <= 'z' }

func alphanumeric(c byte) bool { return letter(c) || c >= '0' && c <= '9' }
