package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// picture is a PNG of one pixel.
const picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// form writes a form with one file; part names its field.
func form(part, name, contentType, content string) (body, header string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, part, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name))}}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	p, _ := w.CreatePart(h)
	_, _ = io.WriteString(p, content)
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// upload sends a file in a form.
func (c *caller) upload(name, contentType, content string, headers ...string) answer {
	c.t.Helper()
	body, kind := form("file", name, contentType, content)
	return c.do("POST", "/v1/attachments", body, append([]string{"Content-Type", kind}, headers...)...)
}

// announced makes an attachment whose bytes are to come.
func (c *caller) announced(name, contentType, content string, headers ...string) answer {
	c.t.Helper()
	return c.do("POST", "/v1/attachments", map[string]any{"file_name": name, "content_type": contentType, "size": len(content), "sha256": digest(content)}, headers...)
}

// at gives the path of a link of this program.
func (p *program) at(link string) string {
	p.t.Helper()
	path, ours := strings.CutPrefix(link, p.url)
	if !ours {
		p.t.Fatalf("the link %s is not one of %s", link, p.url)
	}
	return path
}

// blobs lists the files in which attachments are kept.
func (p *program) blobs() []string {
	p.t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(p.config.DataDir, "attachments"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// TestA13Uploads is about files on their way in and out.
func TestA13Uploads(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"A13 a form", uploadForm},
		part{"A13 two steps", uploadTwoSteps},
		part{"A13 the same key again", uploadAgain},
		part{"A13 what is refused", uploadRefused},
		part{"A13 names", uploadNames},
		part{"A13 parts of a file", uploadRanges},
		part{"A13 links", uploadLinks},
		part{"A13 only tried", uploadTried},
		part{"A13 nothing is left of what came to nothing", uploadLeavesNothing},
	)
}

