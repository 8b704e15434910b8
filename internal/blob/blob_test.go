package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/parley-cx/parley/internal/blob"
)

const key = "0123456789abcdef-ABC_"

// stores are the stores that there are, each with the folder in which it puts
// what is on its way.
func stores(t *testing.T) map[string]func(t *testing.T) (store blob.Store, unfinished string) {
	return map[string]func(t *testing.T) (blob.Store, string){
		"folder": func(t *testing.T) (blob.Store, string) {
			dir := t.TempDir()
			f, err := blob.NewFolder(dir, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return f, filepath.Join(dir, "unfinished")
		},
		"bucket": func(t *testing.T) (blob.Store, string) {
			spool := t.TempDir()
			b, err := blob.NewBucket(t.Context(), bucketAddress(t, "ID:SECRET@"), blob.Credentials{}, spool)
			if err != nil {
				t.Fatal(err)
			}
			return b, spool
		},
	}
}

// bucketAddress starts a server that speaks S3, with one bucket.
func bucketAddress(t *testing.T, user string) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return "s3://" + user + "files?region=eu-west-3&endpoint=" + url.QueryEscape(server.URL)
}

func TestStores(t *testing.T) {
	t.Parallel()
	for name, make := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, unfinished := make(t)
			content := bytes.Repeat([]byte("0123456789"), 100_000)
			if err := store.Put(t.Context(), key, bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			for _, part := range [][2]int64{{0, int64(len(content))}, {0, 1}, {999_999, 1}, {5, 10}, {500_000, 500_000}} {
				if got, err := read(t.Context(), store, key, part[0], part[1]); err != nil || !bytes.Equal(got, content[part[0]:part[0]+part[1]]) {
					t.Errorf("%v: %d bytes, %v", part, len(got), err)
				}
			}
			if err := store.Put(t.Context(), key, strings.NewReader("again")); err != nil {
				t.Fatal(err)
			}
			if got, err := read(t.Context(), store, key, 0, 5); err != nil || string(got) != "again" {
				t.Errorf("after another Put: %q, %v", got, err)
			}
			for range 2 {
				if err := store.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
			if got, err := read(t.Context(), store, key, 0, 5); err == nil {
				t.Errorf("after Delete: %q", got)
			}
			empty(t, unfinished)
		})
	}
}

func read(ctx context.Context, store blob.Store, key string, from, length int64) ([]byte, error) {
	r, err := store.Open(ctx, key, from, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func empty(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left are %v (%v)", left, err)
	}
}

var errCut = errors.New("cut off")

// What cannot be read to its end is not kept, and its reason comes back.
func TestNothingIsKeptOfHalf(t *testing.T) {
	t.Parallel()
	for name, make := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, unfinished := make(t)
			half := io.MultiReader(strings.NewReader("half"), failing{})
			if err := store.Put(t.Context(), key, half); !errors.Is(err, errCut) {
				t.Errorf("got %v", err)
			}
			if got, err := read(t.Context(), store, key, 0, 4); err == nil {
				t.Errorf("kept is %q", got)
			}
			empty(t, unfinished)
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

// A key is never a path, and never one that could be guessed.
func TestKeys(t *testing.T) {
	t.Parallel()
	for name, make := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := make(t)
			for _, bad := range []string{"", "short", "../../../../etc/passwd", "0123456789abcdef/x", `0123456789abcdef\x`, "0123456789abcdef\x00", strings.Repeat("a", 129), "0123456789abcdéf"} {
				_, err := store.Open(t.Context(), bad, 0, 1)
				if put := store.Put(t.Context(), bad, strings.NewReader("x")); !errors.Is(put, blob.ErrKey) || !errors.Is(err, blob.ErrKey) ||
					!errors.Is(store.Delete(t.Context(), bad), blob.ErrKey) {
					t.Errorf("%q: %v, %v", bad, put, err)
				}
			}
		})
	}
}

// What a crash left half written goes when it is old; what another node writes stays.
func TestFolderClearsAwayWhatIsOld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{"blob-old": 25 * time.Hour, "blob-new": time.Hour} {
		path := filepath.Join(dir, "unfinished", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(path, time.Time{}, time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := blob.NewFolder(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	_, gone := os.Stat(filepath.Join(dir, "unfinished", "blob-old"))
	_, kept := os.Stat(filepath.Join(dir, "unfinished", "blob-new"))
	if !errors.Is(gone, fs.ErrNotExist) || kept != nil {
		t.Errorf("the old one: %v, the new one: %v", gone, kept)
	}
}

// A bucket that is not there is known at the start, and no error shows a key.
func TestBucketThatIsNotThere(t *testing.T) {
	t.Parallel()
	there := bucketAddress(t, "ID:hunter2@")
	for _, address := range []string{strings.Replace(there, "files", "others", 1), "s3://ID:hunter2@", "https://ID:hunter2@files", "s3://ID:hunter2@files?endpoint=http://127.0.0.1:1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := blob.NewBucket(ctx, address, blob.Credentials{}, t.TempDir())
		cancel()
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
