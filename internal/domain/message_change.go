package domain

import (
	"slices"
	"time"
)

// Early is what is known of a message that has not come yet: the platform tells
// things in any order. It is kept as long as the platform may still bring the
// message.
type Early struct {
	Organization OrganizationID
	Channel      ChannelID
	MessageID    string // the platform's
	Unsent       bool   // it must never be shown
	EditNumber   int
	EditText     *string
	Reactions    []Reaction
	Hidden       bool // in public
	CreatedAt    time.Time
}

// Edit replaces the text, unless a later edit came first or nothing is left of
// the message. An edit that the platform does not count is the latest.
func (m Message) Edit(text string, number int, at time.Time) (after Message, changed bool) {
	if number == 0 {
		number = m.EditNumber + 1
	}
	if m.Erased != "" || number <= m.EditNumber {
		return m, false
	}
	m.Text, m.EditNumber, m.EditedAt = &text, number, &at
	return m, true
}

// Hide hides a public message from others, or shows it again. Its writer sees it in
// any case, and so does whoever answers it.
func (m Message) Hide(hidden bool) (after Message, changed bool) {
	changed = m.Erased == "" && m.Details.Hidden != hidden
	if changed {
		m.Details.Hidden = hidden
	}
	return m, changed
}

// React adds somebody's reaction, in place of their earlier one.
func (m Message) React(r Reaction) (after Message, changed bool) {
	if m.Erased != "" {
		return m, false
	}
	m.Details.Reactions = React(m.Details.Reactions, r)
	return m, true
}

// Unreact takes a side's reaction back.
func (m Message) Unreact(by SenderType) (after Message, changed bool) {
	left := Unreact(m.Details.Reactions, by)
	changed = len(left) < len(m.Details.Reactions)
	m.Details.Reactions = left
	return m, changed
}

// React puts a reaction among others; each side has one at most.
func React(all []Reaction, r Reaction) []Reaction { return append(Unreact(all, r.By), r) }

// Unreact gives the reactions without those of one side.
func Unreact(all []Reaction, by SenderType) []Reaction {
	return slices.DeleteFunc(slices.Clone(all), func(r Reaction) bool { return r.By == by })
}

// Erase takes everything out of a message that somebody said; who wrote it and
// when stays (B22). Erasing again changes nothing.
func (m Message) Erase(why Tombstone) (after Message, changed bool) {
	if m.Erased != "" {
		return m, false
	}
	m.Text, m.Attachments, m.Details, m.EditedAt, m.ExpiresAt, m.Erased = nil, []Attachment{}, MessageDetails{}, nil, nil, why
	return m, true
}

// Expires says when the platform's terms end the life of the message's content,
// and of its files with it, where theirs does not end before.
func (m Message) Expires(at time.Time) Message {
	m.ExpiresAt = &at
	m.Attachments = slices.Clone(m.Attachments)
	for n, a := range m.Attachments {
		if a.ExpiresAt == nil || a.ExpiresAt.After(at) {
			m.Attachments[n].ExpiresAt = &at
		}
	}
	return m
}

// Expire erases a message whose time is over; changed is false for any other.
func (m Message) Expire(now time.Time) (after Message, changed bool) {
	if m.ExpiresAt == nil || now.Before(*m.ExpiresAt) {
		return m, false
	}
	return m.Erase(TombstoneExpired)
}

// ExpiringMessage names a message whose content is to be erased at a time.
type ExpiringMessage struct {
	Organization OrganizationID
	Interaction  InteractionID
	Message      MessageID
}

// Recall applies to a message what was told of it before it came.
func (m Message) Recall(e Early) Message {
	if e.EditText != nil {
		m, _ = m.Edit(*e.EditText, e.EditNumber, e.CreatedAt)
	}
	for _, r := range e.Reactions {
		m, _ = m.React(r)
	}
	if e.Hidden {
		m, _ = m.Hide(true)
	}
	return m
}
