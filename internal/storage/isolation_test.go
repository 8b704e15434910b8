package storage

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// marker stands for every text by which something can be found.
const marker = "marker"

// full is a world in which every read method finds something.
type full struct {
	*world
	arguments map[reflect.Type]any
	delivery  domain.Delivery
	aside     domain.InboxID // an event that was set aside
	code      domain.WrapUpCode
	agent     domain.Agent
	skill     domain.Skill
	library   domain.Library
	canned    domain.CannedResponse
	profile   domain.Profile
	file      domain.File
	post      domain.Post
	talk      domain.InteractionID
}

func newFull(t *testing.T, s *Store) *full {
	t.Helper()
	w := newWorld(t, s)
	skill, profile := domain.NewSkill(w.org, noon), domain.NewProfile(w.org, noon)
	text, a := marker, w.agent(func(a *domain.Agent) {
		subject := marker
		a.Name, a.Subject, a.Skills = marker, &subject, []domain.AgentSkill{{Skill: skill.ID, Proficiency: 1}}
		*a = a.Limited(&profile)
	})
	made := w.waiting(2)
	talk, waits := made[0], made[1]
	e := w.offer(talk, a)
	messages, comment := w.messages(talk, 5), "comment "+string(talk.ID)
	reply, public, answer, unproven := messages[1], messages[2], messages[3], messages[4]
	unproven.Direction, unproven.Visibility, unproven.Post, unproven.Status = domain.Outbound, domain.Public, &text, domain.ReplySending
	public.Visibility, public.PlatformMessageID, answer.InReplyTo = domain.Public, &comment, &reply.ID
	reply.PlatformMessageID, reply.ClientMessageID, reply.SendGroupID, reply.Status = &text, &text, marker, domain.ReplySent
	unknown := domain.Attempt{ID: domain.NewID[domain.AttemptID](), Organization: w.org, Message: reply.ID, Number: 1, State: domain.AttemptUnknown, StartedAt: noon}
	attempt := domain.Attempt{ID: domain.NewID[domain.AttemptID](), Organization: w.org, Message: reply.ID, State: domain.AttemptInFlight, StartedAt: noon}
	code := domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org, Name: marker}
	library := domain.Library{ID: domain.NewID[domain.LibraryID](), Organization: w.org, Name: marker}
	canned := domain.CannedResponse{ID: domain.NewID[domain.CannedResponseID](), Organization: w.org, Name: marker, Text: marker, Library: &library.ID}
	client := domain.Client{ID: domain.ClientID(domain.NewID[string]()), Organization: w.org, SecretHash: []byte(marker)}
	issuer := domain.TokenIssuer{ID: domain.NewID[domain.TokenIssuerID](), Organization: w.org, Issuer: string(w.org)}
	threads, err := w.LockThreadsByID(t.Context(), w.org, []domain.ThreadID{talk.Thread})
	if err != nil {
		t.Fatal(err)
	}
	file := domain.NewReceived(messages[0], domain.Attachment{URL: marker, Name: marker}, marker, true, noon)
	transfer := domain.Transfer{ID: domain.NewID[domain.TransferID](), Organization: w.org, Interaction: talk.ID, State: domain.TransferRequested, Mode: domain.TransferAttended,
		Target: domain.TransferTarget{Type: domain.TargetAgent, ID: string(a.ID)}, Agent: a.ID, Origin: e.Participant.ID, Note: &text, RequestedAt: noon, Version: 1}
	post := domain.NewPost(w.channel, marker, noon)
	f := &full{world: w, file: file, post: post, talk: talk.ID, code: code, agent: a, skill: skill, library: library, canned: canned, profile: profile, delivery: w.delivery(threads[talk.Thread], 1)}
	commit(t, s, func(ctx context.Context) error {
		w.queue.WrapUpCodes = []domain.WrapUpCodeID{code.ID}
		w.queue.Rules.Routing.Skills, w.queue.Rules.Libraries.IDs = []domain.SkillID{skill.ID}, []domain.LibraryID{library.ID}
		written, wrote := threads[talk.Thread], noon
		written.LastInboundAt = &wrote
		aside := w.inbox(1, 7)[0]
		aside.State, aside.DedupeKey = domain.InboxQuarantined, "aside"
		set, err := w.toInboxRow(aside)
		if err != nil {
			return err
		}
		f.aside = aside.ID
		early := domain.Early{Organization: w.org, Channel: w.channel.ID, MessageID: marker, CreatedAt: noon}
		draft := domain.Draft{Organization: w.org, Interaction: talk.ID, Agent: a.ID, Text: marker, UpdatedAt: noon}
		gone := domain.Erasure{Organization: w.org, Contact: talk.Contact, Boundary: domain.NewID[domain.InboxID](), RequestedAt: noon}
		proof, err := w.toContactErasureRow(gone)
		if err != nil {
			return err
		}
		return first(insert(ctx, w.Store, "", proof), w.remember(ctx, erasedAddress, w.org, w.channel.ID, noon, marker), w.remember(ctx, erasedMessage, w.org, w.channel.ID, noon, marker),
			insert(ctx, w.Store, "", set), w.SaveThread(ctx, &written), w.AliasThread(ctx, written, marker), w.SaveEarly(ctx, early), w.SaveDraft(ctx, draft), w.CreateMessages(ctx, messages[0], reply, public, answer, unproven), w.CreateAttempts(ctx, attempt, unknown), w.CreateTransfer(ctx, transfer), w.CreateFiles(ctx, file, domain.NewReceived(messages[0], domain.Attachment{URL: marker}, "link", false, noon)), w.CreatePosts(ctx, post), w.CreateWrapUpCode(ctx, code),
			w.CreateLibrary(ctx, library), w.CreateCannedResponse(ctx, canned), w.CreateSkill(ctx, skill), w.CreateProfile(ctx, profile), w.CreateClient(ctx, client), w.CreateTokenIssuer(ctx, issuer), w.SaveQueue(ctx, &w.queue), w.CreateDeliveries(ctx, f.delivery))
	})
	if _, err := w.SequenceEvents(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	f.arguments = map[reflect.Type]any{}
	for _, v := range []any{a.ID, f.aside, w.app.ID, w.channel.ID, w.channel.Kind, domain.Inbound, w.queue.ID, client.ID, code.ID, talk.ID, reply.ID, talk.Thread,
		e.Participant.ID, marker, int64(0), 10, Page{Limit: 10}, ChannelFilter{}, InteractionFilter{}, MessageFilter{}, domain.EventFilter{},
		talk.Contact, ContactFilter{}, domain.Sight{}, []domain.Line{{Thread: talk.Thread}},
		skill.ID, library.ID, many(library.ID), canned.ID, CannedFilter{}, profile.ID, issuer.ID, transfer.ID, TargetFilter{}, many(skill.ID), Find{}, many(a.ID), noon.Add(-time.Hour), time.Minute,
		many(marker, w.channel.AccountID, threads[talk.Thread].Address, string(attempt.ID)), many(talk.Thread),
		many(talk.ID, waits.ID), many(reply.ID), many(code.ID), many(a.ID), many(w.queue.ID), plainClass(w.queue.ID), file.ID, many(file.ID), post.ID} {
		f.arguments[reflect.TypeOf(v)] = v
	}
	f.arguments[reflect.TypeFor[domain.InteractionID]()] = talk.ID
	return f
}

