package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// agent is somebody at a desk, whose program survives that the server dies: it
// remembers what it asked for and asks again.
type agent struct {
	*stubborn
	name    string
	agentID string
	rival   *agent // who tries to take this agent's offers
	dice    *rand.Rand
	cursor  string
	counter int
}

// hire makes an agent with a client of their own.
func (tt *torture) hire(n int) *agent {
	name := fmt.Sprintf("Agent %d", n)
	admin := tt.desk.admin
	id := admin.do("POST", "/v1/agents", map[string]any{"name": name}).want(201).get("id")
	admin.do("PUT", "/v1/queues/"+tt.desk.queue+"/members/"+id, map[string]any{}).want(200)
	made := admin.do("POST", "/v1/oauth-clients", map[string]any{"name": name, "agent_id": id, "scopes": deskScopes()}).want(201)
	return &agent{stubborn: tt.client(made.get("client_id"), made.get("client_secret")), name: name, agentID: id,
		dice: rand.New(rand.NewPCG(tt.seed, uint64(100+n)))}
}

// key gives a new Idempotency-Key.
func (a *agent) key() string {
	a.counter++
	return fmt.Sprintf("%s-%d", a.agentID, a.counter)
}

// command sends one request of the desk, for good.
func (a *agent) command(method, path string, body any) reply {
	a.moment(momentCommand)
	return a.insist(method, path, body, a.key())
}

// work answers offers and customers until the load stops.
func (a *agent) work() {
	a.login()
	a.present()
	for !a.over(a.agentsStop) {
		a.takeOffers()
		held := a.insist(http.MethodGet, "/v1/interactions?agent_id=me&state=alerting,connected&limit=50", nil, "")
		items, _ := lookup(held.value, "items").([]any)
		for _, item := range items {
			switch text(lookup(item, "state")) {
			case "alerting":
				a.answerOffer(text(lookup(item, "id")), text(lookup(item, "offer.id")))
			case "connected":
				a.talk(item)
			}
		}
		a.think(a.agentsStop, 5+a.dice.IntN(30))
		if a.dice.IntN(20) == 0 {
			a.login()
		}
	}
}

// present goes on queue, also after having declined.
func (a *agent) present() {
	if r := a.command(http.MethodPut, "/v1/agents/me/presence", map[string]string{"presence": "on_queue"}); r.status != http.StatusOK {
		a.history.fault("presence answered %d: %s", r.status, r.body)
	}
}

// takeOffers waits for the log to tell of something of this agent's, and answers
// the offers among it. What it misses, the list shows.
func (a *agent) takeOffers() {
	r := a.insist(http.MethodGet, "/v1/events?wait=1&limit=100&agent_id="+a.agentID+"&cursor="+url.QueryEscape(a.cursor), nil, "")
	if r.status != http.StatusOK {
		a.history.fault("the log answered %d: %s", r.status, r.body)
		return
	}
	a.cursor = r.get("next_cursor")
	items, _ := lookup(r.value, "items").([]any)
	for _, e := range items {
		switch text(lookup(e, "type")) {
		case "offer.created":
			a.answerOffer(text(lookup(e, "interaction_id")), text(lookup(e, "data.offer_id")))
		case "agent.routing_status_changed":
			if text(lookup(e, "data.after")) == "not_responding" {
				a.present()
			}
		}
	}
}

// answerOffer accepts an offer or, rarely, declines it. Now and then a colleague
// tries to take it at the same moment, and must not get it.
func (a *agent) answerOffer(interaction, offer string) {
	path, body := "/v1/interactions/"+interaction, map[string]string{"offer_id": offer}
	if a.dice.IntN(20) == 0 {
		if r := a.command(http.MethodPost, path+"/decline", body); r.status == http.StatusOK {
			a.present()
		}
		return
	}
	if a.dice.IntN(10) == 0 && a.rival != nil {
		rival := a.rival
		a.load.Go(func() {
			if r := rival.insist(http.MethodPost, path+"/accept", body, ""); r.status == http.StatusOK {
				a.history.fault("%s took an offer of %s's: %s", rival.name, a.name, r.body)
			}
		})
	}
	r := a.command(http.MethodPost, path+"/accept", body)
	switch r.status {
	case http.StatusOK:
		a.history.add(func() { a.history.accepts++ })
	case http.StatusConflict: // it was answered before, or came too late
	default:
		a.history.fault("accept answered %d: %s", r.status, r.body)
	}
}

