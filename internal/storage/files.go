package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type fileRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Origin         string `gorm:"<-:create"`
	State          string
	Name           string // of a row that was written before names were sealed
	SealedName     []byte
	ContentType    string
	Size           int64
	SHA256         string `gorm:"column:sha256"`
	BlobKey        string
	Source         []byte
	Fault          string
	InteractionID  *string `gorm:"<-:create"`
	MessageID      *string `gorm:"<-:create"`
	ExpiresAt      *int64
	Due            *int64
	LeaseUntil     int64
	Tries          int
	Erased         bool
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
}

func (fileRow) TableName() string { return "attachments" }

// toFileRow seals the platform's link, as some platforms allow nobody to write
// theirs down in clear, and the name that the customer gave the file.
func (s *Store) toFileRow(f domain.File) (fileRow, error) {
	r := fileRow{OrganizationID: string(f.Organization), ID: string(f.ID), Origin: string(f.Origin), State: string(f.State),
		ContentType: f.ContentType, Size: f.Size, SHA256: f.SHA256, BlobKey: f.Key, Fault: string(f.Fault),
		InteractionID: id[string](f.Interaction), MessageID: id[string](f.Message), ExpiresAt: msPtr(f.ExpiresAt), Due: msPtr(f.Due),
		LeaseUntil: ms(f.LeaseUntil), Tries: f.Tries, Erased: f.Erased, Version: f.Version, CreatedAt: ms(f.CreatedAt)}
	var err error
	if r.Source, err = s.sealText(place(r.OrganizationID, "attachments", "source", r.ID), f.Source); err != nil {
		return r, err
	}
	r.SealedName, err = s.sealText(place(r.OrganizationID, "attachments", "sealed_name", r.ID), f.Name)
	return r, err
}

func (s *Store) fromFileRow(r fileRow) (domain.File, error) {
	f := domain.File{ID: domain.AttachmentID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Origin: domain.FileOrigin(r.Origin),
		State: domain.FileState(r.State), Name: r.Name, ContentType: r.ContentType, Size: r.Size, SHA256: r.SHA256, Key: r.BlobKey,
		Fault: domain.FileFault(r.Fault), Interaction: id[domain.InteractionID](r.InteractionID), Message: id[domain.MessageID](r.MessageID),
		ExpiresAt: fromMSPtr(r.ExpiresAt), Due: fromMSPtr(r.Due), LeaseUntil: fromMS(r.LeaseUntil), Tries: r.Tries, Erased: r.Erased,
		Version: r.Version, CreatedAt: fromMS(r.CreatedAt)}
	var err error
	if f.Source, err = s.openText(place(r.OrganizationID, "attachments", "source", r.ID), r.Source); err != nil || len(r.SealedName) == 0 {
		return f, err
	}
	f.Name, err = s.openText(place(r.OrganizationID, "attachments", "sealed_name", r.ID), r.SealedName)
	return f, err
}

// sealText seals a text; of none, nothing is written.
func (s *Store) sealText(p secret.Place, text string) ([]byte, error) {
	if text == "" {
		return []byte{}, nil
	}
	return s.sealer.Seal(p, []byte(text))
}

func (s *Store) openText(p secret.Place, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := s.sealer.Open(p, sealed)
	return string(text), err
}

// CreateFiles writes new files.
func (s *Store) CreateFiles(ctx context.Context, files ...domain.File) error {
	rows := make([]fileRow, len(files))
	for n, f := range files {
		var err error
		if rows[n], err = s.toFileRow(f); err != nil {
			return err
		}
	}
	return insert(ctx, s, "", rows...)
}

// SaveFile writes a file that was read, one version up.
func (s *Store) SaveFile(ctx context.Context, f *domain.File) error {
	r, err := s.toFileRow(*f)
	if err != nil {
		return err
	}
	return save(ctx, s, &f.Version, r)
}

// DeleteFile forgets a file whose bytes are gone.
func (s *Store) DeleteFile(ctx context.Context, f domain.File) error {
	return s.exec(ctx, "attachments", []string{rowKey(f.Organization, f.ID)},
		"DELETE FROM attachments WHERE organization_id = ? AND id = ?", f.Organization, f.ID)
}

