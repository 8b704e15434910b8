package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// anonymous tells what happens without anybody being named: whose comment it is may
// be hidden from the page.
func (facebookPage) anonymous(event string) bool { return event != "direct_message" }

// special lists the events that only this platform has.
func (facebookPage) special() []string {
	return []string{"post", "mention", "direct_message", "hide", "unhide"}
}

// inbound writes the webhook for what happens in public, and remembers it (Meta, Graph
// API, Webhooks reference, Page: feed, mention). A private message is messenger's.
func (f facebookPage) inbound(in InboundMessage) (body []byte, ids []string) {
	switch {
	case in.Payload != nil:
		return f.changed(in.AccountID, in.Payload), f.overhear(in)
	case in.Event == "direct_message":
		in.Event, in.From.ID = "", scopedID(in.From.ID)
		return f.messenger.inbound(in)
	}
	field, value, id := f.happening(in)
	return f.changed(in.AccountID, graphJSON(change{Field: field, Value: value})), []string{id}
}

// change is an element of changes[].
type change struct {
	Field string         `json:"field"`
	Value map[string]any `json:"value"`
}

// happening gives what a webhook says of an event, and the id of what it is about.
func (f facebookPage) happening(in InboundMessage) (field string, value map[string]any, id string) {
	switch in.Event {
	case "", "message":
		u := f.commented(in, Person{ID: in.AccountID, Name: "The page"})
		return "feed", u.fed("add"), u.id
	case "post":
		u := f.posted(in, in.AccountID)
		return "feed", u.fed("add"), u.id
	case "mention":
		value, id = f.mentioned(in)
		return "mention", value, id
	}
	u, known := f.wall.find(in.MessageID)
	if !known {
		u = utterance{id: in.MessageID, page: in.AccountID, post: cmp.Or(in.PostID, in.MessageID), author: in.From, at: f.at(in)}
	}
	return "feed", f.done(in, u), u.id
}

// at is the platform's time of an event.
func (f facebookPage) at(in InboundMessage) time.Time {
	if in.Timestamp != 0 {
		return time.UnixMilli(in.Timestamp)
	}
	return f.now()
}

// commented puts a comment on the wall, under a post of somebody's that is made for it
// where there is none.
func (f facebookPage) commented(in InboundMessage, owner Person) utterance {
	post := cmp.Or(in.PostID, in.AccountID+"_1")
	if _, known := f.wall.find(post); !known {
		f.wall.put(utterance{id: post, page: in.AccountID, post: post, author: owner, text: "What was posted before.", at: f.at(in).Add(-time.Hour)})
	}
	u := utterance{id: cmp.Or(in.MessageID, f.wall.newID(post)), page: in.AccountID, post: post, parent: cmp.Or(in.ReplyTo, post),
		author: in.From, text: in.Text, media: in.media(), at: f.at(in)}
	f.wall.put(u)
	return u
}

// posted puts a post on the wall: a visitor's, or one elsewhere.
func (f facebookPage) posted(in InboundMessage, place string) utterance {
	id := cmp.Or(in.MessageID, fmt.Sprintf("%s_%d", place, f.wall.number()))
	u := utterance{id: id, page: in.AccountID, post: id, author: in.From, text: in.Text, media: in.media(), at: f.at(in)}
	f.wall.put(u)
	return u
}

// mentioned puts what names the page on a wall elsewhere: a comment where a post is
// given, and a post otherwise. As most do, the webhook says nothing of who wrote it.
func (f facebookPage) mentioned(in InboundMessage) (value map[string]any, id string) {
	var u utterance
	if in.PostID != "" {
		u = f.commented(in, Person{})
	} else {
		u = f.posted(in, "555")
	}
	value = map[string]any{"item": "post", "verb": "add", "post_id": u.post, "message": u.text, "created_time": u.at.Unix()}
	if !u.isPost() {
		value["item"], value["comment_id"] = "comment", u.id
	}
	return value, u.id
}

