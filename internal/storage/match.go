package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

// WaitingQueues lists the queues in which something waits, one index probe for
// each queue.
func (s *Store) WaitingQueues(ctx context.Context) ([]domain.WaitingQueue, error) {
	var rows []struct{ OrganizationID, ID string }
	err := s.db(ctx).Raw(`SELECT q.organization_id, q.id FROM queues q WHERE (SELECT 1 FROM interactions i
		WHERE i.organization_id = q.organization_id AND i.queue_id = q.id AND i.state = 'queued' LIMIT 1) = 1`).Scan(&rows).Error
	queues := make([]domain.WaitingQueue, len(rows))
	for n, r := range rows {
		queues[n] = domain.WaitingQueue{Organization: domain.OrganizationID(r.OrganizationID), Queue: domain.QueueID(r.ID)}
	}
	return queues, translate(err)
}

// WaitingIn gives the best waiting interactions of a queue.
func (s *Store) WaitingIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Waiting, error) {
	var rows []struct {
		ID          string
		QueueID     string
		ChannelKind string
		Origin      string
		Score       int64
	}
	err := s.db(ctx).Raw(`SELECT id, queue_id, channel_kind, origin, score FROM interactions WHERE organization_id = ? AND queue_id = ? AND state = 'queued'
		ORDER BY score, id LIMIT ?`, org, queue, limit).Scan(&rows).Error
	waiting := make([]domain.Waiting, len(rows))
	for n, r := range rows {
		kind := domain.ChannelKind(r.ChannelKind)
		waiting[n] = domain.Waiting{Interaction: domain.InteractionID(r.ID), Queue: domain.QueueID(r.QueueID), Channel: kind,
			Medium: domain.MediumOf(kind, domain.Origin(r.Origin)), Score: r.Score}
	}
	return waiting, translate(err)
}

const availableSQL = `SELECT a.* FROM queue_members m JOIN agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id
	WHERE m.organization_id = ? AND m.queue_id = ? AND m.joined AND a.deleted_at IS NULL AND a.presence = 'on_queue' AND NOT a.not_responding
	AND ' ' || a.scopes || ' ' LIKE '% conversation:message:accept %'
	AND CASE WHEN a.shared THEN a.alerting + a.connected + a.wrap_up < a.message_capacity
		ELSE a.alerting + a.connected + a.wrap_up - a.social < a.message_capacity OR a.social < a.social_capacity END
	ORDER BY CASE WHEN a.alerting + a.connected + a.wrap_up > 0 THEN 1 ELSE 0 END, a.idle_since, a.id LIMIT ?`

// AvailableIn gives the agents of a queue whose turn it is, those without work
// first. They have room for one medium at least; their limits say for which.
func (s *Store) AvailableIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Agent, error) {
	var rows []agentRow
	err := s.db(ctx).Raw(availableSQL, org, queue, limit).Scan(&rows).Error
	return each(rows, fromAgentRow), translate(err)
}

// QueuesOf gives the queues in which an agent is a joined member.
func (s *Store) QueuesOf(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) ([]domain.QueueID, error) {
	rows, err := all[memberRow](s.db(ctx).Where("organization_id = ? AND agent_id = ? AND joined", org, agent))
	return each(rows, func(r memberRow) domain.QueueID { return domain.QueueID(r.QueueID) }), err
}

// LockForOffer locks the rows of a decision, the interaction's and then the
// agent's, unless somebody else holds one of them or the interaction is no
// longer waiting: then found is false, and nobody waited.
func (s *Store) LockForOffer(ctx context.Context, org domain.OrganizationID, interaction domain.InteractionID, agent domain.AgentID) (i domain.Interaction, a domain.Agent, found bool, err error) {
	// The state is looked at afterwards: with it in the query, PostgreSQL would look for the id among all that wait.
	ir, err := all[interactionRow](forUpdateIfFree(s.db(ctx).Where("organization_id = ? AND id = ?", org, interaction)))
	if err != nil || len(ir) == 0 || ir[0].State != string(domain.InteractionQueued) {
		return i, a, false, err
	}
	ar, err := all[agentRow](forUpdateIfFree(s.living(ctx, org).Where("id = ?", agent)))
	if err != nil || len(ar) == 0 {
		return i, a, false, err
	}
	return fromInteractionRow(ir[0]), fromAgentRow(ar[0]), true, nil
}

// IsMember tells whether an agent is a joined member of a queue.
func (s *Store) IsMember(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agent domain.AgentID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM queue_members WHERE organization_id = ? AND queue_id = ? AND agent_id = ? AND joined)", org, queue, agent)
}
