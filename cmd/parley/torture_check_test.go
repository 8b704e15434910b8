package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// record is everything that the program tells after the torture.
type record struct {
	log           []logged
	status        map[string]string // of each reply and notice, as the log tells it
	conversations map[string]conversation
	threads       map[string][]string // the interactions of each contact, in order
}

// conversation is one interaction with its transcript.
type conversation struct {
	ID, State string
	Thread    string  `json:"thread_id"`
	Previous  *string `json:"previous_interaction_id"`
	Contact   struct{ Address string }
	messages  []spoken
	replies   map[string]spoken
}

// spoken is one message of a transcript, or one reply.
type spoken struct {
	ID, Direction, Kind, Text string
	Platform                  string `json:"platform_message_id"`
	Status                    string
	ClientID                  string `json:"client_message_id"`
	ResendOf                  string `json:"resend_of"`
	Attempts                  int
}

func decode[T any](raw []byte) (value T) {
	_ = json.Unmarshal(raw, &value) // the contract has been checked
	return value
}

// everything reads all pages of a list.
func everything[T any](c *caller, path string) (items []T) {
	c.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	for cursor := ""; ; {
		page := decode[struct {
			Items []T
			Next  *string `json:"next_cursor"`
		}](c.do("GET", path+sep+"limit=200"+cursor, nil).want(200).body)
		items = append(items, page.Items...)
		if page.Next == nil || len(page.Items) == 0 {
			return items
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// read asks the program for everything.
func (tt *torture) read() record {
	admin := tt.desk.admin
	r := record{log: everything[logged](admin, "/v1/events"), conversations: map[string]conversation{}, threads: map[string][]string{}}
	r.status = statuses(r.log)
	for _, c := range everything[conversation](admin, "/v1/interactions?order=asc") {
		c.messages = everything[spoken](admin, "/v1/interactions/"+c.ID+"/messages")
		c.replies = map[string]spoken{}
		for _, one := range everything[spoken](admin, "/v1/interactions/"+c.ID+"/replies") {
			c.replies[one.ID] = one
		}
		r.conversations[c.ID] = c
		r.threads[c.Contact.Address] = append(r.threads[c.Contact.Address], c.ID)
	}
	return r
}

// transcript gives all messages of a contact, in order.
func (r record) transcript(contact string) (messages []spoken) {
	for _, id := range r.threads[contact] {
		messages = append(messages, r.conversations[id].messages...)
	}
	return messages
}

// check holds the program's record to the history of the load.
func (tt *torture) check() {
	r := tt.read()
	for _, check := range []struct {
		name string
		run  func(record) []string
	}{
		{"the load", func(record) []string { return tt.history.faults }},
		{"every webhook is in one transcript, once and in order", tt.checkInbound},
		{"every reply is there once", tt.checkReplies},
		{"the platform got every reply once", tt.checkCalls},
		{"the platform got replies in order", tt.checkOrder},
		{"one open interaction for each thread", checkOpen},
		{"one owner for each interaction", checkOwners},
		{"sequences have no gaps", checkSequences},
		{"capacity comes back", tt.checkCapacity},
		{"a resumed reader misses nothing", tt.checkFollower},
	} {
		violations := check.run(r)
		for _, v := range violations[:min(len(violations), 10)] {
			tt.t.Errorf("%s: %s", check.name, v)
		}
		if len(violations) > 10 {
			tt.t.Errorf("%s: and %d more", check.name, len(violations)-10)
		}
	}
	tt.tell(r)
}

// tell prints the figures.
func (tt *torture) tell(r record) {
	count, fates := map[string]int{}, map[fate]int{}
	for _, s := range r.status {
		count[s]++
	}
	calls := tt.platform.taken()
	for _, c := range calls {
		fates[c.fate]++
	}
	var customers int
	for _, written := range tt.history.inbound {
		customers += len(written)
	}
	tt.t.Logf("%d kills (%d of them SIGTERM) in %v; %d webhooks with %d messages of %d customers; %d interactions, %d accepts, %d ends; %d replies accepted; %d calls %v; replies and notices %v; %d events",
		tt.kills, tt.polite, time.Since(tt.began).Round(time.Second), tt.history.webhooks, customers, len(tt.history.inbound), len(r.conversations),
		tt.history.accepts, tt.history.ends, len(tt.history.replies), len(calls), fates, count, len(r.log))
}

// checkInbound: what was answered with 200 is in one transcript exactly once, in
// the order in which the contact wrote it.
func (tt *torture) checkInbound(r record) (violations []string) {
	for contact, written := range tt.history.inbound {
		var got, want []string
		for _, m := range r.transcript(contact) {
			if m.Direction == "inbound" {
				got = append(got, m.Platform+" "+m.Text)
			}
		}
		for _, m := range written {
			want = append(want, m.mid+" "+m.text)
		}
		violations = append(violations, differ("contact "+contact, got, want)...)
	}
	for contact := range r.threads {
		if tt.history.inbound[contact] == nil {
			violations = append(violations, "nobody wrote as "+contact)
		}
	}
	return violations
}

// differ tells where two lists part.
func differ(what string, got, want []string) []string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return []string{fmt.Sprintf("%s: %d entries are missing, the first is %s", what, len(want)-i, want[i])}
		case i >= len(want):
			return []string{fmt.Sprintf("%s: %d entries too many, the first is %s", what, len(got)-i, got[i])}
		case got[i] != want[i]:
			return []string{fmt.Sprintf("%s: entry %d is %s, not %s", what, i, got[i], want[i])}
		}
	}
	return nil
}

