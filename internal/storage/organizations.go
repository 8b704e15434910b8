package storage

import (
	"context"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type organizationRow struct {
	ID                string `gorm:"primaryKey"`
	Name              string
	AllowedOrigins    string
	FeaturesOff       string
	AgentGraceSeconds *int
	OnAgentLost       string
	Version           int64
	CreatedAt         int64 `gorm:"<-:create"`
}

func (organizationRow) TableName() string { return "organizations" }

func toOrganizationRow(o domain.Organization) organizationRow {
	return organizationRow{ID: string(o.ID), Name: o.Name, AllowedOrigins: wordsDoc(o.AllowedOrigins), FeaturesOff: wordsDoc(o.Off), AgentGraceSeconds: o.AgentGrace, OnAgentLost: string(o.OnAgentLost),
		Version: o.Version, CreatedAt: ms(o.CreatedAt)}
}

func fromOrganizationRow(r organizationRow) domain.Organization {
	return domain.Organization{ID: domain.OrganizationID(r.ID), Name: r.Name, AllowedOrigins: fromDoc[[]string](r.AllowedOrigins), Off: fromDoc[[]domain.Feature](r.FeaturesOff),
		AgentGrace: r.AgentGraceSeconds, OnAgentLost: domain.AgentLost(r.OnAgentLost),
		Version: r.Version, CreatedAt: fromMS(r.CreatedAt)}
}

// CreateOrganization adds an organization.
func (s *Store) CreateOrganization(ctx context.Context, o domain.Organization) error {
	return insert(ctx, s, "", toOrganizationRow(o))
}

// OrganizationNamed gives the organization of a name; found is false without one.
func (s *Store) OrganizationNamed(ctx context.Context, name string) (o domain.Organization, found bool, err error) {
	rows, err := all[organizationRow](s.db(ctx).Where("name = ?", name).Order("created_at").Limit(1))
	if err != nil || len(rows) == 0 {
		return o, false, err
	}
	return fromOrganizationRow(rows[0]), true, nil
}

// Organization gives one organization.
func (s *Store) Organization(ctx context.Context, org domain.OrganizationID) (domain.Organization, error) {
	r, err := one[organizationRow](s.db(ctx).Where("id = ?", org), "organization")
	if err != nil {
		return domain.Organization{}, err
	}
	return fromOrganizationRow(r), nil
}

// SaveOrganization writes an organization that was read, one version up.
func (s *Store) SaveOrganization(ctx context.Context, o *domain.Organization) error {
	return save(ctx, s, &o.Version, toOrganizationRow(*o))
}

// Origins lists every origin that anybody allows: few have any, and an index
// finds them.
func (s *Store) Origins(ctx context.Context) ([]domain.WebOrigin, error) {
	var rows []struct{ OrganizationID, ClientID, AllowedOrigins string }
	err := s.db(ctx).Raw("SELECT id AS organization_id, '' AS client_id, allowed_origins FROM organizations WHERE allowed_origins <> '[]' " +
		"UNION ALL SELECT organization_id, id, allowed_origins FROM oauth_clients WHERE allowed_origins <> '[]'").Scan(&rows).Error
	var all []domain.WebOrigin
	for _, r := range rows {
		for _, url := range fromDoc[[]string](r.AllowedOrigins) {
			all = append(all, domain.WebOrigin{URL: url, Organization: domain.OrganizationID(r.OrganizationID), Client: domain.ClientID(r.ClientID)})
		}
	}
	return all, translate(err)
}

// FeaturesOff tells what each organization has switched off: few have anything,
// and an index finds them.
func (s *Store) FeaturesOff(ctx context.Context) (map[domain.OrganizationID][]domain.Feature, error) {
	rows, err := all[organizationRow](s.db(ctx).Select("id", "features_off").Where("features_off <> '[]'"))
	off := map[domain.OrganizationID][]domain.Feature{}
	for _, r := range rows {
		off[domain.OrganizationID(r.ID)] = fromDoc[[]domain.Feature](r.FeaturesOff)
	}
	return off, err
}

type settingRow struct {
	Name  string `gorm:"primaryKey"`
	Value string
}

func (settingRow) TableName() string { return "settings" }

// ClockOffset gives how far the sandbox has moved the business clock.
func (s *Store) ClockOffset(ctx context.Context) (time.Duration, error) {
	rows, err := all[settingRow](s.db(ctx).Where("name = ?", "clock_offset_ms"))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	n, err := strconv.ParseInt(rows[0].Value, 10, 64)
	return time.Duration(n) * time.Millisecond, err
}

// SaveClockOffset keeps how far the sandbox has moved the business clock.
func (s *Store) SaveClockOffset(ctx context.Context, d time.Duration) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return insert(ctx, s, "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			settingRow{Name: "clock_offset_ms", Value: strconv.FormatInt(d.Milliseconds(), 10)})
	})
}
