package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// takersSQL finds queues in which something waits, one index probe for each, and of
// these the ones with a member who could take some of it, or with work that came
// back and may have to move on. The cross joins keep SQLite to this order: it looks
// at the members of queues in which something waits, and at no others.
const takersSQL = `WITH waiting AS MATERIALIZED (SELECT q.organization_id, q.id, q.overflow_queue_id FROM queues q WHERE (SELECT 1 FROM interactions i
		WHERE i.organization_id = q.organization_id AND i.queue_id = q.id AND i.state = 'queued' LIMIT 1) = 1),
	free AS MATERIALIZED (SELECT a.organization_id, a.id FROM agents a WHERE a.deleted_at IS NULL AND ` + readyAgent + `)
	SELECT w.organization_id, w.id FROM waiting w CROSS JOIN queue_members m CROSS JOIN free f WHERE m.organization_id = w.organization_id
		AND m.queue_id = w.id AND m.joined AND f.organization_id = m.organization_id AND f.id = m.agent_id
	UNION SELECT w.organization_id, w.id FROM waiting w WHERE w.overflow_queue_id IS NOT NULL AND (SELECT 1 FROM interactions i
		WHERE i.organization_id = w.organization_id AND i.queue_id = w.id AND i.state = 'queued' AND i.requeue_count > 0 LIMIT 1) = 1`

// WaitingQueues lists the queues in which something waits that dispatch may be able
// to do something about.
func (s *Store) WaitingQueues(ctx context.Context) ([]domain.WaitingQueue, error) {
	var rows []struct{ OrganizationID, ID string }
	err := s.db(ctx).Raw(takersSQL).Scan(&rows).Error
	queues := make([]domain.WaitingQueue, len(rows))
	for n, r := range rows {
		queues[n] = domain.WaitingQueue{Organization: domain.OrganizationID(r.OrganizationID), Queue: domain.QueueID(r.ID)}
	}
	return queues, translate(err)
}

// The classes of waiting work are found by going along an index from one to the
// next, so that a look costs by their number and not by who waits.
const (
	firstClass = `(SELECT i.class FROM interactions i WHERE i.organization_id = @org AND i.queue_id = q.queue_id AND i.state = 'queued'
		ORDER BY i.class LIMIT 1)`
	otherClasses = ` UNION ALL SELECT c.queue_id, (SELECT i.class FROM interactions i WHERE i.organization_id = @org AND i.queue_id = c.queue_id
		AND i.state = 'queued' AND i.class > c.class ORDER BY i.class LIMIT 1) FROM classes c WHERE c.class IS NOT NULL)
	SELECT c.queue_id, c.class,
		(SELECT i.id FROM interactions i WHERE i.organization_id = @org AND i.queue_id = c.queue_id AND i.state = 'queued' AND i.class = c.class
			ORDER BY i.score, i.id LIMIT 1) AS head,
		(SELECT i.score FROM interactions i WHERE i.organization_id = @org AND i.queue_id = c.queue_id AND i.state = 'queued' AND i.class = c.class
			ORDER BY i.score, i.id LIMIT 1) AS score
	FROM classes c WHERE c.class IS NOT NULL`
	classesOfQueue = `WITH RECURSIVE classes (queue_id, class) AS (SELECT q.queue_id, ` + firstClass + `
		FROM (SELECT id AS queue_id FROM queues WHERE organization_id = @org AND id = @id) q` + otherClasses
	classesOfAgents = `WITH RECURSIVE classes (queue_id, class) AS (SELECT q.queue_id, ` + firstClass + `
		FROM (SELECT DISTINCT queue_id FROM queue_members WHERE organization_id = @org AND agent_id IN @id AND joined) q` + otherClasses
)

// ClassesIn gives the sorts of work that wait in a queue, each with its most
// urgent one.
func (s *Store) ClassesIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) ([]domain.Class, error) {
	return s.classes(ctx, classesOfQueue, org, queue)
}

// ClassesFor gives the sorts of work that wait in all queues of some agents.
func (s *Store) ClassesFor(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Class, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	return s.classes(ctx, classesOfAgents, org, agents)
}

func (s *Store) classes(ctx context.Context, sql string, org domain.OrganizationID, id any) ([]domain.Class, error) {
	var rows []struct {
		QueueID, Class string
		Head           *string
		Score          *int64
	}
	if err := s.db(ctx).Raw(sql, map[string]any{"org": string(org), "id": id}).Scan(&rows).Error; err != nil {
		return nil, translate(err)
	}
	found := make([]domain.Class, 0, len(rows))
	for _, r := range rows {
		if r.Head != nil && r.Score != nil { // or it was taken while we looked
			found = append(found, domain.ClassOf(domain.QueueID(r.QueueID), domain.ClassName(r.Class), domain.InteractionID(*r.Head), *r.Score))
		}
	}
	return found, nil
}

// waitingSQL is the most urgent work of one class of a queue.
const waitingSQL = `SELECT * FROM (SELECT id, queue_id, channel_kind, origin, scoring, priority, enqueued_at, skills, ring, previous_id, transfer_id FROM interactions
	WHERE organization_id = ? AND queue_id = ? AND state = 'queued' AND class = ? ORDER BY score, id LIMIT ?) w`

