// Package docs makes the reference that a server shows at /docs out of its contract:
// one page that asks no other host for anything, reads well without JavaScript, and
// can be searched with it.
package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// Page is the reference, ready to be sent.
type Page struct {
	HTML   []byte
	Zipped []byte // the same for who takes gzip
	ETag   string
	// Policy is the page's Content-Security-Policy. It allows its one style and its
	// one script by what is in them, and nothing from anywhere.
	Policy string
}

// Render makes the page of a contract whose references are resolved.
func Render(contract *openapi3.T) (*Page, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	v := newView(contract)
	v.Style, v.Script = template.CSS(pageCSS), template.JS(pageJS) //nolint:gosec // our own files
	var html, zipped bytes.Buffer
	if err := t.Execute(&html, v); err != nil {
		return nil, err
	}
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(html.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(html.Bytes())
	return &Page{HTML: html.Bytes(), Zipped: zipped.Bytes(), ETag: `"` + hex.EncodeToString(sum[:12]) + `"`,
		Policy: "default-src 'none'; style-src " + hashed(pageCSS) + "; script-src " + hashed(pageJS) +
			"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}, nil
}

// hashed names what stands between two tags, for the policy.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
