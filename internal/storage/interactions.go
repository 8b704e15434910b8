package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

type interactionRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	ThreadID       string `gorm:"<-:create"`
	ChannelID      string `gorm:"<-:create"`
	ContactID      string `gorm:"<-:create"`
	ChannelKind    string `gorm:"<-:create"`
	QueueID        *string
	PreviousID     *string `gorm:"<-:create"`
	Origin         string  `gorm:"<-:create"`
	Referral       string
	State          string
	OwnerID        *string
	OfferedID      *string
	DirectThreadID *string
	TransferID     *string
	Recording      bool
	Conference     *string

	Inactivity       *string
	InactiveAt       *int64
	InactivityWarned bool

	BotUntil *int64

	OriginalPostID *string `gorm:"<-:create"`

	Priority       int
	Score          int64
	Class          string
	Scoring        string
	Skills         string
	Ring           int
	RingDueAt      *int64
	EnqueuedAt     int64
	RequeueCount   int
	Sequence       int64
	Position       int64
	ConnectedAt    *int64
	DisconnectedAt *int64
	DisconnectType *string

	CustomerConsent *bool
	ClosedAt        *int64
	Version         int64
	CreatedAt       int64 `gorm:"<-:create"`
}

func (interactionRow) TableName() string { return "interactions" }

func toInteractionRow(i domain.Interaction) interactionRow {
	return interactionRow{OrganizationID: string(i.Organization), ID: string(i.ID), ThreadID: string(i.Thread), ChannelID: string(i.Channel),
		ContactID: string(i.Contact), ChannelKind: string(i.ChannelKind), QueueID: id[string](i.Queue), PreviousID: id[string](i.Previous),
		OriginalPostID: id[string](i.OriginalPost),
		Origin:         string(i.Origin), Referral: doc(i.Referral), State: string(i.State), OwnerID: id[string](i.Owner), OfferedID: id[string](i.Offered), DirectThreadID: id[string](i.Direct), TransferID: id[string](i.Transfer), Recording: i.Recording, Conference: optionalDoc(i.Conference),
		Inactivity: optionalDoc(i.Inactivity), InactiveAt: msPtr(i.InactiveAt), InactivityWarned: i.InactivityWarned, BotUntil: msPtr(i.BotUntil),
		Priority: i.Priority, Score: i.Score(), EnqueuedAt: ms(i.EnqueuedAt), RequeueCount: i.RequeueCount, Sequence: i.Sequence,
		Position: i.Position, ConnectedAt: msPtr(i.ConnectedAt), DisconnectedAt: msPtr(i.DisconnectedAt),
		DisconnectType: id[string](i.DisconnectType), CustomerConsent: i.Consent, ClosedAt: msPtr(i.ClosedAt), Version: i.Version, CreatedAt: ms(i.CreatedAt),
		Class: string(i.Class()), Scoring: string(i.Scoring), Skills: doc(i.Skills), Ring: i.Ring, RingDueAt: msPtr(i.RingDueAt)}
}

func fromInteractionRow(r interactionRow) domain.Interaction {
	return domain.Interaction{ID: domain.InteractionID(r.ID), Organization: domain.OrganizationID(r.OrganizationID),
		Thread: domain.ThreadID(r.ThreadID), Channel: domain.ChannelID(r.ChannelID), Contact: domain.ContactID(r.ContactID),
		ChannelKind: domain.ChannelKind(r.ChannelKind), Queue: id[domain.QueueID](r.QueueID), Previous: id[domain.InteractionID](r.PreviousID),
		OriginalPost: id[domain.PostID](r.OriginalPostID),
		Origin:       domain.Origin(r.Origin), Referral: fromDoc[*domain.Referral](r.Referral), State: domain.InteractionState(r.State), Owner: id[domain.AgentID](r.OwnerID),
		Offered: id[domain.ParticipantID](r.OfferedID), Direct: id[domain.ThreadID](r.DirectThreadID), Transfer: id[domain.TransferID](r.TransferID), Recording: r.Recording, Conference: fromOptionalDoc[domain.Conference](r.Conference),
		Inactivity: fromOptionalDoc[domain.Inactivity](r.Inactivity), InactiveAt: fromMSPtr(r.InactiveAt), InactivityWarned: r.InactivityWarned, BotUntil: fromMSPtr(r.BotUntil), Priority: r.Priority, EnqueuedAt: fromMS(r.EnqueuedAt),
		RequeueCount: r.RequeueCount, Sequence: r.Sequence, Position: r.Position, ConnectedAt: fromMSPtr(r.ConnectedAt),
		DisconnectedAt: fromMSPtr(r.DisconnectedAt), DisconnectType: id[domain.DisconnectType](r.DisconnectType), Consent: r.CustomerConsent,
		ClosedAt: fromMSPtr(r.ClosedAt), Version: r.Version, CreatedAt: fromMS(r.CreatedAt),
		Scoring: domain.ScoringMethod(r.Scoring), Skills: fromDoc[[]domain.SkillID](r.Skills), Ring: r.Ring, RingDueAt: fromMSPtr(r.RingDueAt)}
}

