package storage

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// trip says how a domain value gets into the database and out again.
type trip[T any] struct {
	fixed  string   // the first field that no change reaches, besides the id and the organization
	also   []string // and the others
	shape  func(*T) // makes of arbitrary content what the domain can hold
	create func(ctx context.Context, s *Store, v T) error
	save   func(ctx context.Context, s *Store, v *T) error
	read   func(ctx context.Context, s *Store, v T) (T, error)
}

// test saves a value of which every field is filled, reads it, changes every
// field that may change, and reads it again.
func (c trip[T]) test(t *testing.T, s *Store) {
	v := c.made(1)
	commit(t, s, func(ctx context.Context) error { return c.create(ctx, s, v) })
	same(t, "created", c.get(t, s, v), v)
	if c.save == nil {
		return
	}
	changed := c.made(2)
	versioned := reflect.ValueOf(v).FieldByName("Version").IsValid()
	if versioned {
		copyFields(&changed, &v, "Version")
	}
	copyFields(&changed, &v, c.unchanging(v)...)
	before := changed
	commit(t, s, func(ctx context.Context) error { changed = before; return c.save(ctx, s, &changed) })
	same(t, "saved", c.get(t, s, v), changed)
	if !versioned {
		return
	}
	if got, want := version(changed), version(before)+1; got != want {
		t.Errorf("version %d after the change, want %d", got, want)
	}
	stale := v
	if err := s.InTx(t.Context(), func(ctx context.Context) error { return c.save(ctx, s, &stale) }); !domain.IsKind(err, domain.ErrorConflict) {
		t.Errorf("a stale version gives %v", err)
	}
	same(t, "after a stale version", c.get(t, s, v), changed)
}

func (c trip[T]) made(round int) T {
	v := made[T](round)
	if c.shape != nil {
		c.shape(&v)
	}
	return v
}

func (c trip[T]) get(t *testing.T, s *Store, v T) T {
	t.Helper()
	got, err := c.read(t.Context(), s, v)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (c trip[T]) unchanging(v T) []string {
	names := slices.DeleteFunc(append([]string{"ID", "Organization", c.fixed}, c.also...), func(name string) bool {
		return name == "" || !reflect.ValueOf(v).FieldByName(name).IsValid()
	})
	return names
}

func version(v any) int64 { return reflect.ValueOf(v).FieldByName("Version").Int() }

// TestRoundTrips fails as soon as a field of a domain value is not mapped.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		for name, test := range roundTrips() {
			t.Run(name, func(t *testing.T) { test(t, db.Store) })
		}
	})
}

