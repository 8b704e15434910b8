package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a secret looks like to everybody but the code that asks for it.
const redacted = "[redacted]"

// Secret is a setting that must not appear in a log, an error or an answer. However it is printed, marshalled or
// logged it reads as a placeholder, or as nothing when it is empty, which tells an operator that it is not set. The
// value itself is had by converting it: string(secret).
type Secret string

// String returns the placeholder.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns the placeholder as a Go literal.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format writes the placeholder for every verb of fmt, also for those that do not fit a string and would show it in
// their complaint.
func (s Secret) Format(state fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && state.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(state, text)
}

// MarshalText keeps the secret out of JSON and its kind.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of log handlers that do not use fmt.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
