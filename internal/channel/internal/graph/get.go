package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
)

// Get asks for the fields of an object at an address. To ask changes nothing, so what
// a broken server refuses may be asked again, unlike a message: only the platform's
// own refusal is Rejected, and then the object is gone, or not for us to see.
func Get(ctx context.Context, client *http.Client, address, token string, fields ...string) (Fields, channel.Result) {
	address += "?" + url.Values{"fields": {strings.Join(fields, ",")}}.Encode()
	answer, result := Ask(ctx, client, http.MethodGet, address, token, nil)
	told := Loose[Fields](answer)
	switch {
	case result.Outcome == channel.OutcomeRejected && result.Status >= http.StatusInternalServerError:
		result.Outcome, result.Failure = channel.OutcomeNotSent, ""
	case result.Outcome == channel.OutcomeAccepted && told == nil:
		result.Outcome = channel.OutcomeUnknown
	}
	return told, result
}

// Moment reads a time as the Graph API tells it when it is asked: ISO 8601 with an
// offset that has no colon. What cannot be read is the zero time.
func Moment(raw json.RawMessage) time.Time {
	at, err := time.Parse("2006-01-02T15:04:05-0700", Loose[string](raw))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
