package facebookpage

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
	"github.com/parley-cx/parley/internal/domain"
)

// Read asks for a post or a comment (Graph API reference, Page post; Comment). One
// that was deleted and one that the page may not see are told apart by nobody: both
// are gone.
func (a Adapter) Read(ctx context.Context, account channel.Account, ref channel.Reference) (channel.Post, channel.Result) {
	token := graph.Token(account)
	if token == "" {
		return channel.Post{}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	media := "attachments{media_type,type,title,url,media,subattachments}"
	if ref.Comment {
		media = "attachment"
	}
	told, result := graph.Get(ctx, a.Client, graph.Address(account, ref.ID), token, "message", "from", "permalink_url", "created_time", media)
	if result.Outcome != channel.OutcomeAccepted {
		return channel.Post{}, result
	}
	return post(told), result
}

func post(told graph.Fields) channel.Post {
	from := graph.Loose[graph.Fields](told["from"])
	return channel.Post{
		Author: graph.Identifier(from["id"]), AuthorName: graph.Words(from["name"]),
		Text: graph.Words(told["message"]), Permalink: graph.Link(told["permalink_url"]),
		Attachments: attached(told), At: graph.Moment(told["created_time"]),
	}
}

// attached reads the attachments of a post, and the one of a comment.
func attached(told graph.Fields) []domain.Attachment {
	all := edge(told["attachments"])
	if one := graph.Loose[graph.Fields](told["attachment"]); one != nil {
		all = append(all, one)
	}
	var found []domain.Attachment
	for _, a := range all {
		parts := edge(a["subattachments"]) // an album's; itself it is only a frame
		if len(parts) == 0 {
			parts = []graph.Fields{a}
		}
		for _, part := range parts {
			if read, ok := medium(part); ok && len(found) < maxAttachments {
				found = append(found, read)
			}
		}
	}
	return found
}

// edge reads what stands under an edge's data.
func edge(raw json.RawMessage) []graph.Fields {
	return graph.Loose[[]graph.Fields](graph.Loose[graph.Fields](raw)["data"])
}

// medium reads one: a film by its source, a picture by its image, and anything else
// as the page that it leads to.
func medium(a graph.Fields) (domain.Attachment, bool) {
	held := graph.Loose[graph.Fields](a["media"])
	film := graph.Link(held["source"])
	picture := graph.Link(graph.Loose[graph.Fields](held["image"])["src"])
	read := domain.Attachment{Type: "fallback", URL: graph.Link(a["url"]), Name: graph.Words(a["title"])}
	switch kind := cmp.Or(graph.Short(a["media_type"]), graph.Short(a["type"])); {
	case film != "":
		read.Type, read.URL = "video", film
	case picture != "" && (kind == "photo" || kind == "sticker" || kind == "animated_image_share"):
		read.Type, read.URL = "image", picture
	}
	return read, read.URL != ""
}
