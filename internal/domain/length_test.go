package domain_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// TestB08_WhatCountsAgainstAnAllowance: what is on its way or went out; what the
// platform's fault kept from going out is given back, and so is what was never tried.
func TestB08_WhatCountsAgainstAnAllowance(t *testing.T) {
	t.Parallel()
	message := func(status domain.ReplyStatus, attempts int, code domain.FailureCode) domain.Message {
		m := domain.Message{Direction: domain.Outbound, Status: status, Attempts: attempts}
		if code != "" {
			f := domain.FailureOf(code)
			m.Failure = &f
		}
		return m
	}
	for what, m := range map[string]domain.Message{
		"failed for want of a network": message(domain.ReplyFailed, 3, domain.FailureNetworkUnreachable), "timed out": message(domain.ReplyFailed, 1, domain.FailureSendTimeout),
		"refused by a broken server": message(domain.ReplyFailed, 1, domain.FailurePlatformRejected), "never tried": message(domain.ReplyFailed, 0, domain.FailureReplyLimit),
		"deleted": message(domain.ReplyDeleted, 1, ""), "the customer's": {Direction: domain.Inbound}, "written elsewhere": {Direction: domain.Outbound},
	} {
		if m.Counts() {
			t.Errorf("what is %s counts", what)
		}
	}
	for _, status := range domain.ReplyStatuses() {
		want := status != domain.ReplyDeleted
		if got := message(status, 1, "").Counts(); got != want {
			t.Errorf("%s counts: %v", status, got)
		}
	}
	if !message(domain.ReplyFailed, 1, domain.FailureContentRejected).Counts() {
		t.Error("what the platform looked at and refused is given back")
	}
}

func TestC19_AgentNameBeforeTheText(t *testing.T) {
	t.Parallel()
	ana, prefix, other := "Ana", "prefix", "field"
	agent := domain.Sender{Type: domain.SenderAgent, DisplayName: &ana}
	for want, got := range map[string]string{
		"Ana: Hello": domain.ChannelSettings{AgentName: &prefix}.Spoken(agent, "Hello"),
		"Hello":      domain.ChannelSettings{}.Spoken(agent, "Hello"),
		"Hi":         domain.ChannelSettings{AgentName: &other}.Spoken(agent, "Hi"),
		"":           domain.ChannelSettings{AgentName: &prefix}.Spoken(agent, ""),
		"Notice":     domain.ChannelSettings{AgentName: &prefix}.Spoken(domain.Sender{Type: domain.SenderSystem, DisplayName: &ana}, "Notice"),
		"Nameless":   domain.ChannelSettings{AgentName: &prefix}.Spoken(domain.Sender{Type: domain.SenderAgent}, "Nameless"),
	} {
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
