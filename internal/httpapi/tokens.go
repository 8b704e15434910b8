package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/auth"
	"github.com/parley-cx/parley/internal/locale"
)

// issueToken serves POST /oauth/token, with answers and errors as RFC 6749 has them.
func (s *Server) issueToken(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Language", string(locale.English))
	request, refused := auth.ParseRequest(c.Request())
	var answer auth.Answer
	if refused == nil {
		answer, refused = s.Tokens.Issue(c.Request().Context(), request)
	}
	if refused == nil {
		return c.JSONBlob(http.StatusOK, encode(answer))
	}
	if refused.Challenge != "" {
		h.Set("WWW-Authenticate", refused.Challenge)
	}
	if refused.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
		s.Log.WarnContext(c.Request().Context(), "no token can be issued", "request_id", requestID(c), "error", refused.Cause)
	}
	return c.JSONBlob(refused.Status, encode(refused))
}

// GetKeys serves GET /.well-known/jwks.json.
func (s *Server) GetKeys(context.Context, api.GetKeysRequestObject) (api.GetKeysResponseObject, error) {
	var set api.KeySet
	err := remarshal(s.Keys.JWKS(), &set)
	return api.GetKeys200JSONResponse{Body: set, Headers: api.GetKeys200ResponseHeaders{CacheControl: "public, max-age=300"}}, err
}
