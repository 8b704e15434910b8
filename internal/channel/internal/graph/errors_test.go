package graph_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// The outcomes of the table of errors, spelled out here so that the table is not
// tested with itself.
var (
	window    = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureWindowClosed}
	recipient = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureRecipientInvalid}
	elsewhere = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureHeldElsewhere}
	content   = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected}
	twice     = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureReplyLimit}
	platform  = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailurePlatformRejected}
	auth      = channel.Result{Outcome: channel.OutcomeUnauthorized}
	throttled = channel.Result{Outcome: channel.OutcomeThrottled}
	again     = channel.Result{Outcome: channel.OutcomeNotSent}
	unknown   = channel.Result{Outcome: channel.OutcomeUnknown}
)

// graphError is an answer as Meta documents it; members fill error beside the texts.
func graphError(members string) string {
	return `{"error":{"message":"(#0) A text that quotes the request","type":"OAuthException",` + members + `,"fbtrace_id":"AbCdEf"}}`
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members string
		status  int
		code    string
		want    channel.Result
	}{
		{`"code":10,"error_subcode":2018278`, 403, "10/2018278", window},
		{`"code":10,"error_subcode":2534022`, 403, "10/2534022", window},
		{`"code":10,"error_subcode":2018065`, 403, "10/2018065", window},
		{`"code":10,"error_subcode":2018108`, 403, "10/2018108", recipient},
		{`"code":190`, 401, "190", auth},
		{`"code":190,"error_subcode":463`, 400, "190/463", auth},
		{`"code":102`, 401, "102", auth},
		{`"code":2500`, 400, "2500", auth},
		{`"code":10`, 403, "10", auth},
		{`"code":10,"error_subcode":1404170`, 403, "10/1404170", auth},
		{`"code":200`, 403, "200", auth},
		{`"code":230`, 403, "230", recipient},
		{`"code":231`, 403, "231", auth},
		{`"code":10,"error_subcode":2018300`, 403, "10/2018300", elsewhere},
		{`"code":100,"error_subcode":2534037`, 400, "100/2534037", elsewhere},
		{`"code":299`, 403, "299", auth},
		{`"code":3`, 400, "3", auth},
		{`"code":551`, 400, "551", recipient},
		{`"code":551,"error_subcode":1545041`, 400, "551/1545041", recipient},
		{`"code":200,"error_subcode":1545041`, 403, "200/1545041", recipient},
		{`"code":100,"error_subcode":2018001`, 400, "100/2018001", recipient},
		{`"code":100,"error_subcode":2534014`, 400, "100/2534014", recipient},
		{`"code":10900`, 400, "10900", twice},
		{`"code":10903`, 400, "10903", recipient},
		{`"code":4`, 400, "4", throttled},
		{`"code":17`, 400, "17", throttled},
		{`"code":32`, 403, "32", throttled},
		{`"code":613`, 400, "613", throttled},
		{`"code":613,"error_subcode":2534040`, 400, "613/2534040", throttled},
		{`"code":80001`, 400, "80001", throttled},
		{`"code":80002`, 400, "80002", throttled},
		{`"code":80006`, 400, "80006", throttled},
		{`"code":4,"error_subcode":2018354`, 400, "4/2018354", throttled},
		{`"code":9,"error_subcode":2018352`, 400, "9/2018352", throttled},
		{`"code":4`, 500, "4", throttled},
		{`"code":100`, 429, "100", throttled},
		{`"code":1`, 400, "1", again},
		{`"code":2`, 400, "2", again},
		{`"code":1200`, 400, "1200", again},
		{`"code":1200,"error_subcode":1545133`, 400, "1200/1545133", again},
		{`"code":99999,"error_subcode":1545133`, 400, "99999/1545133", again},
		{`"code":99999,"is_transient":true`, 400, "99999", again},
		{`"code":100,"is_transient":true`, 400, "100", again},
		{`"code":1,"error_subcode":1357046`, 400, "1/1357046", unknown},
		{`"code":1,"error_subcode":1357046`, 500, "1/1357046", unknown},
		{`"code":1`, 500, "1", platform},
		{`"code":2,"is_transient":true`, 503, "2", platform},
		{`"code":99999`, 500, "99999", platform},
		{`"code":100,"error_subcode":33`, 400, "100/33", content},
		{`"code":100`, 400, "100", content},
		{`"code":100,"error_subcode":2534025`, 400, "100/2534025", content},
		{`"code":100,"error_subcode":2534001`, 400, "100/2534001", content},
		{`"code":100,"error_subcode":2534013`, 400, "100/2534013", auth},
		{`"code":99999`, 400, "99999", content},
		{`"code":99999`, 401, "99999", auth},
		{`"code":368`, 400, "368", content},
		{`"code":368,"is_transient":true`, 400, "368", content},
		{`"code":10,"error_subcode":1893063`, 403, "10/1893063", content},
	} {
		t.Run(c.members, func(t *testing.T) {
			t.Parallel()
			c.want.Status, c.want.Code = c.status, c.code
			if got := answered(t, c.status, nil, graphError(c.members)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// answered gives the result of one call that is answered so, and checks that it was one.
func answered(t *testing.T, status int, header map[string]string, body string) channel.Result {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	got := graph.Call(t.Context(), channeltest.Client(t), http.MethodPost, server.URL, "token-demo", []byte(`{"message":{}}`))
	if n := calls.Load(); n != 1 {
		t.Errorf("the platform was called %d times", n)
	}
	return got
}
