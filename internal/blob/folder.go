package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Folder keeps each blob as a file. Several nodes can share a folder that all of
// them see; without one they need a bucket.
type Folder struct{ dir string }

// abandoned is the age at which a file that was never finished belongs to a
// program that is gone.
const abandoned = 24 * time.Hour

// NewFolder makes the folder where it is missing, and clears away what a crash
// left half written.
func NewFolder(dir string, now time.Time) (Folder, error) {
	f := Folder{dir: dir}
	if err := os.MkdirAll(f.unfinished(), 0o700); err != nil {
		return f, fmt.Errorf("blob: %w", err)
	}
	entries, err := os.ReadDir(f.unfinished())
	for _, e := range entries {
		if about, err := e.Info(); err == nil && now.Sub(about.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(f.unfinished(), e.Name()))
		}
	}
	return f, err
}

func (f Folder) unfinished() string { return filepath.Join(f.dir, "unfinished") }

// path spreads the blobs over folders, so that none grows too large.
func (f Folder) path(key string) string { return filepath.Join(f.dir, key[:2], key) }

// Put writes beside the place and moves the file there when all of it is on disk.
func (f Folder) Put(_ context.Context, key string, r io.Reader) error {
	if err := check(key); err != nil {
		return err
	}
	name, err := spool(f.unfinished(), r)
	if err != nil {
		return err
	}
	if err := f.place(name, f.path(key)); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// spool writes a file that is on disk when it returns, and gives its name.
func spool(dir string, r io.Reader) (string, error) {
	file, err := os.CreateTemp(dir, "blob-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(file, r)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// place moves a file, and makes the move survive a crash.
func (f Folder) place(from, to string) error {
	folder := filepath.Dir(to)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncFolder(folder), syncFolder(f.dir))
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open reads a part of a file.
func (f Folder) Open(_ context.Context, key string, from, length int64) (io.ReadCloser, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, err
	}
	return portion{io.NewSectionReader(file, from, length), file}, nil
}

// Delete removes a file.
func (f Folder) Delete(_ context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	err := os.Remove(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.path(key)))
}
