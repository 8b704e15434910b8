package httpapi

import (
	"cmp"
	"fmt"

	"github.com/parley-cx/parley/api"
	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// botTimeout is for how many seconds nobody has to write to a bot, unless it says so.
const botTimeout = 300

func toBot(b *domain.Bot) *api.Bot {
	if b == nil {
		return nil
	}
	return &api.Bot{Label: b.Label, Fallback: b.Fallback, HandoverWords: append([]string{}, b.HandoverWords...), HandoverText: b.HandoverText, TimeoutSeconds: b.TimeoutSeconds,
		Answers: each(b.Answers, func(a domain.BotAnswer) api.BotAnswer {
			return api.BotAnswer{Words: append([]string{}, a.Words...), Pattern: a.Pattern, Text: a.Text}
		})}
}

func fromBot(a *api.Bot) *domain.Bot {
	if a == nil {
		return nil
	}
	return &domain.Bot{Label: a.Label, Fallback: a.Fallback, HandoverWords: each(a.HandoverWords, channel.Composed), HandoverText: a.HandoverText,
		TimeoutSeconds: cmp.Or(a.TimeoutSeconds, botTimeout), Answers: each(a.Answers, func(a api.BotAnswer) domain.BotAnswer {
			return domain.BotAnswer{Words: each(a.Words, channel.Composed), Pattern: a.Pattern, Text: a.Text}
		})}
}

// checkBot refuses a bot that could not say what it is to say.
func (s *Server) checkBot(c domain.Channel) error {
	if c.Bot == nil {
		return nil
	}
	if c.Bot.Label == "" {
		return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "The body does not follow the contract; errors names each field.",
			Fields: []domain.FieldError{{Pointer: "/bot/label", Code: "required", Detail: "It is required."}}}
	}
	if size := c.Bot.Steps(); size > domain.MaxBotSteps {
		return domain.Invalid("/bot/answers", "bot.patterns_too_large", "The patterns of all answers are too large together: they have %d steps, and may have %d.", size, domain.MaxBotSteps)
	}
	for n, a := range c.Bot.Answers {
		at := fmt.Sprintf("/bot/answers/%d", n)
		if len(a.Words) == 0 && a.Pattern == nil {
			return domain.Invalid(at, "bot.answer_to_nothing", "An answer needs words or a pattern to which it is one.")
		}
		if a.Pattern != nil {
			if _, err := domain.BotPattern(*a.Pattern); err != nil {
				return domain.Invalid(at+"/pattern", "bot.pattern_invalid", "The pattern is no regular expression of RE2.")
			}
		}
		if err := s.checkSaid(c, at+"/text", &a.Text); err != nil {
			return err
		}
	}
	if err := s.checkSaid(c, "/bot/fallback", c.Bot.Fallback); err != nil {
		return err
	}
	return s.checkSaid(c, "/bot/handover_text", c.Bot.HandoverText)
}

// checkSaid refuses a text that the channel could not carry.
func (s *Server) checkSaid(c domain.Channel, pointer string, text *string) error {
	if text == nil {
		return nil
	}
	if domain.Blank(*text) {
		return domain.Invalid(pointer, "content.empty", "The text must have a character that can be seen.")
	}
	if _, ok := channel.Plain(c.Settings, *text); !ok {
		return domain.Invalid(pointer, "content.emoji_not_supported", "This channel takes plain text only, without emoji.")
	}
	if l := s.Capabilities[c.Kind].Measure(*text); !l.Fits() {
		return domain.Invalid(pointer, "content.too_long", "The text has %d characters; this channel takes %d.", l.Used, l.Limit)
	}
	return nil
}
