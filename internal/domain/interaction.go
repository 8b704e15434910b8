package domain

import (
	"slices"
	"time"
)

// InteractionState is where an interaction is on its way.
type InteractionState string

// The states of this round; the contract lists all that are to come.
const (
	InteractionBot          InteractionState = "bot"
	InteractionQueued       InteractionState = "queued"
	InteractionAlerting     InteractionState = "alerting"
	InteractionConnected    InteractionState = "connected"
	InteractionHeld         InteractionState = "held"
	InteractionTransferring InteractionState = "transferring"
	InteractionDisconnected InteractionState = "disconnected"

	InteractionConferenceRequested InteractionState = "conference_requested"
	InteractionConference          InteractionState = "conference"
)

// DisconnectType says who or what ended an interaction.
type DisconnectType string

const (
	DisconnectAgent  DisconnectType = "agent"
	DisconnectAdmin  DisconnectType = "admin"
	DisconnectSystem DisconnectType = "system"

	DisconnectInactivity      DisconnectType = "inactivity"
	DisconnectConference      DisconnectType = "conference_ended"
	DisconnectTransferDropped DisconnectType = "transfer_dropped"
)

// Origin says what an interaction began with.
type Origin string

const (
	// OriginMessage is a private message of the customer's.
	OriginMessage Origin = "message"
	// OriginPost is something that the customer said in public.
	OriginPost Origin = "post"
)

// Action is something that a caller can do now. What is not listed answers 409.
type Action string

const (
	ActionAccept  Action = "accept"
	ActionDecline Action = "decline"
	ActionReply   Action = "reply"
	ActionHold    Action = "hold"
	ActionResume  Action = "resume"
	ActionRecord  Action = "record"
	ActionEnd     Action = "end"
	ActionWrapUp  Action = "wrap_up"
	ActionResend  Action = "resend"
	ActionDelete  Action = "delete"

	ActionConference       Action = "conference"
	ActionCancelConference Action = "cancel_conference"
	ActionExitConference   Action = "exit_conference"
	ActionEndConference    Action = "end_conference"

	ActionTransfer       Action = "transfer"
	ActionCancelTransfer Action = "cancel_transfer"
)

// Interaction is the unit of routing and reporting: from the first message to
// the disconnect. A message after that makes a new one in the same thread (D03).
// All its moves are serialised by its row.
type Interaction struct {
	ID           InteractionID
	Organization OrganizationID
	Thread       ThreadID
	Channel      ChannelID
	Contact      ContactID
	ChannelKind  ChannelKind
	Queue        *QueueID // nil where the channel has none: it waits for an assignment
	Previous     *InteractionID
	OriginalPost *PostID // under which it began; nil where it began in private
	Origin       Origin
	Referral     *Referral // where the customer came from, the last time that it was told
	State        InteractionState
	Owner        *AgentID       // the agent who is connected
	Offered      *ParticipantID // the pending offer
	Direct       *ThreadID      // the private conversation with its customer that a private reply to a post began; see Thread.Open
	Transfer     *TransferID    // the latest
	Recording    bool           // the agent has asked for a recording
	Conference   *Conference    // the latest; nil where none was ever asked for

	Inactivity       *Inactivity // the rule under which an agent got it
	InactiveAt       *time.Time  // when the rule has something to do
	InactivityWarned bool

	BotUntil *time.Time // when a bot hands it over; nil where none has it

	Priority       int
	Scoring        ScoringMethod // of the queue that it entered
	Skills         []SkillID     // that it asks for besides its queue's
	Ring           int           // the ring that it has reached; it never shrinks
	RingDueAt      *time.Time    // when the ring widens; nil where it does not
	EnqueuedAt     time.Time     // kept through every requeue: age is never lost
	RequeueCount   int
	Sequence       int64 // of its last event
	Position       int64 // of its last message
	ConnectedAt    *time.Time
	DisconnectedAt *time.Time
	DisconnectType *DisconnectType
	Consent        *bool // whether its agent said that the customer agrees to the end
	ClosedAt       *time.Time
	Version        int64
	CreatedAt      time.Time
}