// many puts ids among others that nothing has, as many as a batch of the inbox has.
func many[ID ~string](known ...ID) []ID {
	for len(known) < 64 {
		known = append(known, domain.NewID[ID]())
	}
	return known
}

// reads calls a method for an organization with this world's ids, and tells
// whether it found anything.
func (f *full) reads(ctx context.Context, m reflect.Method, org domain.OrganizationID) (found bool, err error) {
	f.t.Helper()
	in := []reflect.Value{reflect.ValueOf(f.Store), reflect.ValueOf(ctx), reflect.ValueOf(org)}
	for n := 3; n < m.Type.NumIn(); n++ {
		v, known := f.arguments[m.Type.In(n)]
		if !known {
			f.t.Fatalf("%s: the test has no %s to ask for", m.Name, m.Type.In(n))
		}
		in = append(in, reflect.ValueOf(v))
	}
	out := m.Func.Call(in)
	for _, v := range out[:len(out)-1] {
		switch v.Kind() {
		case reflect.Slice, reflect.Map:
			found = found || v.Len() > 0
		default:
			found = found || !v.IsZero()
		}
	}
	err, _ = out[len(out)-1].Interface().(error)
	return found && err == nil, err
}

// readMethods are all methods that read something of one organization.
func readMethods() map[string]reflect.Method {
	found := map[string]reflect.Method{}
	for m := range reflect.TypeFor[*Store]().Methods() {
		if m.Type.NumIn() > 2 && m.Type.In(2) == reflect.TypeFor[domain.OrganizationID]() && m.Type.NumOut() > 1 {
			found[m.Name] = m
		}
	}
	return found
}

