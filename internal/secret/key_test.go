package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestParseKeyReadsBothAlphabets(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16) // uses the characters in which the two alphabets differ
	for name, text := range map[string]string{
		"standard":     base64.StdEncoding.EncodeToString(raw),
		"standard raw": base64.RawStdEncoding.EncodeToString(raw),
		"url":          base64.URLEncoding.EncodeToString(raw),
		"url raw":      base64.RawURLEncoding.EncodeToString(raw),
		"white space":  "\n " + base64.StdEncoding.EncodeToString(raw) + "\r\n",
	} {
		key, err := ParseKey(text)
		if err != nil || !bytes.Equal(key.bytes[:], raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":  "",
		"short":    base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"long":     base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"zeros":    base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"a phrase": "correct horse battery staple",
		"hex":      strings.Repeat("ab", 32),
	} {
		_, err := ParseKey(text)
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: got %v, want ErrKey", name, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error shows the text", name)
		}
	}
}

func TestKeyNeverPrints(t *testing.T) {
	t.Parallel()
	key := newKey()
	sealer := NewSealer(key)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%c"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", key, struct{ Key Key }{key}, sealer)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", key)
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", key)
	for _, form := range []string{key.text(), fmt.Sprintf("%x", key.bytes), fmt.Sprint(key.bytes[0], " ", key.bytes[1]), fmt.Sprintf("%x", sealer.hashKey)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the key shows in:\n%s", out.String())
		}
	}
}

func TestKeyFileIsMadeOnceAndReused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "sealing.key")
	first, err := LoadOrCreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadOrCreateKeyFile(path)
	if err != nil || first != second || first.isZero() {
		t.Fatalf("second start reads another key (%v)", err)
	}
	wantMode(t, path, keyFileMode)
	wantMode(t, filepath.Dir(path), keyFolderMode)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("drafts are left behind: %v (%v)", entries, err)
	}
}

func TestKeyFileOfConcurrentStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sealing.key")
	keys := make([]Key, 16)
	var starts sync.WaitGroup
	for i := range keys {
		starts.Go(func() {
			key, err := LoadOrCreateKeyFile(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	starts.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two starts use two keys")
		}
	}
}

func TestKeyFileWithoutAKeyIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sealing.key")
	if err := os.WriteFile(path, []byte("half a ke"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeyFile(path); !errors.Is(err, ErrKey) {
		t.Errorf("got %v, want ErrKey", err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "half a ke" {
		t.Errorf("the file was changed to %q (%v)", content, err)
	}
}

func TestKeyFileThatCannotBe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := LoadOrCreateKeyFile(folder); err == nil {
		t.Error("a folder was read as a key file")
	}
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeyFile(filepath.Join(file, "sealing.key")); err == nil {
		t.Error("a key file was made inside a file")
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
	}
}
