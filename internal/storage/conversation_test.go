package storage

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// conversationTrips are the round trips of what a conversation is made of.
func conversationTrips() map[string]func(*testing.T, *Store) {
	trips := map[string]func(*testing.T, *Store){
		"thread": trip[domain.Thread]{fixed: "CreatedAt", also: []string{"Channel", "Contact"},
			create: func(ctx context.Context, s *Store, t domain.Thread) error {
				return s.CreateThread(ctx, t, domain.Contact{ID: t.Contact, Organization: t.Organization, Channel: t.Channel, Address: t.Address, CreatedAt: noon})
			},
			save: func(ctx context.Context, s *Store, t *domain.Thread) error { return s.SaveThread(ctx, t) },
			read: func(ctx context.Context, s *Store, t domain.Thread) (domain.Thread, error) {
				return s.Thread(ctx, t.Organization, t.ID)
			}}.test,
		"contact": trip[domain.Contact]{fixed: "CreatedAt", also: []string{"Channel", "Address"},
			create: func(ctx context.Context, s *Store, c domain.Contact) error {
				return s.CreateThread(ctx, domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: c.Organization, Channel: c.Channel, Contact: c.ID, Address: c.Address}, c)
			},
			save: func(ctx context.Context, s *Store, c *domain.Contact) error { return s.SaveContact(ctx, c) },
			read: func(ctx context.Context, s *Store, c domain.Contact) (domain.Contact, error) {
				return s.Contact(ctx, c.Organization, c.ID)
			}}.test,
		"erasure": trip[domain.Erasure]{fixed: "RequestedAt", also: []string{"Contact", "Boundary", "Actor"},
			create: func(ctx context.Context, s *Store, e domain.Erasure) error { return s.BeginErasure(ctx, e) },
			save:   func(ctx context.Context, s *Store, e *domain.Erasure) error { return s.SaveContactErasure(ctx, *e) },
			read: func(ctx context.Context, s *Store, e domain.Erasure) (domain.Erasure, error) {
				return s.ContactErasure(ctx, e.Organization, e.Contact)
			}}.test,
		"interaction": trip[domain.Interaction]{fixed: "CreatedAt",
			also:   []string{"Thread", "Channel", "Contact", "ChannelKind", "Previous", "Origin", "OriginalPost"},
			create: func(ctx context.Context, s *Store, i domain.Interaction) error { return s.CreateInteraction(ctx, i) },
			save:   func(ctx context.Context, s *Store, i *domain.Interaction) error { return s.SaveInteraction(ctx, i) },
			read: func(ctx context.Context, s *Store, i domain.Interaction) (domain.Interaction, error) {
				return s.Interaction(ctx, i.Organization, i.ID)
			}}.test,
		"engagement": testEngagement,
		"transfer": trip[domain.Transfer]{fixed: "RequestedAt", also: []string{"Interaction", "Mode", "Target", "Agent", "AgentName", "Origin", "Offer", "Note", "Priority", "Skills"},
			create: func(ctx context.Context, s *Store, t domain.Transfer) error { return s.CreateTransfer(ctx, t) },
			save:   func(ctx context.Context, s *Store, t *domain.Transfer) error { return s.SaveTransfer(ctx, t) },
			read: func(ctx context.Context, s *Store, t domain.Transfer) (domain.Transfer, error) {
				return s.Transfer(ctx, t.Organization, t.Interaction, t.ID)
			}}.test,
		"early event": trip[domain.Early]{fixed: "CreatedAt", also: []string{"Channel", "MessageID"},
			create: func(ctx context.Context, s *Store, e domain.Early) error { return s.SaveEarly(ctx, e) },
			save:   func(ctx context.Context, s *Store, e *domain.Early) error { return s.SaveEarly(ctx, *e) },
			read: func(ctx context.Context, s *Store, e domain.Early) (domain.Early, error) {
				found, err := s.EarlyEvents(ctx, e.Organization, e.Channel, []string{e.MessageID})
				return found[e.MessageID], err
			}}.test,
		"post": trip[domain.Post]{fixed: "CreatedAt", also: []string{"Channel", "PlatformID", "Comment", "Mention", "Under"},
			create: func(ctx context.Context, s *Store, p domain.Post) error { return s.CreatePosts(ctx, p) },
			save:   func(ctx context.Context, s *Store, p *domain.Post) error { return s.SavePost(ctx, p) },
			read: func(ctx context.Context, s *Store, p domain.Post) (domain.Post, error) {
				return s.Post(ctx, p.Organization, p.ID)
			}}.test,
		"draft": trip[domain.Draft]{fixed: "Interaction", also: []string{"Agent"},
			create: func(ctx context.Context, s *Store, d domain.Draft) error { return s.SaveDraft(ctx, d) },
			save:   func(ctx context.Context, s *Store, d *domain.Draft) error { return s.SaveDraft(ctx, *d) },
			read: func(ctx context.Context, s *Store, d domain.Draft) (domain.Draft, error) {
				return s.Draft(ctx, d.Organization, d.Interaction, d.Agent)
			}}.test,
		"segment": trip[domain.Segment]{
			create: func(ctx context.Context, s *Store, g domain.Segment) error {
				return insert(ctx, s, "", toSegmentRow(g))
			},
			read: func(ctx context.Context, s *Store, g domain.Segment) (domain.Segment, error) {
				found, err := s.Segments(ctx, g.Organization, g.Interaction)
				return found[0], err
			}}.test,
		"message": trip[domain.Message]{fixed: "CreatedAt", also: []string{"Interaction", "Thread", "Channel", "Position", "Direction",
			"Kind", "Visibility", "InReplyTo", "Post", "SendGroupID", "ClientMessageID", "ResendOf", "CannedResponse"},
			shape: func(m *domain.Message) {
				*m.Failure = domain.FailureOf(domain.FailureCodes()[m.Position%3]) // the code tells the rest
				m.Sender.Type, m.Sender.ID = domain.SenderAgent, "fixed"           // nobody becomes somebody else
			},
			create: func(ctx context.Context, s *Store, m domain.Message) error { return s.CreateMessages(ctx, m) },
			save:   func(ctx context.Context, s *Store, m *domain.Message) error { return s.SaveMessage(ctx, m) },
			read: func(ctx context.Context, s *Store, m domain.Message) (domain.Message, error) {
				return s.Message(ctx, m.Organization, m.Interaction, m.ID)
			}}.test,
	}
	maps.Copy(trips, workTrips())
	return trips
}

