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
	CreatedAt    time.Time
}

// Edit replaces the text, unless a later edit came first or nothing is left of
// the message.
func (m Message) Edit(text string, number int, at time.Time) (after Message, changed bool) {
	if m.Erased != "" || number <= m.EditNumber {
		return m, false
	}
	m.Text, m.EditNumber, m.EditedAt = &text, number, &at
	return m, true
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
	m.Text, m.Attachments, m.Details, m.EditedAt, m.Erased = nil, []Attachment{}, MessageDetails{}, nil, why
	return m, true
}

// Recall applies to a message what was told of it before it came.
func (m Message) Recall(e Early) Message {
	if e.EditText != nil {
		m, _ = m.Edit(*e.EditText, e.EditNumber, e.CreatedAt)
	}
	for _, r := range e.Reactions {
		m, _ = m.React(r)
	}
	return m
}
