package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// whatsApp gives the result of one call that is answered so.
func whatsApp(t *testing.T, status int, header map[string]string, body string) channel.Result {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return graph.WhatsApp(t.Context(), channeltest.Client(t), http.MethodPost, server.URL, "token-demo", []byte(`{}`))
}

// TestWhatsAppErrors spells out Meta's table: what an error means as an answer, and
// what an agent is told when a status carries it.
func TestWhatsAppErrors(t *testing.T) {
	t.Parallel()
	template := channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureTemplateRequired}
	optedOut := channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureRecipientOptedOut}
	pair, long := throttled, throttled
	pair.RetryAfter, long.RetryAfter = 6*time.Second, time.Hour
	twice := channel.Result{Outcome: channel.OutcomeNotSent, Once: true, Failure: domain.FailureContentRejected}
	twiceMedia := channel.Result{Outcome: channel.OutcomeNotSent, Once: true, Failure: domain.FailureMediaType}
	const rejected, limit = domain.FailurePlatformRejected, domain.FailureMessageLimit
	for _, c := range []struct {
		codes  []int
		answer channel.Result
		status domain.FailureCode
	}{
		{[]int{0, 190, 3, 10, 200, 219, 299, 368, 130497, 131031, 131042, 131045, 131037, 133000, 133006, 133010, 133015}, auth, rejected},
		{[]int{4, 80007, 130429}, throttled, limit},
		{[]int{131056}, pair, limit},
		{[]int{131048, 133016}, long, limit},
		{[]int{131047}, template, domain.FailureTemplateRequired},
		{[]int{131026, 131021, 131030}, recipient, domain.FailureRecipientInvalid},
		{[]int{131050}, optedOut, domain.FailureRecipientOptedOut},
		{[]int{131049, 130472, 131008, 131009, 100, 33, 131051, 131062, 132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069, 99999}, content, domain.FailureContentRejected},
		{[]int{131052}, twice, domain.FailureContentRejected},
		{[]int{131053}, twiceMedia, domain.FailureMediaType},
		{[]int{1, 2, 131000, 131016, 131057, 133004, 133005}, again, rejected},
	} {
		for _, code := range c.codes {
			want := c.answer
			want.Status, want.Code = 400, strconv.Itoa(code)
			if got := whatsApp(t, 400, nil, graphError(fmt.Sprintf(`"code":%d,"error_data":{"messaging_product":"whatsapp","details":"x"}`, code))); got != want {
				t.Errorf("%d: got %+v, want %+v", code, got, want)
			}
			if got := graph.Undelivered(strconv.Itoa(code)); got != c.status {
				t.Errorf("a status with %d: %s, not %s", code, got, c.status)
			}
		}
	}
	if got := graph.Undelivered(""); got != rejected {
		t.Errorf("a status without a code: %s", got)
	}
}

// The server's own failure has lost the message, whatever it calls it; a limit and a
// token that no longer works say more than the status does.
func TestWhatsAppAnswers(t *testing.T) {
	t.Parallel()
	const taken = `{"messaging_product":"whatsapp","contacts":[{"input":"15550100009","wa_id":"15550100009"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}`
	accepted := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "wamid.1"}
	for name, c := range map[string]struct {
		status int
		body   string
		want   channel.Result
	}{
		"taken":                       {200, taken, accepted},
		"no message":                  {200, `{"messages":[]}`, unknown},
		"an answer of Messenger's":    {200, `{"message_id":"m_1"}`, unknown},
		"not JSON":                    {200, `<html>`, unknown},
		"server failure":              {500, graphError(`"code":131000`), platform},
		"unavailable":                 {503, graphError(`"code":131016`), platform},
		"unknown, of the server":      {500, graphError(`"code":424242`), platform},
		"token, of the server":        {500, graphError(`"code":190`), auth},
		"unknown and unauthorized":    {401, graphError(`"code":424242`), auth},
		"unknown and transient":       {400, graphError(`"code":424242,"is_transient":true`), again},
		"unauthorized by something":   {401, ``, auth},
		"throttled by something":      {429, ``, throttled},
		"a gateway that gave up":      {504, `<html>`, unknown},
		"subcodes do not count":       {400, graphError(`"code":100,"error_subcode":2018278`), content},
		"the person, though a 403":    {403, graphError(`"code":131026`), recipient},
		"a fault that is permanent":   {403, graphError(`"code":131008`), content},
		"too much, in server's words": {500, graphError(`"code":130429`), throttled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := whatsApp(t, c.status, nil, c.body)
			if got.Status = 0; got.Code != "" {
				got.Code = ""
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	got := whatsApp(t, 400, map[string]string{"Retry-After": "90"}, graphError(`"code":131056`))
	if got.RetryAfter != 90*time.Second {
		t.Errorf("asked to wait for %v", got.RetryAfter)
	}
}
