package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestB22_C13_Messenger(t *testing.T) {
	t.Parallel()
	onEach(t,
		part{"edits", messengerEdits},
		part{"reactions", messengerReactions},
		part{"buttons and quick replies", messengerButtons},
		part{"B22 unsent", messengerUnsent},
		part{"B22 unsent before it came", messengerUnsentEarly},
		part{"referrals", messengerReferrals},
		part{"a conversation of another app", messengerControl},
		part{"C13 a bot hands over", messengerHandover},
		part{"no id", messengerNoID},
		part{"policy", messengerPolicy},
		part{"the simulator plays them all", messengerSimulated},
	)
}

// messages reads a transcript.
func (c *caller) messages(interaction string) []any {
	c.t.Helper()
	return c.list("/v1/interactions/" + interaction + "/messages?limit=200")
}

// happened lists what the log tells of an interaction, of these types.
func (c *caller) happened(interaction string, types ...string) []string {
	c.t.Helper()
	return each(c.list("/v1/events?limit=200&interaction_id="+interaction+"&types="+strings.Join(types, ",")), "type")
}

// tell sends events to the desk's page, in one webhook, and waits until they are applied.
func (d deskSetup) tell(events ...string) {
	d.admin.t.Helper()
	d.hook(batch(entry(d.page, events...))).want(200)
	d.admin.advance(0)
}

// overhear sends events of conversations that another app has.
func (d deskSetup) overhear(events ...string) {
	d.admin.t.Helper()
	d.hook(batch(fmt.Sprintf(`{"id":%q,"time":1790000000456,"standby":[%s]}`, d.page, strings.Join(events, ",")))).want(200)
	d.admin.advance(0)
}

func (d deskSetup) from(shape string, content map[string]any) string {
	return event("c1", d.page, shape, content)
}

// messengerEdits changes a message, in the wrong order, and one that comes later.
func messengerEdits(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	edit := func(mid string, number int, what string) string {
		return d.from("message_edit", map[string]any{"mid": mid, "text": what, "num_edit": number})
	}
	d.tell(said("c1", d.page, "m_e1"+d.page, "Where is it?"))
	d.tell(edit("m_e1"+d.page, 2, "Where is parcel 77?"), edit("m_e1"+d.page, 1, "Where is parcel 7?"), edit("m_e1"+d.page, 0, "noise"))
	d.tell(edit("m_e2"+d.page, 1, "late and edited"), said("c1", d.page, "m_e2"+d.page, "late"))
	messages := ana.messages(i)
	if got := each(messages, "text"); !slices.Equal(got[1:], []string{"Where is parcel 77?", "late and edited"}) {
		t.Errorf("the transcript is %q", got)
	}
	for _, m := range messages[1:] {
		if text(lookup(m, "edited_at")) == "" {
			t.Errorf("not shown as edited: %s", text(m))
		}
	}
	if text(lookup(messages[0], "edited_at")) != "" {
		t.Errorf("shown as edited: %s", text(messages[0]))
	}
	if got := ana.happened(i, "message.edited"); len(got) != 1 {
		t.Errorf("%d edits were told", len(got))
	}
}

func messengerReactions(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	id := ana.says(i, "On its way.")
	mid := ana.until(i, id, "delivered").get("platform_message_id")
	react := func(action, reaction, emoji string) string {
		return event("c1", d.page, "reaction", map[string]any{"mid": mid, "action": action, "reaction": reaction, "emoji": emoji, "n": action + reaction})
	}
	d.tell(react("react", "love", "❤"))
	d.tell(strings.Replace(react("react", "wow", "😮"), "1790000000123", "1790000000124", 1))
	reply := ana.reply(i, id)
	if reply.get("reactions.#") != "1" || reply.get("reactions.0.reaction") != "wow" || reply.get("reactions.0.emoji") != "😮" || reply.get("reactions.0.by") != "customer" {
		t.Errorf("the reactions are %s", reply.get("reactions"))
	}
	if got := text(lookup(ana.messages(i)[1], "reactions.0.emoji")); got != "😮" {
		t.Errorf("the transcript has %q", got)
	}
	d.tell(react("unreact", "", ""))
	if got := ana.reply(i, id).get("reactions"); got != "[]" {
		t.Errorf("the reactions are %s", got)
	}
	want := []string{"message.reaction_added", "message.reaction_added", "message.reaction_removed"}
	if got := ana.happened(i, "message.reaction_added", "message.reaction_removed"); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
}

