package channel_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// What Messenger takes of files (Messenger Platform, Send API, Attachments).
func TestMessengerFiles(t *testing.T) {
	t.Parallel()
	rule := channel.Capabilities()[domain.ChannelMessenger].Files
	for contentType, want := range map[string]struct {
		kind  string
		limit int64
	}{"image/png": {"image", 8 << 20}, "image/svg+xml": {"file", 25 << 20}, "image/tiff": {"file", 25 << 20}, "audio/mpeg": {"audio", 25 << 20},
		"video/mp4": {"video", 25 << 20}, "application/pdf": {"file", 25 << 20}} {
		if got := rule.Kind(contentType); got != want.kind || rule.Limit(contentType) != want.limit || !rule.Takes(contentType) {
			t.Errorf("%s goes as %s with %d bytes at most", contentType, got, rule.Limit(contentType))
		}
	}
	for _, program := range []string{"text/html", "application/x-msdownload", "application/X-ELF"} {
		if rule.Takes(program) {
			t.Errorf("%s is taken", program)
		}
	}
	for contentType, want := range map[string]string{"image/png": "image", "image/tiff": "image", "audio/mpeg": "audio", "text/plain": "file"} {
		if got := channel.Capabilities()[domain.ChannelOpen].Files.Kind(contentType); got != want {
			t.Errorf("a connector is told that %s is of the kind %s", contentType, got)
		}
	}
	if none := (channel.FileRule{}); !none.None() || none.Takes("image/png") || rule.None() {
		t.Error("a channel without files takes some")
	}
}

// In public a page takes pictures alone; in private it takes what Messenger does.
func TestPageFiles(t *testing.T) {
	t.Parallel()
	page := channel.Capabilities()[domain.ChannelFacebookPage]
	public, private := page.In(domain.Public).Files, page.In(domain.Private).Files
	for contentType, want := range map[string]bool{"image/jpeg": true, "image/PNG": true, "image/svg+xml": false, "video/mp4": false, "application/pdf": false, "text/html": false} {
		if got := public.Takes(contentType); got != want {
			t.Errorf("%s is taken in public: %v", contentType, got)
		}
	}
	if !private.Takes("application/pdf") || private.Takes("text/html") || public.Limit("image/png") != 4<<20 || private.Limit("image/png") != 8<<20 {
		t.Errorf("in private: %+v", private)
	}
}

// What WhatsApp takes of files (Cloud API, Media, Supported media types): what is of no
// kind with rules of its own goes as a document.
func TestWhatsAppFiles(t *testing.T) {
	t.Parallel()
	rule := channel.Capabilities()[domain.ChannelWhatsApp].Files
	for contentType, want := range map[string]struct {
		kind  string
		limit int64
	}{"image/jpeg": {"image", 5 << 20}, "image/png": {"image", 5 << 20}, "image/gif": {"file", 100 << 20}, "image/webp": {"file", 100 << 20},
		"audio/ogg": {"audio", 16 << 20}, "audio/mp4": {"audio", 16 << 20}, "audio/amr": {"audio", 16 << 20}, "audio/wav": {"file", 100 << 20},
		"video/mp4": {"video", 16 << 20}, "video/3gpp": {"video", 16 << 20}, "video/webm": {"file", 100 << 20}, "application/pdf": {"file", 100 << 20}} {
		if got := rule.Kind(contentType); got != want.kind || rule.Limit(contentType) != want.limit || !rule.Takes(contentType) {
			t.Errorf("%s goes as %s with %d bytes at most", contentType, got, rule.Limit(contentType))
		}
	}
	if rule.Takes("application/x-msdownload") {
		t.Error("a program is taken")
	}
}

// What Instagram takes of files, and nothing else (Instagram Messaging, Send a message).
func TestInstagramFiles(t *testing.T) {
	t.Parallel()
	rule := channel.Capabilities()[domain.ChannelInstagram].Files
	for contentType, want := range map[string]struct {
		kind  string
		limit int64
	}{"image/png": {"image", 8 << 20}, "image/jpeg": {"image", 8 << 20}, "audio/aac": {"audio", 25 << 20}, "audio/x-m4a": {"audio", 25 << 20}, "audio/wav": {"audio", 25 << 20},
		"video/mp4": {"video", 25 << 20}, "video/quicktime": {"video", 25 << 20}, "video/webm": {"video", 25 << 20}, "application/PDF": {"file", 25 << 20}} {
		if got := rule.Kind(contentType); got != want.kind || rule.Limit(contentType) != want.limit || !rule.Takes(contentType) {
			t.Errorf("%s goes as %s with %d bytes at most, taken: %v", contentType, got, rule.Limit(contentType), rule.Takes(contentType))
		}
	}
	for _, other := range []string{"image/webp", "image/svg+xml", "audio/mpeg", "text/plain", "application/zip", "text/html"} {
		if rule.Takes(other) {
			t.Errorf("%s is taken", other)
		}
	}
}
