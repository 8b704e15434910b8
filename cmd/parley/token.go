package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokenCommand asks a running server for a token.
type tokenCommand struct {
	URL          string `name:"url" env:"PARLEY_URL" default:"http://127.0.0.1:8080" help:"Where the server is."`
	ClientID     string `name:"client-id" env:"PARLEY_CLIENT_ID" required:"" help:"The client's id."`
	ClientSecret string `name:"client-secret" env:"PARLEY_CLIENT_SECRET" required:"" help:"The client's secret."`
	AgentID      string `name:"agent-id" help:"The agent to act for, where the client may."`
	Scope        string `name:"scope" help:"The scopes to ask for, separated by spaces; all of the client's without it."`
	JSON         bool   `name:"json" help:"Print the whole answer."`
}

// tokenTimeout bounds the request.
const tokenTimeout = 15 * time.Second

// Run prints the token, or fails with what the server said.
func (c *tokenCommand) Run(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}}
	for name, value := range map[string]string{"agent_id": c.AgentID, "scope": c.Scope} {
		if value != "" {
			form.Set(name, value)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	return c.print(out, answer, body)
}

func (c *tokenCommand) print(out io.Writer, answer *http.Response, body []byte) error {
	var token struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(body, &token); err != nil {
		return fmt.Errorf("the server answered %s, which is no token", answer.Status)
	}
	if token.AccessToken == "" {
		return errors.New(strings.TrimSpace(token.Error + ": " + token.Description + " (request " + answer.Header.Get("Request-Id") + ")"))
	}
	text := token.AccessToken
	if c.JSON {
		text = string(body)
	}
	_, err := fmt.Fprintln(out, text)
	return err
}
