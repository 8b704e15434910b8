package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// largest is the largest file that is taken in.
const largest = 100 << 20

// endless is a block, again and again.
type endless struct {
	block []byte
	at    int
}

func (r *endless) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

// noise is a file of that size, the same for the same seed, made as it is read.
func noise(seed byte, size int64) io.Reader {
	block := make([]byte, 1<<16)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(block)
	return io.LimitReader(&endless{block: block}, size)
}

// sums remembers the digests of noise.
type sums struct{ known sync.Map }

func (s *sums) of(seed byte, size int64) string {
	sum, _ := s.known.LoadOrStore([2]int64{int64(seed), size}, sync.OnceValue(func() string {
		h := sha256.New()
		_, _ = io.Copy(h, noise(seed, size))
		return hex.EncodeToString(h.Sum(nil))
	}))
	return sum.(func() string)()
}

// TestA13LargeFilesTakeNoMemory sends files of 100 MiB in both ways, several at
// once, and gets them back: the program's memory does not grow with them, whether
// they are kept in a folder or in a bucket.
func TestA13LargeFilesTakeNoMemory(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	all := &sums{}
	for name, c := range map[string]struct {
		setting string
		atOnce  int
	}{"folder": {"PARLEY_BLOB_URL=", 2}, "bucket": {"PARLEY_BLOB_URL=s3://ID:SECRET@files?endpoint=" + url.QueryEscape(server.URL), 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBinary(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), c.setting)
			admin := newCaller(t, b.URL()).login(testClient, testSecret)
			admin.sendsNoise(all, 0, 1<<20) // whatever is allocated once
			before := b.peakMemory()
			together(c.atOnce, func(n int) {
				seed := byte(n)
				admin.getsNoise(all, admin.sendsNoise(all, seed, largest), seed, largest)
				if name == "folder" {
					admin.putsNoise(all, seed, largest)
				}
			})
			grown := b.peakMemory() - before
			t.Logf("%d at once: the peak grew by %d KiB from %d KiB", c.atOnce, grown, before)
			if grown > 48<<10 {
				t.Errorf("the program's memory grew by %d KiB", grown)
			}
			body, kind, _ := noiseForm(1, largest+1)
			if got := admin.streams("POST", "/v1/attachments", kind, body); got != http.StatusRequestEntityTooLarge {
				t.Errorf("one byte too many is answered %d", got)
			}
		})
	}
}

// noiseForm is a form with a large file, made as it is read.
func noiseForm(seed byte, size int64) (body io.Reader, contentType string, length int64) {
	var around bytes.Buffer
	form := multipart.NewWriter(&around)
	_, _ = form.CreateFormFile("file", "noise.bin")
	head := around.String()
	_ = form.Close()
	tail := around.String()[len(head):]
	return io.MultiReader(strings.NewReader(head), noise(seed, size), strings.NewReader(tail)), form.FormDataContentType(), int64(len(head)+len(tail)) + size
}

// sendsNoise uploads a large file in a form.
func (c *caller) sendsNoise(all *sums, seed byte, size int64) (id string) {
	c.t.Helper()
	body, kind, length := noiseForm(seed, size)
	r, err := http.NewRequest(http.MethodPost, c.url+"/v1/attachments", body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.ContentLength = length
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+c.token)
	made := c.patient().send(r).want(http.StatusCreated)
	if made.get("size") != strconv.FormatInt(size, 10) || made.get("sha256") != all.of(seed, size) {
		c.t.Errorf("made %s", made.body)
	}
	return made.get("id")
}

// patient is the caller with more time for each request.
func (c *caller) patient() *caller {
	other, client := *c, *c.http
	client.Timeout = 0
	other.http = &client
	return &other
}

// putsNoise uploads a large file in two steps, without saying its length to the server.
func (c *caller) putsNoise(all *sums, seed byte, size int64) {
	c.t.Helper()
	made := c.do("POST", "/v1/attachments", map[string]any{"file_name": "noise.bin", "content_type": "application/octet-stream", "size": size, "sha256": all.of(seed, size)}).want(201)
	link := strings.TrimPrefix(made.get("upload_url"), c.url)
	if got := c.streams(http.MethodPut, link, "application/octet-stream", noise(seed, size)); got != http.StatusOK {
		c.t.Errorf("the second step is answered %d", got)
	}
}

// streams sends a body of unknown length, and gives the status.
func (c *caller) streams(method, path, contentType string, body io.Reader) int {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+c.token)
	return c.patient().send(r).status
}

// getsNoise reads a large file back.
func (c *caller) getsNoise(all *sums, id string, seed byte, size int64) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodGet, c.url+"/v1/attachments/"+id+"/content", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	h := sha256.New()
	if n, err := io.Copy(h, response.Body); err != nil || n != size || hex.EncodeToString(h.Sum(nil)) != all.of(seed, size) {
		c.t.Errorf("got %d bytes of %d back (%v)", n, size, err)
	}
}

// peakMemory is the most memory that the program ever held, in KiB.
func (b *binary) peakMemory() int {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.run.cmd.Process.Pid))
	if err != nil {
		b.t.Skip("the system does not tell how much memory a program takes")
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(after, &kib); err != nil {
		b.t.Fatal(err)
	}
	return kib
}
