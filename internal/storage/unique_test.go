package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func TestUniqueValues(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i, text, other := w.waiting(1)[0], "same", newWorld(t, db.Store)
		offer := domain.Participant{ID: domain.NewID[domain.ParticipantID](), Organization: w.org, Interaction: i.ID,
			Agent: domain.NewID[domain.AgentID](), Offer: domain.OfferPending, OfferedAt: noon, ExpiresAt: noon}
		message := w.messages(i, 1)[0]
		message.PlatformMessageID, message.ClientMessageID = &text, &text
		code := domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org, ExternalID: &text}
		commit(t, w.Store, func(ctx context.Context) error {
			return first(insert(ctx, w.Store, "", w.part(offer)), w.CreateMessages(ctx, message), w.CreateWrapUpCode(ctx, code),
				w.Append(ctx, w.event(i.ID, 1, "x")))
		})
		for name, c := range map[string]struct {
			refused bool
			write   func(ctx context.Context) error
		}{
			"a second open interaction of a thread": {true, func(ctx context.Context) error {
				second := i
				second.ID, second.State = domain.NewID[domain.InteractionID](), domain.InteractionConnected
				return w.CreateInteraction(ctx, second)
			}},
			"a closed interaction of the thread": {false, func(ctx context.Context) error {
				second := i
				second.ID, second.State = domain.NewID[domain.InteractionID](), domain.InteractionDisconnected
				return w.CreateInteraction(ctx, second)
			}},
			"a second pending offer": {true, func(ctx context.Context) error {
				second := offer
				second.ID = domain.NewID[domain.ParticipantID]()
				return insert(ctx, w.Store, "", w.part(second))
			}},
			"an offer beside the pending one that is over": {false, func(ctx context.Context) error {
				second := offer
				second.ID, second.Offer = domain.NewID[domain.ParticipantID](), domain.OfferDeclined
				return insert(ctx, w.Store, "", w.part(second))
			}},
			"a platform's message twice": {true, w.again(message, func(m *domain.Message) { m.ClientMessageID = nil })},
			"a client's message twice":   {true, w.again(message, func(m *domain.Message) { m.PlatformMessageID = nil })},
			"a position twice": {true, w.again(message, func(m *domain.Message) {
				m.PlatformMessageID, m.ClientMessageID, m.Position = nil, nil, message.Position
			})},
			"a message of another channel":           {false, w.again(message, func(m *domain.Message) { m.Channel = domain.NewID[domain.ChannelID]() })},
			"a message of another organization":      {false, w.again(message, func(m *domain.Message) { m.Organization = other.org })},
			"an event's sequence twice":              {true, func(ctx context.Context) error { return w.Append(ctx, w.event(i.ID, 1, "y")) }},
			"events of no interaction":               {false, func(ctx context.Context) error { return w.Append(ctx, w.event("", 0, "y"), w.event("", 0, "y")) }},
			"a channel's account twice":              {true, w.channelWith(func(c *domain.Channel) {})},
			"a channel's account of another company": {false, w.channelWith(func(c *domain.Channel) { c.Organization = other.org; c.AccountID = "own" })},
			"an external id twice": {true, func(ctx context.Context) error {
				second := code
				second.ID = domain.NewID[domain.WrapUpCodeID]()
				return w.CreateWrapUpCode(ctx, second)
			}},
			"an address twice": {true, func(ctx context.Context) error {
				t := domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: w.org, Channel: w.channel.ID,
					Contact: domain.NewID[domain.ContactID](), Address: "address", CreatedAt: noon}
				c := domain.Contact{ID: t.Contact, Organization: w.org, Channel: t.Channel, Address: t.Address, CreatedAt: noon}
				second, again := t, c
				second.ID, again.ID = domain.NewID[domain.ThreadID](), domain.NewID[domain.ContactID]()
				return first(w.CreateThread(ctx, t, c), w.CreateThread(ctx, second, again))
			}},
		} {
			err := w.InTx(t.Context(), c.write)
			if c.refused != Duplicate(err) || !c.refused && err != nil || c.refused && !domain.IsKind(err, domain.ErrorConflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		external := func(ctx context.Context) error { return w.DeleteWrapUpCode(ctx, code, noon) }
		commit(t, w.Store, external)
		code.ID = domain.NewID[domain.WrapUpCodeID]()
		commit(t, w.Store, func(ctx context.Context) error { return w.CreateWrapUpCode(ctx, code) }) // a deleted one's value is free
	})
}

