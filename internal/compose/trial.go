package compose

import (
	"context"
	"errors"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
)

// Trial is what would become of a draft.
type Trial struct {
	Length     domain.TextLength
	Text       string // as it would be kept
	Fits       string // the beginning of the text that the channel takes
	Replies    int
	Visibility domain.Visibility
	Refused    []*domain.Error      // for which the request would be refused
	Failing    []domain.FailureCode // with which replies would fail at once, each once
}

// Try counts a draft, and tells everything that stands against it. It is told to
// whoever holds the conversation, and keeps nothing.
func (c *Composer) Try(ctx context.Context, by domain.Principal, id domain.InteractionID, d Draft) (t Trial, err error) {
	if by.Agent == "" {
		return t, domain.NoAgent()
	}
	i, err := c.Store.InteractionHead(ctx, by.Organization, id)
	if err != nil {
		return t, err
	}
	if err := c.mayReply(ctx, i.Interaction, by.Agent); err != nil {
		return t, err
	}
	at, err := c.place(ctx, i.Interaction, by)
	if err != nil {
		return t, err
	}
	if d, err = c.cleaned(ctx, at, d); err != nil {
		return t, err
	}
	again, used, err := c.repeated(ctx, i.Interaction, by.Agent, d)
	if err != nil {
		return t, err
	}
	l, refused, err := c.letter(ctx, at, d)
	if err != nil {
		return t, err
	}
	parts, codes, err := c.judged(ctx, l)
	if again {
		refused, codes = nil, nil // it gives what it made then
	}
	refused = append(used, refused...)
	t = Trial{Length: l.length(), Text: domain.MaskCards(l.Text), Fits: l.fits(), Replies: len(parts), Visibility: l.Draft.Visibility, Refused: refused}
	for _, code := range codes {
		if code != "" && !slices.Contains(t.Failing, code) {
			t.Failing = append(t.Failing, code)
		}
	}
	return t, err
}

// repeated tells whether a draft is one that was sent before, under its
// client_message_id, and why it is refused where that was for another.
func (c *Composer) repeated(ctx context.Context, i domain.Interaction, agent domain.AgentID, d Draft) (again bool, refused []*domain.Error, err error) {
	earlier, err := c.earlier(ctx, i, agent, d)
	var used *domain.Error
	if errors.As(err, &used) && used.Kind == domain.ErrorConflict {
		return false, []*domain.Error{used}, nil
	}
	return len(earlier) > 0, nil, err
}

// fits gives the beginning of the text that the channel takes behind what it puts
// before it.
func (l letter) fits() string {
	spoken := l.terms.Settings.Spoken(l.sender, l.Text)
	before := len(spoken) - len(l.Text)
	fit := l.allowed.Fit(spoken)
	return fit[min(before, len(fit)):]
}
