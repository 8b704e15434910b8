package domain_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func reply(status domain.ReplyStatus) domain.Message {
	m := domain.Message{ID: "reply", Status: status}
	if status == domain.ReplyFailed {
		failure := domain.FailureOf(domain.FailureSendTimeout)
		m.Failure = &failure
	}
	return m
}

func TestReplyTable(t *testing.T) {
	t.Parallel()
	for _, from := range domain.ReplyStatuses() {
		for _, to := range domain.ReplyStatuses() {
			before := reply(from)
			after, moved := before.Become(to)
			same(t, "moved "+string(from)+" to "+string(to), moved, from.CanBecome(to))
			if !moved && !reflect.DeepEqual(after, before) {
				t.Errorf("%s to %s: refused, and something changed", from, to)
			}
			if moved && (after.Status != to || (after.Failure != nil) != (before.Failure != nil && to == domain.ReplyFailed)) {
				t.Errorf("%s to %s: got %+v", from, to, after)
			}
		}
		for _, code := range domain.FailureCodes() {
			_, failed := reply(from).Fail(code)
			same(t, "failed from "+string(from), failed, from.CanBecome(domain.ReplyFailed) && !reply(from).Proven())
			after, moved := reply(from).Bounce(code)
			same(t, "bounced from "+string(from), moved, from.CanBecome(domain.ReplyFailed))
			if moved && *after.Failure != domain.FailureOf(code) || !moved && !reflect.DeepEqual(after, reply(from)) {
				t.Errorf("failed from %s with %s: got %+v", from, code, after)
			}
		}
	}
}

// news is something that is learned of a reply whose call has begun, with its
// rank: what counts in the end is the highest of all that was learned.
type news struct {
	rank   int
	status domain.ReplyStatus
	apply  func(domain.Message) (domain.Message, bool)
}

func allNews() []news {
	becomes := func(s domain.ReplyStatus) func(domain.Message) (domain.Message, bool) {
		return func(m domain.Message) (domain.Message, bool) { return m.Become(s) }
	}
	fails := func(m domain.Message) (domain.Message, bool) { return m.Fail(domain.FailurePlatformRejected) }
	return []news{
		{1, domain.ReplyUnconfirmed, becomes(domain.ReplyUnconfirmed)}, {2, domain.ReplyFailed, fails},
		{3, domain.ReplySent, becomes(domain.ReplySent)}, {4, domain.ReplyDelivered, becomes(domain.ReplyDelivered)},
		{5, domain.ReplyRead, becomes(domain.ReplyRead)},
	}
}

// TestReplyJoinsEveryOrder applies every set of news in thousands of orders, with
// repetitions: the end is the same for the same set, and no step leads down from proof.
func TestReplyJoinsEveryOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 6))
	for range 5_000 {
		var order []news
		for _, n := range allNews() {
			for range random.IntN(3) {
				order = append(order, n)
			}
		}
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		checkJoin(t, order)
	}
}

func checkJoin(t *testing.T, order []news) {
	t.Helper()
	m, best, want := reply(domain.ReplySending), 0, domain.ReplySending
	for _, n := range order {
		after, _ := n.apply(m)
		if m.Proven() && !after.Proven() {
			t.Fatalf("%s took proof back from %s", n.status, m.Status)
		}
		doubted := m.Status == domain.ReplyFailed || m.Status == domain.ReplyUnconfirmed
		same(t, "reconciled", after.Reconciled, m.Reconciled || doubted && after.Proven())
		if m = after; n.rank > best {
			best, want = n.rank, n.status
		}
	}
	same(t, "status", m.Status, want)
	same(t, "has a failure", m.Failure != nil, want == domain.ReplyFailed)
}

func TestLateProofWins(t *testing.T) {
	t.Parallel()
	for _, doubt := range []domain.ReplyStatus{domain.ReplyFailed, domain.ReplyUnconfirmed} {
		for _, proof := range []domain.ReplyStatus{domain.ReplySent, domain.ReplyDelivered, domain.ReplyRead} {
			m, moved := reply(doubt).Become(proof)
			same(t, "moved", moved, true)
			same(t, "reconciled", m.Reconciled, true)
			same(t, "resendable", m.Resendable(), false)
			if m.Failure != nil || len(m.Actions()) > 0 {
				t.Errorf("%s after %s: got %+v", proof, doubt, m)
			}
		}
	}
	if m, moved := reply(domain.ReplyUnconfirmed).Become(domain.ReplyPendingRecipient); !moved || !m.Reconciled {
		t.Errorf("the platform waits for the recipient's device: it has the reply, got %+v", m)
	}
	if m, moved := reply(domain.ReplyDeleted).Become(domain.ReplyRead); moved {
		t.Errorf("a deleted reply became %s", m.Status)
	}
}

