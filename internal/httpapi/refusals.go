package httpapi

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-cx/parley/internal/domain"
)

// refused completes the refusal of a command: its allowed_actions are what a read of
// the interaction would show the caller, all of their parts counted. Who may not see
// it learns nothing more, and an offer whose time is over is no longer there to answer.
func (s *Server) refused(c echo.Context, o *operation, err error) error {
	var e *domain.Error
	p := info(c).principal
	if !errors.As(err, &e) || e.Kind != domain.ErrorConflict || !commands(o) || missed(e) && !p.MayClose() {
		return err
	}
	ctx, id := c.Request().Context(), domain.InteractionID(c.Param("id"))
	if s.Store.See(ctx, p.Organization, id, p.Sight()) != nil {
		return err
	}
	d, failed := s.Store.InteractionDetail(ctx, p.Organization, id)
	if failed != nil || string(d.State) != e.CurrentState {
		return err // it has moved on meanwhile
	}
	told := *e
	told.AllowedActions = d.ActionsOf(p, s.Now())
	return &told
}

// missed tells whether it refuses an answer to an offer whose time is over.
func missed(e *domain.Error) bool {
	return e.Code == "offer.not_pending" && e.Outcome == string(domain.OfferTimedOut)
}

// commands tells whether an operation is about an interaction itself, not about
// one of its replies.
func commands(o *operation) bool {
	return strings.HasPrefix(o.path, "/v1/interactions/{id}/") && !strings.Contains(o.path, "{reply_id}")
}