// Nothing of one organization can be read with the name of another, by any method.
func TestReadsOfAnotherOrganizationFindNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		mine, theirs := newFull(t, db.Store), newWorld(t, db.Store)
		methods := readMethods()
		if len(methods) < 30 {
			t.Fatalf("only %d methods that read: %v", len(methods), methods)
		}
		commit(t, db.Store, func(ctx context.Context) error {
			for name, m := range methods {
				if found, err := mine.reads(ctx, m, mine.org); !found || err != nil {
					t.Errorf("%s finds nothing of its own organization (%v)", name, err)
				}
				if name == "Apps" || name == "Channels" || name == "Queues" || name == "Targets" || name == "Events" || name == "Organization" || name == "ChannelsOfAccounts" {
					continue // the other one has some of its own
				}
				for what, org := range map[string]domain.OrganizationID{"another": theirs.org, "an unknown": domain.NewID[domain.OrganizationID]()} {
					if found, err := mine.reads(ctx, m, org); found || err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
						t.Errorf("%s of %s organization: found %v, %v", name, what, found, err)
					}
				}
			}
			return nil
		})
	})
}

// A list holds the rows of its own organization and no others.
func TestListsAreOfOneOrganization(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		mine, theirs, ctx, p := newFull(t, db.Store), newWorld(t, db.Store), t.Context(), Page{Limit: 10}
		theirs.tell(1, 1)
		if _, err := db.SequenceEvents(ctx, true); err != nil {
			t.Fatal(err)
		}
		apps, _, err := db.Apps(ctx, theirs.org, Find{}, p)
		if err != nil || len(apps) != 1 || apps[0].ID != theirs.app.ID {
			t.Errorf("apps: %v (%v)", apps, err)
		}
		channels, _, err := db.Channels(ctx, theirs.org, ChannelFilter{Kind: mine.channel.Kind}, p)
		if err != nil || len(channels) != 1 || channels[0].ID != theirs.channel.ID {
			t.Errorf("channels: %v (%v)", channels, err)
		}
		byAccount, err := db.ChannelsOfAccounts(ctx, theirs.org, mine.channel.Kind, []string{mine.channel.AccountID})
		if err != nil || len(byAccount) != 1 || byAccount[mine.channel.AccountID].ID != theirs.channel.ID {
			t.Errorf("channels of an account: %v (%v)", byAccount, err)
		}
		queues, _, err := db.Queues(ctx, theirs.org, Find{}, p)
		if err != nil || len(queues) != 1 || queues[0].ID != theirs.queue.ID {
			t.Errorf("queues: %v (%v)", queues, err)
		}
		events, _, err := db.Events(ctx, theirs.org, domain.EventFilter{}, 0, 10)
		if err != nil || len(events) != 1 || events[0].Organization != theirs.org {
			t.Errorf("events: %v (%v)", events, err)
		}
	})
}