// CreateInteraction adds an interaction.
func (s *Store) CreateInteraction(ctx context.Context, i domain.Interaction) error {
	return insert(ctx, s, "", toInteractionRow(i))
}

// SaveInteraction writes an interaction that was locked, one version up.
func (s *Store) SaveInteraction(ctx context.Context, i *domain.Interaction) error {
	return save(ctx, s, &i.Version, toInteractionRow(*i))
}

// LockInteraction gives one interaction and holds its row until the transaction ends.
func (s *Store) LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error) {
	r, err := one[interactionRow](forUpdate(s.db(ctx).Where("organization_id = ? AND id = ?", org, i)), "interaction")
	if err != nil {
		return domain.Interaction{}, err
	}
	return fromInteractionRow(r), nil
}

// LockInteractions gives interactions by id and holds their rows, taken in order.
func (s *Store) LockInteractions(ctx context.Context, org domain.OrganizationID, ids []domain.InteractionID) (map[domain.InteractionID]domain.Interaction, error) {
	found := map[domain.InteractionID]domain.Interaction{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := all[interactionRow](forUpdate(s.db(ctx).Where("organization_id = ? AND id IN ?", org, ids).Order("id")))
	for _, r := range rows {
		found[domain.InteractionID(r.ID)] = fromInteractionRow(r)
	}
	return found, err
}

// Interaction gives one interaction as it stands.
func (s *Store) Interaction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error) {
	r, err := one[interactionRow](s.db(ctx).Where("organization_id = ? AND id = ?", org, i), "interaction")
	if err != nil {
		return domain.Interaction{}, err
	}
	return fromInteractionRow(r), nil
}

// DueInactivity lists conversations whose inactivity rule has something to do by
// now, the oldest first, and the time of the next one.
func (s *Store) DueInactivity(ctx context.Context, now time.Time, limit int) ([]domain.DueInactivity, time.Time, error) {
	rows, err := all[interactionRow](s.db(ctx).Where("inactive_at IS NOT NULL").Order("inactive_at").Limit(limit))
	var due []domain.DueInactivity
	for _, r := range rows {
		if at := fromMS(*r.InactiveAt); at.After(now) {
			return due, at, err
		}
		due = append(due, domain.DueInactivity{Organization: domain.OrganizationID(r.OrganizationID),
			Interaction: domain.InteractionID(r.ID), Thread: domain.ThreadID(r.ThreadID)})
	}
	return due, time.Time{}, err
}

// DueBots lists conversations that a bot is to hand over by now, the oldest first,
// and the time of the next one.
func (s *Store) DueBots(ctx context.Context, now time.Time, limit int) ([]domain.DueBot, time.Time, error) {
	rows, err := all[interactionRow](s.db(ctx).Where("bot_until IS NOT NULL").Order("bot_until").Limit(limit))
	var due []domain.DueBot
	for _, r := range rows {
		if at := fromMS(*r.BotUntil); at.After(now) {
			return due, at, err
		}
		due = append(due, domain.DueBot{Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID),
			Interaction: domain.InteractionID(r.ID), Thread: domain.ThreadID(r.ThreadID)})
	}
	return due, time.Time{}, err
}

// InteractionFilter narrows a list of interactions. With an agent, States means
// the agent's own part.
type InteractionFilter struct {
	Sight        domain.Sight
	States       []domain.InteractionState
	Queue        domain.QueueID
	Agent        domain.AgentID
	ChannelKind  domain.ChannelKind
	Contact      domain.ContactID
	CreatedAfter *time.Time
}

