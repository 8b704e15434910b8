package main

import (
	"slices"
	"strings"
	"testing"
)

func TestBots_C07_C13_C14(t *testing.T) {
	t.Parallel()
	onEach(t, part{"C07 C13 C14 answers, and hands over", botAnswers}, part{"C07 two messages at once", botKeepsUp}, part{"C07 time-out", botTimesOut}, part{"C07 what a bot may be", botRefused})
}

// theBot is what the desk's channel says of itself.
func (d deskSetup) theBot(bot any) answer {
	d.admin.t.Helper()
	return d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"bot": bot})
}

// virtualAssistant knows when the shop is open.
func virtualAssistant() map[string]any {
	return map[string]any{"label": "Customer Virtual Assistant", "answers": []map[string]any{{"words": []string{"open"}, "text": "From nine to six."}},
		"fallback": "Sorry?", "handover_words": []string{"agent"}, "handover_text": "One moment, please.", "timeout_seconds": 60}
}

func botAnswers(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana := d.agents[0]
	ana.onQueue()
	d.theBot(virtualAssistant()).want(200).holds(map[string]string{"bot.label": "Customer Virtual Assistant", "bot.answers.0.pattern": "", "bot.timeout_seconds": "60"})
	d.writes("7001", "When are you open?")
	d.admin.advance(0)
	talk := answer{t: t, value: d.interactions()[0]}
	talk.holds(map[string]string{"state": "bot", "queue.id": d.queue, "offer": "", "allowed_actions": `["end"]`})
	address := "/v1/interactions/" + talk.get("id")
	d.admin.advance(30)
	d.writes("7001", "My card is "+cardNumber)
	d.admin.advance(0)
	if n := len(ana.list("/v1/interactions?agent_id=me")); n != 0 {
		t.Errorf("%d are offered to the agent while the bot has it", n)
	}
	cursor := ana.do("GET", "/v1/events?limit=1", nil).want(200).get("next_cursor")
	d.writes("7001", "An agent, please")
	accepted, _ := ana.accepted(cursor)
	if accepted != talk.get("id") {
		t.Errorf("the agent got %s", accepted)
	}
	messages := ana.list(address + "/messages")
	if got := strings.Join(each(messages, "text"), "|"); got != "When are you open?|From nine to six.|My card is "+cardMasked+"|Sorry?|An agent, please|One moment, please." {
		t.Errorf("the transcript is %s", got)
	}
	if got := strings.Join(each(messages, "sender.type"), " "); got != "customer bot customer bot customer bot" {
		t.Errorf("its senders are %s", got)
	}
	if got := each(messages, "sender.label"); got[1] != "Customer Virtual Assistant" || got[0] != "" {
		t.Errorf("its labels are %q", got)
	}
	if got := ana.happened(talk.get("id"), "interaction.created", "bot.started", "bot.handedoff", "interaction.queued", "offer.created"); !slices.Equal(got, []string{"interaction.created", "bot.started", "bot.handedoff", "interaction.queued", "offer.created"}) {
		t.Errorf("it happened %v", got)
	}
	segments := items(ana.do("GET", address+"?expand=segments", nil).want(200), "segments")
	if got := each(segments, "type"); got[0] != "bot" || got[1] != "queue" {
		t.Errorf("its time line is %v", got)
	}
	d.holdTrue()
	d.writes("7001", "open?") // the agent has it
	d.admin.advance(0)
	if n := len(ana.list(address + "/messages")); n != 7 {
		t.Errorf("the bot spoke, although an agent has it: %d messages", n)
	}
}

// botKeepsUp lets a customer begin with two messages that come in together: the bot
// answers both, and nobody else has had the conversation.
func botKeepsUp(t *testing.T, p *program) {
	d := p.desk(1, nil)
	bot := virtualAssistant()
	bot["answers"] = []map[string]any{{"words": []string{"été"}, "text": "From nine to six."}}
	d.theBot(bot).want(200)
	d.hook(batch(entry(d.page, said("7009", d.page, "m_first", "Hello"), said("7009", d.page, "m_second", "Quand est-ce ouvert l'e\u0301te\u0301?")))).want(200)
	d.admin.advance(0)
	talk := answer{t: t, value: d.interactions()[0]}
	talk.holds(map[string]string{"state": "bot"})
	messages := d.admin.list("/v1/interactions/" + talk.get("id") + "/messages")
	if got := strings.Join(each(messages, "text"), "|"); got != "Hello|Sorry?|Quand est-ce ouvert l'e\u0301te\u0301?|From nine to six." {
		t.Errorf("the transcript is %s", got)
	}
}

