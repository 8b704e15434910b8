package desk

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// move is what an agent can do with the conversation that they hold.
type move func(domain.Engagement, domain.Actor, time.Time) (domain.Engagement, []domain.Event, error)

// Hold puts the caller's conversation aside. What the customer writes arrives all
// the same, and neither that nor a reply ends the hold.
func (d *Desk) Hold(ctx context.Context, by domain.Principal, i domain.InteractionID, part domain.ParticipantID) error {
	return d.turn(ctx, by, i, part, domain.Engagement.Hold)
}

// Resume takes up a conversation that the caller has held.
func (d *Desk) Resume(ctx context.Context, by domain.Principal, i domain.InteractionID, part domain.ParticipantID) error {
	return d.turn(ctx, by, i, part, domain.Engagement.Resume)
}

// Record switches the recording of the caller's conversation on or off; to say
// what is so already changes nothing. It cannot begin where something came that the
// platform lets nobody keep (B19).
func (d *Desk) Record(ctx context.Context, by domain.Principal, i domain.InteractionID, on bool) error {
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		return d.turn(ctx, by, i, "", func(e domain.Engagement, actor domain.Actor, now time.Time) (domain.Engagement, []domain.Event, error) {
			fleeting, err := d.Store.Fleeting(ctx, by.Organization, i)
			if err != nil {
				return e, nil, err
			}
			return e.Record(on, fleeting, actor, now)
		})
	})
}

// RequestWrapUp notes whether the caller wants after-contact work when their part
// is over; to say what is so already changes nothing.
func (d *Desk) RequestWrapUp(ctx context.Context, by domain.Principal, i domain.InteractionID, part domain.ParticipantID, wanted bool) error {
	return d.turn(ctx, by, i, part, func(e domain.Engagement, actor domain.Actor, now time.Time) (domain.Engagement, []domain.Event, error) {
		return e.RequestWrapUp(wanted, actor, now)
	})
}

// turn finds the caller's part under locks and moves it.
func (d *Desk) turn(ctx context.Context, by domain.Principal, i domain.InteractionID, part domain.ParticipantID, m move) error {
	if by.Agent == "" {
		return domain.NoAgent()
	}
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		e, err := d.Store.LockEngagement(ctx, by.Organization, i, by.Agent, part)
		if domain.IsKind(err, domain.ErrorNotFound) && e.Interaction.ID != "" {
			return e.Interaction.NotParty()
		}
		if err != nil {
			return err
		}
		return d.save(ctx, m, e, by)
	})
}

// save makes a move and writes what it changed.
func (d *Desk) save(ctx context.Context, m move, e domain.Engagement, by domain.Principal) error {
	e, events, err := m(e, by.Actor(), d.Now())
	if err != nil || len(events) == 0 {
		return err
	}
	return d.Store.SaveEngagement(ctx, &e, events)
}

// Unsupported answers what no messaging channel can do: to forward, or to listen
// to, a conversation (D08).
func (d *Desk) Unsupported(i domain.InteractionDetail, by domain.Principal) error {
	return &domain.Error{Kind: domain.ErrorConflict, Code: "action.not_supported_for_media", CurrentState: string(i.State),
		Detail: "A conversation by messages cannot be forwarded or listened to.", AllowedActions: i.ActionsOf(by, d.Now())}
}