// messengerButtons begins a conversation with a button, and answers from a list.
func messengerButtons(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.tell(d.from("postback", map[string]any{"mid": "m_p" + d.page, "title": "Get started", "payload": "START"}),
		d.from("message", map[string]any{"mid": "m_q" + d.page, "text": "Red", "quick_reply": map[string]any{"payload": "COLOUR_RED"}}))
	talks := d.interactions()
	if len(talks) != 1 || text(lookup(talks[0], "state")) != "queued" {
		t.Fatalf("%d interactions: %s", len(talks), text(talks))
	}
	messages := d.admin.messages(text(lookup(talks[0], "id")))
	if got := text(lookup(messages[0], "postback")); got != `{"payload":"START","title":"Get started"}` || text(lookup(messages[0], "text")) != "Get started" {
		t.Errorf("the button is %s", text(messages[0]))
	}
	if got := text(lookup(messages[1], "quick_reply.payload")); got != "COLOUR_RED" || text(lookup(messages[1], "text")) != "Red" {
		t.Errorf("the answer is %s", text(messages[1]))
	}
}

// messengerUnsent takes a message back, twice, and lets nothing come after it.
func messengerUnsent(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	mid := "m_u" + d.page
	unsend := d.from("message", map[string]any{"mid": mid, "is_deleted": true})
	d.tell(d.from("message", map[string]any{"mid": mid, "text": "My secret", "attachments": []any{map[string]any{"type": "image", "payload": map[string]any{"url": "https://cdn.example.test/1"}}}}))
	before := ana.messages(i)[1]
	d.tell(unsend)
	d.tell(strings.Replace(unsend, "1790000000123", "1790000000999", 1))
	d.tell(d.from("message_edit", map[string]any{"mid": mid, "text": "My other secret", "num_edit": 1}),
		d.from("reaction", map[string]any{"mid": mid, "action": "react", "reaction": "love"}))
	after := ana.messages(i)[1]
	if text(lookup(after, "tombstone")) != "unsent" || text(lookup(after, "text")) != "" || text(lookup(after, "attachments")) != "[]" || text(lookup(after, "reactions")) != "[]" {
		t.Errorf("what is left is %s", text(after))
	}
	for _, kept := range []string{"id", "created_at", "sender.id", "platform_message_id"} {
		if text(lookup(after, kept)) != text(lookup(before, kept)) {
			t.Errorf("%s was %s", kept, text(lookup(before, kept)))
		}
	}
	if got := ana.happened(i, "message.unsent", "message.edited", "message.reaction_added"); !slices.Equal(got, []string{"message.unsent"}) {
		t.Errorf("told %v", got)
	}
}

// messengerUnsentEarly takes back what has not come: it never will.
func messengerUnsentEarly(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	mid := "m_v" + d.page
	d.tell(d.from("message_edit", map[string]any{"mid": mid, "text": "edited before", "num_edit": 1}))
	d.tell(d.from("message", map[string]any{"mid": mid, "is_deleted": true}))
	d.tell(said("c1", d.page, mid, "too late"), said("c1", d.page, mid+"2", "but this"))
	d.tell(event("stranger", d.page, "message", map[string]any{"mid": mid + "3", "is_deleted": true}), said("stranger", d.page, mid+"3", "nor this"))
	if got := each(ana.messages(i), "text"); !slices.Equal(got[1:], []string{"but this"}) {
		t.Errorf("the transcript is %q", got)
	}
	if n := len(d.interactions()); n != 1 {
		t.Errorf("%d interactions", n)
	}
}

