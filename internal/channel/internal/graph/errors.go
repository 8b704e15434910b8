package graph

import (
	"encoding/json"
	"strconv"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// class is what an error means for a send.
type class string

const (
	retryable            class = "retryable"
	permanent            class = "permanent"
	windowExpired        class = "window-expired"
	rateLimited          class = "rate-limited"
	authBroken           class = "auth-broken"
	recipientUnavailable class = "recipient-unavailable"
	heldElsewhere        class = "held-elsewhere"  // another app has the conversation
	policyBlock          class = "policy-block"    // the account is restricted: permanent, whatever else the error says
	answeredBefore       class = "answered-before" // the one private answer to a public message was given
	maybeSent            class = "maybe-sent"      // an error although the message may have gone out
)

// rule is one row of the table of errors. A zero code or subcode stands for any;
// last ends a range that begins at code.
type rule struct {
	code, last, subcode int
	class               class
}

// rules is read from the top, the first match counts: a subcode says more than
// its code, so the subcodes come first. Source: Meta, Messenger Platform, Common
// error codes (25 June 2026), Meta, Graph API, Handling errors, and Meta, Graph API
// reference, Page messages (the private answers to comments).
var rules = []rule{
	{subcode: 2018278, class: windowExpired},        // Messenger: outside of the allowed window
	{subcode: 2018065, class: windowExpired},        // the same, without the news permission
	{subcode: 2534022, class: windowExpired},        // Instagram
	{subcode: 1545041, class: recipientUnavailable}, // this person is not available right now
	{subcode: 2018108, class: recipientUnavailable}, // they cannot receive your messages right now
	{subcode: 2018001, class: recipientUnavailable}, // no matching user
	{subcode: 2534014, class: recipientUnavailable}, // no matching Instagram user
	{subcode: 2018300, class: heldElsewhere},        // Messenger: another app is controlling this thread now
	{subcode: 2534037, class: heldElsewhere},        // the same, on Instagram
	{subcode: 2018354, class: rateLimited},          // marketing messages: too soon for this person
	{subcode: 2018352, class: rateLimited},          // marketing messages: too many requests to opt in
	{subcode: 2534040, class: rateLimited},          // Instagram
	{subcode: 1545133, class: retryable},
	{subcode: 1357046, class: maybeSent},   // an error although the messages went out
	{subcode: 2534013, class: authBroken},  // the page is not linked to an Instagram account
	{subcode: 1893063, class: policyBlock}, // the page is restricted: a new token does not help
	{subcode: 2534025, class: permanent},   // Instagram: private reply used or not valid
	{subcode: 2534001, class: permanent},   // Instagram: thread archived or deleted
	{code: 100, subcode: 33, class: permanent},

	{code: 190, class: authBroken},
	{code: 102, class: authBroken},
	{code: 2500, class: authBroken},
	{code: 10, class: authBroken},
	{code: 3, class: authBroken},
	{code: 230, class: recipientUnavailable}, // this person has not consented: no fault of the token
	{code: 200, last: 299, class: authBroken},
	{code: 551, class: recipientUnavailable},
	{code: 4, class: rateLimited},
	{code: 17, class: rateLimited},
	{code: 32, class: rateLimited},
	{code: 613, class: rateLimited},
	{code: 80001, class: rateLimited},
	{code: 80002, class: rateLimited},
	{code: 80006, class: rateLimited},
	{code: 1, class: retryable},
	{code: 2, class: retryable},
	{code: 1200, class: retryable},
	{code: 100, class: permanent},
	{code: 10900, class: answeredBefore},       // activity already replied to
	{code: 10903, class: recipientUnavailable}, // this user cannot reply to this activity
	{code: 368, class: policyBlock},
}

func (r rule) matches(code, subcode int) bool {
	last := max(r.code, r.last)
	return (r.code == 0 || r.code <= code && code <= last) && (r.subcode == 0 || r.subcode == subcode)
}

// verdicts says what each class makes of a message whose request was answered
// with a status below 500.
var verdicts = map[class]channel.Result{
	retryable:            {Outcome: channel.OutcomeNotSent},
	permanent:            {Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected},
	policyBlock:          {Outcome: channel.OutcomeRejected, Failure: domain.FailureContentRejected},
	windowExpired:        {Outcome: channel.OutcomeRejected, Failure: domain.FailureWindowClosed},
	heldElsewhere:        {Outcome: channel.OutcomeRejected, Failure: domain.FailureHeldElsewhere},
	rateLimited:          {Outcome: channel.OutcomeThrottled},
	authBroken:           {Outcome: channel.OutcomeUnauthorized},
	recipientUnavailable: {Outcome: channel.OutcomeRejected, Failure: domain.FailureRecipientInvalid},
	answeredBefore:       {Outcome: channel.OutcomeRejected, Failure: domain.FailureReplyLimit},
	maybeSent:            {Outcome: channel.OutcomeUnknown},
}

// fault is the part of Graph's error object that decides. Its texts are left
// out: they can quote the request.
type fault struct {
	Code      *int `json:"code"`
	Subcode   int  `json:"error_subcode"`
	Transient bool `json:"is_transient"`
}

// faultOf finds Graph's error object in an answer; nil where there is none.
func faultOf(answer []byte) *fault {
	var body struct {
		Error *fault `json:"error"`
	}
	if json.Unmarshal(answer, &body) != nil || body.Error == nil || body.Error.Code == nil {
		return nil
	}
	return body.Error
}

// class looks the error up. An error that no row knows is permanent, unless the
// status says that the credentials are meant; one that Graph calls transient is not.
func (f fault) class(status int) class {
	found := permanent
	if status == 401 || status == 403 {
		found = authBroken
	}
	for _, r := range rules {
		if r.matches(*f.Code, f.Subcode) {
			found = r.class
			break
		}
	}
	if found == permanent && f.Transient {
		return retryable
	}
	return found
}

// verdict says what the error means for the message. An error of the platform's
// own server has lost the message: nobody can say that a second call is safe.
func (f fault) verdict(status int) channel.Result {
	c := f.class(status)
	result := verdicts[c]
	if status >= 500 && (c == retryable || c == permanent) {
		result = channel.Result{Outcome: channel.OutcomeRejected, Failure: domain.FailurePlatformRejected}
	}
	return result
}

// name is the error as the log and a support case need it: code or code/subcode.
func (f fault) name() string {
	if f.Subcode == 0 {
		return strconv.Itoa(*f.Code)
	}
	return strconv.Itoa(*f.Code) + "/" + strconv.Itoa(f.Subcode)
}
