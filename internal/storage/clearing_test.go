package storage

import (
	"context"
	"fmt"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// An erasure goes on where a crash left it: each step finds what is left by itself,
// and what was done stays done and counted.
func TestErasureIsTakenInSteps(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i := w.waiting(1)[0]
		messages := w.messages(i, 150)
		for n := range messages {
			id := fmt.Sprint("m_", n)
			messages[n].PlatformMessageID = &id
		}
		files := domain.NewReceived(messages[0], domain.Attachment{URL: marker, Name: marker}, marker, true, noon)
		events := w.inbox(3, 1)
		commit(t, w.Store, func(ctx context.Context) error {
			return first(w.CreateMessages(ctx, messages...), w.CreateFiles(ctx, files))
		})
		if err := w.AppendInbox(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		c, err := w.Contact(t.Context(), w.org, i.Contact)
		if err != nil {
			t.Fatal(err)
		}
		identity := domain.Identity{Thread: i.Thread, Channel: w.channel.ID, App: w.app.ID, AccountID: "page", Address: "contact"}
		e := domain.NewErasure(c, []domain.Identity{identity}, domain.System(), noon)
		commit(t, w.Store, func(ctx context.Context) error { return w.BeginErasure(ctx, e) })
		later := w.inbox(1, 1)
		later[0].DedupeKey = "later"
		if err := w.AppendInbox(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		for step, want := range []int{64, 64, 22, 0} {
			_ = w.InTx(t.Context(), func(ctx context.Context) error { // a crash before the commit
				_, _ = w.ClearMessages(ctx, e, noon, 64)
				return errRefused
			})
			commit(t, w.Store, func(ctx context.Context) error {
				e, free, err := w.ClaimContactErasure(ctx, w.org, c.ID)
				if err != nil || !free {
					return first(err, errRefused)
				}
				n, err := w.ClearMessages(ctx, e, noon, 64)
				if err != nil || n.Messages != want {
					t.Errorf("step %d erased %d messages (%v)", step, n.Messages, err)
				}
				e.Counts = e.Counts.Plus(n)
				return w.SaveContactErasure(ctx, e)
			})
		}
		commit(t, w.Store, func(ctx context.Context) error {
			n, err := w.ClearInbox(ctx, e, 500)
			if n.InboxEvents != len(events) {
				t.Errorf("%d events of the inbox were removed", n.InboxEvents)
			}
			return err
		})
		proof, err := w.ContactErasure(t.Context(), w.org, c.ID)
		if err != nil || proof.Counts.Messages != 150 || proof.Counts.Attachments != 1 {
			t.Errorf("the proof is %+v (%v)", proof, err)
		}
		known, err := w.GoneMessages(t.Context(), w.org, w.channel.ID, []string{"m_0", "m_149", "m_150"})
		if err != nil || len(known) != 2 {
			t.Errorf("known are %v (%v)", known, err)
		}
		if left, err := w.MessagesByPlatformID(t.Context(), w.org, w.channel.ID, []string{"m_0", "m_149"}); err != nil || len(left) > 0 {
			t.Errorf("%d messages are found by the platform's id (%v)", len(left), err)
		}
	})
}

// What is kept of answers about a contact goes with them, but for those that tell
// nothing; those about others stay.
func TestErasureDropsAnswers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		waiting := w.waiting(2)
		c, err := w.Contact(t.Context(), w.org, waiting[0].Contact)
		if err != nil {
			t.Fatal(err)
		}
		answers := map[string]Idempotency{}
		for name, subject := range map[string]string{"of the contact": string(c.ID), "of a conversation": string(waiting[0].ID), "without a body": string(c.ID), "of another": string(waiting[1].ID), "of nothing": ""} {
			k := w.key("said")
			k.Key, k.Subject, k.Status = name, subject, map[bool]int{true: 204, false: 200}[name == "without a body"]
			answers[name] = k
			commit(t, w.Store, func(ctx context.Context) error {
				_, _, err := w.ClaimKey(ctx, k)
				return first(err, w.SaveAnswer(ctx, k))
			})
		}
		commit(t, w.Store, func(ctx context.Context) error {
			_, err := w.ClearNotes(ctx, domain.NewErasure(c, nil, domain.System(), noon))
			return err
		})
		for name, want := range map[string]bool{"of the contact": false, "of a conversation": false, "without a body": true, "of another": true, "of nothing": true} {
			kept := false
			_ = w.InTx(t.Context(), func(ctx context.Context) error {
				_, claimed, err := w.ClaimKey(ctx, answers[name])
				kept = !claimed && err == nil
				return errRefused
			})
			if kept != want {
				t.Errorf("the answer %s is kept: %v", name, kept)
			}
		}
	})
}
