package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxComment is the longest comment, in characters.
const maxComment = 8000

// facebookPage plays the public side of a page: comments and posts, the first private
// word to who wrote one, and what is told of them when it is asked (Meta, Graph API
// reference, Object comments, Comment, Page post; Meta, Messenger Platform, Private
// replies). What it has in common with Messenger is messenger's.
type facebookPage struct {
	messenger
	wall *wall
}

// answer judges a call. taken is the comment or message that it sent, nil where it sent none.
func (f facebookPage) answer(ctx context.Context, call Request) (said answer, taken *message) {
	object, edge, ok := graphPath(call.Path)
	switch {
	case ok && edge == "messages" && call.Method == http.MethodPost:
		return f.private(ctx, object, call)
	case ok && edge == "comments" && call.Method == http.MethodPost:
		return f.comment(ctx, object, call)
	case ok && edge == "comments" || ok && edge == "messages":
		return unknownObject(call.Method, object), nil
	case ok && edge == "" && call.Method == http.MethodGet:
		return f.read(ctx, object, call), nil
	}
	return unknownPath(call.Path), nil
}

// comment judges a comment of the page's under a post or a comment. Under what nobody
// here has heard of it is taken too: only to whose page it belongs is not known then.
func (f facebookPage) comment(ctx context.Context, under string, call Request) (answer, *message) {
	above, known := f.wall.find(under)
	if refused := f.authorize(ctx, above.page, call); refused != nil {
		return *refused, nil
	}
	body, fault := readComment(call.Body)
	switch {
	case known && above.removed:
		return unknownObject(call.Method, under), nil
	case fault != "":
		return invalidParameter(fault), nil
	}
	written := utterance{id: f.wall.newID(cmp.Or(above.post, under)), page: above.page, post: above.post, parent: under, author: Person{ID: above.page}, text: body.Message, at: f.now()}
	taken := &message{thread: thread{account: written.page, contact: under}, id: written.id, text: written.text, at: written.at}
	if body.AttachmentURL != "" {
		taken.attached = attachedFile("image", body.AttachmentURL)
		written.media = []itemAttachment{*taken.attached}
	}
	f.wall.put(written)
	return graphAnswer(http.StatusOK, map[string]string{"id": written.id}), taken
}

// commentBody is the body of a comment, as much of it as is judged.
type commentBody struct {
	Message       string
	AttachmentURL string `json:"attachment_url"`
}

// readComment reads a comment, and tells what is wrong with it.
func readComment(body []byte) (c commentBody, fault string) {
	switch {
	case json.Unmarshal(body, &c) != nil:
		return c, "Invalid parameter"
	case c.Message == "" && c.AttachmentURL == "":
		return c, "A comment needs a message or an attachment"
	case c.AttachmentURL != "" && !isWebAddress(c.AttachmentURL):
		return c, "Param attachment_url must be a valid URL"
	case utf8.RuneCountInString(c.Message) > maxComment:
		return c, fmt.Sprintf("Length of param message must be less than or equal to %d", maxComment)
	}
	return c, ""
}

// private judges a private message: the first word to who wrote a comment or post, or
// one to a person.
func (f facebookPage) private(ctx context.Context, page string, call Request) (answer, *message) {
	var asked struct{ Recipient recipient }
	_ = json.Unmarshal(call.Body, &asked) // what is no such body is messenger's to refuse
	answers := asked.Recipient.CommentID + asked.Recipient.PostID
	if answers == "" {
		return f.take(ctx, page, call)
	}
	if refused := f.authorize(ctx, page, call); refused != nil {
		return *refused, nil
	}
	send, refused := readSend(call.Body)
	if refused != nil {
		return *refused, nil
	}
	to, refused := f.firstWord(page, answers)
	if refused != nil {
		return *refused, nil
	}
	return f.sent(page, to, send)
}

// firstWord finds whom a private reply reaches, and remembers that it was given: there
// is one for each comment and each visitor's post, within seven days. Of what nobody
// here has heard of, the writer is made up.
func (f facebookPage) firstWord(page, answers string) (to string, refused *answer) {
	refuse := func(a answer) (string, *answer) { return "", &a }
	above, known := f.wall.find(answers)
	switch {
	case known && above.removed:
		return refuse(unknownObject(http.MethodPost, answers))
	case known && above.author.ID == page:
		return refuse(graphFault{Message: "(#10903) This user cant reply to this activity", Code: 10903}.answer(http.StatusBadRequest))
	case above.answered:
		return refuse(graphFault{Message: "(#10900) Activity already replied to", Code: 10900}.answer(http.StatusBadRequest))
	case known && f.now().Sub(above.at) > humanWindow:
		return refuse(closedWindow())
	}
	if !known {
		above = utterance{id: answers, page: page, post: answers, at: f.now()}
	}
	above.answered = true
	f.wall.put(above)
	if above.author.ID == "" {
		return scopedID(answers), nil
	}
	return scopedID(above.author.ID), nil
}

// read tells of a comment or post, or of a person who wrote in private.
func (f facebookPage) read(ctx context.Context, id string, call Request) answer {
	found, known := f.wall.find(id)
	if !known {
		return f.profile(ctx, id, call)
	}
	if refused := f.authorize(ctx, found.page, call); refused != nil {
		return *refused
	}
	if found.removed {
		return unknownObject(call.Method, id)
	}
	query, _ := url.ParseQuery(call.Query)
	return graphAnswer(http.StatusOK, found.told(fieldsOf(query.Get("fields"))))
}

// fieldsOf gives the names of the fields that are asked for, without what is asked
// for below them.
func fieldsOf(list string) map[string]bool {
	if list == "" {
		list = "created_time,message"
	}
	names, depth, begin := map[string]bool{}, 0, 0
	for n, r := range list + "," {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case r == ',' && depth == 0:
			name, _, _ := strings.Cut(list[begin:n], "{")
			names[name], begin = true, n+1
		}
	}
	return names
}
