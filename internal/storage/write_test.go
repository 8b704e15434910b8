package storage

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// writers call every method that writes, each with values that would be fine in
// a transaction.
func (w *world) writers() map[string]func(ctx context.Context) error {
	t, a, i := w.threads(1)[0], domain.NewAgent(w.org, "a", noon), w.waiting(1)[0]
	e := domain.Engagement{Interaction: i, Agent: a, Participant: domain.Participant{ID: domain.NewID[domain.ParticipantID](), Organization: w.org, Interaction: i.ID, Agent: a.ID}}
	transfer := domain.Transfer{ID: domain.NewID[domain.TransferID](), Organization: w.org, Interaction: i.ID, Agent: a.ID, Origin: e.Participant.ID,
		Target: domain.TransferTarget{Type: domain.TargetAgent, ID: string(a.ID)}}
	contact := domain.Contact{ID: t.Contact, Organization: w.org, Channel: t.Channel, Address: t.Address}
	post := domain.NewPost(w.channel, "another post", noon)
	c := domain.Client{ID: "client", Organization: w.org}
	code := domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org}
	library := domain.Library{ID: domain.NewID[domain.LibraryID](), Organization: w.org}
	canned := domain.CannedResponse{ID: domain.NewID[domain.CannedResponseID](), Organization: w.org}
	skill, profile := domain.NewSkill(w.org, noon), domain.NewProfile(w.org, noon)
	m, d := w.messages(i, 1)[0], w.delivery(t, 1)
	at := domain.Attempt{ID: domain.NewID[domain.AttemptID](), Organization: w.org, Message: m.ID}
	f := domain.NewReceived(m, domain.Attachment{URL: "x"}, "key", true, noon)
	key := Idempotency{Organization: w.org, Client: "client", Operation: "op", Key: "key"}
	draft := domain.Draft{Organization: w.org, Interaction: i.ID, Agent: a.ID, Text: "x"}
	return map[string]func(ctx context.Context) error{
		"Append":               func(ctx context.Context) error { return w.Append(ctx, w.event(i.ID, 9, "x")) },
		"ClaimKey":             func(ctx context.Context) error { _, _, err := w.ClaimKey(ctx, key); return err },
		"CreateAgent":          func(ctx context.Context) error { return w.CreateAgent(ctx, a) },
		"CreateApp":            func(ctx context.Context) error { return w.CreateApp(ctx, w.app) },
		"CreateAttempts":       func(ctx context.Context) error { return w.CreateAttempts(ctx, at) },
		"CreateChannel":        func(ctx context.Context) error { return w.CreateChannel(ctx, w.channel) },
		"CreateClient":         func(ctx context.Context) error { return w.CreateClient(ctx, c) },
		"CreateDeliveries":     func(ctx context.Context) error { return w.CreateDeliveries(ctx, d) },
		"CreateTransfer":       func(ctx context.Context) error { return w.CreateTransfer(ctx, transfer) },
		"SaveTransfer":         func(ctx context.Context) error { return w.SaveTransfer(ctx, &transfer) },
		"SaveDraft":            func(ctx context.Context) error { return w.SaveDraft(ctx, draft) },
		"DeleteDraft":          func(ctx context.Context) error { return w.DeleteDraft(ctx, w.org, i.ID, a.ID) },
		"CreateEngagement":     func(ctx context.Context) error { return w.CreateEngagement(ctx, &e, nil) },
		"CreateEngagements":    func(ctx context.Context) error { return w.CreateEngagements(ctx, []domain.Engagement{e}, nil) },
		"CreateFiles":          func(ctx context.Context) error { return w.CreateFiles(ctx, f) },
		"DeleteFile":           func(ctx context.Context) error { return w.DeleteFile(ctx, f) },
		"EraseFilesOf":         func(ctx context.Context) error { return w.EraseFilesOf(ctx, w.org, m.ID, noon) },
		"SaveParticipant":      func(ctx context.Context) error { return w.SaveParticipant(ctx, &e.Participant) },
		"SaveFile":             func(ctx context.Context) error { return w.SaveFile(ctx, &f) },
		"CreateInteraction":    func(ctx context.Context) error { return w.CreateInteraction(ctx, i) },
		"CreateMessages":       func(ctx context.Context) error { return w.CreateMessages(ctx, m) },
		"CreateOrganization":   func(ctx context.Context) error { return w.CreateOrganization(ctx, domain.Organization{ID: w.org}) },
		"CreateProfile":        func(ctx context.Context) error { return w.CreateProfile(ctx, profile) },
		"CreateLibrary":        func(ctx context.Context) error { return w.CreateLibrary(ctx, library) },
		"CreateCannedResponse": func(ctx context.Context) error { return w.CreateCannedResponse(ctx, canned) },
		"SaveLibrary":          func(ctx context.Context) error { return w.SaveLibrary(ctx, &library) },
		"SaveCannedResponse":   func(ctx context.Context) error { return w.SaveCannedResponse(ctx, &canned) },
		"DeleteLibrary":        func(ctx context.Context) error { return w.DeleteLibrary(ctx, library, noon) },
		"DeleteCannedResponse": func(ctx context.Context) error { return w.DeleteCannedResponse(ctx, canned, noon) },
		"CreateSkill":          func(ctx context.Context) error { return w.CreateSkill(ctx, skill) },
		"CreateQueue":          func(ctx context.Context) error { return w.CreateQueue(ctx, w.queue) },
		"CreateThread":         func(ctx context.Context) error { return w.CreateThread(ctx, t, contact) },
		"CreateWrapUpCode":     func(ctx context.Context) error { return w.CreateWrapUpCode(ctx, code) },
		"DeleteAgent":          func(ctx context.Context) error { return w.DeleteAgent(ctx, a, noon) },
		"DeleteApp":            func(ctx context.Context) error { return w.DeleteApp(ctx, w.app, noon) },
		"DeleteChannel":        func(ctx context.Context) error { return w.DeleteChannel(ctx, w.channel, noon) },
		"DeleteClient":         func(ctx context.Context) error { return w.DeleteClient(ctx, c) },
		"DeleteDelivery":       func(ctx context.Context) error { return w.DeleteDelivery(ctx, d) },
		"DeleteDeliveriesOf": func(ctx context.Context) error {
			return w.DeleteDeliveriesOf(ctx, w.org, many(m.ID))
		},
		"SaveEarly": func(ctx context.Context) error {
			return w.SaveEarly(ctx, domain.Early{Organization: w.org, Channel: w.channel.ID, MessageID: "m"})
		},
		"ReleaseInbox":      func(ctx context.Context) error { return w.ReleaseInbox(ctx, w.inbox(1, 0)[0]) },
		"ReleaseAccount":    func(ctx context.Context) error { return w.ReleaseAccount(ctx, w.channel) },
		"CreateErasure":     func(ctx context.Context) error { return w.CreateErasure(ctx, w.org, noon) },
		"EraseSources":      func(ctx context.Context) error { return w.EraseSources(ctx, m) },
		"EraseInbox":        func(ctx context.Context) error { return w.EraseInbox(ctx, w.channel, []string{"m"}) },
		"DeleteMembers":     func(ctx context.Context) error { return w.DeleteMembers(ctx, w.org, w.queue.ID, many(a.ID)) },
		"DeleteMemberships": func(ctx context.Context) error { return w.DeleteMemberships(ctx, w.org, a.ID) },
		"DeleteMember":      func(ctx context.Context) error { return w.DeleteMember(ctx, w.org, w.queue.ID, a.ID) },
		"DeleteProfile":     func(ctx context.Context) error { return w.DeleteProfile(ctx, profile, noon) },
		"DeleteSkill":       func(ctx context.Context) error { return w.DeleteSkill(ctx, skill, noon) },
		"DeleteQueue":       func(ctx context.Context) error { return w.DeleteQueue(ctx, w.queue, noon) },
		"DeleteWrapUpCode":  func(ctx context.Context) error { return w.DeleteWrapUpCode(ctx, code, noon) },
		"DropEcho":          func(ctx context.Context) error { return w.DropEcho(ctx, m) },
		"LockName":          func(ctx context.Context) error { return w.LockName(ctx, w.org, "queues", "x") },
		"LockSetup":         w.LockSetup,
		"MarkInbox": func(ctx context.Context) error {
			return w.MarkInbox(ctx, w.inbox(64, 0), domain.InboxApplied, "", noon)
		},
		"PutMember": func(ctx context.Context) error {
			return w.PutMember(ctx, w.org, domain.Member{Queue: w.queue.ID, Agent: a.ID})
		},
		"ReleaseDeliveries": func(ctx context.Context) error { return w.ReleaseDeliveries(ctx, w.org, w.channel.ID, noon) },
		"ReleasePosts":      func(ctx context.Context) error { return w.ReleasePosts(ctx, w.org, w.channel.ID, noon) },
		"CreatePosts":       func(ctx context.Context) error { return w.CreatePosts(ctx, domain.NewPost(w.channel, "post", noon)) },
		"SavePost":          func(ctx context.Context) error { return w.SavePost(ctx, &post) },
		"DeletePost":        func(ctx context.Context) error { return w.DeletePost(ctx, post) },
		"SaveAgent":         func(ctx context.Context) error { return w.SaveAgent(ctx, &a) },
		"SaveSeen":          func(ctx context.Context) error { return w.SaveSeen(ctx, w.org, a.ID, noon) },
		"ForgetSeen":        func(ctx context.Context) error { return w.ForgetSeen(ctx, w.org, a.ID) },
		"WatchAgents":       func(ctx context.Context) error { return w.WatchAgents(ctx, w.org, noon) },
		"SaveAnswer":        func(ctx context.Context) error { return w.SaveAnswer(ctx, key) },
		"SaveApp":           func(ctx context.Context) error { return w.SaveApp(ctx, &w.app) },
		"SaveAttempt":       func(ctx context.Context) error { return w.SaveAttempt(ctx, at) },
		"SaveChannel":       func(ctx context.Context) error { return w.SaveChannel(ctx, &w.channel) },
		"SaveClient":        func(ctx context.Context) error { return w.SaveClient(ctx, &c) },
		"SaveDelivery":      func(ctx context.Context) error { return w.SaveDelivery(ctx, d) },
		"SaveEngagement":    func(ctx context.Context) error { return w.SaveEngagement(ctx, &e, nil) },
		"SaveInteraction":   func(ctx context.Context) error { return w.SaveInteraction(ctx, &i) },
		"SaveMessage":       func(ctx context.Context) error { return w.SaveMessage(ctx, &m) },
		"SaveOrganization":  func(ctx context.Context) error { return w.SaveOrganization(ctx, &domain.Organization{ID: w.org}) },
		"SaveProfile":       func(ctx context.Context) error { return w.SaveProfile(ctx, &profile) },
		"SaveContactErasure": func(ctx context.Context) error {
			return w.SaveContactErasure(ctx, domain.Erasure{Organization: w.org, Contact: domain.NewID[domain.ContactID]()})
		},
		"DropInbox": func(ctx context.Context) error {
			return w.DropInbox(ctx, w.org, []domain.InboxID{domain.NewID[domain.InboxID]()})
		},
		"SaveContact":    func(ctx context.Context) error { return w.SaveContact(ctx, &contact) },
		"SaveSkill":      func(ctx context.Context) error { return w.SaveSkill(ctx, &skill) },
		"SaveQueue":      func(ctx context.Context) error { return w.SaveQueue(ctx, &w.queue) },
		"SaveSigningKey": func(ctx context.Context) error { return w.SaveSigningKey(ctx, SigningKey{ID: "k"}) },
		"CreateTokenIssuer": func(ctx context.Context) error {
			return w.CreateTokenIssuer(ctx, domain.TokenIssuer{ID: domain.NewID[domain.TokenIssuerID](), Organization: w.org})
		},
		"SaveTokenIssuer": func(ctx context.Context) error {
			return w.SaveTokenIssuer(ctx, &domain.TokenIssuer{ID: domain.NewID[domain.TokenIssuerID](), Organization: w.org})
		},
		"DeleteTokenIssuer": func(ctx context.Context) error {
			return w.DeleteTokenIssuer(ctx, domain.TokenIssuer{ID: domain.NewID[domain.TokenIssuerID](), Organization: w.org})
		},
		"SaveThread":     func(ctx context.Context) error { return w.SaveThread(ctx, &t) },
		"SaveWrapUpCode": func(ctx context.Context) error { return w.SaveWrapUpCode(ctx, &code) },
	}
}

