package storage

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// list is one of the store's lists: how a row gets into it, and how it is read.
type list struct {
	add  func(ctx context.Context, n int) (id string, err error)
	read func(ctx context.Context, p Page) (ids []string, next *string, err error)
}

// ids gives the ids of a list's items.
func ids[T any, ID ~string](items []T, next *string, err error, id func(T) ID) ([]string, *string, error) {
	return each(items, func(v T) string { return string(id(v)) }), next, err
}

// lists are all lists of the store, each with a world of its own.
func lists(t *testing.T, s *Store) map[string]list {
	w, memberships := newWorld(t, s), domain.NewID[domain.AgentID]()
	all := map[string]list{
		"agents": {
			add: func(ctx context.Context, n int) (string, error) {
				a := domain.NewAgent(w.org, fmt.Sprint("agent ", n), noon)
				return string(a.ID), w.CreateAgent(ctx, a)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Agents(ctx, w.org, Find{Part: "AGENT"}, p)
				return ids(items, next, err, func(a domain.Agent) domain.AgentID { return a.ID })
			}},
		"clients": {
			add: func(ctx context.Context, n int) (string, error) {
				c := domain.Client{ID: domain.ClientID(fmt.Sprintf("client|%05d ü", n)), Organization: w.org, SecretHash: []byte("hash"), CreatedAt: noon}
				return string(c.ID), w.CreateClient(ctx, c)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Clients(ctx, w.org, p)
				return ids(items, next, err, func(c domain.Client) domain.ClientID { return c.ID })
			}},
		"queues": {
			add: func(ctx context.Context, n int) (string, error) {
				q := domain.NewQueue(w.org, noon)
				return string(q.ID), w.CreateQueue(ctx, q)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Queues(ctx, w.org, Find{}, p)
				return ids(items, next, err, func(q domain.Queue) domain.QueueID { return q.ID })
			}},
		"skills": {
			add: func(ctx context.Context, n int) (string, error) {
				k := domain.NewSkill(w.org, noon)
				k.Name = fmt.Sprint("skill ", n)
				return string(k.ID), w.CreateSkill(ctx, k)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Skills(ctx, w.org, Find{Part: "SKILL"}, p)
				return ids(items, next, err, func(k domain.Skill) domain.SkillID { return k.ID })
			}},
		"libraries": {
			add: func(ctx context.Context, n int) (string, error) {
				l := domain.Library{ID: domain.NewID[domain.LibraryID](), Organization: w.org, Name: fmt.Sprint("library ", n), CreatedAt: noon}
				return string(l.ID), w.CreateLibrary(ctx, l)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Libraries(ctx, w.org, Find{Part: "LIBRARY"}, p)
				return ids(items, next, err, func(l domain.Library) domain.LibraryID { return l.ID })
			}},
		"canned responses": {
			add: func(ctx context.Context, n int) (string, error) {
				r := domain.CannedResponse{ID: domain.NewID[domain.CannedResponseID](), Organization: w.org, Text: fmt.Sprint("Said ", n), CreatedAt: noon}
				return string(r.ID), w.CreateCannedResponse(ctx, r)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.CannedResponses(ctx, w.org, CannedFilter{Find: Find{Part: "SAID"}}, p)
				return ids(items, next, err, func(r domain.CannedResponse) domain.CannedResponseID { return r.ID })
			}},
		"multimedia profiles": {
			add: func(ctx context.Context, n int) (string, error) {
				m := domain.NewProfile(w.org, noon)
				return string(m.ID), w.CreateProfile(ctx, m)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Profiles(ctx, w.org, Find{}, p)
				return ids(items, next, err, func(m domain.Profile) domain.ProfileID { return m.ID })
			}},
		"queues of an agent": {
			add: func(ctx context.Context, n int) (string, error) {
				q := domain.NewQueue(w.org, noon)
				return string(q.ID), first(w.CreateQueue(ctx, q), w.PutMember(ctx, w.org, domain.Member{Queue: q.ID, Agent: memberships}))
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.AgentQueues(ctx, w.org, memberships, p)
				return ids(items, next, err, func(m domain.AgentQueue) domain.QueueID { return m.Queue })
			}},
		"members": {
			add: func(ctx context.Context, n int) (string, error) {
				a := domain.NewAgent(w.org, "member", noon)
				return string(a.ID), first(w.CreateAgent(ctx, a), w.PutMember(ctx, w.org, domain.Member{Queue: w.queue.ID, Agent: a.ID}))
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Members(ctx, w.org, w.queue.ID, p)
				return ids(items, next, err, func(m domain.Member) domain.AgentID { return m.Agent })
			}},
	}
	maps.Copy(all, moreLists(w))
	return all
}

