package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// recentLimit bounds how many interactions of a queue its statistics look at.
const recentLimit = 10_000

// QueueStatistics counts what is under way in a queue, its members, and what came
// into it since a time; an acceptance within target was in time. What it costs
// grows with what is under way and with the members, never with what is over.
func (s *Store) QueueStatistics(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, since time.Time, target time.Duration) (stats domain.QueueStatistics, err error) {
	if err = s.countUnderWay(ctx, org, queue, &stats); err != nil {
		return stats, err
	}
	err = s.scan(ctx, &stats.WrapUp, "SELECT count(*) FROM participants WHERE organization_id = ? AND queue_id = ? AND state = 'wrapup' AND wrap_up_required", org, queue)
	if err != nil {
		return stats, err
	}
	if stats.Agents, err = s.queueAgents(ctx, org, queue); err != nil {
		return stats, err
	}
	stats.Recent, err = s.queueRecent(ctx, org, queue, since, target)
	return stats, err
}

func (s *Store) countUnderWay(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, stats *domain.QueueStatistics) error {
	var rows []struct {
		State  string
		Total  int
		Oldest int64
	}
	err := s.db(ctx).Raw(`SELECT state, count(*) AS total, min(enqueued_at) AS oldest FROM interactions
		WHERE organization_id = ? AND queue_id = ? AND state <> 'disconnected' GROUP BY state`, org, queue).Scan(&rows).Error
	for _, r := range rows {
		stats.Count(domain.InteractionState(r.State), r.Total, fromMS(r.Oldest))
	}
	return translate(err)
}

func (s *Store) queueAgents(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) (domain.QueueAgents, error) {
	var found domain.QueueAgents
	err := s.db(ctx).Raw(`SELECT count(*) AS on_queue, coalesce(sum(CASE WHEN a.not_responding THEN 1 ELSE 0 END), 0) AS not_responding,
		coalesce(sum(CASE WHEN NOT a.not_responding AND a.connected + a.wrap_up > 0 THEN 1 ELSE 0 END), 0) AS interacting,
		coalesce(sum(CASE WHEN NOT a.not_responding AND a.connected + a.wrap_up = 0 THEN 1 ELSE 0 END), 0) AS idle
		FROM queue_members m JOIN agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id
		WHERE m.organization_id = ? AND m.queue_id = ? AND m.joined AND a.deleted_at IS NULL AND a.presence = 'on_queue'`, org, queue).Scan(&found).Error
	return found, translate(err)
}

func (s *Store) queueRecent(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, since time.Time, target time.Duration) (domain.QueueRecent, error) {
	var found struct{ Seen, Offered, Answered, InTime, Abandoned int }
	err := s.db(ctx).Raw(`SELECT count(*) AS seen, coalesce(sum(CASE WHEN enqueued_at >= ? THEN 1 ELSE 0 END), 0) AS offered,
		coalesce(sum(CASE WHEN enqueued_at >= ? AND connected_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS answered,
		coalesce(sum(CASE WHEN enqueued_at >= ? AND connected_at <= enqueued_at + ? THEN 1 ELSE 0 END), 0) AS in_time,
		coalesce(sum(CASE WHEN enqueued_at >= ? AND connected_at IS NULL AND state = 'disconnected' THEN 1 ELSE 0 END), 0) AS abandoned
		FROM (SELECT enqueued_at, connected_at, state FROM interactions WHERE organization_id = ? AND queue_id = ? ORDER BY id DESC LIMIT ?) recent`,
		ms(since), ms(since), ms(since), target.Milliseconds(), ms(since), org, queue, recentLimit).Scan(&found).Error
	return domain.QueueRecent{Offered: found.Offered, Answered: found.Answered, InTime: found.InTime, Abandoned: found.Abandoned,
		Partial: found.Seen == recentLimit && found.Offered == found.Seen}, translate(err)
}
