package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// assistant is a bot with something of everything.
func assistant() domain.Bot {
	number, fallback, last := `order (no\.?|number)? ?\d{4}`, "I did not understand.", "One moment, please."
	return domain.Bot{Label: "Customer Virtual Assistant", Fallback: &fallback, HandoverWords: []string{"agent", "real person"}, HandoverText: &last, TimeoutSeconds: 300,
		Answers: []domain.BotAnswer{{Words: []string{"opening hours", "ouvert"}, Text: "From nine to six."}, {Pattern: &number, Text: "It is on its way."}, {Words: []string{"order"}, Text: "Which one?"}}}
}

// C07: the first answer that fits is said; who asks for a person gets one before that.
func TestC07_WhatABotSays(t *testing.T) {
	t.Parallel()
	mute, bad := domain.Bot{}, "("
	signs := domain.Bot{Answers: []domain.BotAnswer{{Words: []string{"c++"}, Text: "plus"}, {Words: []string{"c"}, Text: "plain"}, {Words: []string{"😀"}, Text: "smile"}, {Words: []string{"straße"}, Text: "street"}}}
	mute.Answers = []domain.BotAnswer{{Pattern: &bad, Text: "never"}, {Words: []string{" ", "?"}, Text: "never"}}
	for _, c := range []struct {
		bot               domain.Bot
		text, say, reason string
	}{
		{assistant(), "What are your OPENING  hours?", "From nine to six.", ""},
		{assistant(), "Ouvert ?", "From nine to six.", ""},
		{assistant(), "ouverture", "I did not understand.", ""},
		{assistant(), "Order number 4711", "It is on its way.", ""},
		{assistant(), "my order", "Which one?", ""},
		{assistant(), "reorder", "I did not understand.", ""},
		{assistant(), "Agent!", "One moment, please.", domain.HandoverAsked},
		{assistant(), "my order: a real person, please", "One moment, please.", domain.HandoverAsked},
		{assistant(), "", "I did not understand.", ""},
		{signs, "C++, please", "plus", ""},
		{signs, "vitamin C", "plain", ""},
		{signs, "I ❤️ it😀", "smile", ""},
		{signs, "In welcher STRASSE?", "street", ""},
		{mute, "anything (", "", domain.HandoverUnknown},
	} {
		if say, reason := c.bot.Turn(c.text); say != c.say || reason != c.reason {
			t.Errorf("%q: %q and %q, not %q and %q", c.text, say, reason, c.say, c.reason)
		}
	}
}

// C07: patterns are bounded together, and so is what is held against them.
func TestC07_ABotsPatternsAreBounded(t *testing.T) {
	t.Parallel()
	heavy, light, late := `[\pL\pN]{1,50}`, "parcel", "the end"
	bot := domain.Bot{}
	for range 25 {
		bot.Answers = append(bot.Answers, domain.BotAnswer{Pattern: &light})
	}
	if n := bot.Steps(); n == 0 || n > domain.MaxBotSteps {
		t.Errorf("plain patterns have %d steps", n)
	}
	heavy = strings.Repeat(heavy, 25)
	for range 25 {
		bot.Answers = append(bot.Answers, domain.BotAnswer{Pattern: &heavy})
	}
	if n := bot.Steps(); n <= domain.MaxBotSteps {
		t.Errorf("heavy patterns have %d steps", n)
	}
	bot = domain.Bot{Answers: []domain.BotAnswer{{Pattern: &late, Text: "yes"}}}
	if say, _ := bot.Turn(strings.Repeat("é", 1993) + late); say != "yes" {
		t.Error("the last of what is heard is not")
	}
	if say, _ := bot.Turn(strings.Repeat("é", 2000) + late); say != "" {
		t.Error("what is beyond it is heard")
	}
}

// C07: a conversation with a bot has its time, which each answer starts anew; it waits
// in the queue from when it is handed over.
func TestC07_ABotsTime(t *testing.T) {
	t.Parallel()
	bot := assistant()
	i, events := domain.NewInteraction(domain.Thread{ID: "t"}, domain.Channel{Bot: &bot}, domain.OriginMessage, at)
	told(t, events, domain.EventInteractionCreated, domain.EventBotStarted)
	same(t, "state", i.State, domain.InteractionBot)
	later := at.Add(299 * time.Second)
	i, m, _, err := i.AnswerAs(bot, "Hello", later)
	same(t, "error", err, nil)
	same(t, "sender", m.Sender, domain.Sender{Type: domain.SenderBot, Label: m.Sender.Label})
	same(t, "label", *m.Sender.Label, bot.Label)
	same(t, "over a moment before", i.BotOver(later.Add(300*time.Second-time.Millisecond)), false)
	same(t, "over", i.BotOver(later.Add(300*time.Second)), true)
	i, events, err = i.HandOver(domain.HandoverTimeout, later)
	same(t, "error", err, nil)
	told(t, events, domain.EventBotHandedOff, domain.EventInteractionQueued)
	same(t, "state", i.State, domain.InteractionQueued)
	same(t, "waits since", i.EnqueuedAt, later)
	same(t, "over", i.BotOver(later.Add(time.Hour)), false)
}
