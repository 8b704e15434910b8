package domain

import (
	"slices"
	"time"
)

// ReplyStatus is how far a reply has come.
type ReplyStatus string

const (
	ReplyQueued           ReplyStatus = "queued"
	ReplySending          ReplyStatus = "sending"
	ReplySent             ReplyStatus = "sent"
	ReplyPendingRecipient ReplyStatus = "pending_recipient"
	ReplyDelivered        ReplyStatus = "delivered"
	ReplyRead             ReplyStatus = "read"
	ReplyFailed           ReplyStatus = "failed"
	ReplyUnconfirmed      ReplyStatus = "unconfirmed"
	ReplyDeleted          ReplyStatus = "deleted"
)

// ReplyStatuses lists every status, in the order of the table.
func ReplyStatuses() []ReplyStatus {
	return []ReplyStatus{ReplyQueued, ReplySending, ReplySent, ReplyPendingRecipient, ReplyDelivered,
		ReplyRead, ReplyFailed, ReplyUnconfirmed, ReplyDeleted}
}

// replyMoves is the state table of a reply: where each status may go. A receipt
// that says less than what is known already is not in it, so that late and
// doubled receipts change nothing. Proof leads out of failed and unconfirmed, and
// out of queued where a call is to be repeated that was taken all the same:
// late proof wins. No failed call leads back from proof; a platform that could not
// deliver what it took does.
var replyMoves = map[ReplyStatus][]ReplyStatus{
	ReplyQueued:           {ReplySending, ReplySent, ReplyPendingRecipient, ReplyDelivered, ReplyRead, ReplyFailed},
	ReplySending:          {ReplyQueued, ReplySent, ReplyPendingRecipient, ReplyDelivered, ReplyRead, ReplyFailed, ReplyUnconfirmed},
	ReplySent:             {ReplyPendingRecipient, ReplyDelivered, ReplyRead, ReplyFailed},
	ReplyPendingRecipient: {ReplyDelivered, ReplyRead, ReplyFailed},
	ReplyDelivered:        {ReplyRead},
	ReplyUnconfirmed:      {ReplySent, ReplyPendingRecipient, ReplyDelivered, ReplyRead, ReplyFailed},
	ReplyFailed:           {ReplySent, ReplyDelivered, ReplyRead, ReplyDeleted},
	ReplyDeleted:          {},
	ReplyRead:             {},
}

// CanBecome tells whether the table leads from s to next.
func (s ReplyStatus) CanBecome(next ReplyStatus) bool { return slices.Contains(replyMoves[s], next) }

// event is the event that tells of a reply reaching this status.
func (s ReplyStatus) event() EventType { return EventType("reply." + string(s)) }

// Become moves a reply to a status at a time, where the table allows it; moved
// is false where it does not, and nothing changes.
func (m Message) Become(next ReplyStatus) (after Message, moved bool) {
	if !m.Status.CanBecome(next) {
		return m, false
	}
	before := m.Status
	if m.Status = next; next != ReplyFailed {
		m.Failure = nil
	}
	m.Reconciled = m.Reconciled || m.Proven() && (before == ReplyFailed || before == ReplyUnconfirmed)
	return m, true
}

// Fail moves a reply to failed with its reason, because no call handed it over: of
// one that is known to have been taken it says nothing.
func (m Message) Fail(code FailureCode) (after Message, moved bool) {
	if m.Proven() {
		return m, false
	}
	return m.Bounce(code)
}

// Bounce moves a reply to failed with its reason, because the platform says that
// it could not deliver what it took.
func (m Message) Bounce(code FailureCode) (after Message, moved bool) {
	if m, moved = m.Become(ReplyFailed); moved {
		failure := FailureOf(code)
		m.Failure = &failure
	}
	return m, moved
}

// Open tells whether delivery still has work to do with the reply.
func (m Message) Open() bool { return m.Status == ReplyQueued || m.Status == ReplySending }

// Doubtful tells whether a proof would be news that changes what is to be done:
// the reply waits for another try or for proof, or was given up.
func (m Message) Doubtful() bool {
	return m.Status == ReplyQueued || m.Status == ReplyUnconfirmed || m.Status == ReplyFailed
}

// Unproven tells whether the platform may have taken a reply of which it gave no id: its
// call is under way, its outcome is unknown, or the platform itself failed, which may
// have been after it took the message. What was sent again is another reply's matter.
func (m Message) Unproven() bool {
	failed := m.Status == ReplyFailed && m.Failure != nil && m.Failure.Code == FailurePlatformRejected && m.ResentAs == nil
	return m.PlatformMessageID == nil && (failed || m.Status == ReplyUnconfirmed || m.Status == ReplySending)
}

