package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"unicode/utf8"
)

// The limits of one message, in bytes, and of one comment, in characters (Meta, Instagram Messaging, Send a message;
// Instagram).
const (
	maxDirect  = 1000
	maxCaption = 2200
)

// instagram plays an account of Instagram: its messages, its comments and where it is named (Meta, Instagram Messaging;
// Meta, Instagram Platform: IG Comment Replies, IG Media Comments, IG User Mentions, Private replies). What it has in
// common with Messenger is messenger's.
type instagram struct {
	messenger
	wall    *wall
	owners  *owners
	stories *stories
}

func newInstagram(talk messenger) instagram {
	talk.object = "instagram"
	return instagram{messenger: talk, wall: newWall(), owners: &owners{byToken: map[string]string{}}, stories: newStories(talk.now)}
}

// owners remembers whose a token is: "me" in a path means its account. An account is known once somebody wrote to it.
type owners struct {
	mu      sync.Mutex
	byToken map[string]string
}

func (o *owners) learn(token, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.byToken[token] = account
}

func (o *owners) of(token string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.byToken[token]
}

// answer judges a call. taken is the comment or message that it sent, nil where it sent none.
func (i instagram) answer(ctx context.Context, call Request) (said answer, taken *message) {
	if story, ok := i.stories.shown(call); ok {
		return story, nil
	}
	object, edge, ok := graphPath(call.Path)
	if owner := i.owners.of(accessToken(call)); object == "me" && owner != "" {
		object = owner
	}
	posts := map[string]func(context.Context, string, Request) (answer, *message){
		"messages": i.private, "replies": i.reply, "comments": i.comment, "mentions": i.mention}
	switch post := posts[edge]; {
	case ok && post != nil && call.Method == http.MethodPost:
		return post(ctx, object, call)
	case ok && post != nil:
		return unknownObject(call.Method, object), nil
	case ok && edge == "" && call.Method == http.MethodGet:
		return i.read(ctx, object, call), nil
	}
	return unknownPath(call.Path), nil
}

// private judges a private message: to a person, or the first word to who wrote a comment.
func (i instagram) private(ctx context.Context, account string, call Request) (answer, *message) {
	if refused := i.authorize(ctx, account, call); refused != nil {
		return *refused, nil
	}
	send, refused := readSend(call.Body)
	if refused != nil {
		return *refused, nil
	}
	switch {
	case send.Action != "":
		return graphAnswer(http.StatusOK, map[string]string{"recipient_id": send.Recipient.ID}), nil
	case len(send.Message.Text) > maxDirect:
		return invalidParameter(fmt.Sprintf("Length of param message[text] must be less than or equal to %d", maxDirect)), nil
	case send.Recipient.CommentID != "":
		to, refused := i.firstWord(send.Recipient.CommentID)
		if refused != nil {
			return *refused, nil
		}
		return i.sent(account, to, send)
	case send.Recipient.ID == "":
		return invalidParameter(noRecipient), nil
	case !i.people.allows(account, send, i.now()):
		return graphFault{Message: "(#10) This message is sent outside of allowed window.", Code: 10, Subcode: 2534022}.answer(http.StatusForbidden), nil
	}
	return i.sent(account, send.Recipient.ID, send)
}

// firstWord finds whom a private reply reaches, and remembers that it was given: one for each comment, within seven
// days. Of a comment of which nobody here has heard, the writer is made up.
func (i instagram) firstWord(comment string) (to string, refused *answer) {
	above, known := i.wall.find(comment)
	if known && (above.removed || above.answered || above.elsewhere || above.author.ID == above.page || i.now().Sub(above.at) > humanWindow) {
		said := graphFault{Message: "(#100) The private reply is not valid, or was sent before.", Code: 100, Subcode: 2534025}.answer(http.StatusBadRequest)
		return "", &said
	}
	if !known {
		above = utterance{id: comment, author: Person{ID: scopedID(comment)}, at: i.now()}
	}
	above.answered = true
	i.wall.put(above)
	return above.author.ID, nil
}

// words is what a call says: in JSON, or as the parameters of a form or of the address.
func words(call Request) map[string]string {
	said := map[string]string{}
	if json.Unmarshal(call.Body, &said) == nil && len(said) > 0 {
		return said
	}
	for _, form := range []string{string(call.Body), call.Query} {
		values, _ := url.ParseQuery(form)
		for name := range values {
			said[name] = values.Get(name)
		}
	}
	return said
}

// badComment is what is wrong with a comment's text; nil where it can be said.
func badComment(text string) *answer {
	var refused answer
	switch {
	case text == "":
		refused = invalidParameter("The parameter message is required")
	case utf8.RuneCountInString(text) > maxCaption:
		refused = invalidParameter(fmt.Sprintf("Length of param message must be less than or equal to %d", maxCaption))
	default:
		return nil
	}
	return &refused
}

