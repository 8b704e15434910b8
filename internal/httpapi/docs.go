package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/locale"
)

// showDocs serves GET /docs: the contract for people to read. It is made when the
// first of them asks.
func (s *Server) showDocs(c echo.Context) error {
	page, err := s.Contract.page()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", page.Policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Language", string(locale.English))
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", page.ETag)
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(c.Request().Header.Get("If-None-Match"), page.ETag) {
		return c.NoContent(http.StatusNotModified)
	}
	if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, echo.MIMETextHTMLCharsetUTF8, page.Zipped)
	}
	return c.Blob(http.StatusOK, echo.MIMETextHTMLCharsetUTF8, page.HTML)
}
