package main

import (
	"fmt"
	"testing"
)

func TestQueueStatistics(t *testing.T) {
	t.Parallel()
	onEach(t, part{"counts", statisticsCounts}, part{"window", statisticsWindow})
}

// TestCapacityOfProfiles is about what agents are offered under a profile.
func TestCapacityOfProfiles(t *testing.T) {
	t.Parallel()
	onEach(t, part{"B05 capacity", profilesCapacity}, part{"C01 channels", profilesChannels})
}

func (d deskSetup) statistics(query string) answer {
	d.admin.t.Helper()
	d.admin.advance(0)
	return d.admin.do("GET", "/v1/queues/"+d.queue+"/statistics"+query, nil).want(200)
}

func statisticsCounts(t *testing.T, p *program) {
	d := p.desk(3, map[string]any{"acw": map[string]string{"mode": "mandatory"}, "service_level": map[string]any{"percentage": 0.9, "seconds": 30}})
	d.statistics("").holds(map[string]string{"queue_id": d.queue, "waiting": "0", "oldest_waiting_since": "", "oldest_wait_seconds": "", "offered": "0", "abandon_rate": "",
		"service_level": `{"measured":null,"percentage":0.9,"seconds":30}`, "agents": `{"idle":0,"interacting":0,"not_responding":0,"on_queue":0}`, "complete": "true", "window_seconds": "1800"})
	for n := range 5 {
		d.writes(fmt.Sprint("c", n), "hello")
	}
	waiting := d.statistics("").holds(map[string]string{"waiting": "5", "offered": "5", "answered": "0", "alerting": "0"})
	if since := text(lookup(d.interactions()[0], "enqueued_at")); waiting.get("oldest_waiting_since") != since {
		t.Errorf("the oldest waits since %s, not %s", waiting.get("oldest_waiting_since"), since)
	}
	ana, ben, cho := d.agents[0], d.agents[1], d.agents[2]
	ana.onQueue() // three are offered
	i, cursor := ana.accepted("")
	ana.do("POST", "/v1/interactions/"+i+"/end", nil).want(200)
	j, cursor := ana.accepted(cursor)
	ana.do("POST", "/v1/interactions/"+j+"/hold", nil).want(200)
	ana.accepted(cursor)
	d.statistics("").holds(map[string]string{"waiting": "2", "alerting": "0", "connected": "1", "held": "1", "wrap_up": "1", "offered": "5", "answered": "3", "abandoned": "0",
		"service_level.measured": "1", "agents": `{"idle":0,"interacting":1,"not_responding":0,"on_queue":1}`})
	ben.onQueue()
	offered, offer, _ := ben.offered("")
	d.statistics("").holds(map[string]string{"waiting": "0", "alerting": "2", "agents": `{"idle":1,"interacting":1,"not_responding":0,"on_queue":2}`})
	ben.do("POST", "/v1/interactions/"+offered+"/decline", map[string]any{"offer_id": offer}).want(200)
	cho.do("PUT", "/v1/agents/me/presence", map[string]any{"presence": "meal"}).want(200)
	d.statistics("").holds(map[string]string{"waiting": "1", "alerting": "1", "agents": `{"idle":0,"interacting":1,"not_responding":1,"on_queue":2}`})
	// An administrator ends what nobody answered: it was abandoned.
	d.admin.do("POST", "/v1/interactions/"+offered+"/end", nil).want(200)
	d.statistics("").holds(map[string]string{"waiting": "0", "oldest_wait_seconds": "", "offered": "5", "answered": "3", "abandoned": "1", "abandon_rate": "0.2",
		"service_level.measured": "0.75"})
}

