package auth

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

var errAway = errors.New("connection refused")

func TestDeletedClientStopsWithinTheLifeOfTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	wantPrincipal(t, v, token)
	w.remove(desk)
	w.pass(clientLife - time.Millisecond)
	wantPrincipal(t, v, token)
	w.pass(time.Millisecond)
	wantRefused(t, v, token)
	if w.questions() != 2 {
		t.Errorf("asked %d times", w.questions())
	}
}

func TestForgottenClientStopsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	wantPrincipal(t, v, token)
	w.remove(desk)
	v.Forget(desk)
	wantRefused(t, v, token)
}

func TestClientThatComesBackIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	client := w.clients[desk]
	w.remove(desk)
	wantRefused(t, v, token)
	w.save(client)
	wantRefused(t, v, token)
	w.pass(clientLife)
	wantPrincipal(t, v, token)
}

func TestLostScopeStopsWithinTheLifeOfTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view, accept)
	wantPrincipal(t, v, token)
	client := w.clients[desk]
	client.Scopes = scopes(accept)
	w.save(client)
	w.pass(clientLife)
	if p := wantPrincipal(t, v, token); p.Has(view) || !p.Has(accept) {
		t.Errorf("may still do %v", p.Scopes)
	}
}

// TestReplacedSecretLeavesTokensAlone: the contract says that tokens that were issued before stay valid.
func TestReplacedSecretLeavesTokensAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	client := w.clients[desk]
	client.SecretHash, client.Version = hash("another"), client.Version+1
	w.save(client)
	v.Forget(desk)
	wantPrincipal(t, v, token)
	_, fault := w.endpoint().Issue(t.Context(), Request{GrantType: grantType, ClientID: "desk", ClientSecret: "secret"})
	wantOAuth(t, fault, 401, "invalid_client")
}

// TestAnswerFromBeforeAForgetIsNotKept deletes the client while an older question is still on its way.
func TestAnswerFromBeforeAForgetIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	w.during = func(id domain.ClientID) {
		w.remove(id)
		v.Forget(id)
	}
	wantPrincipal(t, v, token) // it was there when the question was answered
	w.during = nil
	wantRefused(t, v, token)
}

// TestLateAnswerDoesNotReplaceANewerOne deletes the client while a slow question is on its way, and asks again.
func TestLateAnswerDoesNotReplaceANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	w.during = func(id domain.ClientID) {
		w.during = nil
		w.remove(id)
		w.pass(time.Second)
		wantRefused(t, v, token)
	}
	wantPrincipal(t, v, token)
	wantRefused(t, v, token)
}

func TestDatabaseAwayForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	wantPrincipal(t, v, token)
	w.goAway(errAway)
	w.pass(clientLife)
	for range 28 {
		wantPrincipal(t, v, token)
		w.pass(time.Second)
	}
	wantPrincipal(t, v, token)
	if asked := w.questions(); asked != 30 { // the first, and one a second
		t.Errorf("asked %d times", asked)
	}
	w.pass(time.Millisecond)
	wantUnavailable(t, v, token)
	w.goAway(nil)
	wantPrincipal(t, v, token)
}

func TestDatabaseAwayFromTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	w.goAway(errAway)
	wantUnavailable(t, v, token)
	w.goAway(nil)
	wantPrincipal(t, v, token)
	w.goAway(errAway)
	v.Forget(desk)
	wantUnavailable(t, v, token)
}

func TestDatabaseAwayDoesNotRevive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	w.remove(desk)
	wantRefused(t, v, token)
	w.goAway(errAway)
	w.pass(clientLife)
	wantRefused(t, v, token)
}

// TestHangingDatabase is asked once per wait, for two seconds, and then what is known has to do.
func TestHangingDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.now = time.Now()
		token := w.token(view)
		v := NewVerifier(w.keys, issuerURL, w, time.Now)
		wantPrincipal(t, v, token)
		w.hangs = func(ctx context.Context) { <-ctx.Done() }
		<-time.After(clientLife)
		start := time.Now()
		wantPrincipal(t, v, token)
		if waited := time.Since(start); waited != clientWait {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestRequestThatGoesAwayDoesNotSpoilTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, token := w.verifier(), w.token(view)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(gone, token); err != nil {
		t.Error(err)
	}
	wantPrincipal(t, v, token)
}

// TestOneRequestAsksForABusyClient: while one asks, others go on, but not with what is too old to promise anything.
func TestOneRequestAsksForABusyClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		idle  time.Duration
		asked int
	}{
		"just old":  {clientLife, 2},
		"still":     {clientRenewal, 2},
		"idle long": {clientRenewal + time.Millisecond, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v, token := w.verifier(), w.token(view)
			wantPrincipal(t, v, token)
			w.pass(c.idle)
			w.during = func(domain.ClientID) {
				w.during = nil
				wantPrincipal(t, v, token)
			}
			wantPrincipal(t, v, token)
			if w.questions() != c.asked {
				t.Errorf("asked %d times, want %d", w.questions(), c.asked)
			}
		})
	}
}

func TestVerifierIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.verifier()
	tokens := []string{w.token(view), w.token(accept), w.token()}
	var requests sync.WaitGroup
	for i := range 64 {
		requests.Go(func() {
			for n := range 20 {
				if _, err := v.Verify(t.Context(), tokens[(i+n)%len(tokens)]); err != nil {
					t.Error(err)
				}
				w.pass(50 * time.Millisecond)
			}
			v.Forget(desk)
		})
	}
	requests.Wait()
}

func wantPrincipal(t *testing.T, v *Verifier, token string) domain.Principal {
	t.Helper()
	p, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantRefused(t *testing.T, v *Verifier, token string) {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	wantError(t, err, domain.ErrorUnauthorized, "token.invalid")
}

func wantUnavailable(t *testing.T, v *Verifier, token string) {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	wantError(t, err, domain.ErrorUnavailable, "service.unavailable")
	if !errors.Is(err, errAway) {
		t.Errorf("the cause is lost: %v", err)
	}
}