func TestWritesNeedATransaction(t *testing.T) {
	t.Parallel()
	ownTransaction := []string{"AppendInbox", "SaveClockOffset", "DeleteErasures"}
	both(t, func(t *testing.T, db database) {
		writers := newWorld(t, db.Store).writers()
		for name, write := range writers {
			if err := write(t.Context()); !errors.Is(err, errNoTx) {
				t.Errorf("%s without a transaction gives %v", name, err)
			}
		}
		for name := range exported("Append", "ClaimKey", "Create", "Delete", "Drop", "Erase", "Mark", "Put", "Release", "Save") {
			if writers[name] == nil && !slices.Contains(ownTransaction, name) {
				t.Errorf("%s is not tested", name)
			}
		}
	})
}

// exported gives the store's methods whose names begin with one of the words.
func exported(words ...string) map[string]reflect.Method {
	found := map[string]reflect.Method{}
	for m := range reflect.TypeFor[*Store]().Methods() {
		for _, w := range words {
			if strings.HasPrefix(m.Name, w) {
				found[m.Name] = m
			}
		}
	}
	return found
}

// Writes of one transaction go to PostgreSQL together, in one statement, whose
// parts do not see each other: two of them must never meet in one row.
func TestWritesToOneRow(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i := w.waiting(1)[0]
		thread := w.threads(1)[0]
		messages := w.messages(i, 3)
		jobs := []domain.Delivery{w.delivery(thread, 1), w.delivery(thread, 2)}
		inbox := w.inbox(3, 5)
		agent := w.agent()
		other := domain.Member{Queue: domain.NewID[domain.QueueID](), Agent: agent.ID}
		for name, fn := range map[string]func(ctx context.Context) error{
			"update, update": func(ctx context.Context) error { return first(w.SaveInteraction(ctx, &i), w.SaveInteraction(ctx, &i)) },
			"insert many, update one": func(ctx context.Context) error {
				return first(w.CreateMessages(ctx, messages...), w.SaveMessage(ctx, &messages[1]), w.SaveMessage(ctx, &messages[1]))
			},
			"insert many, delete one, delete by subject": func(ctx context.Context) error {
				return first(w.CreateDeliveries(ctx, jobs...), w.SaveDelivery(ctx, jobs[0]), w.DeleteDelivery(ctx, jobs[0]),
					w.DeleteDeliveriesOf(ctx, w.org, []domain.MessageID{jobs[1].Message}))
			},
			"append, mark, mark again": func(ctx context.Context) error {
				return first(w.AppendInbox(ctx, inbox), w.MarkInbox(ctx, inbox[:2], domain.InboxQuarantined, "why", noon),
					w.MarkInbox(ctx, inbox[:1], domain.InboxApplied, "", noon))
			},
			"put, delete": func(ctx context.Context) error {
				return first(w.PutMember(ctx, w.org, other), w.DeleteMember(ctx, w.org, other.Queue, agent.ID))
			},
			"put, delete all": func(ctx context.Context) error {
				return first(w.PutMember(ctx, w.org, other), w.DeleteAgent(ctx, agent, noon))
			},
		} {
			if err := w.InTx(t.Context(), fn); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err := w.Interaction(t.Context(), w.org, i.ID); err != nil || got.Version != 3 {
			t.Errorf("version %d after two changes (%v)", got.Version, err)
		}
		if got, err := w.Message(t.Context(), w.org, i.ID, messages[1].ID); err != nil || got.Version != 3 {
			t.Errorf("version %d of a message after two changes (%v)", got.Version, err)
		}
		if left, err := all[jobRow](w.read); err != nil || len(left) != 0 {
			t.Errorf("%d deliveries are left (%v)", len(left), err)
		}
		if pending, err := w.PendingEvents(t.Context(), 5, 9); err != nil || len(pending) != 1 {
			t.Errorf("%d events are pending (%v), want 1", len(pending), err)
		}
		if left, err := all[memberRow](w.read); err != nil || len(left) != 0 {
			t.Errorf("%d memberships are left (%v)", len(left), err)
		}
	})
}

