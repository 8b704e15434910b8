package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/parley-cx/parley/api"
)

// labelsLife lets a desktop keep the labels while somebody works with it.
const labelsLife = "private, max-age=3600"

// GetLabels serves GET /v1/labels (F03 to F06).
func (s *Server) GetLabels(ctx context.Context, r api.GetLabelsRequestObject) (api.GetLabelsResponseObject, error) {
	language := infoOf(ctx).language
	labels := s.Words.Labels(language, s.Contract.scopes)
	body := api.Labels{Language: string(language), Enums: labels.Enums, Actions: labels.Actions, Scopes: labels.Scopes}
	sum := sha256.Sum256(encode(body))
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	if strings.Contains(r.Params.IfNoneMatch, tag) || r.Params.IfNoneMatch == "*" {
		return api.GetLabels304Response{Headers: api.GetLabels304ResponseHeaders{ETag: tag, CacheControl: labelsLife}}, nil
	}
	return api.GetLabels200JSONResponse{Body: body, Headers: api.GetLabels200ResponseHeaders{ETag: tag, CacheControl: labelsLife}}, nil
}