func uploadForm(t *testing.T, p *program) {
	admin := p.admin()
	cursor := admin.do("GET", "/v1/events", nil).want(200).get("next_cursor")
	made := admin.upload("label.png", "image/png", picture).want(201)
	id := made.get("id")
	if made.get("state") != "ready" || made.get("size") != fmt.Sprint(len(picture)) || made.get("sha256") != digest(picture) || made.get("file_name") != "label.png" ||
		made.get("content_type") != "image/png" || made.get("upload_url") != "" || made.header.Get("Location") != "/v1/attachments/"+id {
		t.Errorf("made %s", made.body)
	}
	event, _ := admin.await(cursor, "attachment.ready", "")
	if event.get("subject") != id || event.get("data.attachment_id") != id || strings.Contains(string(event.body), "label") {
		t.Errorf("told %s", event.body)
	}
	if got := admin.do("GET", "/v1/attachments/"+id, nil).want(200); !bytes.Equal(got.body, made.body) {
		t.Errorf("read %s, made %s", got.body, made.body)
	}
	file := admin.do("GET", p.at(made.get("url")), nil).want(200)
	if string(file.body) != picture || file.header.Get("Content-Type") != "image/png" {
		t.Errorf("the content is %q", file.body)
	}
	// Nothing that a customer or an agent sent runs in a browser.
	for _, kind := range []string{"image/svg+xml", "text/html", "text/plain"} {
		page := admin.upload("x.svg", kind, `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		if kind == "text/html" {
			page.code(422, "attachment.type_mismatch")
			page = admin.upload("x.html", kind, `<!DOCTYPE html><html><script>alert(1)</script></html>`)
		}
		got := admin.do("GET", "/v1/attachments/"+page.want(201).get("id")+"/content", nil).want(200)
		if !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; filename=x.") || got.header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox;") || got.header.Get("Content-Type") != kind {
			t.Errorf("%s is served with %v", kind, got.header)
		}
	}
	// Without a type, the bytes say what they are.
	if got := admin.upload("x", "", picture).want(201); got.get("content_type") != "image/png" {
		t.Errorf("made %s", got.body)
	}
}

func uploadTwoSteps(t *testing.T, p *program) {
	admin, anybody := p.admin(), newCaller(t, p.url)
	for _, method := range []string{"PUT", "POST"} {
		made := admin.announced("two.png", "image/png", picture).want(201)
		id, link := made.get("id"), p.at(made.get("upload_url"))
		if made.get("state") != "pending" || made.get("upload_expires_at") == "" {
			t.Errorf("made %s", made.body)
		}
		admin.do("GET", "/v1/attachments/"+id+"/content", nil).code(409, "attachment.not_ready")
		for content, code := range map[string]string{picture + "x": "attachment.size_mismatch", picture[:20]: "attachment.size_mismatch",
			picture[:len(picture)-1] + "x": "attachment.digest_mismatch", "": "attachment.size_mismatch"} {
			anybody.do(method, link, content, "Content-Type", "image/png").code(422, code)
		}
		anybody.do(method, link, picture, "Content-Type", "image/png").want(200)
		if got := anybody.do(method, link, picture, "Content-Type", "").want(200); got.get("state") != "ready" || got.get("upload_url") != "" {
			t.Errorf("sent again: %s", got.body)
		}
		anybody.do(method, link, "something else", "Content-Type", "image/png").want(422)
		if got := admin.do("GET", "/v1/attachments/"+id+"/content", nil).want(200); string(got.body) != picture {
			t.Errorf("the content is %q", got.body)
		}
	}
	// Two at once are as good as one.
	made := admin.announced("two.png", "image/png", picture).want(201)
	together(4, func(int) { anybody.do("PUT", p.at(made.get("upload_url")), picture).want(200) })
	if got := admin.do("GET", "/v1/attachments/"+made.get("id"), nil).want(200); got.get("state") != "ready" {
		t.Errorf("after four at once: %s", got.body)
	}
}

func uploadAgain(t *testing.T, p *program) {
	admin := p.admin()
	first := admin.upload("a.png", "image/png", picture, "Idempotency-Key", "form-1").want(201)
	kept := len(p.blobs())
	again := admin.upload("a.png", "image/png", picture, "Idempotency-Key", "form-1").want(201)
	if again.get("id") != first.get("id") || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	admin.upload("b.png", "image/png", picture, "Idempotency-Key", "form-1").code(422, "idempotency.key_reused")
	admin.upload("a.png", "", "other bytes", "Idempotency-Key", "form-1").code(422, "idempotency.key_reused")
	ids := make([]string, 6)
	together(len(ids), func(n int) {
		ids[n] = admin.upload("c.png", "image/png", picture, "Idempotency-Key", "form-2").want(201).get("id")
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one key made %v", ids)
		}
	}
	if got := admin.upload("a.png", "image/png", picture, "Idempotency-Key", "form-1").want(201); got.get("id") != first.get("id") {
		t.Errorf("again %s", got.body)
	}
	admin.advance(0)
	if now := len(p.blobs()); now != kept+1 {
		t.Errorf("%d files are kept, want %d", now, kept+1)
	}
	one := admin.announced("a.png", "image/png", picture, "Idempotency-Key", "json-1").want(201)
	if two := admin.announced("a.png", "image/png", picture, "Idempotency-Key", "json-1").want(201); !bytes.Equal(one.body, two.body) {
		t.Errorf("first %s, again %s", one.body, two.body)
	}
}

func uploadRefused(t *testing.T, p *program) {
	admin := p.admin()
	kept := len(p.blobs())
	admin.upload("a.png", "image/png", "GIF89a not a png").code(422, "attachment.type_mismatch")
	admin.upload("a.png", "image/png", "just words").code(422, "attachment.type_mismatch")
	admin.upload("a.pdf", "application/pdf", picture).code(422, "attachment.type_mismatch")
	admin.upload("a.png", "png", picture).code(422, "attachment.content_type_invalid")
	admin.upload("a.txt", "text/plain", "").code(422, "attachment.empty")
	body, kind := form("other", "a.png", "image/png", picture)
	admin.do("POST", "/v1/attachments", body, "Content-Type", kind).code(400, "request.invalid")
	body, kind = form("file", "a.png", "image/png", picture)
	more := strings.TrimSuffix(body, "--\r\n") + "\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello" + body[strings.LastIndex(body, "\r\n--"):]
	if got := admin.do("POST", "/v1/attachments", more, "Content-Type", kind).code(400, "request.invalid"); got.get("errors.0.pointer") != "/note" {
		t.Errorf("points at %s", got.body)
	}
	part := body[:strings.LastIndex(body, "\r\n--")]
	if got := admin.do("POST", "/v1/attachments", part+"\r\n"+body, "Content-Type", kind).code(400, "request.invalid"); got.get("errors.0.code") != "maxitems" {
		t.Errorf("two files at once are %s", got.body)
	}
	admin.do("POST", "/v1/attachments", body[:len(body)-20], "Content-Type", kind).want(400)
	admin.do("POST", "/v1/attachments", body[:100], "Content-Type", kind).want(400)
	admin.do("POST", "/v1/attachments", "", "Content-Type", kind).want(400)
	admin.do("POST", "/v1/attachments", body, "Content-Type", "multipart/form-data").code(415, "request.media_type")
	admin.do("POST", "/v1/attachments", picture, "Content-Type", "image/png").code(415, "request.media_type")
	newCaller(t, p.url).do("POST", "/v1/attachments", body, "Content-Type", kind).code(401, "token.missing")
	admin.advance(0)
	if now := len(p.blobs()); now != kept {
		t.Errorf("%d files are kept of what was refused", now-kept)
	}
}

func uploadNames(t *testing.T, p *program) {
	admin := p.admin()
	long := strings.Repeat("é", 500) + ".png"
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `..\..\windows\system.ini`: "system.ini", "/abs/olute.png": "olute.png", "a/": "file", "..": "file", ".": "file", ".png": "png",
		"a\u202egnp.exe": "agnp.exe", "a\u200b\u2066b.png": "ab.png", "tab\there.png": "tab here.png", "nul.png": "_nul.png", `q"uote.png`: "q_uote.png", "a:b|c?.png": "a_b_c_.png",
		"日本.png": "日本.png", long: strings.Repeat("é", 118) + ".png", "  spaced.png ": "spaced.png", "": "file",
	} {
		if got := admin.upload(name, "image/png", picture).want(201); got.get("file_name") != want {
			t.Errorf("%q became %q in a form, want %q", name, got.get("file_name"), want)
		}
		if name == "" {
			continue
		}
		if got := admin.announced(name, "image/png", picture).want(201); got.get("file_name") != want {
			t.Errorf("%q became %q, want %q", name, got.get("file_name"), want)
		}
	}
	admin.announced("a\x00b.png", "image/png", picture).code(400, "request.invalid")
	odd := admin.upload("日本 語;\".png", "image/png", picture).want(201)
	if got := admin.do("GET", "/v1/attachments/"+odd.get("id")+"/content", nil).want(200).header.Get("Content-Disposition"); got != "attachment; filename*=utf-8''%E6%97%A5%E6%9C%AC%20%E8%AA%9E%3B_.png" {
		t.Errorf("named %s", got)
	}
}

func uploadRanges(t *testing.T, p *program) {
	admin := p.admin()
	const text = "0123456789"
	made := admin.upload("digits.txt", "text/plain", text).want(201)
	path := "/v1/attachments/" + made.get("id") + "/content"
	for header, want := range map[string]string{"bytes=0-3": "0123", "bytes=4-": "456789", "bytes=-2": "89", "bytes=8-100": "89", "bytes=-100": text} {
		got := admin.do("GET", path, nil, "Range", header).want(206)
		if string(got.body) != want || !strings.HasSuffix(got.header.Get("Content-Range"), "/10") {
			t.Errorf("%s gives %q as %s", header, got.body, got.header.Get("Content-Range"))
		}
	}
	for _, header := range []string{"bytes=0-1,4-5", "bytes=3-1", "bytes=a-b", "bits=0-1", "bytes=-0", "bytes="} {
		if got := admin.do("GET", path, nil, "Range", header).want(200); string(got.body) != text {
			t.Errorf("%s gives %q", header, got.body)
		}
	}
	if past := admin.do("GET", path, nil, "Range", "bytes=10-").code(416, "request.range"); past.header.Get("Content-Range") != "bytes */10" {
		t.Errorf("behind the end the answer says %q of the size", past.header.Get("Content-Range"))
	}
	tag := admin.do("GET", path, nil).header.Get("ETag")
	admin.do("GET", path, nil, "Range", "bytes=0-3", "If-Range", tag).want(206)
	admin.do("GET", path, nil, "Range", "bytes=0-3", "If-Range", `"other"`).want(200)
}

func uploadLinks(t *testing.T, p *program) {
	admin, anybody := p.admin(), newCaller(t, p.url)
	made := admin.upload("by link.png", "image/png", picture).want(201)
	file, err := p.store.FileByID(t.Context(), domain.AttachmentID(made.get("id")))
	if err != nil {
		t.Fatal(err)
	}
	message := domain.Message{ID: domain.NewID[domain.MessageID]()}
	link := p.at(p.links.Download(file, message))
	got := anybody.do("GET", link, nil).want(200)
	if string(got.body) != picture || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") || got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the link gives %q with %v", got.body, got.header)
	}
	if got := anybody.do("GET", link, nil, "Range", "bytes=1-3").want(206); string(got.body) != "PNG" {
		t.Errorf("a part is %q", got.body)
	}
	if head := anybody.do("HEAD", link, nil).want(200); len(head.body) > 0 || head.header.Get("Content-Length") != fmt.Sprint(len(picture)) || head.header.Get("Content-Type") != "image/png" {
		t.Errorf("the head is %v", head.header)
	}
	// The sandbox's clock opens and closes no link.
	admin.advance(25 * 3600)
	anybody.do("GET", link, nil).want(200)

	base, query, _ := strings.Cut(link, "?")
	values, _ := url.ParseQuery(query)
	other := admin.upload("other.png", "image/png", picture).want(201).get("id")
	changed := func(name, value string) string {
		v := url.Values{"exp": values["exp"], "sig": values["sig"]}
		v.Set(name, value)
		return base + "?" + v.Encode()
	}
	sig := values.Get("sig")
	flipped := "A" + sig[1:]
	if flipped == sig {
		flipped = "B" + sig[1:]
	}
	var forged answer
	for _, address := range []string{changed("exp", "9999999999"), changed("sig", flipped), changed("exp", "1000000000"),
		strings.Replace(link, made.get("id"), other, 1), strings.Replace(link, made.get("id"), unknownID, 1)} {
		forged = anybody.do("GET", address, nil).code(403, "link.invalid")
		anybody.do("HEAD", address, nil).want(403)
	}
	if strings.Contains(string(forged.body), sig) {
		t.Errorf("the problem tells %s", forged.body)
	}
	anybody.do("PUT", "/attachments/"+made.get("id")+"?"+query, picture).code(403, "link.invalid")
	early := p.links
	early.Machine = func() time.Time { return p.clock.Machine().Add(-48 * time.Hour) }
	anybody.do("GET", p.at(early.Download(file, message)), nil).code(410, "link.expired")
	upload, _ := early.Upload(file)
	anybody.do("PUT", p.at(upload), picture).code(410, "link.expired")
}