func moreLists(w *world) map[string]list {
	pair := w.waiting(2)
	talk, old := pair[0], pair[1]
	two := each(w.threads(2), func(t domain.Thread) domain.Line { return domain.Line{Thread: t.ID, Channel: t.Channel} })
	return map[string]list{
		"apps": {
			add: func(ctx context.Context, n int) (string, error) {
				a := w.app
				a.ID = domain.NewID[domain.AppID]()
				return string(a.ID), w.CreateApp(ctx, a)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Apps(ctx, w.org, Find{}, p)
				return ids(items, next, err, func(a domain.PlatformApp) domain.AppID { return a.ID })
			}},
		"channels": {
			add: func(ctx context.Context, n int) (string, error) {
				c := w.channel
				c.ID, c.AccountID = domain.NewID[domain.ChannelID](), fmt.Sprint("account ", n)
				return string(c.ID), w.CreateChannel(ctx, c)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Channels(ctx, w.org, ChannelFilter{Kind: w.channel.Kind, Queue: w.queue.ID}, p)
				return ids(items, next, err, func(c domain.Channel) domain.ChannelID { return c.ID })
			}},
		"wrap-up codes": {
			add: func(ctx context.Context, n int) (string, error) {
				c := domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org, Name: "100% Done_!", CreatedAt: noon}
				return string(c.ID), w.CreateWrapUpCode(ctx, c)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.WrapUpCodes(ctx, w.org, Find{Part: "0% done_!"}, nil, p)
				return ids(items, next, err, func(c domain.WrapUpCode) domain.WrapUpCodeID { return c.ID })
			}},
		"interactions": {
			add: func(ctx context.Context, n int) (string, error) {
				i := talk // another one of the same contact, which has ended
				i.ID, i.State = domain.NewID[domain.InteractionID](), domain.InteractionDisconnected
				return string(i.ID), w.CreateInteraction(ctx, i)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Interactions(ctx, w.org, InteractionFilter{Contact: talk.Contact,
					States: []domain.InteractionState{domain.InteractionDisconnected}}, p)
				return ids(items, next, err, func(d domain.InteractionDetail) domain.InteractionID { return d.ID })
			}},
		"contacts": {
			add: func(ctx context.Context, n int) (string, error) {
				c := domain.NewContact(w.channel, fmt.Sprint("address ", n), noon)
				return string(c.ID), w.CreateThread(ctx, domain.Thread{ID: domain.NewID[domain.ThreadID](), Organization: w.org, Channel: w.channel.ID, Contact: c.ID, Address: c.Address}, c)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Contacts(ctx, w.org, ContactFilter{}, p)
				return ids(items, next, err, func(c domain.Contact) domain.ContactID { return c.ID })
			}},
		"history": {
			add: func(ctx context.Context, n int) (string, error) {
				m := w.messages(old, 1)[0]
				m.Thread, m.Position = two[n%2].Thread, int64(n)
				return string(m.ID), w.CreateMessages(ctx, m)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.History(ctx, w.org, two, domain.Sight{}, p)
				return ids(items, next, err, func(m domain.Message) domain.MessageID { return m.ID })
			}},
		"messages": {
			add: func(ctx context.Context, n int) (string, error) {
				m := w.messages(talk, 1)[0]
				m.Position = int64(n)
				return string(m.ID), w.CreateMessages(ctx, m)
			},
			read: func(ctx context.Context, p Page) ([]string, *string, error) {
				items, next, err := w.Messages(ctx, w.org, talk.ID, MessageFilter{Visibility: domain.Private}, p)
				return ids(items, next, err, func(m domain.Message) domain.MessageID { return m.ID })
			}},
	}
}