// Proven tells whether the platform is known to have taken the reply.
func (m Message) Proven() bool {
	return slices.Contains([]ReplyStatus{ReplySent, ReplyPendingRecipient, ReplyDelivered, ReplyRead}, m.Status)
}

// Resendable tells whether the reply may be sent again: it failed or nobody
// knows what became of it, and it has not been sent again yet.
func (m Message) Resendable() bool {
	return (m.Status == ReplyFailed || m.Status == ReplyUnconfirmed) && m.ResentAs == nil
}

// Actions lists what an agent of the open interaction may do with the reply.
func (m Message) Actions() []Action {
	actions := []Action{}
	if m.Resendable() {
		actions = append(actions, ActionResend)
	}
	if m.Status == ReplyFailed {
		actions = append(actions, ActionDelete)
	}
	return actions
}

// FailureCode says why a reply failed, without the platform's own numbers.
type FailureCode string

const (
	FailurePlatformRejected   FailureCode = "platform_rejected"
	FailureMessageLimit       FailureCode = "message_limit_exceeded"
	FailureNetworkUnreachable FailureCode = "network_unreachable"
	FailureSendTimeout        FailureCode = "send_timeout"
	FailureWindowClosed       FailureCode = "response_window_closed"
	FailureHeldElsewhere      FailureCode = "held_elsewhere"
	FailureContentRejected    FailureCode = "content_rejected"
	FailureRecipientInvalid   FailureCode = "recipient_invalid"
	FailureRecipientOptedOut  FailureCode = "recipient_opted_out"
	FailureMediaType          FailureCode = "media_type_not_allowed"
	FailureMediaTooLarge      FailureCode = "media_too_large"
	FailureExpired            FailureCode = "expired"
	FailureDuplicate          FailureCode = "duplicate_detected"
	FailureReplyLimit         FailureCode = "reply_limit_exceeded"
	FailureTemplateRequired   FailureCode = "template_required"
)

// Failure is what an agent is told of a failed reply. Retryable, Lost and Remedy
// say what can be done about it.
type Failure struct {
	Code      FailureCode `json:"code"`
	Category  string      `json:"category"`
	Title     Sentence    `json:"title"`
	Detail    Sentence    `json:"detail"`
	Retryable string      `json:"retryable"`
	Lost      bool        `json:"lost"`
	Remedy    string      `json:"remedy"`
}

// FailureOf gives the whole description of a code.
func FailureOf(code FailureCode) Failure {
	f := failures[code]
	f.Code = code
	return f
}

// Forbidden refuses a reply that would have failed with this code.
func Forbidden(code FailureCode) *Error {
	return &Error{Kind: ErrorInvalid, Code: "reply." + string(code), Detail: failures[code].Detail}
}

// FailureCodes lists every code that a failed reply can carry.
func FailureCodes() []FailureCode {
	return []FailureCode{FailurePlatformRejected, FailureMessageLimit, FailureNetworkUnreachable, FailureSendTimeout,
		FailureWindowClosed, FailureHeldElsewhere, FailureContentRejected, FailureRecipientInvalid, FailureRecipientOptedOut,
		FailureMediaType, FailureMediaTooLarge, FailureExpired, FailureDuplicate, FailureReplyLimit, FailureTemplateRequired}
}

