package domain

import "time"

// Erasure is the proof that a contact was erased: what there was, who asked for it
// and when it was done. It tells nothing of who they were, but for Identities while
// it is under way.
type Erasure struct {
	Organization OrganizationID
	Contact      ContactID
	Boundary     InboxID // what came to the inbox later is of somebody new
	Actor        Actor
	Identities   []Identity
	Counts       ErasureCounts
	RequestedAt  time.Time
	FinishedAt   *time.Time
}

// Identity is under which address a channel knew a contact.
type Identity struct {
	Thread    ThreadID
	Channel   ChannelID
	App       AppID
	AccountID string
	Address   string
	Aliases   []string // other addresses of theirs
}

// Addresses gives every address by which the channel knew them.
func (i Identity) Addresses() []string { return append([]string{i.Address}, i.Aliases...) }

// ErasureCounts is how much of what was erased.
type ErasureCounts struct {
	Identities  int
	Messages    int
	Attachments int
	InboxEvents int
	Notes       int
	Drafts      int
}

// Plus adds what another step erased.
func (c ErasureCounts) Plus(more ErasureCounts) ErasureCounts {
	return ErasureCounts{Identities: c.Identities + more.Identities, Messages: c.Messages + more.Messages, Attachments: c.Attachments + more.Attachments,
		InboxEvents: c.InboxEvents + more.InboxEvents, Notes: c.Notes + more.Notes, Drafts: c.Drafts + more.Drafts}
}

// NewErasure begins the erasure of a contact.
func NewErasure(c Contact, identities []Identity, actor Actor, now time.Time) Erasure {
	return Erasure{Organization: c.Organization, Contact: c.ID, Boundary: NewID[InboxID](), Actor: actor, Identities: identities,
		Counts: ErasureCounts{Identities: len(identities)}, RequestedAt: now}
}

// Finish tells that nothing of the contact is left.
func (e Erasure) Finish(now time.Time) (Erasure, Event) {
	e.FinishedAt, e.Identities = &now, nil
	return e, Contact{ID: e.Contact, Organization: e.Organization}.tell(EventContactErased, e.Actor, now)
}

// Predates tells whether what a platform says to have happened at a time is of
// somebody who was erased later. The second of the erasure itself counts as after
// it, for some platforms give no fractions of one.
func Predates(at, erased time.Time) bool {
	return !at.IsZero() && at.Before(erased.Truncate(time.Second))
}