// parts gives the states of an agent's part that mean these interaction states.
func (f InteractionFilter) parts() []domain.ParticipantState {
	if len(f.States) == 0 {
		return domain.ParticipantStates()
	}
	var parts []domain.ParticipantState
	for _, s := range f.States {
		switch s {
		case domain.InteractionAlerting:
			parts = append(parts, domain.ParticipantAlerting)
		case domain.InteractionConnected:
			parts = append(parts, domain.ParticipantConnected)
		case domain.InteractionHeld:
			parts = append(parts, domain.ParticipantHeld)
		case domain.InteractionDisconnected:
			parts = append(parts, domain.ParticipantWrapUp, domain.ParticipantClosed)
		}
	}
	return parts
}

// shared gives those of the states in which an agent's part alone does not tell how the
// interaction stands: they have it, and another agent is asked in or takes part.
func (f InteractionFilter) shared() []domain.InteractionState {
	return slices.DeleteFunc(slices.Clone(f.States), func(s domain.InteractionState) bool {
		return s != domain.InteractionConferenceRequested && s != domain.InteractionConference
	})
}

// plainly keeps a condition from leading through an index where an agent's sight is
// the better way: they have few interactions, a queue or a state has many.
func (f InteractionFilter) plainly(condition string) string {
	if f.Sight.Everything() || f.Sight.Supervises {
		return condition
	}
	return "(" + condition + ") IS TRUE"
}

func (f InteractionFilter) apply(db *gorm.DB, org domain.OrganizationID) *gorm.DB {
	db = visible(db.Where("organization_id = ?", org), f.Sight, org)
	switch {
	case f.Agent != "":
		part := `id IN (SELECT interaction_id FROM participants WHERE organization_id = ? AND agent_id = ? AND state IN ?
			AND (offer = 'pending' OR joined_at IS NOT NULL))`
		args := []any{org, f.Agent, append([]domain.ParticipantState{"none"}, f.parts()...)}
		if shared := f.shared(); len(shared) > 0 {
			part += " OR state IN ? AND " + part
			args = append(args, shared, org, f.Agent, []domain.ParticipantState{domain.ParticipantConnected, domain.ParticipantHeld})
		}
		db = db.Where("("+part+")", args...)
	case len(f.States) > 0:
		db = db.Where(f.plainly("state IN ?"), f.States)
	}
	if f.Queue != "" {
		db = db.Where(f.plainly("queue_id = ?"), f.Queue)
	}
	if f.ChannelKind != "" {
		db = db.Where("channel_kind = ?", f.ChannelKind)
	}
	if f.Contact != "" {
		db = db.Where("contact_id = ?", f.Contact)
	}
	if f.CreatedAfter != nil {
		db = db.Where("created_at > ?", ms(*f.CreatedAfter))
	}
	return db
}

// detailRow is an interaction with the columns of its neighbours.
type detailRow struct {
	Row            interactionRow `gorm:"embedded"`
	ChannelName    string
	ChannelAccount string
	ContactAddress string
	ContactName    *string
	ContactContent []byte
	QueueName      *string
	Terms          termsRow `gorm:"embedded;embeddedPrefix:terms_"`
}

const detailSQL = `SELECT i.*, ch.name AS channel_name, ch.account_id AS channel_account, c.address AS contact_address,
	c.display_name AS contact_name, c.content AS contact_content, q.name AS queue_name,
	t.last_inbound_at AS terms_last_inbound_at, t.held_elsewhere AS terms_held_elsewhere, ch.settings AS terms_settings,
	ch.id AS terms_channel_id, ch.kind AS terms_channel_kind
FROM (?) i
JOIN threads t ON t.organization_id = i.organization_id AND t.id = i.thread_id
JOIN channels ch ON ch.organization_id = i.organization_id AND ch.id = i.channel_id
%s LEFT JOIN queues q ON q.organization_id = i.organization_id AND q.id = i.queue_id
ORDER BY i.id `

// detailSQL reads interactions, which stand in its place, with their neighbours. See
// probe: PostgreSQL has to be told to look each contact up.
func (s *Store) detailSQL() string {
	if s.engine.postgres() {
		return fmt.Sprintf(detailSQL, "CROSS JOIN LATERAL (SELECT * FROM contacts WHERE organization_id = i.organization_id AND id = i.contact_id LIMIT 1) c")
	}
	return fmt.Sprintf(detailSQL, "JOIN contacts c ON c.organization_id = i.organization_id AND c.id = i.contact_id")
}

