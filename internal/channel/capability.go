package channel

import (
	"unicode/utf8"

	"github.com/parley-cx/parley/internal/domain"
)

// Capability is one row of the matrix: what a kind of account allows. It is the
// only place for a platform's limits.
type Capability struct {
	Platform  domain.Platform
	TextLimit int // characters in one message
}

// Capabilities is the matrix, by kind of account. Sources: Meta's Messenger
// Platform documentation, send API reference (text limit of 2,000 characters).
func Capabilities() map[domain.ChannelKind]Capability {
	return map[domain.ChannelKind]Capability{
		domain.ChannelMessenger: {Platform: domain.PlatformMeta, TextLimit: 2000},
	}
}

// Length counts a text as the channel's limit does: in Unicode code points.
func (c Capability) Length(text string) int { return utf8.RuneCountInString(text) }
