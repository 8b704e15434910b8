package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	keyFileMode   = 0o600
	keyFolderMode = 0o700
)

// LoadOrCreateKeyFile returns the key in the file at path, and makes both when there is none, so that a first start
// needs no preparation. A new file can be read by its owner only and appears whole or not at all; of several
// processes that start at once, one writes and all read the same key.
//
// A file that holds no key is an error and is left as it is: another key in its place would make everything that was
// sealed before unreadable.
func LoadOrCreateKeyFile(path string) (Key, error) {
	key, err := loadKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createKeyFile(path, newKey()); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("create key file: %w", err)
	}
	return loadKeyFile(path)
}

func loadKeyFile(path string) (Key, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("read key file: %w", err)
	}
	key, err := ParseKey(string(content))
	if err != nil {
		return Key{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

// createKeyFile writes the key beside path and links it into place, because a link, unlike a rename, fails when
// somebody else was first. Where a file system has no links, the file is written in place.
func createKeyFile(path string, key Key) error {
	if err := os.MkdirAll(filepath.Dir(path), keyFolderMode); err != nil {
		return err
	}
	defer syncFolder(filepath.Dir(path))
	draft := path + "." + Random(6)
	defer func() { _ = os.Remove(draft) }()
	if err := writeNew(draft, key.text()+"\n"); err != nil {
		return err
	}
	err := os.Link(draft, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return writeNew(path, key.text()+"\n")
}

// syncFolder brings a new name down to the disk. Not every system can do that to a folder, so a failure is no error.
func syncFolder(path string) {
	folder, err := os.Open(path)
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

// writeNew writes a file that must not exist yet, down to the disk: a key that is lost in a power cut takes with it
// whatever was sealed in the meantime.
func writeNew(path, content string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyFileMode)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}
