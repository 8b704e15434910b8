package domain

import "time"

// MaxOverflows bounds how often one interaction is handed on. Queues do not
// overflow in a circle, but two changes at once could make one.
const MaxOverflows = 10

// Why a queue does not keep one more.
const (
	OverflowClosed = "closed"
	OverflowFull   = "max_waiting"
)

// Spills tells whether what comes now goes to the overflow queue, because the queue
// is closed.
func (h *BusinessHours) Spills(now time.Time) bool {
	return h != nil && h.Action == ClosedOverflow && !h.OpenAt(now)
}

// Rejects tells whether what comes now is ended, because the queue is closed.
func (h *BusinessHours) Rejects(now time.Time) bool {
	return h != nil && h.Action == ClosedReject && !h.OpenAt(now)
}

// Tells is what customers who come now are told; nil where that is nothing.
func (h *BusinessHours) Tells(now time.Time) *string {
	if h.OpenAt(now) || h.Action != ClosedMessage && h.Action != ClosedReject {
		return nil
	}
	return h.Text
}

// Overflow moves what was just transferred to a queue on to that queue's overflow. The
// priority that the agent asked for goes along, as the skills do.
func (t Transfer) Overflow(i Interaction, q Queue, reason string, now time.Time) (Interaction, Event) {
	i, e := i.Overflow(q, reason, now)
	if t.Priority != nil {
		i.Priority = *t.Priority
	}
	return i, e
}

// Unavailable refuses a transfer to a queue that would turn a customer away now: whoever
// has them decides what becomes of them. reason is that for which it keeps no more.
func (e Engagement) Unavailable(reason string) error {
	against := FieldError{Pointer: "/target/id", Code: reason, Detail: "The queue is closed, and takes nobody who comes now."}
	if reason == OverflowFull {
		against.Detail = "As many wait in the queue as may, and it has no other queue that takes more."
	}
	return &Error{Kind: ErrorConflict, Code: "transfer.target_unavailable", CurrentState: string(e.Interaction.State), Fields: []FieldError{against},
		Detail: "The queue takes no more now; errors says why.", AllowedActions: e.Interaction.AllowedActions(e.Agent.ID, []Participant{e.Participant})}
}
