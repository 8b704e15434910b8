package storage

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// world is one organization with an app, a channel and its queue.
type world struct {
	*Store
	t       *testing.T
	org     domain.OrganizationID
	app     domain.PlatformApp
	channel domain.Channel
	queue   domain.Queue

	position int64 // of the next message that stands for itself
}

func newWorld(t *testing.T, s *Store) *world {
	t.Helper()
	w := &world{Store: s, t: t, org: domain.NewID[domain.OrganizationID](), position: 1000}
	w.app = domain.PlatformApp{ID: domain.NewID[domain.AppID](), Organization: w.org, Platform: domain.PlatformMeta, Name: "app",
		Secrets: []string{"s"}, VerifyToken: "v", Version: 1, CreatedAt: noon, UpdatedAt: noon}
	w.queue = domain.NewQueue(w.org, noon)
	w.channel = domain.Channel{ID: domain.NewID[domain.ChannelID](), Organization: w.org, Name: "channel", App: w.app.ID,
		Kind: domain.ChannelMessenger, AccountID: "page", Credentials: map[string]string{}, Queue: &w.queue.ID,
		Status: domain.ChannelActive, Version: 1, CreatedAt: noon, UpdatedAt: noon}
	commit(t, s, func(ctx context.Context) error {
		return first(
			s.CreateOrganization(ctx, domain.Organization{ID: w.org, Name: string(w.org), CreatedAt: noon}),
			s.CreateApp(ctx, w.app), s.CreateQueue(ctx, w.queue), s.CreateChannel(ctx, w.channel))
	})
	return w
}

// first gives the first error of several writes.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// agent adds an agent who is on queue, and a member of the world's queue.
func (w *world) agent(change ...func(*domain.Agent)) domain.Agent {
	w.t.Helper()
	a := domain.NewAgent(w.org, "agent", noon)
	a.Presence = domain.PresenceOnQueue
	for _, c := range change {
		c(&a)
	}
	commit(w.t, w.Store, func(ctx context.Context) error {
		return first(w.CreateAgent(ctx, a), w.PutMember(ctx, w.org, domain.Member{Queue: w.queue.ID, Agent: a.ID, Ring: 1, Joined: true}))
	})
	return a
}

// threads makes n threads with their contacts, without an interaction.
func (w *world) threads(n int) []domain.Thread {
	w.t.Helper()
	made := make([]domain.Thread, n)
	commit(w.t, w.Store, func(ctx context.Context) error {
		for i := range made {
			c := domain.Contact{ID: domain.NewID[domain.ContactID](), Organization: w.org, Channel: w.channel.ID,
				Address: domain.NewID[string](), CreatedAt: noon}
			made[i] = domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: w.org, Channel: w.channel.ID, Contact: c.ID,
				Address: c.Address, Version: 1, CreatedAt: noon}
			if err := w.CreateThread(ctx, made[i], c); err != nil {
				return err
			}
		}
		return nil
	})
	return made
}

// waiting makes n interactions that wait in the world's queue, one second apart.
func (w *world) waiting(n int, change ...func(n int, i *domain.Interaction)) []domain.Interaction {
	w.t.Helper()
	made := make([]domain.Interaction, n)
	for k, t := range w.threads(n) {
		made[k], _ = domain.NewInteraction(t, w.channel, domain.OriginMessage, noon.Add(time.Duration(k)*time.Second))
		for _, c := range change {
			c(k, &made[k])
		}
	}
	commit(w.t, w.Store, func(ctx context.Context) error {
		for _, i := range made {
			if err := w.CreateInteraction(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	return made
}

// offer alerts an agent to an interaction.
func (w *world) offer(i domain.Interaction, a domain.Agent) domain.Engagement {
	w.t.Helper()
	e, events, err := domain.Offer(i, a, time.Minute, noon)
	if err != nil {
		w.t.Fatal(err)
	}
	commit(w.t, w.Store, func(ctx context.Context) error { return w.CreateEngagement(ctx, &e, events) })
	return e
}

// messages makes n messages of a thread, of which every second is a reply; it
// does not write them.
func (w *world) messages(i domain.Interaction, n int) []domain.Message {
	made := make([]domain.Message, n)
	for k := range made {
		text := "text " + strconv.Itoa(k)
		made[k] = domain.Message{ID: domain.NewID[domain.MessageID](), Organization: w.org, Interaction: i.ID, Thread: i.Thread,
			Channel: w.channel.ID, Position: i.Position + int64(k) + 1, Direction: domain.Inbound, Kind: domain.KindMessage,
			Visibility: domain.Private, Sender: domain.Sender{Type: domain.SenderCustomer}, Text: &text,
			Attachments: []domain.Attachment{}, CreatedAt: noon, Version: 1}
		if k%2 == 1 {
			made[k].Direction, made[k].Status, made[k].Sender.Type = domain.Outbound, domain.ReplyQueued, domain.SenderAgent
		}
	}
	return made
}

// delivery is the work of one reply, due at noon.
func (w *world) delivery(t domain.Thread, position int64) domain.Delivery {
	return domain.NewDelivery(domain.Message{ID: domain.NewID[domain.MessageID](), Organization: w.org, Thread: t.ID,
		Channel: w.channel.ID, Position: position}, noon)
}

// event tells something of an interaction.
func (w *world) event(i domain.InteractionID, sequence int64, kind domain.EventType) domain.Event {
	return domain.Event{ID: domain.NewID[domain.EventID](), Organization: w.org, Type: kind, Time: noon, Subject: string(i),
		Interaction: i, Sequence: sequence, Queue: w.queue.ID, Actor: domain.System()}
}

// inbox makes n events as a platform sends them, all of one lane.
func (w *world) inbox(n int, lane int64) []domain.InboxEvent {
	made := make([]domain.InboxEvent, n)
	for k := range made {
		made[k] = domain.InboxEvent{Organization: w.org, ID: domain.NewID[domain.InboxID](), App: w.app.ID, Kind: domain.ChannelMessenger,
			AccountID: "page", Field: "messages", Contact: "contact", Lane: lane, DedupeKey: strconv.FormatInt(lane, 10) + "/" + strconv.Itoa(k),
			Payload: []byte(`{"n":` + strconv.Itoa(k) + `}`), State: domain.InboxPending, ReceivedAt: noon}
	}
	return made
}
