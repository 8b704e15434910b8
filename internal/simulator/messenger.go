package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of one message (Meta, Messenger Platform, Send API).
const (
	maxText     = 2000
	maxMetadata = 1000
)

// messenger plays Messenger: the Send API, and as much of the User profile API as tells a name.
type messenger struct {
	object   string // that webhooks name: page, or what is like one
	accounts Accounts
	now      func() time.Time
	people   *people
}

// message is one that the platform took.
type message struct {
	thread
	id       string
	text     string
	attached *itemAttachment
	metadata string
	at       time.Time
}

// answer judges a call. taken is the message that it sent, nil where it sent none.
func (m messenger) answer(ctx context.Context, call Request) (said answer, taken *message) {
	object, edge, ok := graphPath(call.Path)
	switch {
	case ok && edge == "messages" && call.Method == http.MethodPost:
		return m.take(ctx, object, call)
	case ok && edge == "messages":
		return unknownObject(call.Method, object), nil
	case ok && edge == "" && call.Method == http.MethodGet:
		return m.profile(ctx, object, call), nil
	}
	return unknownPath(call.Path), nil
}

// graphPath reads /{version}/{object}/{edge}, where there may be no edge.
func graphPath(path string) (object, edge string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) == 2 {
		parts = append(parts, "")
	}
	if len(parts) != 3 || !isVersion(parts[0]) {
		return "", "", false
	}
	object, err := url.PathUnescape(parts[1])
	return object, parts[2], err == nil && object != ""
}

