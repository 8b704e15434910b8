package graph

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
)

// Fetch asks for something with the token as its bearer, and follows no redirect. Where
// the result is Accepted the caller has a response to read and to close; else nil. To
// ask changes nothing, so that no result is Unknown.
func Fetch(ctx context.Context, client *http.Client, address, token string) (*http.Response, channel.Result) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, channel.Result{Outcome: channel.OutcomeRejected}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := oneShot(client).Do(request)
	if err != nil {
		return nil, channel.Result{Outcome: channel.OutcomeNotSent, Timeout: ranOut(ctx, err)}
	}
	if response.StatusCode == http.StatusOK {
		return response, channel.Result{Outcome: channel.OutcomeAccepted, Status: response.StatusCode}
	}
	_, r := read(response)
	return nil, r
}

// read judges an answer and closes it. The call may be made again whatever became of
// it, so that no result is Unknown, and a failure of the platform's own refuses nothing.
func read(response *http.Response) (answer []byte, r channel.Result) {
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	r = harmless(table(fault.fate).judge(response.StatusCode, response.Header, answer, err != nil))
	if r.Outcome == channel.OutcomeUnknown {
		r.Outcome = channel.OutcomeNotSent
	}
	return answer, r
}

// Upload is a file on its way to the platform.
type Upload struct {
	Fields      map[string]string // what goes along
	Name        string
	ContentType string
	Size        int64
	Body        io.Reader
}

// Send posts the file as a form and gives its id there, where the result is Accepted.
// Nobody has got anything by then, so that no result is Unknown.
func (u Upload) Send(ctx context.Context, client *http.Client, address, token string) (id string, r channel.Result) {
	head, tail, contentType := u.form()
	body := io.MultiReader(bytes.NewReader(head), u.Body, bytes.NewReader(tail))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return "", channel.Result{Outcome: channel.OutcomeNotSent}
	}
	request.ContentLength = int64(len(head)) + u.Size + int64(len(tail))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", contentType)
	response, err := oneShot(client).Do(request)
	if err != nil {
		return "", channel.Result{Outcome: channel.OutcomeNotSent, Timeout: ranOut(ctx, err)}
	}
	answer, r := read(response)
	if id = Identifier(Loose[Fields](answer)["id"]); id == "" && r.Outcome == channel.OutcomeAccepted {
		r.Outcome = channel.OutcomeNotSent
	}
	return id, r
}

// form writes what stands before and behind the file's bytes.
func (u Upload) form() (head, tail []byte, contentType string) {
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for name, value := range u.Fields {
		_ = form.WriteField(name, value) // a buffer takes everything
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="file"; filename="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "").Replace(u.Name)+`"`)
	header.Set("Content-Type", u.ContentType)
	_, _ = form.CreatePart(header)
	before := out.Len()
	_ = form.Close()
	return out.Bytes()[:before], out.Bytes()[before:], form.FormDataContentType()
}
