package compose_test

import (
	"context"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/compose"
	"github.com/parley-cx/parley/internal/domain"
)

// rows is a database of one conversation, which ana has, and of one reply of hers. Anything else panics.
type rows struct {
	compose.Store
	held  domain.Interaction
	reply domain.Message
}

func (r *rows) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (r *rows) LockInteraction(context.Context, domain.OrganizationID, domain.InteractionID) (domain.Interaction, error) {
	return r.held, nil
}

func (r *rows) ReplyTerms(context.Context, domain.OrganizationID, domain.ThreadID) (domain.ReplyTerms, error) {
	return domain.ReplyTerms{}, nil
}

func (r *rows) Agent(context.Context, domain.OrganizationID, domain.AgentID) (domain.Agent, error) {
	return domain.Agent{}, nil
}

func (r *rows) Participant(context.Context, domain.OrganizationID, domain.InteractionID, domain.AgentID, domain.ParticipantID) (domain.Participant, error) {
	return domain.Participant{}, domain.NotFound("participant")
}

func (r *rows) Reply(context.Context, domain.OrganizationID, domain.InteractionID, domain.MessageID) (domain.Message, error) {
	return r.reply, nil
}

func (r *rows) ReplyByClientID(context.Context, domain.OrganizationID, domain.ChannelID, string) (domain.Message, bool, error) {
	return r.reply, true, nil
}

func (r *rows) SendGroup(context.Context, domain.OrganizationID, domain.InteractionID, string) ([]domain.Message, error) {
	return []domain.Message{r.reply}, nil
}

func conversation() (*compose.Composer, *rows) {
	ana, text, canned := domain.AgentID("ana"), "Your parcel is at the harbour.", domain.CannedResponseID("harbour")
	r := &rows{held: domain.Interaction{ID: "held", State: domain.InteractionConnected, Owner: &ana}}
	r.reply = domain.Message{ID: "reply", Interaction: r.held.ID, Text: &text, CannedResponse: &canned, Status: domain.ReplyFailed,
		Visibility: domain.Private, Sender: domain.Sender{Type: domain.SenderAgent, ID: "ana"}}
	return &compose.Composer{Store: r, Now: func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }}, r
}

func agent(id domain.AgentID, scopes ...domain.Scope) domain.Principal {
	return domain.Principal{Agent: id, Scopes: scopes}
}

func code(err error) string {
	if e, ok := err.(*domain.Error); ok { //nolint:errorlint // as it was given
		return e.Code
	}
	return ""
}

// Who repeats a reply gets what it was only if they wrote it, or may write now: it
// tells nobody what an agent wrote whose conversation they do not see.
func TestEarlierRepliesAreNotForEverybody(t *testing.T) {
	t.Parallel()
	c, r := conversation()
	again := compose.Draft{CannedResponse: "harbour", ClientMessageID: "mine"}
	for name, want := range map[domain.AgentID]string{"ana": "", "eve": "interaction.not_owner"} {
		got, err := c.Reply(t.Context(), agent(name), "held", again)
		if code(err) != want || (want == "") != (len(got) == 1) {
			t.Errorf("%s gets %d replies (%v)", name, len(got), err)
		}
	}
	ben := domain.AgentID("ben")
	r.held.Owner = &ben
	for _, name := range []domain.AgentID{"ana", "ben"} { // who wrote it, and who has it now
		if got, err := c.Reply(t.Context(), agent(name), "held", again); err != nil || len(got) != 1 {
			t.Errorf("%s gets %d replies (%v)", name, len(got), err)
		}
	}
	r.held.Owner = nil
	if got, err := c.Reply(t.Context(), agent("ben"), "held", again); err == nil || len(got) != 0 {
		t.Errorf("who has it no longer gets %d replies", len(got))
	}
}

// To write in public once more needs the scope that it needed the first time.
func TestResendInPublicNeedsItsScope(t *testing.T) {
	t.Parallel()
	c, r := conversation()
	r.reply.Visibility = domain.Public
	_, err := c.Resend(t.Context(), agent("ana"), "held", "reply", false)
	if code(err) != "permission.missing" {
		t.Errorf("it was sent again: %v", err)
	}
}