// NewInteraction begins an interaction in a thread that has no open one: with the
// channel's bot, or in its queue. A bot answers nobody in public.
func NewInteraction(t Thread, ch Channel, origin Origin, now time.Time) (Interaction, []Event) {
	i := Interaction{ID: NewID[InteractionID](), Organization: t.Organization, Thread: t.ID, Channel: t.Channel,
		Contact: t.Contact, ChannelKind: ch.Kind, Queue: ch.Queue, Previous: t.Last, Origin: origin, Referral: t.Referral, State: InteractionQueued,
		EnqueuedAt: now, Scoring: ScoringConversation, Skills: []SkillID{}, Ring: 1, Position: t.Position, Version: 1, CreatedAt: now}
	customer := Actor{Type: ActorCustomer, ID: string(t.Contact)}
	if ch.Bot != nil && origin == OriginMessage {
		i.State = InteractionBot
		created := i.emit(EventInteractionCreated, customer, now, EventData{After: string(i.State)})
		started := i.answered(*ch.Bot, now)
		return i, []Event{created, started}
	}
	return i, []Event{
		i.emit(EventInteractionCreated, customer, now, EventData{After: string(i.State)}),
		i.emit(EventInteractionQueued, System(), now, EventData{After: string(i.State)}),
	}
}

// Enqueue puts an interaction that waited in no queue into one.
func (i Interaction) Enqueue(queue QueueID, now time.Time) (Interaction, Event) {
	i.Queue = &queue
	e := i.emit(EventInteractionQueued, System(), now, EventData{After: string(i.State)})
	return i, e
}

// Score orders waiting interactions, smallest first: age, with each point of
// priority worth a minute of waiting; or, where its queue counts priority alone,
// priority and then age. It is a fixed key, so that an index orders it.
func (i Interaction) Score() int64 {
	return i.EnqueuedAt.UnixMilli() - int64(i.Priority)*i.Scoring.Step()
}

// DefaultVisibility is who reads a reply whose writer says nothing of it: what began
// in public is answered in public (A16).
func (i Interaction) DefaultVisibility() Visibility {
	if i.Origin == OriginPost {
		return Public
	}
	return Private
}

// Open tells whether the interaction still lives.
func (i Interaction) Open() bool { return i.State != InteractionDisconnected }

// Shared tells whether more than one agent can have a part in it: one who has it,
// and one who is asked in.
func (i Interaction) Shared() bool { return i.Owner != nil && i.Offered != nil }

// emit makes the interaction's next event and counts it.
func (i *Interaction) emit(t EventType, actor Actor, now time.Time, data EventData) Event {
	return i.emitFor(t, string(i.ID), actor, now, data)
}

// emitFor makes an event of this interaction about something in it: an offer, a
// message, a reply.
func (i *Interaction) emitFor(t EventType, subject string, actor Actor, now time.Time, data EventData) Event {
	i.Sequence++
	e := Event{ID: NewID[EventID](), Organization: i.Organization, Type: t, Time: now, Subject: subject,
		Interaction: i.ID, Sequence: i.Sequence, Actor: actor, Data: data}
	if i.Queue != nil {
		e.Queue = *i.Queue
	}
	if i.Owner != nil {
		e.Agent = *i.Owner
	}
	return e
}

// Receive appends a message of the customer's.
func (i Interaction) Receive(m Message, now time.Time) (Interaction, Message, Event) {
	i.Position++
	m.Position, m.Interaction = i.Position, i.ID
	i.stir(now)
	e := i.emitFor(EventMessageReceived, string(m.ID), Actor{Type: ActorCustomer, ID: string(i.Contact)}, now,
		EventData{MessageID: string(m.ID)})
	return i, m, e
}

// Amend tells of something that the customer did to a message after writing it.
func (i Interaction) Amend(what EventType, m Message, now time.Time) (Interaction, Event) {
	who := Actor{Type: ActorCustomer, ID: string(i.Contact)}
	ours := m.Direction == Outbound && (what == EventMessageEdited || what == EventMessageUnsent)
	if ours || what == EventMessageHidden || what == EventMessageShown {
		who = Actor{Type: ActorPlatform}
	}
	e := i.emitFor(what, string(m.ID), who, now, EventData{MessageID: string(m.ID)})
	return i, e
}

// Expired tells that the time of a message's content is over.
func (i Interaction) Expired(m Message, now time.Time) (Interaction, Event) {
	e := i.emitFor(EventMessageExpired, string(m.ID), System(), now, EventData{MessageID: string(m.ID)})
	return i, e
}

// Refer notes where the customer came from.
func (i Interaction) Refer(r Referral, now time.Time) (Interaction, Event) {
	i.Referral = &r
	e := i.emit(EventInteractionReferred, Actor{Type: ActorCustomer, ID: string(i.Contact)}, now, EventData{})
	return i, e
}

