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
	if result.Outcome == channel.OutcomeAccepted && told == nil {
		result.Outcome = channel.OutcomeUnknown
	}
	return told, harmless(result)
}

// harmless is the result of a call that changes nothing: what a broken server refuses
// may be tried again.
func harmless(r channel.Result) channel.Result {
	if r.Outcome == channel.OutcomeRejected && r.Status >= http.StatusInternalServerError {
		r.Outcome, r.Failure = channel.OutcomeNotSent, ""
	}
	return r
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
