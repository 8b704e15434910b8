package storage

import (
	"context"
	"reflect"

	"github.com/parley-cx/parley/internal/domain"
)

type segmentRow struct {
	OrganizationID string `gorm:"primaryKey"`
	InteractionID  string `gorm:"primaryKey"`
	Sequence       int64  `gorm:"primaryKey;autoIncrement:false"`
	ParticipantID  *string
	Type           string
	AgentID        *string
	QueueID        *string
	StartAt        int64
	EndAt          *int64
	DisconnectType *string
}

func (segmentRow) TableName() string { return "segments" }

func toSegmentRow(s domain.Segment) segmentRow {
	return segmentRow{OrganizationID: string(s.Organization), InteractionID: string(s.Interaction), Sequence: s.Sequence,
		ParticipantID: filled(string(s.Participant)), Type: string(s.Type), AgentID: filled(string(s.Agent)), QueueID: filled(string(s.Queue)),
		StartAt: ms(s.Start), EndAt: msPtr(s.End), DisconnectType: id[string](s.DisconnectType)}
}

func fromSegmentRow(r segmentRow) domain.Segment {
	return domain.Segment{Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
		Sequence: r.Sequence, Participant: domain.ParticipantID(plain(r.ParticipantID)), Type: domain.SegmentType(r.Type),
		Agent: domain.AgentID(plain(r.AgentID)), Queue: domain.QueueID(plain(r.QueueID)), Start: fromMS(r.StartAt), End: fromMSPtr(r.EndAt),
		DisconnectType: id[domain.DisconnectType](r.DisconnectType)}
}

// Segments gives the time line of an interaction, in the order in which its
// segments began.
func (s *Store) Segments(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) ([]domain.Segment, error) {
	rows, err := all[segmentRow](s.db(ctx).Where("organization_id = ? AND interaction_id = ?", org, i).Order("sequence"))
	return each(rows, fromSegmentRow), err
}

// segmentWrites keeps the time lines that the events of a transaction tell of.
// What began and ended in it is inserted as it ended, so that no two of the
// writes touch one row.
func (s *Store) segmentWrites(events []domain.Event) []write {
	ended, begun := domain.Segments(events)
	var writes []write
	for _, e := range ended {
		writes = append(writes, endWrite(e))
	}
	if len(begun) == 0 {
		return writes
	}
	rows := each(begun, toSegmentRow)
	t, err := s.tableOf(&rows[0])
	if err != nil {
		return []write{{sql: "SELECT 1", want: -2, miss: err}}
	}
	sql, args := t.insertSQL(reflect.ValueOf(rows))
	return append(writes, write{sql: sql, args: args, want: int64(len(rows)), miss: errStale})
}

// endWrite closes what is open on one line, or on every line where nobody wraps up.
func endWrite(e domain.SegmentEnd) write {
	sql := "UPDATE segments SET end_at = ?, disconnect_type = ? WHERE organization_id = ? AND interaction_id = ? AND end_at IS NULL"
	args := []any{ms(e.At), id[string](e.DisconnectType), e.Organization, e.Interaction}
	switch {
	case !e.All && e.Participant == "":
		sql += " AND participant_id IS NULL"
	case !e.All:
		sql, args = sql+" AND participant_id = ?", append(args, e.Participant)
	default:
		sql += " AND type <> 'wrapup'"
		for _, line := range e.Except {
			if line == "" {
				sql += " AND participant_id IS NOT NULL"
				continue
			}
			sql, args = sql+" AND (participant_id IS NULL OR participant_id <> ?)", append(args, line)
		}
	}
	return write{sql: sql, args: args, want: -1}
}
