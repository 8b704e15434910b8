package domain

import "time"

// EventType names what happened: noun.past, as the contract lists it.
type EventType string

// The events of this round; a test compares them with the contract's enum.
const (
	EventInteractionCreated       EventType = "interaction.created"
	EventInteractionQueued        EventType = "interaction.queued"
	EventInteractionRequeued      EventType = "interaction.requeued"
	EventInteractionRingReached   EventType = "interaction.ring_reached"
	EventInteractionConnected     EventType = "interaction.connected"
	EventInteractionHeld          EventType = "interaction.held"
	EventInteractionResumed       EventType = "interaction.resumed"
	EventInteractionDisconnected  EventType = "interaction.disconnected"
	EventInteractionClosed        EventType = "interaction.closed"
	EventOfferCreated             EventType = "offer.created"
	EventOfferAccepted            EventType = "offer.accepted"
	EventOfferDeclined            EventType = "offer.declined"
	EventOfferTimedOut            EventType = "offer.timed_out"
	EventOfferRescinded           EventType = "offer.rescinded"
	EventTransferRequested        EventType = "transfer.requested"
	EventTransferCompleted        EventType = "transfer.completed"
	EventTransferFailed           EventType = "transfer.failed"
	EventTransferCancelled        EventType = "transfer.cancelled"
	EventTransferDropped          EventType = "transfer.dropped"
	EventRecordingStarted         EventType = "recording.started"
	EventRecordingStopped         EventType = "recording.stopped"
	EventWrapUpRequested          EventType = "wrap_up.requested"
	EventWrapUpStarted            EventType = "wrap_up.started"
	EventWrapUpSubmitted          EventType = "wrap_up.submitted"
	EventWrapUpSkipped            EventType = "wrap_up.skipped"
	EventWrapUpTimedOut           EventType = "wrap_up.timed_out"
	EventMessageReceived          EventType = "message.received"
	EventAttachmentReady          EventType = "attachment.ready"
	EventAttachmentRejected       EventType = "attachment.rejected"
	EventAttachmentExpired        EventType = "attachment.expired"
	EventMessageEdited            EventType = "message.edited"
	EventMessageUnsent            EventType = "message.unsent"
	EventMessageExpired           EventType = "message.expired"
	EventMessageHidden            EventType = "message.hidden"
	EventMessageShown             EventType = "message.shown"
	EventReactionAdded            EventType = "message.reaction_added"
	EventReactionRemoved          EventType = "message.reaction_removed"
	EventInteractionReferred      EventType = "interaction.referred"
	EventControlGained            EventType = "thread.control_gained"
	EventControlLost              EventType = "thread.control_lost"
	EventChannelBlocked           EventType = "channel.blocked"
	EventChannelUnblocked         EventType = "channel.unblocked"
	EventChannelWarned            EventType = "channel.warned"
	EventReplyQueued              EventType = "reply.queued"
	EventReplySending             EventType = "reply.sending"
	EventReplySent                EventType = "reply.sent"
	EventReplyPending             EventType = "reply.pending_recipient"
	EventReplyDelivered           EventType = "reply.delivered"
	EventReplyRead                EventType = "reply.read"
	EventReplyFailed              EventType = "reply.failed"
	EventReplyUnconfirmed         EventType = "reply.unconfirmed"
	EventReplyResent              EventType = "reply.resent"
	EventReplyDeleted             EventType = "reply.deleted"
	EventContactUpdated           EventType = "contact.updated"
	EventContactErased            EventType = "contact.erased"
	EventAgentPresenceChanged     EventType = "agent.presence_changed"
	EventAgentRoutingStatus       EventType = "agent.routing_status_changed"
	EventAgentCapacityChanged     EventType = "agent.capacity_changed"
	EventChannelReauthorizeNeeded EventType = "channel.needs_reauthorization"

	EventInteractionInactivityWarned EventType = "interaction.inactivity_warned"

	EventBotStarted   EventType = "bot.started"
	EventBotHandedOff EventType = "bot.handedoff"

	EventConferenceRequested EventType = "conference.requested"
	EventConferenceStarted   EventType = "conference.started"
	EventConferenceDeclined  EventType = "conference.declined"
	EventConferenceCancelled EventType = "conference.cancelled"
	EventConferenceExited    EventType = "conference.exited"
	EventConferenceEnded     EventType = "conference.ended"
)

// ActorType says what sort of actor caused an event.
type ActorType string

const (
	ActorAgent    ActorType = "agent"
	ActorClient   ActorType = "client"
	ActorCustomer ActorType = "customer"
	ActorPlatform ActorType = "platform"
	ActorSystem   ActorType = "system"
)

// Actor is who or what caused an event.
type Actor struct {
	Type ActorType `json:"type"`
	ID   string    `json:"id,omitempty"`
}

// System is the actor of timers and of routing.
func System() Actor { return Actor{Type: ActorSystem} }

// EventData is what changed. It holds ids, states and reasons, never a text, an
// address or a media link of a customer's.
type EventData struct {
	Before       string   `json:"before,omitempty"`
	After        string   `json:"after,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	OfferID      string   `json:"offer_id,omitempty"`
	Purpose      string   `json:"purpose,omitempty"`
	MessageID    string   `json:"message_id,omitempty"`
	ReplyID      string   `json:"reply_id,omitempty"`
	ResendOf     string   `json:"resend_of,omitempty"`
	ResentAs     string   `json:"resent_as,omitempty"`
	ChannelID    string   `json:"channel_id,omitempty"`
	AttachmentID string   `json:"attachment_id,omitempty"`
	ErrorCode    string   `json:"error_code,omitempty"`
	ExpiresAt    string   `json:"expires_at,omitempty"`
	CodeIDs      []string `json:"code_ids,omitempty"`
	Used         *int     `json:"used,omitempty"`
	Allowed      []string `json:"allowed_presences,omitempty"`

	AnsweredBy    string `json:"answered_by,omitempty"`
	Alert         string `json:"alert,omitempty"`
	ParticipantID string `json:"participant_id,omitempty"`
	TransferID    string `json:"transfer_id,omitempty"`
	Mode          string `json:"mode,omitempty"`
	TargetType    string `json:"target_type,omitempty"`
	TargetID      string `json:"target_id,omitempty"`
	Reconciled    bool   `json:"reconciled,omitempty"`

	CustomerConsent bool `json:"customer_consent,omitempty"`
}

// Event is one thing that happened, appended in the transaction that did it.
// Sequence counts the events of one interaction without gaps; it is zero for
// events of no interaction.
type Event struct {
	ID           EventID
	Organization OrganizationID
	Type         EventType
	Time         time.Time
	Subject      string // the id of what the event is about
	Interaction  InteractionID
	Sequence     int64
	Queue        QueueID
	Agent        AgentID
	Actor        Actor
	Data         EventData
}

// LoggedEvent is an event with its place in the log.
type LoggedEvent struct {
	Event
	Position int64
}

// EventFilter narrows the log; empty fields narrow nothing.
type EventFilter struct {
	Sight       Sight
	Types       []EventType
	Interaction InteractionID
	Queue       QueueID
	Agent       AgentID
}
