package graph

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"

	"github.com/parley-cx/parley/internal/channel"
)

// maxAnswer bounds what is read of an answer. The longest are posts that were asked
// for: 63,206 characters, each of which Meta may write in six bytes or twelve.
const maxAnswer = 1 << 20

// Call sends one message to the Graph API, with the token as its bearer, and says
// what became of it; a nil client is the default one. It asks exactly once: it
// follows no redirect, and neither it nor Go's transport repeats a request,
// because the body cannot be read twice and no Idempotency-Key invites to. The
// result holds neither texts of the platform nor the token.
func Call(ctx context.Context, client *http.Client, method, address, token string, body []byte) channel.Result {
	answer, result := Ask(ctx, client, method, address, token, body)
	if result.Outcome == channel.OutcomeAccepted {
		result = taken(answer, result)
	}
	return result
}

// Ask is Call for what is no message: its answer is the caller's to read, and is
// whole where the outcome is Accepted.
func Ask(ctx context.Context, client *http.Client, method, address, token string, body []byte) (answer []byte, result channel.Result) {
	return table(fault.verdict).ask(ctx, client, method, address, token, body)
}

// ask is Ask where errors have their own table.
func (t table) ask(ctx context.Context, client *http.Client, method, address, token string, body []byte) (answer []byte, result channel.Result) {
	trip := newTrip(body)
	request, err := trip.request(ctx, method, address, token)
	if err != nil {
		return nil, channel.Result{Outcome: channel.OutcomeNotSent}
	}
	response, err := oneShot(client).Do(request)
	if err != nil {
		return nil, trip.failed(ctx, err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer, t.judge(response.StatusCode, response.Header, answer, err != nil)
}

// oneShot is the client without redirects: a redirected POST would be a second call.
func oneShot(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &once
}

func (t *trip) request(ctx context.Context, method, address, token string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(t.traced(ctx), method, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	if t.size > 0 {
		request.Header.Set("Content-Type", "application/json")
		request.Body, request.ContentLength = t, t.size
	}
	return request, nil
}

// traced notes when the request's head goes out.
func (t *trip) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { t.head.Store(true) },
	})
}

// failed judges a call without an answer. Nothing was written where the head
// was not and the body can no longer be.
func (t *trip) failed(ctx context.Context, err error) channel.Result {
	if !t.seal() || t.head.Load() {
		return channel.Result{Outcome: channel.OutcomeUnknown}
	}
	return channel.Result{Outcome: channel.OutcomeNotSent, Timeout: ranOut(ctx, err)}
}

func ranOut(ctx context.Context, err error) bool {
	var failure net.Error
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &failure) && failure.Timeout()
}
