package domain

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bot answers the customers of a channel before an agent does (C07): it says what was
// set down beforehand, and hands over to the channel's queue.
type Bot struct {
	Label          string      // what a transcript calls it (C14)
	Answers        []BotAnswer // the first that fits is said
	Fallback       *string     // what is said where none fits; nil: it hands over
	HandoverWords  []string    // with which a customer asks for a person; they go before all answers
	HandoverText   *string     // what is said as it hands over
	TimeoutSeconds int         // for how long nobody has to write until it hands over
}

// BotAnswer is what a bot says to a message that has one of the words, or the pattern.
type BotAnswer struct {
	Words   []string
	Pattern *string // RE2, anywhere in the text, in any case
	Text    string
}

// Why a bot hands over.
const (
	HandoverAsked     = "asked"     // the customer wants a person
	HandoverUnknown   = "no_answer" // it has nothing to say
	HandoverTimeout   = "timeout"   // nobody has written for long
	HandoverWithdrawn = "withdrawn" // the channel has no bot any more
	HandoverElsewhere = "elsewhere" // another app of the account had the conversation before
)

// Timeout is for how long nobody has to write.
func (b Bot) Timeout() time.Duration { return time.Duration(b.TimeoutSeconds) * time.Second }

// Turn gives what the bot says to a message, empty for nothing, and why it hands over
// then, empty where it does not.
func (b Bot) Turn(text string) (say, handover string) {
	text = heard(text)
	said := spoken(text)
	if slices.ContainsFunc(b.HandoverWords, func(w string) bool { return has(said, w) }) {
		return b.farewell(), HandoverAsked
	}
	for _, a := range b.Answers {
		if a.fits(text, said) {
			return a.Text, ""
		}
	}
	if b.Fallback != nil {
		return *b.Fallback, ""
	}
	return b.farewell(), HandoverUnknown
}

func (b Bot) farewell() string {
	if b.HandoverText == nil {
		return ""
	}
	return *b.HandoverText
}

// fits tells whether an answer is one to this text. A pattern that is none fits nothing.
func (a BotAnswer) fits(text, said string) bool {
	if slices.ContainsFunc(a.Words, func(w string) bool { return has(said, w) }) {
		return true
	}
	if a.Pattern == nil {
		return false
	}
	pattern, err := BotPattern(*a.Pattern)
	return err == nil && pattern.MatchString(text)
}

// MaxBotSteps bounds what all patterns of a bot are made of: each message is held
// against each of them.
const MaxBotSteps = 10_000

// Steps tells how much the patterns of a bot are made of, in what RE2 makes of them.
func (b Bot) Steps() (n int) {
	for _, a := range b.Answers {
		if a.Pattern == nil {
			continue
		}
		if parsed, err := syntax.Parse("(?i)"+*a.Pattern, syntax.Perl); err == nil {
			if program, err := syntax.Compile(parsed.Simplify()); err == nil {
				n += len(program.Inst)
			}
		}
	}
	return n
}

// maxHeard is how many characters of a message a bot listens to.
const maxHeard = 2000

// heard is the beginning of a text, as far as a bot listens.
func heard(text string) string {
	n := 0
	for at := range text {
		if n++; n > maxHeard {
			return text[:at]
		}
	}
	return text
}

// BotPattern reads the pattern of an answer.
func BotPattern(pattern string) (*regexp.Regexp, error) { return regexp.Compile("(?i)" + pattern) }

// spoken is a text as its words alone, in small letters, with a space around each. A
// symbol, such as an emoji, is a word; what parts words is none.
func spoken(text string) string {
	var out strings.Builder
	for _, c := range strings.ReplaceAll(strings.ToLower(text), "ß", "ss") {
		switch {
		case unicode.IsLetter(c), unicode.IsDigit(c), unicode.IsMark(c) && !unicode.Is(unicode.Variation_Selector, c):
			out.WriteRune(c)
		case unicode.IsSymbol(c):
			out.WriteString(" " + string(c) + " ")
		case !unicode.Is(unicode.Cf, c) && !unicode.Is(unicode.Variation_Selector, c):
			out.WriteByte(' ')
		}
	}
	return " " + strings.Join(strings.Fields(out.String()), " ") + " "
}

// has tells whether a text has a word, or several in a row.
func has(said, word string) bool {
	w := spoken(word)
	return strings.TrimSpace(w) != "" && strings.Contains(said, w)
}

// DueBot names a conversation that a bot has had for long enough.
type DueBot struct {
	Organization OrganizationID
	Channel      ChannelID
	Interaction  InteractionID
	Thread       ThreadID
}

// answered begins an interaction with a bot.
func (i *Interaction) answered(b Bot, now time.Time) Event {
	until := now.Add(b.Timeout())
	i.State, i.BotUntil = InteractionBot, &until
	return i.emit(EventBotStarted, System(), now, EventData{After: string(i.State)})
}

// AnswerAs appends what a bot says, and starts its time anew.
func (i Interaction) AnswerAs(b Bot, text string, now time.Time) (Interaction, Message, []Event, error) {
	next, ok := i.State.After(MoveAnswer)
	if !ok {
		return i, Message{}, nil, InvalidTransition("interaction", "an answer of a bot", string(i.State), i.AllowedActions("", nil))
	}
	until := now.Add(b.Timeout())
	i.State, i.BotUntil = next, &until
	m := notice(i, text, now)
	m.Kind, m.Sender = KindMessage, Sender{Type: SenderBot, Label: &b.Label}
	i, m, events := i.Post(m, System(), now)
	return i, m, events, nil
}

// HandOver puts what a bot had into its queue, where it waits from now on.
func (i Interaction) HandOver(reason string, now time.Time) (Interaction, []Event, error) {
	next, ok := i.State.After(MoveHandOver)
	if !ok {
		return i, nil, InvalidTransition("interaction", "a handover by a bot", string(i.State), i.AllowedActions("", nil))
	}
	before := i.State
	i.State, i.BotUntil, i.EnqueuedAt = next, nil, now
	told := i.emit(EventBotHandedOff, System(), now, EventData{Before: string(before), After: string(next), Reason: reason})
	queued := i.emit(EventInteractionQueued, System(), now, EventData{Before: string(before), After: string(next)})
	return i, []Event{told, queued}, nil
}

// BotOver tells whether a bot has had the interaction for long enough.
func (i Interaction) BotOver(now time.Time) bool {
	return i.BotUntil != nil && !now.Before(*i.BotUntil)
}
