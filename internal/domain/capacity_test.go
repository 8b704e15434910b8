package domain_test

import (
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// social gives an interaction that waits, of a channel that everybody can read.
func social() domain.Interaction {
	i, _ := newQueued()
	i.ChannelKind = "facebook_page"
	return i
}

func TestMediumOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   domain.ChannelKind
		origin domain.Origin
		want   domain.Medium
	}{
		{domain.ChannelMessenger, domain.OriginMessage, domain.MediumMessage}, {"x_dm", domain.OriginMessage, domain.MediumMessage},
		{"instagram", domain.OriginMessage, domain.MediumMessage}, {"instagram", "post", domain.MediumSocial},
		{"facebook_page", "post", domain.MediumSocial}, {"facebook_page", domain.OriginMessage, domain.MediumSocial}, {"x_post", "post", domain.MediumSocial},
	} {
		same(t, string(c.kind)+" "+string(c.origin), domain.MediumOf(c.kind, c.origin), c.want)
	}
}

// With a profile each medium has its own capacity; without one there are three
// places for everything.
func TestB05_CapacityOfEachMedium(t *testing.T) {
	t.Parallel()
	profile := domain.NewProfile("org", at)
	profile.Limits.Message, profile.Limits.Social = 2, 1
	for name, c := range map[string]struct {
		agent             domain.Agent
		messages, socials int
	}{
		"with a profile":    {newAgent("Ada").Limited(&profile), 2, 1},
		"without a profile": {newAgent("Ada"), 3, 0},
	} {
		a := c.agent
		for n := range c.messages {
			same(t, name+", a message", a.Takes(domain.ChannelMessenger, domain.MediumMessage), true)
			i, _ := newQueued()
			e, _, err := domain.Offer(i, a, timeout, at)
			must(t, err)
			a = e.Agent
			same(t, name+", messages", a.Load.Of(domain.MediumMessage), n+1)
		}
		same(t, name+", one message too many", a.Takes(domain.ChannelMessenger, domain.MediumMessage), false)
		for range c.socials {
			e, _, err := domain.Offer(social(), a, timeout, at)
			must(t, err)
			a = e.Agent
		}
		same(t, name+", social", a.Load.Of(domain.MediumSocial), c.socials)
		same(t, name+", messages beside it", a.Load.Of(domain.MediumMessage), c.messages)
		_, _, err := domain.Offer(social(), a, timeout, at)
		refused(t, err, domain.ErrorConflict, "offer.not_possible")
		same(t, name+", eligible", a.Eligible(), false)
	}
}

// Every way out of work gives the place back to the medium that it was of.
func TestB05_SocialIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []domain.ACWMode{domain.ACWOptional, domain.ACWMandatory} {
		e, _, err := domain.Offer(social(), newAgent("Ada"), timeout, at)
		must(t, err)
		declined, _, err := e.Decline(true, "", byAgent(e.Agent), at)
		must(t, err)
		same(t, "load after declining", declined.Agent.Load, domain.Load{})
		e, _, err = e.Accept(byAgent(e.Agent), at)
		must(t, err)
		same(t, "load while connected", e.Agent.Load, domain.Load{Connected: 1, Social: 1})
		e, _, err = e.End(domain.ACW{Mode: mode, TimeoutSeconds: 60, GraceSeconds: 30}, byAgent(e.Agent), at)
		must(t, err)
		held := 0
		if mode == domain.ACWMandatory {
			held = 1
		}
		same(t, "load after the end", e.Agent.Load, domain.Load{WrapUp: held, Social: held})
		e, _, _, err = e.Submit(newQueue(), []domain.WrapUpCodeID{"sale"}, nil, byAgent(e.Agent), at)
		must(t, err)
		same(t, "load after the wrap-up", e.Agent.Load, domain.Load{})
	}
}

// A channel that is not in the profile is never offered.
func TestC01_ChannelsOfTheProfile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		channels []domain.ChannelKind
		want     bool
	}{
		"every channel":   {nil, true},
		"no channel":      {[]domain.ChannelKind{}, false},
		"this channel":    {[]domain.ChannelKind{"sms", domain.ChannelMessenger}, true},
		"another channel": {[]domain.ChannelKind{"sms"}, false},
	} {
		profile := domain.NewProfile("org", at)
		profile.Limits.Channels = c.channels
		i, _ := newQueued()
		_, _, err := domain.Offer(i, newAgent("Ada").Limited(&profile), timeout, at)
		same(t, name, err == nil, c.want)
	}
}

func TestInterruptible(t *testing.T) {
	t.Parallel()
	for _, messageBySocial := range []bool{true, false} {
		for _, socialByMessage := range []bool{true, false} {
			profile := domain.NewProfile("org", at)
			profile.Limits.MessageBySocial, profile.Limits.SocialByMessage = messageBySocial, socialByMessage
			idle := newAgent("Ada").Limited(&profile)
			writing, posting := idle.Reserving(domain.MediumMessage), idle.Reserving(domain.MediumSocial)
			for _, m := range domain.Media() {
				same(t, "nothing is interrupted", idle.Takes("any", m), true)
			}
			same(t, "social beside a message", writing.Takes("any", domain.MediumSocial), messageBySocial)
			same(t, "a message beside a message", writing.Takes("any", domain.MediumMessage), true)
			same(t, "a message beside social", posting.Takes("any", domain.MediumMessage), socialByMessage)
			same(t, "social beside social", posting.Takes("any", domain.MediumSocial), true)
		}
	}
}

// Less capacity than there is work ends nothing.
func TestB05_LessCapacityKillsNoWork(t *testing.T) {
	t.Parallel()
	a := newAgent("Ada")
	for range domain.MessageCapacity {
		a = a.Reserving(domain.MediumMessage)
	}
	profile := domain.NewProfile("org", at)
	profile.Limits.Message = 1
	limited := a.Limited(&profile)
	same(t, "load", limited.Load, a.Load)
	same(t, "free", limited.Free(domain.MediumMessage), 0)
	same(t, "social beside it", limited.Free(domain.MediumSocial), 3)
	same(t, "without the profile again", limited.Limited(nil).Limits.Shared, true)
}