// Interactions lists interactions with what a reader wants to see beside them.
func (s *Store) Interactions(ctx context.Context, org domain.OrganizationID, f InteractionFilter, p Page) ([]domain.InteractionDetail, *string, error) {
	db, p := s.db(ctx), p.of("interactions", isID)
	inner, err := p.seek(f.apply(db.Session(&gorm.Session{NewDB: true, Context: ctx}).Table("interactions"), org), "id")
	if err != nil {
		return nil, nil, err
	}
	direction := "DESC"
	if p.Asc {
		direction = "ASC"
	}
	var rows []detailRow
	if err := db.Raw(s.detailSQL()+direction, inner).Scan(&rows).Error; err != nil {
		return nil, nil, translate(err)
	}
	rows, next := cut(p, rows, func(r detailRow) string { return r.Row.ID })
	details, err := s.withParticipants(ctx, org, rows)
	return details, next, err
}

// InteractionDetail gives one interaction with what a reader wants to see beside it.
func (s *Store) InteractionDetail(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.InteractionDetail, error) {
	rows, err := s.details(ctx, org, i)
	if err != nil {
		return domain.InteractionDetail{}, err
	}
	details, err := s.withParticipants(ctx, org, rows)
	if err != nil {
		return domain.InteractionDetail{}, err
	}
	return details[0], nil
}

// InteractionHead gives one interaction with its neighbours, without the agents'
// parts: all that a transcript needs.
func (s *Store) InteractionHead(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.InteractionDetail, error) {
	rows, err := s.details(ctx, org, i)
	if err != nil {
		return domain.InteractionDetail{}, err
	}
	return s.fromDetailRow(rows[0])
}

func (s *Store) details(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) ([]detailRow, error) {
	db := s.db(ctx)
	inner := db.Session(&gorm.Session{NewDB: true, Context: ctx}).Table("interactions").Where("organization_id = ? AND id = ?", org, i)
	var rows []detailRow
	if err := db.Raw(s.detailSQL(), inner).Scan(&rows).Error; err != nil {
		return nil, translate(err)
	}
	if len(rows) == 0 {
		return nil, domain.NotFound("interaction")
	}
	return rows, nil
}

func (s *Store) fromDetailRow(r detailRow) (domain.InteractionDetail, error) {
	d := domain.InteractionDetail{Interaction: fromInteractionRow(r.Row), ChannelName: r.ChannelName,
		ChannelAccount: r.ChannelAccount, ContactAddress: r.ContactAddress, ContactName: r.ContactName,
		QueueName: r.QueueName, Terms: fromTermsRow(r.Terms)}
	said, err := s.remarks(r.Row.OrganizationID, r.Row.ContactID, r.ContactContent)
	if said.Name != nil {
		d.ContactName = said.Name
	}
	return d, err
}

// draftingRow is an agent's part, and whether they have begun to write.
type draftingRow struct {
	Row      participantRow `gorm:"embedded"`
	Drafting bool
}

// withParticipants adds the agents' parts to a page of interactions: those that
// joined, and pending offers.
func (s *Store) withParticipants(ctx context.Context, org domain.OrganizationID, rows []detailRow) ([]domain.InteractionDetail, error) {
	details := make([]domain.InteractionDetail, len(rows))
	place := map[string]int{}
	ids := make([]string, len(rows))
	for n, r := range rows {
		d, err := s.fromDetailRow(r)
		if err != nil {
			return nil, err
		}
		if d.Direct != nil { // few are: their rules are those of the place where the private conversation is
			if d.Terms, err = s.ReplyTerms(ctx, org, *d.Direct); err != nil {
				return nil, err
			}
		}
		details[n] = d
		ids[n], place[r.Row.ID] = r.Row.ID, n
	}
	if len(rows) == 0 {
		return details, nil
	}
	parts, err := all[draftingRow](s.db(ctx).Table("participants").Select(`participants.*, EXISTS (SELECT 1 FROM drafts d WHERE d.organization_id = participants.organization_id
		AND d.interaction_id = participants.interaction_id AND d.agent_id = participants.agent_id AND d.unsent) AS drafting`).
		Where(`organization_id = ? AND interaction_id IN ? AND (offer = 'pending' OR joined_at IS NOT NULL)`, org, ids).Order("interaction_id, id"))
	if err != nil {
		return nil, err
	}
	for _, r := range parts {
		p, err := s.fromParticipantRow(r.Row)
		if err != nil {
			return nil, err
		}
		d := &details[place[r.Row.InteractionID]]
		d.Participants = append(d.Participants, p)
		if r.Drafting {
			d.Drafting = append(d.Drafting, p.Agent)
		}
	}
	return details, s.withTransfers(ctx, org, details)
}
