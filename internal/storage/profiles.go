package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// limitColumns are the limits of a profile, kept there and with each of its
// agents, so that looking for an agent needs no join.
type limitColumns struct {
	Shared          bool
	ChannelKinds    string // a JSON document; null allows every kind
	MessageCapacity int
	SocialCapacity  int
	MessageBySocial bool
	SocialByMessage bool
}

func toLimitColumns(l domain.Limits) limitColumns {
	return limitColumns{Shared: l.Shared, ChannelKinds: doc(l.Channels), MessageCapacity: l.Message, SocialCapacity: l.Social,
		MessageBySocial: l.MessageBySocial, SocialByMessage: l.SocialByMessage}
}

func fromLimitColumns(c limitColumns) domain.Limits {
	return domain.Limits{Shared: c.Shared, Channels: fromDoc[[]domain.ChannelKind](c.ChannelKinds), Message: c.MessageCapacity,
		Social: c.SocialCapacity, MessageBySocial: c.MessageBySocial, SocialByMessage: c.SocialByMessage}
}

type profileRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	Limits         limitColumns `gorm:"embedded"`
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (profileRow) TableName() string { return "multimedia_profiles" }

func toProfileRow(p domain.Profile) profileRow {
	return profileRow{OrganizationID: string(p.Organization), ID: string(p.ID), Name: p.Name, ExternalID: p.ExternalID,
		Limits: toLimitColumns(p.Limits), Version: p.Version, CreatedAt: ms(p.CreatedAt), UpdatedAt: ms(p.UpdatedAt)}
}

func fromProfileRow(r profileRow) domain.Profile {
	return domain.Profile{ID: domain.ProfileID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Limits: fromLimitColumns(r.Limits), Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateProfile adds a multimedia profile.
func (s *Store) CreateProfile(ctx context.Context, p domain.Profile) error {
	return insert(ctx, s, "", toProfileRow(p))
}

// SaveProfile writes a profile that was read, one version up, and puts all of
// its agents under the new limits. Work that they have goes on.
func (s *Store) SaveProfile(ctx context.Context, p *domain.Profile) error {
	if err := save(ctx, s, &p.Version, toProfileRow(*p)); err != nil {
		return err
	}
	l := toLimitColumns(p.Limits)
	return s.exec(ctx, "agents", nil, `UPDATE agents SET shared = ?, channel_kinds = ?, message_capacity = ?, social_capacity = ?,
		message_by_social = ?, social_by_message = ?, version = version + 1 WHERE organization_id = ? AND profile_id = ? AND deleted_at IS NULL`,
		l.Shared, l.ChannelKinds, l.MessageCapacity, l.SocialCapacity, l.MessageBySocial, l.SocialByMessage, p.Organization, p.ID)
}

// Profile gives one multimedia profile.
func (s *Store) Profile(ctx context.Context, org domain.OrganizationID, profile domain.ProfileID) (domain.Profile, error) {
	r, err := one[profileRow](s.living(ctx, org).Where("id = ?", profile), "multimedia profile")
	if err != nil {
		return domain.Profile{}, err
	}
	return fromProfileRow(r), nil
}

// LockProfile gives one profile and holds the row until the transaction ends, so
// that no agent gets its limits while they change.
func (s *Store) LockProfile(ctx context.Context, org domain.OrganizationID, profile domain.ProfileID) (domain.Profile, error) {
	r, err := one[profileRow](forUpdate(s.living(ctx, org).Where("id = ?", profile)), "multimedia profile")
	if err != nil {
		return domain.Profile{}, err
	}
	return fromProfileRow(r), nil
}

// Profiles lists multimedia profiles.
func (s *Store) Profiles(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.Profile, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r profileRow) string { return r.ID })
	return each(rows, fromProfileRow), next, err
}

// ProfileInUse tells whether an agent has the profile.
func (s *Store) ProfileInUse(ctx context.Context, org domain.OrganizationID, profile domain.ProfileID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM agents WHERE organization_id = ? AND profile_id = ? AND deleted_at IS NULL)", org, profile)
}

// AgentsWithProfile lists the agents who have a profile, by id.
func (s *Store) AgentsWithProfile(ctx context.Context, org domain.OrganizationID, profile domain.ProfileID) ([]domain.AgentID, error) {
	var found []domain.AgentID
	err := s.living(ctx, org).Table("agents").Where("profile_id = ?", profile).Order("id").Pluck("id", &found).Error
	return found, translate(err)
}

// DeleteProfile hides a profile that no agent has.
func (s *Store) DeleteProfile(ctx context.Context, p domain.Profile, now time.Time) error {
	return s.remove(ctx, "multimedia_profiles", p.Organization, string(p.ID), p.Version, now)
}
