package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	formType = "multipart/form-data"
	// uploadTime is how long one upload may take; other requests have less.
	uploadTime = 15 * time.Minute
	// formMargin is what a form may have around its file.
	formMargin = 64 << 10
)

// upload is a file whose bytes are in the store. It becomes an attachment when
// the request's effect is on disk, and is dropped otherwise.
type upload struct {
	file     domain.File
	accepted bool
}

// isForm tells whether a request brings a file in a form.
func isForm(c echo.Context, o *operation) bool {
	media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	return o.form && err == nil && media == formType
}

// receive takes the file of a form before anything else happens: bytes are never
// inside a transaction, and so not inside that of an Idempotency-Key. What the
// file is stands in for the body when two requests are compared; a repeated one
// gets the first answer, and its copy of the bytes is dropped.
func (s *Server) receive(next echo.HandlerFunc, c echo.Context) error {
	s.allowTime(c)
	only, err := validateOnly(c)
	if err != nil {
		return err
	}
	if only {
		return s.tryForm(c)
	}
	file, err := s.readForm(c, s.Files.Receive, s.Files.Drop)
	if err != nil {
		return err
	}
	i := info(c)
	i.upload = &upload{file: file}
	i.body = map[string]any{"file_name": file.Name, "content_type": file.ContentType, "size": file.Size, "sha256": file.SHA256}
	defer func() {
		if !i.upload.accepted {
			s.Files.Drop(c.Request().Context(), file)
		}
	}()
	return s.mutate(next, c)
}

// tryForm serves validate_only for a form: its file is looked at from end to end,
// and kept nowhere. What else could be refused, a database has no part in.
func (s *Server) tryForm(c echo.Context) error {
	if _, err := s.readForm(c, s.Files.Inspect, func(context.Context, domain.File) {}); err != nil {
		return err
	}
	return validated(c)
}

// allowTime gives an upload more time than other requests have.
func (s *Server) allowTime(c echo.Context) {
	// A server that cannot, in a test without a connection, has no limit either.
	_ = http.NewResponseController(c.Response().Writer).SetReadDeadline(s.Machine().Add(uploadTime))
}

// taker takes the bytes of a file, and gives the file as it is then.
type taker func(ctx context.Context, by domain.Principal, name, contentType string, body io.Reader) (domain.File, error)

// readForm hands over the only part of a form, the file; drop takes it back where
// more follows.
func (s *Server) readForm(c echo.Context, take taker, drop func(context.Context, domain.File)) (file domain.File, err error) {
	r := c.Request()
	_, params, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)) // isForm has read it
	if params["boundary"] == "" {
		return file, errMedia
	}
	if r.ContentLength > channel.MaxFileSize+formMargin {
		return file, errTooLarge
	}
	form := multipart.NewReader(http.MaxBytesReader(nil, r.Body, channel.MaxFileSize+formMargin), params["boundary"])
	part, err := form.NextPart()
	if err != nil {
		return file, formFault(err)
	}
	if part.FormName() != "file" {
		return file, unexpectedPart(part.FormName())
	}
	// Not FileName: it has been through the paths of the machine that it runs on.
	_, disposition, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	file, err = take(r.Context(), principal(r.Context()), disposition["filename"], part.Header.Get(echo.HeaderContentType), part)
	if err != nil {
		return file, err
	}
	if more, err := form.NextPart(); !errors.Is(err, io.EOF) {
		drop(r.Context(), file)
		if err == nil {
			return file, unexpectedPart(more.FormName())
		}
		return file, formFault(err)
	}
	return file, nil
}

// formFault says what is wrong with a form as a whole.
func formFault(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, io.EOF):
		return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.body_missing", Detail: "The form has no file.",
			Fields: []domain.FieldError{{Pointer: "/file", Code: "required", Detail: "Send the file as the part file."}}}
	}
	return bodyFault("request.body_malformed", "The form is not well formed.")
}

func unexpectedPart(name string) error {
	if name == "file" {
		return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The form has more than one file. Send each in a request of its own.",
			Fields: []domain.FieldError{{Pointer: "/file", Code: "maxitems", Detail: "The list must have from %d to %d entries.", Args: []any{1, 1}}}}
	}
	return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The form has a part that is not the file.",
		Fields: []domain.FieldError{{Pointer: "/" + name, Code: "unknown_field", Detail: "There is no such field here."}}}
}
