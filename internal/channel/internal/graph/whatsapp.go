package graph

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// WhatsApp is Call for the WhatsApp Business Cloud API, which has its own table of
// errors and names the messages that it took in a list.
func WhatsApp(ctx context.Context, client *http.Client, method, address, token string, body []byte) channel.Result {
	answer, result := table(fault.fate).ask(ctx, client, method, address, token, body)
	if result.Outcome != channel.OutcomeAccepted {
		return result
	}
	if result.MessageID = wamid(answer); result.MessageID == "" {
		result.Outcome = channel.OutcomeUnknown
	}
	return result
}

// wamid finds the id in the answer to a message.
func wamid(answer []byte) string {
	for _, message := range Loose[[]Fields](Loose[Fields](answer)["messages"]) {
		return Identifier(message["id"])
	}
	return ""
}

// once is an error that is tried once more before it is for good.
const once class = "once"

const (
	pairWait = 6 * time.Second // between messages to one person
	longWait = time.Hour       // after which a limit on the account's quality, or on its registration, is looked at again
)

// fate is what an error of WhatsApp's means. failure tells more than its class does,
// where it is set; wait is how long a limit lasts.
type fate struct {
	class   class
	failure domain.FailureCode
	wait    time.Duration
}

// fates is the table of WhatsApp's errors, for answers and for statuses alike. The
// code decides: subcodes are deprecated. Source: Meta, WhatsApp Business Platform,
// Cloud API, Error codes.
var fates = map[int]fate{
	0: {class: authBroken}, 190: {class: authBroken}, 3: {class: authBroken}, 10: {class: authBroken},
	368: {class: authBroken}, 130497: {class: authBroken}, 131031: {class: authBroken}, // the account is restricted
	131042: {class: authBroken}, 131045: {class: authBroken}, 131037: {class: authBroken}, // payment, registration, display name

	4: {class: rateLimited}, 80007: {class: rateLimited}, 130429: {class: rateLimited},
	131056: {class: rateLimited, wait: pairWait}, // too much to one person
	131048: {class: rateLimited, wait: longWait}, // many have called the account's messages spam
	133016: {class: rateLimited, wait: longWait},

	131047: {class: windowExpired, failure: domain.FailureTemplateRequired},
	131026: {class: recipientUnavailable}, // not on WhatsApp, an old client, or blocked
	131050: {class: permanent, failure: domain.FailureRecipientOptedOut},
	131021: {class: permanent, failure: domain.FailureRecipientInvalid}, // to oneself
	131030: {class: permanent, failure: domain.FailureRecipientInvalid}, // not on a test number's list
	131049: {class: permanent}, 130472: {class: permanent},              // not now, for this person
	131008: {class: permanent}, 131009: {class: permanent}, 100: {class: permanent}, 33: {class: permanent},
	131051: {class: permanent}, 131062: {class: permanent},
	132000: {class: permanent}, 132001: {class: permanent}, 132005: {class: permanent}, 132007: {class: permanent}, 132012: {class: permanent},
	132015: {class: permanent}, 132016: {class: permanent}, 132068: {class: permanent}, 132069: {class: permanent}, // templates and flows

	131052: {class: once}, 131053: {class: once, failure: domain.FailureMediaType}, // media that one side could not get

	1: {class: retryable}, 2: {class: retryable}, 131000: {class: retryable}, 131016: {class: retryable}, 131057: {class: retryable},
	133004: {class: retryable}, 133005: {class: retryable},
}

// fateOf looks an error up. One that the table does not know is permanent, unless it
// is of a range that has one meaning.
func fateOf(code int) (found fate, known bool) {
	if found, known = fates[code]; known {
		return found, true
	}
	if code >= 200 && code <= 299 || code >= 133000 && code <= 133099 { // permissions; registration
		return fate{class: authBroken}, true
	}
	return fate{class: permanent}, false
}

// fate says what an answer with an error means for the message.
func (f fault) fate(status int) channel.Result {
	found, known := fateOf(*f.Code)
	switch {
	case !known && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		found.class = authBroken
	case found.class == permanent && f.Transient:
		found.class = retryable
	}
	if status >= 500 && (found.class == retryable || found.class == permanent) {
		return channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailurePlatformRejected}
	}
	return found.verdict()
}

// verdict is what a message's call gives.
func (f fate) verdict() channel.Result {
	result := verdicts[f.class]
	if f.class == once {
		result = channel.Result{Outcome: channel.OutcomeNotSent, Failure: domain.FailureContentRejected, Once: true}
	}
	if f.failure != "" {
		result.Failure = f.failure
	}
	result.RetryAfter = f.wait
	return result
}

// Undelivered says why a message failed that WhatsApp took and could not deliver, by
// the code that its status gives. Nobody is there to try again.
func Undelivered(code string) domain.FailureCode {
	n, err := strconv.Atoi(code)
	if err != nil {
		return domain.FailurePlatformRejected
	}
	found, _ := fateOf(n)
	switch result := found.verdict(); {
	case result.Failure != "":
		return result.Failure
	case found.class == rateLimited:
		return domain.FailureMessageLimit
	}
	return domain.FailurePlatformRejected
}
