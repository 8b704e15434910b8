package closing

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// RunOut ends after-contact work whose time is over. What was submitted a moment
// ago has won, and nothing happens.
func (c *Closing) RunOut(ctx context.Context, due domain.DueWrapUp, now time.Time) (ended bool, err error) {
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		ended = false
		e, err := c.Store.LockEngagement(ctx, due.Organization, due.Interaction, due.Agent, due.Participant)
		if err != nil {
			return err
		}
		if e.Others, err = c.others(ctx, e); err != nil {
			return err
		}
		e, events, err := e.RunOut(now)
		if domain.IsKind(err, domain.ErrorConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		ended = true
		c.Store.After(ctx, func() { c.Router.Freed(due.Organization, due.Agent) })
		return c.Store.SaveEngagement(ctx, &e, events)
	})
	return ended && err == nil, err
}

// WrapUp submits an agent's wrap-up. Several codes are kept in their order, each
// once (C40); the same submission again changes nothing (C41).
func (c *Closing) WrapUp(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID, codes []domain.WrapUpCodeID, notes *string) (p domain.Participant, err error) {
	if by.Agent == "" {
		return p, domain.NoAgent()
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		part, err := c.submittedTo(ctx, by, id, part, codes, notes)
		if err != nil {
			return err
		}
		e, err := c.Store.LockEngagement(ctx, by.Organization, id, by.Agent, part)
		if err != nil {
			return notParty(e, err)
		}
		if err := c.mayNote(ctx, e.Interaction, notes); err != nil {
			return err
		}
		q, err := c.queue(ctx, e.Participant)
		if err != nil {
			return err
		}
		if e.Others, err = c.others(ctx, e); err != nil {
			return err
		}
		e, events, changed, err := e.Submit(q, codes, notes, by.Actor(), c.Now())
		p = e.Participant
		if err != nil || !changed {
			return err
		}
		c.Store.After(ctx, func() { c.Router.Freed(by.Organization, by.Agent) })
		return c.Store.SaveEngagement(ctx, &e, events)
	})
	return p, err
}

// mayNote refuses notes of a customer who was erased: nothing would erase them.
func (c *Closing) mayNote(ctx context.Context, i domain.Interaction, notes *string) error {
	if notes == nil || *notes == "" {
		return nil
	}
	_, err := c.Store.Contact(ctx, i.Organization, i.Contact)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return domain.Invalid("/notes", "wrap_up.contact_erased", "The customer was erased: nothing can be noted about them. Send the codes without notes.")
	}
	return err
}

// submittedTo is the part that a submission is for: the named one, or else what the
// agent means by naming none. It holds the interaction, so that nobody else decides
// meanwhile.
func (c *Closing) submittedTo(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID, codes []domain.WrapUpCodeID, notes *string) (domain.ParticipantID, error) {
	if part != "" {
		return part, nil
	}
	if _, err := c.Store.LockInteraction(ctx, by.Organization, id); err != nil {
		return "", err
	}
	parts, err := c.Store.PartsOf(ctx, by.Organization, id, by.Agent)
	meant, _ := domain.WrapUpSubmittedTo(parts, codes, notes, c.Now())
	return meant.ID, err
}

// Wrapped gives a wrap-up of an interaction that the caller may see: that of the named
// part, whoever's it is, or else the one that the caller means by naming none. Who acts
// for no agent means all agents'.
func (c *Closing) Wrapped(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID) (domain.Participant, error) {
	if _, err := c.Store.Interaction(ctx, by.Organization, id); err != nil {
		return domain.Participant{}, err
	}
	if part == "" {
		return c.meant(ctx, by, id)
	}
	p, err := c.Store.Participant(ctx, by.Organization, id, "", part)
	if err == nil && p.WrapUp == nil || domain.IsKind(err, domain.ErrorNotFound) {
		return p, domain.NotFound("wrap-up")
	}
	return p, err
}

// meant gives the part whose wrap-up a caller means who names none.
func (c *Closing) meant(ctx context.Context, by domain.Principal, id domain.InteractionID) (domain.Participant, error) {
	parts, err := c.Store.PartsOf(ctx, by.Organization, id, by.Agent)
	if err != nil {
		return domain.Participant{}, err
	}
	p, found := domain.WrapUpMeant(parts, c.Now())
	if !found {
		return p, domain.NotFound("wrap-up")
	}
	return p, nil
}
