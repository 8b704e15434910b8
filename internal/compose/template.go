package compose

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
)

// prepared is a template as it is kept: without card data in what fills it, unless the
// interaction's queue has it refused.
func (c *Composer) prepared(ctx context.Context, i domain.Interaction, t domain.Template) (*domain.Template, error) {
	t.Parameters = slices.Clone(t.Parameters)
	for n, text := range t.Parameters {
		covered, err := c.covered(ctx, i, text)
		if err != nil {
			return nil, err
		}
		t.Parameters[n] = covered
	}
	return &t, nil
}

// template refuses a template where the platform has none, and one that does not go alone.
func (l *letter) template() error {
	switch {
	case l.Template == nil:
		return nil
	case !l.allowed.Templates || l.Draft.Visibility == domain.Public:
		return domain.Invalid("/template", "content.templates_not_supported", "This channel has no templates.")
	case l.Text != "" || len(l.Files) > 0 || l.CannedResponse != "":
		return domain.Invalid("/template", "content.template_not_alone", "A template goes alone, without a text, attachments or a canned response.")
	}
	return nil
}

// sameTemplate tells whether two replies say the same by a template, or both by none.
func sameTemplate(a, b *domain.Template) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && a.Language == b.Language && slices.Equal(a.Parameters, b.Parameters)
}