// WaitingIn gives the most urgent work of each of a few classes.
func (s *Store) WaitingIn(ctx context.Context, org domain.OrganizationID, classes []domain.Class, limit int) ([]domain.Waiting, error) {
	if len(classes) == 0 {
		return nil, nil
	}
	var parts []string
	var args []any
	for _, c := range classes {
		parts, args = append(parts, waitingSQL), append(args, org, c.Queue, c.Name, limit)
	}
	var rows []interactionRow
	err := s.db(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error
	return each(rows, func(r interactionRow) domain.Waiting { return fromInteractionRow(r).Waiting() }), translate(err)
}

// candidateRow is an agent as a member of one queue.
type candidateRow struct {
	Row     agentRow `gorm:"embedded"`
	QueueID string
	Ring    int
	Joined  bool
}

func fromCandidateRow(r candidateRow) domain.Candidate {
	c := domain.Candidate{Agent: fromAgentRow(r.Row), Rings: map[domain.QueueID]int{}}
	if r.Joined {
		c.Rings[domain.QueueID(r.QueueID)] = r.Ring
	}
	return c
}

// candidateSQL is the agents of one queue. The cross join keeps SQLite to this
// order: it would look at all agents of the organization for each queue.
const candidateSQL = `SELECT a.*, m.queue_id, m.ring, m.joined FROM queue_members m CROSS JOIN agents a
	WHERE m.organization_id = ? AND m.queue_id = ? AND a.organization_id = m.organization_id AND a.id = m.agent_id AND a.deleted_at IS NULL `

// readyAgent holds for agents who may be offered something: of one medium at least.
// An index has those who are on queue.
const readyAgent = `a.presence = 'on_queue' AND NOT a.not_responding AND ' ' || a.scopes || ' ' LIKE '% conversation:message:accept %'
	AND CASE WHEN a.shared THEN a.alerting + a.connected + a.wrap_up < a.message_capacity
		ELSE a.alerting + a.connected + a.wrap_up - a.social < a.message_capacity OR a.social < a.social_capacity END`

const availableSQL = candidateSQL + `AND m.joined AND ` + readyAgent + `
	ORDER BY CASE WHEN a.alerting + a.connected + a.wrap_up > 0 THEN 1 ELSE 0 END, a.idle_since, a.id LIMIT ?`

// AvailableIn gives the agents of a queue whose turn it is, those without work
// first. They have room for one medium at least; their limits say for which.
func (s *Store) AvailableIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, limit int) ([]domain.Candidate, error) {
	var rows []candidateRow
	err := s.db(ctx).Raw(availableSQL, org, queue, limit).Scan(&rows).Error
	return each(rows, fromCandidateRow), translate(err)
}

// CandidatesIn gives members of a queue by their ids, whatever they do.
func (s *Store) CandidatesIn(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agents []domain.AgentID) ([]domain.Candidate, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	var rows []candidateRow
	err := s.db(ctx).Raw(candidateSQL+"AND m.agent_id IN ?", org, queue, agents).Scan(&rows).Error
	return each(rows, fromCandidateRow), translate(err)
}

// MembersOf lists a queue's members, joined or not, with all that routing looks at.
func (s *Store) MembersOf(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, p Page) ([]domain.Candidate, *string, error) {
	db := s.db(ctx).Table("queue_members m").Select("a.*, m.queue_id, m.ring, m.joined").
		Joins("JOIN agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id AND a.deleted_at IS NULL").
		Where("m.organization_id = ? AND m.queue_id = ?", org, queue)
	p = p.of("routing "+string(queue), isID)
	db, err := p.seek(db, "m.agent_id")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[candidateRow](db)
	rows, next := cut(p, rows, func(r candidateRow) string { return r.Row.ID })
	return each(rows, fromCandidateRow), next, err
}

// Memberships gives the memberships of agents in queues, of those who have joined.
func (s *Store) Memberships(ctx context.Context, org domain.OrganizationID, queues []domain.QueueID, agents []domain.AgentID) ([]domain.Member, error) {
	if len(queues) == 0 || len(agents) == 0 {
		return nil, nil
	}
	rows, err := all[memberRow](s.db(ctx).Where("organization_id = ? AND queue_id IN ? AND agent_id IN ? AND joined", org, queues, agents))
	return each(rows, fromMemberRow), err
}

// Parts gives the agents' parts in interactions, also those that came to nothing.
func (s *Store) Parts(ctx context.Context, org domain.OrganizationID, ids []domain.InteractionID) (map[domain.InteractionID][]domain.Participant, error) {
	found := map[domain.InteractionID][]domain.Participant{}
	for some := range slices.Chunk(ids, maxProbes) {
		rows, err := all[participantRow](s.db(ctx).Where("organization_id = ? AND interaction_id IN ?", org, some).Order("interaction_id, id"))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			p, err := s.fromParticipantRow(r)
			if err != nil {
				return nil, err
			}
			found[p.Interaction] = append(found[p.Interaction], p)
		}
	}
	return found, nil
}

