package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/api"
)

// validateOnly tells whether the request asks only whether it would be carried
// out. What is neither true nor false is refused: taken for false it would be.
func validateOnly(c echo.Context) (bool, error) {
	if !c.QueryParams().Has("validate_only") {
		return false, nil
	}
	switch c.QueryParam("validate_only") {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, malformed("validate_only", "It must be true or false.")
}

// try serves validate_only: the handler does its work in a transaction that is
// always taken back, and all that is told of its answer is that there was one.
// Its Idempotency-Key is not looked at.
func (s *Server) try(next echo.HandlerFunc, c echo.Context) error {
	var answer *recorded
	err := s.Store.Try(c.Request().Context(), func(ctx context.Context) (err error) {
		answer, err = record(ctx, next, c)
		return err
	})
	if err != nil {
		return err
	}
	if answer.status >= http.StatusBadRequest {
		return answer.writeTo(c.Response())
	}
	return validated(c)
}

// validated says that a request would be carried out.
func validated(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, encode(api.Validated{Valid: true}))
}
