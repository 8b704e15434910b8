package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// special lists the events that only this platform has.
func (instagram) special() []string {
	return []string{"comment", "live_comment", "mention", "story_mention", "story_reply", "seen", "unsupported"}
}

// silent tells why the platform sends no webhook for what happens: somebody whose account is private, and whom the
// account does not follow, is a stranger to it (B16).
func (instagram) silent(in InboundMessage) bool {
	return in.Event == "story_mention" && in.Data == "private"
}

// at is where the simulator serves stories.
func (i instagram) at(address string) { i.stories.base = address }

// inbound writes the webhook for what happens, and remembers it.
func (i instagram) inbound(in InboundMessage) (body []byte, ids []string) {
	if account, known, err := i.accounts.Account(context.Background(), in.AccountID); err == nil && known {
		i.owners.learn(account.AccessToken, in.AccountID)
	}
	switch {
	case in.Payload != nil:
		return i.raw(in)
	case slices.Contains([]string{"comment", "live_comment", "mention"}, in.Event):
		return i.public(in)
	case slices.Contains([]string{"story_mention", "story_reply", "seen", "unsupported"}, in.Event):
		return i.direct(in)
	}
	return i.messenger.inbound(in)
}

// raw sends an item as it is: a change where it names a field, and what happens in private otherwise.
func (i instagram) raw(in InboundMessage) (body []byte, ids []string) {
	var c change
	if json.Unmarshal(in.Payload, &c) != nil || c.Field == "" {
		return i.messenger.inbound(in)
	}
	id, _ := c.Value["id"].(string)
	return i.changed(in, in.Payload), []string{id}
}

// happened is the platform's time of an event.
func (i instagram) happened(in InboundMessage) time.Time {
	if in.Timestamp != 0 {
		return time.UnixMilli(in.Timestamp)
	}
	return i.now()
}

// public puts on the wall what somebody says in public, under a post that is made for it where there is none, and
// tells of it. Of what names the account elsewhere it tells no more than the ids.
func (i instagram) public(in InboundMessage) (body []byte, ids []string) {
	named := in.Event == "mention"
	post := cmp.Or(in.PostID, i.newObject())
	if _, known := i.wall.find(post); !known {
		i.wall.put(i.posted(in, post, named))
	}
	u := utterance{id: cmp.Or(in.MessageID, i.newObject()), page: in.AccountID, post: post, parent: in.ReplyTo, author: in.From, text: in.Text, at: i.happened(in), elsewhere: named}
	value := map[string]any{"id": u.id, "text": u.text, "from": map[string]string{"id": u.author.ID, "username": u.author.Name},
		"media": map[string]string{"id": post, "media_product_type": "FEED"}}
	if u.parent != "" {
		value["parent_id"] = u.parent
	}
	if named {
		value = map[string]any{"media_id": post}
		if in.PostID != "" {
			value["comment_id"] = u.id
		} else {
			u = i.posted(in, post, named) // its caption names the account
		}
	}
	i.wall.put(u)
	field := map[string]string{"comment": "comments", "live_comment": "live_comments", "mention": "mentions"}[in.Event]
	return i.changed(in, graphJSON(change{Field: field, Value: value})), []string{u.id}
}

// posted is a post: somebody's own that names the account, or one of the account's, on which people write.
func (i instagram) posted(in InboundMessage, id string, elsewhere bool) utterance {
	u := utterance{id: id, page: in.AccountID, post: id, author: Person{ID: in.AccountID, Name: "shop.example"}, text: "What was posted before.", media: in.media(),
		at: i.happened(in).Add(-time.Hour), elsewhere: elsewhere}
	if elsewhere {
		u.author, u.text, u.at = in.From, in.Text, i.happened(in)
	}
	return u
}

// direct writes what only Instagram has of private events: stories, and which message was seen.
func (i instagram) direct(in InboundMessage) (body []byte, ids []string) {
	event := map[string]any{"sender": party{in.From.ID}, "recipient": party{in.AccountID}, "timestamp": i.happened(in).UnixMilli()}
	if in.Event == "seen" {
		event["read"] = map[string]string{"mid": in.MessageID}
		return i.webhook(in.AccountID, graphJSON(event), in.Standby), []string{}
	}
	i.people.meet(in.AccountID, in.From)
	i.people.heard(thread{account: in.AccountID, contact: in.From.ID}, i.now())
	id, link := cmp.Or(in.MessageID, newMessageID()), i.stories.tell()
	for _, a := range in.Attachments {
		link = a.URL
	}
	said := map[string]any{"mid": id}
	switch in.Event {
	case "unsupported":
		said["is_unsupported"] = true
	case "story_mention":
		said["attachments"] = []itemAttachment{*attachedFile("story_mention", link)}
	default:
		maps.Copy(said, map[string]any{"text": in.Text, "reply_to": map[string]any{"story": map[string]string{"id": i.newObject(), "url": link}}})
	}
	event["message"] = said
	return i.webhook(in.AccountID, graphJSON(event), in.Standby), []string{id}
}

// changed puts a change, whose bytes stay as they are, into the envelope for an account: into a list or, as accounts
// have it that logged in at Instagram, straight into the entry. Its time is in seconds.
func (i instagram) changed(in InboundMessage, item []byte) []byte {
	if in.Data == "entry" {
		return fmt.Appendf(nil, `{"object":"instagram","entry":[{"time":%d,"id":%s,%s]}`, i.now().Unix(), graphJSON(in.AccountID), item[1:])
	}
	return fmt.Appendf(nil, `{"object":"instagram","entry":[{"time":%d,"id":%s,"changes":[%s]}]}`, i.now().Unix(), graphJSON(in.AccountID), item)
}

// receipts lists what follows: of a message its echo, and which one was seen; of a comment that it is there. Nothing
// tells that a message was delivered.
func (i instagram) receipts(taken message, wanted Receipts) []hook {
	var hooks []hook
	u, public := i.wall.find(taken.id)
	switch {
	case wanted.Echo && public && !u.elsewhere:
		hooks = append(hooks, func() []byte { return i.own(u) })
	case wanted.Echo && !public:
		hooks = append(hooks, func() []byte { return i.echo(taken) })
	}
	if wanted.Read && !public {
		hooks = append(hooks, func() []byte { return i.seen(taken) })
	}
	if wanted.Reversed {
		slices.Reverse(hooks)
	}
	return hooks
}

// own is a comment of the account's as it hears of it.
func (i instagram) own(u utterance) []byte {
	value := map[string]any{"id": u.id, "text": u.text, "from": map[string]string{"id": u.page, "username": u.author.Name},
		"media": map[string]string{"id": u.post, "media_product_type": "FEED"}}
	if u.parent != "" {
		value["parent_id"] = u.parent
	}
	return i.changed(InboundMessage{AccountID: u.page}, graphJSON(change{Field: "comments", Value: value}))
}

// seen is that the person saw a message.
func (i instagram) seen(taken message) []byte {
	at := max(i.now().UnixMilli(), taken.at.UnixMilli())
	return i.webhook(taken.account, graphJSON(map[string]any{"sender": party{taken.contact}, "recipient": party{taken.account}, "timestamp": at,
		"read": map[string]string{"mid": taken.id}}), false)
}
