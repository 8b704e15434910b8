package storage

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
)

type memberRow struct {
	OrganizationID string `gorm:"primaryKey"`
	QueueID        string `gorm:"primaryKey"`
	AgentID        string `gorm:"primaryKey"`
	Ring           int
	Joined         bool
}

func (memberRow) TableName() string { return "queue_members" }

// PutMember makes agents members of queues, or changes their memberships.
func (s *Store) PutMember(ctx context.Context, org domain.OrganizationID, members ...domain.Member) error {
	for some := range slices.Chunk(members, 1000) {
		rows := each(some, func(m domain.Member) memberRow {
			return memberRow{OrganizationID: string(org), QueueID: string(m.Queue), AgentID: string(m.Agent), Ring: m.Ring, Joined: m.Joined}
		})
		if err := insert(ctx, s, "ON CONFLICT (organization_id, queue_id, agent_id) DO UPDATE SET ring = excluded.ring, joined = excluded.joined", rows...); err != nil {
			return err
		}
	}
	return nil
}

// Member gives an agent's membership of a queue.
func (s *Store) Member(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agent domain.AgentID) (domain.Member, error) {
	r, err := one[memberRow](s.db(ctx).Where("organization_id = ? AND queue_id = ? AND agent_id = ?", org, queue, agent), "queue member")
	if err != nil {
		return domain.Member{}, err
	}
	return fromMemberRow(r), nil
}

// fromMemberRow leaves out the agent's name, which is the agent's.
func fromMemberRow(r memberRow) domain.Member {
	return domain.Member{Queue: domain.QueueID(r.QueueID), Agent: domain.AgentID(r.AgentID), Ring: r.Ring, Joined: r.Joined}
}

// AllMembers gives everybody who is a member of a queue, without names.
func (s *Store) AllMembers(ctx context.Context, org domain.OrganizationID, queue domain.QueueID) ([]domain.Member, error) {
	rows, err := all[memberRow](s.db(ctx).Where("organization_id = ? AND queue_id = ?", org, queue).Order("agent_id"))
	return each(rows, fromMemberRow), err
}

// AgentQueues lists the queues of an agent, by queue.
func (s *Store) AgentQueues(ctx context.Context, org domain.OrganizationID, agent domain.AgentID, p Page) ([]domain.AgentQueue, *string, error) {
	type joined struct {
		Row  memberRow `gorm:"embedded"`
		Name string
	}
	db := s.db(ctx).Table("queue_members m").Select("m.*, q.name").
		Joins("JOIN queues q ON q.organization_id = m.organization_id AND q.id = m.queue_id AND q.deleted_at IS NULL").
		Where("m.organization_id = ? AND m.agent_id = ?", org, agent)
	p = p.of("agent_queues "+string(agent), isID)
	db, err := p.seek(db, "m.queue_id")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[joined](db)
	rows, next := cut(p, rows, func(r joined) string { return r.Row.QueueID })
	return each(rows, func(r joined) domain.AgentQueue {
		return domain.AgentQueue{Queue: domain.QueueID(r.Row.QueueID), QueueName: r.Name, Ring: r.Row.Ring, Joined: r.Row.Joined}
	}), next, err
}

// DeleteMembers takes agents out of a queue; who is no member is none afterwards, too.
func (s *Store) DeleteMembers(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agents []domain.AgentID) error {
	for some := range slices.Chunk(agents, 1000) {
		keys := each(some, func(a domain.AgentID) string { return rowKey(org, queue, a) })
		err := s.exec(ctx, "queue_members", keys, "DELETE FROM queue_members WHERE organization_id = ? AND queue_id = ? AND agent_id IN ("+marks(len(some))+")",
			append([]any{org, queue}, anys(some)...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteMemberships takes an agent out of every queue.
func (s *Store) DeleteMemberships(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) error {
	return s.exec(ctx, "queue_members", nil, "DELETE FROM queue_members WHERE organization_id = ? AND agent_id = ?", org, agent)
}

// DeleteMember takes an agent out of a queue.
func (s *Store) DeleteMember(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, agent domain.AgentID) error {
	return s.writeTo(ctx, write{table: "queue_members", rows: []string{rowKey(org, queue, agent)},
		sql:  "DELETE FROM queue_members WHERE organization_id = ? AND queue_id = ? AND agent_id = ?",
		args: []any{org, queue, agent}, want: 1, miss: domain.NotFound("queue member")})
}

// Members lists a queue's members, by agent.
func (s *Store) Members(ctx context.Context, org domain.OrganizationID, queue domain.QueueID, p Page) ([]domain.Member, *string, error) {
	type joined struct {
		Row  memberRow `gorm:"embedded"`
		Name string
	}
	db := s.db(ctx).Table("queue_members m").Select("m.*, a.name").
		Joins("JOIN agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id AND a.deleted_at IS NULL").
		Where("m.organization_id = ? AND m.queue_id = ?", org, queue)
	p = p.of("queue_members "+string(queue), isID)
	db, err := p.seek(db, "m.agent_id")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[joined](db)
	rows, next := cut(p, rows, func(r joined) string { return r.Row.AgentID })
	return each(rows, func(r joined) domain.Member {
		return domain.Member{Queue: domain.QueueID(r.Row.QueueID), Agent: domain.AgentID(r.Row.AgentID), AgentName: r.Name, Ring: r.Row.Ring, Joined: r.Row.Joined}
	}), next, err
}
