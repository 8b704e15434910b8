package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

type transferRow struct {
	OrganizationID string  `gorm:"primaryKey"`
	ID             string  `gorm:"primaryKey"`
	InteractionID  string  `gorm:"<-:create"`
	Mode           string  `gorm:"<-:create"`
	TargetType     string  `gorm:"<-:create"`
	TargetID       string  `gorm:"<-:create"`
	TargetName     string  `gorm:"<-:create"`
	AgentID        string  `gorm:"<-:create"`
	AgentName      string  `gorm:"<-:create"`
	OriginID       string  `gorm:"<-:create"`
	OfferID        *string `gorm:"<-:create"`
	Note           []byte  `gorm:"<-:create"` // sealed
	Priority       *int    `gorm:"<-:create"`
	Skills         string  `gorm:"<-:create"`
	RequestedAt    int64   `gorm:"<-:create"`
	State          string
	Outcome        string
	EndedAt        *int64
	Version        int64
}

func (transferRow) TableName() string { return "transfers" }

func (s *Store) toTransferRow(t domain.Transfer) (transferRow, error) {
	r := transferRow{OrganizationID: string(t.Organization), ID: string(t.ID), InteractionID: string(t.Interaction), Mode: string(t.Mode),
		TargetType: string(t.Target.Type), TargetID: t.Target.ID, TargetName: t.Target.Name, AgentID: string(t.Agent), AgentName: t.AgentName,
		OriginID: string(t.Origin), OfferID: id[string](t.Offer), Priority: t.Priority, Skills: doc(t.Skills), RequestedAt: ms(t.RequestedAt),
		State: string(t.State), Outcome: string(t.Outcome), EndedAt: msPtr(t.EndedAt), Version: t.Version}
	if t.Note == nil {
		return r, nil
	}
	var err error
	r.Note, err = s.seal(place(r.OrganizationID, "transfers", "note", r.ID), *t.Note)
	return r, err
}

func (s *Store) fromTransferRow(r transferRow) (domain.Transfer, error) {
	t := domain.Transfer{ID: domain.TransferID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
		Mode: domain.TransferMode(r.Mode), Target: domain.TransferTarget{Type: domain.TargetType(r.TargetType), ID: r.TargetID, Name: r.TargetName},
		Agent: domain.AgentID(r.AgentID), AgentName: r.AgentName, Origin: domain.ParticipantID(r.OriginID), Offer: id[domain.ParticipantID](r.OfferID),
		Priority: r.Priority, Skills: fromDoc[[]domain.SkillID](r.Skills), RequestedAt: fromMS(r.RequestedAt),
		State: domain.TransferState(r.State), Outcome: domain.OfferState(r.Outcome), EndedAt: fromMSPtr(r.EndedAt), Version: r.Version}
	if len(r.Note) == 0 {
		return t, nil
	}
	return t, s.unseal(place(r.OrganizationID, "transfers", "note", r.ID), r.Note, &t.Note)
}

// CreateTransfer adds a transfer. Its interaction is locked.
func (s *Store) CreateTransfer(ctx context.Context, t domain.Transfer) error {
	r, err := s.toTransferRow(t)
	if err != nil {
		return err
	}
	return insert(ctx, s, "", r)
}

// SaveTransfer writes a transfer that was read while its interaction was locked.
func (s *Store) SaveTransfer(ctx context.Context, t *domain.Transfer) error {
	r, err := s.toTransferRow(*t)
	if err != nil {
		return err
	}
	return save(ctx, s, &t.Version, r)
}

// Transfer gives one transfer of an interaction. The interaction's row serialises
// all moves of its transfers.
func (s *Store) Transfer(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, transfer domain.TransferID) (domain.Transfer, error) {
	r, err := one[transferRow](s.db(ctx).Where("organization_id = ? AND id = ? AND interaction_id = ?", org, transfer, i), "transfer")
	if err != nil {
		return domain.Transfer{}, err
	}
	return s.fromTransferRow(r)
}

// Transfers lists the transfers of an interaction.
func (s *Store) Transfers(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, p Page) ([]domain.Transfer, *string, error) {
	rows, next, err := page(s.db(ctx).Where("organization_id = ? AND interaction_id = ?", org, i), p, func(r transferRow) string { return r.ID })
	if err != nil {
		return nil, nil, err
	}
	transfers, err := eachTry(rows, s.fromTransferRow)
	return transfers, next, err
}

// withTransfers adds the latest transfer to those interactions of a page that had one.
func (s *Store) withTransfers(ctx context.Context, org domain.OrganizationID, details []domain.InteractionDetail) error {
	place := map[string]int{}
	var ids []string
	for n, d := range details {
		if d.Transfer != nil {
			ids, place[string(*d.Transfer)] = append(ids, string(*d.Transfer)), n
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := all[transferRow](s.db(ctx).Where("organization_id = ? AND id IN ?", org, ids))
	if err != nil {
		return err
	}
	transfers, err := eachTry(rows, s.fromTransferRow)
	for n, t := range transfers {
		details[place[string(t.ID)]].Handover = &transfers[n]
	}
	return err
}