// A unique value may go from one row to another within a transaction.
func TestWritesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		old := w.waiting(1)[0]
		next := old
		next.ID = domain.NewID[domain.InteractionID]()
		commit(t, w.Store, func(ctx context.Context) error {
			gone := old
			gone.State = domain.InteractionDisconnected
			return first(w.SaveInteraction(ctx, &gone), w.CreateInteraction(ctx, next))
		})
		err := w.InTx(t.Context(), func(ctx context.Context) error {
			gone, again := next, next
			gone.State, again.ID = domain.InteractionDisconnected, domain.NewID[domain.InteractionID]()
			return first(w.CreateInteraction(ctx, again), w.SaveInteraction(ctx, &gone)) // the wrong way round
		})
		if !Duplicate(err) {
			t.Errorf("a second open interaction gives %v", err)
		}
	})
}

func TestWritesGoTogether(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i, a := w.waiting(1)[0], w.agent()
		e, events, err := domain.Offer(i, a, time.Minute, noon)
		if err != nil {
			t.Fatal(err)
		}
		statements, commits := w.Stats().Statements.Load(), w.Stats().Commits.Load()
		commit(t, w.Store, func(ctx context.Context) error { return w.CreateEngagement(ctx, &e, events) })
		want := int64(7) // participant, interaction, agent, events, their places, the end of a segment and a new one
		if w.engine.postgres() {
			want = 1
		}
		if got := w.Stats().Statements.Load() - statements; got != want {
			t.Errorf("an offer took %d statements, want %d", got, want)
		}
		if got := w.Stats().Commits.Load() - commits; got != 1 {
			t.Errorf("an offer took %d commits", got)
		}
	})
}

// More writes than one statement has room for are as good.
func TestWritesBeyondOneStatement(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		interactions, each := w.waiting(3), 100
		if db.engine.postgres() {
			each = maxArgs/29/3 + 1 // a message has 29 columns
		}
		commit(t, w.Store, func(ctx context.Context) error {
			for n := range interactions {
				if err := first(w.CreateMessages(ctx, w.messages(interactions[n], each)...), w.SaveInteraction(ctx, &interactions[n])); err != nil {
					return err
				}
			}
			return nil
		})
		for _, i := range interactions {
			if got, _, err := w.Messages(t.Context(), w.org, i.ID, MessageFilter{}, Page{Limit: 1000}); err != nil || len(got) != each {
				t.Errorf("%d messages (%v), want %d", len(got), err, each)
			}
		}
	})
}
