package domain_test

import (
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// B14: when the time of what a message says is over, nothing of it is left; its
// files end no later than it does.
func TestB14_MessageExpires(t *testing.T) {
	t.Parallel()
	text, ends, sooner, later := "a story", fileTime.Add(24*time.Hour), fileTime.Add(time.Hour), fileTime.Add(48*time.Hour)
	sent := []domain.Attachment{{Type: "image"}, {Type: "image", ExpiresAt: &sooner}, {Type: "image", ExpiresAt: &later}}
	m := domain.Message{Text: &text, Attachments: sent}
	if _, changed := m.Expire(later); changed {
		t.Error("a message without a deadline has expired")
	}
	m = m.Expires(ends)
	for n, want := range []time.Time{ends, sooner, ends} {
		if got := m.Attachments[n].ExpiresAt; got == nil || !got.Equal(want) {
			t.Errorf("attachment %d ends at %v, want %v", n, got, want)
		}
	}
	if sent[0].ExpiresAt != nil {
		t.Error("what was read of the platform has changed")
	}
	if _, changed := m.Expire(ends.Add(-1)); changed {
		t.Error("it has expired before its time")
	}
	gone, changed := m.Expire(ends)
	if !changed || gone.Text != nil || len(gone.Attachments) != 0 || gone.ExpiresAt != nil || gone.Tombstone() != domain.TombstoneExpired {
		t.Errorf("left is %+v", gone)
	}
	if _, again := gone.Expire(later); again {
		t.Error("it has expired twice")
	}
	unsent, _ := m.Erase(domain.TombstoneUnsent)
	if after, changed := unsent.Expire(later); changed || after.Tombstone() != domain.TombstoneUnsent {
		t.Errorf("a message that was taken back has expired: %+v", after)
	}
}
