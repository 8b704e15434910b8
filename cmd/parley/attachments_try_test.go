package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder describes everything in the data folder: a file that was there for a
// moment only shows in the time of its folder.
func (p *program) folder() (found []string) {
	p.t.Helper()
	err := filepath.WalkDir(p.config.DataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		about, err := d.Info()
		if err == nil {
			found = append(found, fmt.Sprint(path, about.Size(), about.ModTime().UnixNano()))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// uploadTried asks whether files would be taken, in both ways: all checks are made,
// and neither the data folder nor a table changes.
func uploadTried(t *testing.T, p *program) {
	const try = "/v1/attachments?validate_only=true"
	admin, anybody := p.admin(), newCaller(t, p.url)
	tried := func(name, contentType, content string) answer {
		body, kind := form("file", name, contentType, content)
		return admin.do("POST", try, body, "Content-Type", kind, "Idempotency-Key", "tried")
	}
	announced := func(change map[string]any) answer {
		body := map[string]any{"file_name": "a.png", "content_type": "image/png", "size": len(picture), "sha256": digest(picture)}
		for name, value := range change {
			body[name] = value
		}
		return admin.do("POST", try, body, "Idempotency-Key", "tried")
	}
	waiting := p.at(admin.announced("waiting.png", "image/png", picture).want(201).get("upload_url"))
	admin.advance(0)
	db := p.database()
	files, tables := p.folder(), p.tables(db)

	tried("a.png", "image/png", picture).want(200).holds(map[string]string{"valid": "true"})
	tried("a.png", "image/png", "GIF89a not a png").code(422, "attachment.type_mismatch")
	tried("a.png", "png", picture).code(422, "attachment.content_type_invalid")
	tried("a.txt", "text/plain", "").code(422, "attachment.empty")
	tried("a.bin", "application/octet-stream", strings.Repeat("x", 100<<20+1)).want(413)
	body, kind := form("file", "a.png", "image/png", picture)
	admin.do("POST", try, body[:len(body)-20], "Content-Type", kind).want(400)
	more := strings.TrimSuffix(body, "--\r\n") + "\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello" + body[strings.LastIndex(body, "\r\n--"):]
	admin.do("POST", try, more, "Content-Type", kind).code(400, "request.invalid")
	admin.with("routing:queue:view").do("POST", try, body, "Content-Type", kind).code(403, "permission.missing")

	announced(nil).want(200).holds(map[string]string{"valid": "true"})
	announced(map[string]any{"content_type": "png"}).code(422, "attachment.content_type_invalid")
	announced(map[string]any{"size": 100<<20 + 1}).code(400, "request.invalid")
	announced(map[string]any{"sha256": "short"}).code(400, "request.invalid")
	// The link that takes the bytes is no write of /v1: it does not know the word.
	for _, method := range []string{"PUT", "POST"} {
		anybody.do(method, waiting+"&validate_only=true", picture).code(400, "request.invalid")
	}

	if now := p.folder(); !slices.Equal(now, files) {
		t.Errorf("the data folder was\n%s\nand is\n%s", strings.Join(files, "\n"), strings.Join(now, "\n"))
	}
	if changed := differing(tables, p.tables(db)); len(changed) > 0 {
		t.Errorf("the tables %v have changed", changed)
	}
	// The key was not used up, and the link is as good as it was.
	if made := admin.upload("a.png", "image/png", picture, "Idempotency-Key", "tried").want(201); made.header.Get("Idempotent-Replayed") != "" {
		t.Error("a try used up the key")
	}
	anybody.do("PUT", waiting, picture).want(200)
}
