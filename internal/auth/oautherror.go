package auth

import "net/http"

// The error codes of RFC 6749 section 5.2, and one of section 4.1.2.1 for what is our own fault.
const (
	codeInvalidRequest   = "invalid_request"
	codeInvalidClient    = "invalid_client"
	codeUnauthorized     = "unauthorized_client"
	codeUnsupportedGrant = "unsupported_grant_type"
	codeInvalidScope     = "invalid_scope"
	codeUnavailable      = "temporarily_unavailable"
)

// challenge answers a client that tried to prove who it is by the Authorization header (RFC 7617).
const challenge = `Basic realm="parley", charset="UTF-8"`

// OAuthError is a refused token request. It marshals to the body of the answer: RFC 6749 section 5.2.
type OAuthError struct {
	Status      int    `json:"-"` // 400, 401 or 503
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Challenge   string `json:"-"` // the WWW-Authenticate header, or empty for none
	Cause       error  `json:"-"` // for the log only
}

// Error gives the code and the description.
func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

// Unwrap gives the cause.
func (e *OAuthError) Unwrap() error { return e.Cause }

func refuse(code, description string) *OAuthError {
	return &OAuthError{Status: http.StatusBadRequest, Code: code, Description: description}
}

// invalidClient says the same of an unknown client and of a wrong secret. byHeader tells whether the client tried to
// prove who it is by the Authorization header.
func invalidClient(byHeader bool, description string) *OAuthError {
	e := &OAuthError{Status: http.StatusUnauthorized, Code: codeInvalidClient, Description: description}
	if byHeader {
		e.Challenge = challenge
	}
	return e
}

func temporarilyUnavailable(cause error) *OAuthError {
	return &OAuthError{Status: http.StatusServiceUnavailable, Code: codeUnavailable,
		Description: "No token can be issued now. Send the request again.", Cause: cause}
}
