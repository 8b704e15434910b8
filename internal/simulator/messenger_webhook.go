package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
)

// appID is the developer app that echoes name as the sender's.
const appID = 1517000000000001

// item is one event of a webhook (Meta, Messenger Platform, Webhook events reference).
type item struct {
	Sender    party        `json:"sender"`
	Recipient party        `json:"recipient"`
	Timestamp int64        `json:"timestamp"`
	Message   *itemMessage `json:"message,omitempty"`
	Delivery  *watermark   `json:"delivery,omitempty"`
	Read      *watermark   `json:"read,omitempty"`
}

type party struct {
	ID string `json:"id"`
}

type itemMessage struct {
	MID         string           `json:"mid"`
	IsEcho      bool             `json:"is_echo,omitempty"`
	AppID       int64            `json:"app_id,omitempty"`
	Metadata    string           `json:"metadata,omitempty"`
	Text        string           `json:"text,omitempty"`
	Attachments []itemAttachment `json:"attachments,omitempty"`
}

type itemAttachment struct {
	Type    string `json:"type"`
	Payload struct {
		URL string `json:"url"`
	} `json:"payload"`
}

// watermark is a receipt for everything up to a moment; a delivery names its messages too.
type watermark struct {
	MIDs      []string `json:"mids,omitempty"`
	Watermark int64    `json:"watermark"`
}

// inbound writes the webhook for what a customer wrote, and remembers their name.
func (m messenger) inbound(in InboundMessage) (body []byte, ids []string) {
	if in.Payload != nil {
		m.overhear(in)
		return m.webhook(in.AccountID, in.Payload, in.Standby), messageIDs(in.Payload)
	}
	if in.Event != "" && in.Event != "message" {
		return m.other(in)
	}
	m.people.meet(in.AccountID, in.From)
	m.people.heard(thread{account: in.AccountID, contact: in.From.ID}, m.now())
	written := itemMessage{MID: in.MessageID, Text: in.Text}
	if written.MID == "" {
		written.MID = newMessageID()
	}
	for _, a := range in.Attachments {
		sent := itemAttachment{Type: a.Type}
		sent.Payload.URL = a.URL
		written.Attachments = append(written.Attachments, sent)
	}
	at := in.Timestamp
	if at == 0 {
		at = m.now().UnixMilli()
	}
	event := item{Sender: party{in.From.ID}, Recipient: party{in.AccountID}, Timestamp: at, Message: &written}
	return m.webhook(in.AccountID, graphJSON(event), in.Standby), []string{written.MID}
}

// overhear finds out whether a raw item is something that a person wrote.
func (m messenger) overhear(in InboundMessage) {
	var event struct {
		Sender  party
		Message *struct {
			IsEcho bool `json:"is_echo"`
		}
		Postback *struct{}
	}
	if json.Unmarshal(in.Payload, &event) == nil && event.Sender.ID != in.AccountID && (event.Message != nil || event.Postback != nil) {
		m.people.heard(thread{account: in.AccountID, contact: event.Sender.ID}, m.now())
	}
}

// messageIDs finds the id of the message in a raw item, if there is one.
func messageIDs(payload []byte) []string {
	var event struct {
		Message struct{ MID string }
	}
	if json.Unmarshal(payload, &event) != nil || event.Message.MID == "" {
		return []string{}
	}
	return []string{event.Message.MID}
}

// receipts lists what follows a message, in the order in which it is sent.
func (m messenger) receipts(taken message, wanted Receipts) []hook {
	var hooks []hook
	if wanted.Echo {
		hooks = append(hooks, func() []byte { return m.echo(taken) })
	}
	if wanted.Delivered {
		hooks = append(hooks, func() []byte { return m.delivery(taken) })
	}
	if wanted.Read {
		hooks = append(hooks, func() []byte { return m.read(taken) })
	}
	if wanted.Reversed {
		slices.Reverse(hooks)
	}
	return hooks
}

// echo is the message as the page hears of it: the page is its sender.
func (m messenger) echo(taken message) []byte {
	said := &itemMessage{MID: taken.id, IsEcho: true, AppID: appID, Metadata: taken.metadata, Text: taken.text}
	if taken.attached != nil {
		said.Attachments = []itemAttachment{*taken.attached}
	}
	return m.webhook(taken.account, graphJSON(item{
		Sender: party{taken.account}, Recipient: party{taken.contact}, Timestamp: taken.at.UnixMilli(), Message: said,
	}), false)
}

func (m messenger) delivery(taken message) []byte {
	event := m.fromContact(taken)
	event.Delivery = &watermark{MIDs: []string{taken.id}, Watermark: event.Timestamp}
	return m.webhook(taken.account, graphJSON(event), false)
}

func (m messenger) read(taken message) []byte {
	event := m.fromContact(taken)
	event.Read = &watermark{Watermark: event.Timestamp}
	return m.webhook(taken.account, graphJSON(event), false)
}

// fromContact begins a receipt, which comes from the person. It is never older than its message.
func (m messenger) fromContact(taken message) item {
	at := max(m.now().UnixMilli(), taken.at.UnixMilli())
	return item{Sender: party{taken.contact}, Recipient: party{taken.account}, Timestamp: at}
}

// webhook puts one item, whose bytes stay as they are, into the envelope for a page. Its time is in milliseconds.
func (m messenger) webhook(page string, item []byte, standby bool) []byte {
	list := "messaging"
	if standby {
		list = "standby"
	}
	return fmt.Appendf(nil, `{"object":%q,"entry":[{"time":%d,"id":%s,%q:[%s]}]}`, m.object, m.now().UnixMilli(), graphJSON(page), list, item)
}