// checkReplies: an accepted reply exists exactly once, as it was written; there
// is no other; and it has come to rest.
func (tt *torture) checkReplies(r record) (violations []string) {
	accepted := map[string]promised{}
	for _, p := range tt.history.replies {
		accepted[p.id] = p
		e, found := r.conversations[p.interaction].replies[p.id]
		if !found || e.Text != p.text || e.ClientID != p.clientID || e.ResendOf != p.resendOf {
			violations = append(violations, fmt.Sprintf("reply %s was accepted as %+v and is %+v", p.id, p, e))
		}
	}
	for _, c := range r.conversations {
		for id, e := range c.replies {
			if _, known := accepted[id]; !known {
				violations = append(violations, fmt.Sprintf("nobody was promised the reply %+v", e))
			}
			if e.Status != r.status[id] || e.Status == "queued" || e.Status == "sending" {
				violations = append(violations, fmt.Sprintf("reply %s is %s, and %s in the log", id, e.Status, r.status[id]))
			}
		}
	}
	if len(accepted) != len(tt.history.replies) {
		violations = append(violations, fmt.Sprintf("%d replies were promised under %d ids", len(tt.history.replies), len(accepted)))
	}
	return violations
}

// checkCalls: each call that the platform took is one message of one transcript,
// and what a message's status says is what the platform knows. A message was
// taken twice only if it is there twice, because somebody asked for it.
func (tt *torture) checkCalls(r record) (violations []string) {
	calls := map[string]call{}
	for _, c := range tt.platform.taken() {
		if c.mid != "" {
			calls[c.mid] = c
		}
	}
	total := len(calls)
	for _, c := range r.conversations {
		for _, m := range c.messages {
			if m.Direction != "outbound" {
				continue
			}
			known, was := calls[m.Platform]
			proven := slices.Contains([]string{"sent", "delivered", "read"}, r.status[m.ID])
			if proven != was || was && (known.contact != c.Contact.Address || known.text != m.Text) {
				violations = append(violations, fmt.Sprintf("message %s %q is %q with the platform's id %q; the platform took %+v", m.ID, m.Text, r.status[m.ID], m.Platform, known))
			}
			delete(calls, m.Platform)
		}
	}
	for _, c := range calls {
		violations = append(violations, fmt.Sprintf("of %d messages that the platform took, this one is in no transcript: %+v", total, c))
	}
	return violations
}

// checkOrder: the platform took a thread's messages in the order of its transcript.
func (tt *torture) checkOrder(r record) (violations []string) {
	last, order := map[string]int{}, map[string]int{}
	for contact := range r.threads {
		for n, m := range r.transcript(contact) {
			if m.Platform != "" {
				order[m.Platform] = n + 1
			}
		}
	}
	for _, c := range tt.platform.taken() {
		place := order[c.mid]
		if c.mid == "" || place == 0 {
			continue
		}
		if place < last[c.contact] {
			violations = append(violations, fmt.Sprintf("contact %s got entry %d after entry %d", c.contact, place, last[c.contact]))
		}
		last[c.contact] = place
	}
	return violations
}

