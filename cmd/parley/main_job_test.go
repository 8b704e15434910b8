package main

import (
	"testing"

	"github.com/parley-cx/parley/internal/storage/storagetest"
)

// TestMainJob takes one conversation the whole way, inside the test's process.
func TestMainJob(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, database string) {
		p := start(t, database)
		d := p.desk(1, nil)
		ana := d.agents[0]
		ana.onQueue()
		d.writes("7000000000000001", "Where is my parcel?")
		id, cursor := ana.accepted("")
		sent := ana.do("POST", "/v1/interactions/"+id+"/replies", map[string]any{"text": "On its way."}).want(202)
		ana.await(cursor, "reply.delivered", "&interaction_id="+id)
		got := ana.do("GET", "/v1/interactions/"+id+"/replies/"+sent.get("items.0.id"), nil).want(200)
		if got.get("status") != "delivered" || got.get("attempts") != "1" {
			t.Errorf("the reply is %s after %s attempts", got.get("status"), got.get("attempts"))
		}
		ana.do("POST", "/v1/interactions/"+id+"/end", nil).want(200)
		ana.do("PUT", "/v1/interactions/"+id+"/wrap-up", map[string]any{"code_ids": d.codes[:2]}).want(200)
	})
}