// File gives a file of an organization.
func (s *Store) File(ctx context.Context, org domain.OrganizationID, file domain.AttachmentID) (domain.File, error) {
	r, err := one[fileRow](s.db(ctx).Where("organization_id = ? AND id = ? AND NOT erased", org, file), "attachment")
	if err != nil {
		return domain.File{}, err
	}
	return s.fromFileRow(r)
}

// FileByID gives a file of any organization, for a link whose signature tells
// whether its bearer may have it.
func (s *Store) FileByID(ctx context.Context, file domain.AttachmentID) (domain.File, error) {
	r, err := one[fileRow](s.db(ctx).Where("id = ? AND NOT erased", file), "attachment")
	if err != nil {
		return domain.File{}, err
	}
	return s.fromFileRow(r)
}

// FilesByID gives files of an organization by id.
func (s *Store) FilesByID(ctx context.Context, org domain.OrganizationID, ids []domain.AttachmentID) (map[domain.AttachmentID]domain.File, error) {
	found := map[domain.AttachmentID]domain.File{}
	if len(ids) == 0 {
		return found, nil
	}
	db := s.db(ctx).Where("organization_id = ? AND id IN ? AND NOT erased", org, ids)
	if s.engine.postgres() { // see probe: it has to be told to look each of them up
		db = s.db(ctx).Raw(`SELECT f.* FROM unnest(CAST(? AS uuid[])) AS k(id) CROSS JOIN LATERAL
			(SELECT * FROM attachments WHERE organization_id = ? AND id = k.id LIMIT 1) AS f WHERE NOT f.erased`, textArray(strs[string](ids)), org)
	}
	rows, err := all[fileRow](db)
	for _, r := range rows {
		f, err := s.fromFileRow(r)
		if err != nil {
			return nil, err
		}
		found[f.ID] = f
	}
	return found, err
}

// ClaimFiles locks files that are due and held by nobody. A lease is kept when
// the caller saves them with one.
func (s *Store) ClaimFiles(ctx context.Context, now, machine time.Time, limit int) (claimed []domain.File, err error) {
	rows, err := all[fileRow](forUpdateIfFree(s.db(ctx).Where("due <= ? AND lease_until <= ?", ms(now), ms(machine)).Order("due").Limit(limit)))
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		f, err := s.fromFileRow(r)
		if err != nil {
			return nil, err
		}
		claimed = append(claimed, f)
	}
	return claimed, nil
}

// NextFile gives the business time at which the next file is due after now; the
// zero time without one.
func (s *Store) NextFile(ctx context.Context, now time.Time) (time.Time, error) {
	var next *int64
	err := s.scan(ctx, &next, "SELECT min(due) FROM attachments WHERE due > ?", ms(now))
	if err != nil || next == nil {
		return time.Time{}, err
	}
	return fromMS(*next), nil
}

// EraseFilesOf takes the files away that came with a message: nobody sees them
// from this commit on, and the loop that looks after files removes their bytes
// and then their rows. What is known of them goes at once.
func (s *Store) EraseFilesOf(ctx context.Context, org domain.OrganizationID, message domain.MessageID, now time.Time) error {
	return s.exec(ctx, "attachments", nil, `UPDATE attachments SET erased = TRUE, name = '', sealed_name = '', source = '', sha256 = '', content_type = '', size = 0,
		due = ?, lease_until = 0, version = version + 1 WHERE organization_id = ? AND message_id = ?`, ms(now), org, message)
}

// Fleeting tells whether something came in an interaction that nobody may keep, or not
// for long; what its sender took back counts no longer.
func (s *Store) Fleeting(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (bool, error) {
	return s.any(ctx, `SELECT EXISTS (SELECT 1 FROM attachments WHERE organization_id = ? AND interaction_id = ? AND NOT erased AND origin = 'platform'
		AND (state = 'linked' OR state = 'expired' OR expires_at IS NOT NULL))`, org, i)
}
