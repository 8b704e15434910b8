package auth

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-cx/parley/internal/domain"
)

func missing() error {
	return &domain.Error{Kind: domain.ErrorUnauthorized, Code: "token.missing",
		Detail: "The request has no access token. Send one as Authorization: Bearer."}
}

// invalid refuses a token. The caller is told nothing but that; the reason, one of a few fixed words, is for the log.
func invalid(reason string) error {
	return &domain.Error{Kind: domain.ErrorUnauthorized, Code: "token.invalid",
		Detail: "The access token is not valid.", Cause: errors.New(reason)}
}

func expired() error {
	return &domain.Error{Kind: domain.ErrorUnauthorized, Code: "token.expired",
		Detail: "The access token has expired. Get a new one."}
}

func unavailable(cause error) error {
	return &domain.Error{Kind: domain.ErrorUnavailable, Code: "service.unavailable",
		Detail: "The access token cannot be checked now. Send the request again.", Cause: cause}
}

// reason says in a word of ours what is wrong with a token: the library's errors repeat what the token says.
func reason(err error) string {
	for _, known := range []struct {
		is   error
		word string
	}{
		{jwt.ErrTokenInvalidClaims, "claims"},
		{jwt.ErrTokenSignatureInvalid, "signature"},
		{jwt.ErrTokenUnverifiable, "header"},
	} {
		if errors.Is(err, known.is) {
			return known.word
		}
	}
	return "malformed"
}
