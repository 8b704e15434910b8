package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// connector plays whoever runs a connector of their own: it takes our calls, verifies their signature as public
// connectors do, and hands in messages and receipts with a token (Genesys Cloud, Open Messaging). An account's access
// token is the secret that signs our calls, and its app secret the token that the connector carries.
type connector struct {
	accounts Accounts
	now      func() time.Time
	seen     *seen
}

// seen remembers the messages that were taken: one that comes again is taken, and nothing follows.
type seen struct {
	mu  sync.Mutex
	ids map[string]bool
}

// first tells whether a message is new.
func (s *seen) first(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) >= maxPeople {
		clear(s.ids)
	}
	known := s.ids[id]
	s.ids[id] = true
	return !known
}

// openBody is what is read of a call.
type openBody struct {
	ID      string
	Type    string
	Text    string
	Channel struct {
		ID string
		To struct{ ID string }
	}
}

// answer judges a call: its signature first, over the body as a JavaScript program would write it again.
func (c connector) answer(ctx context.Context, call Request) (said answer, taken *message) {
	var body openBody
	if call.Method != http.MethodPost || json.Unmarshal(call.Body, &body) != nil {
		return openAnswer(http.StatusBadRequest, "The body is not a JSON object."), nil
	}
	account, known, err := c.accounts.Account(ctx, body.Channel.ID)
	switch {
	case err != nil:
		return openAnswer(http.StatusInternalServerError, "Something went wrong."), nil
	case known && !signedOpen(call, account.AccessToken):
		return openAnswer(http.StatusUnauthorized, "The signature is not right."), nil
	case body.Type != "Text" && body.Type != "Structured" || !c.seen.first(body.Channel.ID+"/"+body.ID):
		return openAnswer(http.StatusOK, ""), nil
	}
	return openAnswer(http.StatusOK, ""), &message{thread: thread{account: body.Channel.ID, contact: body.Channel.To.ID}, id: body.ID, text: body.Text, at: c.now()}
}

// signedOpen verifies a call's signature, which may be written in either way.
func signedOpen(call Request, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(call.Body)
	claimed := call.Header.Get("X-Hub-Signature-256")
	return claimed == "sha256="+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || claimed == "sha256="+hex.EncodeToString(mac.Sum(nil))
}

func openAnswer(status int, message string) answer {
	body := []byte("{}")
	if message != "" {
		body, _ = json.Marshal(map[string]string{"message": message}) // strings always encode
	}
	return answer{status: status, header: map[string]string{"Content-Type": "application/json"}, body: body}
}

// openJSON writes a body as connectors do.
func openJSON(value any) []byte {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // strings and lists of them always encode
	return bytes.TrimSpace(written.Bytes())
}

type openPlace struct {
	Platform  string    `json:"platform"`
	Type      string    `json:"type"`
	MessageID string    `json:"messageId,omitempty"`
	To        openParty `json:"to"`
	From      openParty `json:"from"`
	Time      string    `json:"time"`
}

type openParty struct {
	ID       string `json:"id"`
	IDType   string `json:"idType"`
	Nickname string `json:"nickname,omitempty"`
}

type openInbound struct {
	ID        string        `json:"id,omitempty"`
	Channel   openPlace     `json:"channel"`
	Type      string        `json:"type"`
	Text      string        `json:"text,omitempty"`
	Content   []openContent `json:"content,omitempty"`
	Status    string        `json:"status,omitempty"`
	Direction string        `json:"direction"`
}

type openContent struct {
	ContentType string         `json:"contentType"`
	Attachment  openAttachment `json:"attachment"`
}

type openAttachment struct {
	MediaType string `json:"mediaType"`
	URL       string `json:"url"`
}

const openLayout = "2006-01-02T15:04:05.000Z"

