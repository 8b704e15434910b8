package storage

import (
	"context"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type wrapUpCodeRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (wrapUpCodeRow) TableName() string { return "wrap_up_codes" }

func toWrapUpCodeRow(c domain.WrapUpCode) wrapUpCodeRow {
	return wrapUpCodeRow{OrganizationID: string(c.Organization), ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID,
		Version: c.Version, CreatedAt: ms(c.CreatedAt), UpdatedAt: ms(c.UpdatedAt)}
}

func fromWrapUpCodeRow(r wrapUpCodeRow) domain.WrapUpCode {
	return domain.WrapUpCode{ID: domain.WrapUpCodeID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateWrapUpCode adds a code.
func (s *Store) CreateWrapUpCode(ctx context.Context, c domain.WrapUpCode) error {
	return insert(ctx, s, "", toWrapUpCodeRow(c))
}

// SaveWrapUpCode writes a code that was read, one version up.
func (s *Store) SaveWrapUpCode(ctx context.Context, c *domain.WrapUpCode) error {
	return save(ctx, s, &c.Version, toWrapUpCodeRow(*c))
}

// WrapUpCode gives one code.
func (s *Store) WrapUpCode(ctx context.Context, org domain.OrganizationID, code domain.WrapUpCodeID) (domain.WrapUpCode, error) {
	r, err := one[wrapUpCodeRow](s.living(ctx, org).Where("id = ?", code), "wrap-up code")
	if err != nil {
		return domain.WrapUpCode{}, err
	}
	return fromWrapUpCodeRow(r), nil
}

// WrapUpCodes lists codes, among only these ids where only is not nil.
func (s *Store) WrapUpCodes(ctx context.Context, org domain.OrganizationID, find Find, only []domain.WrapUpCodeID, p Page) ([]domain.WrapUpCode, *string, error) {
	db := find.in(s.living(ctx, org))
	if only != nil {
		db = db.Where("id IN ?", append([]domain.WrapUpCodeID{zeroID}, only...))
	}
	rows, next, err := page(db, p, func(r wrapUpCodeRow) string { return r.ID })
	return each(rows, fromWrapUpCodeRow), next, err
}

// zeroID matches nothing; it keeps a list of ids from being empty.
const zeroID = "00000000-0000-0000-0000-000000000000"

// containing makes the pattern that finds a part of a name.
func containing(q string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(q)) + "%"
}

// WrapUpCodeNames gives the names of codes, also of deleted ones. The system's own
// code is none of them.
func (s *Store) WrapUpCodeNames(ctx context.Context, org domain.OrganizationID, codes []domain.WrapUpCodeID) (map[domain.WrapUpCodeID]string, error) {
	names := map[domain.WrapUpCodeID]string{}
	if len(codes) == 0 || codes[0] == domain.WrapUpTimeoutCode {
		return names, nil
	}
	rows, err := all[wrapUpCodeRow](s.db(ctx).Where("organization_id = ? AND id IN ?", org, codes))
	for _, r := range rows {
		names[domain.WrapUpCodeID(r.ID)] = r.Name
	}
	return names, err
}

// DeleteWrapUpCode hides a code; wrap-ups that carry it keep its name.
func (s *Store) DeleteWrapUpCode(ctx context.Context, c domain.WrapUpCode, now time.Time) error {
	return s.remove(ctx, "wrap_up_codes", c.Organization, string(c.ID), c.Version, now)
}

// LivingWrapUpCodes tells which of these codes exist.
func (s *Store) LivingWrapUpCodes(ctx context.Context, org domain.OrganizationID, codes []domain.WrapUpCodeID) (map[domain.WrapUpCodeID]bool, error) {
	living := map[domain.WrapUpCodeID]bool{}
	if len(codes) == 0 {
		return living, nil
	}
	rows, err := all[wrapUpCodeRow](s.living(ctx, org).Where("id IN ?", codes))
	for _, r := range rows {
		living[domain.WrapUpCodeID(r.ID)] = true
	}
	return living, err
}

// QueuesWithCode lists the queues that offer a wrap-up code.
func (s *Store) QueuesWithCode(ctx context.Context, org domain.OrganizationID, code domain.WrapUpCodeID) ([]domain.Queue, error) {
	rows, err := all[queueRow](s.living(ctx, org).Where("wrap_up_code_ids LIKE ?", "%"+string(code)+"%"))
	return each(rows, fromQueueRow), err
}
