package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestDocs reads the reference as a browser would: the policy that comes with it
// allows exactly the style and the script that are in it.
func TestDocs(t *testing.T) {
	t.Parallel()
	p := start(t, template.SQLite(t))
	nobody := newCaller(t, p.url)
	page := nobody.do("GET", "/docs", nil, "Accept-Language", "fr").want(200)
	html, policy := string(page.body), page.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy is %q", policy)
	}
	for directive, name := range map[string]string{"style-src": "style", "script-src": "script"} {
		_, rest, _ := strings.Cut(html, "<"+name+">")
		inside, _, _ := strings.Cut(rest, "</"+name+">")
		sum := sha256.Sum256([]byte(inside))
		if want := directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; inside == "" || !strings.Contains(policy, want) {
			t.Errorf("%q does not allow what the page has: %s", policy, want)
		}
	}
	if page.header.Get("Content-Type") != "text/html; charset=UTF-8" || page.header.Get("Content-Language") != "en" {
		t.Errorf("it is %q in %q", page.header.Get("Content-Type"), page.header.Get("Content-Language"))
	}
	for _, o := range allOperations(t) {
		if !strings.Contains(html, `id="op-`+o.id+`"`) {
			t.Errorf("%s is not there", o.id)
		}
	}
	if again := nobody.do("GET", "/docs", nil, "If-None-Match", page.header.Get("ETag")).want(304); len(again.body) > 0 {
		t.Errorf("asked again: %s", again.body)
	}
	if zipped := unzip(t, p.url+"/docs"); zipped != html {
		t.Errorf("zipped it has %d bytes, plain %d", len(zipped), len(html))
	}
}

// unzip asks for gzip as a browser does.
func unzip(t *testing.T, address string) string {
	t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	z, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
