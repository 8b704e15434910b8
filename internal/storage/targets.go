package storage

import (
	"context"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// targetRow is somebody to whom a conversation can go: an agent, or a queue.
type targetRow struct {
	Kind          string
	ID            string
	Name          string
	Presence      string
	NotResponding bool
	Connected     int
	WrapUp        int
}

func fromTargetRow(r targetRow) domain.Target {
	t := domain.Target{TransferTarget: domain.TransferTarget{Type: domain.TargetType(r.Kind), ID: r.ID, Name: r.Name}}
	if t.Type == domain.TargetAgent {
		a := domain.Agent{Presence: domain.Presence(r.Presence), NotResponding: r.NotResponding, Load: domain.Load{Connected: r.Connected, WrapUp: r.WrapUp}}
		t.Presence, t.RoutingStatus = a.Presence, a.RoutingStatus()
	}
	return t
}

// TargetFilter says which targets are meant.
type TargetFilter struct {
	Type  domain.TargetType // empty for both
	Ready bool              // of the agents, those who could be offered something now
	But   domain.AgentID    // who looks
	Part  string            // of the name, in any case
}

const (
	queueTargets = `SELECT 'queue' AS kind, q.id, q.name, '' AS presence, false AS not_responding, 0 AS connected, 0 AS wrap_up FROM queues q
		WHERE q.organization_id = ? AND q.deleted_at IS NULL`
	agentTargets = `SELECT 'agent' AS kind, a.id, a.name, a.presence, a.not_responding, a.connected, a.wrap_up FROM agents a
		WHERE a.organization_id = ? AND a.deleted_at IS NULL`
)

func (f TargetFilter) sql(org domain.OrganizationID) (string, []any) {
	var kinds []string
	var args []any
	add := func(sql string, more ...any) {
		args = append(append(args, org), more...)
		if f.Part != "" {
			sql, args = sql+" AND lower(name) LIKE ? ESCAPE '!'", append(args, containing(f.Part))
		}
		kinds = append(kinds, sql)
	}
	if f.Type != domain.TargetAgent {
		add(queueTargets)
	}
	if f.Type != domain.TargetQueue {
		sql, more := agentTargets, []any{}
		if f.Ready {
			sql += " AND " + readyAgent
		}
		if f.But != "" {
			sql, more = sql+" AND a.id <> ?", append(more, f.But)
		}
		add(sql, more...)
	}
	return "(" + strings.Join(kinds, " UNION ALL ") + ") targets", args
}

// Targets lists to whom a conversation can go, as they are now.
func (s *Store) Targets(ctx context.Context, org domain.OrganizationID, f TargetFilter, p Page) ([]domain.Target, *string, error) {
	p = p.of("targets", isID)
	sql, args := f.sql(org)
	db, err := p.seek(s.db(ctx).Table(sql, args...), "id")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[targetRow](db)
	rows, next := cut(p, rows, func(r targetRow) string { return r.ID })
	return each(rows, fromTargetRow), next, err
}