// workTrips are the round trips of what is to be done, was done or was told.
func workTrips() map[string]func(*testing.T, *Store) {
	return map[string]func(*testing.T, *Store){
		"attempt": trip[domain.Attempt]{fixed: "StartedAt", also: []string{"Message", "Number"},
			create: func(ctx context.Context, s *Store, a domain.Attempt) error { return s.CreateAttempts(ctx, a) },
			save:   func(ctx context.Context, s *Store, a *domain.Attempt) error { return s.SaveAttempt(ctx, *a) },
			read: func(ctx context.Context, s *Store, a domain.Attempt) (domain.Attempt, error) {
				found, err := s.AttemptsByToken(ctx, a.Organization, []string{string(a.ID), "of somebody else's making"})
				return found[string(a.ID)], err
			}}.test,
		"delivery": trip[domain.Delivery]{fixed: "Thread", also: []string{"Position", "Message", "Channel"},
			create: func(ctx context.Context, s *Store, d domain.Delivery) error { return s.CreateDeliveries(ctx, d) },
			save:   func(ctx context.Context, s *Store, d *domain.Delivery) error { return s.SaveDelivery(ctx, *d) },
			read: func(ctx context.Context, s *Store, d domain.Delivery) (domain.Delivery, error) {
				r, err := one[jobRow](s.db(ctx).Where("organization_id = ? AND id = ?", d.Organization, d.ID), "delivery")
				return fromJobRow(r), err
			}}.test,
		"file": trip[domain.File]{fixed: "CreatedAt", also: []string{"Origin", "Interaction", "Message"},
			shape:  func(f *domain.File) { f.Erased = false }, // what is erased is not found
			create: func(ctx context.Context, s *Store, f domain.File) error { return s.CreateFiles(ctx, f) },
			save:   func(ctx context.Context, s *Store, f *domain.File) error { return s.SaveFile(ctx, f) },
			read: func(ctx context.Context, s *Store, f domain.File) (domain.File, error) {
				return s.File(ctx, f.Organization, f.ID)
			}}.test,
		"inbox event": trip[domain.InboxEvent]{
			shape: func(e *domain.InboxEvent) { e.Lane, e.State = 63, domain.InboxPending },
			create: func(ctx context.Context, s *Store, e domain.InboxEvent) error {
				return s.AppendInbox(ctx, []domain.InboxEvent{e})
			},
			read: func(ctx context.Context, s *Store, e domain.InboxEvent) (domain.InboxEvent, error) {
				found, err := s.PendingEvents(ctx, e.Lane, 1)
				return found[0], err
			}}.test,
		"event": trip[domain.Event]{
			create: func(ctx context.Context, s *Store, e domain.Event) error { return s.Append(ctx, e) },
			read: func(ctx context.Context, s *Store, e domain.Event) (domain.Event, error) {
				if _, err := s.SequenceEvents(ctx, true); err != nil {
					return e, err
				}
				found, _, err := s.Events(ctx, e.Organization, domain.EventFilter{}, 0, 1)
				return found[0].Event, err
			}}.test,
		"idempotency key": trip[Idempotency]{fixed: "Client", also: []string{"Operation", "Key", "Fingerprint", "RequestID", "CreatedAt"},
			create: func(ctx context.Context, s *Store, i Idempotency) error { _, _, err := s.ClaimKey(ctx, i); return err },
			save:   func(ctx context.Context, s *Store, i *Idempotency) error { return s.SaveAnswer(ctx, *i) },
			read: func(ctx context.Context, s *Store, i Idempotency) (found Idempotency, err error) {
				err = s.InTx(ctx, func(ctx context.Context) error { found, _, err = s.ClaimKey(ctx, i); return err })
				return found, err
			}}.test,
	}
}

