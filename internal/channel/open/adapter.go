package open

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	secretKey = "webhook_secret" // what signs calls, among an account's credentials
	maxAnswer = 64 << 10
	maxWait   = time.Hour // the longest Retry-After that is believed
)

// Adapter implements channel.Adapter for connectors. Its client decides on
// timeouts, proxies and connections; nil is Go's default one.
type Adapter struct {
	Client *http.Client
}

var _ channel.Adapter = Adapter{}

// Kind is open.
func (Adapter) Kind() domain.ChannelKind { return domain.ChannelOpen }

// Send posts one message to the connector, signed. The connector knows it again by
// its id, so that the platform's id of it is our own. A channel without a secret
// or an address is not called at all.
func (a Adapter) Send(ctx context.Context, account channel.Account, message channel.Outbound) channel.Result {
	result := a.post(ctx, account, textBody(account, message))
	if result.Outcome == channel.OutcomeAccepted {
		result.MessageID = string(message.ID)
	}
	return result
}

var (
	_ channel.Typist       = Adapter{}
	_ channel.Acknowledger = Adapter{}
)

// Typing tells the connector that an agent types, where it wants to hear such
// things. Connectors know no end of it: it ends by itself.
func (a Adapter) Typing(ctx context.Context, account channel.Account, to channel.Outbound, on bool) channel.Result {
	if !on || !account.Settings.SendsEvents() {
		return channel.Result{Outcome: channel.OutcomeAccepted}
	}
	return a.post(ctx, account, typingBody(account, to))
}

// Acknowledge tells the connector that a message has arrived, where it wants to
// hear such things.
func (a Adapter) Acknowledge(ctx context.Context, account channel.Account, received channel.Outbound, platformID string) channel.Result {
	if !account.Settings.SendsEvents() {
		return channel.Result{Outcome: channel.OutcomeAccepted}
	}
	return a.post(ctx, account, receiptBody(account, received, platformID))
}

// address is where the connector takes what is sent. A channel's own API base
// replaces its host; the base of the sandbox stands in where no address is set.
func address(account channel.Account) string {
	target, base := "", strings.TrimRight(account.BaseURL, "/")
	if account.Settings.OutboundWebhookURL != nil {
		target = *account.Settings.OutboundWebhookURL
	}
	switch u, err := url.Parse(target); {
	case target == "" && base == "":
		return ""
	case target == "":
		return base + "/"
	case account.Settings.APIBaseURL == nil || err != nil:
		return target
	default:
		return base + u.RequestURI()
	}
}

// post makes one call. It asks exactly once and follows no redirect.
func (a Adapter) post(ctx context.Context, account channel.Account, body []byte) channel.Result {
	secret, target := account.Credentials[secretKey], address(account)
	if secret == "" {
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	var wrote atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodPost, target, bytes.NewReader(body))
	if err != nil || target == "" {
		return channel.Result{Outcome: channel.OutcomeNotSent}
	}
	for name, value := range account.Settings.WebhookHeaders {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(signatureHeader, Sign(body, secret, encodingOf(account.Settings)))
	response, err := a.once().Do(request)
	if err != nil {
		return failed(ctx, err, wrote.Load())
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // the status says it all
	return judge(response)
}

// once is the client without redirects: a redirected POST would be a second call.
func (a Adapter) once() *http.Client {
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &once
}

// failed judges a call without an answer.
func failed(ctx context.Context, err error, wrote bool) channel.Result {
	if wrote {
		return channel.Result{Outcome: channel.OutcomeUnknown}
	}
	var failure net.Error
	late := errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &failure) && failure.Timeout()
	return channel.Result{Outcome: channel.OutcomeNotSent, Timeout: late}
}

// judge says what an answer means for the message: 2xx takes it, 429 and 5xx ask
// for it again, and any other ends it.
func judge(response *http.Response) channel.Result {
	status := response.StatusCode
	result := channel.Result{Status: status, Code: strconv.Itoa(status)}
	switch {
	case status >= 200 && status < 300:
		return channel.Result{Outcome: channel.OutcomeAccepted, Status: status}
	case status == http.StatusTooManyRequests:
		result.Outcome, result.RetryAfter = channel.OutcomeThrottled, retryAfter(response.Header)
	case status >= 500:
		result.Outcome = channel.OutcomeNotSent
	default:
		result.Outcome, result.Failure = channel.OutcomeRejected, refusal(status)
	}
	return result
}

// refusal is what an answer that ends a message says of it.
func refusal(status int) domain.FailureCode {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return domain.FailureContentRejected
	}
	return domain.FailurePlatformRejected
}

// retryAfter reads Retry-After in seconds.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxWait)
}
