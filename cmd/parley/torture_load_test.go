package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// history is what the load did and what it was promised: what a checker needs
// besides the program's own word.
type history struct {
	mu       sync.Mutex
	inbound  map[string][]inbound // by contact, in the order of writing
	webhooks int
	replies  []promised
	accepts  int
	ends     int
	faults   []string
}

// inbound is a message of a customer's whose webhook was answered with 200.
type inbound struct{ mid, text string }

// promised is a reply that was accepted with a 2xx.
type promised struct {
	id, clientID, text, contact, interaction string
	resendOf                                 string
}

// fault writes down something that must never happen.
func (h *history) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, fmt.Sprintf(format, args...))
}

func (h *history) add(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// stubborn is a client that outlives the program: it repeats a request until it
// is answered for good.
type stubborn struct {
	*torture
	http       *http.Client
	id, secret string // of its OAuth client; empty for a platform
	mu         sync.Mutex
	token      string
}

// patience is how long a request may take in all, kills and restarts included.
const patience = time.Minute

// pause is how long a client waits before it tries again.
const pause = 20 * time.Millisecond

func (tt *torture) client(id, secret string) *stubborn {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tt.t.Cleanup(transport.CloseIdleConnections)
	return &stubborn{torture: tt, id: id, secret: secret, http: &http.Client{Transport: transport, Timeout: 45 * time.Second}}
}

// reply is an answer to a stubborn client.
type reply struct {
	status int
	value  any
	body   []byte
}

func (r reply) get(path string) string { return text(lookup(r.value, path)) }

// once sends one request. key becomes the Idempotency-Key, or the signature of a
// webhook.
func (c *stubborn) once(method, path, body, key string) (r reply, err error) {
	request, err := http.NewRequest(method, c.program.URL()+path, strings.NewReader(body))
	if err != nil {
		return r, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.id == "" {
		request.Header.Set("X-Hub-Signature-256", sign(appSecret, body))
	} else {
		c.mu.Lock()
		request.Header.Set("Authorization", "Bearer "+c.token)
		c.mu.Unlock()
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	r.status = answer.StatusCode
	if r.body, err = io.ReadAll(answer.Body); err == nil {
		_ = json.Unmarshal(r.body, &r.value) // a webhook's answer is none
	}
	return r, err
}

// insist repeats a request until its answer is neither a lost connection nor a
// "later". Whatever it was, it has then been done once.
func (c *stubborn) insist(method, path string, body any, key string) reply {
	raw, isText := body.(string)
	if !isText && body != nil {
		encoded, _ := json.Marshal(body) // maps of strings always encode
		raw = string(encoded)
	}
	for until := time.Now().Add(patience); time.Now().Before(until); {
		r, err := c.once(method, path, raw, key)
		switch {
		case err == nil && r.status == http.StatusUnauthorized && c.id != "":
			c.login()
			continue
		case err == nil && r.status >= 500 && r.status != http.StatusServiceUnavailable:
			c.history.fault("%s %s answered %d: %s", method, path, r.status, r.body)
		case err == nil && r.status != http.StatusServiceUnavailable && r.get("code") != "idempotency.in_flight":
			return r
		}
		<-time.After(pause)
	}
	c.history.fault("%s %s got no answer within %v", method, path, patience)
	return reply{}
}

// login gets a token, as desks do after a lost connection.
func (c *stubborn) login() {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}.Encode()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		answer, err := c.http.Post(c.program.URL()+"/oauth/token", "application/x-www-form-urlencoded", strings.NewReader(form))
		if err == nil {
			var token struct {
				AccessToken string `json:"access_token"`
			}
			err = json.NewDecoder(answer.Body).Decode(&token)
			_ = answer.Body.Close()
			if err == nil && token.AccessToken != "" {
				c.mu.Lock()
				c.token = token.AccessToken
				c.mu.Unlock()
				return
			}
		}
		<-time.After(pause)
	}
	c.history.fault("client %s got no token within %v", c.id, patience)
}

// customers is one or several people who write, through one line to the
// platform: one webhook after the other, often with messages of all of them.
type customers struct {
	*stubborn
	dice     *rand.Rand
	contacts []string
	written  []string // bodies of webhooks that were taken
	counter  int
}

// write sends webhooks until the load stops. What was begun is brought to its end.
func (c *customers) write() {
	for !c.over(c.customersStop) {
		body, messages := c.compose()
		copies := 1
		if c.dice.IntN(6) == 0 {
			copies += c.dice.IntN(4)
		}
		c.moment(momentWebhook)
		together(copies, func(int) { c.deliver(body) })
		c.history.add(func() {
			c.history.webhooks += copies
			for _, m := range messages {
				c.history.inbound[m.contact] = append(c.history.inbound[m.contact], m.inbound)
			}
		})
		c.written = append(c.written, body)
		if c.dice.IntN(10) == 0 { // the platform repeats what was taken long ago
			c.deliver(c.written[c.dice.IntN(len(c.written))])
		}
		c.think(c.customersStop, 5+c.dice.IntN(60))
	}
}

type fromContact struct {
	inbound
	contact string
}

// compose makes a webhook with at least one message; those of several people are
// mixed, as they came.
func (c *customers) compose() (body string, messages []fromContact) {
	var items []string
	for len(items) == 0 {
		for range 2 {
			for _, contact := range c.contacts {
				if c.dice.IntN(2) == 0 {
					continue
				}
				c.counter++
				m := fromContact{inbound{fmt.Sprintf("m_IN-%s-%05d", contact, c.counter), fmt.Sprintf("%s %s %d", canary, contact, c.counter)}, contact}
				items = append(items, messageOf(c.desk.page, contact, m.mid, m.text))
				messages = append(messages, m)
			}
		}
	}
	return webhookOf(c.desk.page, items...), messages
}

// deliver sends one webhook until it is taken.
func (c *stubborn) deliver(body string) {
	if r := c.insist(http.MethodPost, "/hooks/"+c.desk.app, body, ""); r.status != http.StatusOK {
		c.history.fault("a webhook was answered %d: %s", r.status, bytes.TrimSpace(r.body))
	}
}