// testEngagement saves an agent's part together with what it is a part of.
func testEngagement(t *testing.T, s *Store) {
	e := domain.Engagement{Interaction: made[domain.Interaction](1), Participant: made[domain.Participant](2), Agent: made[domain.Agent](3)}
	e.Participant.Organization, e.Agent.Organization = e.Interaction.Organization, e.Interaction.Organization
	e.Participant.Interaction, e.Participant.Agent = e.Interaction.ID, e.Agent.ID
	commit(t, s, func(ctx context.Context) error {
		return first(s.CreateInteraction(ctx, e.Interaction), s.CreateAgent(ctx, e.Agent))
	})
	e.Interaction.Priority, e.Agent.Load.Alerting = 7, 8
	commit(t, s, func(ctx context.Context) error { return s.CreateEngagement(ctx, &e, nil) })
	checkEngagement(t, s, e)

	before := e
	e.Participant = made[domain.Participant](4)
	copyFields(&e.Participant, &before.Participant, "ID", "Organization", "Interaction", "Agent", "AgentName", "Purpose", "Queue", "OfferedAt", "ExpiresAt", "Version")
	e.Interaction.Priority, e.Agent.Load.Alerting = 9, 10
	commit(t, s, func(ctx context.Context) error { return s.SaveEngagement(ctx, &e, nil) })
	checkEngagement(t, s, e)
	if e.Participant.Version != before.Participant.Version+1 {
		t.Errorf("version %d of the participant", e.Participant.Version)
	}
	if err := s.InTx(t.Context(), func(ctx context.Context) error { stale := before; return s.SaveEngagement(ctx, &stale, nil) }); !domain.IsKind(err, domain.ErrorConflict) {
		t.Errorf("a stale part gives %v", err)
	}
	checkEngagement(t, s, e)
}

func checkEngagement(t *testing.T, s *Store, want domain.Engagement) {
	t.Helper()
	commit(t, s, func(ctx context.Context) error {
		got, err := s.LockEngagement(ctx, want.Interaction.Organization, want.Interaction.ID, want.Agent.ID, want.Participant.ID)
		same(t, "interaction", got.Interaction, want.Interaction)
		same(t, "participant", got.Participant, want.Participant)
		same(t, "agent", got.Agent, want.Agent)
		return err
	})
}

// What is shown beside an interaction is of its own neighbours, and of nobody else.
func TestInteractionDetail(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i, a := w.waiting(3)[1], w.agent()
		e := w.offer(i, a)
		d, err := w.InteractionDetail(t.Context(), w.org, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "interaction", d.Interaction, e.Interaction)
		if len(d.Participants) != 1 {
			t.Fatalf("participants %v", d.Participants)
		}
		same(t, "participant", d.Participants[0], e.Participant)
		threads, err := w.LockThreadsByID(t.Context(), w.org, []domain.ThreadID{i.Thread})
		if err != nil || d.ContactAddress != threads[i.Thread].Address || d.ContactName != nil {
			t.Errorf("the contact is %+v (%v)", d, err)
		}
		if d.ChannelName != w.channel.Name || d.ChannelAccount != w.channel.AccountID || d.QueueName == nil || *d.QueueName != w.queue.Name {
			t.Errorf("the channel and the queue are %+v", d)
		}
		head, err := w.InteractionHead(t.Context(), w.org, i.ID)
		d.Participants = nil
		equal(t, head, d, err)
		list, _, err := w.Interactions(t.Context(), w.org, InteractionFilter{}, Page{Limit: 9, Asc: true})
		if err != nil || len(list) != 3 {
			t.Fatalf("%d interactions (%v)", len(list), err)
		}
		n := slices.IndexFunc(list, func(d domain.InteractionDetail) bool { return d.ID == i.ID })
		if len(list[n].Participants) != 1 || len(list[0].Participants)+len(list[2].Participants) != 0 {
			t.Errorf("the list gives the parts to the wrong interactions: %+v", list)
		}
	})
}
