package channel_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

func sms() channel.Capability { return channel.Coming()["sms"] }

func TestCodePointsAndBytes(t *testing.T) {
	t.Parallel()
	points, bytes := channel.Capability{TextLimit: 10}, channel.Capability{TextLimit: 10, Counting: channel.CountBytes}
	for text, want := range map[string][2]int{"": {0, 0}, "abc": {3, 3}, "é": {1, 2}, "e\u0301": {2, 3}, "日本": {2, 6}, "👍": {1, 4}, "👍🏽": {2, 8}, "👨‍👩‍👧": {5, 18}, "a\r\nb": {4, 4}} {
		if got := points.Measure(text); got.Used != want[0] || got.Charset != domain.CharsetUnicode {
			t.Errorf("%q: %+v, want %d code points", text, got, want[0])
		}
		if got := bytes.Measure(text); got.Used != want[1] || got.Remaining() != 10-want[1] || got.Fits() != (want[1] <= 10) {
			t.Errorf("%q: %+v, want %d bytes", text, got, want[1])
		}
	}
}

// TestA11_TextMessages counts text messages as their standards do: GSM 03.38 for the
// alphabets, 3GPP 23.040 for the parts.
func TestA11_TextMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		charset  domain.Charset
		used     int
		segments int
		each     int
	}{
		{"", domain.CharsetGSM7, 0, 0, 160},
		{strings.Repeat("a", 160), domain.CharsetGSM7, 160, 1, 160},
		{strings.Repeat("a", 161), domain.CharsetGSM7, 161, 2, 153},
		{strings.Repeat("a", 306), domain.CharsetGSM7, 306, 2, 153},
		{strings.Repeat("a", 307), domain.CharsetGSM7, 307, 3, 153},
		{strings.Repeat("€", 80), domain.CharsetGSM7, 160, 1, 160},
		{strings.Repeat("€", 81), domain.CharsetGSM7, 162, 2, 153},
		{strings.Repeat("€", 153), domain.CharsetGSM7, 306, 3, 153}, // 76 pairs fit in 153
		{strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), domain.CharsetGSM7, 306, 3, 153},
		{strings.Repeat("я", 70), domain.CharsetUCS2, 70, 1, 70},
		{strings.Repeat("я", 71), domain.CharsetUCS2, 71, 2, 67},
		{strings.Repeat("я", 134), domain.CharsetUCS2, 134, 2, 67},
		{strings.Repeat("я", 135), domain.CharsetUCS2, 135, 3, 67},
		{strings.Repeat("😀", 35), domain.CharsetUCS2, 70, 1, 70},
		{strings.Repeat("😀", 36), domain.CharsetUCS2, 72, 2, 67},
		{strings.Repeat("😀", 67), domain.CharsetUCS2, 134, 3, 67}, // 33 fit in 67
		{strings.Repeat("a", 69) + "`", domain.CharsetUCS2, 70, 1, 70},
		{strings.Repeat("a", 70) + "ç", domain.CharsetUCS2, 71, 2, 67},
		{"^{}\\[~]|€\f", domain.CharsetGSM7, 20, 1, 160},
		{"ÄÖÑÜ§¿äöñüàÆæßÉ@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞ¤¡\n\r", domain.CharsetGSM7, 43, 1, 160},
		{"“curly”", domain.CharsetUCS2, 7, 1, 70}, {"a\tb", domain.CharsetUCS2, 3, 1, 70}, {"–", domain.CharsetUCS2, 1, 1, 70},
	} {
		got := sms().Measure(c.text)
		if got.Charset != c.charset || got.Used != c.used || got.Segments != c.segments || got.SegmentLimit != c.each {
			t.Errorf("%.20q…: %+v, want %s %d in %d of %d", c.text, got, c.charset, c.used, c.segments, c.each)
		}
	}
}

// TestA11_Weights runs twitter-text's own vectors.
func TestA11_Weights(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/weighted.json")
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Vectors []struct {
			Description, Text string
			Weight            int
		}
	}
	if err := json.Unmarshal(raw, &published); err != nil || len(published.Vectors) < 24 {
		t.Fatalf("%d vectors, %v", len(published.Vectors), err)
	}
	posts := channel.Coming()["x_post"]
	for _, v := range published.Vectors {
		if got := posts.Measure(v.Text); got.Used != v.Weight || got.Fits() != (v.Weight <= 280) || got.Segments != 1 {
			t.Errorf("%s: %+v, want %d", v.Description, got, v.Weight)
		}
	}
	for text, want := range map[string]int{"": 0, "example.com": 23, "see example.com.": 28, "mail ana@example.com": 20, "a.b.c": 5, "v1.2": 4, "日本example.comです": 31,
		"example.com/a_(b)": 23, "(example.com/a)": 25, "e\u0301": 1, "क्षि": 4, "not.atld": 8, "http://localhost/": 17, "https://example.co.uk:8080/x?y=1#z": 23} {
		if got := posts.Measure(text).Used; got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestEmoji(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"Hi 👍🏽 there": "Hi there", "👨‍👩‍👧‍👦": "", "1️⃣ go": "go", "🇫🇷!": "!", "♥ © ™ → ✓ 日本 ㊗": "♥ © ™ → ✓ 日本 ㊗", "❤️": "", "⌚": "", "क्‍ष": "क्‍ष", "5 * 3 #1": "5 * 3 #1",
		"see you 👋Kim": "see you Kim", "4😀4": "4 4", "see you👋👋 Kim": "see you Kim", "Hi!👋Kim": "Hi! Kim", "Hi 👋 👋, Kim": "Hi, Kim", "Hi\n👋 Kim": "Hi\nKim", "(👋Kim)": "(Kim)"} {
		if got := channel.WithoutEmoji(text); got != want || channel.HasEmoji(text) != (got != text) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzMeasure holds, for every way of counting, that what fits is a beginning of the
// text that fits, that nothing a reader sees as one character is cut, and that
// segments hold the whole.
func FuzzMeasure(f *testing.F) {
	for _, seed := range []string{"", "hello", "e\u0301", "👨‍👩‍👧‍👦 and https://example.com/x", "€^{}", "\xff\xfe", strings.Repeat("я", 71), "日本example.comです", "a.b.c.d..e", "🇫🇷🇫🇷"} {
		f.Add(seed, 7)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 0), 300)
		for _, counting := range []channel.Counting{channel.CountCharacters, channel.CountBytes, channel.CountSMS, channel.CountWeighted} {
			c := channel.Capability{TextLimit: limit, Counting: counting}
			whole, fits := c.Measure(text), c.Fit(text)
			if !strings.HasPrefix(text, fits) || whole.Fits() != (fits == text) {
				t.Fatalf("%s: of %q fits %q, %+v", counting, text, fits, whole)
			}
			if !boundary(text, len(fits)) {
				t.Fatalf("%s: %q is cut after %q", counting, text, fits)
			}
			if whole.Segments*whole.SegmentLimit < whole.Used && counting == channel.CountSMS || (whole.Used == 0) != (text == "") {
				t.Fatalf("%s: %q is %+v", counting, text, whole)
			}
			if utf8.ValidString(text) && counting == channel.CountBytes && whole.Used != len(text) {
				t.Fatalf("%q has %d bytes", text, whole.Used)
			}
		}
	})
}

// boundary tells whether nothing is cut at this place.
func boundary(text string, at int) bool {
	for end, g := 0, uniseg.NewGraphemes(text); ; {
		if end == at {
			return true
		}
		if end > at || !g.Next() {
			return false
		}
		_, end = g.Positions()
	}
}
