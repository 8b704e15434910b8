package domain

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorKind says what sort of failure an error is. The edge maps each kind to
// one HTTP status, in one table.
type ErrorKind string

const (
	// ErrorInvalid is a request whose meaning is refused although its shape is right.
	ErrorInvalid ErrorKind = "invalid"
	// ErrorMalformed is a request that violates the contract.
	ErrorMalformed ErrorKind = "malformed"
	// ErrorUnauthorized is a caller without a valid token.
	ErrorUnauthorized ErrorKind = "unauthorized"
	// ErrorForbidden is a caller whose token lacks the right.
	ErrorForbidden ErrorKind = "forbidden"
	// ErrorNotFound is a thing that does not exist for this organization.
	ErrorNotFound ErrorKind = "not_found"
	// ErrorConflict is a state that does not allow the move, or a lost race.
	ErrorConflict ErrorKind = "conflict"
	// ErrorGone is something that existed and has expired.
	ErrorGone ErrorKind = "gone"
	// ErrorStale is an If-Match that names an older version.
	ErrorStale ErrorKind = "stale"
	// ErrorPrecondition is a full replacement without If-Match.
	ErrorPrecondition ErrorKind = "precondition"
	// ErrorTooLarge is a body that is larger than what is taken.
	ErrorTooLarge ErrorKind = "too_large"
	// ErrorUnavailable is a dependency that is away; the same request may be sent again.
	ErrorUnavailable ErrorKind = "unavailable"
)

// FieldError points at one part of a request that was refused.
type FieldError struct {
	Pointer   string // JSON pointer into the body, or
	Parameter string // the name of a query, path or header parameter
	Code      string
	Detail    Sentence
	Args      []any
}

// String gives the detail in English. A FieldError may be a value of a sentence.
func (f FieldError) String() string { return said(f.Detail, f.Args) }

// Error is every failure that a caller can do something about. Code is stable
// ("area.reason"); Detail is a sentence for a person and never carries a
// customer's words.
type Error struct {
	Kind           ErrorKind
	Code           string
	Detail         Sentence
	Args           []any
	Fields         []FieldError
	CurrentState   string
	AllowedActions []Action
	RequiredScopes []Scope
	Feature        Feature     // what the organization has switched off
	Length         *TextLength // of a text that is too long
	Outcome        string      // how a race was lost: the state that won
	Current        any         // the resource as it is, for a stale version
	Oldest         *int64      // the place in the log from which on everything is kept
	Cause          error       // for the log only
}

// Error gives the code and the detail.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s (%v)", e.Code, e.Text(), e.Cause)
	}
	return e.Code + ": " + e.Text()
}

// Text gives the detail in English.
func (e *Error) Text() string { return said(e.Detail, e.Args) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// IsKind tells whether err is, or wraps, a domain error of that kind.
func IsKind(err error, kind ErrorKind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// NotFound says that the named kind of thing does not exist, in the same words
// whether it never did or belongs to another organization.
func NotFound(noun Phrase) *Error {
	return &Error{Kind: ErrorNotFound, Code: strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(string(noun))) + ".not_found",
		Detail: "There is no such %s.", Args: []any{noun}}
}

// Invalid refuses one field of a body for its meaning.
func Invalid(pointer, code string, detail Sentence, args ...any) *Error {
	return &Error{Kind: ErrorInvalid, Code: code, Detail: detail, Args: args,
		Fields: []FieldError{{Pointer: pointer, Code: code, Detail: detail, Args: args}}}
}

// Conflict says that the present state does not allow what was asked.
func Conflict(code string, detail Sentence, args ...any) *Error {
	return &Error{Kind: ErrorConflict, Code: code, Detail: detail, Args: args}
}

// InvalidTransition is the answer to a move that the state table does not hold.
func InvalidTransition(noun, move Phrase, state string, allowed []Action) *Error {
	return &Error{Kind: ErrorConflict, Code: "state.invalid_transition",
		Detail: "The %s is %s, which does not allow %s.", Args: []any{noun, Word(state), move},
		CurrentState: state, AllowedActions: allowed}
}

// Missing names the scopes that a caller's token would need.
func Missing(scopes ...Scope) *Error {
	return &Error{Kind: ErrorForbidden, Code: "permission.missing",
		Detail: "The token lacks a scope that this operation needs: %s.", Args: []any{Join(scopes)}, RequiredScopes: scopes}
}

// NoAgent is the answer to a token that acts for no agent where one is needed.
func NoAgent() *Error {
	return &Error{Kind: ErrorForbidden, Code: "permission.agent_required",
		Detail: "This operation needs a token that acts for an agent: of a client with agent_id, or asked for with agent_id."}
}