// again writes a message once more, under another id and position.
func (w *world) again(m domain.Message, change func(*domain.Message)) func(ctx context.Context) error {
	m.ID, m.Position = domain.NewID[domain.MessageID](), w.position
	w.position++
	change(&m)
	return func(ctx context.Context) error { return w.CreateMessages(ctx, m) }
}

func (w *world) channelWith(change func(*domain.Channel)) func(ctx context.Context) error {
	c := w.channel
	c.ID = domain.NewID[domain.ChannelID]()
	change(&c)
	return func(ctx context.Context) error { return w.CreateChannel(ctx, c) }
}

// A row that was read before its deletion does not come back.
func TestDeletedRowsStayDeleted(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		a, code := w.agent(), domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org}
		commit(t, w.Store, func(ctx context.Context) error { return w.CreateWrapUpCode(ctx, code) })
		commit(t, w.Store, func(ctx context.Context) error {
			return first(w.DeleteQueue(ctx, w.queue, noon), w.DeleteAgent(ctx, a, noon), w.DeleteApp(ctx, w.app, noon),
				w.DeleteChannel(ctx, w.channel, noon), w.DeleteWrapUpCode(ctx, code, noon))
		})
		for name, save := range map[string]func(ctx context.Context) error{
			"queue":   func(ctx context.Context) error { return w.SaveQueue(ctx, &w.queue) },
			"agent":   func(ctx context.Context) error { return w.SaveAgent(ctx, &a) },
			"app":     func(ctx context.Context) error { return w.SaveApp(ctx, &w.app) },
			"channel": func(ctx context.Context) error { return w.SaveChannel(ctx, &w.channel) },
			"code":    func(ctx context.Context) error { return w.SaveWrapUpCode(ctx, &code) },
		} {
			if err := w.InTx(t.Context(), save); !domain.IsKind(err, domain.ErrorConflict) {
				t.Errorf("saving a deleted %s gives %v", name, err)
			}
		}
		names, err := w.WrapUpCodeNames(t.Context(), w.org, []domain.WrapUpCodeID{code.ID})
		if living, livingErr := w.LivingWrapUpCodes(t.Context(), w.org, []domain.WrapUpCodeID{code.ID}); err != nil || livingErr != nil || len(names) != 1 || len(living) != 0 {
			t.Errorf("a deleted code has the names %v (%v), and lives: %v (%v)", names, err, living, livingErr)
		}
	})
}

// Of many nodes that offer the same interaction at once, one succeeds.
func TestOneOfferWins(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i := w.waiting(1)[0]
		var agents []domain.Agent
		for range 8 {
			agents = append(agents, w.agent())
		}
		var won atomic.Int64
		var group sync.WaitGroup
		for _, a := range agents {
			group.Go(func() {
				e, events, err := domain.Offer(i, a, time.Minute, noon)
				if err != nil {
					t.Error(err)
					return
				}
				switch err := w.InTx(t.Context(), func(ctx context.Context) error { return w.CreateEngagement(ctx, &e, events) }); {
				case err == nil:
					won.Add(1)
				case !domain.IsKind(err, domain.ErrorConflict):
					t.Errorf("the loser is told %v", err)
				}
			})
		}
		group.Wait()
		d, err := w.InteractionDetail(t.Context(), w.org, i.ID)
		if won.Load() != 1 || err != nil || len(d.Participants) != 1 || d.Version != 2 {
			t.Errorf("%d offers succeeded; the interaction is %s", won.Load(), fmt.Sprintf("%+v (%v)", d, err))
		}
	})
}

// Duplicate tells whether a unique index refused a write.
func Duplicate(err error) bool { return errors.Is(err, errDuplicate) }
