package graph

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxID bounds an identifier; Meta's longest, the ids of messages, have some 200 characters.
const maxID = 512

// ID is an identifier on Meta's wire, where ids are strings and, in older
// webhooks, numbers. What can be neither stored nor compared is no id: empty.
type ID string

// UnmarshalJSON never fails, so that a strange id does not hide its neighbours.
func (id *ID) UnmarshalJSON(raw []byte) error {
	*id = ""
	var text string
	switch {
	case len(raw) == 0:
	case raw[0] >= '0' && raw[0] <= '9':
		text = string(raw)
		if strings.Trim(text, "0123456789") != "" {
			return nil
		}
	case json.Unmarshal(raw, &text) != nil:
		return nil
	}
	if len(text) <= maxID && strings.IndexFunc(text, unfit) < 0 {
		*id = ID(text)
	}
	return nil
}

// unfit tells the characters that no id has. U+FFFD stands for a broken one.
func unfit(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }

const (
	// secondsBelow parts seconds from milliseconds: Meta's timestamps are
	// milliseconds, but documented examples have seconds too.
	secondsBelow = 100_000_000_000
	// lastMilli is the end of the year 9999.
	lastMilli = 253_402_300_799_999
)

// Time is a point in time on Meta's wire: milliseconds or seconds, as a number
// or a string. What cannot be read is the zero time.
type Time struct{ time.Time }

// UnmarshalJSON never fails; see Time.
func (t *Time) UnmarshalJSON(raw []byte) error {
	*t = Time{}
	text := string(raw)
	if strings.HasPrefix(text, `"`) && json.Unmarshal(raw, &text) != nil {
		return nil
	}
	n, ok := whole(text)
	if ok && n < secondsBelow {
		n *= 1000
	}
	if ok && n > 0 && n <= lastMilli {
		t.Time = time.UnixMilli(n).UTC()
	}
	return nil
}

// whole reads a number that JSON may have written with a fraction or an exponent.
func whole(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0 && f <= lastMilli) {
		return 0, false
	}
	return int64(f), true
}

// Clean makes a text that can be stored anywhere: valid UTF-8 without U+0000.
func Clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