// mostWaiting is how many replies of a conversation may wait for the platform
// before its agent waits too.
const mostWaiting = 4

// talk writes to the customer, looks after what failed, and ends now and then.
func (a *agent) talk(interaction any) {
	id, contact := text(lookup(interaction, "id")), text(lookup(interaction, "contact.address"))
	if !a.over(a.customersStop) {
		written := a.insist(http.MethodGet, "/v1/interactions/"+id+"/replies?limit=200", nil, "")
		replies, _ := lookup(written.value, "items").([]any)
		waiting := 0
		for _, r := range replies {
			if status := text(lookup(r, "status")); status == "queued" || status == "sending" {
				waiting++
			}
		}
		if a.dice.IntN(4) == 0 {
			a.sendAgain(id, contact, replies)
		}
		if waiting >= mostWaiting {
			return
		}
		for range 1 + a.dice.IntN(2) {
			a.write(id, contact)
		}
		if a.dice.IntN(3) > 0 {
			return
		}
	}
	a.end(id)
}

// write sends one reply, now and then twice at once with the same key.
func (a *agent) write(id, contact string) {
	a.counter++
	p := promised{clientID: fmt.Sprintf("%s/%d", a.agentID, a.counter), contact: contact, interaction: id,
		text: fmt.Sprintf("%s %s answers %d", canary, a.name, a.counter)}
	path, body, key := "/v1/interactions/"+id+"/replies", map[string]string{"text": p.text, "client_message_id": p.clientID}, a.key()
	copies := 1
	if a.dice.IntN(10) == 0 {
		copies = 2
	}
	a.moment(momentCommand)
	answers := make([]reply, copies)
	together(copies, func(n int) { answers[n] = a.insist(http.MethodPost, path, body, key) })
	for _, r := range answers {
		if r.status != http.StatusAccepted || r.get("items.0.id") != answers[0].get("items.0.id") {
			a.history.fault("a reply answered %d: %s", r.status, r.body)
			return
		}
	}
	p.id = answers[0].get("items.0.id")
	a.history.add(func() { a.history.replies = append(a.history.replies, p) })
}

// sendAgain resends a reply that failed, or of which nobody knows.
func (a *agent) sendAgain(id, contact string, replies []any) {
	for _, item := range replies {
		actions, _ := lookup(item, "allowed_actions").([]any)
		if !slices.Contains(actions, any("resend")) {
			continue
		}
		original := text(lookup(item, "id"))
		again := a.command(http.MethodPost, "/v1/interactions/"+id+"/replies/"+original+"/resend", nil)
		switch again.status {
		case http.StatusAccepted:
			p := promised{id: again.get("id"), contact: contact, interaction: id, text: text(lookup(item, "text")), resendOf: original}
			a.history.add(func() { a.history.replies = append(a.history.replies, p) })
		case http.StatusConflict: // proof came in between
		default:
			a.history.fault("a resend answered %d: %s", again.status, again.body)
		}
		return
	}
}

// end ends the conversation and wraps up.
func (a *agent) end(id string) {
	if r := a.command(http.MethodPost, "/v1/interactions/"+id+"/end", nil); r.status != http.StatusOK {
		a.history.fault("an end answered %d: %s", r.status, r.body)
		return
	}
	a.history.add(func() { a.history.ends++ })
	body := map[string]any{"code_ids": a.desk.codes[:1+a.dice.IntN(2)]}
	if r := a.command(http.MethodPut, "/v1/interactions/"+id+"/wrap-up", body); r.status != http.StatusOK {
		a.history.fault("a wrap-up answered %d: %s", r.status, r.body)
	}
}

// over tells whether a part of the load has been told to stop.
func (tt *torture) over(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// think paces the load; it ends early with the load.
func (tt *torture) think(stop <-chan struct{}, milliseconds int) {
	select {
	case <-stop:
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
	}
}