// Paging shows every row once and in order, although rows are added meanwhile.
func TestListsArePagedInOrder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		for name, l := range lists(t, db.Store) {
			fill := filling{t: t, s: db.Store, list: l}
			have, _, err := l.read(t.Context(), Page{Limit: 1000, Asc: true})
			if err != nil {
				t.Fatal(name, err)
			}
			have = append(have, fill.add(11)...)
			for _, asc := range []bool{true, false} {
				var seen []string
				want := slices.Clone(have)
				for p := (Page{Limit: 3, Asc: asc}); ; {
					page, next, err := l.read(t.Context(), p)
					if err != nil || len(page) > p.Limit {
						t.Fatal(name, len(page), err)
					}
					seen = append(seen, page...)
					if next == nil {
						break
					}
					p.Cursor = *next
					if len(have) < 40 {
						have = append(have, fill.add(1)...)
					}
				}
				if asc {
					want = have // what was added in between comes at the end
				} else {
					slices.Reverse(want)
				}
				if !slices.Equal(seen, want) {
					t.Errorf("%s, ascending %v: saw\n%v, want\n%v", name, asc, seen, want)
				}
			}
		}
	})
}

// filling adds rows to a list.
type filling struct {
	t *testing.T
	s *Store
	list
	n int
}

func (f *filling) add(rows int) (added []string) {
	commit(f.t, f.s, func(ctx context.Context) error {
		for range rows {
			f.n++
			id, err := f.list.add(ctx, f.n)
			if err != nil {
				return err
			}
			added = append(added, id)
		}
		return nil
	})
	return added
}

// Whatever comes as a cursor and is none of this list's is the request's mistake.
func TestListsRefuseForeignCursors(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		all := lists(t, db.Store)
		cursors := garbage(rand.New(rand.NewPCG(7, 11)))
		own := map[string]string{}
		for name, l := range all {
			fill := filling{t: t, s: db.Store, list: l}
			fill.add(4)
			_, next, err := l.read(t.Context(), Page{Limit: 2, Filter: "x=1"})
			if err != nil || next == nil {
				t.Fatal(name, next, err)
			}
			own[name] = *next
		}
		for name, l := range all {
			refused := func(what string, p Page) {
				t.Helper()
				if page, _, err := l.read(t.Context(), p); !domain.IsKind(err, domain.ErrorMalformed) || len(page) > 0 {
					t.Errorf("%s, %s: %d rows, %v", name, what, len(page), err)
				}
			}
			refused("another order", Page{Limit: 2, Filter: "x=1", Asc: true, Cursor: own[name]})
			refused("another filter", Page{Limit: 2, Filter: "x=2", Cursor: own[name]})
			for other, cursor := range own {
				if other != name {
					refused("the cursor of "+other, Page{Limit: 2, Filter: "x=1", Cursor: cursor})
				}
			}
			for _, cursor := range cursors {
				refused(fmt.Sprintf("%q", cursor), Page{Limit: 2, Filter: "x=1", Cursor: cursor})
			}
			for _, cursor := range forged(t, own[name]) {
				if name != "clients" { // whose ids may be any text
					refused(fmt.Sprintf("forged %q", cursor), Page{Limit: 2, Filter: "x=1", Cursor: cursor})
				}
			}
		}
	})
}

// garbage is what no list ever gave.
func garbage(random *rand.Rand) []string {
	cursors := []string{"\x00", "%", "null", "0", "-1", "..", "' OR 1=1 --", domain.NewID[string](), "🙂", "=", "AAAA", "fA", "fHw"}
	for range 40 {
		raw := make([]byte, 1+random.IntN(60))
		for i := range raw {
			raw[i] = byte(random.IntN(256))
		}
		cursors = append(cursors, string(raw), base64.RawURLEncoding.EncodeToString(raw))
	}
	return cursors
}

// forged puts other keys into a cursor that is otherwise right.
func forged(t *testing.T, cursor string) []string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	sum, _, _ := strings.Cut(string(raw), "|")
	var made []string
	for _, key := range []string{"", "\x00", "x", "1e3", "9223372036854775808", "\xff\xfe", "' OR ''='", "{" + domain.NewID[string]() + "}",
		"urn:uuid:" + domain.NewID[string](), domain.NewID[string]() + "\x00", domain.NewID[string]()[:35]} {
		made = append(made, base64.RawURLEncoding.EncodeToString([]byte(sum+"|"+key)))
	}
	return made
}

func TestNamesAreFoundInAnyCase(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		a := w.agent(func(a *domain.Agent) { a.Name = "Émile Ärger_1" })
		w.agent(func(a *domain.Agent) { a.Name = "Emil ArgerX1" })
		for _, q := range []string{"ÄRGER", "ärger", "éMILE", "R_1", "É"} {
			found, _, err := w.Agents(t.Context(), w.org, Find{Part: q}, Page{Limit: 5})
			if err != nil || len(found) != 1 || found[0].ID != a.ID {
				t.Errorf("%q finds %v (%v)", q, found, err)
			}
		}
	})
}
