package storage

import (
	"context"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type organizationRow struct {
	ID        string `gorm:"primaryKey"`
	Name      string
	CreatedAt int64 `gorm:"<-:create"`
}

func (organizationRow) TableName() string { return "organizations" }

// CreateOrganization adds an organization.
func (s *Store) CreateOrganization(ctx context.Context, o domain.Organization) error {
	return insert(ctx, s, "", organizationRow{ID: string(o.ID), Name: o.Name, CreatedAt: ms(o.CreatedAt)})
}

// OrganizationNamed gives the organization of a name; found is false without one.
func (s *Store) OrganizationNamed(ctx context.Context, name string) (o domain.Organization, found bool, err error) {
	rows, err := all[organizationRow](s.db(ctx).Where("name = ?", name).Order("created_at").Limit(1))
	if err != nil || len(rows) == 0 {
		return o, false, err
	}
	r := rows[0]
	return domain.Organization{ID: domain.OrganizationID(r.ID), Name: r.Name, CreatedAt: fromMS(r.CreatedAt)}, true, nil
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