func uploadLeavesNothing(t *testing.T, p *program) {
	admin := p.admin()
	kept := len(p.blobs())
	made := admin.upload("unused.png", "image/png", picture).want(201)
	id := made.get("id")
	waiting := admin.announced("never.png", "image/png", picture).want(201)
	if len(p.blobs()) != kept+1 {
		t.Fatal("the upload is not in the folder")
	}
	cursor := admin.do("GET", "/v1/events?limit=200", nil).want(200).get("next_cursor")
	admin.advance(7*24*3600 - 60)
	admin.do("GET", "/v1/attachments/"+id+"/content", nil).want(200)
	admin.advance(120)
	admin.do("GET", "/v1/attachments/"+id+"/content", nil).code(410, "media.expired")
	if got := admin.do("GET", "/v1/attachments/"+id, nil).want(200); got.get("state") != "expired" || got.get("file_name") != "" || got.get("sha256") != "" {
		t.Errorf("left is %s", got.body)
	}
	for _, path := range p.blobs() {
		if content, _ := os.ReadFile(path); string(content) == picture && len(p.blobs()) > kept {
			t.Errorf("%s is still there", path)
		}
	}
	newCaller(t, p.url).do("PUT", p.at(waiting.get("upload_url")), picture).code(410, "media.expired")
	if event, _ := admin.await(cursor, "attachment.expired", ""); event.get("data.after") != "expired" {
		t.Errorf("told %s", event.body)
	}
}