// A platform that keeps a reply until the recipient is back has it: nothing has
// failed, and nothing is to be sent again.
func TestA26_PendingDeliveryIsNoFailure(t *testing.T) {
	t.Parallel()
	m, moved := reply(domain.ReplySending).Become(domain.ReplyPendingRecipient)
	same(t, "moved", moved, true)
	same(t, "status", m.Status, domain.ReplyPendingRecipient)
	same(t, "resendable", m.Resendable(), false)
	if m.Failure != nil || len(m.Actions()) > 0 {
		t.Errorf("while it waits there is %+v", m)
	}
	later, moved := m.Become(domain.ReplyDelivered)
	same(t, "comes later", moved && later.Status == domain.ReplyDelivered && later.Failure == nil, true)
}

// A call that is to be repeated was taken all the same: it must not go out again.
func TestProofEndsARetry(t *testing.T) {
	t.Parallel()
	again, moved := reply(domain.ReplySending).Become(domain.ReplyQueued)
	same(t, "put back", moved, true)
	proven, moved := again.Become(domain.ReplySent)
	same(t, "proven", moved && proven.Proven() && !proven.Open(), true)
	if _, moved := proven.Become(domain.ReplyQueued); moved {
		t.Error("what is proven was queued again")
	}
}

// Proof is news exactly where the table has a way from no proof to proof and no call is under way.
func TestDoubtful(t *testing.T) {
	t.Parallel()
	for _, status := range domain.ReplyStatuses() {
		m := reply(status)
		waits := status.CanBecome(domain.ReplySent) && status != domain.ReplySending
		same(t, string(status)+" is doubtful", m.Doubtful(), waits)
	}
}

func TestA25_ResendAndDelete(t *testing.T) {
	t.Parallel()
	for _, status := range domain.ReplyStatuses() {
		m, again := reply(status), domain.MessageID("again")
		var want []domain.Action
		switch status {
		case domain.ReplyFailed:
			want = []domain.Action{domain.ActionResend, domain.ActionDelete}
		case domain.ReplyUnconfirmed:
			want = []domain.Action{domain.ActionResend}
		}
		if got := m.Actions(); got == nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", status, got, want)
		}
		same(t, "resendable", m.Resendable(), slices.Contains(want, domain.ActionResend))
		m.ResentAs = &again
		same(t, "resendable twice", m.Resendable(), false)
	}
}

// Every failure says what can be done about it, and that the customer did not get
// the message: where that is not certain, a reply is unconfirmed and not failed.
func TestA27_A28_A29_FailuresAreDescribed(t *testing.T) {
	t.Parallel()
	for _, code := range domain.FailureCodes() {
		f := domain.FailureOf(code)
		if f.Code != code || f.Category == "" || f.Title == "" || f.Detail == "" || f.Retryable == "" || f.Remedy == "" {
			t.Errorf("%s lacks something: %+v", code, f)
		}
		same(t, string(code)+" is lost", f.Lost, true)
	}
	same(t, "A28", domain.FailureOf(domain.FailureMessageLimit).Remedy, "contact_admin")
}

// TestA24APlatformThatCannotDeliverFailsWhatItTook also holds that proof of
// delivery is not taken back.
func TestA24APlatformThatCannotDeliverFailsWhatItTook(t *testing.T) {
	t.Parallel()
	for _, s := range domain.ReplyStatuses() {
		after, moved := reply(s).Bounce(domain.FailureRecipientOptedOut)
		same(t, string(s)+" bounces", moved, s.CanBecome(domain.ReplyFailed))
		same(t, string(s)+" has the reason", moved, after.Failure != nil && after.Failure.Code == domain.FailureRecipientOptedOut)
		if _, fails := reply(s).Fail(domain.FailureSendTimeout); fails && reply(s).Proven() {
			t.Errorf("a failed call takes %s back", s)
		}
	}
	same(t, "delivered bounces", domain.ReplyDelivered.CanBecome(domain.ReplyFailed), false)
}
