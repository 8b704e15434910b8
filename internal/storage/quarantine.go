package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// QuarantinedEvents lists events that were set aside, without what they say.
func (s *Store) QuarantinedEvents(ctx context.Context, org domain.OrganizationID, p Page) ([]domain.InboxEvent, *string, error) {
	rows, next, err := page(s.db(ctx).Omit("payload").Where("organization_id = ? AND state = 'quarantined'", org), p, func(r inboxRow) string { return r.ID })
	if err != nil {
		return nil, nil, err
	}
	events, err := s.fromInboxRows(rows)
	return events, next, err
}

// QuarantinedEvent gives one event that was set aside.
func (s *Store) QuarantinedEvent(ctx context.Context, org domain.OrganizationID, id domain.InboxID) (domain.InboxEvent, error) {
	r, err := one[inboxRow](forUpdate(s.db(ctx).Where("organization_id = ? AND id = ? AND state = 'quarantined'", org, id)), "quarantined event")
	if err != nil {
		return domain.InboxEvent{}, err
	}
	return s.fromInboxRow(r)
}

// ReleaseInbox puts an event that was set aside back into its line.
func (s *Store) ReleaseInbox(ctx context.Context, e domain.InboxEvent) error {
	return s.exec(ctx, "inbox", []string{rowKey(e.Organization, e.ID)}, `UPDATE inbox SET state = 'pending', fault = '', applied_at = NULL,
		contact = ?, subject = ?, lane = ? WHERE organization_id = ? AND id = ?`, e.Contact, e.Subject, e.Lane%Lanes, e.Organization, e.ID)
}

// ReleaseAccount lets the events of an account be applied that came before a
// channel had it.
func (s *Store) ReleaseAccount(ctx context.Context, c domain.Channel) error {
	if c.App == "" { // its events come through no app, and none came before it
		return nil
	}
	return s.exec(ctx, "inbox", nil, `UPDATE inbox SET state = 'pending', fault = '', applied_at = NULL
		WHERE organization_id = ? AND app_id = ? AND account_id = ? AND kind = ? AND state = 'quarantined' AND fault = ?`,
		c.Organization, c.App, c.AccountID, c.Kind, domain.FaultNoChannel)
}