// Writes with the name of another organization change nothing.
func TestWritesOfAnotherOrganizationChangeNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		mine, theirs := newFull(t, db.Store), newWorld(t, db.Store)
		other := theirs.org
		silent := map[string]func(ctx context.Context) error{
			"DeleteDeliveriesOf": func(ctx context.Context) error {
				return db.DeleteDeliveriesOf(ctx, other, []domain.MessageID{mine.delivery.Message})
			},
			"ReleaseDeliveries": func(ctx context.Context) error {
				return db.ReleaseDeliveries(ctx, other, mine.channel.ID, noon.Add(-time.Hour))
			},
			"DeleteDelivery": func(ctx context.Context) error {
				d := mine.delivery
				d.Organization = other
				return db.DeleteDelivery(ctx, d)
			},
			"DeleteFile": func(ctx context.Context) error {
				f := mine.file
				f.Organization = other
				return db.DeleteFile(ctx, f)
			},
			"DeletePost": func(ctx context.Context) error {
				p := mine.post
				p.Organization = other
				return db.DeletePost(ctx, p)
			},
			"ReleasePosts": func(ctx context.Context) error {
				return db.ReleasePosts(ctx, other, mine.channel.ID, noon.Add(-time.Hour))
			},
			"DeleteDraft":  func(ctx context.Context) error { return db.DeleteDraft(ctx, other, mine.talk, mine.agent.ID) },
			"EraseFilesOf": func(ctx context.Context) error { return db.EraseFilesOf(ctx, other, *mine.file.Message, noon) },
		}
		for name, write := range silent {
			if err := db.InTx(t.Context(), write); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, write := range map[string]func(ctx context.Context) error{
			"DeleteMember": func(ctx context.Context) error { return db.DeleteMember(ctx, other, mine.queue.ID, mine.agent.ID) },
			"DeleteQueue": func(ctx context.Context) error {
				q := mine.queue
				q.Organization = other
				return db.DeleteQueue(ctx, q, noon)
			},
			"DeleteApp": func(ctx context.Context) error {
				a := mine.app
				a.Organization = other
				return db.DeleteApp(ctx, a, noon)
			},
			"DeleteAgent": func(ctx context.Context) error {
				a := mine.agent
				a.Organization = other
				return db.DeleteAgent(ctx, a, noon)
			},
			"DeleteChannel": func(ctx context.Context) error {
				c := mine.channel
				c.Organization = other
				return db.DeleteChannel(ctx, c, noon)
			},
			"DeleteSkill": func(ctx context.Context) error {
				k := mine.skill
				k.Organization = other
				return db.DeleteSkill(ctx, k, noon)
			},
			"DeleteLibrary": func(ctx context.Context) error {
				l := mine.library
				l.Organization = other
				return db.DeleteLibrary(ctx, l, noon)
			},
			"DeleteCannedResponse": func(ctx context.Context) error {
				r := mine.canned
				r.Organization = other
				return db.DeleteCannedResponse(ctx, r, noon)
			},
			"DeleteProfile": func(ctx context.Context) error {
				p := mine.profile
				p.Organization = other
				return db.DeleteProfile(ctx, p, noon)
			},
			"DeleteWrapUpCode": func(ctx context.Context) error {
				c := mine.code
				c.Organization = other
				return db.DeleteWrapUpCode(ctx, c, noon)
			},
			"SaveQueue": func(ctx context.Context) error { q := mine.queue; q.Organization = other; return db.SaveQueue(ctx, &q) },
			"SaveAgent": func(ctx context.Context) error { a := mine.agent; a.Organization = other; return db.SaveAgent(ctx, &a) },
			"SaveFile":  func(ctx context.Context) error { f := mine.file; f.Organization = other; return db.SaveFile(ctx, &f) },
			"SavePost":  func(ctx context.Context) error { p := mine.post; p.Organization = other; return db.SavePost(ctx, &p) },
			"SaveDelivery": func(ctx context.Context) error {
				d := mine.delivery
				d.Organization = other
				return db.SaveDelivery(ctx, d)
			},
		} {
			if err := db.InTx(t.Context(), write); err == nil {
				t.Errorf("%s of another organization succeeds", name)
			}
		}
		commit(t, db.Store, func(ctx context.Context) error {
			for name, m := range readMethods() {
				if found, err := mine.reads(ctx, m, mine.org); !found || err != nil {
					t.Errorf("%s finds nothing any more (%v)", name, err)
				}
			}
			return nil
		})
		if jobs, err := all[jobRow](db.read); err != nil || len(jobs) != 1 || jobs[0].RunAt != ms(noon) {
			t.Errorf("deliveries: %v (%v)", jobs, err)
		}
	})
}
