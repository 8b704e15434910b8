package storage

import (
	"context"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type libraryRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (libraryRow) TableName() string { return "canned_response_libraries" }

func toLibraryRow(c domain.Library) libraryRow {
	return libraryRow{OrganizationID: string(c.Organization), ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID,
		Version: c.Version, CreatedAt: ms(c.CreatedAt), UpdatedAt: ms(c.UpdatedAt)}
}

func fromLibraryRow(r libraryRow) domain.Library {
	return domain.Library{ID: domain.LibraryID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateLibrary adds a library.
func (s *Store) CreateLibrary(ctx context.Context, c domain.Library) error {
	return insert(ctx, s, "", toLibraryRow(c))
}

// SaveLibrary writes a library that was read, one version up.
func (s *Store) SaveLibrary(ctx context.Context, c *domain.Library) error {
	return save(ctx, s, &c.Version, toLibraryRow(*c))
}

// Library gives one library of canned responses.
func (s *Store) Library(ctx context.Context, org domain.OrganizationID, library domain.LibraryID) (domain.Library, error) {
	r, err := one[libraryRow](s.living(ctx, org).Where("id = ?", library), "canned response library")
	if err != nil {
		return domain.Library{}, err
	}
	return fromLibraryRow(r), nil
}

// Libraries lists libraries of canned responses.
func (s *Store) Libraries(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.Library, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r libraryRow) string { return r.ID })
	return each(rows, fromLibraryRow), next, err
}

// DeleteLibrary hides a library.
func (s *Store) DeleteLibrary(ctx context.Context, l domain.Library, now time.Time) error {
	return s.remove(ctx, "canned_response_libraries", l.Organization, string(l.ID), l.Version, now)
}

// LivingLibraries tells which of these libraries exist.
func (s *Store) LivingLibraries(ctx context.Context, org domain.OrganizationID, libraries []domain.LibraryID) (map[domain.LibraryID]bool, error) {
	living := map[domain.LibraryID]bool{}
	if len(libraries) == 0 {
		return living, nil
	}
	rows, err := all[libraryRow](s.living(ctx, org).Where("id IN ?", libraries))
	for _, r := range rows {
		living[domain.LibraryID(r.ID)] = true
	}
	return living, err
}

// LibraryInUse tells whether a canned response is kept in the library.
func (s *Store) LibraryInUse(ctx context.Context, org domain.OrganizationID, library domain.LibraryID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM canned_responses WHERE organization_id = ? AND library_id = ? AND deleted_at IS NULL)", org, library)
}

// QueuesWithLibrary lists the queues that offer a library by name.
func (s *Store) QueuesWithLibrary(ctx context.Context, org domain.OrganizationID, library domain.LibraryID) ([]domain.Queue, error) {
	rows, err := all[queueRow](s.living(ctx, org).Where("rules LIKE ?", "%"+string(library)+"%"))
	return each(rows, fromQueueRow), err
}

type cannedRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	LibraryID      *string
	Language       *string
	Body           string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (cannedRow) TableName() string { return "canned_responses" }

func toCannedRow(c domain.CannedResponse) cannedRow {
	return cannedRow{OrganizationID: string(c.Organization), ID: string(c.ID), Name: c.Name, ExternalID: c.ExternalID,
		LibraryID: id[string](c.Library), Language: c.Language, Body: c.Text,
		Version: c.Version, CreatedAt: ms(c.CreatedAt), UpdatedAt: ms(c.UpdatedAt)}
}

func fromCannedRow(r cannedRow) domain.CannedResponse {
	return domain.CannedResponse{ID: domain.CannedResponseID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, Library: id[domain.LibraryID](r.LibraryID), Language: r.Language, Text: r.Body, Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateCannedResponse adds a canned response.
func (s *Store) CreateCannedResponse(ctx context.Context, c domain.CannedResponse) error {
	return insert(ctx, s, "", toCannedRow(c))
}

// SaveCannedResponse writes a canned response that was read, one version up.
func (s *Store) SaveCannedResponse(ctx context.Context, c *domain.CannedResponse) error {
	return save(ctx, s, &c.Version, toCannedRow(*c))
}

// CannedResponse gives one canned response.
func (s *Store) CannedResponse(ctx context.Context, org domain.OrganizationID, canned domain.CannedResponseID) (domain.CannedResponse, error) {
	r, err := one[cannedRow](s.living(ctx, org).Where("id = ?", canned), "canned response")
	if err != nil {
		return domain.CannedResponse{}, err
	}
	return fromCannedRow(r), nil
}

// CannedFilter narrows a list of canned responses; empty fields narrow nothing.
type CannedFilter struct {
	Find     // Part is looked for in texts, too
	Library  domain.LibraryID
	Language string
	Offered  *domain.Libraries // by a queue
}

// CannedResponses lists canned responses.
func (s *Store) CannedResponses(ctx context.Context, org domain.OrganizationID, f CannedFilter, p Page) ([]domain.CannedResponse, *string, error) {
	part := f.Part
	f.Part = ""
	db := f.in(s.living(ctx, org))
	if part != "" {
		db = db.Where("(lower(name) LIKE ? ESCAPE '!' OR lower(body) LIKE ? ESCAPE '!')", containing(part), containing(part))
	}
	if f.Library != "" {
		db = db.Where("library_id = ?", f.Library)
	}
	if f.Language != "" {
		language := strings.ToLower(f.Language)
		db = db.Where("(language IS NULL OR lower(language) = ? OR lower(language) LIKE ?)", language, language+"-%")
	}
	if f.Offered != nil && f.Offered.Mode == domain.LibrariesSelected {
		db = db.Where("(library_id IS NULL OR library_id IN ?)", append([]domain.LibraryID{zeroID}, f.Offered.IDs...))
	}
	if f.Offered != nil && f.Offered.Mode == domain.LibrariesNone {
		db = db.Where("id = ?", zeroID)
	}
	rows, next, err := page(db, p, func(r cannedRow) string { return r.ID })
	return each(rows, fromCannedRow), next, err
}

// DeleteCannedResponse hides a canned response; replies that were made of it keep its id.
func (s *Store) DeleteCannedResponse(ctx context.Context, r domain.CannedResponse, now time.Time) error {
	return s.remove(ctx, "canned_responses", r.Organization, string(r.ID), r.Version, now)
}
