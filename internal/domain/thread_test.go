package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Receipts can come before the answer to the call that they are about.
func TestEarlyReceiptsAreKept(t *testing.T) {
	t.Parallel()
	var thread domain.Thread
	for _, step := range []struct {
		status  domain.ReplyStatus
		changes bool
	}{{domain.ReplyDelivered, true}, {domain.ReplyDelivered, false}, {domain.ReplyRead, true}, {domain.ReplyDelivered, false}, {domain.ReplyRead, false}} {
		same(t, "changed by "+string(step.status), thread.Remember("mid", step.status), step.changes)
	}
	status, found := thread.Recall("mid")
	same(t, "found", found, true)
	same(t, "status", status, domain.ReplyRead)
	_, found = thread.Recall("mid")
	same(t, "found twice", found, false)
}

func TestEarlyReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	var thread domain.Thread
	for n := range 300 {
		thread.Remember(fmt.Sprint(n), domain.ReplyDelivered)
	}
	same(t, "kept", len(thread.PendingReceipts), 100)
	_, kept := thread.PendingReceipts["299"]
	same(t, "the newest is kept", kept, true)
	thread.Remember("299", domain.ReplyRead)
	same(t, "kept when one learns more", len(thread.PendingReceipts), 100)
}

// A watermark means what was sent up to it, itself included.
func TestWatermarkIncludesItsMoment(t *testing.T) {
	t.Parallel()
	var unsent domain.Message
	same(t, "not sent", unsent.Before(&at), false)
	for offset, want := range map[time.Duration]bool{-1: false, 0: true, 1: true} {
		mark := at.Add(offset)
		same(t, "sent at the mark", domain.Message{SentAt: &at}.Before(&mark), want)
	}
	same(t, "no mark", domain.Message{SentAt: &at}.Before(nil), false)
}