func messengerReferrals(t *testing.T, p *program) {
	d := p.desk(0, nil)
	ref := func(what string) map[string]any {
		return map[string]any{"ref": what, "source": "SHORTLINK", "type": "OPEN_THREAD"}
	}
	d.tell(d.from("referral", ref("poster")))
	if n := len(d.interactions()); n != 0 {
		t.Fatalf("a referral opened %d interactions", n)
	}
	d.tell(said("c1", d.page, "m_r"+d.page, "Hello"))
	talk := d.interactions()[0]
	id := text(lookup(talk, "id"))
	if got := text(lookup(talk, "referral")); got != `{"ad_id":"","ref":"poster","source":"SHORTLINK","type":"OPEN_THREAD"}` {
		t.Errorf("the referral is %s", got)
	}
	d.tell(d.from("referral", ref("flyer")))
	if got := d.admin.do("GET", "/v1/interactions/"+id, nil).want(200).get("referral.ref"); got != "flyer" {
		t.Errorf("the referral is %s", got)
	}
	d.tell(d.from("message", map[string]any{"mid": "m_s" + d.page, "text": "From the ad", "referral": map[string]any{"ref": "ad", "source": "ADS", "type": "OPEN_THREAD", "ad_id": 42}}))
	if got := text(lookup(d.admin.messages(id)[1], "referral.ad_id")); got != "42" {
		t.Errorf("the message came from %q", got)
	}
	if got := d.admin.happened(id, "interaction.referred"); len(got) != 1 {
		t.Errorf("told %v", got)
	}
}

// messengerControl lets another app take a conversation, and give it back.
func messengerControl(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	d.tell(d.from("take_thread_control", map[string]any{"new_owner_app_id": "263902037430900"}))
	got := ana.do("GET", "/v1/interactions/"+i, nil).want(200)
	if got.get("reply_policy.held_elsewhere") != "true" {
		t.Errorf("the policy is %s", got.get("reply_policy"))
	}
	reply := ana.do("POST", "/v1/interactions/"+i+"/replies", map[string]any{"text": "Am I heard?"}).want(202)
	if reply.get("items.0.error.code") != "held_elsewhere" {
		t.Errorf("the reply is %s", reply.body)
	}
	d.overhear(said("c1", d.page, "m_t"+d.page, "To the other app"), event(d.page, "c1", "message", map[string]any{"mid": "m_b" + d.page, "is_echo": true, "text": "From it"}))
	d.tell(said("c1", d.page, "m_w"+d.page, "To us again"))
	if got := each(ana.messages(i), "text"); !slices.Equal(got, []string{"Where is my parcel?", "Am I heard?", "To the other app", "From it", "To us again"}) {
		t.Errorf("the transcript is %q", got)
	}
	ana.until(i, ana.says(i, "You are."), "delivered")
	// The platform may be the first to tell.
	d.faults(map[string]any{"mode": "reject", "code": 10, "subcode": 2018300, "times": 1})
	ana.until(i, ana.says(i, "Hello?"), "failed")
	if got := ana.do("GET", "/v1/interactions/"+i, nil).want(200).get("reply_policy.held_elsewhere"); got != "true" {
		t.Errorf("held elsewhere: %s", got)
	}
	want := []string{"thread.control_lost", "thread.control_gained", "thread.control_lost"}
	if got := ana.happened(i, "thread.control_lost", "thread.control_gained"); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
}

// messengerHandover is a bot that serves the customer first: nothing is routed
// until it hands over, and then the agent sees what was said.
func messengerHandover(t *testing.T, p *program) {
	d := p.desk(0, nil)
	d.overhear(said("c1", d.page, "m_1"+d.page, "Hi bot"), event(d.page, "c1", "message", map[string]any{"mid": "m_2" + d.page, "is_echo": true, "text": "Hi human"}))
	d.overhear(said("c1", d.page, "m_3"+d.page, "A person, please"))
	if n := len(d.interactions()); n != 0 {
		t.Fatalf("%d interactions before the handover", n)
	}
	d.tell(d.from("pass_thread_control", map[string]any{"new_owner_app_id": "1", "previous_owner_app_id": "2"}))
	talks := d.interactions()
	if len(talks) != 1 || text(lookup(talks[0], "state")) != "queued" || text(lookup(talks[0], "reply_policy.held_elsewhere")) != "false" {
		t.Fatalf("after the handover there is %s", text(talks))
	}
	messages := d.admin.messages(text(lookup(talks[0], "id")))
	if got := each(messages, "text"); !slices.Equal(got, []string{"Hi bot", "Hi human", "A person, please"}) {
		t.Errorf("the transcript is %q", got)
	}
	if got := each(messages, "direction"); !slices.Equal(got, []string{"inbound", "outbound", "inbound"}) {
		t.Errorf("the directions are %v", got)
	}
	// Handed over without a word, nobody waits.
	d.tell(event("c2", d.page, "take_thread_control", map[string]any{}), event("c2", d.page, "pass_thread_control", map[string]any{"n": 1}))
	if n := len(d.interactions()); n != 1 {
		t.Errorf("%d interactions", n)
	}
}

