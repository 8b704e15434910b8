package storage

import (
	"context"
	"regexp"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// looked bounds how many of the newest rows one check looks through, and reported
// how many violations it tells of.
const (
	looked   = 10_000
	reported = 100
)

// The parts of the checks: what is open, and what is new.
const (
	openRows   = "(SELECT * FROM interactions WHERE organization_id = ? AND state <> 'disconnected' ORDER BY id DESC LIMIT ?)"
	newestRows = "(SELECT * FROM interactions WHERE organization_id = ? ORDER BY id DESC LIMIT ?)"
	newestLog  = `(SELECT e.* FROM (SELECT organization_id, event_id FROM event_log WHERE organization_id = ? ORDER BY position DESC LIMIT ?) l
		JOIN events e ON e.organization_id = l.organization_id AND e.id = l.event_id)`
	newestMessages = "(SELECT * FROM messages WHERE organization_id = ? ORDER BY id DESC LIMIT ?)"
	newestAgents   = "(SELECT * FROM agents WHERE organization_id = ? ORDER BY id DESC LIMIT ?)"
	newestFiles    = "(SELECT * FROM attachments WHERE organization_id = ? ORDER BY id DESC LIMIT ?)"
	// partOf asks for the version, which every row has, so that SQLite does not go through the whole of an index that has all
	// that is asked for but does not begin with the interaction.
	partOf = "SELECT count(*) FROM participants p WHERE p.organization_id = i.organization_id AND p.interaction_id = i.id AND p.version > 0 AND "
	// partsOf is the parts for which an agent has no other room, with what they are parts of.
	partsOf = `participants p JOIN interactions i ON i.organization_id = p.organization_id AND i.id = p.interaction_id WHERE p.organization_id = a.organization_id
		AND p.agent_id = a.id AND (p.state IN ('alerting', 'connected', 'held') OR p.state = 'wrapup' AND p.wrap_up_required)`
	social = "(i.channel_kind IN ('facebook_page', 'x_post') OR i.channel_kind = 'instagram' AND i.origin <> 'message')"
)

// overloaded finds agents who were offered more than they may have: who have more of
// a medium than their limits allow, though the last of it came after those changed.
const overloaded = `SELECT a.id, 'it was offered more than its limits allow' AS wrong FROM ` + newestAgents + ` a
	LEFT JOIN multimedia_profiles l ON l.organization_id = a.organization_id AND l.id = a.profile_id
	WHERE a.deleted_at IS NULL AND (a.alerting + a.connected + a.wrap_up > a.message_capacity OR a.social > a.social_capacity)
	AND EXISTS (SELECT 1 FROM ` + partsOf + ` AND p.purpose = 'queue' AND p.offered_at > a.updated_at AND p.offered_at > coalesce(l.updated_at, 0)
		AND (SELECT count(*) FROM participants o JOIN interactions j ON j.organization_id = o.organization_id AND j.id = o.interaction_id
			WHERE o.organization_id = a.organization_id AND o.agent_id = a.id AND (o.state IN ('alerting', 'connected', 'held') OR o.state = 'wrapup' AND o.wrap_up_required)
			AND o.id <= p.id AND (a.shared OR ` + social + ` = (j.channel_kind IN ('facebook_page', 'x_post') OR j.channel_kind = 'instagram' AND j.origin <> 'message')))
		> CASE WHEN NOT a.shared AND ` + social + ` THEN a.social_capacity ELSE a.message_capacity END)`

// unattended finds open interactions of which no segment goes on, but for those from
// before there were segments; and agents' parts whose segments go on or end otherwise
// than the parts themselves.
const unattended = `SELECT i.id, 'it is open, and no segment goes on' AS wrong FROM ` + openRows + ` i
	WHERE NOT EXISTS (SELECT 1 FROM segments s WHERE s.organization_id = i.organization_id AND s.interaction_id = i.id AND s.end_at IS NULL)
	AND (EXISTS (SELECT 1 FROM segments s WHERE s.organization_id = i.organization_id AND s.interaction_id = i.id) OR i.created_at >=
		(SELECT s.start_at FROM segments s WHERE s.organization_id = i.organization_id ORDER BY s.interaction_id, s.sequence LIMIT 1))
	UNION ALL SELECT p.id, 'its segments and its part do not end together' FROM ` + newestRows + ` i
		JOIN participants p ON p.organization_id = i.organization_id AND p.interaction_id = i.id
		JOIN segments s ON s.organization_id = p.organization_id AND s.interaction_id = p.interaction_id AND s.participant_id = p.id
		GROUP BY p.id, p.state HAVING CASE WHEN p.state = 'closed' THEN count(*) > count(s.end_at) ELSE count(*) = count(s.end_at) END`

// outlived finds files of limited life that nothing will end in time, and what is
// still known of those that are over.
const outlived = `SELECT f.id, 'it is kept for longer than it may be' AS wrong FROM ` + newestFiles + ` f WHERE CASE
	WHEN f.state = 'expired' OR f.erased THEN f.blob_key <> '' AND f.due IS NULL OR f.name <> '' OR f.sha256 <> '' OR length(f.sealed_name) > 0 OR length(f.source) > 0
	ELSE f.expires_at IS NOT NULL AND (f.due IS NULL OR f.due > f.expires_at) END`

// checks gives the query of each invariant that one statement can check: the ids of
// what violates it, and what is wrong with it. Each sees one moment of the data.
func checks() map[int]string {
	return map[int]string{
		1: `SELECT i.id, 'the state ' || i.state || ' does not fit its owner, its offer or its parts' AS wrong FROM ` + openRows + ` i WHERE NOT CASE
			WHEN i.state = 'queued' THEN i.owner_id IS NULL AND i.offered_id IS NULL AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = 0
			WHEN i.state = 'alerting' THEN i.owner_id IS NULL AND (` + partOf + `p.offer = 'pending' AND p.state = 'alerting' AND p.id = i.offered_id) = 1
				AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = 1
			WHEN i.state IN ('connected', 'held') THEN i.offered_id IS NULL AND (` + partOf + `p.agent_id = i.owner_id AND p.state = i.state) = 1
				AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = 1
			WHEN i.state = 'conference_requested' THEN (` + partOf + `p.agent_id = i.owner_id AND p.state IN ('connected', 'held')) = 1
				AND (` + partOf + `p.offer = 'pending' AND p.state = 'alerting' AND p.id = i.offered_id) = 1 AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = 2
			WHEN i.state = 'conference' THEN i.offered_id IS NULL AND (` + partOf + `p.agent_id = i.owner_id AND p.state = 'connected') = 1
				AND (` + partOf + `p.agent_id <> i.owner_id AND p.state = 'connected') = 1 AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = 2
			WHEN i.state = 'transferring' THEN (` + partOf + `p.offer = 'pending' AND p.state = 'alerting' AND p.id = i.offered_id) = 1
				AND (` + partOf + `p.agent_id = i.owner_id AND p.state = 'connected') = CASE WHEN i.owner_id IS NULL THEN 0 ELSE 1 END
				AND (` + partOf + `p.state IN ('alerting', 'connected', 'held')) = CASE WHEN i.owner_id IS NULL THEN 1 ELSE 2 END
			ELSE i.state = 'bot' END
			UNION ALL SELECT i.id, 'its conference stands otherwise' FROM ` + openRows + ` i WHERE coalesce(i.conference, '') NOT LIKE
				CASE i.state WHEN 'conference_requested' THEN '%"State":"requested"%' WHEN 'conference' THEN '%"State":"active"%' ELSE '%' END
				OR i.state NOT IN ('conference_requested', 'conference') AND (i.conference LIKE '%"State":"requested"%' OR i.conference LIKE '%"State":"active"%')`,
		2: `SELECT a.id, 'the counted work is not the work of its parts' AS wrong FROM ` + newestAgents + ` a
			WHERE a.deleted_at IS NULL AND (a.alerting <> (SELECT count(*) FROM participants p WHERE p.organization_id = a.organization_id AND p.agent_id = a.id AND p.state = 'alerting')
			OR a.connected <> (SELECT count(*) FROM participants p WHERE p.organization_id = a.organization_id AND p.agent_id = a.id AND p.state IN ('connected', 'held'))
			OR a.wrap_up <> (SELECT count(*) FROM participants p WHERE p.organization_id = a.organization_id AND p.agent_id = a.id AND p.state = 'wrapup' AND p.wrap_up_required)
			OR a.social <> (SELECT count(*) FROM ` + partsOf + ` AND ` + social + `)) UNION ALL ` + overloaded,
		3: `SELECT p.id, 'its agent was not ready when the offer was made' AS wrong FROM (SELECT * FROM participants WHERE organization_id = ? AND offer = 'pending' LIMIT ?) p
			JOIN events o ON o.organization_id = p.organization_id AND o.interaction_id = p.interaction_id AND o.type = 'offer.created' AND o.subject = CAST(p.id AS text)
			WHERE (SELECT s.data FROM events s WHERE s.organization_id = p.organization_id AND s.agent_id = p.agent_id AND s.interaction_id IS NULL
				AND s.type = 'agent.routing_status_changed' AND s.id < o.id ORDER BY s.id DESC LIMIT 1) NOT LIKE '%"after":"i%'`,
		4: `SELECT e.id, 'the system ended not responding' AS wrong FROM ` + newestLog + ` e WHERE e.type = 'agent.routing_status_changed'
			AND e.data LIKE '%"before":"not_responding"%' AND e.actor LIKE '%"type":"system"%'`,
		5: `SELECT g.interaction_id AS id, 'a segment does not begin where the one before it ended' AS wrong FROM (SELECT s.interaction_id, s.participant_id, s.start_at,
			LAG(s.end_at) OVER w AS before_end, ROW_NUMBER() OVER w AS number, s.end_at FROM ` + newestRows + ` i
			JOIN segments s ON s.organization_id = i.organization_id AND s.interaction_id = i.id WINDOW w AS (PARTITION BY s.interaction_id, s.participant_id ORDER BY s.sequence)) g
			WHERE g.end_at < g.start_at OR g.number > 1 AND (g.before_end IS NULL OR g.before_end > g.start_at OR g.participant_id IS NOT NULL AND g.before_end < g.start_at)
			UNION ALL ` + unattended,
		7: `SELECT g.id, 'it was sent before a reply that stands before it' AS wrong FROM (SELECT m.id, m.sent_at, MAX(m.sent_at) OVER (PARTITION BY m.thread_id ORDER BY m.position
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS sent_before FROM ` + newestMessages + ` m WHERE m.direction = 'outbound' AND m.sent_at IS NOT NULL) g WHERE g.sent_before > g.sent_at
			UNION ALL SELECT m.id, 'an attempt was made twice' FROM ` + newestMessages + ` m JOIN attempts a ON a.organization_id = m.organization_id AND a.message_id = m.id
			GROUP BY m.id, a.number HAVING count(*) > 1`,
		8: `SELECT m.id, 'it was appended after the disconnect' AS wrong FROM ` + newestMessages + ` m JOIN interactions i ON i.organization_id = m.organization_id AND i.id = m.interaction_id
			WHERE i.disconnected_at IS NOT NULL AND m.created_at > i.disconnected_at`,
		9: `SELECT i.id, 'its events are not counted without a gap' AS wrong FROM ` + newestRows + ` i JOIN events e ON e.organization_id = i.organization_id AND e.interaction_id = i.id
			GROUP BY i.id, i.sequence HAVING max(e.sequence) <> i.sequence OR count(*) <> max(e.sequence) - min(e.sequence) + 1
			UNION ALL SELECT i.id, 'its last event tells another state' FROM ` + newestRows + ` i WHERE (SELECT CASE
				WHEN e.type = 'transfer.requested' THEN '"after":"transferring"' WHEN e.type LIKE 'transfer.%' THEN '"after":"connected"'
				WHEN e.type LIKE 'conference.%' AND e.type NOT IN ('conference.requested', 'conference.started') THEN '"after":"connected","after":"held"' ELSE e.data END FROM events e WHERE e.organization_id = i.organization_id
				AND e.interaction_id = i.id AND e.type IN ('interaction.created', 'interaction.queued', 'interaction.requeued', 'interaction.connected', 'interaction.held',
				'interaction.resumed', 'interaction.disconnected', 'offer.created', 'conference.requested', 'conference.started', 'conference.declined', 'conference.cancelled',
				'conference.exited', 'conference.ended', 'transfer.requested', 'transfer.failed', 'transfer.cancelled')
				AND NOT (e.type = 'offer.created' AND e.data LIKE '%"purpose":"transfer"%') AND (e.type NOT LIKE 'conference.%' OR e.data LIKE '%"participant_id"%') ORDER BY e.sequence DESC LIMIT 1)
				NOT LIKE '%"after":"' || CASE i.state WHEN 'alerting' THEN 'pending' WHEN 'conference_requested' THEN '%requested' WHEN 'conference' THEN 'active' ELSE i.state END || '"%'
				AND i.state IN ('queued', 'alerting', 'connected', 'held', 'transferring', 'conference_requested', 'conference', 'disconnected')`,
		10: outlived,
		11: `SELECT k.key AS id, 'the key has no answer' AS wrong FROM (SELECT * FROM idempotency_keys WHERE organization_id = ? LIMIT ?) k WHERE k.status < 200 OR k.status > 299`,
		12: `SELECT i.id, 'more agents take part than may' AS wrong FROM ` + openRows + ` i WHERE (` + partOf + `p.state IN ('connected', 'held'))
			> CASE i.state WHEN 'conference' THEN 2 ELSE 1 END`,
	}
}

// Violations looks for what violates an invariant, in what is open and in the
// newest of what is over, and names each by its id.
func (s *Store) Violations(ctx context.Context, number int, org domain.OrganizationID) ([]string, error) {
	found, err := s.violated(ctx, checks()[number], org)
	more := map[int]func(context.Context, domain.OrganizationID) ([]string, error){6: s.fallen, 10: s.leaked, 11: s.unreadable}[number]
	if err != nil || more == nil {
		return found, err
	}
	others, err := more(ctx, org)
	return append(found, others...), err
}

// violated gives what a check finds; without one that is nothing.
func (s *Store) violated(ctx context.Context, sql string, org domain.OrganizationID) ([]string, error) {
	if sql == "" {
		return nil, nil
	}
	var args []any
	for range len(regexp.MustCompile(`organization_id = \?`).FindAllString(sql, -1)) {
		args = append(args, org, looked)
	}
	var rows []struct{ ID, Wrong string }
	if err := s.db(ctx).Raw("SELECT v.id, v.wrong FROM ("+sql+") v LIMIT ?", append(args, reported)...).Scan(&rows).Error; err != nil {
		return nil, translate(err)
	}
	found := make([]string, len(rows))
	for n, r := range rows {
		found[n] = r.ID + ": " + r.Wrong
	}
	return found, nil
}

// newest gives the newest events of the log.
func (s *Store) newest(ctx context.Context, org domain.OrganizationID, where string) ([]domain.Event, error) {
	var rows []eventRow
	err := s.db(ctx).Raw("SELECT e.* FROM "+newestLog+" e WHERE "+where, org, looked).Scan(&rows).Error
	return each(rows, fromEventRow), translate(err)
}

// fallen finds replies whose status moved where the state table does not lead.
func (s *Store) fallen(ctx context.Context, org domain.OrganizationID) ([]string, error) {
	events, err := s.newest(ctx, org, "e.type LIKE 'reply.%'")
	var found []string
	for _, e := range events {
		before, after := domain.ReplyStatus(e.Data.Before), domain.ReplyStatus(e.Data.After)
		if before != "" && !before.CanBecome(after) && len(found) < reported {
			found = append(found, e.Data.ReplyID+": it moved from "+string(before)+" to "+string(after))
		}
	}
	return found, err
}

// leak is a link, or a number as long as a card's.
var leak = regexp.MustCompile(`(?i)https?:|(^|[^0-9a-f-])[0-9]{13,19}([^0-9a-f-]|$)`)

// suspect narrows events to those in which a leak may be found.
func (s *Store) suspect() string {
	if s.engine.postgres() {
		return "(e.data ILIKE '%http%' OR e.data ~ '[0-9]{13}')"
	}
	return "(e.data LIKE '%http%' OR e.data GLOB '*" + strings.Repeat("[0-9]", 13) + "*')"
}

// leaked finds events that say what none may say.
func (s *Store) leaked(ctx context.Context, org domain.OrganizationID) ([]string, error) {
	events, err := s.newest(ctx, org, s.suspect())
	var found []string
	for _, e := range events {
		if leak.MatchString(doc(e.Data)) && len(found) < reported {
			found = append(found, string(e.ID)+": it holds a link or a long number")
		}
	}
	return found, err
}

// answersRead bounds how many answers are read again.
const answersRead = 1000

// unreadable finds keys whose answer cannot be given again as it was.
func (s *Store) unreadable(ctx context.Context, org domain.OrganizationID) ([]string, error) {
	rows, err := all[idempotencyRow](s.db(ctx).Where("organization_id = ? AND status BETWEEN 200 AND 299", org).Limit(answersRead))
	var found []string
	for _, r := range rows {
		if _, unsealed := s.fromIdempotencyRow(r); unsealed != nil && len(found) < reported {
			found = append(found, r.Key+": its answer cannot be read")
		}
	}
	return found, err
}
