package domain_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

var fileTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestFileMoves(t *testing.T) {
	t.Parallel()
	up := domain.NewUpload("org", "key", fileTime, time.Hour)
	if up.Usable(fileTime) || up.Expired(fileTime.Add(time.Hour-1)) || !up.Expired(fileTime.Add(time.Hour)) {
		t.Errorf("new: %+v", up)
	}
	ready := up.Keep("image/png", 5, "sum")
	if !ready.Usable(fileTime) || ready.Usable(fileTime.Add(time.Hour)) || ready.Due == nil || !ready.Due.Equal(*up.ExpiresAt) {
		t.Errorf("ready: %+v", ready)
	}
	if used := ready.Use(); !used.Usable(fileTime.AddDate(9, 0, 0)) || used.Due != nil {
		t.Errorf("used: %+v", used)
	}
	gone := ready.Expire(fileTime)
	if gone.Name != "" || gone.SHA256 != "" || gone.Key == "" || gone.Due == nil || !gone.Expired(fileTime) {
		t.Errorf("expired: %+v", gone)
	}
	if gone = gone.Removed(); gone.Key != "" || gone.Due != nil {
		t.Errorf("removed: %+v", gone)
	}
	if erased := ready.Erase(fileTime); !erased.Erased || erased.Key == "" || erased.Due == nil {
		t.Errorf("erased: %+v", erased)
	}
}

func TestReceivedFiles(t *testing.T) {
	t.Parallel()
	ends := fileTime.Add(time.Hour)
	m := domain.Message{ID: "m", Interaction: "i", Organization: "org"}
	a := domain.Attachment{Type: "image", URL: "https://cdn.example.test/1", ExpiresAt: &ends}
	kept, linked := domain.NewReceived(m, a, "key", true, fileTime), domain.NewReceived(m, a, "key", false, fileTime)
	if kept.State != domain.FilePending || !kept.Due.Equal(fileTime) || linked.State != domain.FileLinked || !linked.Due.Equal(ends) {
		t.Errorf("kept %+v, linked %+v", kept, linked)
	}
	if kept.Keep("image/png", 1, "s").Usable(fileTime) {
		t.Error("a customer's file can be sent to others")
	}
	// A retry never waits longer than the file lives.
	if again := kept.Retry(fileTime.Add(2 * time.Hour)); !again.Due.Equal(ends) {
		t.Errorf("due at %v", again.Due)
	}
	i, event := domain.Interaction{ID: "i", Sequence: 7}.Attached(kept.Reject(domain.FaultTooLarge), kept.State, fileTime)
	if i.Sequence != 8 || event.Sequence != 8 || event.Type != domain.EventAttachmentRejected || event.Data.Reason != "too_large" || event.Data.MessageID != "m" {
		t.Errorf("told %+v", event)
	}
	for kind, file := range map[string]bool{"image": true, "audio": true, "video": true, "file": true, "sticker": true, "fallback": false, "template": false, "location": false, "reel": false} {
		if (domain.Attachment{Type: kind, URL: "https://x"}).IsFile() != file || (domain.Attachment{Type: kind}).IsFile() {
			t.Errorf("%s is taken for the wrong thing", kind)
		}
	}
}

func TestMinted(t *testing.T) {
	t.Parallel()
	before := time.Now().Add(-time.Second)
	if at := domain.Minted(domain.NewID[domain.MessageID]()); at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("minted at %v", at)
	}
	for _, odd := range []domain.MessageID{"", "x", "00000000-0000-4000-8000-000000000000"} {
		if at := domain.Minted(odd); !at.IsZero() {
			t.Errorf("%q was minted at %v", odd, at)
		}
	}
}

func TestCleanFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "file", "...": "file", "/": "file", `\`: "file", "a.txt": "a.txt", "../x/../../y": "y", `C:\dir\z.doc`: "z.doc", "\u202eexe.gpj": "exe.gpj",
		"con": "_con", "COM1.txt": "_COM1.txt", "com10": "com10", "console": "console", "a\xffb": "a\uFFFDb", "a\r\nb": "a  b", "<script>.svg": "_script_.svg",
	} {
		if got := domain.CleanFileName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

func FuzzCleanFileName(f *testing.F) {
	for _, seed := range []string{"a.txt", "../x", "\u202e", "CON.txt", strings.Repeat("語", 500) + ".tar.gz", "." + strings.Repeat("x", 500)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := domain.CleanFileName(name)
		bad := strings.IndexFunc(got, func(r rune) bool {
			return unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || strings.ContainsRune(`/\<>:"|?*`, r)
		})
		if got == "" || got == "." || got == ".." || len(got) > 255 || !utf8.ValidString(got) || bad >= 0 || domain.CleanFileName(got) != got {
			t.Errorf("%q became %q", name, got)
		}
	})
}
