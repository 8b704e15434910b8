package instagram

import (
	"context"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// What is asked of posts and comments: of the account's own and of those that name
// it, which tell less (Instagram Platform: IG Media; IG Comment; Mentioned Comment;
// Mentioned Media).
const (
	postFields    = "id,caption,media_type,media_url,thumbnail_url,permalink,timestamp,username"
	commentFields = "id,text,timestamp,username,from,media,parent_id"
	namedPost     = "mentioned_media.media_id(%){id,caption,media_type,media_url,permalink,timestamp,username}"
	namedComment  = "mentioned_comment.comment_id(%){id,text,timestamp,username,media}"
)

// Read asks for a post or a comment. What names the account from elsewhere cannot be
// asked for itself: the account tells of it.
func (a Adapter) Read(ctx context.Context, account channel.Account, ref channel.Reference) (channel.Post, channel.Result) {
	token := graph.Token(account)
	if token == "" {
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	object, fields, under := question(account.AccountID, ref)
	told, result := graph.Get(ctx, a.Client, graph.Address(at(account), object), token, fields)
	if result.Outcome != channel.OutcomeAccepted {
		return channel.Post{}, result
	}
	if under != "" {
		told = graph.Loose[graph.Fields](told[under])
	}
	if told == nil { // it names the account no longer, or is not for us to see
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected, Status: result.Status}
	}
	return post(told), result
}

// question says which object to ask, for what, and under which member it answers.
func question(account string, ref channel.Reference) (object, fields, under string) {
	named := func(pattern string) string { return strings.Replace(pattern, "%", ref.ID, 1) }
	switch {
	case ref.Mention && ref.Comment:
		return account, named(namedComment), "mentioned_comment"
	case ref.Mention:
		return account, named(namedPost), "mentioned_media"
	case ref.Comment:
		return ref.ID, commentFields, ""
	}
	return ref.ID, postFields, ""
}

func post(told graph.Fields) channel.Post {
	text := told["text"]
	if !graph.Present(text) {
		text = told["caption"]
	}
	return channel.Post{
		Author: graph.Identifier(graph.Loose[graph.Fields](told["from"])["id"]), AuthorName: graph.Words(told["username"]),
		Text: graph.Words(text), Permalink: graph.Link(told["permalink"]), Attachments: media(told), At: graph.Moment(told["timestamp"]),
	}
}

// media is the link to what a post shows, where it is told.
func media(told graph.Fields) []domain.Attachment {
	link := graph.Link(told["media_url"])
	if link == "" {
		return nil
	}
	kind := "image"
	if graph.Short(told["media_type"]) == "VIDEO" {
		kind = "video"
	}
	return []domain.Attachment{{Type: kind, URL: link}}
}
