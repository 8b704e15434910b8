package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	shelfPath  = "/whatsapp_business/attachments/" // where files are given out
	maxShelved = 100 << 20                         // of one file
	maxFiles   = 100                               // that are kept; when there are more, all are forgotten
	shelfTime  = 10 * time.Second                  // for the file of a simulated customer to come
)

// shelved is a file: with its bytes, or where they are.
type shelved struct {
	contentType string
	content     []byte
	source      string
}

// shelf keeps the files that were uploaded, and those that simulated customers sent.
type shelf struct {
	mu     sync.Mutex
	files  map[string]shelved
	last   int64
	client *http.Client
}

func newShelf() *shelf {
	return &shelf{files: map[string]shelved{}, last: 500000000000000, client: &http.Client{Timeout: shelfTime}}
}

// put keeps a file and gives its id.
func (s *shelf) put(f shelved) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) >= maxFiles {
		clear(s.files)
	}
	s.last++
	id := strconv.FormatInt(s.last, 10)
	s.files[id] = f
	return id
}

func (s *shelf) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.files[id]
	return known
}

// find gives a file with its bytes, which it gets where they are.
func (s *shelf) find(ctx context.Context, id string) (f shelved, known bool) {
	s.mu.Lock()
	f, known = s.files[id]
	s.mu.Unlock()
	if !known || f.source == "" {
		return f, known
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.source, nil)
	if err != nil {
		return f, false
	}
	response, err := s.client.Do(request)
	if err != nil {
		return f, false
	}
	defer response.Body.Close()
	f.content, err = io.ReadAll(io.LimitReader(response.Body, maxShelved))
	f.contentType, f.source = cmp.Or(response.Header.Get("Content-Type"), f.contentType), ""
	if err != nil || response.StatusCode != http.StatusOK {
		return f, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[id] = f
	return f, true
}

// upload takes a file (Meta, WhatsApp Business Platform, Cloud API, Media).
func (w whatsApp) upload(ctx context.Context, number string, call Request) answer {
	if refused := w.authorize(ctx, number, call); refused != nil {
		return *refused
	}
	_, parameters, err := mime.ParseMediaType(call.Header.Get("Content-Type"))
	if err != nil {
		return invalidParameter("The parameter file is required.")
	}
	form, err := multipart.NewReader(bytes.NewReader(call.Body), parameters["boundary"]).ReadForm(maxShelved)
	if err != nil {
		return invalidParameter("The parameter file is required.")
	}
	defer func() { _ = form.RemoveAll() }()
	if len(form.Value["messaging_product"]) != 1 || form.Value["messaging_product"][0] != "whatsapp" {
		return invalidParameter("The parameter messaging_product is required.")
	}
	if len(form.File["file"]) != 1 {
		return invalidParameter("The parameter file is required.")
	}
	file, err := form.File["file"][0].Open()
	if err != nil {
		return unknownError()
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return unknownError()
	}
	id := w.shelf.put(shelved{contentType: form.File["file"][0].Header.Get("Content-Type"), content: content})
	return graphAnswer(http.StatusOK, map[string]string{"id": id})
}

// describe tells of a file, and where it is.
func (w whatsApp) describe(ctx context.Context, id string, call Request) answer {
	query, _ := url.ParseQuery(call.Query)
	if refused := w.authorize(ctx, query.Get("phone_number_id"), call); refused != nil {
		return *refused
	}
	f, known := w.shelf.find(ctx, id)
	if !known {
		return unknownObject(call.Method, id)
	}
	sum := sha256.Sum256(f.content)
	return graphAnswer(http.StatusOK, map[string]any{"messaging_product": "whatsapp", "id": id, "mime_type": f.contentType, "sha256": hex.EncodeToString(sum[:]),
		"file_size": strconv.Itoa(len(f.content)), "url": "http://" + call.Header.Get("Host") + shelfPath + "?mid=" + id + "&number=" + url.QueryEscape(query.Get("phone_number_id"))})
}

// hand gives a file out, to who has the account's token.
func (w whatsApp) hand(ctx context.Context, call Request) answer {
	query, _ := url.ParseQuery(call.Query)
	if refused := w.authorize(ctx, query.Get("number"), call); refused != nil {
		return *refused
	}
	f, known := w.shelf.find(ctx, query.Get("mid"))
	if !known {
		return answer{status: http.StatusNotFound, header: map[string]string{"Content-Type": "text/plain"}, body: []byte("Not found")}
	}
	return answer{status: http.StatusOK, header: map[string]string{"Content-Type": f.contentType}, body: f.content}
}