// Control tells that the conversation was handed to another app of the account,
// or back to us.
func (i Interaction) Control(elsewhere bool, now time.Time) (Interaction, Event) {
	what := EventControlGained
	if elsewhere {
		what = EventControlLost
	}
	e := i.emitFor(what, string(i.Thread), Actor{Type: ActorPlatform}, now, EventData{})
	return i, e
}

// Note appends a message that the account sent without us. It is part of the
// transcript; no event tells of it.
func (i Interaction) Note(m Message) (Interaction, Message) {
	i.Position++
	m.Position, m.Interaction = i.Position, i.ID
	i.stir(m.CreatedAt)
	return i, m
}

// Notify tells the customer something in the system's name. What began in public
// gets no notice: there is nobody to tell it to in private.
func (i Interaction) Notify(text string, now time.Time) (Interaction, []Message, []Event) {
	if i.Origin == OriginPost {
		return i, nil, nil
	}
	i, m, events := i.Post(notice(i, text, now), System(), now)
	return i, []Message{m}, events
}

// Post appends an outbound message and tells of it.
func (i Interaction) Post(m Message, actor Actor, now time.Time) (Interaction, Message, []Event) {
	i.Position++
	m.Position, m.Interaction = i.Position, i.ID
	if m.Kind != KindSystem {
		i.stir(now)
	}
	data := EventData{ReplyID: string(m.ID), After: string(m.Status)}
	if m.ResendOf != nil {
		data.ResendOf = string(*m.ResendOf)
	}
	e := i.emitFor(EventReplyQueued, string(m.ID), actor, now, data)
	return i, m, []Event{e}
}

// Tell makes the event of a reply's new status.
func (i Interaction) Tell(before, after Message, actor Actor, now time.Time) (Interaction, Event) {
	data := EventData{ReplyID: string(after.ID), Before: string(before.Status), After: string(after.Status), Reconciled: after.Reconciled}
	if after.Failure != nil {
		data.ErrorCode = string(after.Failure.Code)
	}
	e := i.emitFor(after.Status.event(), string(after.ID), actor, now, data)
	return i, e
}

// Refuse fails a reply that was just appended, because the platform's rules do
// not allow it now.
func (i Interaction) Refuse(m Message, code FailureCode, now time.Time) (Interaction, Message, Event) {
	before := m
	m, _ = before.Fail(code)
	i, e := i.Tell(before, m, System(), now)
	return i, m, e
}

// Resent makes the event that ties a reply to the one that repeats it.
func (i Interaction) Resent(original, again Message, actor Actor, now time.Time) (Interaction, Event) {
	e := i.emitFor(EventReplyResent, string(original.ID), actor, now,
		EventData{ReplyID: string(original.ID), ResentAs: string(again.ID)})
	return i, e
}

// InteractionDetail is an interaction with what a reader wants to see beside it.
type InteractionDetail struct {
	Interaction
	ChannelName    string
	ChannelAccount string
	ContactAddress string
	ContactName    *string
	QueueName      *string
	Terms          ReplyTerms
	Handover       *Transfer // the latest
	Participants   []Participant
	Drafting       []AgentID // who has begun to write and not sent it
}

// PendingOffer gives the offer that stands, if one does.
func (d InteractionDetail) PendingOffer() *Participant {
	for n := range d.Participants {
		if d.Participants[n].Offer == OfferPending {
			return &d.Participants[n]
		}
	}
	return nil
}

// ActionsOf lists what a caller can do with the interaction now: what their own
// part allows, be it in the grace of a wrap-up alone, and, where no agent has it yet,
// what a supervisor may.
func (d InteractionDetail) ActionsOf(p Principal, now time.Time) []Action {
	actions := d.AllowedActions(p.Agent, d.Participants)
	late := func(part Participant) bool { return part.Agent == p.Agent && part.WrapUp.late(now) }
	if slices.ContainsFunc(d.Participants, late) && !slices.Contains(actions, ActionWrapUp) {
		actions = append(actions, ActionWrapUp)
	}
	if d.Unowned() && p.MayClose() && !slices.Contains(actions, ActionEnd) {
		actions = append(actions, ActionEnd)
	}
	return actions
}

// WaitingQueue names a queue in which something waits.
type WaitingQueue struct {
	Organization OrganizationID
	Queue        QueueID
}
