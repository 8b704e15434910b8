package desk

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// Drafts is where what agents have begun to write is kept.
type Drafts interface {
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error)
	SaveDraft(ctx context.Context, d domain.Draft) error
	Draft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (domain.Draft, error)
	DeleteDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) error
	UnsentDrafts(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (bool, error)
}

// SaveDraft keeps what the caller has begun to write in a conversation of theirs, in
// the place of what they had there. It is told to nobody.
func (d *Desk) SaveDraft(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID, text string) (p domain.Participant, draft domain.Draft, err error) {
	if by.Agent == "" {
		return p, draft, domain.NoAgent()
	}
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		i, err := d.Store.LockInteraction(ctx, by.Organization, id)
		if err != nil {
			return err
		}
		p, err = d.Store.Participant(ctx, by.Organization, id, by.Agent, part)
		if domain.IsKind(err, domain.ErrorNotFound) {
			return i.NotParty()
		}
		if err != nil {
			return err
		}
		if err := p.MayDraft(i); err != nil {
			return err
		}
		draft = domain.Draft{Organization: by.Organization, Interaction: id, Agent: by.Agent, Text: text, UpdatedAt: d.Now()}
		return d.Store.SaveDraft(ctx, draft)
	})
	return p, draft, err
}

// Draft gives what the caller has begun to write, also where the conversation is no
// longer theirs.
func (d *Desk) Draft(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID) (p domain.Participant, draft domain.Draft, err error) {
	if p, err = d.author(ctx, by, id, part); err != nil {
		return p, draft, err
	}
	draft, err = d.Store.Draft(ctx, by.Organization, id, by.Agent)
	return p, draft, err
}

// DeleteDraft throws away what the caller has begun to write, if anything.
func (d *Desk) DeleteDraft(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID) error {
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := d.author(ctx, by, id, part); err != nil {
			return err
		}
		return d.Store.DeleteDraft(ctx, by.Organization, id, by.Agent)
	})
}

// author gives the caller's part in an interaction; who has none has no draft there.
func (d *Desk) author(ctx context.Context, by domain.Principal, id domain.InteractionID, part domain.ParticipantID) (p domain.Participant, err error) {
	if by.Agent == "" {
		return p, domain.NoAgent()
	}
	if _, err := d.Store.Interaction(ctx, by.Organization, id); err != nil {
		return p, err
	}
	p, err = d.Store.Participant(ctx, by.Organization, id, by.Agent, part)
	if domain.IsKind(err, domain.ErrorNotFound) {
		return p, domain.NotFound("draft")
	}
	return p, err
}

// leavesDraft tells whether an agent who logs out leaves an unsent draft behind, and
// refuses it where they want that (C21).
func (d *Desk) leavesDraft(ctx context.Context, a domain.Agent, p Presence) (unsent bool, err error) {
	if p.Presence != domain.PresenceOffline {
		return false, nil
	}
	if unsent, err = d.Store.UnsentDrafts(ctx, a.Organization, a.ID); err != nil {
		return false, err
	}
	return unsent, domain.LeaveDraft(unsent, p.RejectIfDraft)
}
