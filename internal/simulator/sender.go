package simulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	webhookTime = 20 * time.Second // how long a webhook's receiver may take
	idleTime    = 10 * time.Second // less than a receiver keeps an idle connection, or a webhook could meet its end
	maxReply    = 64 << 10         // what is read of its answer, so that the connection can be used again
)

// errNoWebhook is that an account is not known, or that its app takes no webhooks.
var errNoWebhook = errors.New("simulator: no webhook is known for the account")

// sender sends one webhook, once.
type sender struct {
	accounts Accounts
	sign     func(header http.Header, body []byte, secret string)
	client   *http.Client
}

// newSender makes a sender with connections of its own, which follows no redirect and uses no proxy.
func newSender(accounts Accounts, sign func(http.Header, []byte, string)) sender {
	return sender{accounts: accounts, sign: sign, client: &http.Client{
		Timeout: webhookTime,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: webhookTime}).DialContext,
			MaxIdleConnsPerHost: maxSenders,
			IdleConnTimeout:     idleTime,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send posts a body, signed, to where the account's app takes webhooks at this moment.
func (s sender) send(ctx context.Context, accountID string, body []byte) (address string, status int, err error) {
	account, known, err := s.accounts.Account(ctx, accountID)
	if err != nil {
		return "", 0, err
	}
	if !known || account.WebhookURL == "" {
		return "", 0, errNoWebhook
	}
	status, err = s.post(ctx, account, body)
	return account.WebhookURL, status, err
}

func (s sender) post(ctx context.Context, account Account, body []byte) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, account.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	s.sign(request.Header, body, account.AppSecret)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReply))
	return response.StatusCode, nil
}

func (s sender) closeIdle() { s.client.CloseIdleConnections() }