// QueuesByID gives queues by their ids; those that were deleted are left out.
func (s *Store) QueuesByID(ctx context.Context, org domain.OrganizationID, ids []domain.QueueID) (map[domain.QueueID]domain.Queue, error) {
	found := map[domain.QueueID]domain.Queue{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := all[queueRow](s.living(ctx, org).Where("id IN ?", ids))
	for _, r := range rows {
		found[domain.QueueID(r.ID)] = fromQueueRow(r)
	}
	return found, err
}

// LockForOffers locks the rows of decisions, the interactions' and then the agents',
// each in the order of their ids; but not what somebody else holds, which is left
// out with what waits no longer. Nobody waits.
func (s *Store) LockForOffers(ctx context.Context, org domain.OrganizationID, interactions []domain.InteractionID, agents []domain.AgentID) (map[domain.InteractionID]domain.Interaction, map[domain.AgentID]domain.Agent, error) {
	waiting, free := map[domain.InteractionID]domain.Interaction{}, map[domain.AgentID]domain.Agent{}
	// The state is looked at afterwards: with it in the query, PostgreSQL would look for the ids among all that wait.
	ir, err := all[interactionRow](forUpdateIfFree(s.db(ctx).Where("organization_id = ? AND id IN ?", org, interactions).Order("id")))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range ir {
		if r.State == string(domain.InteractionQueued) {
			waiting[domain.InteractionID(r.ID)] = fromInteractionRow(r)
		}
	}
	ar, err := all[agentRow](forUpdateIfFree(s.living(ctx, org).Where("id IN ?", agents).Order("id")))
	for _, r := range ar {
		free[domain.AgentID(r.ID)] = fromAgentRow(r)
	}
	return waiting, free, err
}

// DueRings lists waiting interactions whose ring is to widen by now, the oldest
// first, and the time of the next one.
func (s *Store) DueRings(ctx context.Context, now time.Time, limit int) ([]domain.DueRing, time.Time, error) {
	rows, err := all[interactionRow](s.db(ctx).Where("state = 'queued' AND ring_due_at IS NOT NULL").Order("ring_due_at").Limit(limit))
	var due []domain.DueRing
	for _, r := range rows {
		if at := fromMS(*r.RingDueAt); at.After(now) {
			return due, at, err
		}
		due = append(due, domain.DueRing{Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.ID)})
	}
	return due, time.Time{}, err
}

// SpilledIn lists waiting interactions that came back to their queue more often
// than it lets them.
func (s *Store) SpilledIn(ctx context.Context, q domain.Queue, most, limit int) ([]domain.InteractionID, error) {
	var found []domain.InteractionID
	err := s.db(ctx).Raw(`SELECT id FROM interactions WHERE organization_id = ? AND queue_id = ? AND state = 'queued' AND requeue_count > 0
		AND requeue_count >= ? ORDER BY requeue_count LIMIT ?`, q.Organization, q.ID, most, limit).Scan(&found).Error
	return found, translate(err)
}

// Waits tells whether at least n interactions wait in a queue.
func (s *Store) Waits(ctx context.Context, q domain.Queue, n int) (bool, error) {
	return s.any(ctx, `SELECT EXISTS (SELECT 1 FROM interactions WHERE organization_id = ? AND queue_id = ? AND state = 'queued'
		ORDER BY score LIMIT 1 OFFSET ?)`, q.Organization, q.ID, n-1)
}

// Ahead counts the work of a queue that is more urgent than this, up to a limit.
func (s *Store) Ahead(ctx context.Context, w domain.Waiting, org domain.OrganizationID, limit int) (n int, err error) {
	err = s.scan(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM interactions WHERE organization_id = ? AND queue_id = ? AND state = 'queued'
		AND (score, id) < (?, ?) ORDER BY score, id LIMIT ?) ahead`, org, w.Queue, w.Score, w.Interaction, limit)
	return n, err
}

// Reroute puts what waits in a queue, or is offered from it, under its rules as
// they are now: how it is scored, and when rings widen that did not before.
func (s *Store) Reroute(ctx context.Context, q domain.Queue, now time.Time) error {
	scoring, due := q.Rules.Routing.Method, domain.Interaction{}.Enter(q, now).RingDueAt
	for _, state := range []domain.InteractionState{domain.InteractionQueued, domain.InteractionAlerting} {
		err := s.exec(ctx, "interactions", nil, `UPDATE interactions SET score = enqueued_at - priority * CAST(? AS bigint), scoring = ?,
			class = ? || substr(class, length(scoring) + 1), ring_due_at = CASE WHEN ring_due_at IS NULL AND ring = 1 THEN CAST(? AS bigint) ELSE ring_due_at END
			WHERE organization_id = ? AND queue_id = ? AND state = '`+string(state)+`'`,
			scoring.Step(), scoring, scoring, msPtr(due), q.Organization, q.ID)
		if err != nil {
			return err
		}
	}
	return nil
}
