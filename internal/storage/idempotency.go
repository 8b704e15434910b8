package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-cx/parley/internal/domain"
)

type idempotencyRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ClientID       string `gorm:"primaryKey"`
	Operation      string `gorm:"primaryKey"`
	Key            string `gorm:"primaryKey"`
	Fingerprint    []byte `gorm:"<-:create"`
	Status         int
	Headers        string
	Body           []byte
	RequestID      string `gorm:"<-:create"`
	SubjectID      string
	CreatedAt      int64 `gorm:"<-:create"`
}

func (idempotencyRow) TableName() string { return "idempotency_keys" }

// Idempotency is one key of a client for one operation, with the answer that
// its first request got. Status is zero while that request runs.
type Idempotency struct {
	Organization domain.OrganizationID
	Client       domain.ClientID
	Operation    string
	Key          string
	Fingerprint  []byte
	Status       int
	Headers      map[string]string
	Body         []byte
	RequestID    string
	Subject      string // the resource of which the answer tells; empty for none in particular
	CreatedAt    time.Time
}

// idempotencyLife is how long an answer is kept for replay.
const idempotencyLife = 7 * 24 * time.Hour

// keptKey is what is kept of a key. One with card data is known again by its hash alone.
func (s *Store) keptKey(i Idempotency) string {
	if !domain.HasCard(i.Key) {
		return i.Key
	}
	return "card:" + hex.EncodeToString(s.sealer.Hash("idempotency key", string(i.Organization)+" "+i.Key))
}

func (s *Store) toIdempotencyRow(i Idempotency) (idempotencyRow, error) {
	i.Key = s.keptKey(i)
	sealed, err := s.sealer.Seal(place(string(i.Organization), "idempotency_keys", "body", string(i.Client)+" "+i.Operation+" "+i.Key), i.Body)
	return idempotencyRow{OrganizationID: string(i.Organization), ClientID: string(i.Client), Operation: i.Operation, Key: i.Key,
		Fingerprint: i.Fingerprint, Status: i.Status, Headers: doc(i.Headers), Body: sealed, RequestID: i.RequestID, SubjectID: i.Subject, CreatedAt: ms(i.CreatedAt)}, err
}

// ClaimKey takes a key for the transaction's effect. When an earlier request
// holds it, that one's record comes back and claimed is false; a request that
// is still running is waited for.
func (s *Store) ClaimKey(ctx context.Context, i Idempotency) (earlier Idempotency, claimed bool, err error) {
	find := "organization_id = ? AND client_id = ? AND operation = ? AND key = ?"
	args := []any{i.Organization, i.Client, i.Operation, s.keptKey(i)}
	for range 2 {
		r, err := s.toIdempotencyRow(i)
		if err != nil {
			return i, false, err
		}
		inserted, err := s.writeNow(ctx, `INSERT INTO idempotency_keys (organization_id, client_id, operation, key, fingerprint, status, headers, body, request_id, subject_id, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, r.OrganizationID, r.ClientID, r.Operation, r.Key, r.Fingerprint, r.Status, r.Headers, r.Body, r.RequestID, r.SubjectID, r.CreatedAt)
		if err != nil || inserted == 1 {
			return i, err == nil, inFlight(err)
		}
		found, err := one[idempotencyRow](s.db(ctx).Where(find, args...), "idempotency key")
		if err != nil {
			return i, false, err
		}
		if fromMS(found.CreatedAt).Add(idempotencyLife).After(i.CreatedAt) {
			earlier, err := s.fromIdempotencyRow(found)
			return earlier, false, err
		}
		if _, err := s.writeNow(ctx, "DELETE FROM idempotency_keys WHERE "+find, args...); err != nil {
			return i, false, err
		}
	}
	return i, false, errInFlight
}

var errInFlight = domain.Conflict("idempotency.in_flight", "Another request with this Idempotency-Key is still running. Send it again in a moment.")

// inFlight tells a wait for the key's other holder that took too long.
func inFlight(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" {
		return errInFlight
	}
	return err
}

func (s *Store) fromIdempotencyRow(r idempotencyRow) (Idempotency, error) {
	i := Idempotency{Organization: domain.OrganizationID(r.OrganizationID), Client: domain.ClientID(r.ClientID), Operation: r.Operation, Key: r.Key,
		Fingerprint: r.Fingerprint, Status: r.Status, Headers: fromDoc[map[string]string](r.Headers), RequestID: r.RequestID, Subject: r.SubjectID, CreatedAt: fromMS(r.CreatedAt)}
	var err error
	i.Body, err = s.sealer.Open(place(r.OrganizationID, "idempotency_keys", "body", r.ClientID+" "+r.Operation+" "+r.Key), r.Body)
	return i, err
}

// SaveAnswer keeps the answer of the request that claimed the key.
func (s *Store) SaveAnswer(ctx context.Context, i Idempotency) error {
	r, err := s.toIdempotencyRow(i)
	if err != nil {
		return err
	}
	return update(ctx, s, r)
}

// clearAnswers drops the answers that tell of these resources, which are those of a
// contact who is being erased. To repeat their requests finds nobody; an answer
// without a body tells nothing, and is still given.
func (s *Store) clearAnswers(ctx context.Context, org domain.OrganizationID, subjects []string) error {
	return s.exec(ctx, "idempotency_keys", nil, "DELETE FROM idempotency_keys WHERE organization_id = ? AND subject_id IN ? AND subject_id <> '' AND status <> 204", org, subjects)
}