// inbound writes what a customer wrote, in the form that names everything itself. A payload is sent byte for byte.
func (c connector) inbound(in InboundMessage) (body []byte, ids []string) {
	if in.Payload != nil {
		return in.Payload, openIDs(in.Payload)
	}
	at := c.now()
	if in.Timestamp != 0 {
		at = time.UnixMilli(in.Timestamp)
	}
	id := in.MessageID
	if id == "" {
		id = "cx-" + random(16)
	}
	written := openInbound{Type: "Text", Text: in.Text, Direction: "Inbound", Channel: c.place(in.AccountID, in.From.ID, at)}
	written.Channel.MessageID, written.Channel.From.Nickname = id, in.From.Name
	for _, a := range in.Attachments {
		written.Content = append(written.Content, openContent{ContentType: "Attachment", Attachment: openAttachment{MediaType: a.Type, URL: a.URL}})
	}
	return openJSON(written), []string{id}
}

func (c connector) place(integration, customer string, at time.Time) openPlace {
	return openPlace{Platform: "Open", Type: "Private", To: openParty{ID: integration, IDType: "Opaque"},
		From: openParty{ID: customer, IDType: "Opaque"}, Time: at.UTC().Format(openLayout)}
}

// openIDs finds the id of the message in a raw body, if there is one.
func openIDs(payload []byte) []string {
	var body struct{ Channel struct{ MessageID string } }
	if json.Unmarshal(payload, &body) != nil || body.Channel.MessageID == "" {
		return []string{}
	}
	return []string{body.Channel.MessageID}
}

// receipts lists what follows a message: connectors have no echo.
func (c connector) receipts(taken message, wanted Receipts) []hook {
	var hooks []hook
	for _, r := range []struct {
		status string
		wanted bool
	}{{"Delivered", wanted.Delivered}, {"Read", wanted.Read}} {
		if r.wanted {
			hooks = append(hooks, func() []byte { return c.receipt(taken, r.status) })
		}
	}
	if wanted.Reversed {
		slices.Reverse(hooks)
	}
	return hooks
}

func (c connector) receipt(taken message, status string) []byte {
	return openJSON(openInbound{ID: taken.id, Type: "Receipt", Status: status, Direction: "Outbound", Channel: c.place(taken.account, taken.contact, c.now())})
}

// tooLarge is the answer to a body that is larger than any message.
func (connector) tooLarge() answer {
	return openAnswer(http.StatusRequestEntityTooLarge, "The body is too large.")
}

// failure is the answer of the modes in which a call is answered without being judged. A code that is a status of a
// refusal is the answer's.
func (connector) failure(faults Faults) answer {
	said := openAnswer(http.StatusInternalServerError, "The simulated connector was told to fail.")
	switch faults.Mode {
	case ModeReject:
		said.status = http.StatusBadRequest
		if faults.Code != nil && *faults.Code >= 400 && *faults.Code < 500 {
			said.status = *faults.Code
		}
	case ModeRateLimit:
		said.status = http.StatusTooManyRequests
	case ModeBadGateway:
		return badGateway()
	}
	if faults.RetryAfterSeconds != nil && faults.Mode != ModeReject {
		said.header["Retry-After"] = strconv.Itoa(*faults.RetryAfterSeconds)
	}
	return said
}

// carryToken is how a connector proves who it is: with a token, not with a signature.
func carryToken(header http.Header, _ []byte, token string) {
	header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
}

// platformOf makes what plays a kind of account, and how it proves who it is.
func platformOf(config Config) (platform, func(http.Header, []byte, string)) {
	if config.Kind == domain.ChannelOpen {
		return connector{accounts: config.Accounts, now: config.Now, seen: &seen{ids: map[string]bool{}}}, carryToken
	}
	talk := messenger{object: "page", accounts: config.Accounts, now: config.Now, people: newPeople()}
	switch config.Kind {
	case domain.ChannelFacebookPage:
		return facebookPage{messenger: talk, wall: newWall()}, signGraph
	case domain.ChannelInstagram:
		return newInstagram(talk), signGraph
	}
	if config.Kind == domain.ChannelWhatsApp {
		return whatsApp{messenger: talk, persons: newPersons(), shelf: newShelf()}, signGraph
	}
	return talk, signGraph
}
