package meta

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	// maxEvents bounds the events of one webhook; Meta sends up to 1,000.
	maxEvents = 10_000
	// maxWord bounds what is repeated of the platform's own words.
	maxWord = 64
)

// Split cuts a webhook into its entries' messaging, standby and changes items,
// in that order and each with its bytes untouched. Where an entry is a change itself,
// as those of accounts that logged in at Instagram are, it is the item. An item, a
// list or an entry of the wrong shape is an event with a fault, and its neighbours
// are not touched.
func (Platform) Split(body []byte) []channel.Envelope {
	var batch struct {
		Object  json.RawMessage `json:"object"`
		Entries json.RawMessage `json:"entry"`
	}
	if json.Unmarshal(body, &batch) != nil {
		return []channel.Envelope{{Payload: body, Fault: "not a JSON object"}}
	}
	entries, ok := list(batch.Entries)
	if !ok || entries == nil {
		return []channel.Envelope{{Payload: body, Fault: "no list of entries"}}
	}
	c := cut{object: word(batch.Object)}
	for _, entry := range entries {
		c.entry(entry)
	}
	if c.lost {
		c.events = append(c.events, channel.Envelope{Payload: body, Fault: fmt.Sprintf("more than %d events", maxEvents)})
	}
	return c.events
}

// cut collects the events of one webhook.
type cut struct {
	object string
	sent   time.Time // when the entry at hand says that it was sent
	events []channel.Envelope
	lost   bool // there were more events than may be
}

func (c *cut) add(e channel.Envelope) {
	if len(c.events) >= maxEvents {
		c.lost = true
		return
	}
	c.events = append(c.events, e)
}

func (c *cut) entry(raw json.RawMessage) {
	var e struct {
		ID        graph.ID        `json:"id"`
		Time      graph.Time      `json:"time"`
		Messaging json.RawMessage `json:"messaging"`
		Standby   json.RawMessage `json:"standby"`
		Changes   json.RawMessage `json:"changes"`
		Field     json.RawMessage `json:"field"`
	}
	if json.Unmarshal(raw, &e) != nil {
		c.add(channel.Envelope{Payload: raw, Fault: "an entry that is not an object"})
		return
	}
	switch lists := e.Messaging != nil || e.Standby != nil || e.Changes != nil; {
	case e.Field != nil && !lists:
		c.add(c.envelope(string(e.ID), "changes", raw))
	case !lists:
		c.add(channel.Envelope{AccountID: string(e.ID), Payload: raw, Fault: "an entry without events"})
	}
	c.sent = e.Time.Time
	c.items(string(e.ID), "messaging", e.Messaging, raw)
	c.items(string(e.ID), "standby", e.Standby, raw)
	c.items(string(e.ID), "changes", e.Changes, raw)
}

// items adds the events of one of an entry's lists.
func (c *cut) items(account, name string, raw, entry json.RawMessage) {
	items, ok := list(raw)
	if !ok {
		c.add(channel.Envelope{AccountID: account, Field: name, Payload: entry, Fault: "no list under " + name})
	}
	for _, item := range items {
		if c.object == objectWhatsApp && name == "changes" {
			c.whatsApp(account, item)
			continue
		}
		c.add(c.envelope(account, name, item))
	}
}

func (c *cut) envelope(account, name string, item json.RawMessage) channel.Envelope {
	e := channel.Envelope{AccountID: account, Field: name, Payload: item, SentAt: c.sent}
	if name == "changes" {
		e.Field += ":" + changed(item)
	}
	switch kind, known := kindOf(c.object, name, e.Field); {
	case !known:
		e.Fault = "unsupported object " + c.object
	case kind == "":
		e.Fault = "unsupported field " + e.Field
	default:
		e.Kind = kind
		e.Fault = misshapen(account, item)
	}
	return e
}

// kindOf tells the kind of account that takes an object's events; it is empty where
// none takes a field, and known is false where none takes the object.
func kindOf(object, list, field string) (kind domain.ChannelKind, known bool) {
	switch {
	case object == "instagram":
		return instagram(list, field), true
	case object != "page":
		return "", false
	case field == "changes:feed" || field == "changes:mention" || field == "changes:ratings":
		return domain.ChannelFacebookPage, true
	case list == "changes":
		return "", true
	}
	return domain.ChannelMessenger, true
}

// instagram tells whether an account of Instagram takes a field. Private messages come
// in lists, and as changes where somebody tries out a subscription.
func instagram(list, field string) domain.ChannelKind {
	switch field {
	case "changes:comments", "changes:live_comments", "changes:mentions", "changes:messages", "changes:message_reactions", "changes:message_edit",
		"changes:messaging_postbacks", "changes:messaging_seen", "changes:messaging_referral", "changes:messaging_handover", "changes:standby":
		return domain.ChannelInstagram
	}
	if list == "changes" {
		return ""
	}
	return domain.ChannelInstagram
}

func misshapen(account string, item json.RawMessage) string {
	switch {
	case account == "":
		return "an entry without an account"
	case item[0] != '{':
		return "an event that is not an object"
	}
	return ""
}

// changed is the field that a changes item names.
func changed(item json.RawMessage) string {
	var change struct {
		Field json.RawMessage `json:"field"`
	}
	if json.Unmarshal(item, &change) != nil {
		return ""
	}
	return word(change.Field)
}

// list reads an array; an absent one and null are empty, anything else is not ok.
func list(raw json.RawMessage) (items []json.RawMessage, ok bool) {
	return items, len(raw) == 0 || json.Unmarshal(raw, &items) == nil
}

// word reads a short name of the platform.
func word(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return graph.Clean(text[:min(len(text), maxWord)])
}
