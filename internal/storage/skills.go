package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type skillRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (skillRow) TableName() string { return "skills" }

func toSkillRow(k domain.Skill) skillRow {
	return skillRow{OrganizationID: string(k.Organization), ID: string(k.ID), Name: k.Name, ExternalID: k.ExternalID,
		Version: k.Version, CreatedAt: ms(k.CreatedAt), UpdatedAt: ms(k.UpdatedAt)}
}

func fromSkillRow(r skillRow) domain.Skill {
	return domain.Skill{ID: domain.SkillID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateSkill adds a skill.
func (s *Store) CreateSkill(ctx context.Context, k domain.Skill) error {
	return insert(ctx, s, "", toSkillRow(k))
}

// SaveSkill writes a skill that was read, one version up.
func (s *Store) SaveSkill(ctx context.Context, k *domain.Skill) error {
	return save(ctx, s, &k.Version, toSkillRow(*k))
}

// Skill gives one skill.
func (s *Store) Skill(ctx context.Context, org domain.OrganizationID, skill domain.SkillID) (domain.Skill, error) {
	r, err := one[skillRow](s.living(ctx, org).Where("id = ?", skill), "skill")
	if err != nil {
		return domain.Skill{}, err
	}
	return fromSkillRow(r), nil
}

// Skills lists skills.
func (s *Store) Skills(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.Skill, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r skillRow) string { return r.ID })
	return each(rows, fromSkillRow), next, err
}

// DeleteSkill hides a skill. Whoever has it must lose it in the same transaction.
func (s *Store) DeleteSkill(ctx context.Context, k domain.Skill, now time.Time) error {
	return s.remove(ctx, "skills", k.Organization, string(k.ID), k.Version, now)
}

// LivingSkills tells which of these skills exist.
func (s *Store) LivingSkills(ctx context.Context, org domain.OrganizationID, skills []domain.SkillID) (map[domain.SkillID]bool, error) {
	living := map[domain.SkillID]bool{}
	if len(skills) == 0 {
		return living, nil
	}
	rows, err := all[skillRow](s.living(ctx, org).Where("id IN ?", skills))
	for _, r := range rows {
		living[domain.SkillID(r.ID)] = true
	}
	return living, err
}

// AgentsWithSkill lists the agents who have a skill, by id.
func (s *Store) AgentsWithSkill(ctx context.Context, org domain.OrganizationID, skill domain.SkillID) ([]domain.AgentID, error) {
	var found []domain.AgentID
	err := s.living(ctx, org).Table("agents").Where("skills LIKE ?", `%"`+string(skill)+`"%`).Order("id").Pluck("id", &found).Error
	return found, translate(err)
}

// QueuesWithSkill lists the queues whose routing names a skill.
func (s *Store) QueuesWithSkill(ctx context.Context, org domain.OrganizationID, skill domain.SkillID) ([]domain.Queue, error) {
	rows, err := all[queueRow](s.living(ctx, org).Where("rules LIKE ?", `%"`+string(skill)+`"%`))
	return each(rows, fromQueueRow), err
}
