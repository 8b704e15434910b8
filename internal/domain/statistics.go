package domain

import "time"

// QueueStatistics is what is under way in a queue, who serves it, and how it did
// within a window.
type QueueStatistics struct {
	Waiting       int
	OldestWaiting *time.Time
	Alerting      int
	Connected     int // also while it is being transferred or in a conference
	Held          int
	WrapUp        int // mandatory ones
	Agents        QueueAgents
	Recent        QueueRecent
}

// QueueAgents counts the joined members of a queue who are on queue.
type QueueAgents struct {
	OnQueue       int
	Idle          int
	Interacting   int
	NotResponding int
}

// QueueRecent counts the interactions that came into a queue within a window.
type QueueRecent struct {
	Offered   int
	Answered  int
	InTime    int  // accepted as soon as the queue promises
	Abandoned int  // over before anybody accepted
	Partial   bool // there were more than are counted
}

// AbandonRate is the abandoned part of what was offered; nil of nothing.
func (r QueueRecent) AbandonRate() *float64 { return part(r.Abandoned, r.Offered) }

// ServiceLevel is the part that was accepted in time of what was accepted or
// abandoned; nil of nothing.
func (r QueueRecent) ServiceLevel() *float64 { return part(r.InTime, r.Answered+r.Abandoned) }

func part(some, all int) *float64 {
	if all == 0 {
		return nil
	}
	p := float64(some) / float64(all)
	return &p
}

// WaitedFor is how long the oldest waiting interaction has waited; nil where none waits.
func (s QueueStatistics) WaitedFor(now time.Time) *time.Duration {
	if s.OldestWaiting == nil {
		return nil
	}
	d := max(0, now.Sub(*s.OldestWaiting))
	return &d
}

// Count adds interactions of one state, the oldest of which was queued at a time.
func (s *QueueStatistics) Count(state InteractionState, n int, oldest time.Time) {
	switch state {
	case InteractionQueued:
		s.Waiting, s.OldestWaiting = n, &oldest
	case InteractionBot: // no agent has to do with it yet
	case InteractionAlerting:
		s.Alerting += n
	case InteractionHeld:
		s.Held += n
	default:
		s.Connected += n
	}
}