// messengerNoID takes a message that the platform gave no id, once.
func messengerNoID(t *testing.T, p *program) {
	d := p.desk(0, nil)
	bare := d.from("message", map[string]any{"text": "Without an id"})
	d.tell(bare, said("c1", d.page, "m_x"+d.page, "With one"))
	d.tell(bare, d.from("message", map[string]any{"text": "Another"}))
	talks := d.interactions()
	if len(talks) != 1 {
		t.Fatalf("%d interactions", len(talks))
	}
	messages := d.admin.messages(text(lookup(talks[0], "id")))
	if got := each(messages, "text"); !slices.Equal(got, []string{"Without an id", "With one", "Another"}) || text(lookup(messages[0], "platform_message_id")) != "" {
		t.Errorf("the transcript is %s", text(messages))
	}
}

func messengerPolicy(t *testing.T, p *program) {
	d := p.desk(0, nil)
	enforce := func(action string, n int) {
		d.tell(fmt.Sprintf(`{"recipient":{"id":%q},"timestamp":%d,"policy_enforcement":{"action":%q,"reason":"Because."}}`, d.page, 1790000000000+n, action))
	}
	for n, c := range []struct{ action, status, event string }{
		{"warning", "active", "channel.warned"}, {"block", "blocked", "channel.blocked"}, {"unblock", "active", "channel.unblocked"}, {"dance", "active", ""},
	} {
		enforce(c.action, n)
		if got := d.admin.do("GET", "/v1/channels/"+d.channel, nil).want(200).get("status"); got != c.status {
			t.Errorf("after %s the channel is %s", c.action, got)
		}
		if c.event != "" {
			if e, _ := d.admin.await("", c.event, ""); e.get("data.after") != c.status || strings.Contains(string(e.body), "Because") {
				t.Errorf("the event is %s", text(e.value))
			}
		}
	}
}

// messengerSimulated lets the simulated platform send every event that it knows.
func messengerSimulated(t *testing.T, p *program) {
	d, ana, i := p.talk(1)
	plays := func(event string, more map[string]any) {
		t.Helper()
		body := map[string]any{"account_id": d.page, "from": map[string]any{"id": "c1"}, "event": event}
		for k, v := range more {
			body[k] = v
		}
		d.admin.do("POST", "/sandbox/platforms/messenger/inbound", body).want(200)
		d.admin.advance(0)
	}
	plays("message", map[string]any{"message_id": "m_1" + d.page, "text": "one"})
	plays("message", map[string]any{"message_id": "m_2" + d.page, "text": "two"})
	plays("edit", map[string]any{"message_id": "m_1" + d.page, "text": "one, better", "number": 2})
	plays("react", map[string]any{"message_id": "m_1" + d.page, "text": "👍"})
	plays("unreact", map[string]any{"message_id": "m_1" + d.page})
	plays("unsend", map[string]any{"message_id": "m_2" + d.page})
	plays("postback", map[string]any{"text": "Menu", "data": "MENU"})
	plays("quick_reply", map[string]any{"text": "Red", "data": "RED"})
	plays("referral", map[string]any{"data": "poster"})
	plays("take_thread_control", map[string]any{"data": "42"})
	plays("message", map[string]any{"text": "to the other", "standby": true})
	plays("pass_thread_control", nil)
	plays("policy_enforcement", map[string]any{"data": "warning"})
	messages := ana.messages(i)
	if got := each(messages, "text"); !slices.Equal(got, []string{"Where is my parcel?", "one, better", "", "Menu", "Red", "to the other"}) {
		t.Errorf("the transcript is %q", got)
	}
	if text(lookup(messages[2], "tombstone")) != "unsent" || text(lookup(messages[3], "postback.payload")) != "MENU" || text(lookup(messages[4], "quick_reply.payload")) != "RED" {
		t.Errorf("the transcript is %s", text(messages))
	}
	want := []string{"message.edited", "message.reaction_added", "message.reaction_removed", "message.unsent", "interaction.referred", "thread.control_lost", "thread.control_gained"}
	if got := ana.happened(i, want...); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	if held := ana.do("GET", "/v1/interactions/"+i, nil).want(200); held.get("reply_policy.held_elsewhere") != "false" || held.get("referral.ref") != "poster" {
		t.Errorf("the interaction is %s", held.body)
	}
	d.admin.await("", "channel.warned", "")
}
