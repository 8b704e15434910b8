package httpapi

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// content is an answer with the bytes of a file. Whatever it is, a browser saves
// it: nothing of a customer's runs on the pages of this origin.
type content struct {
	file domain.File
	span span
	body io.ReadCloser // nil for the head alone
}

// span is a part of a file.
type span struct {
	from, length int64
	part         bool // of the whole
}

// content opens a file as the request's Range wants it.
func (s *Server) content(ctx context.Context, f domain.File) (answer content, err error) {
	if err := s.Files.Readable(f); err != nil {
		return answer, err
	}
	answer = content{file: f, span: span{length: f.Size}}
	header := infoOf(ctx).header
	if since := header.Get("If-Range"); since == "" || since == fileTag(f) {
		var ok bool
		if answer.span, ok = parseRange(header.Get("Range"), f.Size); !ok {
			return answer, pastEnd(f.Size)
		}
	}
	answer.body, err = s.Files.Open(ctx, f, answer.span.from, answer.span.length)
	return answer, err
}

// pastEnd refuses a range that begins behind the last byte; it is how many there are.
type pastEnd int64

func (e pastEnd) Error() string { return errRange.Error() }

// Unwrap is what is answered.
func (e pastEnd) Unwrap() error { return errRange }

// parseRange reads one range of bytes. What is not one, or several, means the
// whole; ok is false where the file ends before the range begins (RFC 9110, 14.2).
func parseRange(header string, size int64) (part span, ok bool) {
	whole := span{length: size}
	text, bytes := strings.CutPrefix(header, "bytes=")
	first, last, two := strings.Cut(strings.TrimSpace(text), "-")
	if !bytes || !two || strings.Contains(last, ",") {
		return whole, true
	}
	from, errFrom := strconv.ParseInt(first, 10, 64)
	to, errTo := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && errTo == nil && to > 0: // the last so many
		from, to = max(0, size-to), size-1
	case errFrom == nil && last == "":
		to = size - 1
	case errFrom != nil || errTo != nil || to < from:
		return whole, true
	}
	if from >= size {
		return whole, false
	}
	return span{from: from, length: min(to, size-1) - from + 1, part: true}, true
}

func fileTag(f domain.File) string { return `"` + f.SHA256 + `"` }

// disposition tells a browser to save the file, under its name.
func disposition(f domain.File) string {
	if text := mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}); text != "" && f.Name != "" {
		return text
	}
	return "attachment"
}

func (a content) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", a.file.ContentType)
	h.Set("Content-Length", strconv.FormatInt(a.span.length, 10))
	h.Set("Content-Disposition", disposition(a.file))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Accept-Ranges", "bytes")
	h.Set("ETag", fileTag(a.file))
	status := http.StatusOK
	if a.span.part {
		status = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a.span.from, a.span.from+a.span.length-1, a.file.Size))
	}
	w.WriteHeader(status)
	if a.body == nil {
		return nil
	}
	defer a.body.Close()
	_, err := io.Copy(w, a.body)
	return err
}

// VisitGetAttachmentContentResponse writes the answer to a token.
func (a content) VisitGetAttachmentContentResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitDownloadAttachmentResponse writes the answer to a signed link.
func (a content) VisitDownloadAttachmentResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitInspectAttachmentResponse writes the head of the answer to a signed link.
func (a content) VisitInspectAttachmentResponse(w http.ResponseWriter) error { return a.write(w) }
