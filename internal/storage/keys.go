package storage

import (
	"context"
	"time"
)

type signingKeyRow struct {
	ID         string `gorm:"primaryKey"`
	PublicKey  []byte
	PrivateKey []byte
	CreatedAt  int64
}

func (signingKeyRow) TableName() string { return "signing_keys" }

// SigningKey signs tokens. Every node reads the same keys.
type SigningKey struct {
	ID        string
	Public    []byte
	Private   []byte
	CreatedAt time.Time
}

// SigningKeys gives all keys, the newest first. It fails when they were sealed
// under another sealing key.
func (s *Store) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	rows, err := all[signingKeyRow](s.db(ctx).Order("created_at DESC, id DESC"))
	if err != nil {
		return nil, err
	}
	keys := make([]SigningKey, len(rows))
	for i, r := range rows {
		private, err := s.sealer.Open(place("", "signing_keys", "private_key", r.ID), r.PrivateKey)
		if err != nil {
			return nil, err
		}
		keys[i] = SigningKey{ID: r.ID, Public: r.PublicKey, Private: private, CreatedAt: fromMS(r.CreatedAt)}
	}
	return keys, nil
}

// SaveSigningKey adds a key.
func (s *Store) SaveSigningKey(ctx context.Context, k SigningKey) error {
	sealed, err := s.sealer.Seal(place("", "signing_keys", "private_key", k.ID), k.Private)
	if err != nil {
		return err
	}
	return insert(ctx, s, "", signingKeyRow{ID: k.ID, PublicKey: k.Public, PrivateKey: sealed, CreatedAt: ms(k.CreatedAt)})
}

// LockSetup lets one node at a time make what a fresh database needs.
func (s *Store) LockSetup(ctx context.Context) error {
	if err := insert(ctx, s, "ON CONFLICT (name) DO NOTHING", settingRow{Name: "setup", Value: "1"}); err != nil {
		return err
	}
	_, err := one[settingRow](forUpdate(s.db(ctx).Where("name = ?", "setup")), "setup")
	return err
}

func onlyIDs(words []string) []string {
	var ids []string
	for _, w := range words {
		if isID(w) {
			ids = append(ids, w)
		}
	}
	return ids
}
