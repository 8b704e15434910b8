package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
)

// openPath is where Genesys Cloud's own routes are, which answer in its format.
const openPath = "/api/v2/"

// openCodes are Genesys Cloud's words for what is wrong, by status.
var openCodes = map[int]string{
	http.StatusBadRequest:            "bad.request",
	http.StatusUnauthorized:          "bad.credentials",
	http.StatusForbidden:             "missing.permissions",
	http.StatusNotFound:              "not.found",
	http.StatusMethodNotAllowed:      "method.not.allowed",
	http.StatusConflict:              "conflict",
	http.StatusRequestEntityTooLarge: "request.entity.too.large",
	http.StatusUnsupportedMediaType:  "unsupported.media.type",
	http.StatusTooManyRequests:       "too.many.requests",
	http.StatusServiceUnavailable:    "service.unavailable",
	http.StatusInternalServerError:   "internal.server.error",
}

// inOpenFormat tells whether a request is answered in Genesys Cloud's format: also
// where nothing is, for its libraries read no other.
func inOpenFormat(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, openPath)
}

// openError writes a problem as Genesys Cloud does.
func openError(p api.Problem) api.OpenError {
	e := api.OpenError{Message: p.Detail, Code: openCodes[p.Status], Status: p.Status, ContextID: p.RequestID, Details: []map[string]any{}, Errors: []map[string]any{}}
	if e.Code == "" || p.Code == "feature.not_enabled" {
		e.Code = p.Code
	}
	return e
}
