package storage

import (
	"context"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// The database counts against an allowance what Message.Counts does, since the
// customer last wrote, and no further than is asked.
func TestB08_UnansweredCountsWhatCounts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i := w.waiting(1)[0]
		var all []domain.Message
		for _, failure := range []domain.FailureCode{"", domain.FailureNetworkUnreachable, domain.FailureSendTimeout, domain.FailurePlatformRejected, domain.FailureWindowClosed} {
			for _, attempts := range []int{0, 1} {
				for _, status := range []domain.ReplyStatus{domain.ReplyQueued, domain.ReplyFailed, domain.ReplyDeleted, domain.ReplyDelivered} {
					m := w.messages(i, 1)[0]
					m.Direction, m.Visibility, m.Status, m.Attempts, m.Failure = domain.Outbound, domain.Private, status, attempts, nil
					if status == domain.ReplyFailed && failure != "" {
						f := domain.FailureOf(failure)
						m.Failure = &f
					}
					all = append(all, m)
				}
			}
		}
		public, note := w.messages(i, 1)[0], w.messages(i, 1)[0]
		public.Direction, public.Visibility, public.Status = domain.Outbound, domain.Public, domain.ReplySent
		note.Direction, note.Visibility, note.Status = domain.Outbound, domain.Private, ""
		before, inbound := all[0], w.messages(i, 1)[0]
		before.ID, inbound.Direction, inbound.Status = domain.NewID[domain.MessageID](), domain.Inbound, ""
		want := 0
		for n, m := range append([]domain.Message{before, inbound, public, note}, all...) {
			m.Position = int64(n + 1)
			commit(t, w.Store, func(ctx context.Context) error { return w.CreateMessages(ctx, m) })
			if n > 1 && m.Counts() && m.Visibility == domain.Private {
				want++
			}
		}
		for _, most := range []int{want + 5, want, 3} {
			if got, err := w.Unanswered(t.Context(), w.org, i.Thread, most); err != nil || got != min(want, most) || want < 10 {
				t.Errorf("%d count, and at most %d are asked for: %d (%v)", want, most, got, err)
			}
		}
	})
}
