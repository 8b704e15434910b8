package httpapi

import (
	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/domain"
)

// This file holds what queues say about after-contact work.

// acwSeconds is how long after-contact work of a mode that has a time may take,
// unless a queue says otherwise.
const acwSeconds = 60

func toACW(a domain.ACW) api.Acw {
	out := api.Acw{Mode: api.AcwMode(a.Mode), GraceSeconds: a.GraceSeconds}
	if a.Mode.Timed() {
		out.TimeoutSeconds = &a.TimeoutSeconds
	}
	return out
}

// fromACW takes over what a client may set. A time that a queue has had goes with
// the mode that it belonged to.
func fromACW(before domain.ACW, a api.Acw) domain.ACW {
	after := domain.ACW{Mode: domain.ACWMode(a.Mode), GraceSeconds: a.GraceSeconds}
	if a.TimeoutSeconds != nil {
		after.TimeoutSeconds = *a.TimeoutSeconds
	}
	switch {
	case after.Mode.Timed() && after.TimeoutSeconds == 0:
		after.TimeoutSeconds = acwSeconds
	case !after.Mode.Timed() && before.Mode.Timed() && after.TimeoutSeconds == before.TimeoutSeconds && after.GraceSeconds == before.GraceSeconds:
		after.TimeoutSeconds, after.GraceSeconds = 0, 0 // a patch of the mode alone
	}
	return after
}

// checkACW refuses a time where the mode has none.
func checkACW(a domain.ACW) error {
	if a.Mode.Timed() || a.TimeoutSeconds == 0 && a.GraceSeconds == 0 {
		return nil
	}
	pointer := "/acw/timeout_seconds"
	if a.TimeoutSeconds == 0 {
		pointer = "/acw/grace_seconds"
	}
	return domain.Invalid(pointer, "acw.no_time", "Only after-contact work of the modes mandatory_timeout and mandatory_forced_timeout has a time.")
}