func roundTrips() map[string]func(*testing.T, *Store) {
	trips := map[string]func(*testing.T, *Store){
		"organization": trip[domain.Organization]{
			fixed:  "CreatedAt",
			create: func(ctx context.Context, s *Store, o domain.Organization) error { return s.CreateOrganization(ctx, o) },
			save:   func(ctx context.Context, s *Store, o *domain.Organization) error { return s.SaveOrganization(ctx, o) },
			read: func(ctx context.Context, s *Store, o domain.Organization) (domain.Organization, error) {
				named, _, err := s.OrganizationNamed(ctx, o.Name)
				if found, err := s.Organization(ctx, o.ID); err != nil || found.Name != named.Name {
					return found, err
				}
				return named, err
			}}.test,
		"client": trip[domain.Client]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, c domain.Client) error { return s.CreateClient(ctx, c) },
			save:   func(ctx context.Context, s *Store, c *domain.Client) error { return s.SaveClient(ctx, c) },
			read: func(ctx context.Context, s *Store, c domain.Client) (domain.Client, error) {
				return s.Client(ctx, c.Organization, c.ID)
			}}.test,
		"token issuer": trip[domain.TokenIssuer]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, i domain.TokenIssuer) error { return s.CreateTokenIssuer(ctx, i) },
			save:   func(ctx context.Context, s *Store, i *domain.TokenIssuer) error { return s.SaveTokenIssuer(ctx, i) },
			read: func(ctx context.Context, s *Store, i domain.TokenIssuer) (domain.TokenIssuer, error) {
				return s.TokenIssuer(ctx, i.Organization, i.ID)
			}}.test,
		"queue": trip[domain.Queue]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, q domain.Queue) error { return s.CreateQueue(ctx, q) },
			save:   func(ctx context.Context, s *Store, q *domain.Queue) error { return s.SaveQueue(ctx, q) },
			read: func(ctx context.Context, s *Store, q domain.Queue) (domain.Queue, error) {
				return s.Queue(ctx, q.Organization, q.ID)
			}}.test,
		"wrap-up code": trip[domain.WrapUpCode]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, c domain.WrapUpCode) error { return s.CreateWrapUpCode(ctx, c) },
			save:   func(ctx context.Context, s *Store, c *domain.WrapUpCode) error { return s.SaveWrapUpCode(ctx, c) },
			read: func(ctx context.Context, s *Store, c domain.WrapUpCode) (domain.WrapUpCode, error) {
				return s.WrapUpCode(ctx, c.Organization, c.ID)
			}}.test,
		"agent": trip[domain.Agent]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, a domain.Agent) error { return s.CreateAgent(ctx, a) },
			save:   func(ctx context.Context, s *Store, a *domain.Agent) error { return s.SaveAgent(ctx, a) },
			read: func(ctx context.Context, s *Store, a domain.Agent) (domain.Agent, error) {
				return s.Agent(ctx, a.Organization, a.ID)
			}}.test,
		"skill": trip[domain.Skill]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, k domain.Skill) error { return s.CreateSkill(ctx, k) },
			save:   func(ctx context.Context, s *Store, k *domain.Skill) error { return s.SaveSkill(ctx, k) },
			read: func(ctx context.Context, s *Store, k domain.Skill) (domain.Skill, error) {
				return s.Skill(ctx, k.Organization, k.ID)
			}}.test,
		"library": trip[domain.Library]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, l domain.Library) error { return s.CreateLibrary(ctx, l) },
			save:   func(ctx context.Context, s *Store, l *domain.Library) error { return s.SaveLibrary(ctx, l) },
			read: func(ctx context.Context, s *Store, l domain.Library) (domain.Library, error) {
				return s.Library(ctx, l.Organization, l.ID)
			}}.test,
		"canned response": trip[domain.CannedResponse]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, r domain.CannedResponse) error {
				return s.CreateCannedResponse(ctx, r)
			},
			save: func(ctx context.Context, s *Store, r *domain.CannedResponse) error {
				return s.SaveCannedResponse(ctx, r)
			},
			read: func(ctx context.Context, s *Store, r domain.CannedResponse) (domain.CannedResponse, error) {
				return s.CannedResponse(ctx, r.Organization, r.ID)
			}}.test,
		"multimedia profile": trip[domain.Profile]{fixed: "CreatedAt",
			create: func(ctx context.Context, s *Store, p domain.Profile) error { return s.CreateProfile(ctx, p) },
			save:   func(ctx context.Context, s *Store, p *domain.Profile) error { return s.SaveProfile(ctx, p) },
			read: func(ctx context.Context, s *Store, p domain.Profile) (domain.Profile, error) {
				return s.Profile(ctx, p.Organization, p.ID)
			}}.test,
		"platform app": trip[domain.PlatformApp]{fixed: "CreatedAt", also: []string{"Platform"},
			create: func(ctx context.Context, s *Store, a domain.PlatformApp) error { return s.CreateApp(ctx, a) },
			save:   func(ctx context.Context, s *Store, a *domain.PlatformApp) error { return s.SaveApp(ctx, a) },
			read: func(ctx context.Context, s *Store, a domain.PlatformApp) (domain.PlatformApp, error) {
				return s.App(ctx, a.Organization, a.ID)
			}}.test,
		"channel": trip[domain.Channel]{fixed: "CreatedAt", also: []string{"Kind", "Suppressed"},
			create: func(ctx context.Context, s *Store, c domain.Channel) error { return s.CreateChannel(ctx, c) },
			save:   func(ctx context.Context, s *Store, c *domain.Channel) error { return s.SaveChannel(ctx, c) },
			read: func(ctx context.Context, s *Store, c domain.Channel) (domain.Channel, error) {
				return s.Channel(ctx, c.Organization, c.ID)
			}}.test,
		"signing key": trip[SigningKey]{
			create: func(ctx context.Context, s *Store, k SigningKey) error { return s.SaveSigningKey(ctx, k) },
			read: func(ctx context.Context, s *Store, _ SigningKey) (SigningKey, error) {
				keys, err := s.SigningKeys(ctx)
				return keys[0], err
			}}.test,
	}
	maps.Copy(trips, conversationTrips())
	return trips
}

// A value whose optional fields are all empty is read as it was, too.
func TestRoundTripOfEmptyValues(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		agent, code := domain.NewAgent(w.org, "agent", noon), domain.WrapUpCode{ID: domain.NewID[domain.WrapUpCodeID](), Organization: w.org,
			Version: 1, CreatedAt: noon, UpdatedAt: noon}
		i := w.waiting(1)[0]
		message := w.messages(i, 2)[1]
		message.Text = nil
		commit(t, w.Store, func(ctx context.Context) error {
			return first(w.CreateAgent(ctx, agent), w.CreateWrapUpCode(ctx, code), w.CreateMessages(ctx, message))
		})
		ctx := t.Context()
		gotAgent, err := w.Agent(ctx, w.org, agent.ID)
		equal(t, gotAgent, agent, err)
		gotCode, err := w.WrapUpCode(ctx, w.org, code.ID)
		equal(t, gotCode, code, err)
		gotMessage, err := w.Message(ctx, w.org, i.ID, message.ID)
		equal(t, gotMessage, message, err)
		gotInteraction, err := w.Interaction(ctx, w.org, i.ID)
		equal(t, gotInteraction, i, err)
		gotQueue, err := w.Queue(ctx, w.org, w.queue.ID)
		equal(t, gotQueue, w.queue, err)
		gotChannel, err := w.Channel(ctx, w.org, w.channel.ID)
		equal(t, gotChannel, w.channel, err)
	})
}

func equal(t *testing.T, got, want any, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	same(t, reflect.TypeOf(got).Name(), got, want)
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		for _, want := range []int64{0, 5_000, -86_400_000, 86_400_000 * 400} {
			if want != 0 {
				if err := db.SaveClockOffset(t.Context(), millis(want)); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := db.ClockOffset(t.Context()); err != nil || got != millis(want) {
				t.Errorf("offset %v (%v), want %v", got, err, millis(want))
			}
		}
	})
}
