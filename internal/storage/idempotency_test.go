package storage

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

func (w *world) key(body string) Idempotency {
	return Idempotency{Organization: w.org, Client: "desk", Operation: "createReply", Key: "key", Fingerprint: []byte("print"),
		Status: 0, Headers: map[string]string{}, Body: []byte(body), RequestID: "request", CreatedAt: noon}
}

// Of many requests with one key, one has its effect; the others get its answer.
func TestClaimKeyByManyAtOnce(t *testing.T) {
	t.Parallel()
	const requests = 50
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		nodes := []*Store{db.Store}
		if db.engine.postgres() {
			nodes = append(nodes, connect(t, db.url).Store)
		}
		var mu sync.Mutex
		var claims int
		start := make(chan struct{})
		var group sync.WaitGroup
		for n := range requests {
			s := nodes[n%len(nodes)]
			group.Go(func() {
				<-start
				var earlier Idempotency
				var claimed bool
				err := s.InTx(t.Context(), func(ctx context.Context) (err error) {
					if earlier, claimed, err = s.ClaimKey(ctx, w.key("")); err != nil || !claimed {
						return err
					}
					answer := w.key("answer")
					answer.Status, answer.Headers["Location"] = 201, "/v1/replies/1"
					return first(note(ctx, s, "effect"), s.SaveAnswer(ctx, answer))
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					t.Errorf("request %d: %v", n, err)
				case claimed:
					claims++
				case earlier.Status != 201 || string(earlier.Body) != "answer" || earlier.Headers["Location"] != "/v1/replies/1":
					t.Errorf("request %d is answered %+v", n, earlier)
				}
			})
		}
		close(start)
		group.Wait()
		var effects int
		if err := db.scan(t.Context(), &effects, "SELECT count(*) FROM organizations WHERE name = 'effect'"); err != nil || effects != 1 || claims != 1 {
			t.Errorf("%d effects of %d claims (%v)", effects, claims, err)
		}
	})
}

func TestClaimKeyOfAFailedRequestIsFree(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		claim := func(i Idempotency, end error) (claimed bool) {
			err := db.InTx(t.Context(), func(ctx context.Context) (err error) {
				if _, claimed, err = db.ClaimKey(ctx, i); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Error(err)
			}
			return claimed
		}
		i := w.key("first")
		if !claim(i, errRefused) || !claim(i, nil) || claim(i, nil) {
			t.Error("a key is free after a failure and taken after a success")
		}
		for name, change := range map[string]func(i *Idempotency){
			"key":          func(i *Idempotency) { i.Key = "another" },
			"operation":    func(i *Idempotency) { i.Operation = "another" },
			"client":       func(i *Idempotency) { i.Client = "another" },
			"organization": func(i *Idempotency) { i.Organization = domain.NewID[domain.OrganizationID]() },
		} {
			other := i
			if change(&other); !claim(other, nil) {
				t.Errorf("another %s is taken too", name)
			}
		}
	})
}

// After seven days a key is as good as new.
func TestClaimKeyThatExpired(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		for _, c := range []struct {
			after   time.Duration
			body    string
			claimed bool
			answer  string
		}{
			{0, "first", true, ""},
			{idempotencyLife - time.Millisecond, "second", false, "first"},
			{idempotencyLife, "third", true, ""},
			{idempotencyLife + time.Hour, "fourth", false, "third"},
		} {
			i := w.key(c.body)
			i.CreatedAt, i.Fingerprint = noon.Add(c.after), []byte(c.body)
			commit(t, db.Store, func(ctx context.Context) error {
				earlier, claimed, err := db.ClaimKey(ctx, i)
				if claimed != c.claimed || !claimed && (string(earlier.Body) != c.answer || !bytes.Equal(earlier.Fingerprint, []byte(c.answer))) {
					t.Errorf("%s: claimed %v, %+v", c.body, claimed, earlier)
				}
				return err
			})
		}
	})
}

// A key that another request holds for too long is a conflict, not a hang.
func TestClaimKeyInFlight(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	other := connect(t, db.url)
	w := newWorld(t, db.Store)
	commit(t, db.Store, func(ctx context.Context) error {
		if _, claimed, err := db.ClaimKey(ctx, w.key("")); err != nil || !claimed {
			t.Errorf("claimed %v (%v)", claimed, err)
		}
		err := other.InTx(t.Context(), func(ctx context.Context) error {
			if err := other.db(ctx).Exec("SET LOCAL lock_timeout = '20ms'").Error; err != nil {
				return err
			}
			_, _, err := other.ClaimKey(ctx, w.key(""))
			return err
		})
		if !domain.IsKind(err, domain.ErrorConflict) {
			t.Errorf("the second request is told %v", err)
		}
		return nil
	})
}

// A key that is a card's number is known again, and is kept nowhere.
func TestC20_KeysWithCardDataAreHashed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		k := w.key("said")
		k.Key = "pay 4111 1111 1111 1111"
		other := k
		other.Key = "pay 4000 0566 5566 5556"
		for _, claim := range []Idempotency{k, other} {
			commit(t, w.Store, func(ctx context.Context) error {
				_, claimed, err := w.ClaimKey(ctx, claim)
				if err == nil && !claimed {
					t.Errorf("%s is taken for another", claim.Key)
				}
				claim.Status, claim.Body = 200, []byte("answer")
				return first(err, w.SaveAnswer(ctx, claim))
			})
		}
		commit(t, w.Store, func(ctx context.Context) error {
			earlier, claimed, err := w.ClaimKey(ctx, k)
			if claimed || string(earlier.Body) != "answer" {
				t.Errorf("known again is %+v", earlier)
			}
			return err
		})
		var kept []string
		if err := db.read.Raw("SELECT key FROM idempotency_keys WHERE organization_id = ?", w.org).Scan(&kept).Error; err != nil || len(kept) != 2 || strings.Contains(strings.Join(kept, " "), "1111") {
			t.Errorf("kept are %q (%v)", kept, err)
		}
	})
}
