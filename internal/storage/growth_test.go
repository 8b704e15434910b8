package storage

import (
	"context"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// long is a conversation that is read while it grows.
const long = 10_000

// A long conversation is read page by page while more is said: nothing is missed, and
// nothing is given twice. The transcript is read forwards here, the history backwards.
func TestLongConversationsAreReadWhileTheyGrow(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w, i := longConversation(t, db)
		position := i.Position + long
		lines := []domain.Line{{Thread: i.Thread, Channel: w.channel.ID}}
		for name, read := range map[string]func(p Page) ([]domain.Message, *string, error){
			"transcript": func(p Page) ([]domain.Message, *string, error) {
				return w.Messages(t.Context(), w.org, i.ID, MessageFilter{}, p)
			},
			"history": func(p Page) ([]domain.Message, *string, error) {
				return w.History(t.Context(), w.org, lines, domain.Sight{}, p)
			},
		} {
			asc := name == "transcript"
			began, p, place, seen := position, Page{Limit: 200, Asc: asc}, i.Position, 0
			if !asc {
				place = began + 1
			}
			for {
				page, next, err := read(p)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range page {
					if asc && m.Position != place+1 || !asc && m.Position != place-1 {
						t.Fatalf("%s: behind %d comes %d", name, place, m.Position)
					}
					place = m.Position
					seen++
				}
				if next == nil {
					break
				}
				p.Cursor = *next
				if seen <= 2000 { // or what is read in the order of arrival would never end
					position++
					w.another(i, position)
				}
			}
			if want := int(began - i.Position); asc && seen != int(position-i.Position) || !asc && seen != want {
				t.Errorf("%s: %d messages were read of %d to %d", name, seen, want, position-i.Position)
			}
		}
	})
}

// A page of a long conversation costs what a page does, wherever it lies: the server
// tells how many rows it fetched.
func TestPagesOfLongConversationsCostTheSame(t *testing.T) {
	t.Parallel()
	w, i := longConversation(t, onPostgres(t))
	lines := []domain.Line{{Thread: i.Thread, Channel: w.channel.ID}}
	const limit = 50
	for name, read := range map[string]func(ctx context.Context, p Page) (*string, error){
		"transcript": func(ctx context.Context, p Page) (*string, error) {
			_, next, err := w.Messages(ctx, w.org, i.ID, MessageFilter{}, p)
			return next, err
		},
		"history": func(ctx context.Context, p Page) (*string, error) {
			_, next, err := w.History(ctx, w.org, lines, domain.Sight{}, p)
			return next, err
		},
	} {
		for _, asc := range []bool{true, false} {
			p := Page{Limit: limit, Asc: asc}
			for n := range 20 { // the first pages, and some in its midst
				if n == 10 {
					p.Limit = 200
				}
				var rows int
				var next *string
				commit(t, w.Store, func(ctx context.Context) (err error) {
					before, err := w.fetched(ctx)
					if err != nil {
						return err
					}
					if next, err = read(ctx, p); err != nil {
						return err
					}
					rows, err = w.fetched(ctx)
					rows -= before
					return err
				})
				if rows == 0 || rows > p.Limit+10 {
					t.Errorf("%s (asc %v): page %d of %d messages fetched %d rows", name, asc, n, p.Limit, rows)
				}
				p.Cursor = *next
			}
		}
	}
}

// fetched is how many rows of messages this transaction has read.
func (w *world) fetched(ctx context.Context) (rows int, err error) {
	err = w.scan(ctx, &rows, "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'messages'")
	return rows, err
}

// longConversation makes a world with a conversation of many messages.
func longConversation(t *testing.T, db database) (*world, domain.Interaction) {
	t.Helper()
	w := newWorld(t, db.Store)
	i := w.waiting(1)[0]
	messages := w.messages(i, long)
	for from := 0; from < long; from += 500 {
		commit(t, w.Store, func(ctx context.Context) error { return w.CreateMessages(ctx, messages[from:from+500]...) })
	}
	return w, i
}

// another adds a message at a position.
func (w *world) another(i domain.Interaction, position int64) {
	w.t.Helper()
	m := w.messages(i, 1)[0]
	m.Position = position
	commit(w.t, w.Store, func(ctx context.Context) error { return w.CreateMessages(ctx, m) })
}
