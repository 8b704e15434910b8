package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// A reply's way to the platform is one row: first the send, then, where the
// outcome is unknown, the wait for proof. The row holds its lane, the thread.
type jobRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Kind           string `gorm:"<-:create"`
	LaneID         string `gorm:"<-:create"`
	Position       int64  `gorm:"<-:create"`
	SubjectID      string `gorm:"<-:create"`
	ResourceID     string `gorm:"<-:create"`
	Stage          string
	Tries          int
	RunAt          int64
	GiveUpAt       *int64
	LeaseUntil     int64
}

func (jobRow) TableName() string { return "jobs" }

const kindDelivery = "delivery"

func toJobRow(d domain.Delivery) jobRow {
	return jobRow{OrganizationID: string(d.Organization), ID: string(d.ID), Kind: kindDelivery, LaneID: string(d.Thread), Position: d.Position,
		SubjectID: string(d.Message), ResourceID: string(d.Channel), Stage: string(d.Stage), Tries: d.Tries, RunAt: ms(d.RunAt),
		GiveUpAt: msPtr(d.GiveUpAt), LeaseUntil: ms(d.LeaseUntil)}
}

func fromJobRow(r jobRow) domain.Delivery {
	return domain.Delivery{Organization: domain.OrganizationID(r.OrganizationID), ID: domain.JobID(r.ID), Thread: domain.ThreadID(r.LaneID),
		Position: r.Position, Message: domain.MessageID(r.SubjectID), Channel: domain.ChannelID(r.ResourceID), Stage: domain.DeliveryStage(r.Stage),
		Tries: r.Tries, RunAt: fromMS(r.RunAt), GiveUpAt: fromMSPtr(r.GiveUpAt), LeaseUntil: fromMS(r.LeaseUntil)}
}

// CreateDeliveries records work that follows from new replies.
func (s *Store) CreateDeliveries(ctx context.Context, deliveries ...domain.Delivery) error {
	return insert(ctx, s, "", each(deliveries, toJobRow)...)
}

// SaveDelivery writes a delivery that was claimed.
func (s *Store) SaveDelivery(ctx context.Context, d domain.Delivery) error {
	return update(ctx, s, toJobRow(d))
}

// DeleteDelivery ends a delivery: the next one of its thread may go.
func (s *Store) DeleteDelivery(ctx context.Context, d domain.Delivery) error {
	return s.exec(ctx, "jobs", []string{rowKey(d.Organization, d.ID)}, "DELETE FROM jobs WHERE organization_id = ? AND id = ?", d.Organization, d.ID)
}

// DeleteDeliveriesOf ends the deliveries of messages whose outcome is proven.
func (s *Store) DeleteDeliveriesOf(ctx context.Context, org domain.OrganizationID, messages []domain.MessageID) error {
	if len(messages) == 0 {
		return nil
	}
	return s.exec(ctx, "jobs", nil, "DELETE FROM jobs WHERE organization_id = ? AND subject_id IN ?", org, messages)
}

// ClaimDeliveries locks deliveries that are due, first in their thread and held
// by nobody, and leases them until the given machine time. The lease is kept
// when the caller saves them.
func (s *Store) ClaimDeliveries(ctx context.Context, now, machine, lease time.Time, limit int) (claimed []domain.Delivery, err error) {
	rows, err := all[jobRow](forUpdateIfFree(s.db(ctx).Table("jobs j").Where(`j.kind = ? AND j.run_at <= ? AND j.lease_until <= ?
		AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.organization_id = j.organization_id AND p.lane_id = j.lane_id AND p.position < j.position)`,
		kindDelivery, ms(now), ms(machine)).Order("j.run_at").Limit(limit)))
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		r.LeaseUntil = ms(lease)
		claimed = append(claimed, fromJobRow(r))
	}
	return claimed, nil
}

// NextDelivery gives the business time of the earliest delivery after now; the
// zero time without one.
func (s *Store) NextDelivery(ctx context.Context, now time.Time) (time.Time, error) {
	var next *int64
	err := s.scan(ctx, &next, "SELECT min(run_at) FROM jobs WHERE kind = ? AND run_at > ?", kindDelivery, ms(now))
	if err != nil || next == nil {
		return time.Time{}, err
	}
	return fromMS(*next), nil
}

// ReleaseDeliveries makes a channel's waiting deliveries due again, after its
// credentials were renewed.
func (s *Store) ReleaseDeliveries(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, now time.Time) error {
	return s.exec(ctx, "jobs", nil, "UPDATE jobs SET run_at = ? WHERE organization_id = ? AND kind = ? AND resource_id = ? AND run_at > ?",
		ms(now), org, kindDelivery, ch, ms(now))
}
