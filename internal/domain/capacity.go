package domain

import (
	"slices"
	"time"
)

// Medium is a sort of work with a capacity of its own.
type Medium string

const (
	// MediumMessage is what customers write to the account alone.
	MediumMessage Medium = "message"
	// MediumSocial is what everybody can read: comments, mentions and posts.
	MediumSocial Medium = "social"
)

// Media lists every medium.
func Media() []Medium { return []Medium{MediumMessage, MediumSocial} }

// MediumOf tells whose capacity an interaction takes. Facebook pages, posts on X
// and comments on Instagram are social; everything else is a message.
func MediumOf(kind ChannelKind, origin Origin) Medium {
	if kind == "facebook_page" || kind == "x_post" || kind == "instagram" && origin != OriginMessage {
		return MediumSocial
	}
	return MediumMessage
}

// Medium tells whose capacity the interaction takes.
func (i Interaction) Medium() Medium { return MediumOf(i.ChannelKind, i.Origin) }

// MessageCapacity is how many conversations an agent without a profile may have
// at once, on whatever channels.
const MessageCapacity = 3

// MaxCapacity bounds what a profile may allow of one medium.
const MaxCapacity = 25

// Limits is what an agent may be offered: on which channels, how much of each
// medium at once, and what may come while there is other work.
type Limits struct {
	Shared          bool          // Message counts all media together
	Channels        []ChannelKind // nil allows every kind
	Message         int
	Social          int
	MessageBySocial bool // social may come while there are messages
	SocialByMessage bool // messages may come while there is social
}

// DefaultLimits are those of an agent without a profile.
func DefaultLimits() Limits {
	return Limits{Shared: true, Message: MessageCapacity, Social: MessageCapacity, MessageBySocial: true, SocialByMessage: true}
}

// Allows tells whether anything of this kind of channel may be offered (C01).
func (l Limits) Allows(kind ChannelKind) bool {
	return l.Channels == nil || slices.Contains(l.Channels, kind)
}

// Maximum is how much of a medium an agent may have at once.
func (l Limits) Maximum(m Medium) int {
	if m == MediumSocial && !l.Shared {
		return l.Social
	}
	return l.Message
}

// Profile is a multimedia profile: limits that agents share.
type Profile struct {
	ID           ProfileID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	Limits       Limits
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// NewProfile gives a profile for three of each medium, side by side, on every channel.
func NewProfile(org OrganizationID, now time.Time) Profile {
	limits := DefaultLimits()
	limits.Shared = false
	return Profile{ID: NewID[ProfileID](), Organization: org, Limits: limits, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// Limited puts the agent under a profile's limits, or under the default ones.
// Work that the agent has goes on, also where it is more than they allow.
func (a Agent) Limited(p *Profile) Agent {
	a.Profile, a.Limits = nil, DefaultLimits()
	if p != nil {
		a.Profile, a.Limits = &p.ID, p.Limits
	}
	return a
}

// Load counts the work of an agent that holds capacity.
type Load struct {
	Alerting  int
	Connected int
	WrapUp    int
	Social    int // how many of these are social
}

// Used is the capacity that is taken: an offer takes it as much as a conversation.
func (l Load) Used() int { return l.Alerting + l.Connected + l.WrapUp }

// Of is the capacity of one medium that is taken.
func (l Load) Of(m Medium) int {
	if m == MediumSocial {
		return l.Social
	}
	return l.Used() - l.Social
}

// count adds n to the social part where the medium is social.
func (l *Load) count(m Medium, n int) {
	if m == MediumSocial {
		l.Social += n
	}
}

// Free is how much more of a medium the agent may take on (2.4, step 3); never
// less than zero.
func (a Agent) Free(m Medium) int {
	used := a.Load.Of(m)
	if a.Limits.Shared {
		used = a.Load.Used()
	}
	return max(0, a.Limits.Maximum(m)-used)
}

// InterruptibleBy tells whether work of a medium may come beside what the agent
// has of the others (2.4, step 4).
func (a Agent) InterruptibleBy(m Medium) bool {
	if m == MediumSocial {
		return a.Limits.MessageBySocial || a.Load.Of(MediumMessage) == 0
	}
	return a.Limits.SocialByMessage || a.Load.Of(MediumSocial) == 0
}

// Takes tells whether routing may offer the agent one more conversation of this
// sort now: everything about eligibility but queues and skills.
func (a Agent) Takes(kind ChannelKind, m Medium) bool {
	return a.Ready() && a.Limits.Allows(kind) && a.Free(m) > 0 && a.InterruptibleBy(m)
}

// Reserving is the agent as they would be with one more offer of a medium, for
// plans of several offers.
func (a Agent) Reserving(m Medium) Agent {
	a.Load.Alerting++
	a.Load.count(m, 1)
	return a
}