// checkOpen walks through the log: a thread's next interaction begins after the
// end of the one before, to which it points.
func checkOpen(r record) (violations []string) {
	open, before := map[string]string{}, map[string]string{}
	for _, e := range r.log {
		c := r.conversations[e.Interaction]
		switch e.Type {
		case "interaction.created":
			if open[c.Thread] != "" {
				violations = append(violations, fmt.Sprintf("%s was created while %s was open", e.Interaction, open[c.Thread]))
			}
			previous := ""
			if c.Previous != nil {
				previous = *c.Previous
			}
			if previous != before[c.Thread] {
				violations = append(violations, fmt.Sprintf("%s follows %q, and says %q", e.Interaction, before[c.Thread], previous))
			}
			open[c.Thread], before[c.Thread] = e.Interaction, e.Interaction
		case "interaction.disconnected":
			if open[c.Thread] != e.Interaction {
				violations = append(violations, fmt.Sprintf("%s ended while %q was open", e.Interaction, open[c.Thread]))
			}
			open[c.Thread] = ""
		}
	}
	for thread, id := range open {
		if id != "" {
			violations = append(violations, fmt.Sprintf("%s of thread %s is still open", id, thread))
		}
	}
	return violations
}

// checkOwners walks through the log: an interaction is offered to one agent at a
// time, and held by one.
func checkOwners(r record) (violations []string) {
	offered, owner := map[string]string{}, map[string]string{}
	wrong := func(e logged, what string) {
		violations = append(violations, fmt.Sprintf("%s (event %d): %s", e.Interaction, e.Sequence, what))
	}
	for _, e := range r.log {
		i := e.Interaction
		switch e.Type {
		case "offer.created":
			if offered[i] != "" || owner[i] != "" {
				wrong(e, fmt.Sprintf("offered to %s while %q has an offer and %q holds it", e.Agent, offered[i], owner[i]))
			}
			offered[i] = e.Agent
		case "offer.accepted", "offer.declined", "offer.timed_out", "offer.rescinded":
			if offered[i] != e.Agent {
				wrong(e, fmt.Sprintf("%s by %s, but the offer is %q's", e.Type, e.Agent, offered[i]))
			}
			offered[i] = ""
		case "interaction.connected":
			if owner[i] != "" {
				wrong(e, fmt.Sprintf("connected to %s while %s holds it", e.Agent, owner[i]))
			}
			owner[i] = e.Agent
		case "interaction.disconnected":
			owner[i] = ""
		}
	}
	return violations
}

// checkSequences: the events of an interaction are numbered from 1, in the log's order.
func checkSequences(r record) (violations []string) {
	last, seen := map[string]int64{}, map[string]bool{}
	for _, e := range r.log {
		if seen[e.ID] {
			violations = append(violations, "event "+e.ID+" is in the log twice")
		}
		seen[e.ID] = true
		if e.Interaction == "" {
			continue
		}
		if e.Sequence != last[e.Interaction]+1 {
			violations = append(violations, fmt.Sprintf("%s: event %d follows event %d", e.Interaction, e.Sequence, last[e.Interaction]))
		}
		last[e.Interaction] = e.Sequence
	}
	return violations
}

// checkCapacity: nobody was ever given too much, and nobody has anything left.
func (tt *torture) checkCapacity(r record) (violations []string) {
	for _, e := range r.log {
		if used := e.Data.Used; used != nil && (*used < 0 || *used > 3) {
			violations = append(violations, fmt.Sprintf("agent %s had %d conversations", e.Agent, *used))
		}
	}
	for _, a := range tt.agents {
		if used := tt.desk.admin.do("GET", "/v1/agents/"+a.agentID, nil).want(200).get("utilization.message.used"); used != "0" {
			violations = append(violations, fmt.Sprintf("%s still has %s", a.name, used))
		}
	}
	return violations
}

// checkFollower: who read the log as it grew, over every kill, read the same as
// who reads it now.
func (tt *torture) checkFollower(r record) []string {
	ids := func(log []logged) (out []string) {
		for _, e := range log {
			out = append(out, e.ID+" "+e.Type)
		}
		return out
	}
	return differ("the log", ids(tt.follower.all()), ids(r.log))
}
