package domain

import "time"

// Opening is a message with which we write first.
type Opening struct {
	Account     string // the account that writes
	Kind        ChannelKind
	Address     string
	AddressType string
	Text        string
}

// NewOutreach begins an interaction that is nothing but a message of ours: nobody
// waits for anything, so it is over at once. What the customer answers begins
// another one, in the same thread and after this.
func NewOutreach(t Thread, ch Channel, m Message, actor Actor, now time.Time) (Interaction, Message, []Event) {
	over := DisconnectSystem
	i := Interaction{ID: NewID[InteractionID](), Organization: t.Organization, Thread: t.ID, Channel: t.Channel, Contact: t.Contact,
		ChannelKind: ch.Kind, Previous: t.Last, Origin: OriginMessage, State: InteractionDisconnected, EnqueuedAt: now, Scoring: ScoringConversation,
		Skills: []SkillID{}, Ring: 1, Position: t.Position, DisconnectedAt: &now, DisconnectType: &over, ClosedAt: &now, Version: 1, CreatedAt: now}
	created := i.emit(EventInteractionCreated, actor, now, EventData{After: string(i.State)})
	i, m, posted := i.Post(m, actor, now)
	disconnected := i.emit(EventInteractionDisconnected, actor, now, EventData{After: string(i.State), Reason: string(over)})
	closed := i.emit(EventInteractionClosed, actor, now, EventData{After: "closed"})
	return i, m, append(append([]Event{created}, posted...), disconnected, closed)
}
