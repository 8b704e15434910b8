package graph_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/channeltest"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

func TestGet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		told   string
		want   channel.Outcome
	}{
		"told":             {200, `{"id":"1","message":"Hello"}`, "Hello", channel.OutcomeAccepted},
		"not JSON":         {200, `<html>`, "", channel.OutcomeUnknown},
		"gone":             {400, graphError(`"code":100,"error_subcode":33`), "", channel.OutcomeRejected},
		"not for us":       {403, graphError(`"code":10`), "", channel.OutcomeUnauthorized},
		"a broken server":  {500, graphError(`"code":1`), "", channel.OutcomeNotSent},
		"broken otherwise": {500, graphError(`"code":100`), "", channel.OutcomeNotSent},
		"too much":         {400, graphError(`"code":613`), "", channel.OutcomeThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, calls := platformOf(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Method + " " + r.URL.RequestURI(); got != "GET /v1/x?fields=message%2Cfrom" || r.ContentLength > 0 {
					t.Errorf("asked by %s with %d bytes", got, r.ContentLength)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			told, result := graph.Get(t.Context(), channeltest.Client(t), address+"/v1/x", "token-demo", "message", "from")
			if graph.Words(told["message"]) != c.told || result.Outcome != c.want || result.Status != c.status {
				t.Errorf("told %s, %+v", told, result)
			}
			once(t, calls)
		})
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{`"2026-09-21T12:00:00+0000"`: 1789992000, `"2026-09-21T14:00:00+0200"`: 1789992000, `"2026-09-21"`: -62135596800, `7`: -62135596800, ``: -62135596800} {
		if got := graph.Moment([]byte(raw)).Unix(); got != want {
			t.Errorf("%s is read as %d, want %d", raw, got, want)
		}
	}
}
