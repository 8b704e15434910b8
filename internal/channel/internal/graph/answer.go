package graph

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// table says what the errors of one of Meta's products mean for a message, by the
// status that they came with.
type table func(f fault, status int) channel.Result

// judge says what an answer means for the message. broken tells that the answer
// did not arrive whole.
func (t table) judge(status int, header http.Header, answer []byte, broken bool) channel.Result {
	found := faultOf(answer)
	result := t.verdict(status, found, broken)
	result.Status = status
	if found != nil {
		result.Code = found.name()
	}
	if result.Outcome == channel.OutcomeThrottled {
		result.RetryAfter = max(result.RetryAfter, wait(header))
	}
	return result
}

func (t table) verdict(status int, found *fault, broken bool) channel.Result {
	switch {
	case status == http.StatusTooManyRequests:
		return channel.Result{Outcome: channel.OutcomeThrottled}
	case broken:
		return channel.Result{Outcome: channel.OutcomeUnknown}
	case status >= 200 && status < 300:
		return channel.Result{Outcome: channel.OutcomeAccepted}
	case found != nil:
		return t(*found, status)
	default:
		return bare(status)
	}
}

// taken reads the answer to a message that was taken: only its id proves it.
func taken(answer []byte, result channel.Result) channel.Result {
	if result.MessageID = Identifier(Loose[Fields](answer)["message_id"]); result.MessageID == "" {
		result.Outcome = channel.OutcomeUnknown
	}
	return result
}

// bare judges an answer without Graph's error object, which something between
// us and Graph may have written. Only a refusal is one; a gateway that gave up
// does not know what the server behind it did.
func bare(status int) channel.Result {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return channel.Result{Outcome: channel.OutcomeUnauthorized}
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailurePlatformRejected}
	default:
		return channel.Result{Outcome: channel.OutcomeUnknown}
	}
}

// maxWait bounds what an answer can make us wait: Meta's longest window is 24 hours.
const maxWait = 24 * time.Hour

// wait reads how long a throttled caller should stay away: Retry-After, else the
// longest estimate of X-Business-Use-Case-Usage (Meta, Graph API, Rate limits).
func wait(header http.Header) time.Duration {
	if d, ok := retryAfter(header); ok {
		return d
	}
	var usage map[string][]struct {
		Minutes float64 `json:"estimated_time_to_regain_access"`
	}
	if json.Unmarshal([]byte(header.Get("X-Business-Use-Case-Usage")), &usage) != nil {
		return 0
	}
	longest := 0.0
	for _, useCases := range usage {
		for _, u := range useCases {
			longest = max(longest, u.Minutes)
		}
	}
	return clamp(longest, time.Minute)
}

// retryAfter reads Retry-After (RFC 9110, 10.2.3): seconds or a date, which is
// compared with the answer's own Date, not with our clock.
func retryAfter(header http.Header) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 63); err == nil {
		return clamp(float64(n), time.Second), true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return clamp(until.Sub(now).Seconds(), time.Second), true
}

func clamp(n float64, unit time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), float64(maxWait/unit)) * float64(unit))
}
