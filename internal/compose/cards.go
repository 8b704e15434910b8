package compose

import (
	"context"
	"strconv"

	"github.com/parley-cx/parley/internal/domain"
)

// covered is a text without card data, unless the interaction's queue has it refused:
// then it is the text as it is, and letter refuses it (C20).
func (c *Composer) covered(ctx context.Context, i domain.Interaction, text string) (string, error) {
	masked := domain.MaskCards(text)
	if masked == text || i.Queue == nil {
		return masked, nil
	}
	q, err := c.Store.Queue(ctx, i.Organization, *i.Queue)
	switch {
	case domain.IsKind(err, domain.ErrorNotFound):
		return masked, nil
	case err == nil && q.Rules.CardData == domain.CardBlock:
		return text, nil
	}
	return masked, err
}

// cards refuses card data, which is still there only where the queue has it refused,
// and always in the client's own id: covered, two of them could be one.
func (l *letter) cards() error {
	if domain.HasCard(l.ClientMessageID) {
		return domain.CardDetected("/client_message_id")
	}
	if domain.HasCard(l.Text) {
		return domain.CardDetected("/text")
	}
	if l.Template == nil {
		return nil
	}
	for n, text := range l.Template.Parameters {
		if domain.HasCard(text) {
			return domain.CardDetected("/template/parameters/" + strconv.Itoa(n))
		}
	}
	return nil
}
