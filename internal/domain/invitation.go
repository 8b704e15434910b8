package domain

import "time"

// Purpose says what an offer is made for. It decides what accepting it does, and
// what becomes of the conversation where nobody does.
type Purpose string

const (
	PurposeQueue      Purpose = "queue"      // to serve what waits
	PurposeTransfer   Purpose = "transfer"   // to take over from another agent
	PurposeConference Purpose = "conference" // to join another agent
)

// Invite alerts a certain agent to a conversation and reserves their capacity,
// past the order of its queue but not past capacity or permission. The caller says
// which move that is for the interaction.
func (i Interaction) Invite(move InteractionMove, purpose Purpose, a Agent, timeout time.Duration, actor Actor, now time.Time) (Engagement, []Event, error) {
	next, ok := i.State.After(move)
	if !ok || !a.Takes(i.ChannelKind, i.Medium()) {
		return Engagement{}, nil, Conflict("offer.not_possible", "The interaction is not waiting, or the agent is not available.")
	}
	p := Participant{ID: NewID[ParticipantID](), Organization: i.Organization, Interaction: i.ID, Agent: a.ID, AgentName: a.Name, Purpose: purpose,
		Queue: i.Queue, State: ParticipantAlerting, Offer: OfferPending, OfferedAt: now, ExpiresAt: now.Add(timeout), Version: 1}
	i.State, i.Offered = next, &p.ID
	a, status := a.reserve(i.Medium(), now)
	created := i.emitFor(EventOfferCreated, string(p.ID), actor, now,
		EventData{OfferID: string(p.ID), Purpose: string(purpose), After: string(OfferPending), ExpiresAt: p.ExpiresAt.Format(time.RFC3339Nano)})
	created.Agent = a.ID
	return Engagement{Interaction: i, Participant: p, Agent: a}, append([]Event{created}, status...), nil
}

// Invited tells whether the part is an offer that no queue made, and whose answer
// is decided where it was asked for.
func (p Participant) Invited() bool { return p.Offer == OfferPending && p.Purpose != PurposeQueue }

// Invited tells whether the agent's part is such an offer.
func (e Engagement) Invited() bool { return e.Participant.Invited() }

// take answers the offer with yes. The server's clock decides: at the deadline the
// offer is over (2.3). What the interaction becomes by it is the caller's to say.
func (e *Engagement) take(actor Actor, now time.Time) (accepted Event, status []Event, err error) {
	if err := e.answer(OfferAccept, PartJoin); err != nil {
		return accepted, nil, err
	}
	e.Participant.AnsweredBy, e.Participant.JoinedAt, e.Interaction.Offered = string(actor.Type), &now, nil
	accepted = e.Interaction.emitFor(EventOfferAccepted, string(e.Participant.ID), actor, now,
		EventData{OfferID: string(e.Participant.ID), After: string(OfferAccepted), AnsweredBy: e.Participant.AnsweredBy})
	accepted.Agent = e.Agent.ID
	e.Agent, status = e.Agent.answer(actor, now)
	return accepted, status, nil
}

// pass ends the offer without its agent, who declined it, left it or was relieved
// of it. What becomes of the interaction is the caller's to say.
func (e *Engagement) pass(answer OfferMove, notResponding bool, reason string, actor Actor, now time.Time) (over Event, status []Event, err error) {
	if err := e.answer(answer, PartMiss); err != nil {
		return over, nil, err
	}
	i, outcome := &e.Interaction, e.Participant.Offer
	e.Participant.LeftAt, i.Offered = &now, nil
	over = i.emitFor(answer.event(), string(e.Participant.ID), actor, now,
		EventData{OfferID: string(e.Participant.ID), Before: string(OfferPending), After: string(outcome), Reason: reason})
	over.Agent = e.Agent.ID
	if answer == OfferRescind {
		e.Agent, status = e.Agent.spare(i.Medium(), actor, now, string(outcome))
	} else {
		e.Agent, status = e.Agent.miss(i.Medium(), notResponding, actor, now, string(outcome))
	}
	return over, status, nil
}

// event is what tells of an answer to an offer.
func (m OfferMove) event() EventType {
	switch m {
	case OfferAccept:
		return EventOfferAccepted
	case OfferDecline:
		return EventOfferDeclined
	case OfferTimeOut:
		return EventOfferTimedOut
	}
	return EventOfferRescinded
}

// due refuses an answer to an offer that is no longer pending, or that comes at its
// deadline or later.
func (e Engagement) due(now time.Time) error {
	if e.Participant.Offer != OfferPending || !now.Before(e.Participant.ExpiresAt) {
		return e.lost(now)
	}
	return nil
}
