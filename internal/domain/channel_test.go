package domain_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func TestEnforce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before domain.ChannelStatus
		action string
		after  domain.ChannelStatus
		event  domain.EventType
	}{
		{domain.ChannelActive, "block", domain.ChannelBlocked, domain.EventChannelBlocked},
		{domain.ChannelBlocked, "unblock", domain.ChannelActive, domain.EventChannelUnblocked},
		{domain.ChannelNeedsReauthorization, "unblock", domain.ChannelNeedsReauthorization, domain.EventChannelUnblocked},
		{domain.ChannelActive, "warning", domain.ChannelActive, domain.EventChannelWarned},
		{domain.ChannelBlocked, "praise", domain.ChannelBlocked, ""},
	} {
		after, event, told := domain.Channel{Status: c.before}.Enforce(c.action, at)
		if after.Status != c.after || event.Type != c.event || told != (c.event != "") || told && event.Data.Before != string(c.before) {
			t.Errorf("%s while %s gives %s and tells %v", c.action, c.before, after.Status, event)
		}
	}
}