// botTimesOut looks at both sides of the end of a bot's time.
func botTimesOut(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"priority": 7})
	d.theBot(virtualAssistant()).want(200)
	d.writes("7002", "Hello")
	d.writes("7003", "Hello")
	d.admin.advance(59)
	d.writes("7003", "Still there")
	d.admin.advance(0)
	states := func() string { return strings.Join(each(d.interactions(), "state"), " ") }
	if got := states(); got != "bot bot" {
		t.Errorf("a second before its time: %s", got)
	}
	d.admin.advance(1)
	if got := states(); got != "queued bot" {
		t.Errorf("at its time: %s", got)
	}
	first, second := each(d.interactions(), "id")[0], each(d.interactions(), "id")[1]
	event := d.admin.list("/v1/events?types=bot.handedoff&interaction_id=" + first)
	if got := each(event, "data.reason"); !slices.Equal(got, []string{"timeout"}) {
		t.Errorf("it was handed over because of %v", got)
	}
	d.admin.do("GET", "/v1/interactions/"+first+"/routing", nil).want(200).holds(map[string]string{"priority": "7"})
	d.admin.do("POST", "/v1/interactions/"+second+"/end", nil).want(200).holds(map[string]string{"state": "disconnected"})
	d.theBot(nil).want(200).holds(map[string]string{"bot": ""})
	d.writes("7004", "No bot")
	d.admin.advance(100)
	if got := states(); got != "queued disconnected queued" {
		t.Errorf("in the end: %s", got)
	}
	d.holdTrue()
}

func botRefused(t *testing.T, p *program) {
	d := p.desk(0, nil)
	bot := func(name string, value any) map[string]any {
		b := virtualAssistant()
		b[name] = value
		return b
	}
	for _, c := range []struct {
		bot           any
		status        int
		code, pointer string
	}{
		{bot("answers", []map[string]any{{"text": "x"}}), 422, "bot.answer_to_nothing", "/bot/answers/0"},
		{bot("answers", []map[string]any{{"text": "x", "pattern": "("}}), 422, "bot.pattern_invalid", "/bot/answers/0/pattern"},
		{bot("fallback", strings.Repeat("x", 2001)), 422, "content.too_long", "/bot/fallback"},
		{bot("handover_text", " "), 422, "content.empty", "/bot/handover_text"},
		{bot("timeout_seconds", 9), 400, "request.invalid", "/bot/timeout_seconds"},
		{map[string]any{}, 400, "request.invalid", "/bot/label"},
		{bot("answers", slices.Repeat([]map[string]any{{"text": "x", "pattern": strings.Repeat(`[\pL\pN]{1,50}`, 25)}}, 20)), 422, "bot.patterns_too_large", "/bot/answers"},
	} {
		d.theBot(c.bot).code(c.status, c.code).holds(map[string]string{"errors.0.pointer": c.pointer})
	}
	d.theBot(map[string]any{"label": "B"}).want(200).holds(map[string]string{"bot": `{"answers":[],"fallback":null,"handover_text":null,"handover_words":[],"label":"B","timeout_seconds":300}`})
	d.theBot(map[string]any{"fallback": "Sorry? 🙈"}).want(200).holds(map[string]string{"bot.label": "B", "bot.fallback": "Sorry? 🙈"})
	d.admin.do("PATCH", "/v1/channels/"+d.channel, map[string]any{"settings": map[string]any{"emoji": "reject"}}).code(422, "content.emoji_not_supported").holds(map[string]string{"errors.0.pointer": "/bot/fallback"})
	d.theBot(map[string]any{"fallback": nil}).want(200).holds(map[string]string{"bot.label": "B", "bot.fallback": ""})
}
