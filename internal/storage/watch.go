package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Graces lists the rules of organizations that wait for signs of their agents: few
// have one, and an index finds them.
func (s *Store) Graces(ctx context.Context) ([]domain.Grace, error) {
	var rows []struct {
		ID, OnAgentLost   string
		AgentGraceSeconds int
	}
	err := s.db(ctx).Raw("SELECT id, agent_grace_seconds, on_agent_lost FROM organizations WHERE agent_grace_seconds IS NOT NULL").Scan(&rows).Error
	graces := make([]domain.Grace, len(rows))
	for n, r := range rows {
		graces[n] = domain.Grace{Organization: domain.OrganizationID(r.ID), Period: time.Duration(r.AgentGraceSeconds) * time.Second, Lost: domain.AgentLost(r.OnAgentLost)}
	}
	return graces, translate(err)
}

// SaveSeen records when an agent was there, unless it is known that they were there
// later. It is no change of the agent: their version stays.
func (s *Store) SaveSeen(ctx context.Context, org domain.OrganizationID, agent domain.AgentID, at time.Time) error {
	return s.exec(ctx, "agents", []string{rowKey(org, agent)}, `UPDATE agents SET seen_at = ? WHERE organization_id = ? AND id = ? AND deleted_at IS NULL
		AND (seen_at IS NULL OR seen_at < ?)`, ms(at), org, agent, ms(at))
}

// ForgetSeen ends the wait for a sign of an agent.
func (s *Store) ForgetSeen(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) error {
	return s.exec(ctx, "agents", []string{rowKey(org, agent)}, "UPDATE agents SET seen_at = NULL WHERE organization_id = ? AND id = ?", org, agent)
}

// WatchAgents begins the wait for signs of all agents who are on queue or have work.
func (s *Store) WatchAgents(ctx context.Context, org domain.OrganizationID, now time.Time) error {
	return s.exec(ctx, "agents", nil, `UPDATE agents SET seen_at = ? WHERE organization_id = ? AND deleted_at IS NULL
		AND (presence = 'on_queue' OR alerting + connected > 0)`, ms(now), org)
}

// DueAgents lists agents who have been away for too long by now, the longest first,
// and the time at which the next one will have been.
func (s *Store) DueAgents(ctx context.Context, g domain.Grace, now time.Time, limit int) ([]domain.AgentID, time.Time, error) {
	rows, err := all[agentRow](s.living(ctx, g.Organization).Where("seen_at IS NOT NULL").Order("seen_at").Limit(limit))
	var due []domain.AgentID
	for _, r := range rows {
		if a := fromAgentRow(r); g.Over(a, now) {
			due = append(due, a.ID)
		} else {
			return due, a.SeenAt.Add(g.Period), err
		}
	}
	return due, time.Time{}, err
}

// Engaged gives an agent's parts in interactions that are offered to them or that
// they have, in the order in which the interactions are locked.
func (s *Store) Engaged(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) ([]domain.Participant, error) {
	rows, err := all[participantRow](s.db(ctx).Where("organization_id = ? AND agent_id = ? AND state IN ?", org, agent,
		[]domain.ParticipantState{domain.ParticipantAlerting, domain.ParticipantConnected, domain.ParticipantHeld}))
	// Sorted here: to order them itself, SQLite would go through everybody's.
	slices.SortFunc(rows, func(a, b participantRow) int { return strings.Compare(a.InteractionID, b.InteractionID) })
	if err != nil {
		return nil, err
	}
	return eachTry(rows, s.fromParticipantRow)
}
