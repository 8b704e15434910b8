package api

import "time"

// millisLayout is how every time stands on the wire: UTC, always three digits
// of a second, so that times compare as strings too.
const millisLayout = "2006-01-02T15:04:05.000Z"

// Millis is a time in an answer. It writes itself with milliseconds, where a
// plain time.Time would drop trailing zeros.
type Millis struct{ time.Time }

// At is a time as it stands in an answer.
func At(t time.Time) Millis { return Millis{t.UTC().Truncate(time.Millisecond)} }

// AtOrNull is a time that may be missing: null for nil and for the zero time.
func AtOrNull(t *time.Time) *Millis {
	if t == nil || t.IsZero() {
		return nil
	}
	at := At(*t)
	return &at
}

// MarshalJSON writes the time in UTC with milliseconds.
func (m Millis) MarshalJSON() ([]byte, error) {
	return []byte(`"` + m.UTC().Format(millisLayout) + `"`), nil
}
