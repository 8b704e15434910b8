package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type draftRow struct {
	OrganizationID string `gorm:"primaryKey"`
	InteractionID  string `gorm:"primaryKey"`
	AgentID        string `gorm:"primaryKey"`
	Content        []byte // sealed
	Unsent         bool
	UpdatedAt      int64
}

func (draftRow) TableName() string { return "drafts" }

func (r draftRow) place() secret.Place {
	return place(r.OrganizationID, "drafts", "content", r.InteractionID+" "+r.AgentID)
}

func (s *Store) toDraftRow(d domain.Draft) (r draftRow, err error) {
	r = draftRow{OrganizationID: string(d.Organization), InteractionID: string(d.Interaction), AgentID: string(d.Agent), Unsent: d.Unsent(), UpdatedAt: ms(d.UpdatedAt)}
	r.Content, err = s.sealText(r.place(), d.Text)
	return r, err
}

func (s *Store) fromDraftRow(r draftRow) (domain.Draft, error) {
	text, err := s.openText(r.place(), r.Content)
	return domain.Draft{Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
		Agent: domain.AgentID(r.AgentID), Text: text, UpdatedAt: fromMS(r.UpdatedAt)}, err
}

// SaveDraft keeps a draft in the place of the one that its author had there.
func (s *Store) SaveDraft(ctx context.Context, d domain.Draft) error {
	r, err := s.toDraftRow(d)
	if err != nil {
		return err
	}
	return insert(ctx, s, `ON CONFLICT (organization_id, interaction_id, agent_id) DO UPDATE SET content = excluded.content,
		unsent = excluded.unsent, updated_at = excluded.updated_at`, r)
}

// Draft gives what an agent has begun to write in an interaction.
func (s *Store) Draft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (domain.Draft, error) {
	r, err := one[draftRow](s.db(ctx).Where("organization_id = ? AND interaction_id = ? AND agent_id = ?", org, i, agent), "draft")
	if err != nil {
		return domain.Draft{}, err
	}
	return s.fromDraftRow(r)
}

// DeleteDraft throws away what an agent has begun to write in an interaction, if anything.
func (s *Store) DeleteDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) error {
	return s.exec(ctx, "drafts", []string{rowKey(org, i, agent)}, "DELETE FROM drafts WHERE organization_id = ? AND interaction_id = ? AND agent_id = ?", org, i, agent)
}

// UnsentDraft tells whether an agent has an unsent draft in an interaction.
func (s *Store) UnsentDraft(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM drafts WHERE organization_id = ? AND interaction_id = ? AND agent_id = ? AND unsent)", org, i, agent)
}

// UnsentDrafts tells whether an agent has an unsent draft in any of the
// conversations in which they take part.
func (s *Store) UnsentDrafts(ctx context.Context, org domain.OrganizationID, agent domain.AgentID) (bool, error) {
	return s.any(ctx, `SELECT EXISTS (SELECT 1 FROM drafts d JOIN participants p ON p.organization_id = d.organization_id AND p.interaction_id = d.interaction_id
		AND p.agent_id = d.agent_id WHERE d.organization_id = ? AND d.agent_id = ? AND d.unsent AND p.state IN ('alerting', 'connected', 'held'))`, org, agent)
}
