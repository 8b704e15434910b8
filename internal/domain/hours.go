package domain

import (
	"slices"
	"time"
)

// ClosedAction says what becomes of work that comes while a queue is closed.
type ClosedAction string

const (
	// ClosedQueue lets it wait until somebody takes it.
	ClosedQueue ClosedAction = "queue"
	// ClosedMessage tells the customer, and lets it wait.
	ClosedMessage ClosedAction = "message"
	// ClosedReject tells the customer, and ends the interaction.
	ClosedReject ClosedAction = "reject"
	// ClosedOverflow hands it to the overflow queue.
	ClosedOverflow ClosedAction = "overflow"
)

// Weekday is a day of the week.
type Weekday string

const (
	Monday    Weekday = "monday"
	Tuesday   Weekday = "tuesday"
	Wednesday Weekday = "wednesday"
	Thursday  Weekday = "thursday"
	Friday    Weekday = "friday"
	Saturday  Weekday = "saturday"
	Sunday    Weekday = "sunday"
)

// Weekdays lists the days as time.Weekday counts them.
func Weekdays() []Weekday {
	return []Weekday{Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday}
}

// OpenHours is one stretch of a day: from a minute until before another, as
// "15:04"; "24:00" is the end of the day.
type OpenHours struct {
	Day  Weekday
	From string
	To   string
}

// BusinessHours says when a queue is open: in its own time zone, at the hours of
// each day, and never on a holiday ("2006-01-02").
type BusinessHours struct {
	TimeZone string
	Open     []OpenHours
	Holidays []string
	Action   ClosedAction
	Text     *string // what customers are told
}

// OpenAt tells whether the queue is open at a time; without hours it never closes.
func (h *BusinessHours) OpenAt(now time.Time) bool {
	if h == nil {
		return true
	}
	zone, err := time.LoadLocation(h.TimeZone)
	if err != nil { // it was known when it was set
		zone = time.UTC
	}
	local := now.In(zone)
	if slices.Contains(h.Holidays, local.Format(time.DateOnly)) {
		return false
	}
	today, minute := Weekdays()[local.Weekday()], local.Format("15:04")
	return slices.ContainsFunc(h.Open, func(o OpenHours) bool { return o.Day == today && o.From <= minute && minute < o.To })
}