// reply judges an answer to a comment: one that is no answer itself, under a post of the account's.
func (i instagram) reply(ctx context.Context, under string, call Request) (answer, *message) {
	above, known := i.wall.find(under)
	switch {
	case known && (above.removed || above.elsewhere || above.isPost()):
		return unknownObject(call.Method, under), nil
	case known && above.parent != "":
		return invalidParameter("Only a top-level comment can be replied to"), nil
	}
	return i.say(ctx, call, utterance{page: above.page, post: above.post, parent: under})
}

// comment judges a comment under a post of the account's.
func (i instagram) comment(ctx context.Context, post string, call Request) (answer, *message) {
	above, known := i.wall.find(post)
	if known && (above.removed || above.elsewhere || !above.isPost()) {
		return unknownObject(call.Method, post), nil
	}
	return i.say(ctx, call, utterance{page: above.page, post: post})
}

// mention judges an answer to what names the account on somebody else's post.
func (i instagram) mention(ctx context.Context, account string, call Request) (answer, *message) {
	said := words(call)
	if said["media_id"] == "" {
		return invalidParameter("The parameter media_id is required"), nil
	}
	return i.say(ctx, call, utterance{page: account, post: said["media_id"], parent: said["comment_id"], elsewhere: true})
}

// say puts what the account says on the wall. Under what nobody here has heard of it is taken too: only to whose account
// it belongs is known by the token alone then.
func (i instagram) say(ctx context.Context, call Request, u utterance) (answer, *message) {
	if u.page == "" {
		u.page = i.owners.of(accessToken(call))
	}
	if refused := i.authorize(ctx, u.page, call); refused != nil {
		return *refused, nil
	}
	text := words(call)["message"]
	if refused := badComment(text); refused != nil {
		return *refused, nil
	}
	u.id, u.author, u.text, u.at = i.newObject(), Person{ID: u.page, Name: "shop.example"}, text, i.now()
	i.wall.put(u)
	return graphAnswer(http.StatusOK, map[string]string{"id": u.id}),
		&message{thread: thread{account: u.page, contact: u.post}, id: u.id, text: u.text, at: u.at}
}

// newObject makes an id that looks like one of Instagram's.
func (i instagram) newObject() string { return fmt.Sprintf("1790%013d", i.wall.number()) }

// named finds what names an account in the fields that are asked for.
var named = regexp.MustCompile(`^mentioned_(comment|media)\.(?:comment|media)_id\(([0-9]+)\)`)

// read tells of a post or comment, or of a person who wrote in private. What stands elsewhere only the account that it
// names is told of.
func (i instagram) read(ctx context.Context, id string, call Request) answer {
	query, _ := url.ParseQuery(call.Query)
	if asked := named.FindStringSubmatch(query.Get("fields")); asked != nil {
		return i.readNamed(ctx, id, call, asked[1], asked[2])
	}
	found, known := i.wall.find(id)
	if !known {
		return i.profile(ctx, id, call)
	}
	if refused := i.authorize(ctx, found.page, call); refused != nil {
		return *refused
	}
	if found.removed || found.elsewhere {
		return unknownObject(call.Method, id)
	}
	return graphAnswer(http.StatusOK, found.shown(true))
}

func (i instagram) readNamed(ctx context.Context, account string, call Request, what, id string) answer {
	if refused := i.authorize(ctx, account, call); refused != nil {
		return *refused
	}
	told := map[string]any{"id": account}
	if found, known := i.wall.find(id); known && found.page == account && !found.removed && found.isPost() == (what == "media") {
		told["mentioned_"+what] = found.shown(false)
	}
	return graphAnswer(http.StatusOK, told)
}

// shown is what the Graph API tells of it. Whose it is stands there for the account's own alone.
func (u utterance) shown(own bool) map[string]any {
	told := map[string]any{"id": u.id, "timestamp": u.at.UTC().Format("2006-01-02T15:04:05+0000"), "username": u.author.Name}
	if u.isPost() {
		told["caption"], told["media_type"], told["permalink"] = u.text, "IMAGE", "https://www.instagram.com/p/"+u.id+"/"
		for _, a := range u.media {
			told["media_url"] = a.Payload.URL
		}
		return told
	}
	told["text"], told["media"] = u.text, map[string]string{"id": u.post}
	if own {
		told["from"] = map[string]string{"id": u.author.ID, "username": u.author.Name}
	}
	if own && u.parent != "" {
		told["parent_id"] = u.parent
	}
	return told
}
