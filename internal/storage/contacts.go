package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type contactRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	ChannelID      string `gorm:"<-:create"`
	Address        string `gorm:"<-:create"`
	DisplayName    *string
	Content        []byte // sealed; empty where the organization says nothing of them
	CustomerID     *string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	ErasedAt       *int64 `gorm:"<-:create"`
}

func (contactRow) TableName() string { return "contacts" }

// remarks are what an organization says of a contact: nobody reads it in the database.
type remarks struct {
	Name  *string `json:"name,omitempty"`
	Notes *string `json:"notes,omitempty"`
}

func contactPlace(org, contact string) secret.Place {
	return place(org, "contacts", "content", contact)
}

func (s *Store) toContactRow(c domain.Contact) (contactRow, error) {
	r := contactRow{OrganizationID: string(c.Organization), ID: string(c.ID), ChannelID: string(c.Channel), Address: c.Address,
		DisplayName: c.DisplayName, CustomerID: c.CustomerID, Version: c.Version, CreatedAt: ms(c.CreatedAt), UpdatedAt: ms(c.UpdatedAt)}
	var err error
	r.Content, err = sealFilled(s, contactPlace(r.OrganizationID, r.ID), remarks{c.GivenName, c.Notes})
	return r, err
}

func (s *Store) fromContactRow(r contactRow) (domain.Contact, error) {
	c := domain.Contact{ID: domain.ContactID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID),
		Address: r.Address, DisplayName: r.DisplayName, CustomerID: r.CustomerID, Version: r.Version, CreatedAt: fromMS(r.CreatedAt),
		UpdatedAt: fromMS(max(r.UpdatedAt, r.CreatedAt))}
	said, err := s.remarks(r.OrganizationID, r.ID, r.Content)
	c.GivenName, c.Notes = said.Name, said.Notes
	return c, err
}

// remarks opens what an organization says of a contact.
func (s *Store) remarks(org, contact string, content []byte) (said remarks, err error) {
	if len(content) > 0 {
		err = s.unseal(contactPlace(org, contact), content, &said)
	}
	return said, err
}

// SaveContact writes a contact that was read, one version up.
func (s *Store) SaveContact(ctx context.Context, c *domain.Contact) error {
	r, err := s.toContactRow(*c)
	if err != nil {
		return err
	}
	return save(ctx, s, &c.Version, r)
}

// Contact gives one contact. One who was erased is not there.
func (s *Store) Contact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID) (domain.Contact, error) {
	r, err := one[contactRow](s.db(ctx).Where("organization_id = ? AND id = ? AND erased_at IS NULL", org, contact), "contact")
	if err != nil {
		return domain.Contact{}, err
	}
	return s.fromContactRow(r)
}

// ContactFilter narrows a list of contacts.
type ContactFilter struct {
	Sight      domain.Sight
	Channel    domain.ChannelID
	Address    string
	CustomerID string
}

// Contacts lists contacts.
func (s *Store) Contacts(ctx context.Context, org domain.OrganizationID, f ContactFilter, p Page) ([]domain.Contact, *string, error) {
	db := visibleContacts(s.db(ctx).Where("organization_id = ? AND erased_at IS NULL", org), f.Sight, org)
	if f.Channel != "" {
		db = db.Where("channel_id = ?", f.Channel)
	}
	if f.Address != "" {
		db = db.Where("address = ?", f.Address)
	}
	if f.CustomerID != "" {
		db = db.Where("customer_id = ?", f.CustomerID)
	}
	rows, next, err := page(db, p, func(r contactRow) string { return r.ID })
	if err != nil {
		return nil, nil, err
	}
	contacts, err := eachTry(rows, s.fromContactRow)
	return contacts, next, err
}

// NameContact writes what a platform calls a contact, where it is news.
func (s *Store) NameContact(ctx context.Context, org domain.OrganizationID, contact domain.ContactID, name string) error {
	return s.exec(ctx, "contacts", []string{rowKey(org, contact)},
		"UPDATE contacts SET display_name = ?, version = version + 1 WHERE organization_id = ? AND id = ? AND (display_name IS NULL OR display_name <> ?)", name, org, contact, name)
}
