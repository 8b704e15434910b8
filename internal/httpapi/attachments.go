package httpapi

import (
	"context"
	"io"
	"strings"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/attach"
	"github.com/parley-cx/parley/internal/domain"
)

// contentURL is where a file's bytes can be read with a token.
func (s *Server) contentURL(id domain.AttachmentID) string {
	return s.PublicURL + "/v1/attachments/" + string(id) + "/content"
}

// toFile shows a file; what nobody knows yet is null.
func (s *Server) toFile(f domain.File) api.Attachment {
	out := api.Attachment{ID: string(f.ID), State: s.fileState(f), FileName: filled(f.Name), ContentType: filled(f.ContentType),
		Sha256: filled(f.SHA256), URL: s.contentURL(f.ID), CreatedAt: api.At(f.CreatedAt), ExpiresAt: api.AtOrNull(f.ExpiresAt)}
	if f.Size > 0 {
		out.Size = &f.Size
	}
	if f.Fault != "" {
		fault := api.AttachmentFault(f.Fault)
		out.Fault = &fault
	}
	return out
}

// fileState is the state that a reader sees: a file whose time is over is
// expired, also before anybody noticed.
func (s *Server) fileState(f domain.File) api.AttachmentState {
	if f.Expired(s.Now()) {
		return api.AttachmentState(domain.FileExpired)
	}
	return api.AttachmentState(f.State)
}

// CreateAttachment serves POST /v1/attachments (A13).
func (s *Server) CreateAttachment(ctx context.Context, r api.CreateAttachmentRequestObject) (api.CreateAttachmentResponseObject, error) {
	if r.JSONBody != nil {
		return s.announce(ctx, *r.JSONBody)
	}
	up := infoOf(ctx).upload
	file, err := s.Files.Accept(ctx, principal(ctx), up.file)
	if err != nil {
		return nil, err
	}
	s.Store.After(ctx, func() { up.accepted = true })
	return s.created(s.toFile(file)), nil
}

// announce answers with the link to which the bytes are to be sent.
func (s *Server) announce(ctx context.Context, in api.AttachmentInput) (api.CreateAttachmentResponseObject, error) {
	file, err := s.Files.Announce(ctx, principal(ctx), attach.Announced{Name: in.FileName, ContentType: in.ContentType, Size: in.Size,
		SHA256: strings.ToLower(in.Sha256)})
	if err != nil {
		return nil, err
	}
	out := s.toFile(file)
	link, ends := s.Files.Links.Upload(file)
	out.UploadURL, out.UploadExpiresAt = &link, api.AtOrNull(&ends)
	return s.created(out), nil
}

func (s *Server) created(a api.Attachment) api.CreateAttachmentResponseObject {
	return api.CreateAttachment201JSONResponse{Body: a, Headers: api.CreateAttachment201ResponseHeaders{Location: location("attachments", a.ID)}}
}

// file gives an attachment that the caller may see. One that came with a customer's
// message exists for those alone who see its interaction.
func (s *Server) file(ctx context.Context, id string) (domain.File, error) {
	who := principal(ctx)
	f, err := s.Store.File(ctx, who.Organization, domain.AttachmentID(id))
	if err != nil || f.Interaction == nil {
		return f, err
	}
	err = s.Store.See(ctx, who.Organization, *f.Interaction, who.Sight())
	if domain.IsKind(err, domain.ErrorNotFound) {
		err = domain.NotFound("attachment")
	}
	return f, err
}

// GetAttachment serves GET /v1/attachments/{id}.
func (s *Server) GetAttachment(ctx context.Context, r api.GetAttachmentRequestObject) (api.GetAttachmentResponseObject, error) {
	f, err := s.file(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetAttachment200JSONResponse(s.toFile(f)), nil
}

// GetAttachmentContent serves GET /v1/attachments/{id}/content.
func (s *Server) GetAttachmentContent(ctx context.Context, r api.GetAttachmentContentRequestObject) (api.GetAttachmentContentResponseObject, error) {
	f, err := s.file(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if f.State == domain.FileLinked && !f.Expired(s.Now()) && f.Source != "" {
		return api.GetAttachmentContent302Response{Headers: api.GetAttachmentContent302ResponseHeaders{
			Location: f.Source, CacheControl: "no-store", ReferrerPolicy: "no-referrer"}}, nil
	}
	return s.content(ctx, f)
}

// DownloadAttachment serves GET /attachments/{id}/{name}.
func (s *Server) DownloadAttachment(ctx context.Context, r api.DownloadAttachmentRequestObject) (api.DownloadAttachmentResponseObject, error) {
	f, err := s.Files.Linked(ctx, attach.UseDownload, domain.AttachmentID(r.ID), r.Params.Exp, r.Params.Sig)
	if err != nil {
		return nil, err
	}
	return s.content(ctx, f)
}

// InspectAttachment serves HEAD /attachments/{id}/{name}.
func (s *Server) InspectAttachment(ctx context.Context, r api.InspectAttachmentRequestObject) (api.InspectAttachmentResponseObject, error) {
	f, err := s.Files.Linked(ctx, attach.UseDownload, domain.AttachmentID(r.ID), r.Params.Exp, r.Params.Sig)
	if err != nil {
		return nil, err
	}
	return content{file: f, span: span{length: f.Size}}, s.Files.Readable(f)
}

// fill takes the bytes of an announced file at its signed link.
func (s *Server) fill(ctx context.Context, id string, exp int64, sig string, body io.Reader) (api.Attachment, error) {
	f, err := s.Files.Linked(ctx, attach.UseUpload, domain.AttachmentID(id), exp, sig)
	if err != nil {
		return api.Attachment{}, err
	}
	f, err = s.Files.Fill(ctx, f, body)
	return s.toFile(f), err
}

// UploadAttachment serves PUT /attachments/{id}.
func (s *Server) UploadAttachment(ctx context.Context, r api.UploadAttachmentRequestObject) (api.UploadAttachmentResponseObject, error) {
	a, err := s.fill(ctx, r.ID, r.Params.Exp, r.Params.Sig, r.Body)
	if err != nil {
		return nil, err
	}
	return api.UploadAttachment200JSONResponse(a), nil
}

// PostAttachment serves POST /attachments/{id}.
func (s *Server) PostAttachment(ctx context.Context, r api.PostAttachmentRequestObject) (api.PostAttachmentResponseObject, error) {
	a, err := s.fill(ctx, r.ID, r.Params.Exp, r.Params.Sig, r.Body)
	if err != nil {
		return nil, err
	}
	return api.PostAttachment200JSONResponse(a), nil
}