var failures = map[FailureCode]Failure{
	FailurePlatformRejected: {Category: "server", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Rejected by the platform's server", Detail: "The platform had a server failure and did not take the message. The message is lost; resend it."},
	FailureMessageLimit: {Category: "limit", Retryable: "when_lifted", Lost: true, Remedy: "contact_admin",
		Title: "Message limit exceeded", Detail: "The platform's message limit is reached. Contact your administrator; a resend fails while the limit holds."},
	FailureNetworkUnreachable: {Category: "network", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Messaging network error", Detail: "The platform could not be reached. The message is lost; resend it."},
	FailureSendTimeout: {Category: "timeout", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Not sent in time", Detail: "The message could not be handed to the platform within the time limit. Resend it or delete it."},
	FailureWindowClosed: {Category: "policy", Retryable: "after_next_inbound", Lost: true, Remedy: "wait_for_customer",
		Title: "Response window closed", Detail: "The platform allows no reply so long after the customer's last message. A new message of the customer opens the window again."},
	FailureHeldElsewhere: {Category: "policy", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Conversation held by another app", Detail: "Another app of the account has this conversation at the platform. Resend the message once it has been handed back."},
	FailureContentRejected: {Category: "content", Retryable: "no", Lost: true, Remedy: "change_content",
		Title: "Content rejected", Detail: "The platform refused the message as it is."},
	FailureRecipientInvalid: {Category: "recipient", Retryable: "no", Lost: true, Remedy: "none",
		Title: "Recipient unavailable", Detail: "The platform cannot reach this person."},
	FailureRecipientOptedOut: {Category: "recipient", Retryable: "no", Lost: true, Remedy: "none",
		Title: "Recipient opted out", Detail: "This person has asked not to receive messages."},
	FailureMediaType: {Category: "content", Retryable: "no", Lost: true, Remedy: "change_content",
		Title: "File type not allowed", Detail: "The platform does not take files of this type."},
	FailureMediaTooLarge: {Category: "content", Retryable: "no", Lost: true, Remedy: "change_content",
		Title: "File too large", Detail: "The platform does not take files of this size."},
	FailureDuplicate: {Category: "duplicate", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Duplicate", Detail: "The same was sent to this customer a moment ago. Resend it if it is meant, or delete it."},
	FailureReplyLimit: {Category: "policy", Retryable: "after_next_inbound", Lost: true, Remedy: "wait_for_customer",
		Title: "Reply limit exceeded", Detail: "The platform allows no more replies to the customer's last message. A new message of the customer allows more."},
	FailureTemplateRequired: {Category: "policy", Retryable: "with_template", Lost: true, Remedy: "use_template",
		Title: "Template required", Detail: "So long after the customer's last message the platform takes only a prepared template."},
	FailureExpired: {Category: "recipient", Retryable: "manual", Lost: true, Remedy: "resend",
		Title: "Not delivered in time", Detail: "The message could not be delivered before the platform gave it up. Resend it."},
}

// Counts tells whether a message holds one of the replies that the customer's last
// message allows (B08): it is on its way or went out. What a platform's fault kept
// from going out, and what was never tried, gives its place back.
func (m Message) Counts() bool {
	if m.Direction != Outbound || m.Status == "" || m.Status == ReplyDeleted {
		return false
	}
	return m.Status != ReplyFailed || m.Attempts > 0 && !m.Failure.returned()
}

// ReturningFailures are the failures that give a reply of the allowance back.
func ReturningFailures() []FailureCode {
	return []FailureCode{FailureNetworkUnreachable, FailureSendTimeout, FailurePlatformRejected}
}

// returned tells whether a failure gives a reply of the allowance back.
func (f *Failure) returned() bool {
	return f != nil && slices.Contains(ReturningFailures(), f.Code)
}

// AttemptState is what is known of one call to a platform.
type AttemptState string

const (
	AttemptInFlight AttemptState = "in_flight"
	AttemptAccepted AttemptState = "accepted"
	AttemptRejected AttemptState = "rejected"
	AttemptNotSent  AttemptState = "not_sent"
	AttemptUnknown  AttemptState = "unknown"
)

// Attempt is one call to a platform for one reply. Its row is committed before
// the call, so that a crash never hides that bytes may have left.
type Attempt struct {
	ID                AttemptID // also the token that the call carries
	Organization      OrganizationID
	Message           MessageID
	Number            int
	State             AttemptState
	PlatformMessageID *string
	PlatformStatus    int
	PlatformCode      string
	StartedAt         time.Time // machine time
	FinishedAt        *time.Time
}

// DeliveryStage says what a delivery waits for.
type DeliveryStage string

const (
	// StageSend: the message is to be handed to the platform.
	StageSend DeliveryStage = "send"
	// StageProof: the outcome is unknown; later replies of the thread wait for
	// proof until the reconcile window is over.
	StageProof DeliveryStage = "proof"
)

// Delivery is a reply's way to the platform. Deliveries of one thread go one
// after the other, by position.
type Delivery struct {
	Organization OrganizationID
	ID           JobID
	Thread       ThreadID
	Position     int64
	Message      MessageID
	Channel      ChannelID
	Stage        DeliveryStage
	Tries        int
	RunAt        time.Time  // business time
	GiveUpAt     *time.Time // business time; set by the first failure that may be tried again
	LeaseUntil   time.Time  // machine time
}

// NewDelivery is the work that follows from a reply.
func NewDelivery(m Message, now time.Time) Delivery {
	return Delivery{Organization: m.Organization, ID: NewID[JobID](), Thread: m.Thread, Position: m.Position,
		Message: m.ID, Channel: m.Channel, Stage: StageSend, RunAt: now, LeaseUntil: time.UnixMilli(0).UTC()}
}

// NewDeliveries is the work of sending some messages.
func NewDeliveries(messages []Message, now time.Time) []Delivery {
	work := make([]Delivery, len(messages))
	for n, m := range messages {
		work[n] = NewDelivery(m, now)
	}
	return work
}
