package domain

import "time"

// Draft is what an agent has begun to write to a customer. It is its author's
// alone: nobody else sees it, and it stays theirs whatever becomes of the
// conversation.
type Draft struct {
	Organization OrganizationID
	Interaction  InteractionID
	Agent        AgentID
	Text         string
	UpdatedAt    time.Time
}

// Unsent tells whether there is anything in the draft that could be sent.
func (d Draft) Unsent() bool { return !Blank(d.Text) }

// MayDraft refuses a draft to an agent whose part in the conversation is not, or no
// longer, one in which they could send it.
func (p Participant) MayDraft(i Interaction) error {
	if _, takesPart := p.State.After(PartLeave); !takesPart {
		return InvalidTransition("interaction", "a draft", string(i.State), i.AllowedActions(p.Agent, []Participant{p}))
	}
	return nil
}

// LeaveDraft refuses to leave an unsent draft behind where the caller wants that
// refused (C21). Everything that ends an agent's part, or their day, asks it.
func LeaveDraft(unsent, reject bool) error {
	if !unsent || !reject {
		return nil
	}
	return Conflict("draft.unsent", "There is a draft that was not sent. Send it or delete it, or leave out reject_if_draft.")
}
