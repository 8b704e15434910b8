package storage

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type agentRow struct {
	OrganizationID  string `gorm:"primaryKey"`
	ID              string `gorm:"primaryKey"`
	Name            string
	ExternalID      *string
	DisplayName     *string
	Email           *string
	ExternalSubject *string
	Skills          string
	ProfileID       *string
	Limits          limitColumns `gorm:"embedded"`
	Scopes          string
	Presence        string
	PresenceNote    *string
	NotResponding   bool
	Alerting        int
	Connected       int
	WrapUp          int
	Social          int
	IdleSince       int64
	SeenAt          *int64
	Version         int64
	CreatedAt       int64 `gorm:"<-:create"`
	UpdatedAt       int64
	DeletedAt       *int64 `gorm:"<-:create"`
}

func (agentRow) TableName() string { return "agents" }

func toAgentRow(a domain.Agent) agentRow {
	return agentRow{OrganizationID: string(a.Organization), ID: string(a.ID), Name: a.Name, ExternalID: a.ExternalID,
		DisplayName: a.DisplayName, Email: a.Email, ExternalSubject: a.Subject, Skills: doc(a.Skills), ProfileID: id[string](a.Profile), Limits: toLimitColumns(a.Limits),
		Scopes: domain.Join(a.Scopes), Presence: string(a.Presence), PresenceNote: a.PresenceNote, NotResponding: a.NotResponding,
		Alerting: a.Load.Alerting, Connected: a.Load.Connected, WrapUp: a.Load.WrapUp, Social: a.Load.Social,
		IdleSince: ms(a.IdleSince), SeenAt: msPtr(a.SeenAt), Version: a.Version, CreatedAt: ms(a.CreatedAt), UpdatedAt: ms(a.UpdatedAt)}
}

func fromAgentRow(r agentRow) domain.Agent {
	return domain.Agent{ID: domain.AgentID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name, ExternalID: r.ExternalID,
		DisplayName: r.DisplayName, Email: r.Email, Subject: r.ExternalSubject, Skills: fromDoc[[]domain.AgentSkill](r.Skills), Profile: id[domain.ProfileID](r.ProfileID),
		Limits: fromLimitColumns(r.Limits), Scopes: domain.ParseScopes(r.Scopes), Presence: domain.Presence(r.Presence),
		PresenceNote: r.PresenceNote, NotResponding: r.NotResponding,
		Load:      domain.Load{Alerting: r.Alerting, Connected: r.Connected, WrapUp: r.WrapUp, Social: r.Social},
		IdleSince: fromMS(r.IdleSince), SeenAt: fromMSPtr(r.SeenAt), Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateAgent adds an agent.
func (s *Store) CreateAgent(ctx context.Context, a domain.Agent) error {
	return insert(ctx, s, "", toAgentRow(a))
}

// SaveAgent writes an agent that was read, one version up.
func (s *Store) SaveAgent(ctx context.Context, a *domain.Agent) error {
	return save(ctx, s, &a.Version, toAgentRow(*a))
}

// Agent gives one agent.
func (s *Store) Agent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error) {
	r, err := one[agentRow](s.living(ctx, org).Where("id = ?", agent), "agent")
	if err != nil {
		return domain.Agent{}, err
	}
	return fromAgentRow(r), nil
}

// LockAgent gives one agent and holds the row until the transaction ends.
func (s *Store) LockAgent(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (domain.Agent, error) {
	r, err := one[agentRow](forUpdate(s.living(ctx, org).Where("id = ?", agent)), "agent")
	if err != nil {
		return domain.Agent{}, err
	}
	return fromAgentRow(r), nil
}

// Agents lists agents.
func (s *Store) Agents(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.Agent, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r agentRow) string { return r.ID })
	return each(rows, fromAgentRow), next, err
}

// DeleteAgent hides an agent and ends their memberships; transcripts keep the name.
func (s *Store) DeleteAgent(ctx context.Context, a domain.Agent, now time.Time) error {
	if err := s.DeleteMemberships(ctx, a.Organization, a.ID); err != nil {
		return err
	}
	return s.remove(ctx, "agents", a.Organization, string(a.ID), a.Version, now)
}

// LockAgents gives those of these agents who exist, by id, and holds their rows
// until the transaction ends.
func (s *Store) LockAgents(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Agent, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	rows, err := all[agentRow](forUpdate(s.living(ctx, org).Where("id IN ?", agents).Order("id")))
	return each(rows, fromAgentRow), err
}

// AgentsByID gives those of these agents who exist.
func (s *Store) AgentsByID(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) ([]domain.Agent, error) {
	var found []domain.Agent
	for some := range slices.Chunk(agents, 1000) {
		rows, err := all[agentRow](s.living(ctx, org).Where("id IN ?", some))
		if err != nil {
			return nil, err
		}
		found = append(found, each(rows, fromAgentRow)...)
	}
	return found, nil
}

// LivingAgents tells which of these agents exist.
func (s *Store) LivingAgents(ctx context.Context, org domain.OrganizationID, agents []domain.AgentID) (map[domain.AgentID]bool, error) {
	living := map[domain.AgentID]bool{}
	for some := range slices.Chunk(agents, 1000) {
		var found []domain.AgentID
		if err := s.living(ctx, org).Table("agents").Where("id IN ?", some).Pluck("id", &found).Error; err != nil {
			return nil, translate(err)
		}
		for _, agent := range found {
			living[agent] = true
		}
	}
	return living, nil
}
