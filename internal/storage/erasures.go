package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type earlyRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ChannelID         string `gorm:"primaryKey"`
	PlatformMessageID string `gorm:"primaryKey"`
	Unsent            bool
	EditNumber        int
	EditText          *string
	Reactions         string
	CreatedAt         int64 `gorm:"<-:create"`
}

func (earlyRow) TableName() string { return "early_events" }

func toEarlyRow(e domain.Early) earlyRow {
	return earlyRow{OrganizationID: string(e.Organization), ChannelID: string(e.Channel), PlatformMessageID: e.MessageID, Unsent: e.Unsent,
		EditNumber: e.EditNumber, EditText: e.EditText, Reactions: doc(e.Reactions), CreatedAt: ms(e.CreatedAt)}
}

func fromEarlyRow(r earlyRow) domain.Early {
	return domain.Early{Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID), MessageID: r.PlatformMessageID,
		Unsent: r.Unsent, EditNumber: r.EditNumber, EditText: r.EditText, Reactions: fromDoc[[]domain.Reaction](r.Reactions), CreatedAt: fromMS(r.CreatedAt)}
}

// EarlyEvents gives what was told of messages that had not come.
func (s *Store) EarlyEvents(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Early, error) {
	found := map[string]domain.Early{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := probe[earlyRow](ctx, s, string(org), string(ch), "platform_message_id", ids)
	for _, r := range rows {
		found[r.PlatformMessageID] = fromEarlyRow(r)
	}
	return found, err
}

// SaveEarly keeps what was told of a message that has not come.
func (s *Store) SaveEarly(ctx context.Context, e domain.Early) error {
	return insert(ctx, s, `ON CONFLICT (organization_id, channel_id, platform_message_id) DO UPDATE SET unsent = excluded.unsent,
		edit_number = excluded.edit_number, edit_text = excluded.edit_text, reactions = excluded.reactions`, toEarlyRow(e))
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
