// Package blob keeps the bytes of attachments: as files of a folder, or in a
// bucket that speaks S3. A blob is written once, whole or not at all, under a key
// that its owner made at random; nothing here knows whose it is.
package blob

import (
	"context"
	"errors"
	"io"
)

// Store keeps blobs. When Put returns, the blob survives a crash; when what it
// reads fails, nothing is kept and that failure comes back. Open gives length
// bytes from an offset. Deleting what is not there is no error.
type Store interface {
	Put(ctx context.Context, key string, r io.Reader) error
	Open(ctx context.Context, key string, from, length int64) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// ErrKey says that a key is not one that can name a blob.
var ErrKey = errors.New("blob: not a key")

// keySize is how short a key may be: it must not be guessed.
const keySize = 16

// check refuses what would be a path, or too easy to guess.
func check(key string) error {
	if len(key) < keySize || len(key) > 128 {
		return ErrKey
	}
	for _, r := range key {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
		if !letter {
			return ErrKey
		}
	}
	return nil
}

// portion reads no more than a part of a blob, and closes all of it.
type portion struct {
	io.Reader
	io.Closer
}
