package storage

import (
	"context"
	"slices"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type participantRow struct {
	OrganizationID    string  `gorm:"primaryKey"`
	ID                string  `gorm:"primaryKey"`
	InteractionID     string  `gorm:"<-:create"`
	AgentID           string  `gorm:"<-:create"`
	AgentName         string  `gorm:"<-:create"`
	QueueID           *string `gorm:"<-:create"`
	Purpose           string  `gorm:"<-:create"`
	State             string
	Offer             string
	AnsweredBy        string
	OfferedAt         int64 `gorm:"<-:create"`
	ExpiresAt         int64 `gorm:"<-:create"`
	JoinedAt          *int64
	LeftAt            *int64
	WrapUpRequested   bool
	WrapUpPrompt      *string
	WrapUpRequired    *bool
	WrapUpState       *string
	WrapUpCodeIds     *string
	WrapUpNotes       *string // of a row that was written before notes were sealed
	SealedNotes       []byte
	WrapUpStartedAt   *int64
	WrapUpSubmittedAt *int64
	WrapUpDeadline    *int64
	WrapUpGraceUntil  *int64
	Version           int64
}

func (participantRow) TableName() string { return "participants" }

func (r participantRow) notes() secret.Place {
	return place(r.OrganizationID, "participants", "sealed_notes", r.ID)
}

// toParticipantRow seals what the agent noted about the customer.
func (s *Store) toParticipantRow(p domain.Participant) (participantRow, error) {
	r := participantRow{OrganizationID: string(p.Organization), ID: string(p.ID), InteractionID: string(p.Interaction),
		AgentID: string(p.Agent), AgentName: p.AgentName, Purpose: string(p.Purpose), QueueID: id[string](p.Queue), State: string(p.State), Offer: string(p.Offer),
		AnsweredBy: p.AnsweredBy, OfferedAt: ms(p.OfferedAt), ExpiresAt: ms(p.ExpiresAt), JoinedAt: msPtr(p.JoinedAt),
		LeftAt: msPtr(p.LeftAt), SealedNotes: []byte{}, WrapUpRequested: p.WrapUpRequested, Version: p.Version}
	w := p.WrapUp
	if w == nil {
		return r, nil
	}
	prompt, state, codes, started := string(w.Prompt), string(w.State), doc(w.Codes), ms(w.StartedAt)
	r.WrapUpRequired, r.WrapUpState, r.WrapUpCodeIds = &w.Required, &state, &codes
	r.WrapUpPrompt, r.WrapUpStartedAt, r.WrapUpSubmittedAt = &prompt, &started, msPtr(w.SubmittedAt)
	r.WrapUpDeadline, r.WrapUpGraceUntil = msPtr(w.Deadline), msPtr(w.GraceUntil)
	if w.Notes == nil {
		return r, nil
	}
	var err error
	r.SealedNotes, err = s.seal(r.notes(), *w.Notes)
	return r, err
}

func (s *Store) fromParticipantRow(r participantRow) (domain.Participant, error) {
	p := domain.Participant{ID: domain.ParticipantID(r.ID), Organization: domain.OrganizationID(r.OrganizationID),
		Interaction: domain.InteractionID(r.InteractionID), Agent: domain.AgentID(r.AgentID), AgentName: r.AgentName, Purpose: domain.Purpose(r.Purpose),
		Queue: id[domain.QueueID](r.QueueID), State: domain.ParticipantState(r.State), Offer: domain.OfferState(r.Offer),
		AnsweredBy: r.AnsweredBy, OfferedAt: fromMS(r.OfferedAt), ExpiresAt: fromMS(r.ExpiresAt), JoinedAt: fromMSPtr(r.JoinedAt),
		LeftAt: fromMSPtr(r.LeftAt), WrapUpRequested: r.WrapUpRequested, Version: r.Version}
	if r.WrapUpState != nil {
		p.WrapUp = &domain.WrapUp{Prompt: r.prompt(), Required: *r.WrapUpRequired, State: domain.WrapUpState(*r.WrapUpState),
			Codes: fromDoc[[]domain.WrapUpCodeID](*r.WrapUpCodeIds), Notes: r.WrapUpNotes,
			StartedAt: fromMS(*r.WrapUpStartedAt), SubmittedAt: fromMSPtr(r.WrapUpSubmittedAt),
			Deadline: fromMSPtr(r.WrapUpDeadline), GraceUntil: fromMSPtr(r.WrapUpGraceUntil)}
	}
	if p.WrapUp == nil || len(r.SealedNotes) == 0 {
		return p, nil
	}
	return p, s.unseal(r.notes(), r.SealedNotes, &p.WrapUp.Notes)
}

// prompt is how a wrap-up was asked for. The version that knew two ways of asking
// writes only whether it was required.
func (r participantRow) prompt() domain.ACWMode {
	switch {
	case r.WrapUpPrompt != nil:
		return domain.ACWMode(*r.WrapUpPrompt)
	case *r.WrapUpRequired:
		return domain.ACWMandatory
	}
	return domain.ACWOptional
}

// CreateEngagement writes a new offer: the participant, and what it changed.
func (s *Store) CreateEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error {
	r, err := s.toParticipantRow(e.Participant)
	if err != nil {
		return err
	}
	if err := insert(ctx, s, "", r); err != nil {
		return err
	}
	return s.saveAround(ctx, e, events)
}

// CreateEngagements writes new offers that were made one after the other, and their
// events. Each agent is written once, as the last offer leaves them.
func (s *Store) CreateEngagements(ctx context.Context, made []domain.Engagement, events []domain.Event) error {
	if len(made) == 0 {
		return nil
	}
	rows, err := eachTry(made, func(e domain.Engagement) (participantRow, error) { return s.toParticipantRow(e.Participant) })
	if err != nil {
		return err
	}
	if err := insert(ctx, s, "", rows...); err != nil {
		return err
	}
	last := map[domain.AgentID]int{}
	for n := range made {
		last[made[n].Agent.ID] = n
		if err := s.SaveInteraction(ctx, &made[n].Interaction); err != nil {
			return err
		}
	}
	for n := range made {
		if last[made[n].Agent.ID] != n {
			continue
		}
		if err := s.SaveAgent(ctx, &made[n].Agent); err != nil {
			return err
		}
	}
	return s.Append(ctx, events...)
}

// SaveEngagement writes an engagement that was locked, and its events.
func (s *Store) SaveEngagement(ctx context.Context, e *domain.Engagement, events []domain.Event) error {
	if err := s.SaveParticipant(ctx, &e.Participant); err != nil {
		return err
	}
	return s.saveAround(ctx, e, events)
}

func (s *Store) saveAround(ctx context.Context, e *domain.Engagement, events []domain.Event) error {
	if o := e.Other; o != nil {
		if err := s.SaveParticipant(ctx, &o.Participant); err != nil {
			return err
		}
		if err := s.SaveAgent(ctx, &o.Agent); err != nil {
			return err
		}
	}
	if err := s.SaveInteraction(ctx, &e.Interaction); err != nil {
		return err
	}
	if err := s.SaveAgent(ctx, &e.Agent); err != nil {
		return err
	}
	return s.Append(ctx, events...)
}

// LockEngagement gives an agent's latest part in an interaction, and holds the
// interaction's row and then the agent's; where the part is in a conference that is
// asked for or held, also that of the other agent, by id. Without such a part, or with
// another organization's id, it is not found.
func (s *Store) LockEngagement(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Engagement, error) {
	interaction, err := s.LockInteraction(ctx, org, i)
	if err != nil {
		return domain.Engagement{}, err
	}
	p, err := s.Participant(ctx, org, i, agent, part)
	if err == nil && interaction.Shared() {
		err = s.lockParty(ctx, interaction)
	}
	if err != nil {
		return domain.Engagement{Interaction: interaction}, err
	}
	e := domain.Engagement{Interaction: interaction, Participant: p}
	if opposite, shared := interaction.Opposite(p.ID); shared {
		return s.lockBoth(ctx, e, opposite)
	}
	e.Agent, err = s.LockAgent(ctx, org, p.Agent)
	return e, err
}

// lockBoth adds both agents of a conference to the engagement of one, and the other's part.
func (s *Store) lockBoth(ctx context.Context, e domain.Engagement, opposite domain.ParticipantID) (domain.Engagement, error) {
	org := e.Interaction.Organization
	other, err := s.Participant(ctx, org, e.Interaction.ID, "", opposite)
	if err != nil {
		return e, err
	}
	agents, err := s.LockAgents(ctx, org, []domain.AgentID{e.Participant.Agent, other.Agent})
	if err == nil && len(agents) < 2 {
		err = domain.NotFound("agent")
	}
	if err != nil {
		return e, err
	}
	if agents[0].ID != e.Participant.Agent {
		slices.Reverse(agents)
	}
	e.Agent, e.Other = agents[0], &domain.Seat{Participant: other, Agent: agents[1]}
	return e, nil
}

// lockParty holds the rows of all agents who have a part in an interaction now, in
// their order: whoever needs one of them may need the other next.
func (s *Store) lockParty(ctx context.Context, i domain.Interaction) error {
	var agents []domain.AgentID
	err := s.db(ctx).Raw("SELECT agent_id FROM participants WHERE organization_id = ? AND interaction_id = ? AND state IN ('alerting', 'connected', 'held')",
		i.Organization, i.ID).Scan(&agents).Error
	if err != nil {
		return translate(err)
	}
	_, err = s.LockAgents(ctx, i.Organization, agents)
	return err
}

// SaveParticipant writes an agent's part alone: what it changed besides is saved
// with the part of another.
func (s *Store) SaveParticipant(ctx context.Context, p *domain.Participant) error {
	r, err := s.toParticipantRow(*p)
	if err != nil {
		return err
	}
	return save(ctx, s, &p.Version, r)
}

// Participant gives an agent's part in an interaction: the named one, or else
// the latest that was not declined or missed, or else the latest.
func (s *Store) Participant(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID, part domain.ParticipantID) (domain.Participant, error) {
	db := s.db(ctx).Where("organization_id = ? AND interaction_id = ?", org, i)
	if agent != "" {
		db = db.Where("agent_id = ?", agent)
	}
	if part != "" {
		db = db.Where("id = ?", part)
	}
	r, err := one[participantRow](db.Order("CASE WHEN offer = 'pending' OR joined_at IS NOT NULL THEN 0 ELSE 1 END, id DESC"), "offer")
	if err != nil {
		return domain.Participant{}, err
	}
	return s.fromParticipantRow(r)
}

// PartsOf lists an agent's parts in an interaction, or everybody's without an agent, the
// newest first.
func (s *Store) PartsOf(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, agent domain.AgentID) ([]domain.Participant, error) {
	db := s.db(ctx).Where("organization_id = ? AND interaction_id = ?", org, i)
	if agent != "" {
		db = db.Where("agent_id = ?", agent)
	}
	rows, err := all[participantRow](db.Order("id DESC"))
	if err != nil {
		return nil, err
	}
	return eachTry(rows, s.fromParticipantRow)
}

// OpenParts counts the agents who still take part in an interaction, be it to wrap up.
func (s *Store) OpenParts(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (n int, err error) {
	err = s.scan(ctx, &n, "SELECT count(*) FROM participants WHERE organization_id = ? AND interaction_id = ? AND state <> 'closed'", org, i)
	return n, err
}

// DueOffers lists offers that ended by now, the oldest first, and the time of
// the next one to end.
func (s *Store) DueOffers(ctx context.Context, now time.Time, limit int) ([]domain.DueOffer, time.Time, error) {
	rows, err := all[participantRow](s.db(ctx).Where("offer = 'pending'").Order("expires_at").Limit(limit))
	var due []domain.DueOffer
	for _, r := range rows {
		if fromMS(r.ExpiresAt).After(now) {
			return due, fromMS(r.ExpiresAt), err
		}
		due = append(due, domain.DueOffer{Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
			Agent: domain.AgentID(r.AgentID), Participant: domain.ParticipantID(r.ID), Purpose: domain.Purpose(r.Purpose)})
	}
	return due, time.Time{}, err
}

// DueWrapUps lists after-contact work whose time was over by now, the oldest first,
// and the time of the next that will be.
func (s *Store) DueWrapUps(ctx context.Context, now time.Time, limit int) ([]domain.DueWrapUp, time.Time, error) {
	rows, err := all[participantRow](s.db(ctx).Where("state = 'wrapup' AND wrap_up_deadline IS NOT NULL").Order("wrap_up_deadline").Limit(limit))
	var due []domain.DueWrapUp
	for _, r := range rows {
		if at := fromMS(*r.WrapUpDeadline); at.After(now) {
			return due, at, err
		}
		due = append(due, domain.DueWrapUp{Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
			Agent: domain.AgentID(r.AgentID), Participant: domain.ParticipantID(r.ID)})
	}
	return due, time.Time{}, err
}