func statisticsWindow(t *testing.T, p *program) {
	d := p.desk(1, map[string]any{"service_level": map[string]any{"percentage": 0.5, "seconds": 10}})
	d.writes("c1", "early")
	d.admin.advance(600)
	d.writes("c2", "late")
	d.admin.advance(0)
	waits := d.statistics("?window_seconds=300").holds(map[string]string{"waiting": "2", "offered": "1", "window_seconds": "300"})
	if seconds, ok := lookup(waits.value, "oldest_wait_seconds").(float64); !ok || seconds < 600 || seconds > 660 {
		t.Errorf("the oldest waits for %s", waits.get("oldest_wait_seconds"))
	}
	d.statistics("").holds(map[string]string{"offered": "2"})
	d.agents[0].onQueue()
	_, cursor := d.agents[0].accepted("")
	d.agents[0].accepted(cursor)
	d.statistics("").holds(map[string]string{"offered": "2", "answered": "2", "service_level.measured": "0.5"}) // one of them in time
	for _, window := range []string{"59", "86401", "x", "1.5"} {
		d.admin.do("GET", "/v1/queues/"+d.queue+"/statistics?window_seconds="+window, nil).code(400, "request.invalid")
	}
}

// profilesCapacity gives an agent less and more room while there is work.
func profilesCapacity(t *testing.T, p *program) {
	d := p.desk(1, nil)
	ana, agent := d.agents[0], "/v1/agents/"+d.ids[0]
	profile := d.admin.do("POST", "/v1/multimedia-profiles", map[string]any{"name": "One", "capacities": map[string]any{"message": 1}}).want(201).get("id")
	d.admin.do("PATCH", agent, map[string]any{"multimedia_profile_id": profile}).want(200).
		holds(map[string]string{"utilization": `{"message":{"maximum":1,"used":0},"social":{"maximum":3,"used":0}}`})
	ana.onQueue()
	for n := range 6 {
		d.writes(fmt.Sprint("c", n), "hello")
	}
	_, cursor := ana.accepted("")
	d.statistics("").holds(map[string]string{"waiting": "5", "alerting": "0", "connected": "1"})
	// More room: what waits is offered at once.
	d.admin.do("PATCH", "/v1/multimedia-profiles/"+profile, map[string]any{"capacities": map[string]any{"message": 4}}).want(200)
	for range 3 {
		_, cursor = ana.accepted(cursor)
	}
	d.statistics("").holds(map[string]string{"waiting": "2", "alerting": "0", "connected": "4"})
	// Less room ends nothing.
	d.admin.do("PUT", "/v1/multimedia-profiles/"+profile, map[string]any{"name": "Less", "capacities": map[string]any{"message": 2}}, "If-Match", "*").want(200)
	d.statistics("").holds(map[string]string{"waiting": "2", "alerting": "0", "connected": "4"})
	d.admin.do("GET", agent, nil).want(200).holds(map[string]string{"utilization.message": `{"maximum":2,"used":4}`, "routing_status": "interacting"})
	d.admin.do("DELETE", "/v1/multimedia-profiles/"+profile, nil).code(409, "multimedia_profile.in_use")
	d.admin.do("PATCH", agent, map[string]any{"multimedia_profile_id": nil}).want(200).holds(map[string]string{"utilization.message": `{"maximum":3,"used":4}`})
	d.admin.do("DELETE", "/v1/multimedia-profiles/"+profile, nil).want(204)
	d.statistics("").holds(map[string]string{"waiting": "2", "alerting": "0", "connected": "4"})
}

func profilesChannels(t *testing.T, p *program) {
	d := p.desk(1, nil)
	profile := d.admin.do("POST", "/v1/multimedia-profiles", map[string]any{"name": "None", "channels": []string{}}).want(201).holds(map[string]string{"channels": "[]"}).get("id")
	d.admin.do("PATCH", "/v1/agents/"+d.ids[0], map[string]any{"multimedia_profile_id": profile}).want(200)
	d.agents[0].onQueue()
	d.writes("c1", "hello")
	d.statistics("").holds(map[string]string{"waiting": "1", "alerting": "0"})
	d.admin.advance(60)
	d.statistics("").holds(map[string]string{"waiting": "1", "alerting": "0"})
	d.admin.do("PATCH", "/v1/multimedia-profiles/"+profile, map[string]any{"channels": []string{"messenger"}}).want(200)
	d.agents[0].accepted("")
}
