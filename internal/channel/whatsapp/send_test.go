package whatsapp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/whatsapp"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	taken  = `{"messaging_product":"whatsapp","contacts":[{"input":"15550100009","wa_id":"15550100009"}],"messages":[{"id":"wamid.1"}]}`
	prefix = `{"messaging_product":"whatsapp","recipient_type":"individual",`
)

// answering starts a platform that checks the call and answers it so.
func answering(t *testing.T, status int, answer, path, body string) (base string) {
	t.Helper()
	return channeltest.Answering(t, channeltest.Call{Path: path, Token: "system-token-demo", Body: body, Status: status, Answer: answer})
}

func adapter(t *testing.T) whatsapp.Adapter {
	client := channeltest.Client(t)
	return whatsapp.Adapter{Client: client, Files: client}
}

func TestSend(t *testing.T) {
	t.Parallel()
	accepted := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "wamid.1", Status: 200}
	const path = "/v25.0/400000000000001/messages"
	for name, c := range map[string]struct {
		message channel.Outbound
		body    string
		status  int
		answer  string
		want    channel.Result
	}{
		"a text to a number": {
			channel.Outbound{Token: "out_1", To: "15550100009", AddressType: "phone", Text: "Fish & <chips> 🍟"},
			prefix + `"to":"15550100009","type":"text","text":{"body":"Fish & <chips> 🍟"},"biz_opaque_callback_data":"out_1"}`,
			200, taken, accepted,
		},
		"a text to a user id, quoting": {
			channel.Outbound{Token: "out_2", To: "US.1000000000000000001", AddressType: "user_id", Text: "This one", ReplyTo: "wamid.0"},
			prefix + `"recipient":"US.1000000000000000001","context":{"message_id":"wamid.0"},"type":"text","text":{"body":"This one"},"biz_opaque_callback_data":"out_2"}`,
			200, `{"messaging_product":"whatsapp","contacts":[{"input":"US.1000000000000000001","user_id":"US.1000000000000000001"}],"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}`, accepted,
		},
		"a text to a user id whose number was told lately": {
			channel.Outbound{Token: "out_2", To: "US.1000000000000000001", AddressType: "user_id", Alias: "15550100009", Text: "This one"},
			prefix + `"to":"15550100009","type":"text","text":{"body":"This one"},"biz_opaque_callback_data":"out_2"}`,
			200, taken, accepted,
		},
		"a template": {
			channel.Outbound{Token: "out_3", To: "15550100009", Template: &domain.Template{Name: "order_update", Language: "en_US", Parameters: []string{"77", "tomorrow"}}},
			prefix + `"to":"15550100009","type":"template","template":{"name":"order_update","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"77"},{"type":"text","text":"tomorrow"}]}]},"biz_opaque_callback_data":"out_3"}`,
			200, taken, accepted,
		},
		"a template without places": {
			channel.Outbound{To: "15550100009", Template: &domain.Template{Name: "hello", Language: "de"}},
			prefix + `"to":"15550100009","type":"template","template":{"name":"hello","language":{"code":"de"}}}`,
			200, taken, accepted,
		},
		"too late": {
			channel.Outbound{To: "15550100009", Text: "Late"},
			prefix + `"to":"15550100009","type":"text","text":{"body":"Late"}}`,
			400, `{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"More than 24 hours"},"fbtrace_id":"A"}}`,
			channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureTemplateRequired, Status: 400, Code: "131047"},
		},
		"too fast": {
			channel.Outbound{To: "15550100009", Text: "Again"},
			prefix + `"to":"15550100009","type":"text","text":{"body":"Again"}}`,
			400, `{"error":{"message":"(#131056) pair rate","type":"OAuthException","code":131056,"fbtrace_id":"A"}}`,
			channel.Result{Outcome: channel.OutcomeThrottled, RetryAfter: 6 * time.Second, Status: 400, Code: "131056"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := adapter(t).Send(t.Context(), account(answering(t, c.status, c.answer, path, c.body)+"/"), c.message); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSendWithoutToken(t *testing.T) {
	t.Parallel()
	empty, want := channel.Account{AccountID: "1"}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	if got := adapter(t).Send(t.Context(), empty, channel.Outbound{To: "1", Text: "x"}); got != want {
		t.Errorf("got %+v", got)
	}
	if got := adapter(t).Typing(t.Context(), empty, channel.Outbound{ReplyTo: "wamid.1"}, true); got != want {
		t.Errorf("typing: got %+v", got)
	}
	if _, got := adapter(t).Media(t.Context(), empty, "1"); got != want {
		t.Errorf("media: got %+v", got)
	}
}

// Typing is shown under the customer's latest message, and ends by itself.
func TestTyping(t *testing.T) {
	t.Parallel()
	base := answering(t, 200, `{"success":true}`, "/v25.0/400000000000001/messages",
		`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.7","typing_indicator":{"type":"text"}}`)
	adapter(t).Typing(t.Context(), account(base), channel.Outbound{To: "15550100009", ReplyTo: "wamid.7"}, true)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the platform was called") }))
	t.Cleanup(silent.Close)
	adapter(t).Typing(t.Context(), account(silent.URL), channel.Outbound{To: "15550100009", ReplyTo: "wamid.7"}, false)
	adapter(t).Typing(t.Context(), account(silent.URL), channel.Outbound{To: "15550100009"}, true)
}

// file is one to send, of these bytes.
func file(kind, contentType, content string) *channel.File {
	return &channel.File{Kind: kind, Name: `a "b".pdf`, ContentType: contentType, Size: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

// files is a platform that takes files, and the messages that carry them.
func files(t *testing.T, kind, contentType, content, message string, status int, answer string) (base string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v25.0/400000000000001/messages" {
			got, _ := io.ReadAll(r.Body)
			if string(got) != message {
				t.Errorf("sent\n%s\nwant\n%s", got, message)
			}
			_, _ = io.WriteString(w, taken)
			return
		}
		posted, header, err := r.FormFile("file")
		if err != nil || r.URL.Path != "/v25.0/400000000000001/media" || r.Header.Get("Authorization") != "Bearer system-token-demo" || r.ContentLength <= 0 {
			t.Errorf("called with %s, %v", r.URL, err)
			return
		}
		got, _ := io.ReadAll(posted)
		if string(got) != content || header.Filename != `a "b".pdf` || header.Header.Get("Content-Type") != contentType ||
			r.FormValue("messaging_product") != "whatsapp" || r.FormValue("type") != contentType {
			t.Errorf("uploaded %q as %v with %v", got, header, r.Form)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestSendFile(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct{ given, contentType, message string }{
		"image": {"image/png", "image/png", `"type":"image","image":{"id":"M1"}}`},
		"audio": {"audio/x-m4a", "audio/mp4", `"type":"audio","audio":{"id":"M1"}}`},
		"video": {"video/mp4", "video/mp4", `"type":"video","video":{"id":"M1"}}`},
		"file":  {"application/pdf", "application/pdf", `"type":"document","document":{"id":"M1","filename":"a \"b\".pdf"}}`},
	} {
		base := files(t, kind, c.contentType, "bytes of it", prefix+`"to":"15550100009",`+c.message, 200, `{"id":"M1"}`)
		got := adapter(t).Send(t.Context(), account(base), channel.Outbound{To: "15550100009", File: file(kind, c.given, "bytes of it")})
		if got.Outcome != channel.OutcomeAccepted || got.MessageID != "wamid.1" {
			t.Errorf("%s: got %+v", kind, got)
		}
	}
}

// An upload that fails sent nothing: it is never in doubt.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	fault := func(code string) string { return `{"error":{"message":"x","code":` + code + `}}` }
	for name, c := range map[string]struct {
		status int
		answer string
		want   channel.Result
	}{
		"refused":       {400, fault("100"), channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected, Status: 400, Code: "100"}},
		"not taken":     {400, fault("131053"), channel.Result{Outcome: channel.OutcomeNotSent, Failure: domain.FailureMediaType, Once: true, Status: 400, Code: "131053"}},
		"token":         {401, fault("190"), channel.Result{Outcome: channel.OutcomeUnauthorized, Status: 401, Code: "190"}},
		"no id":         {200, `{}`, channel.Result{Outcome: channel.OutcomeNotSent, Status: 200}},
		"its own fault": {500, fault("131000"), channel.Result{Outcome: channel.OutcomeNotSent, Status: 500, Code: "131000"}},
		"a bad gateway": {502, `<html>`, channel.Result{Outcome: channel.OutcomeNotSent, Status: 502}},
	} {
		base := files(t, "image", "image/png", "x", "", c.status, c.answer)
		if got := adapter(t).Send(t.Context(), account(base), channel.Outbound{To: "1", File: file("image", "image/png", "x")}); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	gone := file("image", "image/png", "x")
	gone.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("away") }
	short := file("image", "image/png", "x")
	short.Size = 99
	for name, f := range map[string]*channel.File{"cut off": file("image", "image/png", "x"), "no bytes": gone, "too few": short} {
		if got := adapter(t).Send(t.Context(), account(cut.URL), channel.Outbound{To: "1", File: f}); got != (channel.Result{Outcome: channel.OutcomeNotSent}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// library is a platform that gives out one file; lead is what it says of where.
func library(t *testing.T, lead func(base string) string, status int) (base string) {
	t.Helper()
	server := httptest.NewServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer system-token-demo" {
			t.Errorf("%s without the token", r.URL)
		}
		switch r.RequestURI {
		case "/v25.0/M1?phone_number_id=400000000000001":
			_, _ = io.WriteString(w, lead(server.URL))
		case "/bytes":
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "bytes of it")
		default:
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"error":{"message":"Unsupported get request","type":"GraphMethodException","code":100,"error_subcode":33}}`)
		}
	})
	t.Cleanup(server.Close)
	return server.URL
}

func TestMedia(t *testing.T) {
	t.Parallel()
	const hexadecimal = "deadbeef00000000000000000000000000000000000000000000000000000000"
	for name, c := range map[string]struct {
		lead   string
		size   int64
		digest string
	}{
		"size as a text":      {`"file_size":"11","sha256":"` + hexadecimal + `"`, 11, hexadecimal},
		"size as a number":    {`"file_size":11,"sha256":"3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`, 11, hexadecimal},
		"nothing that counts": {`"file_size":"many","sha256":"x"`, 0, ""},
	} {
		base := library(t, func(base string) string {
			return `{"url":"` + base + `/bytes","mime_type":"image/jpeg","id":"M1","messaging_product":"whatsapp",` + c.lead + `}`
		}, 200)
		media, r := adapter(t).Media(t.Context(), account(base), "M1")
		if r.Outcome != channel.OutcomeAccepted {
			t.Errorf("%s: got %+v", name, r)
			continue
		}
		got, _ := io.ReadAll(media.Body)
		_ = media.Body.Close()
		if !bytes.Equal(got, []byte("bytes of it")) || media.ContentType != "image/jpeg" || media.Size != c.size || media.SHA256 != c.digest {
			t.Errorf("%s: got %+v with %q", name, media, got)
		}
	}
}

func TestMediaFails(t *testing.T) {
	t.Parallel()
	at := func(path string) func(string) string {
		return func(base string) string { return `{"url":"` + base + path + `"}` }
	}
	said := func(text string) func(string) string { return func(string) string { return text } }
	for name, c := range map[string]struct {
		id     string
		lead   func(string) string
		status int
		want   channel.Outcome
	}{
		"gone":                {"M2", nil, 200, channel.OutcomeRejected},
		"gone meanwhile":      {"M1", at("/bytes"), 404, channel.OutcomeRejected},
		"too many":            {"M1", at("/bytes"), 429, channel.OutcomeThrottled},
		"token":               {"M1", at("/bytes"), 401, channel.OutcomeUnauthorized},
		"away":                {"M1", at("/bytes"), 503, channel.OutcomeNotSent},
		"sent elsewhere":      {"M1", at("/bytes"), 302, channel.OutcomeNotSent},
		"not JSON":            {"M1", said(`<html>`), 200, channel.OutcomeNotSent},
		"no address":          {"M1", said(`{}`), 200, channel.OutcomeRejected},
		"somebody else's":     {"M1", said(`{"url":"https://evil.example.test/bytes"}`), 200, channel.OutcomeRejected},
		"much like Meta's":    {"M1", said(`{"url":"https://notfacebook.com/bytes"}`), 200, channel.OutcomeRejected},
		"Meta's without TLS":  {"M1", said(`{"url":"http://lookaside.fbsbx.com/bytes"}`), 200, channel.OutcomeRejected},
		"Meta's, other port":  {"M1", said(`{"url":"https://lookaside.fbsbx.com:8443/bytes"}`), 200, channel.OutcomeRejected},
		"Meta's, with a user": {"M1", said(`{"url":"https://x@lookaside.fbsbx.com/bytes"}`), 200, channel.OutcomeRejected},
		"Meta's":              {"M1", said(`{"url":"https://lookaside.fbsbx.com/bytes"}`), 200, channel.OutcomeNotSent}, // which no test reaches
	} {
		if media, got := adapter(t).Media(t.Context(), account(library(t, c.lead, c.status)), c.id); got.Outcome != c.want || media.Body != nil {
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
	}
}
