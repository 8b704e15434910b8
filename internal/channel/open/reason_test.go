package open_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/open"
	"github.com/parley-cx/parley/internal/domain"
)

// TestA24EveryReasonOfAFailedReceiptHasItsFailure holds the table of reasons.
func TestA24EveryReasonOfAFailedReceiptHasItsFailure(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]domain.FailureCode{
		"MessageExpired": domain.FailureExpired, "RateLimited": domain.FailureMessageLimit, "MessageNotAllowed": domain.FailureWindowClosed,
		"GeneralError": domain.FailurePlatformRejected, "ServerError": domain.FailurePlatformRejected, "UnsupportedMessage": domain.FailureContentRejected,
		"UnknownMessage": domain.FailureContentRejected, "InvalidMessageStructure": domain.FailureContentRejected, "DataFiltered": domain.FailureContentRejected,
		"InvalidDestination": domain.FailureRecipientInvalid, "RecipientOptedOut": domain.FailureRecipientOptedOut,
		"MediaTypeNotAllowed": domain.FailureMediaType, "InvalidMediaContentLength": domain.FailureMediaTooLarge,
		"recipientoptedout": domain.FailureRecipientOptedOut, "": domain.FailurePlatformRejected,
	} {
		event := receipt(t, `{"id":"m","status":"Failed","reasons":[{"code":"`+reason+`"}]}`)
		if event.Kind != channel.EventFailed || event.Failure != want || event.Contact != "cust-42" {
			t.Errorf("%q is read as %+v, want %s", reason, event, want)
		}
	}
}

func TestStatusesOfReceipts(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]channel.EventKind{
		"Sent": channel.EventSent, "Published": channel.EventSent, "Received": channel.EventSent, "Queued": channel.EventPending,
		"Delivered": channel.EventDelivered, "DELIVERED": channel.EventDelivered, "Read": channel.EventRead, "Removed": channel.EventIgnored, "Tomorrow": channel.EventIgnored,
	} {
		if got := receipt(t, `{"id":"m","status":"`+status+`"}`); got.Kind != want {
			t.Errorf("%s is read as %s, want %s", status, got.Kind, want)
		}
	}
}

// TestRule4AReceiptNamesItsMessageInOneOfThreePlaces takes the first that is there.
func TestRule4AReceiptNamesItsMessageInOneOfThreePlaces(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id":"a","messageId":"b","channel":{"messageId":"c"},"status":"Delivered"}`: "a",
		`{"messageId":"b","channel":{"messageId":"c"},"status":"Delivered"}`:          "b",
		`{"channel":{"messageId":"c"},"status":"Delivered"}`:                          "c",
	} {
		if got := receipt(t, body).MessageIDs; len(got) != 1 || got[0] != want {
			t.Errorf("%s is about %v", body, got)
		}
	}
}

// receipt reads a receipt of a customer whom the receiver knows.
func receipt(t *testing.T, body string) channel.Event {
	t.Helper()
	e, err := open.Platform{}.Take(open.Receipt, integration, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e.Contact = "cust-42"
	event, err := open.Adapter{}.Parse(e)
	if err != nil {
		t.Fatal(err)
	}
	return event
}
