package httpapi

import (
	"context"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// toOriginalPost shows the post under which an interaction began.
func (s *Server) toOriginalPost(d domain.InteractionDetail, p domain.Post) api.OriginalPost {
	out := api.OriginalPost{ID: string(p.ID), State: api.OriginalPostState(p.State), Channel: toInteractionChannel(d), PlatformPostID: p.PlatformID,
		Text: filled(p.Text), Permalink: filled(p.Permalink), PostedAt: api.AtOrNull(p.PostedAt), ReadAt: api.AtOrNull(p.ReadAt),
		Attachments: each(p.Shown(s.Now()), func(a domain.Attachment) api.OriginalPostAttachment {
			return api.OriginalPostAttachment{Type: a.Type, URL: filled(a.URL), Name: filled(a.Name)}
		})}
	if p.Author != "" || p.AuthorName != "" {
		out.Author = &api.OriginalPostAuthor{ID: filled(p.Author), DisplayName: filled(p.AuthorName)}
	}
	return out
}

// toOriginalPostReference names the post without telling of it; nil where there is none.
func toOriginalPostReference(d domain.InteractionDetail) any {
	if d.OriginalPost == nil {
		return nil
	}
	return api.OriginalPostReference{ID: string(*d.OriginalPost)}
}

// originalPost reads the post under which an interaction began (A06).
func (s *Server) originalPost(ctx context.Context, d domain.InteractionDetail) (api.OriginalPost, error) {
	if d.OriginalPost == nil {
		return api.OriginalPost{}, &domain.Error{Kind: domain.ErrorNotFound, Code: "post.none", Detail: "The interaction began in private, so there is no post."}
	}
	p, err := s.Store.Post(ctx, d.Organization, *d.OriginalPost)
	if err == nil && p.Stale(s.Now()) {
		s.askAgain(ctx, p)
	}
	return s.toOriginalPost(d, p), err
}

// askAgain has a post read again that was read long ago. Whoever looks gets what there
// is, also where this fails: then somebody else did it at the same moment, or the next
// one will.
func (s *Server) askAgain(ctx context.Context, p domain.Post) {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		asked := p.Ask(s.Now())
		s.Store.After(ctx, s.Reads)
		return s.Store.SavePost(ctx, &asked)
	})
	if err != nil {
		s.Log.DebugContext(ctx, "a post is not read again", "post_id", p.ID, "error", err)
	}
}

// GetOriginalPost serves GET /v1/interactions/{id}/original-post (A06).
func (s *Server) GetOriginalPost(ctx context.Context, r api.GetOriginalPostRequestObject) (api.GetOriginalPostResponseObject, error) {
	d, err := s.Store.InteractionHead(ctx, principal(ctx).Organization, domain.InteractionID(r.ID))
	if err != nil {
		return nil, err
	}
	post, err := s.originalPost(ctx, d)
	return api.GetOriginalPost200JSONResponse(post), err
}