// isVersion tells a version of the Graph API, such as v25.0.
func isVersion(part string) bool {
	number, prefixed := strings.CutPrefix(part, "v")
	major, minor, _ := strings.Cut(number, ".")
	return prefixed && isNumber(major) && isNumber(minor)
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// take judges a send: the token first, then the message.
func (m messenger) take(ctx context.Context, page string, call Request) (answer, *message) {
	if refused := m.authorize(ctx, page, call); refused != nil {
		return *refused, nil
	}
	send, refused := readSend(call.Body)
	if refused != nil {
		return *refused, nil
	}
	if send.Action != "" {
		return graphAnswer(http.StatusOK, map[string]string{"recipient_id": send.Recipient.ID}), nil
	}
	switch {
	case send.Recipient.ID == "":
		return invalidParameter(noRecipient), nil
	case !m.people.allows(page, send, m.now()):
		return closedWindow(), nil
	}
	return m.sent(page, send.Recipient.ID, send)
}

// sent takes a message to a person.
func (m messenger) sent(page, to string, send send) (answer, *message) {
	taken := &message{
		thread: thread{account: page, contact: to}, id: newMessageID(),
		text: send.Message.Text, attached: send.Message.Attachment, metadata: send.Message.Metadata, at: m.now(),
	}
	return graphAnswer(http.StatusOK, sendAnswer{RecipientID: taken.contact, MessageID: taken.id}), taken
}

// sendAnswer is the answer to a message that was taken (Meta, Messenger Platform, Send API).
type sendAnswer struct {
	RecipientID string `json:"recipient_id"`
	MessageID   string `json:"message_id"`
}

// authorize refuses a call without the page's access token.
func (m messenger) authorize(ctx context.Context, page string, call Request) *answer {
	account, known, err := m.accounts.Account(ctx, page)
	var refused answer
	switch token := accessToken(call); {
	case err != nil:
		refused = unknownError()
	case token == "" || known && account.AccessToken != "" && token != account.AccessToken:
		refused = invalidToken()
	default:
		return nil
	}
	return &refused
}

// accessToken is a call's bearer token, or its parameter access_token.
func accessToken(call Request) string {
	kind, token, _ := strings.Cut(call.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") && strings.TrimSpace(token) != "" {
		return strings.TrimSpace(token)
	}
	query, _ := url.ParseQuery(call.Query)
	return query.Get("access_token")
}

// send is the body of a send, as much of it as is judged.
type send struct {
	Recipient     *recipient
	MessagingType string `json:"messaging_type"`
	Tag           string
	Action        string `json:"sender_action"`
	Message       *sendMessage
}

// recipient is a person, or whoever wrote a comment or a post (Meta, Messenger Platform, Private replies).
type recipient struct {
	ID        string
	CommentID string `json:"comment_id"`
	PostID    string `json:"post_id"`
}

// sendMessage has a text or an attachment (Meta, Messenger Platform, Send API, Message object).
type sendMessage struct {
	Text, Metadata string
	Attachment     *itemAttachment
}

// fault is what the Send API finds wrong with the content.
func (m *sendMessage) fault() string {
	types := []string{"image", "audio", "video", "file"}
	switch {
	case m == nil || m.Text == "" && m.Attachment == nil:
		return "Message cannot be empty, must provide valid attachment or text"
	case m.Text != "" && m.Attachment != nil:
		return "Only one of the parameters text and attachment can be set in a message"
	case m.Attachment != nil && !slices.Contains(types, m.Attachment.Type):
		return "Param message[attachment][type] must be one of {" + strings.Join(types, ", ") + "}"
	case m.Attachment != nil && !isWebAddress(m.Attachment.Payload.URL):
		return "Param message[attachment][payload][url] must be a valid URL"
	case utf8.RuneCountInString(m.Text) > maxText:
		return fmt.Sprintf("Length of param message[text] must be less than or equal to %d", maxText)
	case utf8.RuneCountInString(m.Metadata) > maxMetadata:
		return fmt.Sprintf("Length of param message[metadata] must be less than or equal to %d", maxMetadata)
	}
	return ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// readSend reads and judges a body. Members that are not known are ignored, as the Graph API does.
func readSend(body []byte) (send, *answer) {
	var s send
	fault := "Invalid parameter"
	if json.Unmarshal(body, &s) == nil {
		fault = s.fault()
	}
	if fault == "" {
		return s, nil
	}
	refused := invalidParameter(fault)
	return send{}, &refused
}

const noRecipient = `Param recipient[id] must be a valid ID string (e.g., "123")`

// fault is what the Send API finds wrong; empty where it takes the message. The tags for updates ended in April 2026
// (Meta, Messenger Platform, Message tags).
func (s send) fault() string {
	types := []string{"RESPONSE", "UPDATE", "MESSAGE_TAG"}
	actions := []string{"", "typing_on", "typing_off", "mark_seen"}
	switch {
	case s.Recipient == nil:
		return "The parameter recipient is required"
	case s.Recipient.ID == "" && s.Recipient.CommentID == "" && s.Recipient.PostID == "":
		return noRecipient
	case !slices.Contains(actions, s.Action):
		return "Param sender_action must be one of {" + strings.Join(actions[1:], ", ") + "}"
	case s.Action != "" && s.Message != nil:
		return "Cannot send message and sender_action at the same time"
	case s.Action != "":
		return ""
	case !slices.Contains(types, s.MessagingType):
		return "Param messaging_type must be one of {" + strings.Join(types, ", ") + "}"
	case s.MessagingType == "MESSAGE_TAG" && s.Tag != "HUMAN_AGENT":
		return "Param tag must be one of {HUMAN_AGENT}"
	}
	return s.Message.fault()
}

// closedWindow is the answer to a message that comes too long after the person's last one.
func closedWindow() answer {
	return graphFault{Message: "(#10) This message is sent outside of allowed window.", Code: 10, Subcode: 2018278}.answer(http.StatusForbidden)
}

// notFetched is the answer to a file that cannot be had at its address.
func notFetched() answer {
	return graphFault{Message: "(#100) Failed to fetch the file from the url", Code: 100, Subcode: 2018008}.answer(http.StatusBadRequest)
}

// tooLarge is the answer to a body that is larger than any message.
func (messenger) tooLarge() answer {
	return graphFault{Message: "(#100) Invalid parameter", Code: 100}.answer(http.StatusRequestEntityTooLarge)
}

// failure is the answer of the modes in which a call is answered without being judged.
func (messenger) failure(faults Faults) answer {
	var said answer
	switch faults.Mode {
	case ModeReject:
		said = rejection(faults)
	case ModeRateLimit:
		said = tooMuch(faults.RetryAfterSeconds != nil)
	case ModeBadGateway:
		return badGateway()
	default:
		said = unknownError()
	}
	if faults.RetryAfterSeconds != nil && faults.Mode != ModeReject {
		said.header["Retry-After"] = strconv.Itoa(*faults.RetryAfterSeconds)
	}
	return said
}

func rejection(faults Faults) answer {
	fault := graphFault{Code: 100}
	if faults.Code != nil {
		fault.Code = *faults.Code
	}
	if faults.Subcode != nil {
		fault.Subcode = *faults.Subcode
	}
	fault.Message = fmt.Sprintf("(#%d) The simulated platform was told to reject this.", fault.Code)
	return fault.answer(http.StatusBadRequest)
}

// tooMuch is throttling. The Graph API says so by the code alone; with a time to wait it is played as HTTP does.
func tooMuch(timed bool) answer {
	status := http.StatusBadRequest
	if timed {
		status = http.StatusTooManyRequests
	}
	return graphFault{Message: "(#613) Calls to this api have exceeded the rate limit.", Code: 613}.answer(status)
}

func badGateway() answer {
	const page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
	return answer{status: http.StatusBadGateway, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, body: []byte(page)}
}
