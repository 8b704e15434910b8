package storage

import (
	"context"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

// The parts of domain.Sight as lists of interactions.
const (
	// ownSQL is what is offered to an agent, held by them or was: an index gives it by agent, or by agent and interaction.
	ownSQL = `SELECT sp.interaction_id FROM participants sp WHERE sp.organization_id = ? AND sp.agent_id = ?`
	// historySQL is all interactions of the customers whom the agent has now. The cross joins keep SQLite to this order: it would
	// look at all interactions of the organization.
	historySQL = `SELECT sh.id FROM participants sp CROSS JOIN interactions si CROSS JOIN interactions sh
		WHERE sp.organization_id = ? AND sp.agent_id = ? AND sp.state IN ('alerting', 'connected', 'held', 'wrapup')
		AND si.organization_id = sp.organization_id AND si.id = sp.interaction_id
		AND sh.organization_id = si.organization_id AND sh.contact_id = si.contact_id`
	// supervisedSQL is the queues of which an agent is a member.
	supervisedSQL = `SELECT sm.queue_id FROM queue_members sm WHERE sm.organization_id = ? AND sm.agent_id = ?`
)

// sees is the condition that the interaction named by a column is visible. It is
// asked row by row: the past of an agent may be long.
func sees(s domain.Sight, org domain.OrganizationID, column string) (string, []any) {
	sql := "(EXISTS (" + ownSQL + " AND sp.interaction_id = " + column + ") OR " + column + " IN (" + historySQL + ")"
	args := []any{org, s.Agent, org, s.Agent}
	if s.Supervises {
		sql += " OR (SELECT sq.queue_id FROM interactions sq WHERE sq.organization_id = ? AND sq.id = " + column + ") IN (" + supervisedSQL + ")"
		args = append(args, org, org, s.Agent)
	}
	return sql + ")", args
}

// visible restricts a list of interactions to those that a caller may see. An
// agent's are found by index; a supervisor sees so much that a page is filled soon.
func visible(db *gorm.DB, s domain.Sight, org domain.OrganizationID) *gorm.DB {
	switch {
	case s.Everything():
		return db
	case s.Supervises:
		return db.Where("(queue_id IN ("+supervisedSQL+") OR id IN ("+ownSQL+" UNION ALL "+historySQL+"))", org, s.Agent, org, s.Agent, org, s.Agent)
	}
	return db.Where("id IN ("+ownSQL+" UNION ALL "+historySQL+")", org, s.Agent, org, s.Agent)
}

// meets is the condition that the contact named by a column is one of whose
// interactions the caller sees one.
func meets(s domain.Sight, org domain.OrganizationID, column string) (string, []any) {
	seen, args := sees(s, org, "sx.id")
	return "EXISTS (SELECT 1 FROM interactions sx WHERE sx.organization_id = ? AND sx.contact_id = " + column + " AND " + seen + ")", append([]any{org}, args...)
}

// visibleContacts restricts a list of contacts. An agent's come from the interactions
// that were theirs, which an index gives: those of their customers have the same contacts.
func visibleContacts(db *gorm.DB, s domain.Sight, org domain.OrganizationID) *gorm.DB {
	switch {
	case s.Everything():
		return db
	case s.Supervises:
		sql, args := meets(s, org, "contacts.id")
		return db.Where(sql, args...)
	}
	return db.Where(`id IN (SELECT sx.contact_id FROM participants sp CROSS JOIN interactions sx WHERE sp.organization_id = ? AND sp.agent_id = ?
		AND sx.organization_id = sp.organization_id AND sx.id = sp.interaction_id)`, org, s.Agent)
}

// visibleEvents restricts the log to what a caller may see: events of visible
// interactions, of their own agent and of the offers made to them; to a
// supervisor also those of their queues and of the agents who serve them.
func visibleEvents(db *gorm.DB, s domain.Sight, org domain.OrganizationID) *gorm.DB {
	if s.Everything() {
		return db
	}
	seen, args := sees(s, org, "e.interaction_id")
	sql := "(e.agent_id = ? AND (e.interaction_id IS NULL OR e.type LIKE 'offer.%')) OR e.interaction_id IS NOT NULL AND " + seen
	args = append([]any{s.Agent}, args...)
	if s.Supervises {
		sql += " OR e.interaction_id IS NULL AND (e.queue_id IN (" + supervisedSQL + `) OR e.agent_id IN (SELECT so.agent_id FROM queue_members so
			WHERE so.organization_id = ? AND so.queue_id IN (` + supervisedSQL + ")))"
		args = append(args, org, s.Agent, org, org, s.Agent)
	}
	return db.Where("("+sql+")", args...)
}

// See refuses an interaction that the caller may not see, in the words for one
// that does not exist.
func (s *Store) See(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, sight domain.Sight) error {
	if sight.Everything() {
		return nil
	}
	sql, args := sees(sight, org, "i.id")
	found, err := s.any(ctx, "SELECT EXISTS (SELECT 1 FROM interactions i WHERE i.organization_id = ? AND i.id = ? AND "+sql+")",
		append([]any{org, i}, args...)...)
	if err == nil && !found {
		return domain.NotFound("interaction")
	}
	return err
}

// SeeContact refuses a contact of whose interactions the caller sees none, in the
// words for one that does not exist.
func (s *Store) SeeContact(ctx context.Context, org domain.OrganizationID, c domain.ContactID, sight domain.Sight) error {
	if sight.Everything() {
		return nil
	}
	sql, args := meets(sight, org, "c.id")
	found, err := s.any(ctx, "SELECT EXISTS (SELECT 1 FROM contacts c WHERE c.organization_id = ? AND c.id = ? AND "+sql+")", append([]any{org, c}, args...)...)
	if err == nil && !found {
		return domain.NotFound("contact")
	}
	return err
}
