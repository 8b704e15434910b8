package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/parley-cx/parley/internal/domain"
)

// maxCopies bounds the equal webhooks of one Inbound.
const maxCopies = 16

// Person is a simulated customer.
type Person struct {
	ID   string
	Name string // what the platform tells of them when it is asked

	UserID, Username string // WhatsApp: their business-scoped id, where ID is their number, and the name that they chose
}

// Attachment is what a simulated customer sends along.
type Attachment struct {
	Type string // in the platform's words
	URL  string
}

// InboundMessage is what a simulated customer writes.
type InboundMessage struct {
	AccountID   string
	From        Person
	Text        string
	Attachments []Attachment
	MessageID   string          // empty for a new one
	Timestamp   int64           // the platform's time, milliseconds since 1970; zero for business time
	Payload     json.RawMessage // an item of a webhook, sent byte for byte instead of all of the above but the account
	Event       string          // what happens, in the contract's word; empty for a message
	Data        string          // what it carries besides a text
	Number      int             // of an edit; zero is one
	PostID      string          // in public: the platform's id of the post that it stands under
	ReplyTo     string          // in public: the platform's id of the comment that it answers
	Standby     bool            // another app has the conversation
	Copies      int             // equal webhooks, all at once; one at least and sixteen at most
}

// InboundResult is what came of it.
type InboundResult struct {
	WebhookURL string
	Status     int      // the receiver's answer, of several the highest
	MessageIDs []string // of the messages in the webhook
}

// anonymous is a platform on which things happen without anybody being named.
type anonymous interface{ anonymous(event string) bool }

// Inbound makes a signed webhook, sends it and waits for the answers. It is sent once whatever they are. An account
// that nobody has, or a message from nobody, is a domain error of kind invalid; that no copy was answered, one of kind
// unavailable.
func (s *Simulator) Inbound(ctx context.Context, in InboundMessage) (InboundResult, error) {
	if err := s.mayHappen(in); err != nil {
		return InboundResult{}, err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	body, ids := s.platform.inbound(in)
	address, status, err := s.sendCopies(ctx, in, body)
	switch {
	case status != 0:
		return InboundResult{WebhookURL: address, Status: status, MessageIDs: ids}, nil
	case errors.Is(err, errNoWebhook):
		return InboundResult{}, domain.Invalid("/account_id", "sandbox.unknown_account", "No channel has this account.")
	}
	return InboundResult{}, &domain.Error{Kind: domain.ErrorUnavailable, Code: "sandbox.webhook_unanswered",
		Detail: "The webhook was not answered.", Cause: err}
}

// mayHappen refuses what the platform does not play.
func (s *Simulator) mayHappen(in InboundMessage) error {
	shy, public := s.platform.(anonymous)
	quiet, selective := s.platform.(interface{ silent(in InboundMessage) bool })
	switch {
	case in.Payload != nil:
	case !s.plays(in.Event):
		return domain.Invalid("/event", "sandbox.event_not_played", "This platform does not do that.")
	case in.From.ID == "" && in.Event != "policy_enforcement" && !(public && shy.anonymous(in.Event)):
		return domain.Invalid("/from", "sandbox.sender_missing", "A message needs a sender.")
	case selective && quiet.silent(in):
		return domain.Invalid("/data", "sandbox.not_told", "The platform tells nothing of this: the account does not follow somebody whose own account is private.")
	}
	return nil
}

// plays tells whether the platform can do a thing that not every one does.
func (s *Simulator) plays(event string) bool {
	_, whatsapp := s.platform.(whatsApp)
	special, own := slices.Concat(facebookPage{}.special(), instagram{}.special(), []string{"location", "contact", "unsupported"}), []string{}
	if of, ok := s.platform.(interface{ special() []string }); ok {
		own = of.special()
	}
	switch {
	case slices.Contains(special, event) && whatsapp:
		return event == "location" || event == "contact" || event == "unsupported"
	case slices.Contains(special, event):
		return slices.Contains(own, event)
	}
	return !whatsapp || !slices.Contains([]string{"pass_thread_control", "take_thread_control", "policy_enforcement"}, event)
}

// sendCopies sends equal webhooks at once and gives the highest status, or an error where none was answered.
func (s *Simulator) sendCopies(ctx context.Context, in InboundMessage, body []byte) (address string, status int, err error) {
	var mu sync.Mutex
	var sending sync.WaitGroup
	for range min(max(in.Copies, 1), maxCopies) {
		sending.Go(func() {
			to, answered, failure := s.sender.send(ctx, in.AccountID, body)
			mu.Lock()
			defer mu.Unlock()
			if answered >= status {
				address, status, err = to, answered, failure
			}
		})
	}
	sending.Wait()
	return address, status, err
}
