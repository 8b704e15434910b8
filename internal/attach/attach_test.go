package attach

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"

// TestAgree is what a file may be declared as.
func TestAgree(t *testing.T) {
	t.Parallel()
	const svg, html, zip, webm = `<svg xmlns="http://www.w3.org/2000/svg"></svg>`, "<!DOCTYPE html><html></html>", "PK\x03\x04\x14\x00\x00\x00", "\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
	for _, c := range []struct{ declared, content, want string }{
		{"", png, "image/png"}, {unknownType, png, "image/png"}, {unknownType, "words", "text/plain"}, {unknownType, "\x00\x01\x02", unknownType},
		{"image/png", png, "image/png"}, {"image/gif", png, ""}, {"text/plain", png, ""}, {"application/pdf", png, ""}, {"image/png", "words", ""}, {"image/png", "\x00\x01", ""},
		{"image/png", html, ""}, {"image/png", svg, ""}, {"image/svg+xml", svg, "image/svg+xml"}, {"text/plain", svg, "text/plain"}, {"text/html", html, "text/html"},
		{"text/csv", "a,b\n", "text/csv"}, {"application/json", `{"a":1}`, "application/json"}, {"text/markdown", "# a", "text/markdown"}, {"application/x-of-tomorrow", "\x00\x01", "application/x-of-tomorrow"},
		{"application/zip", zip, "application/zip"}, {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", zip, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"audio/webm", webm, "audio/webm"}, {"video/webm", webm, "video/webm"}, {"audio/mpeg", webm, ""},
		{"application/vnd.microsoft.portable-executable", png, ""}, {"image/png", "MZ\x90\x00", ""},
	} {
		got, err := agree(c.declared, []byte(c.content))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q that begins with %.10q is %q (%v), want %q", c.declared, c.content, got, err, c.want)
		}
	}
	for declared, want := range map[string]string{"": unknownType, "IMAGE/PNG; x=y": "image/png", "image/jpg": "image/jpeg", "png": "", "image/": "", "/png": "", "multipart/mixed; boundary=x": "", "a/b/c": ""} {
		if got, err := mediaType(declared); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q (%v)", declared, got, err)
		}
	}
}

func TestGauge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		from       io.Reader
		want       Announced
	}{
		{"as announced", "", strings.NewReader("words"), Announced{Size: 5}},
		{"too large", "attachment.too_large", strings.NewReader(strings.Repeat("x", 101)), Announced{}},
		{"longer than announced", "attachment.size_mismatch", strings.NewReader("words"), Announced{Size: 4}},
		{"shorter than announced", "attachment.size_mismatch", strings.NewReader("words"), Announced{Size: 6}},
		{"empty", "attachment.empty", strings.NewReader(""), Announced{}},
		{"another digest", "attachment.digest_mismatch", strings.NewReader("words"), Announced{SHA256: strings.Repeat("0", 64)}},
		{"another type", "attachment.type_mismatch", strings.NewReader("words"), Announced{ContentType: "image/png"}},
		{"cut off", "request.body_unreadable", io.MultiReader(strings.NewReader("wor"), iotest.ErrReader(io.ErrUnexpectedEOF)), Announced{}},
	} {
		g := newGauge(iotest.OneByteReader(c.from), 100, c.want)
		_, err := io.Copy(io.Discard, g)
		var problem *domain.Error
		if errors.As(err, &problem); c.code == "" && err != nil || c.code != "" && (problem == nil || problem.Code != c.code) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.code != "" && !errors.Is(g.cause(errors.New("the store stumbled over it")), err) {
			t.Errorf("%s: the store is blamed for the bytes", c.name)
		}
	}
	if err := newGauge(nil, 1, Announced{}).cause(errors.New("disk full")); !domain.IsKind(err, domain.ErrorUnavailable) {
		t.Errorf("a store that fails is told as %v", err)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	now := domain.Minted(domain.NewID[domain.MessageID]())
	l := Links{Base: "https://care.example.test", Machine: func() time.Time { return now },
		Sign: func(purpose, value string) []byte { return []byte(purpose + value)[:32] }}
	f := domain.File{ID: "f", Organization: "o", Name: "a b/ü.png"}
	m := domain.Message{ID: domain.NewID[domain.MessageID]()}
	first := l.Download(f, m)
	for _, later := range []time.Duration{time.Second, time.Minute, 11 * time.Hour} {
		now = now.Add(later)
		if again := l.Download(f, m); again != first {
			t.Errorf("after %v the link is %s, was %s", later, again, first)
		}
	}
	if now = now.Add(30 * 24 * time.Hour); l.Download(f, m) == first {
		t.Error("after a month the link is the same, and over")
	}
	if !strings.HasPrefix(first, "https://care.example.test/attachments/f/a%20b%2F%C3%BC.png?exp=") {
		t.Errorf("the link is %s", first)
	}
}
