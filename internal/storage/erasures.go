package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type earlyRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ChannelID         string `gorm:"primaryKey"`
	PlatformMessageID string `gorm:"primaryKey"`
	Unsent            bool
	EditNumber        int
	EditText          *string // as the next, of a row that was written before content was sealed
	Reactions         string
	Content           []byte
	CreatedAt         int64 `gorm:"<-:create"`
}

func (earlyRow) TableName() string { return "early_events" }

// told is what was told of a message that has not come.
type told struct {
	EditText  *string           `json:"edit_text,omitempty"`
	Reactions []domain.Reaction `json:"reactions,omitempty"`
	Hidden    bool              `json:"hidden,omitempty"`
}

func (r earlyRow) place() secret.Place {
	return place(r.OrganizationID, "early_events", "content", r.ChannelID+" "+r.PlatformMessageID)
}

func (s *Store) toEarlyRow(e domain.Early) (r earlyRow, err error) {
	r = earlyRow{OrganizationID: string(e.Organization), ChannelID: string(e.Channel), PlatformMessageID: e.MessageID, Unsent: e.Unsent,
		EditNumber: e.EditNumber, Reactions: "[]", CreatedAt: ms(e.CreatedAt)}
	r.Content, err = sealFilled(s, r.place(), told{e.EditText, e.Reactions, e.Hidden})
	return r, err
}

func (s *Store) fromEarlyRow(r earlyRow) (domain.Early, error) {
	e := domain.Early{Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID), MessageID: r.PlatformMessageID,
		Unsent: r.Unsent, EditNumber: r.EditNumber, EditText: r.EditText, Reactions: fromDoc[[]domain.Reaction](r.Reactions), CreatedAt: fromMS(r.CreatedAt)}
	if len(r.Content) == 0 {
		return e, nil
	}
	var told told
	err := s.unseal(r.place(), r.Content, &told)
	e.EditText, e.Reactions, e.Hidden = told.EditText, told.Reactions, told.Hidden
	return e, err
}

// EarlyEvents gives what was told of messages that had not come.
func (s *Store) EarlyEvents(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Early, error) {
	found := map[string]domain.Early{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := probe[earlyRow](ctx, s, string(org), string(ch), "platform_message_id", ids)
	if err != nil {
		return nil, err
	}
	all, err := eachTry(rows, s.fromEarlyRow)
	for _, e := range all {
		found[e.MessageID] = e
	}
	return found, err
}

// SaveEarly keeps what was told of a message that has not come.
func (s *Store) SaveEarly(ctx context.Context, e domain.Early) error {
	r, err := s.toEarlyRow(e)
	if err != nil {
		return err
	}
	return insert(ctx, s, `ON CONFLICT (organization_id, channel_id, platform_message_id) DO UPDATE SET unsent = excluded.unsent,
		edit_number = excluded.edit_number, edit_text = excluded.edit_text, reactions = excluded.reactions, content = excluded.content`, r)
}

type erasureRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	CreatedAt      int64
}

func (erasureRow) TableName() string { return "erasures" }

// CreateErasure asks for the traces of overwritten content to be removed.
func (s *Store) CreateErasure(ctx context.Context, org domain.OrganizationID, now time.Time) error {
	return insert(ctx, s, "", erasureRow{OrganizationID: string(org), ID: domain.NewID[string](), CreatedAt: ms(now)})
}
