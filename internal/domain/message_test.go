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

// A public message can be hidden from others and shown again; nothing is told of one
// of which nothing is left.
func TestMessagesAreHidden(t *testing.T) {
	t.Parallel()
	text := "Still no answer!"
	m := domain.Message{Text: &text, Direction: domain.Inbound}
	hidden, changed := m.Hide(true)
	if !changed || !hidden.Details.Hidden || m.Details.Hidden {
		t.Errorf("hidden: %+v", hidden)
	}
	if _, again := hidden.Hide(true); again {
		t.Error("it is hidden twice")
	}
	if shown, changed := hidden.Hide(false); !changed || shown.Details.Hidden {
		t.Errorf("shown again: %+v", shown)
	}
	if early := m.Recall(domain.Early{Hidden: true}); !early.Details.Hidden {
		t.Error("what was hidden before it came is shown")
	}
	gone, _ := hidden.Erase(domain.TombstoneUnsent)
	if after, changed := gone.Hide(true); changed || after.Details.Hidden {
		t.Errorf("what was taken back is hidden: %+v", after)
	}
}

// Edits that the platform does not count follow each other as they come.
func TestEditsThatAreNotCounted(t *testing.T) {
	t.Parallel()
	m := domain.Message{}
	for n, text := range []string{"first", "second"} {
		var changed bool
		if m, changed = m.Edit(text, 0, fileTime); !changed || *m.Text != text || m.EditNumber != n+1 {
			t.Errorf("the edit %q: %+v", text, m)
		}
	}
	if counted, changed := m.Edit("by its time", 1790000150, fileTime); !changed || *counted.Text != "by its time" {
		t.Errorf("a counted edit after them: %+v", counted)
	}
}

// Who changed a message: the customer theirs, the account its own, and nobody but the
// account, or the platform, hides one.
func TestWhoChangesMessages(t *testing.T) {
	t.Parallel()
	i := domain.Interaction{Contact: "contact"}
	for _, c := range []struct {
		what      domain.EventType
		direction domain.Direction
		want      domain.ActorType
	}{
		{domain.EventMessageEdited, domain.Inbound, domain.ActorCustomer}, {domain.EventMessageEdited, domain.Outbound, domain.ActorPlatform},
		{domain.EventMessageUnsent, domain.Inbound, domain.ActorCustomer}, {domain.EventMessageUnsent, domain.Outbound, domain.ActorPlatform},
		{domain.EventMessageHidden, domain.Inbound, domain.ActorPlatform}, {domain.EventMessageShown, domain.Inbound, domain.ActorPlatform},
		{domain.EventReactionAdded, domain.Outbound, domain.ActorCustomer},
	} {
		if _, event := i.Amend(c.what, domain.Message{ID: "m", Direction: c.direction}, fileTime); event.Actor.Type != c.want || event.Data.MessageID != "m" {
			t.Errorf("%s of an %s message: %+v", c.what, c.direction, event)
		}
	}
}
