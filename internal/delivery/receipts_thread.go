package delivery

import (
	"context"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// readNamed locks the threads of events that no address leads to: of what the account
// itself said in public, and of a reply whose receipt names the customer otherwise.
func (r *receipts) readNamed(ctx context.Context, events []channel.Event, found map[domain.MessageID]domain.Message) error {
	var ids []domain.ThreadID
	for _, e := range events {
		_, addressed := r.addressed(e)
		if m, known := found[r.about(e)]; known && !addressed && m.Channel == r.channel.ID && m.Erased != domain.TombstoneErased {
			ids = append(ids, m.Thread)
		}
	}
	r.byThread = map[domain.ThreadID]*domain.Thread{}
	if len(ids) == 0 {
		return nil
	}
	threads, err := r.Store.LockThreadsByID(ctx, r.org, ids)
	for id, t := range threads {
		r.byThread[id] = &t
		for _, mine := range r.byAddress {
			if mine.ID == id {
				r.byThread[id] = mine
			}
		}
	}
	return err
}

// about gives the message that shows to whom an event belongs.
func (r *receipts) about(e channel.Event) domain.MessageID {
	for _, platformID := range append(filled(e.MessageID), e.MessageIDs...) {
		if id, known := r.byID[platformID]; known {
			return id
		}
	}
	if attempt, ours := r.attempts[e.Token]; ours {
		return attempt.Message
	}
	if id, ours := r.echoed[e.MessageID]; ours {
		return id
	}
	return r.byID[e.ReplyTo]
}

// addressed gives the thread of an event by the customer whom it names.
func (r *receipts) addressed(e channel.Event) (t *domain.Thread, known bool) {
	if e.Public {
		return nil, false
	}
	if t, known = r.byAddress[e.Contact]; !known && e.Alias != "" {
		t, known = r.byAddress[e.Alias]
	}
	return t, known
}

// thread gives the thread of an event.
func (r *receipts) thread(e channel.Event) (t *domain.Thread, known bool) {
	if t, known = r.addressed(e); known {
		return t, known
	}
	t, known = r.byThread[r.messages[r.about(e)].Thread]
	return t, known
}

// claim ties a receipt to the reply whose call carried its token, where the platform's
// id of the message was never learned: the answer was lost, or is still to come.
func (r *receipts) claim(t *domain.Thread, e channel.Event) {
	attempt, ours := r.attempts[e.Token]
	m, found := r.messages[attempt.Message]
	if !ours || !found || m.Thread != t.ID || len(e.MessageIDs) != 1 {
		return
	}
	id := e.MessageIDs[0]
	if _, known := r.byID[id]; known {
		return
	}
	r.byID[id] = m.ID
	if m.PlatformMessageID == nil {
		m.PlatformMessageID = &id
		r.put(m)
	}
}
