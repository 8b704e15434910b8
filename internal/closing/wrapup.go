package closing

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// RunOut ends after-contact work whose time is over. What was submitted a moment
// ago has won, and nothing happens.
func (c *Closing) RunOut(ctx context.Context, due domain.DueWrapUp, now time.Time) (ended bool, err error) {
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		ended = false
		e, err := c.Store.LockEngagement(ctx, due.Organization, due.Interaction, due.Agent, due.Participant)
		if err != nil {
			return err
		}
		if e.Others, err = c.others(ctx, e); err != nil {
			return err
		}
		e, events, err := e.RunOut(now)
		if domain.IsKind(err, domain.ErrorConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		ended = true
		c.Store.After(ctx, func() { c.Router.Freed(due.Organization, due.Agent) })
		return c.Store.SaveEngagement(ctx, &e, events)
	})
	return ended && err == nil, err
}