// fed is what a webhook says of it.
func (u utterance) fed(verb string) map[string]any {
	value := map[string]any{"item": "status", "verb": verb, "post_id": u.post, "created_time": u.at.Unix()}
	if u.author.ID != "" {
		value["from"] = map[string]string{"id": u.author.ID, "name": u.author.Name}
	}
	if u.text != "" {
		value["message"] = u.text
	}
	if !u.isPost() {
		value["item"], value["comment_id"], value["parent_id"] = "comment", u.id, u.parent
	} else if u.author.ID != u.page {
		value["recipient_id"], value["published"] = u.page, 1
	}
	for _, a := range u.media {
		u.show(value, a)
	}
	return value
}

// show adds a picture or film to what a webhook says: to a comment in a member of its
// own, to a post as what its link leads to.
func (u utterance) show(value map[string]any, a itemAttachment) {
	kind := map[string]string{"image": "photo", "video": "video"}[a.Type]
	switch {
	case kind == "":
	case u.isPost():
		value["item"], value["link"] = kind, a.Payload.URL
	default:
		value[kind] = a.Payload.URL
	}
}

// done does something to a comment or post, and tells of it.
func (f facebookPage) done(in InboundMessage, u utterance) map[string]any {
	verbs := map[string]string{"edit": "edited", "unsend": "remove", "hide": "hide", "unhide": "unhide"}
	verb, done := verbs[in.Event]
	if !done {
		return f.reacted(in, u)
	}
	if in.Event == "edit" {
		u.text = in.Text
	}
	u.removed = u.removed || in.Event == "unsend"
	f.wall.put(u)
	value := u.fed(verb)
	switch in.Event {
	case "edit":
		value["edited_time"] = f.at(in).Unix()
	case "unsend":
		value["created_time"] = f.at(in).Unix()
		delete(value, "message")
	default:
		value["is_hidden"] = in.Event == "hide"
	}
	return value
}

// reacted puts a sign to a comment or post, or takes it away.
func (f facebookPage) reacted(in InboundMessage, u utterance) map[string]any {
	value := map[string]any{"item": "reaction", "verb": "add", "reaction_type": cmp.Or(in.Text, "like"), "post_id": u.post, "parent_id": u.id, "created_time": f.at(in).Unix()}
	if in.Event == "unreact" {
		value["verb"] = "remove"
	}
	if !u.isPost() {
		value["comment_id"] = u.id
	}
	if in.From.ID != "" {
		value["from"] = map[string]string{"id": in.From.ID, "name": in.From.Name}
	}
	return value
}

// media is what a customer sends along.
func (in InboundMessage) media() []itemAttachment {
	var all []itemAttachment
	for _, a := range in.Attachments {
		all = append(all, *attachedFile(a.Type, a.URL))
	}
	return all
}

func attachedFile(kind, url string) *itemAttachment {
	a := itemAttachment{Type: kind}
	a.Payload.URL = url
	return &a
}

// overhear learns of a comment or post from a raw item, and gives its id.
func (f facebookPage) overhear(in InboundMessage) []string {
	var item struct {
		Value struct {
			Verb, Message string
			PostID        string `json:"post_id"`
			CommentID     string `json:"comment_id"`
			From          Person
		}
	}
	id := ""
	if json.Unmarshal(in.Payload, &item) == nil {
		id = cmp.Or(item.Value.CommentID, item.Value.PostID)
	}
	if id == "" {
		return []string{}
	}
	if item.Value.Verb == "add" {
		f.wall.put(utterance{id: id, page: in.AccountID, post: item.Value.PostID, author: item.Value.From, text: item.Value.Message, at: f.now()})
	}
	return []string{id}
}

// receipts lists what follows: the page hears of its own comment, and of nothing else.
func (f facebookPage) receipts(taken message, wanted Receipts) []hook {
	u, public := f.wall.find(taken.id)
	if !public {
		return f.messenger.receipts(taken, wanted)
	}
	if !wanted.Echo || u.page == "" {
		return nil
	}
	u.author.Name = "The page"
	return []hook{func() []byte { return f.changed(u.page, graphJSON(change{Field: "feed", Value: u.fed("add")})) }}
}

// changed puts one item, whose bytes stay as they are, into the envelope for a page.
// Its time is in seconds.
func (f facebookPage) changed(page string, item []byte) []byte {
	return fmt.Appendf(nil, `{"object":"page","entry":[{"time":%d,"id":%s,"changes":[%s]}]}`, f.now().Unix(), graphJSON(page), item)
}
