package httpapi

import (
	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// This file holds what queues say about conversations in which nobody writes.

// warnSeconds is how long before the end the desk is warned, unless a queue says
// otherwise or its whole time is hardly longer.
const warnSeconds = 60

func toInactivity(r *domain.Inactivity) *api.Inactivity {
	if r == nil {
		return nil
	}
	return &api.Inactivity{AfterSeconds: r.AfterSeconds, WarnSeconds: &r.WarnSeconds, Action: api.InactivityAction(r.Action)}
}

func fromInactivity(a *api.Inactivity) *domain.Inactivity {
	if a == nil {
		return nil
	}
	r := domain.Inactivity{AfterSeconds: a.AfterSeconds, WarnSeconds: min(warnSeconds, a.AfterSeconds/2), Action: domain.InactivityAction(a.Action)}
	if a.WarnSeconds != nil {
		r.WarnSeconds = *a.WarnSeconds
	}
	return &r
}

// checkInactivity refuses a warning that would come before the beginning.
func checkInactivity(r *domain.Inactivity) error {
	if r != nil && r.WarnSeconds >= r.AfterSeconds {
		return domain.Invalid("/inactivity/warn_seconds", "inactivity.warning_too_early", "The warning must come after the last message: warn_seconds (%d) must be less than after_seconds (%d).",
			r.WarnSeconds, r.AfterSeconds)
	}
	return nil
}
