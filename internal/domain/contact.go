package domain

import "time"

// Contact is a customer as one channel knows them. Address is the platform's id
// or number. Several contacts with one CustomerID are one customer, because the
// organization says so: nobody guesses it.
type Contact struct {
	ID           ContactID
	Organization OrganizationID
	Channel      ChannelID
	Address      string
	DisplayName  *string // what the platform told us
	GivenName    *string // what the organization calls them
	Notes        *string
	CustomerID   *string // in a system of the organization's
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// NewContact is a customer of whom nothing is known but the address.
func NewContact(ch Channel, address string, now time.Time) Contact {
	return Contact{ID: NewID[ContactID](), Organization: ch.Organization, Channel: ch.ID, Address: address, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// Called is what to call the contact: what the organization does, or else what the
// platform told, or else their address. A name is never guessed (B15, C05).
func (c Contact) Called() string {
	switch {
	case c.GivenName != nil:
		return *c.GivenName
	case c.DisplayName != nil:
		return *c.DisplayName
	}
	return c.Address
}

// Updated tells that the organization changed what it says of the contact.
func (c Contact) Updated(actor Actor, now time.Time) (Contact, Event) {
	c.UpdatedAt = now
	return c, c.tell(EventContactUpdated, actor, now)
}

func (c Contact) tell(t EventType, actor Actor, now time.Time) Event {
	return Event{ID: NewID[EventID](), Organization: c.Organization, Type: t, Time: now, Subject: string(c.ID), Actor: actor}
}

// Line is a thread with a contact, with what a reader wants to know of its channel.
type Line struct {
	Thread      ThreadID
	Channel     ChannelID
	ChannelKind ChannelKind
	ChannelName string
}
