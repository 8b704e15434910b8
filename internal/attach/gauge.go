package attach

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/parley-cx/parley/internal/domain"
)

// sniffed is how many bytes from the beginning tell what a file is.
const sniffed = 3072

// gauge reads a file and learns its size, kind and digest on the way. Where they
// are not what was announced it fails instead of ending, so that whoever stores
// what it gives keeps nothing.
type gauge struct {
	from        io.Reader
	limit       int64
	want        Announced
	head        []byte
	looked      bool
	contentType string
	size        int64
	hash        hash.Hash
	failure     error
}

func newGauge(from io.Reader, limit int64, want Announced) *gauge {
	return &gauge{from: from, limit: limit, want: want, hash: sha256.New()}
}

// Read gives the next bytes.
func (g *gauge) Read(p []byte) (int, error) {
	if g.failure != nil {
		return 0, g.failure
	}
	n, err := g.from.Read(p)
	g.size += int64(n)
	_, _ = g.hash.Write(p[:n]) // never fails
	if missing := sniffed - len(g.head); missing > 0 {
		g.head = append(g.head, p[:min(n, missing)]...)
	}
	if g.failure = g.judge(err); g.failure != nil {
		return 0, g.failure
	}
	return n, err
}

// judge says what is wrong so far; at the end, with the whole.
func (g *gauge) judge(err error) error {
	atEnd := errors.Is(err, io.EOF)
	switch {
	case err != nil && !atEnd:
		return unreadable(err)
	case g.size > g.limit:
		return tooLarge(g.limit)
	case g.want.Size > 0 && g.size > g.want.Size, atEnd && g.want.Size > 0 && g.size != g.want.Size:
		return domain.Invalid("", "attachment.size_mismatch", "The file has not as many bytes as were announced.")
	case atEnd && g.size == 0:
		return domain.Invalid("/file", "attachment.empty", "The file is empty.")
	}
	if !g.looked && (atEnd || len(g.head) == sniffed) {
		g.looked = true
		if g.contentType, err = agree(g.want.ContentType, g.head); err != nil {
			return err
		}
	}
	if atEnd && g.want.SHA256 != "" && g.sum() != g.want.SHA256 {
		return domain.Invalid("", "attachment.digest_mismatch", "The SHA-256 of the bytes is not the one that was announced.")
	}
	return nil
}

// sum is the digest of what was read, in hexadecimal.
func (g *gauge) sum() string { return hex.EncodeToString(g.hash.Sum(nil)) }

// cause tells whether it was the bytes or the store that failed.
func (g *gauge) cause(err error) error {
	if g.failure != nil {
		return g.failure
	}
	return away(err)
}

func unreadable(err error) error {
	return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.body_unreadable", Detail: "The body could not be read to its end.", Cause: err}
}

func tooLarge(limit int64) error {
	return &domain.Error{Kind: domain.ErrorTooLarge, Code: "attachment.too_large", Detail: "The file is larger than %d bytes.", Args: []any{limit}}
}
