package domain

// Charset is how a channel counts a text.
type Charset string

const (
	// CharsetUnicode counts Unicode code points.
	CharsetUnicode Charset = "unicode"
	// CharsetUTF8 counts the bytes of UTF-8.
	CharsetUTF8 Charset = "utf8"
	// CharsetGSM7 counts septets: a text message in the alphabet of GSM 03.38.
	CharsetGSM7 Charset = "gsm7"
	// CharsetUCS2 counts units of UTF-16: a text message with any other character.
	CharsetUCS2 Charset = "ucs2"
	// CharsetWeighted counts as X does: some characters and every emoji twice, an address as 23.
	CharsetWeighted Charset = "weighted"
)

// TextLength is a text as its channel counts it. All figures are in what the
// charset counts.
type TextLength struct {
	Charset      Charset
	Limit        int // the most that one message takes
	Used         int
	Segments     int // in how many parts the platform carries it; none for no text
	SegmentLimit int // what each part carries, where it has several what each of those does
}

// Remaining is how much more fits; negative for a text that is too long.
func (l TextLength) Remaining() int { return l.Limit - l.Used }

// Fits tells whether one message takes the text.
func (l TextLength) Fits() bool { return l.Used <= l.Limit }
